"""A first flow, from nothing to live: by mouse, by keyboard, on a phone, in the dark, and without scripts."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection
from tests.support.documents import first_flow
from tests.support.keyboard import Keyboard
from tests.support.looks import NARROW, WIDE, look_closely

Visit = Callable[..., Page]

EXAMPLE = '{"email": "ana@example.com", "phone": "(213) 555-0148", "state": "CA", "product": "Solar"}'
HUMAN_PACE = 0.5
"""Seconds that a person takes for one action; they are counted, and not waited for."""
LOOKS = {
    "wide": WIDE,
    "phone in the dark": NARROW | {"color_scheme": "dark"},
    "no scripts": WIDE | {"java_script_enabled": False},
    "keyboard": WIDE,
}


class Seller:
    """Sara at her first flow: with a mouse. What she does is done once the page says so."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def press(self, what: Locator) -> None:
        """Press a button, follow a link, or tick a choice."""
        self.actions += 1
        what.click()

    def choose(self, what: Locator, label: str) -> None:
        """Choose one of a list."""
        self.actions += 1
        what.select_option(label=label)

    def write(self, what: Locator, text: str) -> None:
        """Write into a field, and leave it."""
        self.actions += 1
        what.fill(text)
        what.blur()

    def stop(self) -> None:
        """Look at the page as it is now."""
        look_closely(self.page)

    def put_away(self) -> None:
        """Come back to the steps from the panel, where both do not stand side by side."""

    def save(self) -> None:
        """Have the form in the panel saved, which happens by itself where scripts run."""

    def await_impact(self) -> None:
        """Wait for what the draft would have done: the page asks for it by itself."""

    @property
    def panel(self) -> Locator:
        """Return the panel."""
        return self.page.get_by_role("complementary", name="Settings of a step")

    def card(self, step: str) -> Locator:
        """Return the card of a step by what it says above its sentence."""
        return self.page.get_by_role("article").filter(has=self.page.get_by_text(step))

    def field(self, label: str | re.Pattern[str]) -> Locator:
        """Return a field of the panel."""
        return self.panel.get_by_label(label, exact=isinstance(label, str))

    def button(self, name: str) -> Locator:
        """Return a button of the panel."""
        return self.panel.get_by_role("button", name=name)

    def add(self, kind: str, below: str, number: int) -> None:
        """Add a step of a kind below another one; it becomes the step of a number, and its panel opens."""
        self.put_away()
        self.press(self.page.get_by_role("link", name=re.compile(f"^Add a step below {below}")))
        self.press(self.page.get_by_role("button", name=re.compile(f"^{kind} ")).first)
        expect(self.panel.get_by_role("heading", level=2)).to_have_text(f"Step {number} · {kind}")

    def open(self, sentence: str | re.Pattern[str]) -> None:
        """Open the panel of a card by its sentence."""
        self.put_away()
        self.press(self.page.get_by_role("heading", level=3).get_by_role("link", name=sentence))


class OnAPhone(Seller):
    """Sara on her phone, where an open panel covers the steps."""

    def put_away(self) -> None:
        """Close the panel, if one is open."""
        close = self.panel.get_by_role("link", name="Close this panel")
        if close.is_visible():
            self.press(close)
            expect(close).to_be_hidden()


class WithoutScripts(Seller):
    """Sara where no script runs: a form is saved by its button."""

    def stop(self) -> None:
        """Look at nothing: what looks is a script."""

    def save(self) -> None:
        """Press the button under the form, and come back to the panel."""
        address = self.page.url
        self.press(self.button("Done"))
        if "step=" not in self.page.url:
            self.page.goto(address)

    def await_impact(self) -> None:
        """Ask for what the draft would have done."""
        self.press(self.page.get_by_role("link", name="Show it on a page of its own"))


class ByKeyboard(Seller):
    """Sara without a mouse; each key is an action."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.keyboard = Keyboard(page)

    @property
    def actions(self) -> int:
        """Return how many keys were pressed."""
        return self.keyboard.pressed

    @actions.setter
    def actions(self, _: int) -> None:
        """Begin at no key."""

    def press(self, what: Locator) -> None:
        """Go to a button, a link or a choice, and take it."""
        self.keyboard.activate(what)

    def choose(self, what: Locator, label: str) -> None:
        """Go to a list and choose one of it."""
        self.keyboard.choose(what, label)

    def write(self, what: Locator, text: str) -> None:
        """Go to a field, write, and go on."""
        self.keyboard.write(what, text)
        self.keyboard.press("Tab")

    def stop(self) -> None:
        """Look at the page as it is now; the keys go somewhere."""
        self.keyboard.await_answers()
        super().stop()

    def add(self, kind: str, below: str, number: int) -> None:
        """Open the list of kinds, and find one by its name."""
        self.press(self.page.get_by_role("link", name=re.compile(f"^Add a step below {below}")))
        self.keyboard.type(kind)
        self.keyboard.press("Enter")
        expect(self.panel.get_by_role("heading", level=2)).to_have_text(f"Step {number} · {kind}")


def begin(seller: Seller) -> None:
    """Make an empty flow with the fields of an example lead."""
    page = seller.page
    seller.write(page.get_by_label("Name", exact=True), "CA solar")
    seller.press(page.get_by_role("radio", name="An empty flow"))
    seller.press(page.get_by_role("button", name="Make the flow"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit CA solar")
    seller.stop()
    seller.open(re.compile("field checked"))
    seller.press(seller.panel.get_by_text("Paste an example lead"))
    seller.write(seller.field("JSON, or one line of a CSV"), EXAMPLE)
    seller.press(seller.button("Add its fields"))
    expect(seller.panel.get_by_text("Product", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="From no sources, 4 fields checked")).to_be_visible()
    seller.stop()


def add_filter(seller: Seller) -> None:
    """Let only solar leads from California go on."""
    seller.add("Filter", "“Leads arrive”", 1)
    seller.stop()
    for number, (name, value) in enumerate((("State", "CA"), ("Product", "Solar")), start=1):
        seller.press(seller.button("Add rule"))
        seller.choose(seller.field(f"Field of rule {number}"), name)
        seller.save()
        answer = seller.field(f"Value of rule {number}")
        if name == "State":
            seller.choose(answer, "CA California")
        else:
            seller.write(answer, value)
        seller.save()
    seller.write(seller.field("Reason"), "Not CA solar")
    seller.save()
    card = seller.card("Step 1 · Filter")
    expect(card).to_contain_text("Continue only if State is CA and Product is Solar")
    expect(card).to_contain_text("Otherwise: reject “Not CA solar”")
    seller.stop()


def add_buyers(seller: Seller) -> None:
    """Offer them to Buyer A at $42, up to 100 a day, and then to Buyer B at $38."""
    seller.add("Buyer", "step 1", 2)
    seller.choose(seller.field("Buyer"), "Buyer A")
    seller.write(seller.field("Price"), "42")
    seller.press(seller.button("Add a cap"))
    expect(seller.field("At most").last).to_have_value("100")
    seller.save()
    expect(seller.card("Step 2 · Buyer")).to_contain_text("Offer to Buyer A at $42.00, up to 100 a day")
    seller.stop()
    seller.add("Buyer", "Buyer A", 3)
    seller.choose(seller.field("Buyer"), "Buyer B")
    seller.write(seller.field("Price"), "38")
    seller.save()
    expect(seller.card("Step 3 · Buyer")).to_contain_text("Offer to Buyer B at $38.00")
    seller.stop()


def let_wait(seller: Seller) -> None:
    """Let leads that nobody takes wait up to 24 hours."""
    seller.open("Reject “No buyer available”")
    seller.press(seller.panel.get_by_role("radio", name=re.compile("^Let it wait")))
    seller.save()
    expect(seller.card("When nobody takes the lead")).to_contain_text(
        "Wait up to 24 hours, offer again every 15 minutes"
    )
    words = seller.page.get_by_role("region", name="In plain words")
    for said in ("CA", "Solar", "100 a day", "Buyer B", "wait up to 24 hours"):
        expect(words).to_contain_text(said)
    seller.stop()


def try_and_publish(seller: Seller) -> None:
    """Send a lead through the draft, then review it and make it live."""
    page = seller.page
    seller.put_away()
    seller.press(page.get_by_role("link", name="Test with a lead"))
    expect(page.get_by_role("region", name="What would happen")).to_contain_text("Sold to Buyer A")
    seller.stop()
    seller.press(page.get_by_role("link", name="Open editor", exact=True))
    seller.press(page.get_by_role("link", name="Review and publish"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Review: CA solar")
    seller.stop()
    seller.await_impact()
    seller.press(page.get_by_role("button", name="Publish version 1"))
    expect(page.get_by_role("heading", level=1)).to_have_text("CA solar")
    expect(page.get_by_role("main")).to_contain_text("Live: version 1")
    seller.stop()


def the_flow(session: Session, cast: Cast) -> Flow:
    """Return Sara's only flow as it is stored now."""
    session.rollback()
    return session.scalars(select(Flow).where(Flow.account_id == cast.sara.account.id)).one()


def buyers(session: Session, cast: Cast) -> list[str]:
    """Let Sara's account have two connected buyers; return their ids as documents show them."""
    made = [ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in ("Buyer A", "Buyer B")]
    session.commit()
    return made


@pytest.mark.parametrize("look", LOOKS)
def test_a_first_flow_goes_live(visit: Visit, session: Session, cast: Cast, look: str) -> None:
    connections = buyers(session, cast)
    options: dict[str, Any] = LOOKS[look]
    page = visit("/flows/new", cast.sara, **options)
    sellers = {"no scripts": WithoutScripts, "phone in the dark": OnAPhone, "keyboard": ByKeyboard}
    seller = sellers.get(look, Seller)(page)
    begin(seller)
    add_filter(seller)
    add_buyers(seller)
    let_wait(seller)
    try_and_publish(seller)
    flow = the_flow(session, cast)
    assert flow.live_version == 1
    made = [settings["id"] for step in flow.draft["steps"] for settings in step.values()]
    assert flow.draft == first_flow(*connections, steps=made)
    assert seller.actions * HUMAN_PACE < 5 * 60
