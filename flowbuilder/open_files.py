"""How many files and sockets a process may have open."""

import resource


def allow_many() -> int:
    """Raise this process's limit to the highest that the system grants, and return it.

    Many systems begin with 1,024, which a loop that carries two thousand leads would reach.
    """
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))
    return highest
