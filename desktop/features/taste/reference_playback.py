"""Playback of reference recordings: next to a proposal, or from the Taste page.

A proposal and its nearest training example play by turns. The Taste page plays the document on its timeline,
and other recordings separately. Recordings are prepared by a job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.recordings.recordings import Analysing
from desktop.shell.playback.play_source import Frames
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from desktop.shell.work.work import Work
from engine.core.errors import SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time, s_to_samples
from engine.document.proposals import ReferenceExample
from engine.features.taste.overview.requests import DocumentSound, FileSound, Sound
from engine.recordings.media import ReferenceRequest, prepare_reference
from engine.sound.reader import SourceReader, probe


def fetch_reference(work: Work, request: ReferenceRequest, take: Callable[[Path], None]) -> None:
    """Make a reference recording ready for playback, and hand over its file."""
    work.read(prepare_reference, request, f"Fetching {shown(request.path.name)}", take)


class ReferenceSegment:
    """A segment of a training recording for the player, in samples from the start of the segment."""

    def __init__(self, path: Path, start_samples: int, stop_samples: int) -> None:
        self._reader = SourceReader(path)
        self._start_samples = start_samples
        self.rate_hz = self._reader.rate_hz
        self.channels = self._reader.channels
        self.length_samples = max(0, min(stop_samples, self._reader.frames) - start_samples)

    def read(self, start_samples: int, stop_samples: int) -> Frames:
        """Return float32, shape (stop - start, channels), at the original level."""
        first = self._start_samples
        samples: Frames = self._reader.read(first + start_samples, first + stop_samples)
        return samples

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


@dataclass(frozen=True, slots=True)
class _Wish:
    """A request and its document."""

    proposal_id: str
    example: ReferenceExample
    document: Path | None


class ReferenceListening(QObject):
    """Plays the training example nearest to the current proposal, by turns with the proposal's similar part.

    Signals
    -------
    said : the playing recording
    """

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, analysing: Analysing) -> None:
        super().__init__(window)
        self._session, self._review, self._transport = shell.session, shell.review, shell.transport
        self._analysing, self._work = analysing, shell.work
        self._example_of: str | None = None
        self._ready: dict[tuple[str, int], Path] = {}
        self._review.moved.connect(self._forget_turn)
        self._session.replaced.connect(self._ready.clear)

    def hear(self) -> None:
        """Play the example; asked again, the proposal, and so by turns.

        Raises
        ------
        UsageError : no proposal is current, or it has no training example
        """
        here = self._review.here()
        example = self._session.state.proposals[here].nearest_kept
        if example is None:
            raise UsageError(
                "No reference for this proposal. Learn the taste again ‹taste.learn› to get references."
            )
        if self._example_of == here:
            self._example_of = None
            self._play_proposal(here, example)
            return
        wish = _Wish(here, example, self._session.path)
        ready = self._ready.get((example.path, self._session.state.rate_hz))
        if ready is not None and ready.exists():
            self._play_example(wish, ready)
        else:
            fetch_reference(self._work, self._request(example), partial(self._take, wish))

    def _request(self, example: ReferenceExample) -> ReferenceRequest:
        nearest = self._session.nearest
        known = {} if nearest is None else dict(zip(nearest.paths, nearest.content_hashes, strict=True))
        taste, document = self._analysing.taste, self._session.path
        folders = tuple(one.absolute().parent for one in (taste, document) if one is not None)
        path = Path(example.path)
        return ReferenceRequest(path, known.get(example.path, ""), folders, self._session.state.rate_hz)

    def _take(self, wish: _Wish, ready: Path) -> None:
        """Play the prepared audio, unless the user has gone on meanwhile."""
        if wish.document != self._session.path or self._review.current != wish.proposal_id:
            return
        self._ready[wish.example.path, self._session.state.rate_hz] = ready
        self._play_example(wish, ready)

    def _play_example(self, wish: _Wish, ready: Path) -> None:
        rate_hz = self._session.state.rate_hz
        start, stop = (s_to_samples(edge, rate_hz) for edge in (wish.example.start_s, wish.example.stop_s))
        if stop <= start:
            raise SourceError(f"{shown(ready)} ends before the example: learn the taste again.")
        self._transport.play_beside(partial(ReferenceSegment, ready, start, stop), stop - start)
        self._example_of = wish.proposal_id
        name, at = shown(Path(wish.example.path).stem), format_time(wish.example.start_s, 0)
        self.said.emit(f"Reference: {name} at {at}; again ‹review.hear_kept› for the proposal")

    def _play_proposal(self, here: str, example: ReferenceExample) -> None:
        state = self._session.state
        made, rate_hz = state.proposals[here], state.rate_hz
        start = max(0, made.start_samples + s_to_samples(example.offset_s, rate_hz))
        stop = min(state.length_samples, start + s_to_samples(example.stop_s - example.start_s, rate_hz))
        self._transport.play_span((start, stop))
        self.said.emit(
            "The proposal at the most similar position; again ‹review.hear_kept› for the reference"
        )

    def _forget_turn(self) -> None:
        """Begin with the example at another proposal."""
        if self._review.current != self._example_of:
            self._example_of = None


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
