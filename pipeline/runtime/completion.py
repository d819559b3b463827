"""Completion by the shell: options, stages, corpora, run ids and names of settings, as argcomplete hands them on.

`python -m pipeline.runtime.completion bash` prints what switches it on in bash, `zsh` in zsh.
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Completer = Callable[..., list[str]]

# Jobs whose options are known without Spark, so that a shell gets its answer at once: the stages, and all of them.
STAGES = ("ingest", "normalize", "mine_candidates", "embed", "cluster", "match", "assign", "publish", "report")
WHOLE = "mine"
_ASKED = "_ARGCOMPLETE"  # the variable by which a shell's function asks for completions

_BASH = r"""# Completion of `python jobs/JOB.py ...` in bash.
_longtail_labels() {
    local job=${COMP_WORDS[1]-} IFS=$'\013' ask
    [[ $job == *jobs/*.py && -f $job && $COMP_CWORD -gt 1 ]] || return 0
    case ${job##*/} in
        @QUICK@) ask=(-m pipeline.runtime.completion) ;;
        *) ask=("$job") ;;
    esac
    COMPREPLY=($(IFS="$IFS" COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" COMP_TYPE="$COMP_TYPE" \
        _ARGCOMPLETE=2 _ARGCOMPLETE_SHELL=bash _ARGCOMPLETE_SUPPRESS_SPACE=1 \
        _ARGCOMPLETE_COMP_WORDBREAKS="$COMP_WORDBREAKS" \
        "${COMP_WORDS[0]}" "${ask[@]}" 8>&1 9>/dev/null >/dev/null 2>&1 </dev/null))
    [[ ${COMPREPLY[0]-} =~ [=/.:]$ ]] || compopt +o nospace
}
complete -o nospace -o default -o bashdefault -F _longtail_labels python python3
"""

_ZSH = r"""# Completion of `python jobs/JOB.py ...` in zsh; it needs compinit.
_longtail_labels() {
    local job=${(Q)words[2]-} IFS=$'\013'
    if [[ $job != *jobs/*.py || ! -f $job || $CURRENT -lt 3 ]]; then
        _files
        return
    fi
    local -a ask found ended
    case ${job:t} in
        @QUICK@) ask=(-m pipeline.runtime.completion) ;;
        *) ask=("$job") ;;
    esac
    found=($(COMP_LINE="$BUFFER" COMP_POINT="$CURSOR" \
        _ARGCOMPLETE=2 _ARGCOMPLETE_SHELL=zsh _ARGCOMPLETE_SUPPRESS_SPACE=1 \
        "${(Q)words[1]}" "${ask[@]}" 8>&1 9>/dev/null >/dev/null 2>&1 </dev/null))
    if (( ! $#found )); then
        _files
        return
    fi
    found=("${(@)found%:}") # without the mark before a description that is empty
    # A value of which more follows has no space behind it.
    [[ ${found[1]%%:*} == *[=/.] ]] && ended=(-S '')
    _describe "${job:t}" found "${ended[@]}"
}
compdef _longtail_labels python python3
"""
_SHELLS = {"bash": _BASH, "zsh": _ZSH}


def offer(parser: argparse.ArgumentParser) -> None:
    """Print completions and end the process, where a shell asks for them; else nothing happens."""
    if _ASKED not in os.environ:
        return
    import argcomplete

    add_completers(parser)
    argcomplete.autocomplete(parser, validator=lambda value, start: value.startswith(start))


def add_completers(parser: argparse.ArgumentParser) -> None:
    """Give the options of a parser what they may hold, where that is known: by their names, as all jobs have them."""
    for action in parser._actions:
        completer = _COMPLETERS.get(action.dest)
        if completer is not None and action.option_strings and action.nargs != 0:
            action.completer = completer  # type: ignore[attr-defined]


def run_ids(root: str) -> list[str]:
    """Names of the runs in a local folder, sorted; none where it is not there."""
    try:
        return sorted(item.name for item in Path(root).iterdir() if (item / "run.json").is_file())
    except OSError:
        return []


def setting_names(start: str = "") -> list[str]:
    """What may follow --set: `section.` first, then `section.key=`, then the values where they are known.

    Args:
        start: what is there already.
    """
    from pipeline.runtime.load import SECTIONS

    section, dot, rest = start.partition(".")
    if not dot or section not in SECTIONS:
        return [f"{name}." for name in SECTIONS]
    fields = {field.name: field for field in dataclasses.fields(SECTIONS[section])}
    key, equals, _ = rest.partition("=")
    if not equals or key not in fields:
        return [f"{section}.{name}=" for name in fields]
    return [f"{section}.{key}={value}" for value in _values(fields[key])]


def _values(field: "dataclasses.Field[Any]") -> Iterator[str]:
    if field.metadata.get("choices"):
        yield from map(str, field.metadata["choices"])
    elif isinstance(field.default, bool):
        yield from ("true", "false")
    elif isinstance(field.default, str | int | float) and str(field.default):
        yield str(field.default)


def _run_ids(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    return run_ids(getattr(parsed_args, "run_root", None) or "runs")


def _corpora(**_: Any) -> list[str]:
    from pipeline.runtime.inputs import SourceConfig

    fields = {field.name: field for field in dataclasses.fields(SourceConfig)}
    return list(fields["corpus"].metadata["choices"])


def _settings(prefix: str, **_: Any) -> list[str]:
    return setting_names(prefix)


_COMPLETERS: Mapping[str, Completer] = {
    **dict.fromkeys(("run_id", "resume", "base"), _run_ids),
    "corpus": _corpora,
    "set": _settings,
}


def main() -> None:
    """Print what switches completion on, or answer a shell for a job that it names."""
    if _ASKED in os.environ:
        from pipeline.runtime.cli import road_parser

        job = Path(os.environ.get("COMP_LINE", "").split(maxsplit=2)[1]).stem
        stages = STAGES if job == WHOLE else None
        offer(road_parser("", stages, "" if job == "assign" else None))
    if len(sys.argv) != 2 or sys.argv[1] not in _SHELLS:
        sys.stderr.write(f"error: name the shell: {' or '.join(_SHELLS)}.\n")
        sys.exit(2)
    sys.stdout.write(shell_code(sys.argv[1]))


def shell_code(shell: str) -> str:
    """What switches completion on in `bash` or `zsh`."""
    return _SHELLS[shell].replace("@QUICK@", "|".join(f"{name}.py" for name in (WHOLE, *STAGES)))


if __name__ == "__main__":
    main()
