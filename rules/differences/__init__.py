"""What changed between two documents of a flow, in the words of the flow itself."""

from rules.differences.base import Difference
from rules.differences.comparing import differences
from rules.differences.marking import Marked, mark
from rules.differences.summing_up import sum_up

__all__ = ["Difference", "Marked", "differences", "mark", "sum_up"]
