"""The editor's page as it stands open in a browser, without one: it sends what scripts send, and takes what comes."""

import re
from copy import deepcopy
from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.page_forms import untouched
from tests.support.web import HTMX

PIECES = ("plain", "rail", "ways-to-begin", "problems", "draft-state")
"""What is renewed when a draft changes, by its id."""
OF_EVERY_FORM = ("csrf_token", "revision", "page")
OF_THE_PAGE = " | ".join(f".//input[@name='{name}']" for name in ("csrf_token", "page", "open"))
"""Inputs that say which page it is, and what is open there."""


class OpenPage:
    """One open page of somebody's editor; `answer` is what came last."""

    def __init__(self, client: FlaskClient, flow: Flow) -> None:
        self._client, self._address = client, f"/flows/{ids.show(flow.id, 'flo')}"
        self._tree = self._loaded()
        self.id = self._rail_input("page")
        self.answer: TestResponse | None = None

    def do(self, what: str, **fields: Any) -> list[str] | None:
        """Make an edit: `save <step>` with what is typed there, `undo`, `redo`, or a path below the draft.

        Return the stops that were drawn anew, None when all of the rail was.
        """
        does, _, step = what.partition(" ")
        if does == "save":
            shown = self._client.get(f"{self._address}/edit?step={step}").text
            form = untouched(shown, "panel-form").lists() if 'id="panel-form"' in shown else ()
            typed = {name: values for name, values in form if name not in OF_EVERY_FORM}
            return self._post(f"steps/{step}", {**typed, "open": step, **fields})
        if does in ("undo", "redo"):
            fields = {"target": self._tree.xpath(f".//*[@id='{does}']/../input[@name='target']/@value")[0], **fields}
        return self._post(what, fields)

    def hear(self) -> None:
        """Ask whether somebody else has changed the draft, as the page does every few seconds."""
        self._take(self._client.get(self._tree.xpath(".//*[@data-poll]/@hx-get")[0], headers=HTMX))

    def shown(self) -> dict[str, str]:
        """Return what the page shows of the draft, piece by piece."""
        return _pieces(self._tree)

    def reloaded(self) -> dict[str, str]:
        """Return what it would show if it were loaded again."""
        return _pieces(self._loaded(f"?page={self.id}"))

    def steps(self) -> list[str]:
        """Return the ids of the steps that it shows, those in lanes too."""
        return [str(one) for one in self._tree.xpath(".//*[@id='rail']//li[@data-step][not(@data-fixed)]/@data-step")]

    def stops(self) -> dict[str, str]:
        """Return how each stop looks, by its mark; a split without the stops in its lanes."""
        return {one.get("data-mark"): _looks(one) for one in self._tree.xpath(".//*[@id='rail']//li[@data-mark]")}

    def _loaded(self, query: str = "") -> Any:
        return html.fromstring(self._client.get(f"{self._address}/edit{query}").text)

    def _rail_input(self, name: str) -> str:
        return str(self._tree.xpath(f".//*[@id='rail']/input[@name='{name}']/@value")[0])

    def _post(self, path: str, fields: dict[str, Any]) -> list[str] | None:
        marks = " ".join(self._tree.xpath(".//*[@id='rail']//@data-mark"))
        token = self._tree.xpath("//meta[@name='csrf-token']/@content")[0]
        ours = {"csrf_token": token, "revision": self._rail_input("revision"), "page": self.id, "marks": marks}
        return self._take(self._client.post(f"{self._address}/draft/{path}", data=ours | fields, headers=HTMX))

    def _take(self, answer: TestResponse) -> list[str] | None:
        """Put every piece of an answer in its place."""
        self.answer = answer
        pieces = html.fragments_fromstring(f"<i></i>{answer.text}")
        for piece in pieces:
            if piece.attrib.pop("hx-swap-oob", "") == "morph":
                [place] = self._tree.xpath(f".//*[@id='{piece.get('id')}']")
                piece.tail = place.tail
                place.getparent().replace(place, piece)
        sent = [str(piece.get("id")) for piece in pieces]
        return None if "rail" in sent else [one.removeprefix("step-") for one in sent if one.startswith("step-")]


def _pieces(tree: Any) -> dict[str, str]:
    return {name: _text(tree.xpath(f".//*[@id='{name}']")[0]) for name in PIECES}


def _text(element: Any) -> str:
    """Return an element as text, whatever page it is on and wherever its lines end."""
    copy = deepcopy(element)
    for one in copy.xpath(OF_THE_PAGE):
        one.drop_tree()
    return re.sub(r"\s+", " ", html.tostring(copy, encoding="unicode", with_tail=False))


def _looks(stop: Any) -> str:
    copy = deepcopy(stop)
    for one in copy.xpath(".//ol[@data-lane]/li"):
        one.drop_tree()
    return _text(copy)
