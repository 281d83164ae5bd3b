"""How the system's scheduler treats the processes that hand each lead on to one another."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def be_patient() -> bool:
    """Have this thread, and every thread and process that it starts from now on, interrupt nobody when it wakes up.

    Linux has whoever wakes up interrupt whoever runs, which is made for people who wait for a key stroke. Of web,
    workers, PostgreSQL and Valkey each wakes the next one for every few leads; on few cores the interruptions cost
    them a tenth of what they do (`bench/README.md`). Their share of the processor stays the same, see SCHED_BATCH in
    sched(7). Return whether that changed anything: not where a system knows of no such policy or does not grant it,
    nor where whoever started this thread chose another one for it.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
                return True
    return False


@contextmanager
def patient_children() -> Iterator[None]:
    """Have the processes that this thread starts meanwhile be patient, and the thread itself be as before."""
    has_changed = be_patient()
    try:
        yield
    finally:
        if sys.platform == "linux" and has_changed:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
