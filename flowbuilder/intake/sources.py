"""The sources that posts may come in by, kept for a second so that a post costs no look-up."""

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, text

from flowbuilder.db import read_json
from flowbuilder.intake.reading import LeadForm
from flowbuilder.intake.refused import Refused, refuse, unavailable
from flowbuilder.intake.store import Database
from rules.flow import parse_flow

FRESH_FOR = 1.0  # seconds; then one request looks again while the others go on with what is kept
KEPT_FOR = 1.8  # seconds; a published version or a revoked key counts after two at the latest
TOGETHER = 0.5  # seconds; whatever is in use and due by then is looked at again by the same statement
IN_USE_FOR = 30.0  # seconds since the last post
MOST_TOGETHER = 500
MOST_KEPT = 10_000
MOST_FORMS = 1_000

log = logging.getLogger(__name__)
K = TypeVar("K")
V = TypeVar("V")

LOOK_UP = text(
    """
    SELECT asked.flow_key, asked.source_key, flow.id AS flow_id, flow.account_id, flow.live_version,
        source.id AS source_id, source.needs_key, source.categories, source.redirect_hosts,
        (SELECT json_agg(json_build_array(k.id, encode(k.secret_hash, 'hex'), k.mode))::text FROM source_key AS k
          WHERE k.source_id = source.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
        ) AS keys
    FROM unnest(CAST(:flow_keys AS text[]), CAST(:source_keys AS text[])) AS asked (flow_key, source_key)
    JOIN flow ON flow.key = asked.flow_key
    JOIN source ON source.flow_id = flow.id AND source.key = asked.source_key
    WHERE flow.live_version IS NOT NULL
    """
)
DOCUMENT = text("SELECT document::text FROM flow_version WHERE flow_id = :flow_id AND number = :number")


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A source's key as it is stored, and whether its leads are tests."""

    secret_hash: bytes
    is_test: bool


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source of a published flow: whose it is, who may post, and which fields its flow takes.

    `address` is the path that it posts to. `categories` are those that it may send leads of, all when there is none;
    `redirect_hosts` is where its forms may send people on to.
    """

    account_id: UUID
    flow_id: UUID
    source_id: UUID
    needs_key: bool
    keys: Mapping[UUID, StoredKey]
    form: LeadForm
    address: str = ""
    categories: tuple[str, ...] = ()
    redirect_hosts: frozenset[str] = frozenset()


Address = tuple[str, str]
"""The public keys of a flow and of one of its sources."""


@dataclass(slots=True)
class _Kept:
    row: Row[Any] | None
    source: OpenSource | None
    looked_at: float
    look_again_at: float
    used_at: float

    def is_due(self, now: float) -> bool:
        """Return whether it is a source that is in use and soon has to be looked at again."""
        is_in_use = self.source is not None and now - self.used_at <= IN_USE_FOR
        return is_in_use and now >= self.look_again_at - TOGETHER


class Sources:
    """Finds sources by the two public keys of their address."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[Address, _Kept] = OrderedDict()
        self._forms: OrderedDict[tuple[UUID, int], LeadForm] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, flow_key: str, source_key: str) -> OpenSource:
        """Return the source; raises Refused: 404 when there is none or its flow was never published, 503 when away."""
        if source := self.at_hand(flow_key, source_key):
            return source
        address, now = (flow_key, source_key), self._clock()
        return _opened(self._look_up(address, self._due(now), now), now)

    def at_hand(self, flow_key: str, source_key: str) -> OpenSource | None:
        """Return the source, or None where it has to be looked up; raises Refused: 404 when there is none."""
        kept, now = self._kept.get((flow_key, source_key)), self._clock()
        return None if kept is None or now >= kept.look_again_at else _opened(kept, now)

    def _due(self, now: float) -> list[Address]:
        """Return what is in use and due now or soon; until it was looked at again others go on with what is kept.

        One statement for all of them: with hundreds of sources in use every other post would wait for one of its own.
        """
        with self._lock:
            due = list(islice((one for one in self._kept.items() if one[1].is_due(now)), MOST_TOGETHER))
        for _, kept in due:
            kept.look_again_at = max(kept.look_again_at, kept.looked_at + KEPT_FOR)
        return [address for address, _ in due]

    def _look_up(self, asked: Address, due: Iterable[Address], now: float) -> _Kept:
        """Return what is there by now of a source that is asked for, and look at those that are due with it."""
        others = {*due} - {asked}
        storable = [address for address in (asked, *others) if _are_storable(address)]
        flow_keys, source_keys = [flow for flow, _ in storable], [source for _, source in storable]
        rows = self._database.all(LOOK_UP, flow_keys=flow_keys, source_keys=source_keys) if storable else []
        found = {(row.flow_key, row.source_key): row for row in rows}
        for address in others:
            with suppress(Refused):  # A flow that cannot be read is told of to whoever posts to it.
                self._keep(address, found.get(address), now)
        return self._keep(asked, found.get(asked), now)

    def _keep(self, address: Address, row: Row[Any] | None, now: float) -> _Kept:
        """Keep what a row says and return it; a source whose row has not changed stays as it was opened."""
        known = self._kept.get(address)
        if row is None or known is None or known.row != row:
            source = None if row is None else self._open(row)
        else:
            source = known.source
        kept = _Kept(row, source, now, now + FRESH_FOR, known.used_at if known else now)
        with self._lock:
            _keep(self._kept, address, kept, MOST_KEPT)
        return kept

    def _open(self, row: Row[Any]) -> OpenSource:
        return OpenSource(
            account_id=row.account_id,
            flow_id=row.flow_id,
            source_id=row.source_id,
            needs_key=row.needs_key,
            keys=_read_keys(row.keys),
            form=self._form(row.flow_id, row.live_version),
            address=f"/f/{row.flow_key}/{row.source_key}",
            categories=tuple(row.categories),
            redirect_hosts=frozenset(row.redirect_hosts),
        )

    def _form(self, flow_id: UUID, version: int) -> LeadForm:
        form = self._forms.get((flow_id, version))
        if form is None:
            form = self._read_form(flow_id, version)
            with self._lock:
                _keep(self._forms, (flow_id, version), form, MOST_FORMS)
        return form

    def _read_form(self, flow_id: UUID, version: int) -> LeadForm:
        row = self._database.first(DOCUMENT, flow_id=flow_id, number=version)
        flow, problems = parse_flow(read_json(row.document)) if row else (None, [])
        if flow is None:
            log.error("flow %s version %s cannot be read: %s", flow_id, version, [problem.code for problem in problems])
            raise unavailable("flow_not_readable", "The flow cannot take leads at the moment; its owner must look.")
        return LeadForm(flow.fields, version=version, currency=flow.currency, category=flow.door.category)


def _opened(kept: _Kept, now: float) -> OpenSource:
    kept.used_at = now
    if kept.source is None:
        raise refuse(404, "no_such_source", "There is no such flow or source, or its flow is not published yet.")
    return kept.source


def _read_keys(written: str | None) -> dict[UUID, StoredKey]:
    return {
        UUID(identifier): StoredKey(bytes.fromhex(secret_hash), mode == "test")
        for identifier, secret_hash, mode in json.loads(written or "[]")
    }


def _are_storable(address: Address) -> bool:
    """PostgreSQL has no U+0000 in texts, and no key is longer than these."""
    return all(len(part) <= 64 and "\0" not in part for part in address)


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
