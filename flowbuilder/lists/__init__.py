"""Stored lists of a seller: blocked or wanted people and places, by the million, that rules ask."""
