"""A lead goes by mail or into an inbox: one method decides, copies follow a yes and never change it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flowbuilder import ids
from tests.support.buyers import a_buyer, accepting, declining, in_turn
from tests.support.flows import BUSY, buyer, cap, group, quickly
from tests.support.mail import CUT, TAKEN, MailServer, a_mail_server
from tests.support.market import Market


def by_mail(market: Market, server: MailServer, *methods: str, step: dict[str, Any] | None = None, **to: Any) -> Any:
    """Offer one lead by these methods, with a buyer after it that takes what is left; return the lead."""
    with a_buyer(accepting) as helio:
        connection = market.connect_by(*(methods or ("email",)), mail=server, **to)
        market.publish([buyer(connection, "s1", **(step or {})), buyer(market.connect(helio), "s2", price=30)])
        [lead_id] = market.post()
        market.carry()
        while market.lead(lead_id).waiting_for == "retry":
            market.later(2)
            market.carry()
    return market.lead(lead_id)


def test_a_mail_that_its_server_takes_sells_the_lead(market: Market) -> None:
    with a_mail_server() as server:
        lead = by_mail(market, server)
    [letter], [offer], [attempt] = server.letters, market.offers(lead.id), market.attempts(lead.id)
    assert (lead.outcome, lead.revenue) == ("sold", 4200)
    assert (offer.delivery_method, offer.state, attempt.method, attempt.state) == ("email", "accepted", "email", "ok")
    assert (attempt.status, attempt.reply["body"]) == (250, "2.0.0 queued as 4Zx")
    assert letter.to == ["leads@brightroof.example"]
    assert letter.id == f"<{ids.show(offer.id)}@acme.example>"
    assert "Email:  ana0@example.com\nState:  CA" in letter.body()
    assert attempt.request["headers"] == [["Subject", "Lead of ana0@example.com"]]
    assert attempt.request["url"] == "leads@brightroof.example"


@pytest.mark.parametrize(
    ("to_recipient", "answers", "step", "first", "tries"),
    [
        (["550 no such user"], [TAKEN], quickly(max_attempts=3), "error", 1),
        (["250 OK"], ["554 spam"], quickly(max_attempts=3), "error", 1),
        (["450 later"], [TAKEN], quickly(max_attempts=2), "error", 2),
        (["450 later", "250 OK"], [TAKEN], quickly(max_attempts=3), "accepted", 2),
        (["250 OK"], ["452 full", TAKEN], quickly(max_attempts=3), "accepted", 2),
    ],
)
def test_what_the_mail_server_says_settles_the_offer(
    market: Market, to_recipient: list[str], answers: list[str], step: Any, first: str, tries: int
) -> None:
    with a_mail_server() as server:
        server.to_recipient, server.answers = to_recipient, answers
        lead = by_mail(market, server, step=step)
    offers = market.offers(lead.id)
    assert (lead.outcome, offers[0].state) == ("sold", first)
    assert offers[0].attempts == tries
    assert [offer.buyer for offer in offers] == ["s1", *(["s2"] if first == "error" else [])]


def test_a_mail_without_an_answer_is_sent_again_as_the_same_mail(market: Market) -> None:
    with a_mail_server() as server:
        server.answers = [CUT, TAKEN]
        lead = by_mail(market, server, step=quickly(max_attempts=3))
        assert [attempt.state for attempt in market.attempts(lead.id)] == ["ambiguous"]
        market.later(10)
        market.carry()
    first, second = server.letters
    assert first.id == second.id
    assert first.raw == second.raw
    assert market.lead(lead.id).outcome == "sold"
    assert [attempt.state for attempt in market.attempts(lead.id)] == ["ambiguous", "ok"]


def test_a_slow_mail_server_holds_up_nobody_elses_leads(market: Market) -> None:
    with a_mail_server() as server, a_buyer(accepting) as helio:
        server.speaks.clear()
        mailed, called = market.connect_by("email", mail=server, timeout_ms=60_000), market.connect(helio)
        is_ca = {"is": [{"var": "lead.state"}, "CA"]}
        market.publish([buyer(mailed, "s1", when=is_ca), buyer(called, "s2")])
        market.post(8)
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM attempt WHERE method = 'email') = 8")
            others = market.post(50, fields={"state": "NV"})
            helio.wait_for(50)
            market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') >= 50")
            assert len(server.letters) == 0
            server.speaks.set()
            market.wait_until_settled()
    assert {market.lead(lead_id).outcome for lead_id in others} == {"sold"}
    assert len(server.letters) == 8


def test_without_a_mail_server_the_lead_goes_on(market: Market) -> None:
    with a_buyer(accepting) as helio:
        connection = market.connect_by("email")
        market.publish([buyer(connection, "s1", retry={"max_attempts": 1}), buyer(market.connect(helio), "s2")])
        [lead_id] = market.post()
        market.carry()
    assert [(offer.buyer, offer.state) for offer in market.offers(lead_id)] == [("s1", "error"), ("s2", "accepted")]
    assert "SMTP_URL and MAIL_FROM are not set" in market.attempts(lead_id)[0].error


def test_an_inbox_takes_a_lead_at_once_and_without_a_call(market: Market) -> None:
    market.publish([buyer(market.connect_by("inbox"))])
    [lead_id] = market.post()
    market.carry()
    lead, [offer], [attempt], [row] = (
        market.lead(lead_id), market.offers(lead_id), market.attempts(lead_id), market.inbox(),
    )  # fmt: skip
    assert (lead.outcome, lead.revenue) == ("sold", 4200)
    assert (offer.delivery_method, offer.attempts, attempt.method, attempt.state) == ("inbox", 1, "inbox", "ok")
    assert attempt.request["fields"] == [["Email", "ana0@example.com"], ["State", "CA"]]
    assert (row.id, row.lead_id, row.offer_no, row.attempt_no, row.read_at) == (offer.id, lead_id, 1, 1, None)


def test_an_inbox_obeys_caps_and_must_haves_like_any_buyer(market: Market) -> None:
    needs = [["State", {"var": "lead.state"}, {"required": True}]]
    market.publish([buyer(market.connect_by("inbox", mapping=needs), caps=[{"limit": 2, "per": "day"}])])
    market.post(4)
    market.post(1, fields={"state": None})
    market.carry()
    assert Counter(lead.outcome for lead in market.leads()) == {"sold": 2, "rejected": 3}
    assert len(market.inbox()) == 2


def test_copies_follow_a_yes_on_their_own(market: Market) -> None:
    with a_mail_server() as server, a_buyer(accepting) as sunrise:
        market.connect_by("inbox", mail=server)
        connection = market.connect(
            sunrise, deliver_by=["webhook", "email", "inbox"], email={"to": "leads@sunrise.example"}
        )
        market.publish([buyer(connection)])
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).outcome == "sold"
        assert [(copy.method, copy.state) for copy in market.copies()] == [("email", "waiting")]
        assert len(market.inbox()) == 1
        market.send_copies()
        market.send_copies()
    [letter], [offer] = server.letters, market.offers(lead_id)
    assert "email:  ana0@example.com" in letter.body()
    assert letter.id == f"<{ids.show(offer.id)}@acme.example>"
    assert [(one.attempt_no, one.method, one.state) for one in market.attempts(lead_id)] == [
        (1, "webhook", "ok"), (2, "inbox", "ok"), (3, "email", "ok"),
    ]  # fmt: skip
    assert (offer.attempts, offer.delivery_method) == (1, "webhook")
    assert [(copy.method, copy.state) for copy in market.copies()] == [("email", "ok")]


def test_no_copy_goes_to_a_buyer_that_said_no(market: Market) -> None:
    with a_mail_server() as server, a_buyer(declining) as sunrise:
        market.mail = server
        connection = market.connect(
            sunrise, deliver_by=["webhook", "email", "inbox"], email={"to": "leads@sunrise.example"}
        )
        market.publish([buyer(connection)])
        market.post()
        market.carry()
        market.send_copies()
    assert (market.copies(), market.inbox(), server.letters) == ([], [], [])


def test_a_copy_that_fails_is_tried_again_and_never_changes_the_sale(market: Market) -> None:
    with a_mail_server() as server:
        server.answers, server.to_recipient = ["450 later", CUT, TAKEN], ["250 OK"]
        market.publish([buyer(market.connect_by("inbox", "email", mail=server))])
        [lead_id] = market.post()
        market.carry()
        for _ in range(3):
            market.send_copies()
            market.later(60)
    states = [one.state for one in market.attempts(lead_id) if one.method == "email"]
    assert states == ["error", "ambiguous", "ok"]
    assert len({letter.id for letter in server.letters}) == 1
    assert (market.lead(lead_id).outcome, market.offers(lead_id)[0].state) == ("sold", "accepted")
    assert [copy.state for copy in market.copies()] == ["ok"]


def test_a_copy_on_its_way_is_not_cut_short_by_what_becomes_of_its_lead(market: Market) -> None:
    """The lead goes on to other buyers meanwhile, and its run has to be closed."""
    with a_mail_server() as server, a_buyer(accepting) as sunrise, a_buyer(in_turn(BUSY)) as helio:
        server.speaks.clear()
        market.connect_by("email", mail=server)
        sold = buyer(market.connect(sunrise, deliver_by=["webhook", "email"], email={"to": "leads@sunrise.example"}))
        market.publish([cap(5), group(sold, buyer(market.connect(helio), "s2", **quickly()), sell_up_to=2)])
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).waiting_for == "retry"
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(market.send_copies)
            market.wait_until("EXISTS (SELECT FROM attempt WHERE method = 'email' AND state = 'sending')")
            market.edit(lambda document: document["steps"].pop(0))
            market.later(1000)
            market.carry()
            assert [offer.state for offer in market.offers(lead_id)] == ["accepted", "unknown"]
            server.speaks.set()
            sending.result()
    assert (market.lead(lead_id).outcome, market.lead(lead_id).revenue) == ("sold", 4200)
    assert [(copy.method, copy.state) for copy in market.copies()] == [("email", "ok")]
    assert [one.state for one in market.attempts(lead_id) if one.method == "email"] == ["ok"]


def test_a_copy_whose_offer_is_gone_is_given_up_and_the_others_are_sent(market: Market) -> None:
    with a_mail_server() as server:
        market.publish([buyer(market.connect_by("inbox", "email", mail=server))])
        gone, kept = market.post(2)
        market.carry()
        for table in ("attempt", "inbox_lead", "offer", "lead_event"):
            market.execute(f"DELETE FROM {table} WHERE lead_id = :id", id=gone)
        market.execute("DELETE FROM lead WHERE id = :id", id=gone)
        market.send_copies()
    assert {copy.lead_id: copy.state for copy in market.copies()} == {gone: "failed", kept: "ok"}
    assert market.attempts(gone) == []


def test_a_copy_that_is_refused_has_failed_and_the_lead_stays_sold(market: Market) -> None:
    with a_mail_server() as server:
        server.to_recipient = ["550 no such user"]
        market.publish([buyer(market.connect_by("inbox", "email", mail=server))])
        [lead_id] = market.post()
        market.carry()
        market.send_copies()
    assert [copy.state for copy in market.copies()] == ["failed"]
    assert market.attempts(lead_id)[1].error == "the mail server refused it: 550 no such user"
    assert market.lead(lead_id).outcome == "sold"


def test_a_web_request_may_be_a_copy_too(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.allowed.append(("127.0.0.1", sunrise.port))
        market.publish([buyer(market.connect_by("inbox", "webhook", url=sunrise.url()))])
        [lead_id] = market.post()
        market.carry()
        market.send_copies()
    [request], [offer] = sunrise.seen, market.offers(lead_id)
    assert request.key == ids.show(offer.id)
    assert request.body == {"Email": "ana0@example.com", "State": "CA"}


def test_a_copy_holds_what_the_buyer_took_and_not_what_a_step_made_of_it_later(market: Market) -> None:
    with a_mail_server() as server:
        connection = market.connect_by("inbox", "email", mail=server)
        nova = market.connect_by("inbox", mail=server)
        change = {"transform": {"id": "t", "set": [["state", "NV"]]}}
        market.publish([buyer(connection, "s1", sell="continue"), change, buyer(nova, "s2")])
        [lead_id] = market.post()
        market.carry()
        market.send_copies()
    assert "State:  CA" in server.letters[0].body()
    kept = [one.request["fields"][1][1] for one in market.attempts(lead_id) if one.method == "inbox"]
    assert kept == ["CA", "NV"]


def test_the_owner_of_an_inbox_is_told_once_without_a_word_of_the_lead(market: Market) -> None:
    with a_mail_server() as server:
        connection = market.connect_by("inbox", mail=server, inbox={"notice": "ana@brightroof.example"})
        market.publish([buyer(connection)])
        [lead_id] = market.post()
        market.carry()
        market.send_copies()
        market.send_copies()
    [letter], [offer] = server.letters, market.offers(lead_id)
    assert (letter.to, letter.id) == (["ana@brightroof.example"], f"<{ids.show(offer.id)}.notice@acme.example>")
    assert f"/connections/{connection}/inbox/{ids.show(offer.id)}" in letter.body()
    assert "ana0@example.com" not in letter.raw.decode()
    assert [(one.method, one.state) for one in market.attempts(lead_id)] == [("inbox", "ok"), ("notice", "ok")]


def test_a_test_lead_goes_into_no_inbox_and_no_mail(market: Market) -> None:
    with a_mail_server() as server:
        market.publish([buyer(market.connect_by("inbox", "email", mail=server))])
        [lead_id] = market.post(is_test=True)
        market.carry()
        market.send_copies()
    assert market.lead(lead_id).outcome == "sold"
    assert (market.inbox(), market.copies(), server.letters) == ([], [], [])
