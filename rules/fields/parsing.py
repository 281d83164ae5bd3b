"""A field's document read into a Field, or into the full list of its problems."""

import re
from collections.abc import Mapping
from typing import cast, get_args

from rules.countries import CODES
from rules.fields.base import Check, Field
from rules.fields.types import TYPES
from rules.problems import Problem, shorten, suggest
from rules.text import fold

KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
SETTINGS = ("key", "type", "label", "required", "options", "region", "country_field", "check", "sensitive", "aliases")
WITH_OPTIONS = ("choice", "multi")
LONGEST_LABEL = 100
MOST_OPTIONS = 1000


def parse_field(document: object, at: str, problems: list[Problem]) -> Field | None:
    """Return the field that a document describes; add what is wrong with it to the problems and return None then."""
    if not isinstance(document, dict):
        problems.append(Problem(at, "wrong_type", "A field is an object with a key and a type."))
        return None
    reader = FieldReader(document, at)
    field = reader.read()
    problems.extend(reader.problems)
    return None if reader.problems else field


class FieldReader:
    """Reads the settings of one field and collects what is wrong with them."""

    def __init__(self, document: dict[str, object], at: str) -> None:
        self.document = document
        self.at = at
        self.problems: list[Problem] = []

    def read(self) -> Field:
        """Return the field; it is only usable when no problem was found."""
        self.refuse_unknown_settings()
        type_key = self.type()
        required = self.flag("required", False)
        field_type = TYPES[type_key]
        strict = required and field_type.checked_when_required
        options = self.options(type_key)
        any_text = type_key == "multi" and not options
        return Field(
            key=self.key(),
            type=type_key,
            label=self.label(),
            required=required,
            options=options,
            region=self.region(type_key),
            check=self.check("valid" if strict else "none"),
            sensitive=self.flag("sensitive", field_type.personal or any_text),
            aliases=self.texts("aliases"),
            country_field=self.country_field(type_key),
        )

    def problem(self, setting: str, code: str, message: str) -> None:
        """Note what is wrong with one setting."""
        self.problems.append(Problem(f"{self.at}.{setting}", code, message))

    def refuse_unknown_settings(self) -> None:
        """Note every setting that fields do not have."""
        for setting in self.document:
            if setting not in SETTINGS:
                message = f"A field has no setting “{shorten(setting)}”.{suggest(str(setting), SETTINGS)}"
                self.problem(shorten(setting), "unknown_key", message)

    def key(self) -> str:
        """Return the key."""
        key = self.document.get("key")
        if isinstance(key, str) and KEY.fullmatch(key):
            return key
        code = "missing_key" if key is None else "bad_key"
        message = "A key has up to 64 small letters, digits and underscores, and begins with a letter."
        self.problem("key", code, message)
        return ""

    def type(self) -> str:
        """Return the key of the type, that of free text when there is none."""
        written = self.document.get("type")
        if isinstance(written, str) and written in TYPES:
            return written
        if written is None:
            self.problem("type", "missing_key", f"A field needs a type: {', '.join(TYPES)}.")
        else:
            hint = suggest(str(written)[:40], TYPES)
            self.problem("type", "unknown_type", f"There is no field type “{shorten(written)}”.{hint}")
        return "text"

    def label(self) -> str:
        """Return the label, "" when the key is to serve as one."""
        label = self.document.get("label", "")
        if isinstance(label, str) and len(label) <= LONGEST_LABEL:
            return label.strip()
        self.problem("label", "wrong_type", f"A label is a text of at most {LONGEST_LABEL} letters.")
        return ""

    def flag(self, setting: str, default: bool) -> bool:
        """Return a setting that is true or false."""
        value = self.document.get(setting, default)
        if isinstance(value, bool):
            return value
        self.problem(setting, "wrong_type", f"“{setting}” is true or false.")
        return default

    def check(self, default: Check) -> Check:
        """Return how closely intake looks at a filled value."""
        check = self.document.get("check", default)
        if check in get_args(Check):
            return cast(Check, check)
        self.problem("check", "wrong_value", f"“check” is one of {', '.join(get_args(Check))}.")
        return default

    def texts(self, setting: str) -> tuple[str, ...]:
        """Return a list of distinct filled texts."""
        value = self.document.get(setting, [])
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            self.problem(setting, "wrong_type", f"“{setting}” is a list of texts.")
            return ()
        if len(value) > MOST_OPTIONS:
            self.problem(setting, "too_many", f"“{setting}” has at most {MOST_OPTIONS} entries.")
        if len({fold(text) for text in value}) < len(value):
            self.problem(setting, "doubled", f"“{setting}” names the same text twice.")
        return tuple(text.strip() for text in value)

    def options(self, type_key: str) -> tuple[str, ...]:
        """Return the options of a choice; several choices may do without, and then any text is one."""
        options = self.texts("options")
        if type_key == "choice" and not options and "options" not in self.settings_with_problems():
            self.problem("options", "options_needed", "A choice needs the list of its options.")
        if type_key not in WITH_OPTIONS and options:
            self.problem("options", "not_used", "Only choices have options.")
        return options

    def settings_with_problems(self) -> set[str]:
        """Return the settings in which something wrong was found already."""
        return {problem.path.removeprefix(f"{self.at}.") for problem in self.problems}

    def region(self, type_key: str) -> str | None:
        """Return the country by whose rules a phone number or a postal code is read."""
        region = self.document.get("region")
        if region is None:
            return None
        if not TYPES[type_key].has_region:
            self.problem("region", "not_used", "Only a phone and a postal code have a region.")
        elif not isinstance(region, str) or region.upper() not in CODES:
            self.problem("region", "unknown_region", "A region is a two-letter country code, like US.")
        return str(region).upper()

    def country_field(self, type_key: str) -> str | None:
        """Return the key of the field that says the country in place of the region."""
        key = self.document.get("country_field")
        if key is None:
            return None
        if not TYPES[type_key].has_region:
            self.problem("country_field", "not_used", "Only a phone and a postal code are read by a country.")
        elif not isinstance(key, str) or not KEY.fullmatch(key):
            self.problem("country_field", "wrong_type", "“country_field” is the key of a field, like country.")
        return str(key)


def check_together(fields: Mapping[str, Field]) -> list[Problem]:
    """Return what is wrong among fields, given by their addresses: a country field is a country of the same flow."""
    countries = {field.key for field in fields.values() if field.type == "country"}
    return [
        Problem(
            f"{at}.country_field",
            "unknown_country_field",
            f"{field.label} takes its country from “{field.country_field}”, but the flow has no such country field.",
        )
        for at, field in fields.items()
        if field.country_field and field.country_field not in countries
    ]
