"""What people type about a connection: where leads go, who is calling, what is sent, how the answer is read."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from flask import request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from flowbuilder.connections import described, taking, written
from flowbuilder.connections.breaker_line import LIKE
from flowbuilder.connections.taking import Listed
from flowbuilder.connections.written import OWN, Row
from flowbuilder.flows.forms import as_name, stripped
from rules.delivery.answers import FORMATS as ANSWERS
from rules.delivery.destination import METHODS, MOST_AT_ONCE
from rules.delivery.formats import FORMATS
from rules.delivery.ping import DEFAULT_TIMEOUT_MS
from rules.delivery.presets import REASON_PATTERNS, ReadyMapping
from rules.problems import Problem, as_labelled

NAME_LENGTH = Length(max=120, message="Use at most 120 characters.")
FORMAT_WORDS = {
    key: {"json": "JSON", "form": "Form fields", "xml": "XML", "query": "In the query of the address"}.get(key, key)
    for key in FORMATS
}
DELIVERY_WORDS = {"webhook": "A web request to their system", "email": "Email", "inbox": "The inbox in this app"}
METHOD_WORDS = {method: method for method in METHODS}
AUTH_WORDS = {
    "none": "Nothing",
    "bearer": "A token (Authorization: Bearer)",
    "basic": "User name and password",
    "header": "A key in a header",
    "query": "A key in the query of the address",
    "body": "A key among the fields",
    "headers": "Secrets in several headers",
    "oauth2": "OAuth 2: a token that is fetched (client credentials)",
}
SENT_IN_WORDS = {"body": "In the body", "header": "As basic authentication"}
ANSWER_WORDS = {
    key: {"auto": "By its content type", "json": "JSON", "xml": "XML", "form": "Form fields", "text": "Text"}.get(
        key, key
    )
    for key in ANSWERS
}
PRICE_WORDS = {"step": "The step's price, or theirs if lower", "answer": "What they answer"}
AMBIGUOUS_WORDS = {
    "retry_same": "Ask them again, with the same key",
    "hold": "Hold the lead until a person decides",
    "treat_as_declined": "A timeout means no",
    "treat_as_failed": "A timeout means that it failed",
}
TELLS_WORDS = {
    "nothing": "Nothing",
    "reason": "Why they did not get it",
    "reason_and_price": "Why, and what it went for",
}
ACCEPTED_WORDS = {name: words for name, (words, _) in written.ACCEPTED.items()} | {OWN: "A rule of your own"}
REASON_WORDS = {name: ready.words for name, ready in REASON_PATTERNS.items()}
BLANK_ROWS = 3

# Where the problem of a path in the document is shown; the longest beginning that fits counts.
FIELD_OF = {
    "deliver_by": "decides",
    "email": "mail_to",
    "email.subject": "mail_subject",
    "email.body": "mail_body",
    "email.reply_to": "mail_reply_to",
    "inbox": "notice",
    "url": "url",
    "method": "method",
    "format": "format",
    "xml_root": "xml_root",
    "auth": "secret",
    "auth.username": "username",
    "auth.name": "header_name",
    "auth.in": "auth",
    "auth.headers": "secret_headers",
    "auth.token_url": "token_url",
    "auth.client_id": "client_id",
    "auth.scope": "scope",
    "auth.audience": "audience",
    "headers": "other_headers",
    "mapping": "mapping",
    "accepted_if": "accepted_own",
    "price_path": "price_path",
    "reason_path": "reason_path",
    "reference_path": "reference_path",
    "timeout_ms": "timeout",
    "concurrency": "concurrency",
    "on_ambiguous": "on_ambiguous",
    "errors": "errors",
    "reasons": "own_reasons",
    "ping": "ping_url",
    "ping.mapping": "ping_fields",
    "ping.bid_path": "bid_path",
    "ping.bid_id_path": "bid_id_path",
    "ping.timeout_ms": "ping_wait",
    "ping.highest_bid": "highest_bid",
    "feedback": "feedback_url",
    "breaker": "breaker",
    "time_zone": "time_zone",
    "consent": "consent_certificate",
    "consent.max_age": "consent_max_age",
    "suppress": "suppress",
}


class ConnectionForm(FlaskForm):
    """A manual destination; the secret is written, never shown."""

    name = StringField("Buyer", [DataRequired("Give the buyer a name."), NAME_LENGTH], filters=[as_name])
    decides = RadioField("A lead goes by", choices=DELIVERY_WORDS, default="webhook")
    copies = SelectMultipleField("Once they took it, a copy goes by", choices=DELIVERY_WORDS)
    url = StringField("Address", filters=[stripped])
    mail_to = StringField("Mail address", filters=[stripped])
    mail_subject = StringField("Subject", filters=[stripped])
    mail_body = TextAreaField("Words above the fields")
    mail_reply_to = StringField("Answers go to", filters=[stripped])
    notice = StringField("Tell of new leads by mail to", filters=[stripped])
    method = SelectField("Method", choices=METHOD_WORDS, default="POST")
    format = SelectField("Send it as", choices=FORMAT_WORDS)
    xml_root = StringField("Root element", default="lead", filters=[stripped])
    auth = RadioField("They know us by", choices=AUTH_WORDS, default="none")
    username = StringField("User name", filters=[stripped])
    header_name = StringField("Its name", filters=[stripped])
    secret = PasswordField("Token, password, key or client secret", filters=[stripped])
    secret_headers = TextAreaField("Headers with secrets")
    token_url = StringField("Where tokens are fetched", filters=[stripped])
    client_id = StringField("Client id", filters=[stripped])
    scope = StringField("Scope", filters=[stripped])
    audience = StringField("Audience", filters=[stripped])
    sent_in = SelectField("Client id and secret go", choices=SENT_IN_WORDS, default="body")
    other_headers = TextAreaField("Other headers")
    ready = SelectField("Start from", choices=[], validate_choice=False)
    answer = SelectField("Their answer is", choices=ANSWER_WORDS, default="auto")
    accepted = RadioField("It was accepted when", choices=ACCEPTED_WORDS, validate_choice=False)
    accepted_own = TextAreaField("The rule")
    price_path = StringField("Price", filters=[stripped])
    reason_path = StringField("Reason", filters=[stripped])
    reference_path = StringField("Their reference", filters=[stripped])
    price_from = SelectField("They pay", choices=PRICE_WORDS, default="step")
    ready_reasons = SelectMultipleField("A no means", choices=REASON_WORDS)
    own_reasons = TextAreaField("Other words of theirs")
    errors = StringField("Statuses that are errors", filters=[stripped])
    timeout = IntegerField(
        "Wait for an answer",
        [InputRequired("Say how many seconds."), NumberRange(1, 60, "From 1 to 60 seconds.")],
        default=30,
    )
    concurrency = IntegerField(
        "Calls at once",
        [Optional(), NumberRange(1, MOST_AT_ONCE, f"From 1 to {MOST_AT_ONCE}.")],
        default=MOST_AT_ONCE,
    )
    on_ambiguous = SelectField("When no answer comes", choices=AMBIGUOUS_WORDS)
    breaker = StringField("Leave it alone after failures", default=LIKE, filters=[stripped])
    ping_url = StringField("Address for pings", filters=[stripped])
    ping_fields = TextAreaField("What they see before they buy")
    bid_path = StringField("Their bid", default="body.bid", filters=[stripped])
    bid_id_path = StringField("Its number", filters=[stripped])
    ping_wait = IntegerField(
        "Wait for a bid", [Optional(), NumberRange(1, 60, "From 1 to 60 seconds.")], default=DEFAULT_TIMEOUT_MS // 1000
    )
    highest_bid = StringField("No bid is above", filters=[stripped])
    feedback_url = StringField("Address for losers", filters=[stripped])
    feedback_tells = SelectField("They learn", choices=TELLS_WORDS, default="reason")
    time_zone = StringField("Time zone", filters=[stripped])
    consent_certificate = StringField("Consent: a certificate in", filters=[stripped])
    consent_yes = StringField("Consent: a yes in", filters=[stripped])
    consent_max_age = StringField("Consent is not older than", filters=[stripped])
    consent_at = StringField("Consent was given at", filters=[stripped])
    duplicate_is_accepted = BooleanField("If it then says “duplicate”, the first try was taken")

    rows: Sequence[Row] = ()
    lists: Sequence[Listed] = ()
    mapping_problems: Sequence[str] = ()
    list_problems: Sequence[str] = ()
    other_problems: Sequence[str] = ()

    @classmethod
    def of(cls, name: str, destination: Mapping[str, Any]) -> Self:
        """Return a form that shows a stored destination."""
        form = cls(formdata=None, data={"name": name, **described.shown_fields(destination)})
        form.rows = written.show_rows(destination.get("mapping", []))
        form.lists = taking.shown_lists(destination)
        return form

    @classmethod
    def sent(cls) -> Self:
        """Return the form that this request carries, with its rows."""
        form = cls()
        form.rows = sent_rows()
        form.lists = taking.read_lists(*(request.form.getlist(key) for key in ("suppress_list", "suppress_field")))
        return form

    @property
    def calls(self) -> bool:
        """Return whether leads, or their copies, go by web requests."""
        return "webhook" in (self.decides.data or "webhook", *(self.copies.data or ()))

    def validate_url(self, field: Field) -> None:
        """Ask for the address of web requests where there are any."""
        if self.calls and not field.data:
            raise ValidationError("Type the address that leads are sent to.")

    def validate_accepted(self, field: Field) -> None:
        """Ask what a yes is wherever answers are read: nobody sells a lead by a choice that was not made."""
        if self.calls and not field.data:
            raise ValidationError("Choose what in their answer is a yes: it decides whether a lead counts as sold.")
        if field.data and field.data not in ACCEPTED_WORDS:
            raise ValidationError("Not a valid choice.")

    @property
    def has_problems(self) -> bool:
        """Return whether something in the form has to be put right."""
        beside = self.mapping_problems or self.list_problems or self.other_problems
        return any(field.errors for field in self) or bool(beside)

    def words_of(self, name: str) -> str:
        """Return the label of what is chosen in a field."""
        return str(self[name].choices.get(self[name].data, ""))

    def padded_rows(self) -> list[Row]:
        """Return the rows, and blank ones to write in."""
        return [*self.rows, *([Row()] * BLANK_ROWS)]

    def padded_lists(self) -> list[Listed]:
        """Return the suppression lists, and a blank row to choose one in."""
        return [*self.lists, Listed()]

    def offer_ready(self, mappings: Mapping[str, ReadyMapping], chosen: str = "") -> None:
        """Let the rows be filled with one of these mappings, by their names; one is chosen, or else the first."""
        self.ready.choices = {name: ready.words for name, ready in mappings.items()}
        if self.ready.data not in mappings:
            self.ready.data = chosen if chosen in mappings else next(iter(mappings))

    def take_ready_mapping(self, mappings: Mapping[str, ReadyMapping]) -> None:
        """Replace the rows by those of the ready mapping that is chosen."""
        ready = mappings.get(self.ready.data)
        self.rows = written.show_rows(ready.mapping) if ready else self.rows

    def destination(self, base: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Return the destination that the form describes, the other settings of `base` kept, and what is unreadable."""
        return described.read_fields(self.data, self.rows, base, set(request.form), self.lists)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Put each problem beside the field that it is about."""
        for problem in problems:
            name = _field_name(problem.path)
            if name == "mapping":
                self.mapping_problems = [*self.mapping_problems, _row_words(problem)]
            elif name == "suppress":
                self.list_problems = [*self.list_problems, _row_words(problem)]
            elif name:
                field: Field = self[name]
                field.errors = [*field.errors, as_labelled(problem.message, problem.path, field.label.text)]
            else:
                self.other_problems = [*self.other_problems, problem.message]


class SecretForm(FlaskForm):
    """A new secret in the place of the old one."""

    secret = PasswordField("New secret", [DataRequired("Type the new secret."), Length(max=4000)], filters=[stripped])


class SigningForm(FlaskForm):
    """A new secret to sign with, made up where none is typed; the old one may stay in use beside it for a week."""

    secret = StringField("New signing secret", [Length(max=200)], filters=[stripped])
    keep_old = BooleanField("Keep the old one for 7 days")


class RevokeForm(FlaskForm):
    """The connection's name, typed by hand, because revoking is final."""

    name = StringField("Type the name of the connection", filters=[as_name])


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


def _field_name(path: str) -> str | None:
    fitting = [start for start in FIELD_OF if path == start or path.startswith((f"{start}.", f"{start}["))]
    return FIELD_OF[max(fitting, key=len)] if fitting else None


def _row_words(problem: Problem) -> str:
    number = problem.path.partition("[")[2].partition("]")[0]
    return f"Row {int(number) + 1}: {problem.message}" if number.isdecimal() else problem.message
