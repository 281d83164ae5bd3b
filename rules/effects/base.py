"""What all effects have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

Asks = dict[str, Any]
Result = Mapping[str, Any]
Said = tuple[str, str | None]


class Stored(Protocol):
    """One effect as a journal stores it."""

    seq: int
    effect: str
    step: str
    asks: Any
    result: Any
    detail: Any


class Event(Stored, Protocol):
    """An event of a journal: one effect, in which run of its lead, and when."""

    run: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a step asks of the world.

    It is abstract without being registered as such: asking which kind an effect is would cost ten times as much.
    """

    name: ClassVar[str] = ""
    step: str

    @abstractmethod
    def asks(self) -> Asks:
        """Return the request as it stands in the journal."""

    @abstractmethod
    def outcome(self, result: Result) -> Said:
        """Return the step's outcome and reason that a result means."""

    @property
    def detail(self) -> Asks | None:
        """Return values of the person that the event keeps apart, so that they can be erased; None for none."""
        return None
