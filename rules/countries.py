"""The countries of the world: their two-letter codes, three-letter codes and English names, and who is meant by what.

Codes: ISO 3166-1. Names: the Unicode Common Locale Data Repository, as `babel` carries it: loaded once, when somebody
first asks for a name.
"""

from functools import cache
from typing import cast

LISTED = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
CODES = frozenset(LISTED.split())
"""The 249 countries of ISO 3166-1, and Kosovo."""
# Three-letter codes of states that are no more; the repository sends them to their successors.
FORMER = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})

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


@cache
def countries() -> dict[str, str]:
    """Return the English names of all countries by their codes, in the order of these."""
    from babel import Locale  # noqa: PLC0415 - most processes never read a country's name

    territories = Locale("en").territories
    return {code: territories[code] for code in sorted(CODES)}


@cache
def codes_by_three_letters() -> dict[str, str]:
    """Return the two-letter codes by the three-letter ones."""
    from babel.core import get_global  # noqa: PLC0415 - as above

    aliases = cast("dict[str, list[str]]", get_global("territory_aliases"))
    return {
        code: meant[0]
        for code, meant in aliases.items()
        if len(code) == 3 and code.isalpha() and code not in FORMER and len(meant) == 1 and meant[0] in CODES
    }


@cache
def codes_by_written() -> dict[str, str]:
    """Return the two-letter codes by all that means a country, as `written` returns it."""
    return {
        **{written(name): code for code, name in countries().items()},
        **{written(name): code for name, code in OTHER_NAMES.items()},
        **{code.lower(): meant for code, meant in codes_by_three_letters().items()},
        **{code.lower(): code for code in CODES},
    }


def country_of_text(text: str) -> str | None:
    """Return the two-letter code of the country that a code, a name or another usual name means, or None."""
    return text if text in CODES else codes_by_written().get(written(text))
