"""What one rule may cost, and the error of a rule that costs more or cannot be decided."""

from collections.abc import Mapping, Sequence

DEEPEST = 32
MOST_NODES = 10_000
MOST_ENTRIES = 10_000
MOST_STEPS = 100_000
LONGEST_TEXT = 65_536
LETTERS_PER_STEP = 64

# What foreign data can make Python itself raise; every one of them is an error of the rule, never a verdict.
FOREIGN = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
# What a rule cannot rescue itself from: it cost more than a rule may cost.
PAST_BOUNDS = frozenset({"too_many_steps", "text_too_long", "number_too_large"})


class RuleError(Exception):
    """A rule that cannot be compiled or decided; never to be read as yes or no."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


class Thrown(RuleError):
    """An error that the rule itself asks for; `value` is what it throws."""

    def __init__(self, message: str, value: object, path: str = "") -> None:
        super().__init__("thrown", message, path)
        self.value = value


def undecidable(error: BaseException) -> RuleError:
    """Return the error of a rule whose data made Python raise."""
    return RuleError("cannot_decide", f"The rule cannot be decided for this data ({type(error).__name__}).")


class Budget:
    """The steps that one evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take steps off; raise a RuleError when none are left."""
        self.left -= steps
        if self.left < 0:
            raise RuleError("too_many_steps", f"The rule needs more than {MOST_STEPS:,} steps.")

    def spend_text(self, text: str) -> str:
        """Return the text, paid for by its length; raise a RuleError when it is too long."""
        if len(text) > LETTERS_PER_STEP:
            if len(text) > LONGEST_TEXT:
                raise RuleError("text_too_long", f"The rule makes a text of more than {LONGEST_TEXT:,} letters.")
            self.spend(len(text) // LETTERS_PER_STEP)
        return text

    def spend_value(self, value: object) -> None:
        """Pay for every entry of a list or object, so that none can be larger than the steps there are."""
        if isinstance(value, str):
            self.spend(len(value) // LETTERS_PER_STEP)
            return
        entries = value.values() if isinstance(value, Mapping) else value if isinstance(value, Sequence) else ()
        self.spend(1 + len(entries))
        for entry in entries:
            if isinstance(entry, (str, Mapping, Sequence)):
                self.spend_value(entry)


class Recorder(Budget):
    """A budget that also keeps what every condition saw and decided, by the condition's number."""

    __slots__ = ("seen",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        super().__init__(steps)
        self.seen: dict[int, tuple[object, bool]] = {}
