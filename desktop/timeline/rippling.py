"""Ripple: whether later clips follow an edit of clips, chosen by key, menu and status bar."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.parts import Parts
from engine.document.edits import set_settings
from engine.document.recorded import nothing_yet
from engine.document.tracks.ripple import RIPPLE, Ripple, ripple_of

_WORDS = {
    Ripple.OFF: "Ripple off",
    Ripple.TRACK: "Ripple: later clips of the track follow",
    Ripple.ALL: "Ripple: later clips of all tracks follow",
}
_SHOWN = {Ripple.OFF: "", Ripple.TRACK: "Ripple: track", Ripple.ALL: "Ripple: all tracks"}


class Rippling(QObject):
    """The ripple mode, a setting of the document, and where it is shown: menu, status bar, timeline.

    Its signal carries the message about a result.
    """

    said = Signal(str)

    def __init__(self, parts: Parts, parent: QObject) -> None:
        super().__init__(parent)
        self._parts, self._session = parts, parts.session
        self._actions = {mode: parts.commands.action(f"clips.ripple_{mode}") for mode in Ripple}
        for action in self._actions.values():
            action.setCheckable(True)
        self._session.changed.connect(self._show)
        self._session.replaced.connect(self._show)
        self._show()

    @property
    def mode(self) -> Ripple:
        """The mode of the document."""
        return ripple_of(self._session.state.settings)

    def choose(self, mode: Ripple) -> None:
        """Let no later clips follow, those of the track, or those of all tracks."""
        self._show()  # the menu moved the check mark
        if not self._session.is_open:
            raise nothing_yet("ripple")
        self._session.apply(set_settings(self._session.state, {RIPPLE: str(mode)}, _WORDS[mode]))
        self.said.emit(_WORDS[mode])

    def choose_next(self) -> None:
        """Switch to the next mode."""
        modes = list(Ripple)
        self.choose(modes[(modes.index(self.mode) + 1) % len(modes)])

    def _show(self) -> None:
        mode = self.mode
        for each, action in self._actions.items():
            action.setChecked(each is mode)
        self._parts.timeline.canvas.ripple = mode
        self._parts.status_bar.set_mode(_SHOWN[mode])
