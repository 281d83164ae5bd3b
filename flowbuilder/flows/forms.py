"""What people type about flows: a name, and a document that is pasted or uploaded."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from rules import json_text
from rules.categories import CATEGORIES
from rules.starters import STARTERS

LONGEST_NAME = 120


CATEGORY_WORDS = {"": "Something else", **{category.key: category.name for category in CATEGORIES}}
START_WORDS = {
    **{starter.key: starter.name for starter in STARTERS},
    "nothing": "An empty flow",
    "copy": "A copy of a flow",
    "document": "A document",
}


def stripped(text: str | None) -> str:
    """Return the text without outer spaces."""
    return (text or "").strip()


def as_name(text: str | None) -> str:
    """Return a name as pages show it: without outer spaces, and with one between its words."""
    return " ".join((text or "").split())


class ImportForm(FlaskForm):
    """A flow's document, pasted or uploaded; `document` holds it once the form is valid."""

    pasted = TextAreaField("Paste the document")
    file = FileField("Or choose a file")
    document: dict[str, Any]

    def read_document(self) -> bool:
        """Read what was sent into `document`; note on the field what is wrong with it."""
        field = self.file if self.file.data else self.pasted
        text = self.file.data.read() if self.file.data else (self.pasted.data or "")
        try:
            self.document = _object(text)
        except json_text.JsonProblem as problem:
            field.errors = [*field.errors, problem.message]
            return False
        return True


class NameForm(FlaskForm):
    """What a flow is called."""

    name = StringField(
        "Name",
        [DataRequired("Give the flow a name."), Length(max=LONGEST_NAME, message="Use at most 120 characters.")],
        filters=[as_name],
    )


class NewFlowForm(NameForm, ImportForm):
    """A new flow: from a starter, from nothing, or from the document of another flow or a file."""

    category = SelectField("What its leads are about", choices=CATEGORY_WORDS, default="")
    start = RadioField("Begin with", choices=START_WORDS, default="one_buyer")
    copied = SelectField("Which flow", choices=[], validate_choice=False)


def _object(text: str | bytes) -> dict[str, Any]:
    if not text.strip():
        raise json_text.JsonProblem("blank", "Paste a document or choose a file.")
    document = json_text.read(text)
    if not isinstance(document, dict):
        raise json_text.JsonProblem("not_an_object", "A flow's document is one JSON object, in braces.")
    return document
