"""What an operator is, and what it is given when a rule is compiled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from rules.bounds import Budget
from rules.fields import Field, type_of

# Compiled expressions take whatever data a document holds and give whatever value it says.
Evaluate = Callable[[Any, Budget], Any]

# What stands beside the left value in the rule builder.
Shape = Literal[
    "nothing", "one", "parts", "several", "two", "duration", "days", "times", "pattern", "type", "list", "distance"
]


class CompileError(Exception):
    """An operator that cannot be compiled as it is written."""

    def __init__(self, at: str, code: str, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Node:
    """One compiled expression."""

    document: object
    at: str
    run: Evaluate
    weight: int = 1
    is_literal: bool = False
    variable: str | None = None
    field: Field | None = None
    decides: bool = False

    def refuse(self, code: str, message: str) -> NoReturn:
        """Raise a CompileError at this expression."""
        raise CompileError(self.at, code, message)


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an operator: its compiled arguments and the fields it may name."""

    key: str
    at: str
    arguments: tuple[Node, ...]
    fields: Mapping[str, Field] = field(default_factory=dict)

    @property
    def runs(self) -> tuple[Evaluate, ...]:
        """Return the compiled arguments as functions."""
        return tuple(argument.run for argument in self.arguments)

    @property
    def left(self) -> Node:
        """Return the first argument."""
        return self.arguments[0]

    @property
    def left_type(self) -> str | None:
        """Return the field type of the first argument, None when it is not known."""
        return self.left.field.type if self.left.field else None

    def refuse(self, code: str, message: str) -> NoReturn:
        """Raise a CompileError at this use of the operator."""
        raise CompileError(self.at, code, message)


Build = Callable[[Call], Evaluate]


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: how it is built, how many arguments it takes, what it costs and how it is said.

    In `says` and `denies`, {0} is the first argument in words, {1} and {2} the next ones.
    `opposite` names the operator that is true exactly when this one is not.
    """

    key: str
    build: Build
    least: int = 1
    most: int | None = 1
    decides: bool = True
    shape: Shape = "nothing"
    says: str = ""
    denies: str = ""
    opposite: str = ""
    body: int | None = None  # The argument that is evaluated for every entry of a list.
    joins: bool = False  # Its arguments are conditions themselves.
    cost: int = 1

    def takes(self) -> str:
        """Say how many arguments the operator takes."""
        if self.most is None:
            return f"at least {self.least}" if self.least else "any number"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def fits(operator: str, given: Field) -> bool:
    """Say whether an operator is one of those that the field's type offers."""
    return operator in type_of(given).operators
