"""The operators of the rule builder, each with its arguments and its words; the field types name those they offer."""

from rules.operators import amounts, contact, likeness, presence, times
from rules.operators.base import Build, Operator, Shape

READING_A_PHONE = 40  # steps: what taking a phone number apart costs, against one comparison

# How many arguments stand beside the left one, at least and at most.
BESIDE: dict[Shape, tuple[int, int]] = {
    "nothing": (0, 0),
    **dict.fromkeys(("one", "parts", "several", "pattern", "duration", "days"), (1, 1)),
    "two": (2, 2),
    "times": (2, 3),
    "type": (0, 1),
}


def typed(key: str, build: Build, shape: Shape, says: str, denies: str = "") -> Operator:
    """Return an operator of the rule builder; its words stand behind the left value unless they name it themselves."""
    least, most = BESIDE[shape]
    said, denied = (f"{{0}} {words}" if words and "{0}" not in words else words for words in (says, denies))
    cost = READING_A_PHONE if key in COSTLY else 1
    opposite = OPPOSITES.get(key, "")
    return Operator(
        key, build, 1 + least, 1 + most, shape=shape, says=said, denies=denied, opposite=opposite, cost=cost
    )


COSTLY = ("valid", "not_valid", "area_code_in", "country_in")
PAIRS = (
    *(("is", "is_not"), ("any_of", "none_of"), ("contains", "not_contains"), ("matches", "not_matches")),
    *(("filled", "blank"), ("valid", "not_valid"), ("between", "not_between")),
)
OPPOSITES = {**dict(PAIRS), **{other: one for one, other in PAIRS}}

TYPED = (
    typed("is", likeness.build_is, "one", "is {1}"),
    typed("is_not", likeness.build_is_not, "one", "is not {1}"),
    typed("any_of", likeness.build_any_of, "several", "is {1}"),
    typed("none_of", likeness.build_none_of, "several", "is none of {1}"),
    typed("contains", likeness.build_contains, "parts", "contains {1}"),
    typed("not_contains", likeness.build_not_contains, "parts", "does not contain {1}"),
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
    typed("more_than", amounts.build_more_than, "one", "is more than {1}", "is not more than {1}"),
    typed("less_than", amounts.build_less_than, "one", "is less than {1}", "is not less than {1}"),
    typed("at_least", amounts.build_at_least, "one", "is at least {1}", "is not at least {1}"),
    typed("at_most", amounts.build_at_most, "one", "is at most {1}", "is not at most {1}"),
    typed("between", amounts.build_between, "two", "is {1} to {2}"),
    typed("not_between", amounts.build_not_between, "two", "is not {1} to {2}"),
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
)
