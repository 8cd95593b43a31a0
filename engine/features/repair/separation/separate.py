"""Isolate or remove named sounds inside windows: everything outside is the recording, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.core.progress import SILENT, Progress, heeding
from engine.core.timebase import s_to_samples
from engine.features.repair.separation.mask import Mask, Mode, masked
from engine.features.repair.separation.mask_memory import MaskMemory
from engine.features.repair.separation.outcomes.outcome import Outcome, outcome_of
from engine.features.repair.separation.paint import Paint, PaintedMask
from engine.features.repair.separation.remembered import RememberingSeparator
from engine.features.repair.separation.separator import CONTEXT_S, Prompt, Separator, Stretch
from engine.features.repair.separation.windows import FADE_MS, gate, neighbourhood

Samples = NDArray[np.float32]
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
    asked: Asked,
    separator: Separator,
    progress: Progress = SILENT,
) -> Iterator[Separated]:
    """Yield the resulting audio of the windows, in consecutive pieces, in the order of time.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.windows.joined` returns them

    Raises
    ------
    NotCredibleError : a result may be worse than the recording; not where masks are painted by hand
    """
    if not isinstance(separator, RememberingSeparator):
        separator = RememberingSeparator(separator, MaskMemory())
    total = sum(stop - start for start, stop in windows)
    fade = s_to_samples(asked.fade_ms / 1000.0, recording.rate_hz)
    done = 0
    for start, stop in windows:
        at = start
        pieces = heeding(progress, _pieces(recording, windows, (start, stop), asked, separator))
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
    asked: Asked,
    separator: Separator,
) -> Iterator[tuple[Samples, Outcome]]:
    """Yield a window piece by piece, each faded over the end of the one before, and how it was made."""
    step = s_to_samples(_PIECE_S, recording.rate_hz)
    tail: Samples | None = None
    for at, until in piece_spans(window, recording.rate_hz):
        piece, outcome = changed(recording, windows, (at, until), asked, separator)
        if tail is not None:
            ramp = np.linspace(0.0, 1.0, len(tail), dtype=np.float32)[:, None]
            piece[: len(tail)] = tail + ramp * (piece[: len(tail)] - tail)
        if until == window[1]:
            yield piece, outcome
            return
        yield piece[:step], outcome
        tail = piece[step:]


def piece_spans(window: tuple[int, int], rate_hz: int) -> Iterator[tuple[int, int]]:
    """Yield the overlapping pieces in which a window is processed, [start, stop) in samples."""
    start, stop = window
    step, overlap = s_to_samples(_PIECE_S, rate_hz), s_to_samples(_OVERLAP_S, rate_hz)
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
    asked: Asked,
    separator: Separator,
) -> tuple[Samples, Outcome]:
    """Return a window with its target isolated or removed, without a gate, and the outcome.

    Raises
    ------
    NotCredibleError : the result may be worse than the recording; not where the mask is painted by hand
    """
    stretch, first, last = heard_around(recording, windows, window)
    outcome = outcome_of(stretch, asked.prompts, separator)
    if asked.is_judged and not asked.paint:
        outcome.require_credible(asked.prompts, asked.mode)
    margin = s_to_samples(0.25, recording.rate_hz)
    begin, end = max(first, window[0] - margin), min(last, window[1] + margin)
    shifted = outcome.mask_for(asked.mode).from_later((begin - first) / recording.rate_hz)
    meant = PaintedMask(shifted, asked.paint, begin, recording.rate_hz)
    samples = masked(recording.read(begin, end), recording.rate_hz, meant, asked.mode, asked.floor_db)
    return samples[window[0] - begin : window[1] - begin], outcome
