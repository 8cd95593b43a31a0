"""Arriving at a proposal: it plays automatically, and Space then plays from there."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, QTimer, Signal

from desktop.review.review import Review
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from engine.core.errors import OffcutError

REST_MS = 150
"""Playback starts after resting this long on a proposal: a held key passes in silence."""

_SETTING = "hears_each_proposal"


class Arrivals(QObject):
    """Plays a proposal when the user comes to it, and stops when it is answered.

    The user's own playback goes on, a looping bar too: only another audition stops, and playing fast or
    backwards.

    Signals
    -------
    said : message about the switch
    """

    said = Signal(str)

    def __init__(
        self, session: Session, review: Review, transport: Transport, settings: QSettings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._review, self._transport = session, review, transport
        self._settings = settings
        self._playhead_then: int | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._hear)
        review.arrived.connect(self._arrive)
        session.leaving.connect(self._forget)

    @property
    def is_on(self) -> bool:
        """Whether proposals play automatically."""
        return bool(self._settings.value(_SETTING, True, type=bool))

    @property
    def is_waiting(self) -> bool:
        """Whether the current proposal is about to play."""
        return self._rest.isActive()

    def toggle(self) -> None:
        """Switch between automatic playback of proposals and playback on request."""
        self._settings.setValue(_SETTING, not self.is_on)
        if not self.is_on:
            self._rest.stop()
        self.said.emit(
            "Proposals play automatically" if self.is_on else "Proposals play on request ‹transport.preview›"
        )

    def play(self) -> None:
        """Play or stop: from a proposal that was come to since the playhead moved, else from the playhead."""
        self._rest.stop()
        span, playhead = self._review.current_span(), self._transport.playhead_samples
        is_fresh = playhead == self._playhead_then and not self._transport.is_playing
        if span is not None and is_fresh and not span[0] <= playhead < span[1]:
            self._transport.seek(span[0])
            self._playhead_then = None
        self._transport.toggle(span)

    def _arrive(self, proposal_id: str) -> None:
        self._rest.stop()
        transport = self._transport
        if (transport.is_auditioning and not transport.goes_round) or transport.is_shuttling:
            transport.stop()
        if not proposal_id:
            return
        self._playhead_then = self._transport.playhead_samples
        if self.is_on:
            self._rest.start()

    def _hear(self) -> None:
        here, tracks = self._review.current, self._session.state.tracks
        if here is None or self._transport.is_playing:
            return
        if all(self._session.media.keys() >= set(track.source_ids) for track in tracks):
            try:
                self._transport.play_preview(here)
            except OffcutError:
                return  # there is nothing to play; a key that asks for it reports why

    def _forget(self) -> None:
        self._rest.stop()
        self._playhead_then = None
