"""Money as integer minor units: cents for dollars, yen for yen."""

from decimal import ROUND_HALF_EVEN, Decimal

from rules.bounds import RuleError
from rules.numbers import as_number
from rules.problems import shorten

# ISO 4217, table A.1: the currencies whose minor unit is not a hundredth.
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
LARGEST = 10**12  # Whole units: far past any price, and in minor units well inside a 64-bit column.


def exponent_of(currency: str) -> int:
    """Return how many decimals a currency's amounts have: 2 for USD, 0 for JPY."""
    return EXPONENTS.get(currency, 2)


def money(value: object, exponent: int = 2) -> int:
    """Return an amount in minor units, rounded half to even; raise a RuleError for what is no amount."""
    number = as_number(value)
    if number is None:
        raise RuleError("not_money", f"“{shorten(value)}” is not an amount of money.")
    if not -LARGEST < number < LARGEST:
        raise RuleError("too_much_money", "The amount of money is too large.")
    if isinstance(number, int):
        return number * int(10**exponent)
    return int(number.scaleb(exponent).to_integral_value(ROUND_HALF_EVEN))


def price_in_minor(value: object, exponent: int = 2) -> int:
    """Return a price in minor units; raise a RuleError for what is none, as nobody is paid for taking a lead."""
    minor = money(value, exponent)
    if minor < 0:
        raise RuleError("negative_price", f"“{shorten(value)}” is no price: it is below zero.")
    return minor


def say_money(minor: int, currency: str) -> str:
    """Return an amount in minor units as people write it: `$1,042.00`, `1,042 JPY`."""
    exponent = exponent_of(currency)
    amount = f"{Decimal(abs(minor)).scaleb(-exponent):,.{exponent}f}"
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    return f"{sign}{SIGNS[currency]}{amount}" if currency in SIGNS else f"{sign}{amount} {currency}"
