"""What the ways share that make processes: how these are made, and that none outlives who made it."""

import ctypes
import multiprocessing
import os
import signal

# A child is a copy of its parent, made by fork(2), as the notes have it. (Since Python 3.14 another way is the usual one.)
processes = multiprocessing.get_context("fork")
# Asked for before there are children: who asks in a child may see a stranger.
PARENT = os.getpid()
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Has the kernel end this process when its parent ends, however that happens (prctl(2))."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != PARENT:
        os._exit(1)  # it had ended before we asked
