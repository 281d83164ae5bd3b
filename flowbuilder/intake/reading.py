"""From posted fields to the fields of a flow: which name means which field, normal forms, and every problem at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from rules.fields import TYPES, Field, FieldType, Normal, in_country_of, passes_check
from rules.problems import Problem
from rules.text import fold, squeeze

MOST_ENDINGS = 8  # parts of a dotted name that are looked at, from its end
LONGEST_SHOWN = 100  # characters of an unknown field's name that are reported back
CONTROLS = {
    "istest": "is_test",
    "testoutcome": "test_outcome",
    "leadid": "lead_id",
    "pingid": "ping_id",
    "redirecturl": "redirect_url",
    "redirurl": "redirect_url",
}
"""Names that say something about the post itself, as they are compared; they are no unknown fields."""
LIKE = {
    "postal_code": "94105 or SW1A 1AA",
    "state": "CA or California",
    "country": "DE or Germany",
    "number": "720 or 12.5",
    "money": "1200.50",
    "range": "100-200",
    "date": "2026-11-20",
    "dob": "1985-01-31",
    "datetime": "2026-11-20T10:41:58Z",
    "boolean": "true",
    "url": "https://www.example.com/offer",
    "ip": "203.0.113.7",
    "certificate": "https://cert.trustedform.com/ and its number",
}
"""What a value of a type looks like, for whoever sent none."""
TEST_OUTCOMES = ("sold", "rejected", "duplicate", "waiting", "error")


@dataclass(slots=True)
class Reading:
    """What one post says: `values` in normal form, `posted` as it came with known fields under their own keys."""

    is_test: bool = False
    is_ping: bool = False
    now: datetime | None = None
    test_outcome: str | None = None
    posted: dict[str, object] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    controls: dict[str, object] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def control(self, name: str) -> object:
        """Return what the post says about itself under this name, also where the flow has a field of that name."""
        return self.controls.get(name, self.posted.get(name))


class LeadForm:
    """The fields that one published version of a flow takes, ready to read posts with; and what its leads are about."""

    def __init__(self, fields: Iterable[Field], *, version: int, currency: str, category: str = "") -> None:
        self.fields = tuple(fields)
        self.version = version
        self.currency = currency
        self.category = category
        self._by_name = _name_index(self.fields)
        self._keys = frozenset(wanted.key for wanted in self.fields)
        # A field that is read by the country of another comes after it.
        in_reading_order = sorted(self.fields, key=lambda wanted: wanted.country_field is not None)
        self._in_reading_order = [(wanted, TYPES[wanted.type]) for wanted in in_reading_order]

    def read(
        self, posted: Mapping[str, object], *, is_test: bool = False, is_ping: bool = False, now: datetime | None = None
    ) -> Reading:
        """Return the lead that a post describes, with all its problems; a post may say itself that it is a test.

        Required means filled in, and valid where the field asks for it; test leads need not be valid, and of a ping
        nothing is required. Dates of birth are also looked at from `now`, an aware moment.
        """
        reading = Reading(is_ping=is_ping, now=now)
        self._sort_out(posted, reading)
        reading.is_test = is_test or says_yes(reading.control("is_test"))
        self._normalise(reading)
        if reading.is_test:
            _read_test_outcome(reading.control("test_outcome"), reading)
        elif is_filled(reading.controls.get("test_outcome")) and not is_filled(reading.control("is_test")):
            # It was meant as a test, and would be sold: whoever says that it is none may leave the word in.
            message = "test_outcome is for tests: send the test key or is_test=true with it, or leave it out."
            reading.problems.append(Problem("test_outcome", "not_a_test", message))
        return reading

    def find(self, name: str) -> Field | None:
        """Return the field that a posted name means: its key or an alias, whatever the case and the separators."""
        return self._by_name.get(name) or self._by_name.get(squeeze(name))

    def _find_ending(self, name: str) -> Field | None:
        """Return the field that a dotted name means, by as much of its end as a field is called."""
        found = self.find(name)
        if found is None and "." in name:
            parts = name.rsplit(".", MOST_ENDINGS)[1:]
            endings = (".".join(parts[start:]) for start in range(len(parts)))
            found = next((meant for ending in endings if (meant := self.find(ending))), None)
        return found

    def _sort_out(self, posted: Mapping[str, object], reading: Reading) -> None:
        """A field's exact key counts before any other spelling; between others the first counts."""
        reading.posted = {name: value for name, value in posted.items() if name in self._keys}
        if len(reading.posted) < len(posted):
            others = {name: value for name, value in posted.items() if name not in self._keys}
            self._sort_out_others(others, reading)

    def _sort_out_others(self, posted: Mapping[str, object], reading: Reading) -> None:
        for path, value in self._leaves(posted, ()):
            name = ".".join(path)
            meant = self._find_ending(name)
            if meant is None or meant.key in reading.posted:
                _keep_unknown(reading, path, name, value)
            else:
                reading.posted[meant.key] = value

    def _leaves(self, posted: Mapping[str, object], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
        for name, value in posted.items():
            if isinstance(value, dict) and value and self.find(name) is None:
                yield from self._leaves(value, (*above, name))
            else:
                yield (*above, name), value

    def _normalise(self, reading: Reading) -> None:
        posted, values = reading.posted, reading.values
        for one, field_type in self._in_reading_order:
            wanted = in_country_of(one, values) if one.country_field else one
            normal = field_type.normalise(posted.get(wanted.key), wanted)
            if normal.valid and normal.value is not None and not field_type.validity_ages:
                values[wanted.key] = normal.value
            else:
                self._look_closer(wanted, field_type, normal, reading)

    def _look_closer(self, wanted: Field, field_type: FieldType, normal: Normal, reading: Reading) -> None:
        """Take what is blank, not valid, or valid on some days only."""
        if normal.valid and field_type.validity_ages and reading.now:
            normal = Normal(normal.value, field_type.is_valid_on(normal.value, latest_day(reading.now)))
        if normal.value is None:
            is_there = is_filled(reading.posted.get(wanted.key))
            if is_there:
                reading.invalid.append(wanted.key)
            if wanted.required and not reading.is_ping and not (is_there and reading.is_test):
                posted = reading.posted.get(wanted.key)
                reading.problems.append(_not_valid(wanted, posted) if is_there else _missing(wanted))
            return
        reading.values[wanted.key] = normal.value
        if not normal.valid:
            reading.invalid.append(wanted.key)
            is_lenient = reading.is_test or reading.is_ping
            if wanted.required and not is_lenient and not passes_check(normal, wanted, field_type):
                reading.problems.append(_not_valid(wanted))


def latest_day(now: datetime) -> date:
    """Return the calendar day that it is where it is latest: fourteen hours ahead of UTC."""
    return (now + timedelta(hours=14)).date()


def is_filled(value: object) -> bool:
    """Say whether something was posted: not null, not an empty or blank text, list or object."""
    return bool(value.strip()) if isinstance(value, str) else value is not None and value not in ([], {})


def says_yes(value: object) -> bool:
    """Say whether a posted flag is set: true, 1, "true", "yes", "on"."""
    return value is not None and fold(str(value)) in ("true", "1", "yes", "on")


def _name_index(fields: tuple[Field, ...]) -> dict[str, Field]:
    """Keys go before aliases, exact names before squeezed ones; a squeezed name that two fields share means neither."""
    squeezed: dict[str, Field | None] = {}
    for names_of in (_key_of, _aliases_of):
        found: dict[str, Field | None] = {}
        for one in fields:
            for name in names_of(one):
                short = squeeze(name)
                found[short] = one if found.get(short, one) is one else None
        squeezed = found | squeezed
    exact = {name: one for names_of in (_aliases_of, _key_of) for one in fields for name in names_of(one)}
    return {short: one for short, one in squeezed.items() if one is not None} | exact


def _key_of(one: Field) -> tuple[str, ...]:
    return (one.key,)


def _aliases_of(one: Field) -> tuple[str, ...]:
    return one.aliases


def _keep_unknown(reading: Reading, path: tuple[str, ...], name: str, value: object) -> None:
    place: dict[str, Any] = reading.posted
    for part in path[:-1]:
        below = place.setdefault(part, {})
        if not isinstance(below, dict):
            place[name] = value
            break
        place = below
    else:
        place[path[-1]] = value
    control = CONTROLS.get(squeeze(name)) if len(path) == 1 else None
    if control:
        reading.controls.setdefault(control, value)
    else:
        reading.ignored.append(name[:LONGEST_SHOWN])


def _read_test_outcome(value: object, reading: Reading) -> None:
    if not is_filled(value):
        return
    word = fold(str(value))
    if word in TEST_OUTCOMES:
        reading.test_outcome = word
    else:
        message = f"test_outcome is one of: {', '.join(TEST_OUTCOMES)}."
        reading.problems.append(Problem("test_outcome", "unknown_test_outcome", message))


def _missing(wanted: Field) -> Problem:
    return Problem(wanted.key, "required", f"{wanted.label} is required.")


def _not_valid(wanted: Field, posted: object = None) -> Problem:
    if isinstance(posted, list | dict) and wanted.type != "multi":
        came = f"a list of {len(posted)}" if isinstance(posted, list) else "an object"
        return Problem(wanted.key, f"invalid_{wanted.type}", f"{wanted.label} came as {came}: send one value, once.")
    return Problem(wanted.key, f"invalid_{wanted.type}", f"{wanted.label} is not {_what_it_must_be(wanted)}.")


def _what_it_must_be(wanted: Field) -> str:
    if wanted.type in ("choice", "multi") and wanted.options:
        return f"one of: {', '.join(wanted.options[:20])}"
    if wanted.type == "phone":
        return "a phone number that can be called, like +1 512 555 0148"
    if wanted.type == "email":
        return "an email address that can receive mail"
    label = TYPES[wanted.type].label
    noun = label if label[:2].isupper() else label.lower()
    return f"a valid {noun}, like {LIKE[wanted.type]}" if wanted.type in LIKE else f"a valid {noun}"
