"""A client of the management API for Python programs: one call, one method; lists are read to their end."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, Self

import requests

from rules import json_text

Document = Mapping[str, Any]
Row = dict[str, Any]
WaitingLeads = Literal["finish", "start_again"]
TIMEOUT = 30.0  # seconds


class ApiError(RuntimeError):
    """A call that was refused: `status` of the answer, its `code`, and what has to be put right first."""

    def __init__(self, status: int, code: str, message: str, problems: list[Row]) -> None:
        super().__init__(" ".join([message, *(f"{one['path']}: {one['message']}" for one in problems)]))
        self.status = status
        self.code = code
        self.problems = problems


class Unreachable(RuntimeError):
    """Nobody answered; whether the call was carried out is not known."""


class Client:
    """One account of one server, by its API key. Numbers with a point are read and written as Decimal."""

    def __init__(self, server: str, api_key: str, *, timeout: float = TIMEOUT) -> None:
        """Take the address of the server, like `https://leads.example.com`, and the longest wait in seconds."""
        self._base = f"{server.rstrip('/')}/api/v1"
        self._timeout = timeout
        self._session = requests.Session()
        # A proxy or a .netrc of this machine has no business with the key.
        self._session.trust_env = False
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Accept": "application/json"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def flows(self) -> Iterator[Row]:
        """Yield the flows, oldest first."""
        return self._all("flows")

    def flow(self, flow_id: str) -> Row:
        """Return a flow with its draft and its live document."""
        return self._get(f"/flows/{flow_id}")

    def create_flow(self, name: str, document: Document) -> Row:
        """Create a flow with a draft; return its id, key, revision and the problems of the draft."""
        return self._send("POST", "/flows", {"name": name, "document": document})

    def save_draft(self, flow_id: str, document: Document, revision: int) -> Row:
        """Replace the draft that was read at a revision; return the new one and the problems of the draft."""
        return self._send("PUT", f"/flows/{flow_id}/draft", {"document": document}, revision)

    def draft_changes(self, flow_id: str) -> list[Row]:
        """Return in words what the draft changes of what is live."""
        changes: list[Row] = self._get(f"/flows/{flow_id}/draft/changes")["changes"]
        return changes

    def undo(self, flow_id: str, revision: int) -> Row:
        """Take back the last edit of the draft that was read at a revision; return the new one and the problems."""
        return self._send("POST", f"/flows/{flow_id}/draft/undo", revision=revision)

    def dry_run(self, flow_id: str, lead: Document, **more: Any) -> Row:
        """Return what the draft would do with a lead; nothing is sent, and nothing is stored."""
        return self._send("POST", f"/flows/{flow_id}/dry-run", {"lead": lead, **more})

    def run_checks(self, flow_id: str) -> Row:
        """Run the saved checks of a flow on its draft; return what came of them."""
        return self._send("POST", f"/flows/{flow_id}/checks/run")

    def versions(self, flow_id: str) -> list[Row]:
        """Return the published versions, newest first."""
        versions: list[Row] = self._get(f"/flows/{flow_id}/versions")["versions"]
        return versions

    def go_back(self, flow_id: str, number: int, waiting_leads: WaitingLeads = "finish") -> int:
        """Make a version live that is equal to an old one; return its number. Leads that wait as in `publish_flow`."""
        body = {"waiting_leads": waiting_leads}
        return int(self._send("POST", f"/flows/{flow_id}/versions/{number}/go-back", body)["version"])

    def publish_flow(self, flow_id: str, waiting_leads: WaitingLeads = "finish") -> int:
        """Make the draft live; return the number of the version.

        Leads that wait finish on their own version, or start again in this one where it makes a difference to them.
        """
        return int(self._send("POST", f"/flows/{flow_id}/publish", {"waiting_leads": waiting_leads})["version"])

    def backtest(
        self,
        flow_id: str,
        document: Document | None = None,
        *,
        last: int = 1000,
        new_buyers: Literal["accept", "decline"] = "accept",
    ) -> Row:
        """Return what a document, by default the draft, would have done with the newest leads, beside what is live."""
        body: dict[str, Any] = {"last": last, "new_buyers": new_buyers}
        return self._send("POST", f"/flows/{flow_id}/backtest", body | ({"document": document} if document else {}))

    def connections(self) -> Iterator[Row]:
        """Yield the connections to buyers, oldest first."""
        return self._all("connections")

    def connection(self, connection_id: str) -> Row:
        """Return a connection with its destination, without its secrets."""
        return self._get(f"/connections/{connection_id}")

    def create_connection(self, name: str, destination: Document) -> str:
        """Create a connection; return its id."""
        return str(self._send("POST", "/connections", {"name": name, "destination": destination})["id"])

    def change_connection(self, connection_id: str, name: str, destination: Document) -> None:
        """Replace name and destination; secrets that are not given stay."""
        self._send("PUT", f"/connections/{connection_id}", {"name": name, "destination": destination})

    def test_connection(self, connection_id: str) -> str:
        """Have a made-up lead sent, marked as a test; return the id of the test."""
        return str(self._send("POST", f"/connections/{connection_id}/test")["id"])

    def sources(self, flow_id: str | None = None) -> Iterator[Row]:
        """Yield the sources, oldest first; those of one flow when it is given."""
        return self._all("sources", flow=flow_id)

    def create_source(self, flow_id: str, name: str, **terms: Any) -> Row:
        """Create a source with `cost`, `caps`, `accept_if` …; return its id, post_url and keys, shown this once."""
        return self._send("POST", "/sources", {"flow_id": flow_id, "name": name, **terms})

    def change_source(self, source_id: str, **terms: Any) -> Row:
        """Replace those settings of a source that are named, by None with nothing; return the source."""
        return self._send("PATCH", f"/sources/{source_id}", terms)

    def make_key(self, source_id: str, mode: Literal["live", "test"]) -> str:
        """Make another key for a source; return it."""
        return str(self._send("POST", f"/sources/{source_id}/keys", {"mode": mode})["key"])

    def lists(self) -> Iterator[Row]:
        """Yield the stored lists, oldest first."""
        return self._all("lists")

    def create_list(self, name: str, kind: str, **form: str) -> str:
        """Create a stored list without entries, of some form (`hashed`, `region`); return its id."""
        return str(self._send("POST", "/lists", {"name": name, "kind": kind, **form})["id"])

    def fill_list(self, list_id: str, entries: Iterable[str]) -> Row:
        """Replace the entries of a stored list; return how many it has, and which could not be read."""
        text = "\n".join(entries).encode()
        return self._call("PUT", f"/lists/{list_id}/entries", data=text, headers={"Content-Type": "text/plain"})

    def leads(self, *, flow_id: str | None = None, status: str | None = None, limit: int = 50) -> list[Row]:
        """Return the newest leads, at most 200, of one flow and with one status when they are given."""
        rows: list[Row] = self._get("/leads", flow=flow_id, status=status, limit=limit)["leads"]
        return rows

    def lead(self, lead_id: str) -> Row:
        """Return a lead with its events and offers."""
        return self._get(f"/leads/{lead_id}")

    def caps(self, flow_id: str) -> list[Row]:
        """Return how full the caps of a flow's live version are."""
        rows: list[Row] = self._get("/caps", flow=flow_id)["caps"]
        return rows

    def _all(self, noun: str, **query: object) -> Iterator[Row]:
        after: str | None = None
        while True:
            page = self._get(f"/{noun}", after=after, **query)
            yield from page[noun]
            after = page["next"]
            if after is None:
                return

    def _get(self, path: str, **query: Any) -> Row:
        return self._call("GET", path, params={name: value for name, value in query.items() if value is not None})

    def _send(self, method: str, path: str, body: Document | None = None, revision: int | None = None) -> Row:
        headers = {"If-Match": str(revision)} if revision is not None else {}
        if body is None:
            return self._call(method, path, headers=headers)
        headers["Content-Type"] = "application/json"
        return self._call(method, path, data=json_text.write(body), headers=headers)

    def _call(self, method: str, path: str, **how: Any) -> Row:
        try:
            answer = self._session.request(
                method, self._base + path, timeout=self._timeout, allow_redirects=False, **how
            )
        except requests.RequestException as problem:
            raise Unreachable(f"{self._base} did not answer: {type(problem).__name__}.") from problem
        return read_answer(answer)


def read_answer(answer: requests.Response) -> Row:
    """Return the object that was answered; raises ApiError for anything but success."""
    try:
        body = answer.json(parse_float=Decimal)
    except requests.JSONDecodeError:
        body = None
    if isinstance(body, dict) and answer.ok:
        return body
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or f"The server answered {answer.status_code}.")
    raise ApiError(answer.status_code, str(error.get("code", "")), message, error.get("problems") or [])
