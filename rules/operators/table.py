"""The table of all operators: searching an operator's key begins here."""

from rules.operators.base import Operator
from rules.operators.classic import CLASSIC
from rules.operators.shaping import SHAPING
from rules.operators.stored import STORED
from rules.operators.typed import TYPED

OPERATORS: dict[str, Operator] = {operator.key: operator for operator in (*CLASSIC, *TYPED, *SHAPING, *STORED)}
