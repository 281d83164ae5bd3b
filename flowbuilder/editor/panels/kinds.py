"""The panels of all kinds of steps, by kind."""

from collections.abc import Mapping

from flowbuilder.editor.panels.base import Panel
from flowbuilder.editor.panels.buyer import BuyerPanel
from flowbuilder.editor.panels.cap import CapPanel
from flowbuilder.editor.panels.fallback import FallbackPanel
from flowbuilder.editor.panels.filter import FilterPanel
from flowbuilder.editor.panels.general import GeneralPanel
from flowbuilder.editor.panels.group import GroupPanel
from flowbuilder.editor.panels.intake import IntakePanel
from flowbuilder.editor.panels.look_up import LookUpPanel
from flowbuilder.editor.panels.row import RowPanel
from flowbuilder.editor.panels.split import SplitPanel
from flowbuilder.editor.panels.transform import TransformPanel

ANY: Panel = GeneralPanel()
"""The panel of a kind that has none of its own."""
PANELS: Mapping[str, Panel] = {
    panel.kind: panel
    for panel in (
        IntakePanel(),
        FilterPanel(),
        BuyerPanel(),
        GroupPanel(),
        RowPanel(),
        CapPanel(),
        TransformPanel(),
        LookUpPanel(),
        SplitPanel(),
        FallbackPanel(),
    )
}
