"""The panels of all kinds of steps, by kind."""

from collections.abc import Mapping

from flowbuilder.editor.panels.base import Panel
from flowbuilder.editor.panels.general import GeneralPanel

ANY: Panel = GeneralPanel()
"""The panel of a kind that has none of its own."""
PANELS: Mapping[str, Panel] = {}
