"""Make the environments of libraries that cannot share one with the product: build/consumers/<name>.

Run it as `python tests/consumers/environments.py [NAME ...]`; without names it makes all. An environment that is ready
is left alone until its packages change here. Nothing in them may import the product.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "consumers"
TORCH = "torch==2.13.0"
# The release of torchvision for that torch, without its dependencies: it names a build of torch with GPUs.
TORCHVISION = ["--no-deps", "torchvision==0.28.0"]
# Each is a list of calls of pip, in order.
PACKAGES: dict[str, list[list[str]]] = {
    "img2dataset": [["img2dataset==1.47.0"]],
    "timm": [[TORCH], TORCHVISION, ["timm==1.0.31", "datasets==5.2.0", "webdataset==1.0.2"]],
    # It pins numpy and transformers lower than the product does, and wants the clients of five clouds, unused here.
    "streaming": [
        [TORCH],
        TORCHVISION,
        ["--no-deps", "mosaicml-streaming==0.13.0"],
        ["numpy<2.2", "transformers<5", "xxhash<4", "catalogue<3", "matplotlib", "pyarrow<27", "pillow", "requests"],
        ["Brotli", "python-snappy", "zstd", "psutil"],
    ],
}


def python_of(name: str) -> Path:
    """Where the interpreter of an environment is, or would be."""
    return FOLDER / name / "bin" / "python"


def is_ready(name: str) -> bool:
    """Whether the environment is there, with the packages that are named here."""
    stamp = FOLDER / name / ".ready"
    return stamp.exists() and stamp.read_text() == _digest(name)


def make(name: str) -> None:
    """Make an environment anew."""
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    venv.create(FOLDER / name, with_pip=True)
    for packages in PACKAGES[name]:
        pip = [str(python_of(name)), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, *packages], check=True)
    (FOLDER / name / ".ready").write_text(_digest(name))


def _digest(name: str) -> str:
    return hashlib.sha256(json.dumps([sys.version_info[:2], PACKAGES[name]]).encode()).hexdigest()[:16]


def main() -> int:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PACKAGES)}; all where none is given")
    for name in parser.parse_args().names or PACKAGES:
        if not is_ready(name):
            make(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
