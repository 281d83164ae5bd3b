"""The main job as a newcomer does it: connect a buyer, publish a flow, give a supplier an address, follow a lead."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session

from flowbuilder import db
from flowbuilder.config import settings
from tests.support.buyers import Buyer, Seen, a_buyer
from tests.support.cast import PASSWORD, Member, a_seller
from tests.support.documents import solar
from tests.support.live import PATIENCE, everything
from tests.support.looks import LOOKS, WIDE, look_closely, note_faults
from tests.support.processes import free_port

TOKEN = "bright_live_7Q2F"
MAPPING = [("contact.email", "lead.email"), ("state", "lead.state"), ("campaign", "ACME-77")]


def brightroof(request: Seen) -> tuple[int, dict[str, object]]:
    """Accept every lead that comes with the right token, at its own price."""
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, {"status": "refused"}
    return 200, {"status": "accepted", "id": "BR-2041", "price": 42.5}


@dataclass
class Newcomer:
    """Sara on her first day: her page in the app, and where she has been."""

    page: Page
    stops: list[str]

    def stop(self, heading: str) -> None:
        """Arrive at a page, look at it closely, and remember it."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        look_closely(self.page)
        self.stops.append(self.page.url)

    def go(self, place: str) -> None:
        """Follow a link of the main places."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()

    def follow(self, link: str | re.Pattern[str]) -> None:
        """Follow a link on the page."""
        self.page.get_by_role("main").get_by_role("link", name=link).first.click()

    def press(self, button: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def write(self, label: str, text: str) -> None:
        """Fill in a field."""
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str) -> None:
        """Choose one of several."""
        self.page.get_by_role("radio", name=label).check()

    def part(self, name: str) -> Locator:
        """Return a part of the page by its heading."""
        return self.page.get_by_role("region", name=name, exact=True)

    def copied(self) -> str:
        """Return what was copied last."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))


@pytest.fixture
def buyer() -> Iterator[Buyer]:
    """Give Brightroof's own server."""
    with a_buyer(brightroof) as running:
        yield running


@pytest.fixture
def address(buyer: Buyer, fresh_database_url: str, fresh_redis_url: str, tmp_path: Path) -> Iterator[str]:
    """Give the address of the whole app, with workers, in an empty database."""
    port = free_port()
    own = replace(
        settings(),
        home=tmp_path / "home",
        database_url=fresh_database_url,
        redis_url=fresh_redis_url,
        public_url=f"http://127.0.0.1:{port}",
        web_port=int(port),
        outbound_allow=(("127.0.0.1", buyer.port),),
    )
    with everything(own, own.home):
        yield own.public_url


@pytest.fixture
def sara(fresh_database_url: str) -> Member:
    """Give somebody with an account and nothing in it."""
    engine = db.make_engine(fresh_database_url, pool_size=1)
    with Session(engine, expire_on_commit=False) as session:
        made = a_seller(session)
        session.commit()
    engine.dispose()
    return made


@contextmanager
def newcomer(browser: Browser, address: str) -> Iterator[Newcomer]:
    """Give somebody before the sign-in page; in the end no page may have said anything to its console."""
    faults: list[str] = []
    context = browser.new_context(base_url=address, **WIDE)  # type: ignore[arg-type]
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    note_faults(page, faults)
    page.goto("/")
    yield Newcomer(page, [])
    context.close()
    assert faults == []


def test_from_an_empty_account_to_a_sold_lead(browser: Browser, address: str, sara: Member, buyer: Buyer) -> None:
    with newcomer(browser, address) as she:
        sign_in(she, sara)
        connection = connect_the_buyer(she, buyer)
        publish_a_flow(she, connection)
        command, live_key = add_a_source(she)
        tried = post(command)
        assert (tried["status"], len(buyer.seen)) == ("sold", 1), "a test: nobody is called but by the test before"
        lead = post(re.sub("lk_test_[^']+", live_key, command))
        assert (lead["status"], lead["price"]) == ("sold", 31.5)
        follow_the_lead(she, buyer)
        see_the_numbers(she)
        look_again(browser, she)


def sign_in(she: Newcomer, sara: Member) -> None:
    """Sign in and find an account with nothing in it."""
    she.stop("Sign in")
    she.write("Email address", sara.person.email)
    she.write("Password", PASSWORD)
    she.press("Sign in")
    she.stop("Home")
    expect(she.part("Begin here")).to_contain_text("0 of 4 done")


def connect_the_buyer(she: Newcomer, buyer: Buyer) -> str:
    """Connect Brightroof, send a test lead, and return the connection's id as flows name it."""
    she.follow("Connect a buyer")
    she.stop("New connection")
    she.write("Buyer", "Brightroof")
    she.write("Address", buyer.url())
    she.choose("A token (Authorization: Bearer)")
    she.write("Token, password, key or client secret", TOKEN)
    for row, (theirs, ours) in enumerate(MAPPING, start=1):
        she.write(f"Their field, row {row}", theirs)
        she.write(f"Gets, row {row}", ours)
    she.choose("Its “status” is “accepted”")
    she.write("Price", "body.price")
    she.write("Their reference", "body.id")
    she.press("Save the connection")
    she.stop("Brightroof")
    connection = she.page.get_by_role("code").filter(has_text=re.compile("^con_")).first.inner_text()
    she.press("Send test lead")
    expect(she.page.get_by_role("status").filter(has_text="Brightroof accepted the test lead")).to_be_visible()
    she.stop("Test lead")
    assert buyer.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in she.page.content()
    return connection


def publish_a_flow(she: Newcomer, connection: str) -> None:
    """Import a document that names the connection, read it in plain words, and make it live."""
    she.go("Home")
    she.follow("Make a flow")
    she.stop("New flow")
    she.write("Name", "California solar")
    she.choose("A document")
    she.write("Paste the document", json.dumps(solar(connection)))
    she.press("Make the flow")
    she.stop("Edit California solar")
    expect(she.part("In plain words")).to_contain_text("Brightroof")
    she.follow("Review and publish")
    she.stop("Review: California solar")
    she.press("Publish version 1")
    expect(she.page.get_by_text("Version 1 is live.")).to_be_visible()
    she.stop("California solar")


def add_a_source(she: Newcomer) -> tuple[str, str]:
    """Add a supplier and return the command that their page gives to paste, and the key with which leads are sold."""
    she.follow("Suppliers that post to it")
    she.follow("Add a source")
    she.stop("New source")
    she.write("Supplier", "WebForms Co")
    she.choose("A fixed amount for a sold lead")
    she.write("How much", "31.50")
    she.press("Make the source")
    she.stop("WebForms Co")
    she.press("Copy the command")
    expect(she.page.get_by_text("Copied.")).to_be_visible()
    command = she.copied()
    live_key = she.page.get_by_role("code").filter(has_text=re.compile("^lk_live_")).inner_text()
    she.page.reload()
    expect(she.page.get_by_text("YOUR_TEST_KEY").first).to_be_visible()
    return command, live_key


def post(command: str) -> dict[str, object]:
    """Run the copied command in a shell, as it is, and return what the app answers."""
    assert shutil.which("curl"), "the journey posts with curl: apt-get install curl"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


def follow_the_lead(she: Newcomer, buyer: Buyer) -> None:
    """Open the lead and read what happened, down to the buyer's own words."""
    she.go("Leads")
    she.stop("Leads")
    she.page.get_by_role("region", name="Table of leads").get_by_role("link").first.click()
    expect(she.page.get_by_role("heading", level=1)).to_have_text(re.compile("^Lead "))
    steps = she.page.get_by_role("list", name="What happened, in order").locator(":scope > li")
    expect(steps).to_have_text([
        re.compile(words, re.DOTALL)
        for words in ("Arrived", "State is CA", "Brightroof.*Accepted", "Sold", "Answer to the supplier.*sold")
    ])  # fmt: skip
    expect(she.page.get_by_text("ana.silva@example.com")).to_have_count(0)
    she.stops.append(she.page.url)
    she.press("Show personal data")
    she.page.get_by_text("Answered, status 200").click()
    expect(she.page.get_by_label("They answered")).to_contain_text("BR-2041")
    expect(she.page.get_by_label("We sent")).to_contain_text("ana.silva@example.com")
    assert TOKEN not in she.page.content()
    look_closely(she.page)
    assert buyer.seen[1].body == {"contact": {"email": "ana.silva@example.com"}, "state": "CA", "campaign": "ACME-77"}


def see_the_numbers(she: Newcomer) -> None:
    """Go home: the checklist is gone, the day's numbers are there."""
    she.go("Home")
    she.stop("Home")
    expect(she.part("Begin here")).to_have_count(0)
    for number, name in enumerate(("Arrived", "Sold")):
        expect(she.part("Today").get_by_role("term").nth(number)).to_have_text(name)
        expect(she.part("Today").get_by_role("definition").nth(number)).to_have_text("1")
    expect(she.part("Today")).to_contain_text("$42.00")
    expect(she.part("Today")).to_contain_text("$10.50")


def look_again(browser: Browser, she: Newcomer) -> None:
    """Open every page again where she has been, now that they are filled, dark and narrow."""
    context = browser.new_context(storage_state=she.page.context.storage_state(), **LOOKS["dark and narrow"])
    page = context.new_page()
    for address in dict.fromkeys(she.stops):
        page.goto(address)
        look_closely(page)
    context.close()
