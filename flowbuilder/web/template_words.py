"""What templates may say: moments in the account's time zone, money, ids, and the words of outcomes."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from flowbuilder import ids
from flowbuilder.accounts.access import somebody
from flowbuilder.leads.finding import short_form
from flowbuilder.web import current
from rules.money import say_money


def init_app(app: Flask) -> None:
    """Give templates the filters of this module."""
    for word in (
        clock_time,
        minute,
        exact_time,
        day,
        long_day,
        moment,
        age,
        ahead,
        money,
        shown_id,
        short_form,
        zone_city,
        in_time,
        first_sentences,
    ):
        app.jinja_env.filters[word.__name__] = word


def zone() -> ZoneInfo:
    """Return the time zone of the account that is signed in, or UTC."""
    visitor = somebody()
    return ZoneInfo(visitor.account.time_zone if visitor else "UTC")


def minute(at: datetime) -> Markup:
    """Return the time of day to the minute, as 10:42."""
    return _time(at, at.astimezone(zone()).strftime("%H:%M"))


def clock_time(at: datetime) -> Markup:
    """Return the time of day to the second, as 10:42:05."""
    return _time(at, at.astimezone(zone()).strftime("%H:%M:%S"))


def exact_time(at: datetime) -> Markup:
    """Return the time of day to the millisecond, as 10:42:05.120."""
    return _time(at, at.astimezone(zone()).strftime("%H:%M:%S.%f")[:-3])


def day(at: datetime) -> Markup:
    """Return the day, as 20 Nov 2026."""
    local = at.astimezone(zone())
    return _time(at, f"{local.day} {local:%b %Y}")


def long_day(at: datetime) -> Markup:
    """Return the day of the week and the day, as Friday, 20 November."""
    local = at.astimezone(zone())
    return _time(at, f"{local:%A}, {local.day} {local:%B}")


def age(since: datetime, now: datetime) -> str:
    """Return how long ago something was, in its largest unit: under 1 min, 40 min, 3 h, 2 days."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min" if minutes else "under 1 min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def ahead(at: datetime, now: datetime) -> str:
    """Return how long it is until a moment, in its largest unit: in 12 min, in 3 h, in 2 days; now when it has come."""
    minutes = int(-((now - at).total_seconds() // 60))
    return f"in {age(now, now + (at - now))}" if minutes > 1 else "in 1 min" if at > now else "now"


def in_time(ms: int) -> str:
    """Return a duration in milliseconds as people read it: 412 ms, 4.1 s, 3 min, 5 h."""
    if ms < 1000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms // 60_000} min" if ms < 7_200_000 else f"{ms // 3_600_000} h"


def moment(at: datetime) -> Markup:
    """Return the day and the time to the second, as 20 Nov 10:42:05, with the year where it is another one."""
    local = at.astimezone(zone())
    year = "" if local.year == current.now().astimezone(zone()).year else f" {local.year}"
    return _time(at, f"{local.day} {local:%b}{year} {local:%H:%M:%S}")


def money(amount: int, currency: str) -> str:
    """Return minor units as people write them, as $42.00."""
    return say_money(amount, currency)


def shown_id(identifier: UUID, kind: str | None = None) -> str:
    """Return an id as it stands in addresses."""
    return ids.show(identifier, kind)


def zone_city(name: str) -> str:
    """Return the city that names a time zone: Los Angeles for America/Los_Angeles."""
    return name.rsplit("/", 1)[-1].replace("_", " ")


def first_sentences(text: str, room: int = 420) -> tuple[str, str]:
    """Return a text's first sentences and the rest of it: all of it comes first where little would be left."""
    end = text.rfind(". ", 0, room)
    return (text, "") if len(text) < 1.5 * room or end < 0 else (text[: end + 1], text[end + 2 :])


def _time(at: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="milliseconds"), text)
