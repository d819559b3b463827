"""Runs a command, and ends it with all that it has started when its own standard input is closed.

The pipe to it closes when the process that holds the other end dies, however that is: so nothing is left behind, not
even by tests that are killed. `python guard.py COMMAND ...`; the exit code is that of the command.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

import psutil

_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    # What the command leaves behind becomes our child, and is found below.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=end_with_input, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: end())
    code = child.wait()
    kill_all()
    return code if code >= 0 else 128 - code


def end_with_input() -> None:
    while os.read(0, 4096):
        pass
    end()


def end() -> None:
    kill_all()
    os._exit(1)


def kill_all() -> None:
    own = psutil.Process()
    while left := [found for found in own.children(recursive=True) if found.status() != psutil.STATUS_ZOMBIE]:
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=5)


if __name__ == "__main__":
    sys.exit(main())
