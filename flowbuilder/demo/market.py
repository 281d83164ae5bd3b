"""The demo's market, set up through the management API: connections, flows, sources. What is there already stays."""

from collections.abc import Mapping

from flowbuilder.client import Client
from flowbuilder.demo.destinations import DESTINATIONS
from flowbuilder.demo.documents import DOCUMENTS
from flowbuilder.demo.kept import Kept, SourceAccess
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
    flows = {flow: _open_flow(client, flow, connections) for flow in DOCUMENTS}
    for row in client.connections():
        if row["id"] in connections.values() and row["tested_at"] is None and row["state"] != "revoked":
            client.test_connection(row["id"])
    return {
        supplier.source(flow): _open_source(client, supplier, flow, flow_id, kept)
        for flow, flow_id in flows.items()
        for supplier in SUPPLIERS
    }


def _connect_buyers(client: Client, kept: Kept) -> dict[str, str]:
    """Return the id of each buyer's connection, which leads to the port that the buyer has now."""
    known = {row["name"]: row for row in client.connections()}
    connections = {}
    for buyer, (name, destination_at) in DESTINATIONS.items():
        destination = destination_at(kept.ports[buyer], kept.credentials)
        if name not in known:
            connections[buyer] = client.create_connection(name, destination)
            continue
        connections[buyer] = known[name]["id"]
        stored = client.connection(known[name]["id"])
        if stored["state"] != "revoked" and _is_elsewhere(stored["destination"]["url"], destination["url"]):
            client.change_connection(stored["id"], name, {**stored["destination"], "url": destination["url"]})
    return connections


def _is_elsewhere(stored_url: str, url: str) -> bool:
    """Return whether a connection leads to a port of this machine that its buyer had before.

    One that somebody pointed to another machine meanwhile is theirs.
    """
    return stored_url != url and stored_url.startswith("http://127.0.0.1:")


def _open_flow(client: Client, flow: str, connections: Mapping[str, str]) -> str:
    """Return the id of the flow, which is live."""
    name, document_with = DOCUMENTS[flow]
    row = next((row for row in client.flows() if row["name"] == name), None)
    if row is None:
        row = client.create_flow(name, document_with(connections))
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
