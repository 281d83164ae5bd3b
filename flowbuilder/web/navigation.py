"""The main places of the app, as the left column and the bottom bar show them."""

from dataclasses import dataclass

from flask import Flask, request, url_for


@dataclass(frozen=True)
class Place:
    """One entry: its word, its icon, the route it leads to, and the areas in which it is the current one."""

    word: str
    icon: str
    endpoint: str
    areas: tuple[str, ...]

    @property
    def address(self) -> str:
        """Return the address of the place."""
        return url_for(self.endpoint)

    @property
    def is_current(self) -> bool:
        """Return whether the page being shown belongs to the place."""
        return request.blueprint in self.areas


PLACES = (
    Place("Home", "home", "home.index", ("home",)),
    Place("Flows", "flow", "flows.index", ("flows", "shelf", "editor", "trials", "checks", "lists", "fields")),
    Place("Leads", "leads", "leads.index", ("leads",)),
    Place("Waiting", "wait", "waiting.index", ("waiting",)),
    Place("Partners", "partners", "connections.index", ("connections", "inbox", "sources")),
)


def init_app(app: Flask) -> None:
    """Give templates the places as `places`."""
    app.context_processor(lambda: {"places": [place for place in PLACES if place.endpoint in app.view_functions]})
