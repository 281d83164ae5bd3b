"""Says what a buyer asks of a lead before it is offered there: a line each, to follow its name."""

from rules.durations import say_seconds
from rules.hour_words import say_hours
from rules.saying import say_list
from rules.steps.base import Words
from rules.steps.buyer import Buyer


def say_conditions(buyer: Buyer, words: Words) -> list[str]:
    """Return `needs Email and Phone`, `takes leads Mon to Fri, 08:00 to 18:00 (Los Angeles)` …, but not its rule."""
    said = []
    if buyer.requires:
        labels = [words.fields[key].label for key in buyer.requires]
        said.append(f"needs {say_list(labels, 'and')}")
    if buyer.hours:
        said.append(f"takes leads {say_hours(buyer.hours)}")
    if buyer.duplicates:
        labels = [words.fields[key].label for key in buyer.duplicates.by]
        same = say_list(labels, "and" if buyer.duplicates.match_all else "or")
        said.append(f"takes the same {same} once in {say_seconds(buyer.duplicates.within)}")
    if buyer.suppress:
        lists = [f"“{words.list(one.listed)}” (by {words.fields[one.field].label})" for one in buyer.suppress]
        said.append(f"takes nobody on {say_list(lists, 'or')}")
    return said
