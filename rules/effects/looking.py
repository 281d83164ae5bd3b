"""The effect that asks a service about the lead, and where the values stand that it found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rules.delivery.service import Service
from rules.effects.base import Asks, Effect, Result, Said

APART = "changes"
OUTCOMES = {"found": "passed", "not_found": "passed", "timeout": "timed_out", "not_asked": "skipped"}


@dataclass(frozen=True, slots=True)
class LookUp(Effect):
    """Ask a service what it knows about the lead.

    Result: `{"at", "answer": found | not_found | error | timeout | not_asked, "reason", "offer": the number of its row
    or None, "set": keys of the fields that the answer sets, "invalid": those of them whose values are not valid,
    "changes": {key: [before, after]}}`. The changes are values of the person: the event keeps them in its detail.
    `view` is what the request and the fields' types may read, `service` how it is asked; they are not journaled.
    """

    name: ClassVar[str] = "look_up"
    service: Service
    round: int
    view: Mapping[str, Any] = field(default_factory=dict)

    def asks(self) -> Asks:
        """Return which connection is asked, where its answer says what, and how long it is waited for."""
        return {
            "connection": self.service.connection,
            "round": self.round,
            "outputs": [[output.field.key, output.written] for output in self.service.outputs],
            "timeout_ms": self.service.timeout_ms,
        }

    def outcome(self, result: Result) -> Said:
        """Return passed, timed_out, skipped or error; that nothing was found is the reason of one that passed."""
        answer = result["answer"]
        return OUTCOMES.get(answer, "error"), answer if answer == "not_found" else result["reason"]

    def found(self, values: Mapping[str, Any]) -> Asks:
        """Return what values of an answer do to the lead, as its result says it."""
        lead = self.view["lead"]
        found = self.service.normal_forms(values, lead)
        return {
            "set": list(found),
            "invalid": [key for key, normal in found.items() if not normal.valid],
            APART: {key: [lead.get(key), normal.value] for key, normal in found.items()},
        }


def taken_apart(result: Result) -> tuple[Result, Asks | None]:
    """Return a result as it stands in the journal, and what its event keeps apart because it is of the person."""
    if APART not in result:
        return result, None
    return {key: value for key, value in result.items() if key != APART}, {APART: result[APART]}


def put_together(effect: str, result: Result | None, detail: Asks | None) -> Result | None:
    """Return the result of a recorded event as its run got it; of an erased person the values are gone."""
    if effect != LookUp.name or result is None:
        return result
    return {**result, APART: (detail or {}).get(APART, {})}
