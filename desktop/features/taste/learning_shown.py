"""Panel with the progress of learning."""

from __future__ import annotations

from desktop.features.taste.learning import Learning
from desktop.features.taste.widgets.learning.learning_panel import LearningPanel
from widgets.theme import Theme


def panel_of(learning: Learning, theme: Theme) -> LearningPanel:
    """Return a panel that shows itself while something is learned."""
    panel = LearningPanel(theme)
    panel.hide()
    learning.started.connect(panel.start)
    learning.progressed.connect(panel.add)
    learning.stepped.connect(panel.show_step)
    learning.ended.connect(panel.hide)
    return panel
