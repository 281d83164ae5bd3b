"""Starts a program that is told to end when whoever started it is gone: `tether.py PARENT_ID PROGRAM ARGUMENT…`.

Run as a file of its own before the program, so that nothing has to happen between fork and exec in the parent.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(parent_id: int) -> None:
    """Have the system send SIGTERM to this process when its parent ends; kept over exec; Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_id:
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command comes from our own supervisor
