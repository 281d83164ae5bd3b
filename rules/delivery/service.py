"""Asking a service about a lead: what it is told, how its answer is read, and which fields that sets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from rules.bounds import RuleError
from rules.delivery.answers import Path, may_read_body, parse_path
from rules.delivery.destination import Destination
from rules.delivery.expressions import ANSWER_NAMES, read_rule
from rules.delivery.formats import json
from rules.delivery.mapping import Entry, read_mapping
from rules.delivery.masking import mask
from rules.delivery.presets import IS_2XX
from rules.delivery.request import build_request
from rules.delivery.response import AMBIGUOUS, ERRORS, UNREADABLE, at, look_into
from rules.delivery.texts import without_controls
from rules.delivery.wire import HttpRequest, Reply
from rules.fields import Field, Normal, in_country_of, normalise
from rules.logic import Rule, truthy
from rules.reading import Document, Part

MOST_OUTPUTS = 50
LONGEST_VALUE = 2000
"""Characters of a text in an answer; what comes after them is left out."""
MOST_ENTRIES = 100
DEFAULT_TIMEOUT, LONGEST_TIMEOUT = "3s", 30
REFUSED = (401, 403, 407)
"""Statuses of a service that did not take our key: it was not asked about the lead at all."""


@dataclass(frozen=True, slots=True)
class Output:
    """A field, and the place in the answer that it is set from."""

    field: Field
    path: Path
    written: str


@dataclass(frozen=True, slots=True)
class Service:
    """A connection that is asked about leads.

    `inputs` is what it is told, None for the mapping of the connection itself; `found_if` decides over status, headers
    and body whether it knows the lead.
    """

    connection: str
    inputs: tuple[Entry, ...] | None
    outputs: tuple[Output, ...]
    found_if: Rule
    timeout_ms: int

    @property
    def asked_about(self) -> tuple[str, ...]:
        """Return the keys of the lead's fields that it is told, as far as the step says."""
        paths = [path for entry in self.inputs or () for path in sorted(entry.value.variables)]
        keys = [key.partition(".")[0] for name, _, key in (path.partition(".") for path in paths) if name == "lead"]
        return tuple(dict.fromkeys(keys))

    def normal_forms(self, values: Mapping[str, Any], lead: Mapping[str, Any]) -> dict[str, Normal]:
        """Return what values set fields to, by the fields' keys; `lead` holds the lead's own in normal form."""
        found: dict[str, Normal] = {}
        for output in self.outputs:
            if output.field.key in values:
                field = in_country_of(output.field, lead)
                found[field.key] = normalise(values[field.key], field)
                lead = {**lead, field.key: found[field.key].value}
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """What asking came to: `values` are those in the answer, by the fields' keys.

    `said` is one line of ours, without words of the answer: those may be about the person.
    """

    answer: Literal["found", "not_found", "error", "timeout"]
    values: Mapping[str, Any]
    said: str = ""

    def without(self, secrets: Mapping[str, str]) -> "Found":
        """Return the same with every secret masked that the answer repeats."""
        return replace(self, values={key: _masked(value, secrets) for key, value in self.values.items()})


def read_service(part: Part) -> Service | None:
    """Return the service of a part, None when one of its settings has problems."""
    connection, outputs = part.text("connection"), _read_outputs(part)
    inputs = read_mapping(part, json.FORMAT, key="inputs") if part.has("inputs") else None
    written = part.take("found_if", IS_2XX)
    found_if = read_rule(part.document, written, part.at("found_if"), ANSWER_NAMES)
    timeout = part.duration("timeout", DEFAULT_TIMEOUT)
    if timeout > LONGEST_TIMEOUT:
        part.report("timeout", "out_of_bounds", f"“timeout” must be from 1s to {LONGEST_TIMEOUT}s.")
    if outputs is None or found_if is None:
        return None
    return Service(connection, inputs, outputs, found_if, timeout * 1000)


def build_question(
    service: Service,
    destination: Destination,
    data: Mapping[str, Any],
    offer: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> HttpRequest:
    """Return the request that asks about a lead; raises as `build_request` does."""
    asked = destination if service.inputs is None else replace(destination, mapping=service.inputs)
    return build_request(asked, data, offer, secrets)


def read_found(service: Service, destination: Destination, reply: Reply) -> Found:
    """Return what a reply says about a lead. Never raises.

    A status that says nothing about the lead, and a body that is needed and cannot be read, are errors; otherwise
    `found_if` decides.
    """
    said = f"the server answered {reply.status}"
    if _says_nothing(reply.status, destination):
        return Found("error", {}, said)
    seen, _, unreadable = look_into(reply, destination.answers.format)
    try:
        if unreadable and may_read_body(service.found_if.document):
            return Found("error", {}, UNREADABLE)
        if not truthy(service.found_if(seen)):
            return Found("not_found", {}, said)
    except RuleError:
        return Found("error", {}, UNREADABLE)
    if _holds_nothing(service, seen["body"], unreadable):
        return Found("error", {}, UNREADABLE)
    return Found("found", dict(_values(service, seen)))


def _says_nothing(status: int, destination: Destination) -> bool:
    is_known = status in ERRORS or status in AMBIGUOUS or status in REFUSED or status in destination.answers.errors
    return is_known or 300 <= status < 400 or status >= 500


def _holds_nothing(service: Service, body: object, unreadable: str) -> bool:
    """Return whether outputs stand in a body that cannot be read, or that is plain text, like a page with good news."""
    depths = [len(output.path) for output in service.outputs if output.path[0] == "body"]
    return bool(depths) and (bool(unreadable) or (isinstance(body, str) and max(depths) > 1))


def _values(service: Service, seen: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what stands at the places of the outputs; where nothing does, the field stays as it is."""
    for output in service.outputs:
        value = at(seen, output.path)
        if value not in (None, "", []):
            yield output.field.key, _clean(value)


def _clean(value: object) -> object:
    """Return a value without what a database refuses, and of a sane length."""
    if isinstance(value, str):
        return without_controls(value)[:LONGEST_VALUE]
    return [_clean(entry) for entry in value[:MOST_ENTRIES]] if isinstance(value, list) else value


def _masked(value: object, secrets: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return mask(value, secrets)
    return [_masked(entry, secrets) for entry in value] if isinstance(value, list) else value


def _read_outputs(part: Part) -> tuple[Output, ...] | None:
    written = part.take("outputs")
    if not isinstance(written, list) or not 1 <= len(written) <= MOST_OUTPUTS:
        message = f"“outputs” must be a list of 1 to {MOST_OUTPUTS} [field, place in the answer]."
        part.report("outputs", "not_a_list", message)
        return None
    at_outputs = part.at("outputs")
    outputs = [_read_output(part.document, entry, f"{at_outputs}[{i}]") for i, entry in enumerate(written)]
    complete = tuple(output for output in outputs if output)
    keys = [output.field.key for output in complete]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        part.report("outputs", "set_twice", f"The field “{key}” is set twice.")
    return complete if len(complete) == len(outputs) else None


def _read_output(document: Document, entry: object, place: str) -> Output | None:
    if not isinstance(entry, list) or len(entry) != 2 or not all(isinstance(one, str) for one in entry):
        document.report(
            place,
            "not_an_output",
            'An output is written [field, place in the answer], like ["line_type", "body.line.type"].',
        )
        return None
    key, written = entry
    field, path = document.fields.get(key), parse_path(written)
    if field is None:
        document.report(f"{place}[0]", "bad_key", "A field's key has small letters, digits and underscores only.")
    if path is None:
        message = f"“{written[:60]}” names no place in the answer, such as body.line.type or headers.x-score."
        document.report(f"{place}[1]", "bad_path", message)
    return Output(field, path, written) if field and path else None
