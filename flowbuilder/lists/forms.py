"""What people type about stored lists: a new one, entries by hand or from a file, a value to look for, its settings."""

from collections.abc import Iterable, Iterator
from itertools import chain

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from flowbuilder.flows.forms import as_name, stripped
from flowbuilder.lists.reading import lines_of
from rules.countries import countries
from rules.stored_lists import LONGEST_ENTRY, SUPPRESSING, ListForm

KIND_WORDS = {
    "phone": "Phone numbers",
    "email": "Email addresses",
    "postal_code": "Postal codes",
    "text": "Other texts",
}
HASHED_WORDS = {
    "plain": "As they are",
    "md5": "As MD5 hashes",
    "sha256": "As SHA-256 hashes",
}
MODE_WORDS = {
    "add": "Add them to the list",
    "remove": "Take them out of the list",
    "replace": "Put them in the place of all that is there",
}
FOR_ALL = "Nobody on it comes in: it holds for all flows"
NAME = [DataRequired("Give the list a name."), Length(max=120, message="Use at most 120 characters.")]


class _Entries(FlaskForm):
    """Entries that are typed or pasted, and a file of them."""

    entries = TextAreaField("Type or paste them")
    file = FileField("Or choose a text or CSV file")

    @property
    def has_entries(self) -> bool:
        """Return whether anything was typed or chosen."""
        return bool((self.entries.data or "").strip() or self.file.data)

    def lines(self) -> Iterator[str]:
        """Yield the lines that were typed and those of the file; raises lists.reading.NotText where it is no text."""
        typed: Iterable[str] = (self.entries.data or "").splitlines()
        return chain(typed, lines_of(self.file.data.stream) if self.file.data else ())


class NewListForm(_Entries):
    """A new list, with entries if there are any yet; what it holds never changes."""

    name = StringField("Name", NAME, filters=[as_name])
    kind = RadioField("It holds", choices=KIND_WORDS, default="phone")
    hashed = RadioField("You have them", choices=HASHED_WORDS, default="plain")
    region = SelectField("Country", choices=countries, default="US")
    suppresses = BooleanField(FOR_ALL)

    def validate_suppresses(self, field: Field) -> None:
        """Let only lists of people hold for all flows."""
        check_suppresses(self.kind.data, field)

    @property
    def form(self) -> ListForm:
        """Return what the list holds."""
        return ListForm(self.kind.data, self.hashed.data, self.region.data)


class EntriesForm(_Entries):
    """Entries to put into a list, or to take out."""

    mode = RadioField("What to do with them", choices=MODE_WORDS, default="add")


class MatchForm(FlaskForm):
    """One value to look for."""

    value = StringField(
        "Value", [DataRequired("Type what to look for."), Length(max=LONGEST_ENTRY)], filters=[stripped]
    )


class ChangeForm(FlaskForm):
    """Another name for a list, and whether it holds for all flows."""

    name = StringField("Name", NAME, filters=[as_name])
    suppresses = BooleanField(FOR_ALL)


def check_suppresses(kind: str, field: Field) -> None:
    """Raise a ValidationError where a list shall hold for all flows that holds no people."""
    if field.data and kind not in SUPPRESSING:
        raise ValidationError("Only lists of email addresses and phone numbers hold for all flows.")


def say_form(form: ListForm) -> str:
    """Return `Phone numbers, as SHA-256 hashes`."""
    held = "Texts" if form.kind == "text" else KIND_WORDS[form.kind]
    how = {"md5": ", as MD5 hashes", "sha256": ", as SHA-256 hashes"}
    return f"{held}{how.get(form.hashed, '')}"


def noun_of(form: ListForm) -> str:
    """Return what one entry of a list is called."""
    return {"phone": "phone number", "email": "email address", "postal_code": "postal code"}.get(form.kind, "text")
