"""Stored audio of the result: unpacked by jobs, drawn when available, reported if unavailable."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.recordings.recordings import Recordings
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from desktop.shell.work.job_lanes import JobLane
from desktop.timeline.drawing.waves import SourceWave
from engine.document.file.stored_audio import keys_of
from engine.document.kinds.operations import Replace, Stored
from engine.document.state import Change
from engine.sound.edl.tracks.stored_sounds import fits, lost_in_document
from engine.sound.edl.tracks.unpacked import Unpacked, UnpackRequest, unpack

MOST_UNHEARD = 32
"""Number of unused entries that stay cached, since an undone edit is often redone soon."""
SHOW_MS = 300
"""Interval for redrawing lanes during unpacking: each redraw repaints all of them."""


class StoredWaves(QObject):
    """Has the audio unpacked that accepted edits put in the place of recordings.

    Signals
    -------
    changed : available audio, as `SourceWave` by key
    failed : a sentence on edits whose audio cannot be read, once for each; or why none can be drawn
    """

    changed = Signal(dict)
    failed = Signal(str)

    def __init__(
        self, session: Session, transport: Transport, recordings: Recordings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._transport, self._recordings = session, transport, recordings
        self._lane = JobLane("stored audio lane", self)
        self._known: dict[str, SourceWave] = {}
        self._tried: set[str] = set()
        self._waiting: set[str] = set()
        self._lost: set[str] = set()
        self._told: set[Replace] = set()
        self._show_soon = QTimer(self, singleShot=True, interval=SHOW_MS)
        self._show_soon.timeout.connect(self._show)
        self._session.replaced.connect(self._start_over)
        self._session.media_found.connect(self._follow)
        self._session.changed.connect(self._follow_change)

    @property
    def is_busy(self) -> bool:
        """Whether audio is unpacked, or waits to be shown."""
        return self._lane.is_busy or self._show_soon.isActive()

    def close(self) -> None:
        """End the thread."""
        self._show_soon.stop()
        self._lane.close()

    def _start_over(self) -> None:
        self._show_soon.stop()
        self._lane.cancel_all()
        for forgotten in (self._tried, self._waiting, self._lost, self._told):
            forgotten.clear()
        if self._known:
            self._known = {}
            self.changed.emit({})
        self._follow()

    def _follow_change(self, change: Change) -> None:
        if not (change.proposals or change.tracks):
            return
        if self._lost:  # an edit that is made again may have brought its audio along
            proposals = self._session.state.proposals
            changed = (proposals[one].payload for one in change.proposals if one in proposals)
            again = {key for payload in changed for key in keys_of(payload)}
            self._tried -= self._lost & again
            self._lost -= again
        self._forget_old()
        self._follow()

    def _forget_old(self) -> None:
        """Drop the oldest unused entries."""
        if len(self._known) <= MOST_UNHEARD:
            return
        heard = {stored.key for stored, _, _ in self._heard()}
        unheard = [key for key in self._known if key not in heard]
        for key in unheard[: max(0, len(unheard) - MOST_UNHEARD)]:
            del self._known[key]
            self._tried.discard(key)

    def _follow(self) -> None:
        """Unpack audible audio that was not tried yet."""
        media, rate_hz = self._session.media, self._session.state.rate_hz
        if not media:
            return  # nor is any recording drawn
        for stored, _, _ in self._heard():
            key = stored.key
            if key in self._tried:
                continue
            self._tried.add(key)
            if key not in media:
                self._lost.add(key)
                continue
            self._waiting.add(key)
            request = UnpackRequest(media[key], key, rate_hz)
            job = self._lane.submit(unpack, request, title="Reading stored audio")
            job.finished.connect(partial(self._take, key))
            job.failed.connect(partial(self._give_up, key))
        if not self._waiting:
            self._tell()

    def _heard(self) -> Iterator[tuple[Stored, Replace, int]]:
        """Yield the audible audio, its edit, and the number of channels of its track."""
        state = self._session.state
        patches = self._transport.patches
        for track in state.tracks:
            if track.id in patches:
                channels = state.channels(track)
                yield from ((stored, one, channels) for one, stored in patches[track.id].stored)

    def _take(self, key: str, unpacked: Unpacked | None) -> None:
        if unpacked is None:
            self._lost.add(key)
        else:
            self._known[key] = SourceWave(unpacked.peaks, unpacked.path, self._recordings.wave_tiles)
        self._follow_end(key)

    def _give_up(self, key: str, sentence: str) -> None:
        """Return why valid audio could not be unpacked, such as a lack of disk space."""
        self.failed.emit(sentence)
        self._follow_end(key)

    def _follow_end(self, key: str) -> None:
        self._waiting.discard(key)
        if not self._waiting:
            self._show()
            self._tell()
        elif not self._show_soon.isActive():
            self._show_soon.start()

    def _show(self) -> None:
        self._show_soon.stop()
        self.changed.emit(dict(self._known))

    def _tell(self) -> None:
        """Name the edits whose audio cannot be read, those that were named before left out."""
        lost = {one for stored, one, channels in self._heard() if self._is_lost(stored, channels)}
        new = lost - self._told
        if new:
            self._told |= new
            self.failed.emit(lost_in_document(new, self._session.state.rate_hz))

    def _is_lost(self, stored: Stored, channels: int) -> bool:
        wave = self._known.get(stored.key)
        if wave is None:
            return stored.key in self._lost
        return not fits(stored, wave.frames, wave.channels, channels)
