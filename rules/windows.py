"""The windows of a cap: minute, hour, day, week, month in local wall time, right on days that change the clock."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PERIODS = ("minute", "hour", "day", "week", "month", "total")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Window = tuple[datetime, datetime | None]


def is_zone(name: str) -> bool:
    """Return whether a name is a time zone of the tz database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def window(per: str, now: datetime, zone: str) -> Window:
    """Return start and end (UTC) of the window of a moment; the end is None for `total`.

    A window goes from the first valid instant of its wall time to the first valid instant of the next one:
    a day has 23, 24 or 25 hours, and midnight does not exist everywhere on every day.
    """
    if per == "total":
        return EPOCH, None
    return _window(per, int(now.timestamp()) // 60, zone)


def window_said(per: str, now: datetime, zone: str) -> tuple[str, str | None]:
    """Return the same in ISO, as journals say it; all leads of a minute ask for the same."""
    return _said(per, 0 if per == "total" else int(now.timestamp()) // 60, zone)


@lru_cache(maxsize=4096)
def _said(per: str, minute: int, zone: str) -> tuple[str, str | None]:
    starts, ends = (EPOCH, None) if per == "total" else _window(per, minute, zone)
    return starts.isoformat(), ends.isoformat() if ends else None


@lru_cache(maxsize=4096)
def _window(per: str, minute: int, zone: str) -> Window:
    moment = datetime.fromtimestamp(minute * 60, UTC)
    if per == "minute":
        return moment, moment + timedelta(minutes=1)
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    first, following = _walls(per, local)
    return first_instant(first, zone), first_instant(following, zone)


def _walls(per: str, local: datetime) -> tuple[datetime, datetime]:
    """Return the wall time at which the window of a local time begins, and that of the next window."""
    hour = local.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match per:
        case "hour":
            return hour, hour + timedelta(hours=1)
        case "day":
            return day, day + timedelta(days=1)
        case "week":
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=7)
        case "month":
            first = day.replace(day=1)
            return first, (first + timedelta(days=32)).replace(day=1)
    raise ValueError(f"{per} is not a period")


@lru_cache(maxsize=4096)
def first_instant(wall: datetime, zone: str) -> datetime:
    """Return the first instant (UTC) whose wall time in a zone is `wall` or later."""
    place = ZoneInfo(zone)
    earlier = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    if earlier.astimezone(place).replace(tzinfo=None, fold=0) == wall:
        return earlier
    return _end_of_gap(wall, place, earlier)


def _end_of_gap(wall: datetime, place: ZoneInfo, late: datetime) -> datetime:
    """Return the instant at which the clock jumped over a wall time, found by halving (to the second)."""
    early = wall.replace(tzinfo=place, fold=1).astimezone(UTC)
    low, high = int(early.timestamp()), int(late.timestamp())
    while low < high:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, place).replace(tzinfo=None, fold=0) >= wall:
            high = middle
        else:
            low = middle + 1
    return datetime.fromtimestamp(high, UTC)
