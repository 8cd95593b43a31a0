"""The last two previews of a repair: the current one, their playback, and their acceptance."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from desktop.shell.session import Session
from desktop.shell.transport import Transport
from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples
from engine.document.change import Edit
from engine.document.file.storage import apply_rows
from engine.document.proposals import Proposal
from engine.features.repair.finders.repair.requests import RepairPreview
from engine.features.repair.finders.repair.separations import separations_edit

AROUND_S = 1.0
TOGETHER_S = 20.0
"""Windows play in their context if all of them together are no longer than this."""
NO_PREVIEW = "No preview yet. Name a sound and render one ‹repair.preview›."
_NAMES = ("A", "B")


class Previews(QObject):
    """Holds two previews by turns, plays them, and makes an edit of the one that is meant."""

    def __init__(self, session: Session, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._transport = session, transport
        self._held: list[RepairPreview] = []
        self._at = 0

    @property
    def current(self) -> RepairPreview | None:
        """The preview that is meant."""
        return self._held[self._at] if self._held else None

    @property
    def said(self) -> str:
        """Which one that is, in words."""
        return self._said(self._at) if self._held else ""

    @property
    def other(self) -> str:
        """Which one it can be compared with, in words."""
        return self._said(1 - self._at) if len(self._held) > 1 else ""

    def _said(self, at: int) -> str:
        preview = self._held[at]
        limit_db = preview.settings.strength_db
        limit = "" if limit_db is None else f" (limit {limit_db:g} dB)"
        return f"{_NAMES[at]}: {preview.result.change.words}{limit}"

    def forget(self) -> None:
        """Hold none any more."""
        self._held, self._at = [], 0

    def take(self, preview: RepairPreview) -> None:
        """Hold one more in the place of the older one; in that of its like where only paint differs."""
        now = self.current
        if now is not None and replace(now.settings, paint=preview.settings.paint) == preview.settings:
            self._held[self._at] = preview
        elif len(self._held) < len(_NAMES):
            self._held.append(preview)
            self._at = len(self._held) - 1
        else:
            self._at = 1 - self._at
            self._held[self._at] = preview

    def turn(self) -> RepairPreview:
        """Switch to the other one.

        Raises
        ------
        UsageError : fewer than two exist
        """
        if len(self._held) < len(_NAMES):
            raise UsageError("Two previews are needed. Change the words or a setting to render another one.")
        self._at = 1 - self._at
        return self._held[self._at]

    def required(self) -> RepairPreview:
        """Return the current preview.

        Raises
        ------
        UsageError : no preview exists
        """
        if self.current is None:
            raise UsageError(NO_PREVIEW)
        return self.current

    def hear(self, what: str) -> None:
        """Play the "target", the "remainder" or the "result" of the current preview.

        Raises
        ------
        UsageError : no preview exists, or the windows are cut from the result
        """
        preview, state = self.required(), self._session.state
        found = getattr(preview, what)
        edit, _proposals = separations_edit(state, found, accepted=True)
        at_hand = {one.key: one for one in found.audio}
        start, stop = preview.windows[0]
        if preview.windows[-1][1] - start <= s_to_samples(TOGETHER_S, state.rate_hz):
            stop = preview.windows[-1][1]
        around_s = AROUND_S if what == "result" else 0.0
        self._transport.play_trial(apply_rows(state, edit.changes), at_hand, (start, stop), around_s)

    def apply(self, *, accepted: bool) -> tuple[Edit, tuple[Proposal, ...]]:
        """Make repairs of the current preview, accepted or undecided, as one step of undo.

        Raises
        ------
        UsageError : no preview exists, or its tracks are gone
        """
        found = self.required().result
        edit, proposals = separations_edit(self._session.state, found, accepted=accepted)
        self._session.apply(edit, audio=found.audio)
        return edit, proposals
