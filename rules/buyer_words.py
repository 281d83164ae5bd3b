"""Says what a buyer asks of a lead before it is offered there: a line each, to follow its name."""

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
    return said
