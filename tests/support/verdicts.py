"""What came of promises, and how it is said."""

from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 20
"""How many findings of one promise are printed."""


@dataclass
class Verdict:
    """What came of one promise."""

    promise: str
    figures: str
    findings: list[str] = field(default_factory=list)

    def said(self) -> str:
        """Return it in lines."""
        more = [f"      … and {len(self.findings) - SHOWN} more"] if len(self.findings) > SHOWN else []
        found = [f"      {finding}" for finding in self.findings[:SHOWN]]
        return "\n".join([f"{'BROKEN' if found else 'kept':6}  {self.promise}: {self.figures}", *found, *more])


def report(found: Iterable[Verdict]) -> tuple[str, int]:
    """Return the verdicts as text, and how many promises are broken."""
    all_of_them = list(found)
    broken = sum(bool(verdict.findings) for verdict in all_of_them)
    last = "All promises are kept." if not broken else f"{broken} promises are broken."
    return "\n".join([*(verdict.said() for verdict in all_of_them), last, ""]), broken
