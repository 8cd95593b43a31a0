"""Playback of the takes of a passage in turn at the same musical position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from desktop.shell.transport import Transport
from engine.takes.takes import Take
from engine.timebase import s_to_samples

HEARD_S = 8.0
"""Duration of each take."""
_LET_GO_S = 0.5
"""Segments that end earlier than this were stopped by the user."""


def places(takes: Sequence[Take], share: float) -> list[tuple[int, float]]:
    """Return the takes that contain a position of the passage, and their times in seconds."""
    found = []
    for number, take in enumerate(takes):
        within = take.to_share - take.from_share
        if within > 0.0 and take.from_share - 1e-6 <= share < take.to_share:
            at = (share - take.from_share) / within
            found.append((number, take.start_s + max(0.0, at) * (take.stop_s - take.start_s)))
    return found


def share_at(take: Take, place_s: float) -> float | None:
    """Return the passage position of a take's time; None at its start, or outside."""
    if not take.start_s + _LET_GO_S < place_s < take.stop_s:
        return None
    within = (place_s - take.start_s) / (take.stop_s - take.start_s)
    return take.from_share + within * (take.to_share - take.from_share)


def common_share(takes: Sequence[Take], first: Take) -> float:
    """Return the position at which all takes have started, or the start of this one if it ends before."""
    latest = max(take.from_share for take in takes)
    return latest if latest < first.to_share else first.from_share


@dataclass(frozen=True, slots=True)
class _PlayingTake:
    number: int
    span_samples: tuple[int, int]


class InTurn(QObject):
    """Plays stretches one after another.

    Signals
    -------
    sounding : number of the playing take, None at the end
    """

    sounding = Signal(object)

    def __init__(self, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._transport = transport
        self._waiting: list[_PlayingTake] = []
        self._now: _PlayingTake | None = None
        self._heard_to = 0
        self._rate_hz = 1
        transport.playhead_moved.connect(self._follow)
        transport.playing_changed.connect(self._stopped)

    @property
    def is_on(self) -> bool:
        """Whether a take is playing."""
        return self._now is not None

    def start(self, takes: Sequence[Take], first: int, share: float, rate_hz: int) -> None:
        """Play a position of the passage in every take that has it, starting with one of them."""
        self.leave()
        self._rate_hz = max(1, rate_hz)
        found = places(takes, share)
        after = [one for one in found if one[0] >= first] + [one for one in found if one[0] < first]
        for number, at_s in after:
            stop_s = min(at_s + HEARD_S, takes[number].stop_s)
            span = (s_to_samples(at_s, rate_hz), s_to_samples(stop_s, rate_hz))
            self._waiting.append(_PlayingTake(number, span))
        self.next()

    def next(self) -> bool:
        """Continue with the next take; return False after the last one."""
        if not self._waiting:
            self.leave()
            return False
        self._now = None  # what plays is stopped for the next one, not by the user
        heard = self._waiting.pop(0)
        self._transport.play_span(heard.span_samples)
        self._now, self._heard_to = heard, heard.span_samples[0]
        self.sounding.emit(heard.number)
        return True

    def leave(self) -> None:
        """Play no other take."""
        was_on = self._now is not None
        self._waiting, self._now = [], None
        if was_on:
            self._transport.stop()
            self.sounding.emit(None)

    def _follow(self, position: int) -> None:
        if self._now is not None and self._transport.is_auditioning:
            self._heard_to = max(self._heard_to, position)

    def _stopped(self, playing: bool) -> None:
        """Continue at the end of a segment; end if the user stopped it or plays something else."""
        now = self._now
        if playing or now is None:
            return
        self._now = None
        missed = now.span_samples[1] - self._heard_to
        if missed > _LET_GO_S * self._rate_hz or not self._waiting:
            self._waiting = []
            self.sounding.emit(None)
        else:
            self.next()
