"""Ready-made rules: what sellers ask for again and again, filled in for the fields that a flow has."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules.builder.model import Row
from rules.builder.places import Place, Places

FREE_MAILBOXES = (
    *("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "msn.com", "aol.com", "icloud.com"),
    *("me.com", "mail.com", "gmx.com", "gmx.de", "proton.me", "protonmail.com", "yandex.com", "zoho.com"),
)
THROWAWAY_MAILBOXES = (
    *("mailinator.com", "guerrillamail.com", "10minutemail.com", "temp-mail.org", "yopmail.com", "trashmail.com"),
    *("sharklasers.com", "getnada.com", "dispostable.com", "maildrop.cc", "throwawaymail.com", "fakeinbox.com"),
)
TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
LEAD = "lead."


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready-made rule: its key, what it is called, and the rows that it adds."""

    key: str
    label: str
    rows: tuple[Row, ...]


def ready_made(places: Places) -> tuple[Ready, ...]:
    """Return the ready-made rules for what a flow's leads have."""
    found = [ready for make in MAKERS for ready in make(places)]
    return tuple(found)


def _business_hours(_places: Places) -> Iterator[Ready]:
    rows = (Row("run.now", "day_is", (list(WORKDAYS),)), Row("run.now", "time_between", ("08:00", "18:00")))
    yield Ready("business-hours", "Business hours", rows)


def _of_type(
    kind: str, key: str, label: str, *rows: tuple[str, tuple[object, ...]]
) -> Callable[[Places], Iterator[Ready]]:
    """Return the making of a ready-made rule for the first field of a type."""

    def make(places: Places) -> Iterator[Ready]:
        place = _first(places, kind)
        if place:
            yield Ready(key, label, tuple(Row(place.path, comparison, values) for comparison, values in rows))

    return make


def _age(places: Places) -> Iterator[Ready]:
    place = _first(places, "dob") or next((one for one in _posted(places) if one.path == "lead.dob"), None)
    if place and place.field and place.field.type in ("dob", "date"):
        yield Ready("age-range", "Age range", (Row(place.path, "age_between", (25, 70)),))


def _first(places: Places, kind: str) -> Place | None:
    return next((place for place in _posted(places) if place.field and place.field.type == kind), None)


def _posted(places: Places) -> Iterator[Place]:
    yield from (place for shelf in places.shelves for place in shelf.places if place.path.startswith(LEAD))


MAKERS: tuple[Callable[[Places], Iterator[Ready]], ...] = (
    _business_hours,
    _of_type("phone", "valid-phone", "Valid phone", ("valid", ())),
    _of_type("phone", "not-toll-free", "Not a toll-free number", ("not_area_code_in", (list(TOLL_FREE),))),
    _of_type("email", "valid-email", "Valid email address", ("valid", ())),
    _of_type("email", "not-free-mailbox", "Not a free mailbox", ("not_domain_in", (list(FREE_MAILBOXES),))),
    _of_type("email", "not-throwaway", "Not a throwaway address", ("not_domain_in", (list(THROWAWAY_MAILBOXES),))),
    _of_type("postal_code", "zip-codes", "In these zip codes", ("any_of", ([],))),
    _of_type("postal_code", "near-zip", "Near a zip code", ("near", ("", 25))),
    _of_type("state", "states", "In these states", ("any_of", ([],))),
    _age,
    _of_type("certificate", "consent", "Has a consent certificate", ("valid", ())),
)
