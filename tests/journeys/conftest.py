"""Fixtures of the journeys: the whole app behind a socket, a real browser, and pages that must stay free of faults."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy.orm import Session

from flowbuilder.config import settings
from tests.support.cast import Cast, Member, a_member
from tests.support.live import PATIENCE, chromium, listening
from tests.support.looks import note_faults
from tests.support.sights import sights
from tests.support.web import running, session_of

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def base_url(database_url: str, redis_url: str) -> Iterator[str]:
    """Give the address of the app."""
    own = replace(settings(), database_url=database_url, redis_url=redis_url)
    with running(own) as app, listening(app) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give one browser for all journeys."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def saras(session: Session, cast: Cast) -> dict[str, str]:
    """Give Sara a market with all kinds of leads and flows; return the ids that stand in addresses."""
    return sights(session, cast)


@pytest.fixture
def dana(session: Session, cast: Cast) -> Member:
    """Give somebody else who may edit Sara's flows."""
    made = a_member(session, cast.sara.account, role="editor", person="Dana Deputy")
    session.commit()
    return made


@pytest.fixture
def visit(browser: Browser, base_url: str, session: Session) -> Iterator[Visit]:
    """Give a function that opens a page as somebody; at the end no page may have said anything to its console."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(path: str, member: Member | None = None, **options: object) -> Page:
        context = browser.new_context(base_url=base_url, **options)  # type: ignore[arg-type]
        contexts.append(context)
        if member:
            token = session_of(session, member)
            context.add_cookies([{"name": "session", "value": token, "url": base_url, "httpOnly": True}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        note_faults(page, faults)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def visit_refused(browser: Browser, base_url: str, session: Session) -> Iterator[Visit]:
    """Give a function that opens a page as somebody who will be refused something, which browsers note as a fault."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, member: Member, **options: object) -> Page:
        context = browser.new_context(base_url=base_url, **options)  # type: ignore[arg-type]
        contexts.append(context)
        token = session_of(session, member)
        context.add_cookies([{"name": "session", "value": token, "url": base_url, "httpOnly": True}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
