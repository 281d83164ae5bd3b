"""The catalogue of fields over the API."""

from tests.support.cast import a_flow, a_lead, a_source

SHADE = {"type": "choice", "options": ["none", "some"], "aliases": ["roofShade"]}


def test_a_field_is_put_read_listed_and_removed(api):
    put = api("PUT", "/fields/shade", SHADE)
    assert put.status_code == 200
    assert {name: put.json[name] for name in ("key", "type", "label", "options", "sensitive", "aliases")} == {
        **SHADE, "key": "shade", "label": "Shade", "sensitive": False,
    }  # fmt: skip
    assert api("GET", "/fields/shade").json == put.json
    assert api("GET", "/fields").json == {"fields": [put.json]}
    assert api("PUT", "/fields/shade", {"type": "text"}).json["options"] == []
    assert api("DELETE", "/fields/shade").json == {"key": "shade"}
    assert api("GET", "/fields/shade").status_code == 404


def test_what_cannot_be_a_field_is_told_with_its_address(api):
    refused = api("PUT", "/fields/shade", {"type": "choice", "colour": "red"})
    assert refused.status_code == 422
    assert [problem["path"] for problem in refused.json["error"]["problems"]] == ["colour"]
    refused = api("PUT", "/fields/shade", {"type": "choice"})
    assert [problem["path"] for problem in refused.json["error"]["problems"]] == ["options"]


def test_names_that_nobody_reads_are_told_without_their_values(api, session, cast):
    lead = {"posted": {"email": "ana@example.com", "car": "Volvo"}, "ignored": ["car"]}
    a_lead(session, a_source(session, a_flow(session, cast.sara)), **lead)
    session.commit()
    [name] = api("GET", "/unknown-fields").json["names"]
    assert (name["name"], name["supplier"], name["seen"], name["field"]) == ("car", "WebForms Co", 1, None)
    assert "Volvo" not in str(name)
