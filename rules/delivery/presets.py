"""What is ready to be taken: reasons in buyers' words, common ways to answer, and mappings that partners agree on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

AnswerFormat = Literal["auto", "json", "xml", "form", "text"]

IS_2XX = {"and": [{">=": [{"var": "status"}, 200]}, {"<": [{"var": "status"}, 300]}]}


@dataclass(frozen=True, slots=True)
class ReasonPattern:
    """Words by which buyers say one reason, as a pattern over what was said, and the reason's code."""

    words: str
    reason: str
    pattern: str

    @property
    def rule(self) -> dict[str, Any]:
        """Return the rule that finds these words in what the buyer said."""
        return {"matches": [{"var": "said"}, self.pattern]}


REASON_PATTERNS: Mapping[str, ReasonPattern] = {
    "duplicate": ReasonPattern(
        "It has the lead already",
        "duplicate",
        r"duplicat|\bdupe\b|\bdup\b|already (?:exist|have|in |on file|received|registered|sold|submitted|taken|bought)"
        r"|(?:previously|recently) (?:received|sold|submitted|bought)|seen before",
    ),
    "full": ReasonPattern(
        "Its cap or budget is used up",
        "cap_reached",
        r"\bcap\b|capped|\bbudget\b|quota|(?:daily|weekly|monthly|hourly|volume|lead|order)[ _-]?limit|over[ _-]?limit"
        r"|limit (?:is |was |has been )?(?:reached|exceeded|met|hit)|\bfull\b|maxed out"
        r"|no (?:more |remaining )?capacity",
    ),
    "closed": ReasonPattern(
        "It is closed now",
        "outside_hours",
        r"\bclosed\b|(?:outside|out)(?: of)? (?:business|office|opening|operating|working|call)?[ _-]?hours"
        r"|after[ -]hours|not open|no agents? (?:is |are )?(?:available|online)",
    ),
    "no_coverage": ReasonPattern(
        "It does not serve the area",
        "outside_area",
        r"(?:no|not|out of|outside)(?: \w+){0,3} (?:coverage|covered|footprint|territory|region|service area|area)\b"
        r"|(?:do(?:es)? not|don't|doesn't|cannot|can't) (?:cover|serve|service)"
        r"|(?:zip|postal|post)[ _-]?codes? (?:is |are )?(?:not|un)[ _-]?(?:covered|served|serviced|supported|accepted)"
        r"|(?:state|country|region) (?:is )?not (?:covered|served|supported|accepted|allowed)",
    ),
    "invalid_field": ReasonPattern(
        "A field is missing or not valid",
        "missing_field",
        r"(?:missing|required|invalid|malformed|bad|incorrect|incomplete|empty)(?: \w+){0,3} "
        r"(?:field|value|parameter|data|phone|email|e-mail|mail|name|address|zip|postcode|number|date|format)"
        r"|(?:is|are|was) (?:required|missing|invalid|malformed|not valid|blank|empty)|validation (?:error|failed)",
    ),
}


@dataclass(frozen=True, slots=True)
class AnswerStyle:
    """A common way in which buyers answer: what a yes is, and where the rest stands."""

    words: str
    accepted_if: Any
    reason_path: str = ""
    price_path: str = ""
    reference_path: str = ""
    answer: AnswerFormat = "auto"


def _says(path: str, *words: str) -> dict[str, Any]:
    test = {"is": [{"var": path}, words[0]]} if len(words) == 1 else {"any_of": [{"var": path}, list(words)]}
    return {"and": [IS_2XX, test]}


ANSWER_STYLES: Mapping[str, AnswerStyle] = {
    "http": AnswerStyle("HTTP 2xx is enough", IS_2XX),
    "status": AnswerStyle(
        "Its “status” is “accepted”", _says("body.status", "accepted"), "body.reason", "body.price", "body.id"
    ),
    "success": AnswerStyle(
        "Its “success” is true",
        {"and": [IS_2XX, {"yes": [{"var": "body.success"}]}]},
        "body.message",
        "body.price",
        "body.id",
    ),
    "outcome": AnswerStyle(
        "Its “outcome” is “success”", _says("body.outcome", "success"), "body.reason", "body.price", "body.lead.id"
    ),
    "result": AnswerStyle(
        "Its “result” is “success”", _says("body.result", "success"), "body.msg", "body.price", "body.lead_id"
    ),
    "xml": AnswerStyle(
        "XML: the “status” in its “response” is a yes",
        _says("body.response.status", "accepted", "success", "matched", "sold", "ok"),
        "body.response.reason",
        "body.response.price",
        "body.response.id",
        "xml",
    ),
    "text": AnswerStyle(
        "Text that begins with “OK”, “accepted” or “success”",
        {"and": [IS_2XX, {"starts_with": [{"var": "body"}, ["ok", "accepted", "success"]]}]},
        "body",
        answer="text",
    ),
}


@dataclass(frozen=True, slots=True)
class ReadyMapping:
    """A mapping that can be taken as it is, or changed."""

    words: str
    mapping: list[list[Any]]


def _lead(key: str) -> dict[str, str]:
    return {"var": f"lead.{key}"}


def _first(*expressions: Any) -> dict[str, Any]:
    return {"default": list(expressions)}


_PHONE = _first(_lead("phone"), _lead("phone_1"))

READY_MAPPINGS: Mapping[str, ReadyMapping] = {
    "partner_standard": ReadyMapping(
        "Partner standard",
        [
            ["lead_id", {"var": "offer.lead_id"}],
            ["name", _first(_lead("name"), {"join": [[_lead("first_name"), _lead("last_name")]]})],
            ["email", _lead("email")],
            ["phone", {"phone": [_PHONE, "international"]}],
            ["country", {"country_name": [_first(_lead("country"), _PHONE)]}],
            ["niche", _first(_lead("niche"), {"var": "flow.niche"})],
            ["lead_type", _lead("lead_type")],
            ["source", {"var": "source.name"}],
            ["timestamp", {"var": "offer.received_at"}],
        ],
    ),
    "contact": ReadyMapping(
        "Contact fields",
        [
            ["first_name", _lead("first_name")],
            ["last_name", _lead("last_name")],
            ["email", _lead("email")],
            ["phone", _PHONE],
            ["state", _lead("state")],
            ["zip", _first(_lead("zip_code"), _lead("postal_code"))],
        ],
    ),
    "readable": ReadyMapping(
        "Contact fields with names for people",
        [
            ["Name", _first(_lead("name"), {"join": [[_lead("first_name"), _lead("last_name")]]})],
            ["Email", _lead("email")],
            ["Phone", {"phone": [_PHONE, "spaced"]}],
            ["Address", _lead("address")],
            ["City", _lead("city")],
            ["State", _lead("state")],
            ["Postal code", _first(_lead("zip_code"), _lead("postal_code"))],
            ["From", {"var": "offer.flow_name"}],
        ],
    ),
    "contact_event": ReadyMapping(
        "Contact fields with ids and times",
        [
            ["lead_id", "{{event_id}}"],
            ["email", _lead("email")],
            ["phone", _PHONE],
            ["first_name", _lead("first_name")],
            ["last_name", _lead("last_name")],
            ["state", _lead("state")],
            ["zip", _first(_lead("zip_code"), _lead("postal_code"))],
            ["source", "{{lead.source}}"],
            ["ip_address", _lead("ip_address")],
            ["timestamp", "{{event_timestamp}}"],
        ],
    ),
}
