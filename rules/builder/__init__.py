"""The rule builder: a rule as rows and groups that people can change, and the rule that they stand for."""

from rules.builder.comparisons import COMPARISONS, Comparison, comparisons_for, label_for
from rules.builder.drawing import NO_RULE, draw, write
from rules.builder.model import DEEPEST, HOWS, Group, How, Opaque, Part, Path, Row, part_at, parts_within

__all__ = [
    "COMPARISONS",
    "DEEPEST",
    "HOWS",
    "NO_RULE",
    "Comparison",
    "Group",
    "How",
    "Opaque",
    "Part",
    "Path",
    "Row",
    "comparisons_for",
    "draw",
    "label_for",
    "part_at",
    "parts_within",
    "write",
]
