"""One address for all flows of a supplier: the body names the flow, and holds the lead as `data`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text

from flowbuilder import clock, ids, keys
from flowbuilder.intake import operations, pages
from flowbuilder.intake.answers import Answer
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.guard import posts_tests, presented_key, wrong_key
from flowbuilder.intake.reading import is_filled
from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.request import Request
from flowbuilder.intake.sources import OpenSource
from flowbuilder.intake.wire import Posted, merge
from rules.text import fold, squeeze

ADDRESS, SHORT_ADDRESS = "/api/v1/leads", "/api/leads/ingest"
"""The address, among those of the API, and one that says nothing of versions."""
OWN = text(
    """
    SELECT flow.key AS flow_key, source.key AS source_key
    FROM source_key AS k JOIN source ON source.id = k.source_id JOIN flow ON flow.id = source.flow_id
    WHERE k.id = :key_id
    """
)
ON_FLOW = text(
    """
    SELECT flow.key AS flow_key, source.key AS source_key
    FROM source AS own
    JOIN source ON source.account_id = own.account_id AND lower(source.name) = lower(own.name)
    JOIN flow ON flow.id = source.flow_id
    WHERE own.id = :source_id AND (flow.key = :flow_key OR flow.id = CAST(:flow_id AS uuid))
    ORDER BY source.id <> own.id, source.id LIMIT 1
    """
)
"""A supplier is known by its name: its sources on several flows of a seller are called the same."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What such a post says: which flow, which category, and the lead."""

    campaign: str
    category: str
    lead: Mapping[str, object]


async def answer(desk: Desk, request: Request) -> Answer:
    """Return the answer to a post for a flow that its body names; raises Refused as a post to the flow's address does.

    Beside those: 403 for a category that the source may not send leads of, 404 for a flow it does not post to.
    """
    own = await _source_of_key(desk, request)
    is_test = posts_tests(own, request, desk.wrong_keys)
    source = own
    try:
        post = pages.read_post(request, is_test=is_test)
        envelope = open_envelope(post.fields)
        source = await _source_on(desk, own, envelope.campaign)
        lead = _with_category(envelope, source)
        taken = await operations.receive_lead(desk, source, post._replace(fields=lead), now=clock.now())
    except Refused as refused:
        pages.record(desk, source, refused)
        raise
    return pages.taken_response(taken, request, location=source.address)


async def refuse_method(_desk: Desk, _request: Request) -> Answer:
    """Raise Refused (405): this address takes no other method."""
    raise refuse(405, "post_only", "Leads are posted here: send POST.", Allow="POST")


def open_envelope(posted: Mapping[str, object]) -> Envelope:
    """Return flow, category and lead of what was posted, in camelCase or snake_case; raises Refused (422).

    What stands beside them (state, quality, is_test …) belongs to the lead and counts over its `data`.
    """
    named = {squeeze(name): value for name, value in posted.items()}
    data = named.get("data", {})
    if not isinstance(data, dict):
        raise refuse(422, "not_an_object", "data must be an object with the lead's fields.", field="data")
    beside = {
        name: value
        for name, value in posted.items()
        if squeeze(name) not in ("campaignid", "categoryid", "data") and is_filled(value)
    }
    return Envelope(
        _word(named.get("campaignid"), "campaignId"), _word(named.get("categoryid"), "categoryId"), merge(data, beside)
    )


def _word(value: object, name: str) -> str:
    if value is None or isinstance(value, str | int):
        return str("" if value is None else value).strip()
    raise refuse(422, "not_a_text", f"{name} must be a text.", field=name)


async def _source_of_key(desk: Desk, request: Request) -> OpenSource:
    shown = presented_key(request)
    given = keys.read_key(shown) if shown else None
    row = await desk.loop.blocking(desk.database.first, OWN, key_id=given.id) if given else None
    if row is None:
        raise wrong_key(request, desk.wrong_keys)
    return await desk.find_source(row.flow_key, row.source_key)


async def _source_on(desk: Desk, own: OpenSource, campaign: str) -> OpenSource:
    """Return the supplier's source on a flow that is named by its key or id; its own one when none is named."""
    if not campaign:
        return own
    named = campaign[:100]
    asked = {"source_id": own.source_id, "flow_key": named, "flow_id": _flow_id(named)}
    row = await desk.loop.blocking(desk.database.first, ON_FLOW, **asked)
    if row is None:
        message = "campaignId is not the key or id of a flow that this supplier posts to."
        raise refuse(404, "no_such_campaign", message, field="campaignId")
    return await desk.find_source(row.flow_key, row.source_key)


def _flow_id(text: str) -> str | None:
    try:
        return str(ids.read(text, "flo"))
    except ids.NotAnId:
        return None


def _with_category(envelope: Envelope, source: OpenSource) -> Mapping[str, object]:
    """Return the lead with its category if the flow has a field for it; raises Refused for one that is not allowed."""
    category = envelope.category or source.form.category
    allowed = source.categories or ((source.form.category,) if source.form.category else ())
    if allowed and not category:
        raise refuse(422, "required", "categoryId is required.", field="categoryId")
    if allowed and fold(category) not in map(fold, allowed):
        message = f"This source sends leads of these categories only: {', '.join(allowed)}."
        raise refuse(403, "wrong_category", message, field="categoryId")
    field = next((name for name in ("category_id", "category") if source.form.find(name)), None)
    if not field or not category:
        return envelope.lead
    # What was allowed is what the lead is: its data must not name another category that nobody looked at.
    told: Posted = {field: category}
    lead = dict(envelope.lead)
    return merge(lead, told) if allowed else merge(told, lead)
