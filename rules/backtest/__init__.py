"""What a flow would have done with leads that came already; nobody is called, and nothing changes."""

from rules.backtest.past import Past, WindowKey, key_of, last_run, read_past
from rules.backtest.report import Backtest, Differs, OfBuyer, Sums, compare
from rules.backtest.running import Around, Fate, Refused, Sale, run_all
from rules.backtest.world import Assumed, Listed

__all__ = [
    "Around",
    "Assumed",
    "Backtest",
    "Differs",
    "Fate",
    "Listed",
    "OfBuyer",
    "Past",
    "Refused",
    "Sale",
    "Sums",
    "WindowKey",
    "compare",
    "key_of",
    "last_run",
    "read_past",
    "run_all",
]
