"""The conditions of a rule and what became of each in one evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_setting

from rules.fields import Field


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: what it asks, the value it saw, and whether what it says is true (None: not looked at).

    `negated` says that the rule asks for the contrary; the verdict is already that of the contrary.
    """

    path: str
    rule: object
    field: Field | None = None
    negated: bool = False
    value: object = None
    verdict: bool | None = None
    fields: Mapping[str, Field] = field_setting(default_factory=dict, repr=False, compare=False)

    @property
    def operator(self) -> str:
        """Return the key of the condition's operator, "" when it is a bare value."""
        return next(iter(self.rule)) if isinstance(self.rule, dict) else ""

    @property
    def arguments(self) -> tuple[object, ...]:
        """Return the arguments beside the first one, as the rule's document has them."""
        written = self.rule[self.operator] if isinstance(self.rule, dict) else None
        return tuple(written[1:]) if isinstance(written, list) else ()


@dataclass(frozen=True, slots=True)
class Trace:
    """The value of one evaluation, and all conditions of the rule in the order in which it names them."""

    value: object
    conditions: tuple[Condition, ...]
