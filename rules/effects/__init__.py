"""What a run may ask of the world, and the notes of steps that ask for nothing.

Every effect is one event of the lead's journal: its name, its step, what it asks and, once known, the result.
What is asked and answered is plain JSON, so that a journal read back compares equal.
"""

from rules.effects.base import Asks, Effect, Event, Result, Said, Stored
from rules.effects.looking import LookUp, put_together, taken_apart
from rules.effects.run import Close, Hold, Intake, Lists, Note, Reserve, StartAgain
from rules.effects.selling import Await, Check, Join, Leaves, Offer, Ping, Quote, Settle

__all__ = [
    "Asks",
    "Await",
    "Check",
    "Close",
    "Effect",
    "Event",
    "Hold",
    "Intake",
    "Join",
    "Leaves",
    "Lists",
    "LookUp",
    "Note",
    "Offer",
    "Ping",
    "Quote",
    "Reserve",
    "Result",
    "Said",
    "Settle",
    "StartAgain",
    "Stored",
    "put_together",
    "taken_apart",
]
