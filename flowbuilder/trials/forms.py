"""The form of a test run: shown from its inputs, and read back into them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from flowbuilder import ids
from flowbuilder.flows.worlds import CAPS
from flowbuilder.leads import people
from flowbuilder.models import Lead
from flowbuilder.trials.inputs import LONGEST_REPLY, MOST_FIELDS, Inputs, Said
from flowbuilder.trials.running import Bench
from rules import json_text
from rules.delivery.service import Service
from rules.fields import Field
from rules.flow import Flow
from rules.money import LARGEST
from rules.numbers import read_amount
from rules.steps import Group, LookUp
from rules.steps.look_up import Asked as AskedService

SHOWN = 6
"""How many fields are shown at once; the others are below a fold."""
LONGEST_VALUE = 5000
OF_BUYERS = {
    "accepted": "accepts",
    "declined": "declines",
    "timeout": "times out",
    "error": "answers with an error",
    "unknown": "never answers",
    "not_asked": "is paused",
}
OF_BIDDERS = {"accepted": "bids", "no_bid": "makes no bid"} | {
    key: f"bids, then {words}" if key in ("declined", "error", "unknown") else words
    for key, words in OF_BUYERS.items()
    if key != "accepted"
}
OF_SERVICES = {
    "found": "finds the lead",
    "not_found": "does not know the lead",
    "error": "answers with an error",
    "timeout": "times out",
}
CAPS_WORDS = {"now": "as now", "empty": "empty", "full": "full"}
FORMAT = "%Y-%m-%dT%H:%M"
NOT_AN_AMOUNT = "Enter an amount, such as 42.00, or leave it blank."
NOT_A_TIME = "Enter a day and a time, or leave it blank for now."
FIRST_YEAR, LAST_YEAR = 2, 9998
"""Of every moment the year before and the one after can be written, too."""
NOT_JSON = "The other fields must be one JSON object."


@dataclass(frozen=True)
class Shown:
    """One field of the lead in the form; of a masked one `masked` is shown and `text` is what was typed over it."""

    key: str
    label: str
    text: str
    options: tuple[str, ...]
    is_required: bool
    masked: str = ""
    is_blank: bool = False


@dataclass(frozen=True)
class Answerer:
    """A buyer or a service in the form: the answers to choose from, and what was chosen."""

    id: str
    name: str
    step: str
    said: Said
    chosen: str
    words: Mapping[str, str]
    is_bidder: bool = False
    is_service: bool = False
    has_caps: bool = False
    is_full: bool = False
    values: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class Filled:
    """The whole form as a page shows it."""

    fields: tuple[Shown, ...]
    more: tuple[Shown, ...]
    extra: str
    as_of: str
    answerers: tuple[Answerer, ...]


def filled(bench: Bench, inputs: Inputs, source_lead: Lead | None, first: Iterable[str], zone: ZoneInfo) -> Filled:
    """Return the form for some inputs; `first` are the fields that the flow's rules look at."""
    rules = bench.rules
    order = dict.fromkeys((*first, *(field.key for field in rules.fields if field.required)))
    keys = [*order, *(field.key for field in rules.fields if field.key not in order)]
    known = {field.key: field for field in rules.fields}
    shown = tuple(_field(known[key], inputs, source_lead) for key in keys if key in known)
    extra = {key: value for key, value in inputs.lead.items() if key not in known}
    return Filled(
        fields=shown[:SHOWN],
        more=shown[SHOWN:],
        extra=json_text.write(extra).decode() if extra else "",
        as_of=inputs.as_of.astimezone(zone).strftime(FORMAT) if inputs.as_of else "",
        answerers=tuple(_answerers(bench, inputs)),
    )


def read_form(
    posted: MultiDict[str, str], rules: Flow, source_lead: Lead | None, zone: ZoneInfo
) -> tuple[Inputs, dict[str, str]]:
    """Return the inputs that were posted, and what could not be read by the name of its control."""
    problems: dict[str, str] = {}
    lead = _read_lead(posted, rules, source_lead)
    extra = posted.get("extra", "").strip()
    if extra:
        lead |= _read_extra(extra, problems)
    caps, said = posted.get("caps", "now"), _read_said(posted, rules)
    problems |= _unreadable(said)
    inputs = Inputs(
        lead=lead,
        source_lead=source_lead.id if source_lead else None,
        blank=frozenset(posted.getlist("blank")) & {field.key for field in rules.fields},
        as_of=_read_moment(posted.get("as_of", "").strip(), zone, problems),
        caps=caps if caps in CAPS else "now",
        full=frozenset(posted.getlist("full")[:MOST_FIELDS]),
        is_seen="seen" in posted,
        source=read_id(posted.get("source", ""), "src"),
        said=said,
    )
    return inputs, problems


def read_id(text: str, kind: str | None = None) -> UUID | None:
    """Return the id that a control carries, None for none."""
    try:
        return ids.read(text, kind) if text else None
    except ids.NotAnId:
        return None


def _field(field: Field, inputs: Inputs, source_lead: Lead | None) -> Shown:
    options = ("yes", "no") if field.type == "boolean" else field.options if field.type == "choice" else ()
    typed, own = inputs.lead.get(field.key), source_lead.posted.get(field.key) if source_lead else None
    is_blank = field.key in inputs.blank
    if own is None or is_blank:
        return Shown(field.key, field.label, as_text(typed), options, field.required, is_blank=is_blank)
    if not people.is_personal(field):
        return Shown(field.key, field.label, as_text(own if typed is None else typed), options, field.required)
    masked = people.details({field.key: own}, (field,), (), "USD", in_full=False)[0].text
    return Shown(field.key, field.label, as_text(typed), options, field.required, masked or people.HIDDEN)


def as_text(value: Any) -> str:
    """Return a posted value as it stands in a control."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return json_text.write(value).decode() if isinstance(value, dict) else str(value)


def _answerers(bench: Bench, inputs: Inputs) -> Iterator[Answerer]:
    """Yield everybody who is asked in the flow, in the order of the road."""
    rules = bench.rules
    for position, spot in enumerate(rules.spots):
        step, number = spot.step, f"Step {position + 1}"
        if isinstance(step, LookUp) and isinstance(step.source, AskedService):
            yield _service(bench, step.common.id, step.source.service, inputs, number)
        rows = [row.id for row in step.in_order] if isinstance(step, Group) else [step.common.id]
        for identifier in rows:
            if identifier in rules.buyers:
                yield _buyer(bench, identifier, inputs, number)
    if rules.fallback.common.id in rules.buyers:
        yield _buyer(bench, rules.fallback.common.id, inputs, "")


def _service(bench: Bench, step: str, service: Service, inputs: Inputs, number: str) -> Answerer:
    said, name = inputs.said.get(step, Said()), bench.names.connections.get(service.connection, "A service")
    values = tuple(
        Shown(one.field.key, one.field.label, as_text(said.values.get(one.field.key)), (), is_required=False)
        for one in service.outputs
    )
    chosen = said.answer or "found"
    return Answerer(step, name, number, said, chosen, OF_SERVICES, is_service=True, values=values)


def _buyer(bench: Bench, identifier: str, inputs: Inputs, number: str) -> Answerer:
    buyer, said = bench.rules.buyers[identifier], inputs.said.get(identifier, Said())
    is_bidder = buyer.price is None
    return Answerer(
        identifier,
        bench.names.connections.get(buyer.connection, "A buyer"),
        number,
        said,
        "no_bid" if is_bidder and said.bid == "0" else said.answer or "accepted",
        OF_BIDDERS if is_bidder else OF_BUYERS,
        is_bidder=is_bidder,
        has_caps=bool(buyer.caps),
        is_full=identifier in inputs.full,
    )


def _read_lead(posted: MultiDict[str, str], rules: Flow, source_lead: Lead | None) -> dict[str, Any]:
    """Return what was typed; of a lead that came in what stands there unchanged is not kept."""
    lead: dict[str, Any] = {}
    for field in rules.fields:
        text = posted.get(f"f.{field.key}", "")[:LONGEST_VALUE].strip()
        own = as_text(source_lead.posted.get(field.key)) if source_lead else ""
        if text and text != own:
            lead[field.key] = text
    return lead


def _read_extra(text: str, problems: dict[str, str]) -> dict[str, Any]:
    try:
        document = json_text.read(text.encode())
    except json_text.JsonProblem:
        document = None
    if not isinstance(document, dict):
        problems["extra"] = NOT_JSON
        return {}
    return document


def _read_moment(text: str, zone: ZoneInfo, problems: dict[str, str]) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        problems["as_of"] = NOT_A_TIME
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _read_said(posted: MultiDict[str, str], rules: Flow) -> dict[str, Said]:
    """Return the answers that were chosen; one that is as usual is left out."""
    steps: Sequence[str] = [*rules.buyers, *(spot.step.common.id for spot in rules.spots)]
    found = {step: _read_one(posted, step) for step in dict.fromkeys(steps) if f"a.{step}" in posted}
    return {step: said for step, said in found.items() if said.as_document()}


def _unreadable(said: Mapping[str, Said]) -> dict[str, str]:
    """Return the controls in which a buyer bids or pays what is no amount; of blank ones the usual is taken."""
    typed = {f"{kind}.{step}": text for step, one in said.items() for kind, text in (("p", one.price), ("b", one.bid))}
    amounts = {name: read_amount(text) for name, text in typed.items() if text}
    return {name: NOT_AN_AMOUNT for name, amount in amounts.items() if amount is None or not 0 <= amount < LARGEST}


def _read_one(posted: MultiDict[str, str], step: str) -> Said:
    answer = posted.get(f"a.{step}", "")
    prefix = f"v.{step}."
    values = {name.removeprefix(prefix): text for name, text in posted.items() if name.startswith(prefix) and text}
    return Said(
        answer="" if answer in ("accepted", "found", "no_bid") else answer,
        price=posted.get(f"p.{step}", "").strip()[:40],
        bid="0" if answer == "no_bid" else posted.get(f"b.{step}", "").strip()[:40],
        reason=posted.get(f"r.{step}", "").strip()[:200],
        reply=posted.get(f"w.{step}", "").strip()[:LONGEST_REPLY],
        values=values,
    )
