"""Made-up leads are valid for every type of field, so that a pasted command works at once."""

import pytest

from flowbuilder.intake.reading import LeadForm
from flowbuilder.sources.posting import curl
from flowbuilder.sources.samples import sample_lead, sample_phone
from rules.fields import TYPES, Field, normalise

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
    command = curl("http://127.0.0.1:8000/f/solar/forms", [Field("email", "email")], "lk_live_secret")
    assert command.splitlines() == [
        "curl -X POST http://127.0.0.1:8000/f/solar/forms \\",
        "  -H 'Content-Type: application/json' \\",
        "  -H 'X-API-Key: lk_live_secret' \\",
        '  -d \'{"email": "ana.silva@example.com"}\'',
    ]


def test_an_option_with_a_quote_in_it_does_not_break_the_command():
    field = Field("color", "choice", options=("it's red",))
    assert "'\"'\"'" in curl("http://127.0.0.1:8000/f/a/b", [field], None)
    assert "X-API-Key" not in curl("http://127.0.0.1:8000/f/a/b", [field], None)
