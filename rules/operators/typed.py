"""The operators of the rule builder, each with its arguments and its words; the field types name those they offer."""

from rules.operators import amounts, blocks, contact, distances, likeness, presence, ranges, several, times
from rules.operators.base import Build, Call, Evaluate, Operator, Shape

# Steps, against one comparison: what it costs to take a phone number apart, to search blocks, to measure a distance.
COSTS = {
    **dict.fromkeys(("valid", "not_valid", "area_code_in", "country_in"), 40),
    **dict.fromkeys(("in_block", "near"), 5),
}

# How many arguments stand beside the left one, at least and at most.
BESIDE: dict[Shape, tuple[int, int]] = {
    "nothing": (0, 0),
    **dict.fromkeys(("one", "parts", "several", "pattern", "duration", "days"), (1, 1)),
    "two": (2, 2),
    "times": (2, 3),
    "distance": (2, 3),
    "type": (0, 1),
}


def typed(key: str, build: Build, shape: Shape, says: str, denies: str = "") -> Operator:
    """Return an operator of the rule builder; its words stand behind the left value unless they name it themselves."""
    least, most = BESIDE[shape]
    said, denied = (f"{{0}} {words}" if words and "{0}" not in words else words for words in (says, denies))
    cost, opposite = COSTS.get(key, 1), OPPOSITES.get(key, "")
    return Operator(
        key, build, 1 + least, 1 + most, shape=shape, says=said, denies=denied, opposite=opposite, cost=cost
    )


def by_type(otherwise: Build, **builds: Build) -> Build:
    """Return the building that the left value's field type has for itself, and another for all other types."""

    def build(call: Call) -> Evaluate:
        return builds.get(call.left_type or "", otherwise)(call)

    return build


PAIRS = (
    *(("is", "is_not"), ("any_of", "none_of"), ("contains", "not_contains"), ("matches", "not_matches")),
    *(("filled", "blank"), ("valid", "not_valid"), ("between", "not_between")),
)
OPPOSITES = {**dict(PAIRS), **{other: one for one, other in PAIRS}}

TYPED = (
    typed("is", by_type(likeness.build_is, multi=several.build_is), "one", "is {1}"),
    typed("is_not", by_type(likeness.build_is_not, multi=several.build_is_not), "one", "is not {1}"),
    typed("any_of", by_type(likeness.build_any_of, multi=several.build_any_of), "several", "is {1}"),
    typed("all_of", several.build_all_of, "several", "has all of {1}", "does not have all of {1}"),
    typed("none_of", by_type(likeness.build_none_of, multi=several.build_none_of), "several", "is none of {1}"),
    typed("contains", by_type(likeness.build_contains, multi=several.build_any_of), "parts", "contains {1}"),
    typed(
        "not_contains",
        by_type(likeness.build_not_contains, multi=several.build_none_of),
        "parts",
        "does not contain {1}",
    ),
    typed("starts_with", likeness.build_starts_with, "parts", "starts with {1}", "does not start with {1}"),
    typed("ends_with", likeness.build_ends_with, "parts", "ends with {1}", "does not end with {1}"),
    typed("matches", likeness.build_matches, "pattern", "matches the pattern {1}"),
    typed("not_matches", likeness.build_not_matches, "pattern", "does not match the pattern {1}"),
    typed("filled", presence.build_filled, "nothing", "is filled in"),
    typed("blank", presence.build_blank, "nothing", "is blank"),
    typed("valid", presence.build_valid, "type", "is a valid {1}"),
    typed("not_valid", presence.build_not_valid, "type", "is not a valid {1}"),
    typed("yes", presence.build_yes, "nothing", "is yes", "is not yes"),
    typed("no", presence.build_no, "nothing", "is no", "is not no"),
    typed(
        "more_than",
        by_type(amounts.build_more_than, range=ranges.build_more_than),
        "one",
        "is more than {1}",
        "is not more than {1}",
    ),
    typed(
        "less_than",
        by_type(amounts.build_less_than, range=ranges.build_less_than),
        "one",
        "is less than {1}",
        "is not less than {1}",
    ),
    typed(
        "at_least",
        by_type(amounts.build_at_least, range=ranges.build_at_least),
        "one",
        "is at least {1}",
        "is not at least {1}",
    ),
    typed(
        "at_most",
        by_type(amounts.build_at_most, range=ranges.build_at_most),
        "one",
        "is at most {1}",
        "is not at most {1}",
    ),
    typed("between", by_type(amounts.build_between, range=ranges.build_between), "two", "is {1} to {2}"),
    typed(
        "not_between", by_type(amounts.build_not_between, range=ranges.build_not_between), "two", "is not {1} to {2}"
    ),
    typed("before", amounts.build_before, "one", "is before {1}", "is not before {1}"),
    typed("after", amounts.build_after, "one", "is after {1}", "is not after {1}"),
    typed("within_last", times.build_within_last, "duration", "is within the last {1}", "is not within the last {1}"),
    typed("within_next", times.build_within_next, "duration", "is within the next {1}", "is not within the next {1}"),
    typed("day_is", times.build_day_is, "days", "falls on {1}", "does not fall on {1}"),
    typed("time_between", times.build_time_between, "times", "is {1} to {2}", "is not {1} to {2}"),
    typed("age_between", times.build_age_between, "two", "age by {0} is {1} to {2}", "age by {0} is not {1} to {2}"),
    typed("domain_in", contact.build_domain_in, "several", "domain is {1}", "domain is none of {1}"),
    typed("area_code_in", contact.build_area_code_in, "several", "area code is {1}", "area code is none of {1}"),
    typed("country_in", contact.build_country_in, "several", "country is {1}", "country is none of {1}"),
    typed("near", distances.build_near, "distance", "is within {2} of {1}", "is not within {2} of {1}"),
    typed("in_block", blocks.build_in_block, "several", "is in the block {1}", "is in none of the blocks {1}"),
)
