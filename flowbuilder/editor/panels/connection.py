"""Who the buyer is: one of the account's connections, a new one, or one that only pretends."""

from dataclasses import dataclass
from typing import Any

from flask import request
from typing_extensions import override

from flowbuilder import ids
from flowbuilder.accounts.access import actor
from flowbuilder.connections import tools
from flowbuilder.connections.pretending import pretend_buyer
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, put
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.single import Single
from flowbuilder.web import current
from rules.steps.base import NOT_HERE


def connection_options(desk: Desk) -> list[Option]:
    """Return the account's connections, each with what stands in the way of using it; revoked ones are left out."""
    rows = sorted(desk.around.connections.items(), key=lambda pair: pair[1].name.lower())
    return [Option(shown, row.name + _state(row)) for shown, row in rows if row.state != "revoked"]


def _state(row: Any) -> str:
    if row.state == "paused":
        return " (paused)"
    return "" if row.tested_at else " (not tested yet)"


@dataclass(frozen=True)
class ConnectionPick(Single):
    """One of the connections; with ways to one that is not there yet, which a terse one shows while none is chosen.

    A pretend buyer is a connection whose leads go to an inbox in the app: everything is real but the buyer.
    """

    hint: str = ""
    may_pretend: bool = True
    is_terse: bool = False

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, value = f"{at}{self.key}", settings.get(self.key, "")
        if not isinstance(value, str):
            return None
        options = connection_options(desk)
        if value not in [option.value for option in options]:
            row = desk.around.connections.get(value)
            gone = f"{row.name} ({row.state})" if row else NOT_HERE.capitalize()
            options.insert(0, Option(value, gone if value else "Choose"))
        told = {
            "has_links": not self.is_terse or value not in desk.around.connections,
            "may_pretend": self.may_pretend,
            "flow": desk.flow.id,
            "step": desk.step,
            "made": _just_made(desk, value),
        }
        return Drawn(
            "connection", name, self.label, self.hint, (value,), tuple(options), address=address_of(name), told=told
        )

    @override
    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Set what was chosen; a button sets the connection that was just made, or a pretend buyer."""
        super().take(form, settings, at)
        match form.action(f"{at}{self.key}"):
            case ("pretend", _) if self.may_pretend:
                settings[self.key] = _pretend(form.desk)
            case ("use", made) if made in form.desk.around.connections:
                settings[self.key] = made

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        chosen = form.text(f"{at}{self.key}")
        if chosen in form.desk.around.connections or not chosen:
            put(settings, self.key, chosen)
        else:
            form.refuse(f"{at}{self.key}", "Choose one of these connections.")


def _just_made(desk: Desk, value: str) -> Option | None:
    """Return the connection that was made for this step a moment ago, None once it is chosen."""
    made = request.args.get("connection", "")
    row = desk.around.connections.get(made)
    return Option(made, row.name) if row and made != value else None


def _pretend(desk: Desk) -> str:
    """Return the id of the account's pretend buyer, as documents name it."""
    row = pretend_buyer(session=desk.session, actor=actor(), vault=tools.vault(), now=current.now())
    return ids.show(row.id, "con")
