"""The background jobs, by the names under which they are queued: ids in, nothing out."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flowbuilder import logs
from workers import connection_test, copies, lead_worker


class JobFailed(Exception):
    """A job that failed, with what kind of error it was and where: RQ writes what an error says into Valkey."""


def work_leads() -> None:
    """Carry due leads until there is nothing to do for a while; runs in a lead worker only. Raises JobFailed."""
    with _without_values("work_leads"):
        lead_worker.worker_of_this_process().carry()


def test_connection(test_id: str) -> None:
    """Make the test call to a buyer that a page asked for. Raises JobFailed."""
    with _without_values("test_connection"):
        connection_test.run_test(test_id)


def send_copies() -> None:
    """Send the copies of leads, and notices of inboxes, that are due. Raises JobFailed."""
    with _without_values("send_copies"):
        copies.send_copies()


@contextmanager
def _without_values(name: str) -> Iterator[None]:
    """Let an error out without its own words, in which a lead's values may stand."""
    try:
        yield
    except Exception as problem:  # noqa: BLE001  (the outermost place of a job)
        fields = logs.fault_fields(problem)
        logs.tell("job_failed", level=logging.ERROR, job=name, **fields)
        # From None: otherwise RQ would write down what this came from as well.
        raise JobFailed(f"{fields['error']} at {fields['where']}") from None
