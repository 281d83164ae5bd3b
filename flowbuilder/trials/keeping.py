"""What a check keeps of a lead that was typed or pasted: where a value could tell who somebody is, a made-up one.

It is chosen so that the lead ends as it did: usual values first, then ones of the same shape.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from flowbuilder.intake.reading import TEST_OUTCOMES, LeadForm, Reading, says_yes
from flowbuilder.leads.people import hide_people, is_personal
from flowbuilder.sources.samples import BY_TYPE, sample_value
from flowbuilder.trials.inputs import Inputs, Said
from flowbuilder.trials.running import Bench, End, Trial, run_trial
from rules.fields import Field, in_country_of, normalise
from rules.fields.email import RESERVED
from rules.fields.phone import NORTH_AMERICA, area_code_of, parse_phone
from rules.numbers import as_number
from rules.steps import LookUp
from rules.steps.look_up import Asked
from rules.text import fold, scalar_text

NO_VALUE = "Example"
"""Stands for what is no valid value of its field, too."""
EXAMPLES = ("example.com", "example.org", "example.net")
FREE = re.compile(r"55501\d\d$")
"""How North American numbers end that are kept free for examples."""
ONE_OF_FEW = ("choice", "multi", "boolean", "state", "country")
"""Types of which a valid value tells nobody apart once everything else is made up."""
SHORTEST_WORD = 3
MOST_ALIKE = 3
"""How many made-up values there are for one: a usual one, one of its shape, itself if by its form it reaches nobody."""
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NUMBER = re.compile(r"\+?\(?\d[\d ()./-]{8,}\d")
"""What looks like the address or the number of somebody in a text, whoever that is."""


class EndsOtherwise(Exception):
    """With made-up values the lead does not end as it did; `labels` say where they stand, `end` how it ends."""

    def __init__(self, labels: tuple[str, ...], end: End) -> None:
        super().__init__(labels)
        self.labels, self.end = labels, end

    def say(self, names: Mapping[str, str]) -> str:
        """Return why such a check cannot be kept, and what can be done."""
        return (
            f"A check keeps made-up values in place of personal ones ({', '.join(self.labels)}), and with them this "
            f"lead ends otherwise: {self.end.say(names)}. Type made-up ones that end as you expect, like an address "
            "at example.com or the number (213) 555-0148."
        )


def without_people(bench: Bench, inputs: Inputs, now: datetime) -> tuple[Inputs, End]:
    """Return inputs like these that tell of nobody, and how the lead ends. Raises EndsOtherwise and LeadGone."""
    trial = run_trial(bench, inputs, now)
    keeper, tried, end = _Keeper(bench, inputs, trial), inputs, trial.end
    for alike in range(MOST_ALIKE):
        tried = keeper.kept(alike)
        end = trial.end if tried == inputs else run_trial(bench, tried, now).end
        if end == trial.end:
            return tried, end
    raise EndsOtherwise(keeper.changed(tried), end)


@dataclass(frozen=True)
class _Keeper:
    """Puts made-up values into the inputs of one run."""

    bench: Bench
    inputs: Inputs
    trial: Trial

    def kept(self, alike: int) -> Inputs:
        """Return the inputs with made-up values: 0 takes usual ones, more takes ones that are more alike."""
        lead = {key: self._instead(self._fields[key], value, alike) for key, value in self._posted.items()}
        said = {step: self._said(step, one, alike) for step, one in self.inputs.said.items()}
        return replace(self.inputs, lead={**lead, **self._controls}, said=said)

    def changed(self, kept: Inputs) -> tuple[str, ...]:
        """Return where something is made up in some inputs: the labels of fields, and what is answered."""
        fields = tuple(self._fields[key].label for key, value in self._posted.items() if kept.lead[key] != value)
        return fields if kept.said == self.inputs.said else (*fields, "what is answered")

    @cached_property
    def _fields(self) -> Mapping[str, Field]:
        return {field.key: field for field in self.bench.rules.fields}

    @cached_property
    def _posted(self) -> Mapping[str, Any]:
        """What was typed, by the fields' own keys; what no field reads is not kept."""
        return {key: value for key, value in self._reading.posted.items() if key in self._fields}

    @cached_property
    def _reading(self) -> Reading:
        rules = self.bench.rules
        return LeadForm(rules.fields, version=0, currency=rules.currency).read(self.inputs.lead)

    @cached_property
    def _controls(self) -> Mapping[str, Any]:
        """What the lead says of itself: that it is a test, and how that is to end."""
        told = self._reading.controls
        outcome, is_test = fold(str(told.get("test_outcome"))), says_yes(told.get("is_test"))
        controls = {"is_test": is_test, "test_outcome": outcome if outcome in TEST_OUTCOMES else None}
        return {name: value for name, value in controls.items() if value}

    @cached_property
    def _told(self) -> frozenset[str]:
        """The words of the flow's document: they are the seller's own."""
        return frozenset(filter(None, _texts(self.bench.flow.draft)))

    def _instead(self, field: Field, value: Any, alike: int) -> Any:
        """Return what stands for a value; in a field that tells of nobody, only for what is none of its values."""
        field = in_country_of(field, self._reading.values)
        if not is_personal(field) and normalise(value, field).valid:
            return value
        choices = made_up_for(field, value, self._told)
        return choices[min(alike, len(choices) - 1)]

    def _said(self, step: str, said: Said, alike: int) -> Said:
        asking = self.bench.rules.step(step)
        service = asking.source.service if isinstance(asking, LookUp) and isinstance(asking.source, Asked) else None
        fields = {output.field.key: output.field for output in service.outputs} if service else {}
        values = {key: self._instead(fields[key], one, alike) for key, one in said.values.items() if key in fields}
        return replace(said, values=values, reason=self._hidden(said.reason), reply=self._hidden(said.reply))

    def _hidden(self, text: str) -> str:
        """Return what somebody answers without what it repeats of the lead, and without addresses and numbers."""
        lead = self.trial.source_lead
        text = hide_people(text, self.inputs.posted(lead.posted if lead else None), self.bench.rules.fields)
        return NUMBER.sub(lambda found: re.sub(r"\d", "1", found[0]), ADDRESS.sub(str(BY_TYPE["email"]), text))


def made_up_for(field: Field, value: Any, told: frozenset[str]) -> tuple[Any, ...]:
    """Return made-up values for a personal one, the least alike first; itself where it is blank or told already.

    `told` are folded texts that the seller wrote.
    """
    if isinstance(value, list):
        return ([one for one in value if fold(str(one)) in told],)
    text, normal = (scalar_text(value) or "").strip(), normalise(value, field)
    is_real = normal.value is not None and normal.valid
    if not text or fold(text) in told or (is_real and field.type in ONE_OF_FEW):
        return (value if text else "",)
    usual = sample_value(field)
    if not is_real:
        return usual, NO_VALUE
    alike = ALIKE.get(field.type, _nothing)(normal.value, told) or usual
    return usual, alike, text if _reaches_nobody(field, str(normal.value)) else alike


def _reaches_nobody(field: Field, value: str) -> bool:
    if field.type == "phone":
        return bool(FREE.search(value))
    domain = value.rpartition("@")[2]
    return field.type == "email" and (domain in EXAMPLES or domain.rpartition(".")[2] in RESERVED)


def _nothing(_value: Any, _told: frozenset[str]) -> str:
    return ""


def _same_area(value: Any, _told: frozenset[str]) -> str:
    number = parse_phone(str(value), None)
    area = area_code_of(number) if number and number.country_code == NORTH_AMERICA else None
    return f"({area}) 555-0148" if area else ""


def _same_domain(value: Any, told: frozenset[str]) -> str:
    domain = str(value).rpartition("@")[2]
    return f"ana.silva@{domain}" if domain in told else ""


def _same_month(value: Any, _told: frozenset[str]) -> str:
    return f"{str(value)[:7]}-01"


def _same_place(value: Any, _told: frozenset[str]) -> str:
    """Return a postal code that many share: of digits, five of them."""
    code = str(value)[:5]
    return code if code.isdecimal() else ""


def _same_size(value: Any, _told: frozenset[str]) -> str:
    """Return an amount with its first two digits and zeros."""
    number = as_number(value)
    if not number:
        return ""
    exact = Decimal(str(number))
    step = Decimal(1).scaleb(exact.adjusted() - 1)
    return f"{exact // step * step:f}"


def _same_words(value: Any, told: frozenset[str]) -> str:
    """Return what of a text the seller wrote too, in its order."""
    text = fold(str(value))
    found = [words for words in told if len(words) >= SHORTEST_WORD and words in text]
    return " ".join(sorted(found, key=text.find))


ALIKE: Mapping[str, Callable[[Any, frozenset[str]], str]] = {
    "phone": _same_area,
    "email": _same_domain,
    "dob": _same_month,
    "date": _same_month,
    "postal_code": _same_place,
    "number": _same_size,
    "money": _same_size,
    "name": _same_words,
    "text": _same_words,
}
"""How a made-up value is made that is like a valid one, by type; "" where there is none."""


def _texts(document: Any) -> Iterator[str]:
    """Yield all texts and numbers of a document, folded."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from _texts(one)
    elif (text := scalar_text(document)) is not None:
        yield fold(text)
