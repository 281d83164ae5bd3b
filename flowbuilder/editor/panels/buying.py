"""The sheets that a buyer step, a row of a group and the fallback's last buyer share."""

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.cap_fields import CAPS
from flowbuilder.editor.panels.connection import ConnectionPick
from flowbuilder.editor.panels.controls import Changing, Settings
from flowbuilder.editor.panels.drawn import Option
from flowbuilder.editor.panels.fields import Choice, Field, Length, Ticks
from flowbuilder.editor.panels.hour_fields import HOURS, Holidays
from flowbuilder.editor.panels.kinds_of_text import DURATIONS, PRICE, duration_in_seconds, whole
from flowbuilder.editor.panels.list_fields import SUPPRESS, field_options
from flowbuilder.editor.panels.rows import Inside
from flowbuilder.editor.panels.rule_fields import RuleField
from flowbuilder.editor.panels.sheets import Sheet
from flowbuilder.editor.panels.ways import WayChoice

WHO = ConnectionPick("connection", "Buyer")
PAYS = Field(
    "price",
    "Price",
    PRICE,
    "What this buyer pays for a lead: an amount, or a field such as lead.price.",
    needed="Enter what this buyer pays for a lead.",
)


def _person(settings: Settings, desk: Desk) -> Changing:
    """Return the check for duplicates that fits most flows: by email and phone, where there are such fields."""
    keys = [key for key, field in desk.fields.items() if field.type in ("email", "phone")]
    return {"by": keys or list(desk.fields)[:1], "match": "any", "within": "30d"}


DUPLICATES = Inside(
    "duplicates",
    "Pass by people that this buyer had before",
    (
        Ticks("by", "Known again by", field_options),
        Choice(
            "match",
            "Who counts as the same person",
            (Option("any", "One of these is the same"), Option("all", "All of these are the same")),
            "any",
        ),
        Length("within", "Within", "30d", "hdw"),
    ),
    _person,
    "Counted at its connection, whatever flow the lead came by.",
)
RETRY = Inside(
    "retry",
    "Try again on a schedule of its own",
    (
        Field("max_attempts", "At most", whole(1, 50, "calls"), "Blank: as many as the schedule has.", macro="short"),
        Field("after", "Wait before each", DURATIONS, "Such as 5s, 30s, 2m; the last one repeats.", "1s"),
        Length("for_up_to", "Give up after", "1h", "smhd"),
    ),
    lambda settings, desk: {"max_attempts": 3, "after": ["5s", "30s"]},
    "Only after errors and missing answers: a no is never asked again.",
)
AMBIGUOUS = (
    Option("", "As its connection says"),
    Option("retry_same", "Ask them again, with the same key"),
    Option("hold", "Hold the lead until a person decides"),
    Option("treat_as_declined", "A timeout means no"),
    Option("treat_as_failed", "A timeout means that it failed"),
)


def when_sheet(following: str) -> Sheet:
    """Return which leads a buyer is offered; `following` is what comes when it is passed by."""
    return Sheet(
        "Only leads that fit",
        (
            RuleField("when", "Only if", "Without a rule it is offered every lead that gets here."),
            Ticks("requires", "These have to be filled in", field_options, macro="folded_ticks"),
            WayChoice("when_not_met", "A lead that does not fit", following=following),
        ),
        folded=True,
    )


def cap_sheet(following: str) -> Sheet:
    """Return how much a buyer takes."""
    return Sheet("How much it takes", (CAPS, WayChoice("when_full", "When it is full", following=following)))


def hours_sheet(following: str) -> Sheet:
    """Return when a buyer takes leads."""
    return Sheet(
        "When it is open",
        (HOURS, Holidays(), WayChoice("outside_hours", "When it is closed", following=following)),
        folded=True,
    )


def answers_sheet(following: str, *more: WayChoice | Choice) -> Sheet:
    """Return what happens after each answer that is not a yes."""
    return Sheet(
        "What happens then",
        (
            *more,
            WayChoice("on_declined", "When it says no", following=following),
            WayChoice("on_error", "When it fails, surely without the lead", following=following),
            Choice("on_ambiguous", "When no answer comes", AMBIGUOUS, "", "It may have the lead.", "choice"),
        ),
    )


def rare_sheet(following: str) -> Sheet:
    """Return what few buyers need."""
    return Sheet(
        "More settings",
        (
            DUPLICATES,
            SUPPRESS,
            Field(
                "timeout",
                "Wait for its answer",
                duration_in_seconds(1, 60),
                "1 to 60. Blank: as its connection says.",
                macro="short",
            ),
            RETRY,
            WayChoice("when_no_funds", "When it cannot pay", ("next", "hold"), following=following),
        ),
        folded=True,
    )
