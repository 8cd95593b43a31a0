"""Onsets of notes: rises of any pitch, but not of vibrato, then the moment at which each begins.

The flux is that of S. Böck and G. Widmer, "Maximum filter vibrato suppression for onset detection", DAFx-13:
a band rises where it is louder than it and its neighbours were some frames ago, so that a pitch that wavers
does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.loudness import Octaves, finite, octave_energies
from engine.analysis.signal.stft import mel_power_blocks
from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float32]

HOP_S = 0.005
_BANDS, _WINDOW_S = 120, 0.046
_LAG_FRAMES = 3
_FLOOR_DB = 60.0
"""Below the loudest tenth of a track, rises are not counted."""
_APART_S = 0.05
_AROUND_S = 0.03
_MEAN_S = 0.2
_CLEAR = 2.5
"""Flux, in dB a band, of an onset without doubt."""
_LIMITS = (1.1, 0.15)
"""Flux above the mean around it that counts as an onset, at sensitivity 0 and 1."""
_SEARCH_S, _RISE_S = 0.035, 0.006
_HELD_S = 0.025
"""The loudest moment of this long before counts: the periods of a low tone are not onsets."""
_FLOOR = 0.05
"""Of the loudest moment: rises below it, as of a breath before a tone, do not count."""
_LEAST_RISE_DB = 2.5
"""Of all octaves, in the mean: a smaller one may be anywhere in the range of the search."""
_END = 0.03
"""Of the power before it, after the end of a note."""
_SEGMENT_S, _SEGMENTS = 20.0, 30
"""Length of a segment, and the number of segments that a level is measured in."""


class ReadMono(Protocol):
    """Reads a span of a track, folded to one channel."""

    def __call__(self, start_samples: int, stop_samples: int, /) -> Floats:
        """Return the span [start, stop), shape (stop - start,); zeros outside the recording."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Notes:
    """Onsets of notes in one track, in the order of time.

    Attributes
    ----------
    onsets_samples : float64, shape (n,)
    strengths_db : float32, shape (n,), the level just after the onset, in dB full scale
    confidences : float32, shape (n,), 0 to 1, that a note begins there
    unsure_samples : float32, shape (n,), how far off each may be: much for a note that swells or flutters
    faint_samples : float64, shape (m,), where notes may begin that are fainter than the sensitivity asks for
    """

    onsets_samples: NDArray[np.float64]
    strengths_db: Floats
    confidences: Floats
    unsure_samples: Floats
    faint_samples: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


def find_notes(
    read: ReadMono, length_samples: int, rate_hz: int, sensitivity: float = 0.5, progress: Progress = SILENT
) -> Notes:
    """Find the onsets of notes in a track.

    Parameters
    ----------
    sensitivity : 0 to 1; higher detects softer notes, too

    Raises
    ------
    Cancelled : the user asked for it
    """
    hop = round(HOP_S * rate_hz)
    flux = _flux(read, length_samples, rate_hz, progress.part(0.0, 0.7))
    frames, above = _peaks(flux, sensitivity)
    around = round((_SEARCH_S + _RISE_S) * rate_hz)
    faint = [
        at
        for at in (np.setdiff1d(_peaks(flux, 1.0)[0], frames) * hop).tolist()
        if not _is_end(finite(read(at - around, at + around)))
    ]
    near = np.minimum(frames * hop, max(length_samples - 1, 0))
    onsets, widths, levels, is_note = _refined(read, near, rate_hz, progress.part(0.7, 1.0))
    above = above[is_note]
    retained = np.concatenate([[True], np.diff(onsets) > _APART_S / 2 * rate_hz])[: len(onsets)]
    confidences = 1.0 - np.exp(-above / _CLEAR * 3.0)
    return Notes(
        onsets[retained].astype(np.float64),
        levels[retained].astype(np.float32),
        confidences[retained].astype(np.float32),
        widths[retained].astype(np.float32),
        np.array(faint, np.float64),
    )


def _flux(read: ReadMono, length: int, rate_hz: int, progress: Progress) -> NDArray[np.float64]:
    """Return how much louder the bands get at each frame, in dB a band, shape (frames,)."""
    settings = MelSettings(
        rate_hz=rate_hz,
        n_fft=int(2 ** round(np.log2(_WINDOW_S * rate_hz))),
        hop_samples=round(HOP_S * rate_hz),
        n_mels=_BANDS,
    )
    floor = max(_loud(read, length, settings) * 10 ** (-_FLOOR_DB / 10), 1e-10)
    held = np.zeros((0, _BANDS))
    found = [np.zeros(_LAG_FRAMES)]
    for power in mel_power_blocks(_blocks(read, length, rate_hz, progress), settings):
        level_db = np.concatenate([held, 10.0 * np.log10(power + floor)])
        before = maximum_filter1d(level_db, 3, axis=1)[:-_LAG_FRAMES]
        found.append(np.maximum(level_db[_LAG_FRAMES:] - before, 0.0).mean(axis=1))
        held = level_db[-_LAG_FRAMES:]
    return np.concatenate(found) if len(held) else np.zeros(0)


def _loud(read: ReadMono, length: int, settings: MelSettings) -> float:
    """Return the power of the loudest band that a tenth of the frames exceeds, in segments of a recording."""
    segment = round(_SEGMENT_S * settings.rate_hz)
    starts = np.unique(
        np.linspace(0, max(length - segment, 0), _SEGMENTS).astype(np.int64) // segment * segment
    )
    loudest = [
        power.max(axis=1)
        for start in starts.tolist()
        for power in mel_power_blocks([finite(read(start, min(start + segment, length)))], settings)
    ]
    return float(np.quantile(np.concatenate(loudest), 0.9)) if loudest else 0.0


def _blocks(read: ReadMono, length: int, rate_hz: int, progress: Progress) -> Iterator[Floats]:
    segment = round(_SEGMENT_S * rate_hz)
    for start in range(0, length, segment):
        progress.check_cancelled()
        progress.report(start / max(length, 1), "Detecting notes")
        yield finite(read(start, min(start + segment, length)))


def _peaks(flux: NDArray[np.float64], sensitivity: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the frames at which the flux peaks, and how far above its surroundings it is there."""
    if not len(flux):
        return np.zeros(0, np.int64), np.zeros(0)
    around, mean = (round(seconds / HOP_S) for seconds in (_AROUND_S, _MEAN_S))
    above = flux - uniform_filter1d(flux, mean, mode="nearest")
    limit = _LIMITS[0] + (_LIMITS[1] - _LIMITS[0]) * sensitivity
    is_peak = (flux == maximum_filter1d(flux, 2 * around + 1)) & (above > limit)
    frames = np.flatnonzero(is_peak)
    apart = round(_APART_S / HOP_S)
    retained: list[int] = []
    for frame in frames.tolist():
        if not retained or frame - retained[-1] >= apart:
            retained.append(frame)
    found = np.array(retained, np.int64)
    return found, above[found]


def _refined(
    read: ReadMono, near: NDArray[np.int64], rate_hz: int, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the rise near each place, its uncertainty, the level after it, and whether it is a note."""
    octaves = Octaves(rate_hz)
    hop = octaves.hop_samples
    reach, rise, held = (octaves.hops(seconds) for seconds in (_SEARCH_S, _RISE_S, _HELD_S))
    curves = np.zeros((len(near), 2 * reach + 1))
    levels, ends = np.full(len(near), -120.0), np.zeros(len(near), np.bool_)
    for number, place in enumerate(near.tolist()):
        progress.check_cancelled()
        sound = finite(read(place - (reach + rise + held) * hop, place + (reach + rise + 1) * hop))
        curves[number] = _rises(octave_energies(sound, octaves), rise, held)[: 2 * reach + 1]
        sound = sound[held * hop :]
        ends[number] = _is_end(sound)
        levels[number] = 10.0 * np.log10(max(float(np.mean(np.square(sound[len(sound) // 2 :]))), 1e-12))
        if not number % 64:
            progress.report(number / len(near), "Detecting notes")
    at = curves.argmax(axis=1) if curves.size else np.zeros(0, np.int64)
    places = np.maximum(near + (at - reach) * hop, 0)
    return places[~ends], (_widths(curves, 0.6 * rise) * hop)[~ends], levels[~ends], ~ends


def _is_end(sound: Floats) -> bool:
    """Return whether a sound stops in its middle: a cut has the spectrum of an onset."""
    half, late = len(sound) // 2, 3 * len(sound) // 4
    before = float(np.mean(np.square(sound[:half], dtype=np.float64)))
    after = float(np.mean(np.square(sound[late:], dtype=np.float64)))
    return after < _END * before


def _rises(energies: Floats, rise: int, held: int) -> NDArray[np.float64]:
    """Return how much louder all octaves are just after each hop than at any time before, shape (hops,)."""
    total = np.cumsum(np.pad(energies.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    means = (total[:, rise:] - total[:, :-rise]) / rise
    floor = _FLOOR * means.max(axis=1, keepdims=True) + 1e-14
    level_db = 10.0 * np.log10(means + floor)
    before = maximum_filter1d(level_db, held + 1, axis=1, origin=held // 2)[:, held:-rise]
    gains = np.maximum(level_db[:, rise + held :] - before, 0.0)
    weights = np.sqrt(means.max(axis=1))
    rises: NDArray[np.float64] = weights @ gains / max(float(weights.sum()), 1e-12)
    return rises


def _widths(curves: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Return over how many hops more than a step would each rise is near its peak, shape (n,)."""
    if not curves.size:
        return np.zeros(len(curves))
    tops, count = curves.max(axis=1, keepdims=True), curves.shape[1]
    is_near = curves >= 0.5 * tops
    widths = count - 1 - is_near[:, ::-1].argmax(axis=1) - is_near.argmax(axis=1)
    found: NDArray[np.float64] = np.where(
        tops[:, 0] < _LEAST_RISE_DB, count / 2, np.maximum(widths - step, 0.0)
    )
    return found
