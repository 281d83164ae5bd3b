"""The countries of the world: their two-letter codes, three-letter codes and English names, and who is meant by what.

Codes: ISO 3166-1. Names: the Unicode Common Locale Data Repository, as `babel` carries it.
"""

from typing import cast

from babel import Locale
from babel.core import get_global

# Two-letter codes of the repository that are no countries: groups of them, islands without a code, made-up places.
NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
# Three-letter codes of states that are no more; the repository sends them to their successors.
FORMER = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})

COUNTRIES: dict[str, str] = {
    code: name
    for code, name in sorted(Locale("en").territories.items())
    if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
}

# What people and forms also write.
OTHER_NAMES: dict[str, str] = {
    **dict.fromkeys(("united states of america", "america", "usa", "the united states", "estados unidos"), "US"),
    **dict.fromkeys(("uk", "great britain", "britain", "england", "scotland", "wales", "northern ireland"), "GB"),
    **dict.fromkeys(("deutschland", "federal republic of germany"), "DE"),
    **dict.fromkeys(("österreich", "oesterreich", "osterreich"), "AT"),
    **dict.fromkeys(("españa", "espana"), "ES"),
    **dict.fromkeys(("schweiz", "suisse", "svizzera"), "CH"),
    **dict.fromkeys(("holland", "the netherlands", "nederland"), "NL"),
    **dict.fromkeys(("brasil",), "BR"),
    **dict.fromkeys(("belgië", "belgie", "belgique"), "BE"),
    **dict.fromkeys(("czech republic", "česko", "cesko"), "CZ"),
    **dict.fromkeys(("turkey", "turkiye"), "TR"),
    **dict.fromkeys(("korea", "republic of korea", "south korea"), "KR"),
    **dict.fromkeys(("russian federation",), "RU"),
    **dict.fromkeys(("viet nam",), "VN"),
    **dict.fromkeys(("ivory coast", "cote d'ivoire", "côte d'ivoire"), "CI"),
    **dict.fromkeys(("burma", "myanmar"), "MM"),
    **dict.fromkeys(("uae", "emirates"), "AE"),
    **dict.fromkeys(("hong kong",), "HK"),
    **dict.fromkeys(("macao", "macau"), "MO"),
    **dict.fromkeys(("palestine",), "PS"),
    **dict.fromkeys(("republic of ireland", "éire", "eire"), "IE"),
    **dict.fromkeys(("people's republic of china", "mainland china"), "CN"),
    **dict.fromkeys(("swaziland",), "SZ"),
    **dict.fromkeys(("cape verde",), "CV"),
    **dict.fromkeys(("macedonia",), "MK"),
    **dict.fromkeys(("democratic republic of the congo", "dr congo"), "CD"),
    **dict.fromkeys(("republic of the congo", "congo"), "CG"),
    "italia": "IT",
    "norge": "NO",
    "sverige": "SE",
    "danmark": "DK",
    "suomi": "FI",
    "polska": "PL",
    "méxico": "MX",
    "el": "GR",  # The European Union's own code for Greece.
}


def written(text: str) -> str:
    """Return a code or name as it is looked up: without case, dots and doubled spaces, “&” and “St.” in words."""
    words = text.casefold().replace(".", "").replace("\u2019", "'").replace("&", " and ").split()
    return " ".join("saint" if word == "st" and len(words) > 1 else word for word in words)


def read_three_letter_codes() -> dict[str, str]:
    """Return the two-letter codes by the three-letter ones."""
    aliases = cast("dict[str, list[str]]", get_global("territory_aliases"))
    return {
        code: meant[0]
        for code, meant in aliases.items()
        if len(code) == 3 and code.isalpha() and code not in FORMER and len(meant) == 1 and meant[0] in COUNTRIES
    }


THREE_LETTERS: dict[str, str] = read_three_letter_codes()
BY_WRITTEN: dict[str, str] = {
    **{written(name): code for code, name in COUNTRIES.items()},
    **{written(name): code for name, code in OTHER_NAMES.items()},
    **{code.lower(): meant for code, meant in THREE_LETTERS.items()},
    **{code.lower(): code for code in COUNTRIES},
}


def country_of_text(text: str) -> str | None:
    """Return the two-letter code of the country that a code, a name or another usual name means, or None."""
    return BY_WRITTEN.get(written(text))
