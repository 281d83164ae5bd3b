"""Buyer: offers the lead to one buyer; how it sells, and how it is read."""

from rules.steps.buyer.buyer import MAYBE, NEVER_AGAIN, Buyer, Terms
from rules.steps.buyer.reading import read_buyer, read_offer

__all__ = ["MAYBE", "NEVER_AGAIN", "Buyer", "Terms", "read_buyer", "read_offer"]
