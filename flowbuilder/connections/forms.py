"""What people type about a connection: where leads go, who is calling, what is sent, how the answer is read."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from flowbuilder.connections import written
from flowbuilder.connections.written import OWN, NotReadable, Row
from flowbuilder.flows.forms import stripped
from rules.delivery.formats import FORMATS
from rules.problems import Problem

NAME_LENGTH = Length(max=120, message="Use at most 120 characters.")
FORMAT_WORDS = {key: {"json": "JSON", "form": "Form fields"}.get(key, key) for key in FORMATS}
AUTH_WORDS = {
    "none": "Nothing",
    "bearer": "A token (Authorization: Bearer)",
    "basic": "User name and password",
    "header": "A key in a header",
}
SECRET_OF = {"bearer": "token", "basic": "password", "header": "key"}
AMBIGUOUS_WORDS = {
    "retry_same": "Ask the same buyer again, with the same key",
    "hold": "Hold the lead until a person decides",
    "treat_as_declined": "A timeout from this buyer means no",
}
ACCEPTED_WORDS = {name: words for name, (words, _) in written.ACCEPTED.items()} | {OWN: "A rule of your own"}
BLANK_ROWS = 3

# Where the problem of a path in the document is shown; the longest beginning that fits counts.
FIELD_OF = {
    "url": "url",
    "format": "format",
    "auth": "secret",
    "auth.username": "username",
    "auth.name": "header_name",
    "headers": "other_headers",
    "mapping": "mapping",
    "accepted_if": "accepted_own",
    "price_path": "price_path",
    "reason_path": "reason_path",
    "reference_path": "reference_path",
    "timeout_ms": "timeout",
    "on_ambiguous": "on_ambiguous",
}


class ConnectionForm(FlaskForm):
    """A manual destination; the secret is written, never shown."""

    name = StringField("Buyer", [DataRequired("Give the buyer a name."), NAME_LENGTH], filters=[stripped])
    url = StringField("Address", [DataRequired("Type the address that leads are sent to.")], filters=[stripped])
    format = SelectField("Send it as", choices=FORMAT_WORDS)
    auth = RadioField("They know us by", choices=AUTH_WORDS, default="none")
    username = StringField("User name", filters=[stripped])
    header_name = StringField("Header", filters=[stripped])
    secret = PasswordField("Token, password or key", filters=[stripped])
    other_headers = TextAreaField("Other headers")
    accepted = RadioField("It was accepted when", choices=ACCEPTED_WORDS, default="http")
    accepted_own = TextAreaField("The rule, as JSON")
    price_path = StringField("Price", filters=[stripped])
    reason_path = StringField("Reason", filters=[stripped])
    reference_path = StringField("Their reference", filters=[stripped])
    timeout = IntegerField(
        "Wait for an answer",
        [InputRequired("Say how many seconds."), NumberRange(1, 60, "From 1 to 60 seconds.")],
        default=30,
    )
    on_ambiguous = SelectField("When no answer comes", choices=AMBIGUOUS_WORDS)

    rows: Sequence[Row] = ()
    mapping_problems: Sequence[str] = ()
    other_problems: Sequence[str] = ()

    @classmethod
    def of(cls, name: str, destination: Mapping[str, Any]) -> Self:
        """Return a form that shows a stored destination."""
        form = cls(formdata=None, data={"name": name, **_shown(destination)})
        form.rows = written.show_rows(destination.get("mapping", []))
        return form

    @classmethod
    def sent(cls) -> Self:
        """Return the form that this request carries, with its rows."""
        form = cls()
        form.rows = sent_rows()
        return form

    @property
    def has_problems(self) -> bool:
        """Return whether something in the form has to be put right."""
        return any(field.errors for field in self) or bool(self.mapping_problems or self.other_problems)

    def words_of(self, name: str) -> str:
        """Return the label of what is chosen in a field."""
        return str(self[name].choices.get(self[name].data, ""))

    def padded_rows(self) -> list[Row]:
        """Return the rows, and blank ones to write in."""
        return [*self.rows, *([Row()] * BLANK_ROWS)]

    def destination(self, base: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Return the destination that the form describes, the other settings of `base` kept, and what is unreadable."""
        mapping, problems = written.read_rows(self.rows)
        headers, header_problems = written.read_headers(self.other_headers.data or "")
        accepted, rule_problems = self._accepted_if()
        changed = {
            "url": self.url.data,
            "format": self.format.data,
            "auth": self._auth(),
            "headers": headers,
            "mapping": mapping,
            "accepted_if": accepted,
            "price_path": self.price_path.data,
            "reason_path": self.reason_path.data,
            "reference_path": self.reference_path.data,
            "timeout_ms": (self.timeout.data or 30) * 1000,
            "on_ambiguous": self.on_ambiguous.data,
        }
        filled = {key: value for key, value in changed.items() if value not in (None, "", {})}
        kept = {key: value for key, value in base.items() if key not in changed}
        return {**filled, **kept}, [*problems, *header_problems, *rule_problems]

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Put each problem beside the field that it is about."""
        for problem in problems:
            name = _field_name(problem.path)
            if name == "mapping":
                self.mapping_problems = [*self.mapping_problems, _row_words(problem)]
            elif name:
                field: Field = self[name]
                field.errors = [*field.errors, problem.message]
            else:
                self.other_problems = [*self.other_problems, problem.message]

    def _auth(self) -> dict[str, Any] | None:
        kind = self.auth.data
        auth = {"type": kind, SECRET_OF.get(kind, ""): self.secret.data}
        if kind == "basic":
            auth["username"] = self.username.data
        if kind == "header":
            auth["name"] = self.header_name.data
        kept = {key: value for key, value in auth.items() if key and (value or key in ("username", "name"))}
        return kept if kind in SECRET_OF else None

    def _accepted_if(self) -> tuple[Any, list[Problem]]:
        if self.accepted.data != OWN:
            return written.ACCEPTED[self.accepted.data or "http"][1], []
        try:
            rule = written.read_expression(self.accepted_own.data or "")
        except NotReadable as problem:
            return None, [Problem("accepted_if", "not_readable", str(problem))]
        if isinstance(rule, dict):
            return rule, []
        return None, [Problem("accepted_if", "not_a_rule", 'Write a rule, like {"is": [{"var": "body.ok"}, "yes"]}.')]


class SecretForm(FlaskForm):
    """A new secret in the place of the old one."""

    secret = PasswordField("New secret", [DataRequired("Type the new secret."), Length(max=4000)], filters=[stripped])


class RevokeForm(FlaskForm):
    """The connection's name, typed by hand, because revoking is final."""

    name = StringField("Type the name of the connection", filters=[stripped])


def sent_rows() -> list[Row]:
    """Return the mapping rows that this request carries."""
    names, values, whens = (request.form.getlist(key) for key in ("their_field", "value", "when"))
    needed = set(request.form.getlist("needed"))
    rows = zip(names, values, [*whens, *([""] * len(names))], strict=False)
    return [
        row
        for position, (name, value, when) in enumerate(rows)
        if not (row := Row(name.strip(), value, str(position) in needed, when)).is_blank
    ]


def _shown(destination: Mapping[str, Any]) -> dict[str, Any]:
    auth = destination.get("auth") or {}
    rule = destination.get("accepted_if")
    choice = written.accepted_choice(rule)
    return {
        **{key: destination.get(key) for key in ("url", "format", "price_path", "reason_path", "reference_path")},
        "auth": auth.get("type", "none"),
        "username": auth.get("username", ""),
        "header_name": auth.get("name", ""),
        "other_headers": written.show_headers(destination.get("headers") or {}),
        "accepted": choice,
        "accepted_own": written.show_expression(rule) if choice == OWN else "",
        "timeout": destination.get("timeout_ms", 30_000) // 1000,
        "on_ambiguous": destination.get("on_ambiguous", "retry_same"),
    }


def _field_name(path: str) -> str | None:
    fitting = [start for start in FIELD_OF if path == start or path.startswith((f"{start}.", f"{start}["))]
    return FIELD_OF[max(fitting, key=len)] if fitting else None


def _row_words(problem: Problem) -> str:
    number = problem.path.partition("[")[2].partition("]")[0]
    return f"Row {int(number) + 1}: {problem.message}" if number.isdecimal() else problem.message
