"""What a supplier is told when a post is not taken: a status, and one sentence per problem."""

from collections.abc import Mapping, Sequence

from rules.problems import Problem

TRY_AGAIN_IN = 5  # seconds
IN_DOUBT = "nobody can say if the lead is stored. Post it again with the same Idempotency-Key: it counts once."
"""What is told where the post may have been stored all the same."""


class Refused(Exception):
    """A post that is not taken; `problems` name a field in `path`, or nothing when the whole post is meant.

    `ignored` are names that came and are no field's: what is missing may stand under one of them.
    """

    def __init__(
        self,
        status: int,
        problems: Sequence[Problem],
        headers: Mapping[str, str] | None = None,
        *,
        ignored: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{status} {' '.join(problem.code for problem in problems)}")
        self.status = status
        self.problems = tuple(problems)
        self.ignored = list(ignored)
        self.headers = dict(headers or {})


def refuse(status: int, code: str, message: str, *, field: str = "", **headers: str) -> Refused:
    """Return a refusal with one problem; a header's underscores become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refused(status, (Problem(field, code, message),), named)


def unavailable(code: str, message: str, *, retry_after: int = TRY_AGAIN_IN) -> Refused:
    """Return a 503: the lead is not known to be stored, and may be posted again after `retry_after` seconds."""
    return refuse(503, code, message, Retry_After=str(retry_after))
