"""The demo's market, set up through the management API: lists, connections, flows, sources. What is there stays."""

from collections.abc import Mapping
from typing import Any

from flowbuilder.client import Client
from flowbuilder.demo.kept import Kept, SourceAccess
from flowbuilder.demo.more_destinations import DESTINATIONS
from flowbuilder.demo.more_documents import DOCUMENTS
from flowbuilder.demo.places import LISTS
from flowbuilder.demo.suppliers import SUPPLIERS, Supplier

TERMS: Mapping[str, dict[str, object]] = {
    "search": {"cost": {"fixed": 14}, "caps": [{"limit": 3000, "per": "hour"}]},
    "quotes": {"cost": {"share": 60}},
}
"""What each supplier is paid for a lead, and how many it may sell."""


def set_up(client: Client, kept: Kept) -> dict[str, SourceAccess]:
    """Make what is missing of the market, and return where the suppliers post; may be done again at any time.

    Raises ApiError and Unreachable; what was made until then is found by its name the next time.
    """
    connections = _connect_buyers(client, kept)
    named = {**connections, **_fill_lists(client)}
    flows = {flow: _open_flow(client, flow, named) for flow in DOCUMENTS}
    for row in client.connections():
        if row["id"] in connections.values() and row["tested_at"] is None and row["state"] != "revoked":
            client.test_connection(row["id"])
    return {
        supplier.source(flow): _open_source(client, supplier, flow, flow_id, kept)
        for flow, flow_id in flows.items()
        for supplier in SUPPLIERS
    }


def _fill_lists(client: Client) -> dict[str, str]:
    """Return the id of each stored list; one without entries is filled."""
    known = {row["name"]: row for row in client.lists()}
    ids = {}
    for key, listed in LISTS.items():
        row = known.get(listed.name)
        ids[key] = row["id"] if row else client.create_list(listed.name, listed.kind, region=listed.region)
        if row is None or not row["entries"]:
            client.fill_list(ids[key], listed.entries)
    return ids


def _connect_buyers(client: Client, kept: Kept) -> dict[str, str]:
    """Return the id of each buyer's connection, which leads to the port that the buyer has now."""
    known = {row["name"]: row for row in client.connections()}
    connections = {}
    for buyer, (name, destination_at) in DESTINATIONS.items():
        destination = destination_at(kept.ports.get(buyer, 0), kept.credentials)
        if name not in known:
            connections[buyer] = client.create_connection(name, destination)
            continue
        connections[buyer] = known[name]["id"]
        stored = client.connection(known[name]["id"])
        moved = _moved(stored["destination"], destination)
        if stored["state"] != "revoked" and moved != stored["destination"]:
            client.change_connection(stored["id"], name, moved)
    return connections


def _moved(stored: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored destination whose addresses lead to the port that its buyer has now.

    Addresses that somebody pointed to another machine meanwhile are theirs.
    """
    moved = dict(stored)
    for part in ("ping", "feedback"):
        if part in stored and part in wanted:
            moved[part] = _moved(stored[part], wanted[part])
    if "url" in wanted and str(stored.get("url", "")).startswith("http://127.0.0.1:"):
        moved["url"] = wanted["url"]
    return moved


def _open_flow(client: Client, flow: str, named: Mapping[str, str]) -> str:
    """Return the id of the flow, which is live."""
    name, document_with = DOCUMENTS[flow]
    row = next((row for row in client.flows() if row["name"] == name), None)
    if row is None:
        row = client.create_flow(name, document_with(named))
    if row.get("live_version") is None:
        client.publish_flow(row["id"])
    return str(row["id"])


def _open_source(client: Client, supplier: Supplier, flow: str, flow_id: str, kept: Kept) -> SourceAccess:
    """Return where the supplier posts its leads for the flow; a key that nobody kept is replaced."""
    name = supplier.source(flow)
    row = next((row for row in client.sources(flow_id) if row["name"] == name), None)
    if row is None:
        row = client.create_source(flow_id, name, **TERMS[supplier.name])
        return SourceAccess(_path_of(row["post_url"]), row["key"], row["test_key"])
    access = kept.sources.get(name)
    keys = (access.key, access.test_key) if access else [client.make_key(row["id"], mode) for mode in ("live", "test")]
    return SourceAccess(_path_of(row["post_url"]), *keys)


def _path_of(post_url: str) -> str:
    """Return the part of a source's address that is the same under every name of the server."""
    return post_url[post_url.rindex("/f/") :]
