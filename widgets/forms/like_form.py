"""Form for the treatment of similar sounds."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLabel, QRadioButton, QVBoxLayout, QWidget

from widgets.controls.radio_group import tab_to_checked
from widgets.forms.outlook_form import LINE
from widgets.theme import px

SAID = (
    "Finds sounds like the selection in the whole recording. "
    "Adds the results and the selection to the queue, undecided."
)


class LikeForm(QWidget):
    """Asks whether to remove the sound or to cut its spans.

    Parameters
    ----------
    example : which span on which tracks is the example

    Signals
    -------
    changed : another answer is chosen
    """

    changed = Signal()

    def __init__(self, example: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._repair = QRadioButton("&Remove the sound, keep the time")
        self._cut = QRadioButton("&Cut the time of the sound")
        self._repair.setChecked(True)
        group = QButtonGroup(self)
        for button in (self._repair, self._cut):
            group.addButton(button)
        tab_to_checked(group)
        group.buttonToggled.connect(lambda *_: self.changed.emit())
        where, note = QLabel(f"Selected: {example}"), QLabel(SAID)
        note.setProperty("role", "dim")
        for label in (where, note):
            label.setWordWrap(True)
            label.setMinimumWidth(px(LINE))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(10))
        for part in (where, self._repair, self._cut, note):
            layout.addWidget(part)
        self.setFocusProxy(self._repair)

    @property
    def cuts(self) -> bool:
        """Whether the spans are to be cut."""
        return self._cut.isChecked()

    def problem(self) -> str:
        """Nothing can be wrong."""
        return ""
