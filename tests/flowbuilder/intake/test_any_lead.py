"""Whatever a supplier posts: a lead with values that can be stored, or problems that a supplier can read."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from flowbuilder.intake.reading import LeadForm
from rules import json_text
from rules.fields import TYPES, Field

MANY = settings(max_examples=200)
FORM = LeadForm(
    [
        Field(key, key, options=("solar", "roofing"), required=key == "email", aliases=("E-Mail", "mail"))
        for key in TYPES
    ],
    version=1,
    currency="USD",
)
# U+0000 and lone surrogates are stripped or refused before a post is read.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
NAMES = st.one_of(
    st.sampled_from(
        [*TYPES, *(key.upper() for key in TYPES), "E-Mail", "lead.email", "is_test", "testOutcome", "a.b.c"]
    ),
    st.text(LETTERS, max_size=8),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.text(LETTERS, max_size=30),
    st.sampled_from(
        ["ana@example.com", "(512) 867-5309", "CA", "94105-1234", "1985-02-30", "$1,200.50", "yes", "sold"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
POSTS = st.dictionaries(NAMES, VALUES, max_size=8)


@MANY
@given(POSTS, st.booleans())
def test_a_post_is_a_lead_that_can_be_stored_or_has_problems(posted: dict[str, object], is_test: bool) -> None:
    reading = FORM.read(posted, is_test=is_test, now=datetime(2026, 11, 20, tzinfo=UTC))

    assert set(reading.values) | set(reading.invalid) <= set(TYPES)
    assert json_text.read(json_text.write(reading.values)) == reading.values
    assert json_text.write(reading.posted)
    assert all(re.search(r"[.?]$", problem.message) for problem in reading.problems)


@MANY
@given(POSTS)
def test_normal_forms_are_read_again_as_they_are(posted: dict[str, object]) -> None:
    first = FORM.read(posted, is_test=True)
    again = FORM.read(first.values, is_test=True)

    assert again.values == first.values
    assert not any(isinstance(value, float) for value in again.values.values())
