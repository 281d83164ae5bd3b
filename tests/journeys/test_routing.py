"""A published flow really routes: the first buyer gets its 100 a day, the next one the rest, and the pages say so."""

from playwright.sync_api import Browser, Page, expect

from flowbuilder import embedded, ids
from tests.support.buyers import a_buyer
from tests.support.documents import first_flow
from tests.support.flows import SURELY
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely
from tests.support.market import a_market
from tests.support.storefront import open_for_business

POSTED = 103
LIMIT = 100


def test_a_buyer_gets_as_many_as_its_cap_allows_and_the_next_one_the_rest(
    browser: Browser, servers: embedded.Servers, fresh_database_url: str, fresh_redis_url: str
) -> None:
    with a_buyer() as a, a_buyer() as b, a_market(fresh_database_url, fresh_redis_url) as market:
        named = {"Buyer A": a, "Buyer B": b}
        document = first_flow(*(market.connect(one, row={"name": name}, **SURELY) for name, one in named.items()))
        market.publish(**document)
        with open_for_business(market, servers) as shop:
            answers = [shop.post(email=mail(number), state="CA", product="Solar") for number in range(1, POSTED + 1)]
            assert {(answer["status"], answer["price"]) for answer in answers} == {("sold", 10)}
            assert (len(a.seen), len(b.seen)) == (LIMIT, POSTED - LIMIT)
            assert [request.body["email"] for request in b.seen] == [mail(number) for number in (101, 102, 103)]
            assert sorted(market.used().values()) == [LIMIT]
            for look in (WIDE, SMALL_AND_DARK):
                with shop.opened(browser, f"/flows/{ids.show(market.flow_id, 'flo')}", **look) as page:
                    the_bar_is_full(page)
                    for answer in answers[LIMIT:]:
                        page.goto(f"/leads/{answer['lead']['id']}")
                        buyer_a_was_full(page)


def mail(number: int) -> str:
    """Return the address of the person of a lead."""
    return f"ana{number}@example.com"


def the_bar_is_full(page: Page) -> None:
    """Read the card of the first buyer on the flow's page."""
    card = page.get_by_role("article").filter(has_text="Offer to Buyer A")
    expect(card).to_contain_text("100 of 100")
    bar = card.get_by_role("progressbar")
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("100", "100")
    look_closely(page)


def buyer_a_was_full(page: Page) -> None:
    """Read what happened to a lead that came once the first buyer had its leads of the day."""
    happened = page.get_by_role("list", name="What happened, in order").get_by_role("article")
    passed_by, sold = (happened.filter(has=page.get_by_role("link", name=name)) for name in ("Buyer A", "Buyer B"))
    expect(passed_by).to_contain_text("Cap reached")
    expect(passed_by).to_contain_text("Not asked: its cap is reached")
    expect(sold).to_contain_text("Accepted at $38.00")
    look_closely(page)
