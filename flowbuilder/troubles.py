"""What goes wrong around the program in known ways, as one sentence for whoever runs it."""

# ruff: noqa: PLC0415  (a command that says what is wrong must not load what it does not need)


def said(problem: Exception) -> str | None:
    """Return what happened and what to do about it, None for a fault of ours; never a secret."""
    if isinstance(problem, RuntimeError | ValueError) and type(problem).__module__.startswith("flowbuilder."):
        return str(problem)
    if isinstance(problem, OSError) and problem.filename and problem.strerror:
        return f"Cannot use {problem.filename}: {problem.strerror}."
    if type(problem).__module__.startswith("sqlalchemy.") and (why := why_shut(problem)):
        return f"The database does not answer ({why}): start it, or put DATABASE_URL right."
    return None


def why_shut(problem: Exception) -> str | None:
    """Return how a database let nobody in, in the driver's words, which name no password; None for anything else.

    A statement that it refused is a fault of ours.
    """
    from sqlalchemy.exc import OperationalError

    if not isinstance(problem, OperationalError) or problem.statement is not None:
        return None
    return str(problem.orig).partition("\n")[0].removeprefix("connection failed: ")
