"""Every end of a test call is told in plain words, with what to do about it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from flowbuilder.connections.test_words import told
from tests.support.cast import now

MAPPED = {"mapping": [["email", {"var": "lead.email"}]]}
SUNRISE = SimpleNamespace(name="Sunrise Energy", destination=MAPPED)
NOW = now()  # Tests are made when they are collected, which may be long before they run.


def a_test(answer=None, *, state="done", status=None, age=0):
    reply = {"status": status, "headers": [], "body": ""} if status else None
    made = SimpleNamespace(state=state, answer=answer, reply=reply, request=None)
    made.created_at = NOW - timedelta(seconds=age)
    return made


@pytest.mark.parametrize(
    ("test", "tone", "words"),
    [
        (a_test({"kind": "accepted", "ms": 412}, status=200), "ok", "accepted the test lead in 412 ms"),
        (a_test({"kind": "declined", "said": "your key was not accepted (401)"}, status=401), "bad", "Replace it"),
        (a_test({"kind": "declined", "said": "the server answered 404"}, status=404), "bad", "Check its path"),
        (a_test({"kind": "declined", "said": "no thanks"}, status=200), "bad", "No thanks."),
        (a_test({"kind": "declined"}, status=200), "bad", "not a clear yes"),
        (a_test({"kind": "error", "said": "the server answered 500"}, status=500), "bad", "did not get through"),
        (a_test({"kind": "not_sent", "said": "the name was not found"}), "bad", "The name was not found."),
        (a_test({"kind": "not_sent"}), "bad", "could not be reached"),
        (a_test({"kind": "ambiguous", "said": "no answer in time"}), "warn", "may have arrived"),
        (a_test({"kind": "blocked"}), "bad", "The call was not made."),
        (a_test({"kind": "cannot_build", "said": "The buyer requires “email”."}), "bad", "requires “email”."),
        (a_test(state="queued"), "info", "Waiting for a free worker"),
        (a_test(state="sending", age=5), "info", "Waiting for the buyer's server"),
        (a_test(state="sending", age=600), "warn", "Send another one."),
    ],
)
def test_an_end_has_its_words(test, tone, words):
    said = told(test, SUNRISE, NOW)
    assert said.tone == tone
    assert words in f"{said.title} {said.advice}"


@pytest.mark.parametrize(
    ("body", "destination", "words"),
    [
        ('{"status": "accepted", "failed": [], "errors": null}', MAPPED, ""),
        ('{"status": "Declined"}', MAPPED, "the answer says “declined”, and counts as a yes"),
        ('{"success": false}', MAPPED, "the answer says “false”, and counts as a yes"),
        ('{"status": "declined"}', MAPPED | {"accepted_if": {"is": [{"var": "body.id"}, "SX-1"]}}, ""),
        ("ok", {"mapping": []}, "it was empty: none of their fields is mapped."),
    ],
)
def test_a_yes_that_may_be_none_is_doubted(body, destination, words):
    test = a_test({"kind": "accepted"}, status=200)
    test.reply["body"] = body
    said = told(test, SimpleNamespace(name="Sunrise Energy", destination=destination, real_words=[]), NOW)
    assert (said.tone, words in said.advice) == ("warn" if words else "ok", True)


@pytest.mark.parametrize(("state", "age", "done"), [("queued", 1, False), ("sending", 600, True), ("done", 0, True)])
def test_the_page_asks_again_until_it_is_done_or_lost(state, age, done):
    assert told(a_test({"kind": "accepted"}, state=state, age=age), SUNRISE, NOW).is_done is done


def test_what_was_read_out_of_the_answer_is_told():
    answer = {"kind": "accepted", "price": "42.00", "reference": "SX-991", "notes": ["The price was not used."]}
    assert told(a_test(answer), SUNRISE, NOW).notes == (
        ("Price", "42.00"), ("Their reference", "SX-991"), ("Note", "The price was not used."),
    )  # fmt: skip
