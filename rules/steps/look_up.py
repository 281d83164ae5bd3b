"""Look up: sets fields from what a service knows, from whether a value is in a stored list, or from a score."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from rules.delivery.service import Service, read_service
from rules.effects import LookUp as Ask
from rules.effects import Note, Result
from rules.fields import Field, Normal, normalise
from rules.logic import Rule, truthy
from rules.operators.stored import is_list_id
from rules.reading import Part
from rules.running import Interpreting, Next, Run, Verdict
from rules.saying import say_list
from rules.steps.base import Common, Exit, Words, changed, read_common
from rules.steps.ways import Way, Why, follow, read_way
from rules.values import Value

ONCE = ("found", "not_found")
"""Answers that stay what they are: when the lead comes by again in another round, the service is not asked anew."""
ON_ERROR = ("continue", "stop", "reject", "fallback", "go_to", "hold")
ON_NOT_FOUND = ("continue", "stop", "reject", "fallback", "go_to")
NOT_FOUND, FAILED = "Nothing was found", "Could not be looked up"


class Source(Protocol):
    """Where a look-up gets its values from."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the fields that it can set."""

    def sentence(self, words: Words) -> str:
        """Return what it does, as one sentence without a full stop."""

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return every way out of its step."""

    def interpret(self, run: Run, step: str) -> Interpreting:
        """Set the fields, and return where the lead goes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A service that is asked; what happens when it knows nothing, and when that cannot be found out."""

    service: Service
    on_not_found: Way
    on_error: Way
    reason: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the outputs."""
        return tuple(output.field.key for output in self.service.outputs)

    def sentence(self, words: Words) -> str:
        """Return `Check Phone with Numverify; adds Line type`."""
        name, adds = words.buyer(self.service.connection), _labels(self.keys, words)
        about = _labels(self.service.asked_about, words)
        return f"Check {about} with {name}; adds {adds}" if about else f"Ask {name}; adds {adds}"

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return the ways of a lead that is found, that is not, and of which that is not known."""
        return (
            Exit("nxt", "Found: next step"),
            self.on_not_found.exit("Not found", words, self.reason or NOT_FOUND),
            self.on_error.exit("Fails or times out", words, self.reason or FAILED),
        )

    def interpret(self, run: Run, step: str) -> Interpreting:
        """Ask the service once; a later round goes by what it found."""
        result = run.looked_up.get(step)
        if result is None:
            # The post of a ping begins again, in its first round as well, and has the service asked with all data.
            result = yield Ask(step, self.service, 0 if run.lead.is_ping else run.round, run.at(step))
            run.move_to(datetime.fromisoformat(result["at"]))
            self._take_over(run, step, result)
        else:
            before = run.view["lead"]
            self._take_over(run, step, result)
            yield Note(step, "passed", changes=changed(before, run.view["lead"], self.keys))
        return self._verdict(run, step, result["answer"])

    def _take_over(self, run: Run, step: str, result: Result) -> None:
        """Let later steps read what was found, and how the look-up ended."""
        if result["answer"] in ONCE:
            run.looked_up[step] = result
        for key in self.keys:
            if key in result.get("changes", {}):
                run.change(step, key, Normal(result["changes"][key][1], key not in result["invalid"]))
        run.remember(step, result["answer"], result["reason"])

    def _verdict(self, run: Run, step: str, answer: str) -> Verdict:
        if answer == "found":
            return Next()
        if answer == "not_found":
            return follow(self.on_not_found, run, step, Why("not_found", self.reason or NOT_FOUND))
        return follow(self.on_error, run, step, Why("look_up_failed", self.reason or FAILED))


@dataclass(frozen=True, slots=True)
class Listed:
    """A stored list in which the value of an expression is, or is not; a blank value is in none."""

    list_id: str
    of: Any
    is_listed: Rule
    field: Field

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the key of the field."""
        return (self.field.key,)

    def sentence(self, words: Words) -> str:
        """Return `Look for Phone in the list “Old customers”; sets Is customer`."""
        name = words.lists.get(self.list_id, self.list_id)
        return f"Look for {words.value(self.of)} in the list “{name}”; sets {self.field.label}"

    def exits(self, words: Words) -> tuple[Exit, ...]:  # noqa: ARG002  (every source is asked the same way)
        """Return the only way."""
        return (Exit("nxt", "In the list or not: next step"),)

    def interpret(self, run: Run, step: str) -> Interpreting:
        """Set the field to what the list answered before; the event says which fields have another value now."""
        return (yield from _set(run, step, self.field, truthy(self.is_listed(run.at(step)))))


@dataclass(frozen=True, slots=True)
class Score:
    """A number that is worked out from what is known of the lead."""

    value: Value
    written: Any
    field: Field

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the key of the field."""
        return (self.field.key,)

    def sentence(self, words: Words) -> str:
        """Return `Work out Score: Credit score plus 10`."""
        return f"Work out {self.field.label}: {words.value(self.written)}"

    def exits(self, words: Words) -> tuple[Exit, ...]:  # noqa: ARG002  (every source is asked the same way)
        """Return the only way."""
        return (Exit("nxt", "Always: next step"),)

    def interpret(self, run: Run, step: str) -> Interpreting:
        """Set the field to the number; what is no number leaves it blank."""
        return (yield from _set(run, step, self.field, self.value(run.at(step))))


@dataclass(frozen=True, slots=True)
class LookUp:
    """Adds data to the lead for the steps after it; what was posted stays as it is."""

    kind: ClassVar[str] = "look_up"
    label: ClassVar[str] = "Look up"
    common: Common
    source: Source

    @property
    def ways(self) -> Source:
        """Return what holds the ways of the step."""
        return self.source

    @property
    def other_ways(self) -> tuple[Way, ...]:
        """Return the ways of leads for which nothing was found or nothing could be found out, if there can be any."""
        source = self.source
        return (source.on_not_found, source.on_error) if isinstance(source, Asked) else ()

    def sentence(self, words: Words) -> str:
        """Return what is looked up where, and what that adds."""
        return self.source.sentence(words)

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return the ways of leads that are found, that are not, and of which that is not known."""
        return self.source.exits(words)

    def interpret(self, run: Run) -> Interpreting:
        """Look up, and go the way of what came of it; the outcome can be read as `step.<id>.outcome`."""
        return (yield from self.source.interpret(run, self.common.id))


def _labels(keys: Iterable[str], words: Words) -> str:
    return say_list([words.fields[key].label for key in keys if key in words.fields], "and")


def _set(run: Run, step: str, field: Field, value: object) -> Interpreting:
    before = run.view["lead"]
    run.change(step, field.key, normalise(value, field))
    yield Note(step, "passed", changes=changed(before, run.view["lead"], [field.key]))
    return Next()


def read_look_up(part: Part) -> LookUp | None:
    """Return the look-up that a part describes, None when one of its settings has problems."""
    common = read_common(part)
    named = [setting for setting in SOURCES if part.has(setting)]
    if len(named) != 1:
        message = "A look-up needs exactly one of “connection” (a service), “list” (a stored list) and “score”."
        part.report("connection", "one_source", message)
        return None
    source = SOURCES[named[0]](part)
    part.finish()
    return LookUp(common, source) if source else None


def _read_asked(part: Part) -> Asked | None:
    service = read_service(part)
    on_not_found, on_error = _read_way(part, "on_not_found", ON_NOT_FOUND), _read_way(part, "on_error", ON_ERROR)
    reason = part.text("reason", "")
    return Asked(service, on_not_found, on_error, reason) if service else None


def _read_way(part: Part, key: str, allowed: tuple[str, ...]) -> Way:
    way = read_way(part, key, "continue", allowed)
    return Way("next") if way.kind == "continue" else way


def _read_listed(part: Part) -> Listed | None:
    list_id, of, field = part.text("list"), part.take("of"), _read_field(part, "boolean", "yes or no")
    if not part.has("of"):
        part.report("of", "missing_value", "Say in “of” what is looked for in the list.")
    elif list_id and not is_list_id(list_id):
        part.report("list", "not_a_list", "Name the stored list by its id, which begins with “lst_”.")
    elif list_id and part.value("of"):
        rule = part.document.rule({"in_list": [of, list_id]}, part.path)
        return Listed(list_id, of, rule, field) if rule and field else None
    return None


def _read_score(part: Part) -> Score | None:
    value, field = part.value("score"), _read_field(part, "number", "a number")
    return Score(value, part.take("score"), field) if value and field else None


def _read_field(part: Part, kind: str, called: str) -> Field | None:
    """Return the field that the setting `into` names, which must be of a type."""
    key = part.text("into", longest=64)
    field = part.document.fields.get(key)
    if key and field is None:
        part.report("into", "bad_key", "A field's key has small letters, digits and underscores only.")
    elif field and field.type != kind:
        part.report("into", "wrong_type", f"“{key}” must be a field of the type {kind}, as it becomes {called}.")
        return None
    return field


SOURCES: Mapping[str, Callable[[Part], Source | None]] = {
    "connection": _read_asked,
    "list": _read_listed,
    "score": _read_score,
}
"""What reads each source, by the setting that only this source has."""
