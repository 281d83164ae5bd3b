"""The JSON and the queries that programs send: read strictly, then asked for their keys one by one."""

from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request

from flowbuilder.api.errors import Refusal
from flowbuilder.api.openapi import Described, takes_a_body
from rules import json_text
from rules.problems import Problem

LONGEST_NAME = 120
WAITING_LEADS = ("finish", "start_again")
"""What becomes of leads that wait on older versions when another goes live, if it makes a difference to them."""


@dataclass
class Body:
    """The object that was sent, and the problems found in it so far."""

    settings: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: str, code: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(path, code, message))

    def name(self) -> str:
        """Return the name: text of 1 to 120 characters."""
        value = self.settings.get("name")
        text = " ".join(value.split()) if isinstance(value, str) else ""
        if not 1 <= len(text) <= LONGEST_NAME:
            self.report("name", "missing_text", f"“name” must be a text of 1 to {LONGEST_NAME} characters.")
        return text

    def text(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.settings.get(key)
        if not isinstance(value, str) or not value.strip():
            self.report(key, "missing_text", f"“{key}” must be a text.")
            return ""
        return value

    def document(self, key: str) -> dict[str, Any]:
        """Return an object that must be there."""
        return self.optional_document(key, needed=True) or {}

    def optional_document(self, key: str, *, needed: bool = False) -> dict[str, Any] | None:
        """Return an object, nothing when it is not there."""
        value = self.settings.get(key)
        if isinstance(value, dict):
            return value
        if value is not None or needed:
            self.report(key, "not_an_object", f"“{key}” must be an object.")
        return None

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a yes or no."""
        value = self.settings.get(key, default)
        if not isinstance(value, bool):
            self.report(key, "not_yes_or_no", f"“{key}” must be true or false.")
        return value is True

    def revision(self) -> int | None:
        """Return the revision of a draft that was read, nothing when it is not there."""
        value = self.settings.get("revision")
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.report("revision", "not_a_number", "“revision” must be the revision that you read, a whole number.")
        return None

    def starts_again(self) -> bool:
        """Return whether leads that wait are to begin again in what goes live, which “waiting_leads” says."""
        value = self.settings.get("waiting_leads", WAITING_LEADS[0])
        if value not in WAITING_LEADS:
            self.report("waiting_leads", "not_an_option", f"“waiting_leads” must be {' or '.join(WAITING_LEADS)}.")
        return bool(value == WAITING_LEADS[1])

    def refuse_problems(self) -> None:
        """Answer 422 with every problem at once, if there is one that is an error."""
        if any(problem.severity == "error" for problem in self.problems):
            raise Refusal(422, problems=self.problems)


def refuse_unknown_query() -> None:
    """Refuse (400) what a query says that this call does not know: a misspelt filter would be answered with all."""
    known = _called().query
    unknown = [name[:40] for name in request.args if name not in known]
    if unknown:
        those = f"those that are: {', '.join(known)}" if known else "this call takes none"
        message = f"“{unknown[0]}” is not known in this query; {those}."
        problems = [Problem(name, "unknown_in_query", f"“{name}” is not known in this query.") for name in unknown]
        raise Refusal(400, "unknown_in_query", message, problems)


def refuse_unasked_body() -> None:
    """Refuse what is sent to a call that has no settings: else what somebody wished for would seem to be granted."""
    if takes_a_body(request.method) and not _called().takes:
        read_body(may_be_empty=True).refuse_problems()


def _called() -> Described:
    """Return the description of the call that is made."""
    described: Described = vars(current_app.view_functions[request.endpoint or ""])["described"]
    return described


def read_body(*allowed: str, may_be_empty: bool = False) -> Body:
    """Return the JSON object that was sent; refuses what is not JSON (415, 400) and keys nobody asks for (422)."""
    raw = request.get_data(cache=False)
    if not raw and may_be_empty:
        return Body({})
    if request.mimetype != "application/json":
        raise Refusal(415)
    body = Body(_read_object(raw))
    for key in body.settings:
        if key not in allowed:
            body.report(key, "unknown_setting", f"“{key[:40]}” is not known here.")
    return body


def _read_object(raw: bytes) -> dict[str, Any]:
    try:
        document = json_text.read(raw)
    except json_text.JsonProblem as problem:
        raise Refusal(400, problem.code, problem.message) from None
    if not isinstance(document, dict):
        raise Refusal(400, "not_an_object", "Send one JSON object.")
    return document
