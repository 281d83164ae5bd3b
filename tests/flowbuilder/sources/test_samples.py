"""Made-up leads are valid for every type of field, so that a pasted command works at once."""

import shlex
from urllib.parse import urlencode

import pytest
from werkzeug.test import EnvironBuilder

from flowbuilder.intake.reading import LeadForm
from flowbuilder.intake.request import Request
from flowbuilder.intake.wire import read_posted
from flowbuilder.sources.posting import PING_ID, commands, ping_commands, pings_last
from flowbuilder.sources.samples import sample_lead, sample_phone
from rules.fields import TYPES, Field, normalise
from tests.support.documents import solar

OPTIONS = {"choice": ("solar", "roofing")}


@pytest.mark.parametrize("field_type", TYPES)
def test_every_type_has_a_valid_sample(field_type):
    field = Field("it", field_type, options=OPTIONS.get(field_type, ()), region="US")
    assert normalise(sample_lead([field])["it"], field).valid


@pytest.mark.parametrize("region", ["US", "CA", "GB", "DE", "FR", "BR", "IN", "AU", "JP", "ZA"])
def test_a_phone_of_any_region_is_valid_there(region):
    field = Field("phone_1", "phone", region=region, check="valid")
    assert normalise(sample_phone(region), field).valid


def test_a_sample_passes_intake_with_everything_required():
    fields = [Field(f"f{n}", name, required=True, options=OPTIONS.get(name, ())) for n, name in enumerate(TYPES)]
    reading = LeadForm(fields, version=1, currency="USD").read(sample_lead(fields), is_test=False)
    assert reading.problems == []


def test_well_known_names_get_fitting_samples():
    fields = [Field("first_name", "name"), Field("city", "text"), Field("dob", "date"), Field("zip", "text")]
    assert sample_lead(fields) == {
        "first_name": "Ana", "city": "Los Angeles", "dob": "1984-03-02", "zip": "90012",
    }  # fmt: skip


def test_the_command_carries_key_and_lead():
    command = commands("http://127.0.0.1:8000/f/solar/forms", sample_lead([Field("email", "email")]), "lk_live_secret")[
        "JSON"
    ]
    assert command.splitlines() == [
        "curl -X POST http://127.0.0.1:8000/f/solar/forms \\",
        "  -H 'X-API-Key: lk_live_secret' \\",
        "  -H 'Content-Type: application/json' \\",
        '  -d \'{"email": "ana.silva@example.com"}\'',
    ]


def test_an_option_with_a_quote_in_it_does_not_break_the_command():
    field = Field("color", "choice", options=("it's red",))
    for command in commands("http://127.0.0.1:8000/f/a/b", sample_lead([field]), None).values():
        assert "'\"'\"'" in command
        assert "X-API-Key" not in command


def as_curl_sends(command: str) -> Request:
    """Return the request that curl makes of a command."""
    words = iter(shlex.split(command.replace("\\\n", " "))[3:])
    options = [(word, "" if word == "--get" else next(words)) for word in words if word.startswith("-")]
    form = urlencode([value.partition("=")[::2] for name, value in options if name == "--data-urlencode"])
    body = next((value for name, value in options if name == "-d"), form)
    kinds = [value.partition(": ")[2] for name, value in options if value.startswith("Content-Type")]
    if ("--get", "") in options:
        return Request(EnvironBuilder(method="GET", query_string=form).get_environ())
    kind = kinds[0] if kinds else "application/x-www-form-urlencoded"
    return Request(EnvironBuilder(method="POST", data=body, content_type=kind).get_environ())


@pytest.mark.parametrize("way", ["JSON", "Form", "XML", "GET"])
def test_each_command_posts_a_lead_that_passes(way):
    fields = [Field(f"f{n}", name, required=True, options=OPTIONS.get(name, ())) for n, name in enumerate(TYPES)]
    command = commands("http://127.0.0.1:8000/f/a/b", sample_lead(fields), "lk_live_secret")[way]
    posted, _ = read_posted(as_curl_sends(command))
    assert LeadForm(fields, version=1, currency="USD").read(posted).problems == []


def test_a_ping_says_nothing_of_the_person_and_the_post_says_the_rest():
    fields = [Field("email", "email"), Field("comment", "text"), Field("state", "state"), Field("bill", "money")]
    lead = sample_lead(fields)
    told = ping_commands("http://127.0.0.1:8000/f/a/b", lead, fields, "lk_live_secret")
    asked, posted = (read_posted(as_curl_sends(told[name]))[0] for name in ("Ask", "Post"))
    assert asked == {"state": "CA", "bill": 180}
    assert posted == {"ping_id": PING_ID, **{key: lead[key] for key in ("email", "comment")}}
    assert told["Ask"].startswith("curl -X POST http://127.0.0.1:8000/f/a/b/ping ")


def test_how_long_a_price_counts_is_the_flows_own():
    assert pings_last({}) == "5 minutes"
    assert pings_last(solar("con_a") | {"intake": {"pings_last": "90s"}}) == "90 seconds"
