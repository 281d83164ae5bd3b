"""What people type about a field of the catalogue."""

from collections.abc import Mapping
from typing import Any, cast

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from flowbuilder.flows.forms import as_name, stripped
from rules.fields import TYPES, parse_field, readable
from rules.fields.parsing import LONGEST_LABEL, WITH_OPTIONS
from rules.problems import Problem
from rules.proposing import key_of

TYPE_WORDS = {key: kind.label for key, kind in TYPES.items()}
LABEL = [DataRequired("Say what the field is called."), Length(max=LONGEST_LABEL)]


class FieldForm(FlaskForm):
    """A field: what it is called, what its values are, and by which names suppliers post it."""

    label = StringField("What it is called", LABEL, filters=[as_name])
    key = StringField("Key", filters=[stripped])
    type = SelectField("Type", choices=TYPE_WORDS, default="text")
    options = TextAreaField("Options")
    region = StringField("Country", [Length(max=2, message="Two letters, such as US.")], filters=[stripped])
    aliases = StringField("Other names", filters=[stripped])
    sensitive = BooleanField("Personal: masked for people who may not see personal data")

    def settings(self, key: str = "") -> dict[str, Any]:
        """Return the field as it would be written in a flow; its key is the given one, or what was typed."""
        own = key or self.key.data or key_of(self.label.data or "")
        kind = str(self.type.data)
        options = [line.strip() for line in (self.options.data or "").splitlines() if line.strip()]
        aliases = [name.strip() for name in (self.aliases.data or "").split(",") if name.strip()]
        usual = TYPES[kind].personal if kind in TYPES else False
        return {
            "key": own,
            "type": kind,
            **({"label": self.label.data} if self.label.data != readable(own) else {}),
            **({"options": options} if options and kind in WITH_OPTIONS else {}),
            **({"region": self.region.data.upper()} if self.region.data and TYPES[kind].has_region else {}),
            **({"aliases": aliases} if aliases else {}),
            **({"sensitive": self.sensitive.data} if self.sensitive.data != usual else {}),
        }

    def note(self, problems: list[Problem]) -> None:
        """Show each problem beside the field that it is about."""
        for problem in problems:
            name = problem.path.partition("[")[0]
            is_shown = name in self
            field = cast(Field, self[name] if is_shown else self.label)
            field.errors = [*field.errors, problem.message]


def form_of(settings: Mapping[str, Any]) -> FieldForm:
    """Return the form of a field as it is written."""
    field = parse_field(dict(settings), "", [])
    return FieldForm(
        formdata=None,
        label=field.label if field else settings.get("label", ""),
        key=settings.get("key", ""),
        type=settings.get("type", "text"),
        options="\n".join(map(str, settings.get("options", ()))),
        region=settings.get("region", ""),
        aliases=", ".join(map(str, settings.get("aliases", ()))),
        sensitive=field.sensitive if field else False,
    )
