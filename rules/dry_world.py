"""What a dry run is told of the world: who can be asked, how much of a cap is used, who was seen before."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.delivery.consent import Consent
from rules.effects import Asks
from rules.retry import OnAmbiguous
from rules.text import scalar_text

InList = Callable[[str, str], bool | None]
"""Says whether a text is in a stored list, by the list's id; None when there is no such list."""
Used = Callable[[Asks], int]
"""Says how much of a window is used: leads, or minor units of money; of a cursor, where it stands."""
Seen = Callable[[str, Asks, Mapping[str, Any]], bool]
"""Says whether a person was seen before: at the door (""), or by the buyer of a connection.

It is told what the flow asks (by which fields, within how long) and the lead's fields.
"""
AtDoor = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any] | None]
"""Says what the source of a lead has against it, told its fields and what was posted: as an Intake results; or None."""


def in_no_list(_list_id: str, _text: str) -> bool:
    """Say of every text that it is in no stored list."""
    return False


def nothing_used(_window: Asks) -> int:
    """Say of every window that nothing of it is used."""
    return 0


def nobody_seen(_where: str, _asked: Asks, _fields: Mapping[str, Any]) -> bool:
    """Say of everybody that they are new."""
    return False


def nothing_against(_fields: Mapping[str, Any], _posted: Mapping[str, Any]) -> None:
    """Say that the source has nothing against a lead."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a connection says of the leads that its buyer takes, and how long an answer is waited for (ms).

    `why_not` is why nobody can be asked there at all, as a code of rules.reasons; one that `sets_price` may pay more
    than it was offered the lead for.
    """

    why_not: str | None = None
    consent: Consent | None = None
    suppress: tuple[tuple[str, str], ...] = ()
    on_ambiguous: OnAmbiguous = "retry_same"
    timeout_ms: int = 30_000
    sets_price: bool = False


OPEN = Standing()


@dataclass(frozen=True, slots=True)
class World:
    """The world as it is said to be; `zones` are time zones and `standings` what is known of connections, by id.

    `suppress` are the lists of people that no flow of the seller takes in, each with a field that is looked for there.
    """

    in_list: InList = in_no_list
    used: Used = nothing_used
    seen: Seen = nobody_seen
    at_door: AtDoor = nothing_against
    suppress: tuple[tuple[str, str], ...] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)

    def standing(self, connection: str) -> Standing:
        """Return what is known of a connection; one that is not told of takes everybody."""
        return self.standings.get(connection, OPEN)

    def why_not(self, asked: Asks, fields: Mapping[str, Any], received_at: datetime, now: datetime) -> str | None:
        """Return why a buyer may not be asked, as a code of rules.reasons; its caps are looked at afterwards."""
        standing = self.standing(asked.get("connection", ""))
        if standing.why_not:
            return standing.why_not
        if standing.consent and not standing.consent.is_given(fields, received_at, now):
            return "compliance_missing"
        answers = self._listed(standing.suppress, fields)
        if any(answers):
            return "suppressed"
        if None in answers:
            return "error"
        duplicates = asked.get("duplicates")
        had = duplicates and duplicates["by"] and self.seen(asked["connection"], duplicates, fields)
        return "duplicate" if had else None

    def is_suppressed(self, fields: Mapping[str, Any]) -> bool:
        """Return whether a person is in a list that holds for all flows; one that is gone suppresses nobody."""
        return any(self._listed(self.suppress, fields))

    def first_full(self, windows: Iterable[Asks]) -> str | None:
        """Return the key of the first cap that has no room for what is asked of it."""
        return next((one["cap"] for one in windows if self.used(one) + one["take"] > one["limit"]), None)

    def _listed(self, suppress: Iterable[tuple[str, str]], fields: Mapping[str, Any]) -> list[bool | None]:
        """Return for each field that is filled in whether its value is in its list."""
        texts = ((listed, (scalar_text(fields.get(key)) or "").strip()) for listed, key in suppress)
        return [self.in_list(listed, text) for listed, text in texts if text]


WORLD = World()
"""A world in which everybody can be asked, all caps have room, and nobody was seen before."""
