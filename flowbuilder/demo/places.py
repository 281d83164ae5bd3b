"""Where the demo's leads are from: area codes and postal codes, and the stored lists that flows ask for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SOLAR_PLACES: Mapping[str, tuple[str, ...]] = {
    "CA": ("213", "310", "408", "415", "510", "530", "559", "619", "626", "650", "707", "714", "805", "818", "916"),
    "NV": ("702", "725", "775"),
}
EASTERN_PLACES: Mapping[str, tuple[str, ...]] = {
    "FL": ("305", "321", "352", "407", "561", "727", "754", "772", "786", "813", "850", "904", "941", "954"),
    "GA": ("229", "404", "470", "478", "678", "706", "762", "770", "912"),
    "NC": ("252", "336", "704", "743", "828", "910", "919", "980"),
}
ELSEWHERE: Mapping[str, tuple[str, ...]] = {"TX": ("210", "214", "512", "713"), "OH": ("216", "330", "513", "614")}
BRITISH_TOWNS = ("BS6", "LS8", "M14", "NE3", "NG7", "S10", "SW9", "YO31")
BERLIN = (
    "10115", "10119", "10243", "10405", "10439", "10551", "10623", "10715", "10823", "10961", "12043", "12099",
    "12103", "12159", "12203", "12347", "12435", "12555", "13051", "13086", "13187", "13353", "13403", "13581", "14163",
)  # fmt: skip
BRANDENBURG = ("14467", "14469", "14471", "14513", "14532", "14612", "15230", "15517", "15711", "16225", "16321")
FAR_AWAY = ("20095", "28195", "50667", "80331")
DO_NOT_CONTACT = "no-calls"
"""How mailboxes begin whose owners asked not to be called."""
LISTED_PEOPLE = 200


@dataclass(frozen=True)
class Listed:
    """A stored list: its name, what it holds, of which country, and its entries."""

    name: str
    kind: str
    region: str
    entries: tuple[str, ...]


def do_not_contact() -> Iterator[str]:
    """Yield the addresses of those who asked not to be called."""
    return (f"{DO_NOT_CONTACT}-{number}@example.org" for number in range(LISTED_PEOPLE))


LISTS: Mapping[str, Listed] = {
    "do_not_contact": Listed("Do not contact", "email", "DE", tuple(do_not_contact())),
    "berlin": Listed("Berlin", "postal_code", "DE", BERLIN),
    "brandenburg": Listed("Brandenburg", "postal_code", "DE", BRANDENBURG),
}
