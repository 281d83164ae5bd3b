"""What is answered under `/f/<flow key>/<source key>`: where suppliers post, and where they ask for an answer later."""

import re

from flowbuilder import clock
from flowbuilder.intake import meters, operations, wire
from flowbuilder.intake.answers import INVALID, Answer, lead_response, ping_response, redirected
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.guard import admit, posts_tests
from flowbuilder.intake.language import speaks_xml
from flowbuilder.intake.operations import LONGEST_WAIT, Post, Taken
from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.request import Request
from flowbuilder.intake.sources import OpenSource

SECONDS = re.compile("[0-9]{1,2}")


async def answer(desk: Desk, request: Request) -> Answer:
    """Return the answer to a request under `/f/`; raises Refused, also where there is nothing, or not this method."""
    match request.path.removesuffix("/").split("/")[2:]:
        case [flow_key, source_key] if flow_key and source_key:
            if request.method not in ("POST", "GET"):
                message = "Leads are posted: send POST, or GET where a form can do nothing else."
                raise refuse(405, "post_only", message, Allow="GET, POST")
            return await _post_lead(desk, request, flow_key, source_key)
        case [flow_key, source_key, "ping"] if flow_key and source_key:
            if request.method not in ("POST", "GET"):
                raise refuse(405, "post_only", "Pings are posted: send POST, or GET.", Allow="GET, POST")
            return await _ping(desk, request, flow_key, source_key)
        case [flow_key, source_key, "leads", lead_id] if lead_id:
            if request.method not in ("GET", "HEAD"):
                raise refuse(405, "get_only", "Answers are read: send GET.", Allow="GET, HEAD")
            return await _show_answer(desk, request, flow_key, source_key, lead_id)
    raise refuse(404, "no_such_address", "There is nothing at this address: leads go to /f/<flow key>/<source key>.")


async def _post_lead(desk: Desk, request: Request, flow_key: str, source_key: str) -> Answer:
    """Take a lead in and answer with what became of it, or with where to ask."""
    source = await desk.find_source(flow_key, source_key)
    is_test = admit(source, request, desk.wrong_keys, desk.without_key)
    try:
        taken = await operations.receive_lead(desk, source, read_post(request, is_test=is_test), now=clock.now())
    except Refused as refused:
        record(desk, source, refused)
        raise
    return taken_response(taken, request, location=f"/f/{flow_key}/{source_key}")


async def _ping(desk: Desk, request: Request, flow_key: str, source_key: str) -> Answer:
    """Answer with what the supplier would be paid for a lead that it tells a part of."""
    source = await desk.find_source(flow_key, source_key)
    is_test = admit(source, request, desk.wrong_keys, desk.without_key)
    try:
        told = await operations.receive_ping(desk, source, read_post(request, is_test=is_test), now=clock.now())
    except Refused as refused:
        record(desk, source, refused)
        raise
    answered = ping_response(told.lead, told.expires_at, as_xml=speaks_xml(request))
    meters.posts(answered.status).inc()
    return answered


async def _show_answer(desk: Desk, request: Request, flow_key: str, source_key: str, lead_id: str) -> Answer:
    """Answer with what has become of a lead by now."""
    source = await desk.find_source(flow_key, source_key)
    posts_tests(source, request, desk.wrong_keys)
    lead = await operations.find_answer(desk, source, lead_id)
    return lead_response(lead, done=200, location=f"/f/{flow_key}/{source_key}", as_xml=speaks_xml(request))


def read_post(request: Request, *, is_test: bool) -> Post:
    """Return what a request posts; raises Refused: 400, 411, 413, 415."""
    posted, wait = wire.read_posted(request)
    return Post(posted, request.header("Idempotency-Key"), _seconds(wait), is_test)


def taken_response(taken: Taken, request: Request, *, location: str) -> Answer:
    """Return the answer to a post that was taken, or 303 to the page that it asked for."""
    as_xml = speaks_xml(request)
    answered = lead_response(taken.lead, done=201, location=location, is_replay=taken.is_replay, as_xml=as_xml)
    if taken.invalid:
        answered = answered._replace(headers=(*answered.headers, (INVALID, ", ".join(taken.invalid[:50]))))
    if taken.redirect:
        answered = redirected(answered, taken.redirect)
    meters.posts(answered.status).inc()
    return answered


def _seconds(wait: object) -> float:
    """Return how long the request would wait for its answer, by what it says in `?wait=`."""
    if wait is None:
        return LONGEST_WAIT
    if isinstance(wait, str) and SECONDS.fullmatch(wait) and int(wait) <= LONGEST_WAIT:
        return float(wait)
    raise refuse(400, "wait_not_usable", f"wait is a whole number of seconds from 0 to {LONGEST_WAIT:.0f}.")


def record(desk: Desk, source: OpenSource, refused: Refused) -> None:
    """What is wrong with a post is recorded for the owner of the flow; what is wrong with us is not."""
    if refused.status < 500:
        desk.batcher.note_refusal(operations.refusal_row(source, refused, now=clock.now()))
