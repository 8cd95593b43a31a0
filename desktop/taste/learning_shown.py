"""The panel that shows how learning goes, while it does."""

from __future__ import annotations

from desktop.work import Work
from widgets.chrome.learning_panel import LearningPanel
from widgets.theme import Theme


def panel_of(work: Work, theme: Theme) -> LearningPanel:
    """Return a panel that shows itself while something is learned."""
    panel = LearningPanel(theme)
    panel.hide()
    work.learning_started.connect(panel.start)
    work.learning_progressed.connect(panel.add)
    work.learning_stepped.connect(panel.show_step)
    work.learning_ended.connect(panel.hide)
    return panel
