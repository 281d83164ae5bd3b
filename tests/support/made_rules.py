"""Made-up rules as people could build them: every field, every comparison, groups in groups, rows turned off."""

from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from rules.builder import DEEPEST, Group, Opaque, Row, comparisons_for
from rules.builder.editors import beside
from rules.builder.forms import settled
from rules.builder.places import EarlierStep, Place, places_at
from rules.builder.shapes import is_list
from rules.fields import Field
from rules.operators.base import Shape
from tests.support.a_lead import FIELDS

PLACES = places_at(
    FIELDS,
    own=[key for key in FIELDS if key != "tags"],
    steps=[EarlierStep("s1", "step 1", ("tags",)), EarlierStep("s2", "step 2")],
    values={"min_bill": 120, "partner": "ACME", "open": True},
)
EVERY_PLACE = tuple(place for shelf in PLACES.shelves for place in shelf.places)
SAMPLES: dict[str, tuple[Any, ...]] = {
    "state": ("CA", "NV", "TX"),
    "country": ("US", "DE", "CA"),
    "number": (1, 25, Decimal("99.5"), -3),
    "money": (120, Decimal("49.99")),
    "date": ("2026-11-20", "2026-12-01"),
    "dob": ("1985-01-05", "2001-02-28"),
    "datetime": ("2026-11-20", "2026-11-20T08:00:00Z"),
    "moment": ("2026-11-20", "2026-11-20T08:00:00Z"),
    "postal_code": ("94105", "10001", "94105-1234"),
    "phone": ("+15125551234", "+4930901820"),
    "email": ("ana@example.com", "bo@example.org"),
    "ip": ("203.0.113.7", "2001:db8::1"),
    "url": ("http://example.com/offer",),
    "range": ("100-200", "700+"),
    "boolean": (True, False),
}
TEXTS = ("Austin", "San José", "a, b", "50% off", "x")


def values_of(kind: Field | None) -> tuple[Any, ...]:
    """Return values of a field's type."""
    options = tuple(kind.options) if kind else ()
    return options or SAMPLES.get(kind.type if kind else "", TEXTS)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Give a row that people could build, complete or with its value still to come."""
    place: Place = draw(st.sampled_from(EVERY_PLACE))
    comparison = draw(st.sampled_from(comparisons_for(place.field)))
    kind, off = beside(comparison, place.field), draw(st.booleans())
    shape = "several" if is_list(comparison, place.field) and comparison.shape == "one" else comparison.shape
    return Row(place.path, comparison.key, draw(beside_of(shape, values_of(kind))), off=off)


@cache  # to make a strategy takes longer than to draw from it
def beside_of(shape: Shape, samples: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Give what stands beside a field in one shape."""
    values = st.sampled_from(samples)
    fields = st.builds(lambda place: {"var": place.path}, st.sampled_from(EVERY_PLACE))
    one = st.one_of(values, st.just(""), fields)
    entries = st.lists(values, max_size=4, unique_by=str).map(without_answers)
    given: dict[Shape, st.SearchStrategy[tuple[Any, ...]]] = {
        "nothing": st.just(()),
        "type": st.just(()),
        "one": st.tuples(one),
        "two": st.tuples(one, one),
        "several": st.tuples(entries),
        "parts": st.tuples(entries.map(lambda found: found if len(found) > 1 else found[0] if found else "")),
        "duration": st.sampled_from((("30d",), ("2w",), ("15m",), ("",))),
        "days": st.sampled_from(((["mon"],), (["sat", "sun"],), ([],))),
        "times": st.sampled_from((("08:00", "18:00"), ("22:00", "06:00", "America/Los_Angeles"), ("", ""))),
        "distance": st.sampled_from((("94105", 25), ("94105", 25, "km"), ("", 25))),
        "list": st.sampled_from((("lst_ABC",), ("",))),
        "pattern": st.sampled_from((("^a+",), ("[0-9]{5}",), ("",))),
    }
    return given[shape]


def without_answers(entries: list[Any]) -> list[Any]:
    """Return what can stand in a list: no yes and no."""
    return [entry for entry in entries if not isinstance(entry, bool)]


@cache
def opaques() -> st.SearchStrategy[Opaque]:
    """Give parts that the builder cannot draw."""
    documents: list[Any] = [
        {"==": [{"var": "lead.state"}, "CA"]},
        {"some": [{"var": "lead.interests"}, {"==": [{"var": ""}, "solar"]}]},
        {"if": [{"yes": [{"var": "lead.homeowner"}]}, {"is": [{"var": "lead.state"}, "CA"]}, True]},
    ]
    return st.builds(Opaque, st.sampled_from(documents), st.booleans())


@cache
def parts_at(depth: int) -> st.SearchStrategy[list[Any]]:
    """Give what can stand in a group at a depth."""
    inner: list[st.SearchStrategy[Any]] = [rows(), rows(), opaques()]
    if depth < DEEPEST:
        inner.append(groups(depth + 1))
    return st.lists(st.one_of(inner), min_size=0 if depth == 0 else 1, max_size=4)


@st.composite
def groups(draw: st.DrawFn, depth: int = 0) -> Group:
    """Give a rule as people could build it."""
    parts = draw(parts_at(depth))
    how = draw(st.sampled_from(("all", "any", "none")))
    group = Group(how, tuple(parts), off=depth > 0 and draw(st.booleans()))
    return settled(group) if depth == 0 else group
