"""How many files and sockets a process may have open."""

import resource


def allow_many() -> int:
    """Raise this process's limit to the highest that the system grants, and return it.

    Many systems begin with 1,024, which a loop that carries two thousand leads would reach.
    """
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))
    return highest


def a_part_of_them(wanted: int) -> int:
    """Return how many files and sockets may be held open that could be closed: a quarter of the limit at most."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if limit == resource.RLIM_INFINITY else min(wanted, limit // 4)
