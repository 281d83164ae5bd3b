"""The request that a buyer would get for a made-up lead, its secrets masked, before anything is sent."""

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from flowbuilder import ids
from flowbuilder.leads.messages import Message, request_shown
from rules.delivery.destination import Destination, parse_destination, split_secrets
from rules.delivery.masking import MASK
from rules.delivery.outgoing import Outgoing, build, kept
from rules.delivery.request import CannotBuild, build_ping
from rules.delivery.sample import sample_offer, sample_view
from rules.delivery.signing import PREFIX
from rules.fields import Field
from rules.problems import Problem

NO_SECRET = PREFIX + base64.b64encode(bytes(32)).decode()
SIGNATURES = frozenset({"webhook-signature", "X-Webhook-Signature"})


class Preview(NamedTuple):
    """A request as it would be sent, and as a page shows it; or why none could be made."""

    request: dict[str, Any] | None
    problem: str = ""
    ping: dict[str, Any] | None = None

    @property
    def message(self) -> Message | None:
        """Return the request as a page shows it."""
        return request_shown(self.request, in_full=True)

    @property
    def ping_message(self) -> Message | None:
        """Return the ping as a page shows it, None where no bid is asked for."""
        return request_shown(self.ping, in_full=True) if self.ping else None


def preview(
    document: Mapping[str, Any], fields: Mapping[str, Any], *, known: Iterable[Field], buyer: str, now: datetime
) -> Preview:
    """Return what the deciding method hands over for a lead with these fields, whatever secrets there are.

    Before it the ping, where the buyer is asked for a bid; `known` are the fields that such leads have.
    """
    problems: list[Problem] = []
    destination = parse_destination(split_secrets(document)[0], "", problems)
    if destination is None:
        first = next(problem for problem in problems if problem.severity == "error")
        return Preview(None, first.message)
    known, secrets = tuple(known), dict.fromkeys(destination.credentials, MASK)
    offer = sample_offer(ids.show(ids.first_id_at(now)), buyer, now)
    try:
        built = {**secrets, "signing_secret": NO_SECRET} if destination.is_signed else secrets
        view = sample_view(fields, known, now)
        outgoing = build(destination, destination.decides_by, view, offer, built)
        ping = build_ping(destination, known, view, offer, built) if destination.ping else None
    except CannotBuild as problem:
        return Preview(None, str(problem))
    return Preview(_shown(outgoing, secrets), ping=_shown(ping, secrets) if ping else None)


def masked_preview(destination: Destination, make: Callable[[Mapping[str, str]], Outgoing]) -> Preview:
    """Return a request that is made with masks in place of the secrets, or why none can be made."""
    secrets = dict.fromkeys(destination.credentials, MASK)
    try:
        built = {**secrets, "signing_secret": NO_SECRET} if destination.is_signed else secrets
        return Preview(_shown(make(built), secrets))
    except CannotBuild as problem:
        return Preview(None, str(problem))


def _shown(outgoing: Outgoing, secrets: Mapping[str, str]) -> dict[str, Any]:
    shown = kept(outgoing, secrets)
    shown["headers"] = [[name, MASK if name in SIGNATURES else text] for name, text in shown["headers"]]
    return shown
