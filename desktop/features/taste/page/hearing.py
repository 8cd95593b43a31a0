"""Playback from the Taste page: the document on its timeline, other recordings separately."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.features.taste.reference_example import ReferenceSegment
from desktop.features.taste.reference_file import fetch_reference
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from desktop.shell.work.work import Work
from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time, s_to_samples
from engine.features.taste.sounds import DocumentSound, FileSound, Sound
from engine.recordings.reference_recording import ReferenceRequest
from engine.sound.reader import probe

_RATE_ALONE_HZ = 48_000
"""Sample rate for recordings that moved, while no document sets one."""


class TasteHearing(QObject):
    """Plays spans of recordings; a newer request replaces earlier ones.

    Signals
    -------
    said : the playing recording
    """

    said = Signal(str)

    def __init__(
        self, session: Session, transport: Transport, work: Work, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._transport, self._work = session, transport, work
        self._ready: dict[tuple[Path, int], Path] = {}
        self._wanted: tuple[Path, float, float] | None = None

    def hear(self, sound: Sound, start_s: float, stop_s: float) -> None:
        """Play a span of a recording.

        Raises
        ------
        SourceError, UsageError : unreadable file, or an empty span
        """
        if isinstance(sound, DocumentSound):
            self._wanted = None
            rate_hz = self._session.state.rate_hz
            length = self._session.state.length_samples
            first, last = (min(s_to_samples(edge, rate_hz), length) for edge in (start_s, stop_s))
            self._transport.play_span((first, last))
            self.said.emit(f"This recording at {format_time(start_s, 0)}")
            return
        self._wanted = (sound.path, start_s, stop_s)
        rate_hz = self._rate_of(sound)
        ready = self._ready.get((sound.path, rate_hz))
        if ready is not None and ready.exists():
            self._play(sound, rate_hz, self._wanted, ready)
        else:
            request = ReferenceRequest(sound.path, sound.content_hash, sound.folders, rate_hz)
            fetch_reference(self._work, request, partial(self._play, sound, rate_hz, self._wanted))

    def _rate_of(self, sound: FileSound) -> int:
        """Return the rate it is played at: the document's, or its own while none is open."""
        if self._session.state.rate_hz:
            return self._session.state.rate_hz
        try:
            return probe(sound.path).rate_hz
        except SourceError:
            return _RATE_ALONE_HZ

    def _play(self, sound: FileSound, rate_hz: int, wanted: tuple[Path, float, float], ready: Path) -> None:
        """Play a prepared span, unless a newer request exists."""
        self._ready[sound.path, rate_hz] = ready
        if wanted != self._wanted:
            return
        _path, start_s, stop_s = wanted
        first, last = (s_to_samples(edge, rate_hz) for edge in (start_s, stop_s))
        stretch = ReferenceSegment(ready, first, last)
        stretch.close()
        if not stretch.length_samples:
            raise SourceError(
                f"{shown(ready)} ends before this position: the file changed after the analysis."
            )
        factory = partial(ReferenceSegment, ready, first, last)
        self._transport.play_beside(factory, stretch.length_samples, rate_hz)
        self.said.emit(f"{shown(sound.path.stem)} at {format_time(start_s, 0)}")
