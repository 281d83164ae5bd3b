"""The background jobs, by the names under which they are queued: ids in, nothing out."""

from workers import connection_test, lead_worker


def work_leads() -> None:
    """Carry due leads until there is nothing to do for a while; runs in a lead worker only."""
    lead_worker.worker_of_this_process().carry()


def test_connection(test_id: str) -> None:
    """Make the test call to a buyer that a page asked for."""
    connection_test.run_test(test_id)
