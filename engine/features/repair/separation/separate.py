"""Isolate or remove named sounds inside windows: everything outside is the recording, bit for bit.

Separators cache masks: another strength, another fade, or the other mode use the same ones. A stream is
separated block by block, at a constant delay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.core.progress import SILENT, Progress, heeding
from engine.core.timebase import s_to_samples
from engine.features.repair.separation.outcome import Outcome, outcome_of, outcomes_of
from engine.features.repair.separation.paint import MaskMemory, Paint, PaintedMask
from engine.features.repair.separation.separator import (
    CONTEXT_S,
    Mask,
    Mode,
    Prompt,
    Separator,
    Stretch,
    masked,
)
from engine.features.repair.separation.windows import FADE_MS, gate, neighbourhood

Samples = NDArray[np.float32]


MOST_BYTES = 80 << 20
"""Masks of 32 minutes at the resolution of the network, of 8 minutes at that of the spectrum."""


@dataclass(frozen=True, slots=True, eq=False)
class RememberingSeparator:
    """See `Separator`; missing answers are computed by another one."""

    asks: Separator
    memory: MaskMemory

    @property
    def name(self) -> str:
        """The name of the wrapped separator."""
        return self.asks.name

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return an outcome for each prompt."""
        heard = blake2b(np.ascontiguousarray(stretch.samples).data, digest_size=16)
        heard.update(repr(stretch.windows_s).encode())
        keys = [(self.name, heard.digest(), _meaning(prompt)) for prompt in prompts]
        masks = self.memory.masks
        with self.memory.lock:
            known = {key: masks[key] for key in keys if key in masks}
        new = [number for number, key in enumerate(keys) if key not in known]
        if new:
            answered = outcomes_of(stretch, [prompts[number] for number in new], self.asks)
            known.update({keys[number]: outcome for number, outcome in zip(new, answered, strict=True)})
        with self.memory.lock:
            for key in keys:
                masks[key] = known[key]
                masks.move_to_end(key)
            held = sum(outcome.mask.shares.nbytes for outcome in masks.values())
            while held > MOST_BYTES:  # the one that was not asked for longest goes first
                _key, outcome = masks.popitem(last=False)
                held -= outcome.mask.shares.nbytes
        return tuple(known[key] for key in keys)


def _meaning(prompt: Prompt) -> bytes:
    return bytes([prompt.example]) + np.asarray(prompt.vector, np.float32).tobytes()


@cache
def remembering(separator: Separator) -> RememberingSeparator:
    """Return a separator with its latest masks, which the check of a prompt and the separation both need."""
    return RememberingSeparator(separator, MaskMemory())


_FRAME_S = MEL.hop_samples / MEL.rate_hz
_STEP_S = 32 * _FRAME_S
_AHEAD_S = 16 * _FRAME_S
_HEARD_S = 191 * _FRAME_S
"""As much as one view of either network holds; whole frames, so that all steps share one grid."""
_MARGIN_S = 0.25
_FADE_S = 0.05
LATENCY_S = _STEP_S + _AHEAD_S
"""A sample is returned once its step and a quarter of a second after that step have come in."""


class SeparationStream:
    """Separates blocks of samples as they come in; memory does not grow with the length of the stream.

    Each step is separated within the three seconds that end a quarter of a second after it. All of these are
    one window: a stream has no surroundings, and is not checked for the presence of the sound. From one step
    to the next the result is crossfaded.

    Parameters
    ----------
    rate_hz : of the stream; a separator gets it as mono at the rate of
        `engine.analysis.detection.spectra.MEL`
    floor_db : no moment of a band is lowered further than to this
    """

    def __init__(
        self,
        separator: Separator,
        prompts: Sequence[Prompt],
        mode: Mode,
        *,
        rate_hz: int,
        channels: int,
        floor_db: float = -np.inf,
    ) -> None:
        self._separator, self._prompts, self._mode = separator, tuple(prompts), mode
        self._rate_hz, self._floor_db = rate_hz, floor_db
        self._held = np.zeros((0, channels), np.float32)
        self._held_from = 0
        self._new: list[Samples] = []
        self._received = 0
        self._steps = 0
        self._tail = self._held

    def block(self, samples: Samples) -> Samples:
        """Take samples, shape (n, channels), and return those that are separated by now, in their order."""
        self._new.append(samples)
        self._received += len(samples)
        answered = [self._held[:0]]
        while self._received >= self._known_until():
            answered.append(self._separated(self._edge(self._steps + 1), self._known_until()))
            self._steps += 1
            # Samples that no later step needs are forgotten.
            count = max(0, self._known_until() - self._samples(_HEARD_S) - self._held_from)
            self._held = self._held[count:].copy()
            self._held_from += count
        return np.concatenate(answered)

    def rest(self) -> Samples:
        """Return the separated samples that `block` has not returned; the stream ends with them."""
        if self._received == self._edge(self._steps):
            return self._held[:0]
        return self._separated(self._received, self._received)

    def _separated(self, stop: int, known: int) -> Samples:
        """Return the current step, up to `stop`, separated with the samples available up to `known`."""
        self._held = np.concatenate([self._held, *self._new])
        self._new = []
        start = self._edge(self._steps)
        first = max(0, known - self._samples(_HEARD_S))
        begin = max(first, start - self._samples(_MARGIN_S))
        mask = outcome_of(self._stretch(first, known), self._prompts, self._separator).mask_for(self._mode)
        shifted = mask.from_later((begin - first) / self._rate_hz)
        heard = self._span(begin, known)
        result = masked(heard, self._rate_hz, shifted, self._mode, self._floor_db)[start - begin :]
        fade = min(len(self._tail), len(result))
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)[:, None]
        result[:fade] = self._tail[:fade] * (1.0 - ramp) + result[:fade] * ramp
        step = stop - start
        self._tail = result[step : step + self._samples(_FADE_S)].copy()
        return result[:step]

    def _stretch(self, start: int, stop: int) -> Stretch:
        mono = np.asarray(self._span(start, stop).mean(axis=1), np.float32)
        if self._rate_hz != MEL.rate_hz:
            mono = np.asarray(soxr.resample(mono, self._rate_hz, MEL.rate_hz), np.float32)
        return Stretch(mono, ((0.0, len(mono) / MEL.rate_hz),))

    def _span(self, start: int, stop: int) -> Samples:
        return self._held[start - self._held_from : stop - self._held_from]

    def _edge(self, step: int) -> int:
        """Return where a step begins; edges do not drift at rates that steps do not divide."""
        return self._samples(step * _STEP_S)

    def _known_until(self) -> int:
        return self._edge(self._steps + 1) + self._samples(_AHEAD_S)

    def _samples(self, seconds: float) -> int:
        return s_to_samples(seconds, self._rate_hz)


Read = Callable[[int, int], Samples]
"""Returns samples [start, stop), shape (frames, channels)."""
_Span = tuple[int, int]

_PIECE_S = 30.0
_OVERLAP_S = 2.0
"""Long windows are processed in pieces; pieces are crossfaded over this length."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Settings of a separation.

    Attributes
    ----------
    prompts : the targets; the masks of several add up, and without any only the paint counts
    fade_ms : how long the change comes and goes, inside each window
    floor_db : no moment of a band is made quieter than by this
    paint : painted on the mask, on the timeline
    is_judged : whether a result that may be worse than the recording is refused
    """

    prompts: tuple[Prompt, ...]
    mode: Mode = Mode.REMOVE
    fade_ms: float = FADE_MS
    floor_db: float = -np.inf
    paint: tuple[Paint, ...] = ()
    is_judged: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording to separate; reads from anywhere, so that memory does not grow with its length.

    Attributes
    ----------
    latest : the segment read last, by its span and windows: those of one neighbourhood follow each other
    """

    read: Read
    length_samples: int
    rate_hz: int
    latest: dict[tuple[_Span, tuple[_Span, ...]], Stretch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Separated:
    """Resulting audio of a piece of a window.

    Attributes
    ----------
    start_samples : its position in the recording
    samples : float32, shape (frames, channels)
    window_samples : [start, stop) of the window it is a piece of
    outcome : its methods and forecast
    """

    start_samples: int
    samples: Samples
    window_samples: tuple[int, int]
    outcome: Outcome


def separate(
    recording: Recording,
    windows: Sequence[tuple[int, int]],
    wanted: Asked,
    separator: Separator,
    progress: Progress = SILENT,
    piece_s: float | None = None,
) -> Iterator[Separated]:
    """Yield the resulting audio of the windows, in consecutive pieces, in the order of time.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.windows.joined` returns them
    piece_s : length of the pieces in which long windows are processed; None for 30 s

    Raises
    ------
    NotCredibleError : a result may be worse than the recording; not where masks are painted by hand
    """
    if not isinstance(separator, RememberingSeparator):
        separator = RememberingSeparator(separator, MaskMemory())
    total = sum(stop - start for start, stop in windows)
    fade = s_to_samples(wanted.fade_ms / 1000.0, recording.rate_hz)
    done = 0
    for start, stop in windows:
        at = start
        pieces = heeding(progress, _pieces(recording, windows, (start, stop), wanted, separator, piece_s))
        for piece, outcome in pieces:
            progress.check_cancelled()
            samples = recording.read(at, at + len(piece))
            curve = gate(stop - start, fade, at - start, at - start + len(piece))[:, None]
            # The difference is laid over the recording, so that where the gate is shut nothing is rounded.
            heard = np.asarray(samples + curve * (piece - samples), np.float32)
            yield Separated(at, heard, (start, stop), outcome)
            at, done = at + len(piece), done + len(piece)
            progress.report(done / total, "Separating")


def _pieces(
    recording: Recording,
    windows: Sequence[tuple[int, int]],
    window: tuple[int, int],
    wanted: Asked,
    separator: Separator,
    piece_s: float | None,
) -> Iterator[tuple[Samples, Outcome]]:
    """Yield a window piece by piece, each faded over the end of the one before, and how it was made."""
    step = s_to_samples(piece_s or _PIECE_S, recording.rate_hz)
    tail: Samples | None = None
    for at, until in piece_spans(window, recording.rate_hz, piece_s):
        piece, outcome = changed(recording, windows, (at, until), wanted, separator)
        if tail is not None:
            ramp = np.linspace(0.0, 1.0, len(tail), dtype=np.float32)[:, None]
            piece[: len(tail)] = tail + ramp * (piece[: len(tail)] - tail)
        if until == window[1]:
            yield piece, outcome
            return
        yield piece[:step], outcome
        tail = piece[step:]


def piece_spans(
    window: tuple[int, int], rate_hz: int, piece_s: float | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the overlapping pieces in which a window is processed, [start, stop) in samples."""
    start, stop = window
    step, overlap = s_to_samples(piece_s or _PIECE_S, rate_hz), s_to_samples(_OVERLAP_S, rate_hz)
    for at in range(start, stop, step):
        until = min(stop, at + step + overlap)
        yield at, until
        if until == stop:
            return


def heard_around(
    recording: Recording, windows: Sequence[tuple[int, int]], window: tuple[int, int]
) -> tuple[Stretch, int, int]:
    """Return a window with its neighbourhood as the separator's input, and the start and stop of that.

    Windows of one neighbourhood share their surroundings, which are analysed once for all of them.
    """
    reach = s_to_samples(CONTEXT_S, recording.rate_hz)
    span = neighbourhood(tuple(windows), window, s_to_samples(_PIECE_S, recording.rate_hz), reach)
    first, last = max(0, span[0] - reach), min(recording.length_samples, span[1] + reach)
    within = tuple((start, stop) for start, stop in windows if start < last and stop > first)
    if (span, within) not in recording.latest:
        recording.latest.clear()
        recording.latest[span, within] = _read(recording, within, first, last)
    return recording.latest[span, within], first, last


def neighbourhoods(
    recording: Recording, windows: Sequence[tuple[int, int]], *, pieces_alone: bool = False
) -> Iterator[tuple[Stretch, tuple[tuple[int, int], ...]]]:
    """Yield the surroundings of windows, those of one neighbourhood once, with the windows in them.

    Parameters
    ----------
    pieces_alone : whether each piece of a long window is one of its own, with the rest as its surroundings
    """
    latest: Stretch | None = None
    inside: list[tuple[int, int]] = []
    for window in windows:
        spans = tuple(piece_spans(window, recording.rate_hz))
        for span in spans:
            together = (span,) if pieces_alone and len(spans) > 1 else windows
            stretch, _first, _last = heard_around(recording, together, span)
            if latest is not None and stretch is not latest:
                yield latest, tuple(inside)
                inside = []
            latest = stretch
            inside.append(window)
    if latest is not None:
        yield latest, tuple(inside)


def _read(recording: Recording, windows: Sequence[tuple[int, int]], first: int, last: int) -> Stretch:
    """Return samples [first, last) as the separator's input, with their windows."""
    mono = np.asarray(recording.read(first, last).mean(axis=1), np.float32)
    if recording.rate_hz != MEL.rate_hz:
        mono = np.asarray(soxr.resample(mono, recording.rate_hz, MEL.rate_hz), np.float32)
    edges_s = (np.array(windows) - first) / recording.rate_hz
    return Stretch(mono, tuple((start_s, stop_s) for start_s, stop_s in edges_s.tolist()))


def mask_of(
    recording: Recording,
    windows: Sequence[tuple[int, int]],
    window: tuple[int, int],
    prompts: Sequence[Prompt],
    separator: Separator,
) -> tuple[Mask, int]:
    """Return the joint mask of all prompts around a window, and the sample at which it begins."""
    stretch, first, _last = heard_around(recording, windows, window)
    return outcome_of(stretch, prompts, separator).mask, first


def changed(
    recording: Recording,
    windows: Sequence[tuple[int, int]],
    window: tuple[int, int],
    wanted: Asked,
    separator: Separator,
) -> tuple[Samples, Outcome]:
    """Return a window with its target isolated or removed, without a gate, and the outcome.

    Raises
    ------
    NotCredibleError : the result may be worse than the recording; not where the mask is painted by hand
    """
    stretch, first, last = heard_around(recording, windows, window)
    outcome = outcome_of(stretch, wanted.prompts, separator)
    if wanted.is_judged and not wanted.paint:
        outcome.require_credible(wanted.prompts, wanted.mode)
    margin = s_to_samples(0.25, recording.rate_hz)
    begin, end = max(first, window[0] - margin), min(last, window[1] + margin)
    shifted = outcome.mask_for(wanted.mode).from_later((begin - first) / recording.rate_hz)
    meant = PaintedMask(shifted, wanted.paint, begin, recording.rate_hz)
    samples = masked(recording.read(begin, end), recording.rate_hz, meant, wanted.mode, wanted.floor_db)
    return samples[window[0] - begin : window[1] - begin], outcome
