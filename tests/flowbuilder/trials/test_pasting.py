"""A lead may be pasted as JSON, as a query string, or as a line of CSV."""

import pytest

from flowbuilder.trials.pasting import CannotRead, read_pasted

KEYS = ["first_name", "email", "state"]


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ('{"email": "a@example.com", "bill": 12.50}', {"email": "a@example.com", "bill": 12.50}),
        ('[{"email": "a@example.com"}]', {"email": "a@example.com"}),
        ("email=a%40example.com&state=CA", {"email": "a@example.com", "state": "CA"}),
        ("?state=CA&contact.email=a", {"state": "CA", "contact": {"email": "a"}}),
        ("https://x.example/f/1?state=CA&zip=90012", {"state": "CA", "zip": "90012"}),
        ("email,state\na@example.com,CA", {"email": "a@example.com", "state": "CA"}),
        ('name;note\n"Ana";"a; b"', {"name": "Ana", "note": "a; b"}),
        ("Ana,a@example.com,CA", {"first_name": "Ana", "email": "a@example.com", "state": "CA"}),
        ("Ana\t\tCA", {"first_name": "Ana", "state": "CA"}),
    ],
)
def test_a_lead_is_read(text, lead):
    assert read_pasted(text, KEYS) == lead


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Paste a lead first"),
        ('{"email": ', "begins like JSON"),
        ("[1]", "No field was found"),
        ("hello", "No field was found"),
        ("a=" + "x" * 70_000, "too long"),
    ],
)
def test_what_is_no_lead_says_so(text, why):
    with pytest.raises(CannotRead, match=why):
        read_pasted(text, KEYS)
