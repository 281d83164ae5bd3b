"""Differences in a few words, for a list of versions."""

from collections.abc import Sequence

from rules.differences.base import Difference

MOST = 3


def sum_up(found: Sequence[Difference]) -> str:
    """Return `+1 buyer, cap changed`, or `no change`."""
    said: list[str] = []
    for what, sign in (("added", "+"), ("removed", "-")):
        topics = [one.topic for one in found if one.what == what]
        said += [f"{sign}{topics.count(topic)} {topic}" for topic in dict.fromkeys(topics)]
    words = {"moved": "moved", "renamed": "renamed", "off": "turned off", "on": "turned on", "changed": "changed"}
    for one in found:
        if one.what in words:
            topic = one.text.lower() if one.text in ("Cap", "Price", "Reason") else one.topic
            said.append(f"{topic} {words[one.what]}")
    distinct = list(dict.fromkeys(said))
    more = f" and {len(distinct) - MOST} more" if len(distinct) > MOST else ""
    return f"{', '.join(distinct[:MOST])}{more}" or "no change"
