"""What an edit is, and what comes of one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


class NotPossible(Exception):
    """The edit makes no sense for the document as it is now; `str` is a sentence for the person."""


class Gone(NotPossible):
    """What the edit is about is not in the document any more."""


class Overlap(NotPossible):
    """The same setting was changed meanwhile, to something else."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said on a step's card right after an edit; with `offers`, a choice that goes with it."""

    step: str
    text: str
    offers: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """The document after an edit.

    `name` says in words what was done (“delete step 3”), `step` is the one it concerns, `said` is told to the person,
    `opens` is the step whose panel is shown next. Edits with the same `joins` in a row are one for whoever undoes them.
    """

    document: dict[str, Any]
    name: str
    step: str = ""
    said: str = ""
    remark: Remark | None = None
    opens: str = ""
    joins: str = ""


Edit = Callable[[Document], Edited]
"""A change of a document that can be made of any version of it; raises NotPossible where it makes no sense."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What an edit needs to speak of steps, and ids for the new ones: the names of connections by their ids."""

    names: Mapping[str, str] = field(default_factory=dict)
    fresh: Iterator[str] = field(default_factory=lambda: iter(()))
