"""Steps in a document as they are written: found by id, with the list that they stand in, whatever may be wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.editing.edited import Document, Gone, NotPossible
from rules.places import DOOR, END

GONE = "This step is not in the draft any more."
REST = "else"
FIXED = ("steps", END)
"""What of a document does not belong to its first card."""


@dataclass(frozen=True, slots=True)
class Found:
    """A step where it stands: in a list, at a position, with what it is and its settings.

    `key` names it on the page: its id, or `at-4` for the fourth step where it has none of its own. `lane` is the lane
    it stands in, as split and number from 1; () outside of lanes. `address` is its place in the document.
    """

    holder: list[Any]
    position: int
    kind: str
    settings: dict[str, Any]
    key: str
    number: int
    lane: tuple[str, int] | tuple[()]
    address: str

    @property
    def is_first(self) -> bool:
        """Return whether no step of its list stands above it."""
        return self.position == 0

    @property
    def is_last(self) -> bool:
        """Return whether no step of its list stands below it."""
        return self.position == len(self.holder) - 1


@dataclass(frozen=True, slots=True)
class LaneFound:
    """A lane of a split: its number from 1, its own settings (none for everything else), its steps, their address."""

    number: int
    settings: dict[str, Any]
    steps: list[Any]
    address: str
    key: str


def copy_of(document: Document) -> dict[str, Any]:
    """Return a document, or settings, that can be changed without changing what they were made from."""
    return {key: _own(value) for key, value in document.items()}


def _own(value: Any) -> Any:
    """Return a JSON value with lists and objects of its own: of all that JSON has, only they can change."""
    if isinstance(value, dict):
        return {key: _own(inner) for key, inner in value.items()}
    return [_own(inner) for inner in value] if isinstance(value, list) else value


def walk(document: Document) -> Iterator[Found]:
    """Yield every step in the order of the document, lanes behind their split; what is no step is left out."""
    seen: set[str] = set()
    numbers = iter(range(1, 1_000_000))
    yield from _walk(document.get("steps"), "steps", (), seen, numbers)


def _walk(
    steps: object, at: str, lane: tuple[str, int] | tuple[()], seen: set[str], numbers: Iterator[int]
) -> Iterator[Found]:
    for position, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict) or len(step) != 1:
            continue
        [(kind, settings)] = step.items()
        if not isinstance(settings, dict):
            continue
        number = next(numbers)
        own = settings.get("id")
        key = own if isinstance(own, str) and own and own not in seen else f"at-{number}"
        seen.add(key)
        address = f"{at}[{position}].{kind}"
        yield Found(steps, position, kind, settings, key, number, lane, address)  # type: ignore[arg-type]
        for inner in lanes_of(kind, settings, address):
            yield from _walk(inner.steps, inner.address, (key, inner.number), seen, numbers)


def lanes_of(kind: str, settings: Mapping[str, Any], address: str = "") -> Iterator[LaneFound]:
    """Yield the lanes of a split with their steps, those for everything else last; nothing of any other step."""
    if kind != "split":
        return
    key = "percent" if "percent" in settings else "cases"
    written = settings.get(key)
    lanes = written if isinstance(written, list) else []
    for number, lane in enumerate(lanes, 1):
        if isinstance(lane, dict):
            steps = lane.get("steps")
            inside = f"{address}.{key}[{number - 1}].steps"
            yield LaneFound(number, lane, steps if isinstance(steps, list) else [], inside, "steps")
    if key == "cases":
        rest = settings.get(REST)
        yield LaneFound(len(lanes) + 1, {}, rest if isinstance(rest, list) else [], f"{address}.{REST}", REST)


def step_in(document: Document, key: str) -> Found:
    """Return a step of a document by its key; raises NotPossible when it is not there."""
    found = next((step for step in walk(document) if step.key == key), None)
    if found is None:
        raise Gone(GONE)
    return found


def list_in(document: dict[str, Any], lane: str = "") -> list[Any]:
    """Return the steps of the flow, or those of a lane written `<split>.<number>`, to be changed in place."""
    if not lane:
        steps = document.setdefault("steps", [])
        if not isinstance(steps, list):
            raise NotPossible("The steps of this draft are not a list. Put that right in its JSON first.")
        return steps
    split, _, number = lane.rpartition(".")
    found = step_in(document, split)
    for inner in lanes_of(found.kind, found.settings):
        if str(inner.number) == number:
            holder = inner.settings if inner.key == "steps" else found.settings
            if not isinstance(holder.get(inner.key), list):
                holder[inner.key] = inner.steps
            return inner.steps
    raise NotPossible("This lane is not in the draft any more.")


def row_in(document: Document, identifier: str) -> tuple[Found, int] | None:
    """Return the group of a row and the row's position in it, None when no group has such a row."""
    for step in walk(document):
        rows = step.settings.get("buyers")
        for position, row in enumerate(rows if step.kind == "group" and isinstance(rows, list) else []):
            if isinstance(row, dict) and row.get("id") == identifier:
                return step, position
    return None


def end_of(document: Document) -> str:
    """Return the id of the fallback."""
    end = document.get(END)
    identifier = end.get("id") if isinstance(end, dict) else None
    return identifier if isinstance(identifier, str) and identifier else END


def kind_of(document: Document, key: str) -> str | None:
    """Return the kind of what a key names: a step's own, `row`, `intake` or `fallback`; None when it is not there."""
    if key == DOOR:
        return DOOR
    if key in (END, end_of(document)):
        return END
    found = next((step for step in walk(document) if step.key == key), None)
    if found:
        return found.kind
    return "row" if row_in(document, key) else None


def settings_of(document: Document, key: str) -> dict[str, Any] | None:
    """Return the settings that a panel is about, None when they are not there.

    Those of `intake` are the document's own without its steps and its fallback.
    """
    if key == DOOR:
        return {name: value for name, value in document.items() if name not in FIXED}
    if key in (END, end_of(document)):
        end = document.get(END)
        return dict(end) if isinstance(end, dict) else {}
    step = next((step for step in walk(document) if step.key == key), None)
    if step:
        return dict(step.settings)
    row = row_in(document, key)
    return dict(row[0].settings["buyers"][row[1]]) if row else None


def ids_of(document: Document) -> set[str]:
    """Return every id that is taken."""
    taken = {step.key for step in walk(document)} | {end_of(document)}
    for step in walk(document):
        rows = step.settings.get("buyers")
        taken |= {str(row.get("id")) for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)}
    end = document.get(END)
    inner = end.get("buyer") if isinstance(end, dict) else None
    return taken | ({str(inner.get("id"))} if isinstance(inner, dict) else set())
