"""How strokes deviate from a grid: whether they follow it, are on it already, or are pushed and pulled.

Every stroke is near some line, also of a wrong grid, so distances alone do not show a fit. Programmed,
replaced and quantized drums are on the grid already, each at a constant delay: people do not play like that,
so the delay is latency. Push and pull is a curve over time for all drums, and each drum has a place of its
own, as a late snare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Hits
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.strokes import GRACES, SURE_OF_A_HIT, Strokes

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


_PAIR_MS = 1.0
_LEAST_PAIRS = 0.38
"""Of the pairs of hits of a drum, this share agrees within `_PAIR_MS`. With a deviation of 2 ms a fourth
does, with 5 ms a tenth; programmed drums reach 0.5 to 1, although some onsets are found early or late."""
_FEWEST_STROKES = 12
_LEAST_CONFIDENCE = 0.5
_NEAR_MS = 0.15
_LAYERS_MS = 8.0
"""Samples of one drum rise by up to this much sooner or later than each other."""
_LEAST_ALIKE = 3
_SMALL_MS = 6.0
"""The accuracy of an onset in the sound of other drums."""
_MOST_SHARE, _MOST_MS = 0.45, 40.0
_PART = 2


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedPlaying:
    """A performance that a machine played, or that was quantized.

    Attributes
    ----------
    off : bool, shape (n,), certain hits with a delay that their drum does not repeat
    on : bool, shape (n,), hits with the usual delay of their drum
    late_ms : the latency of all drums, the median over the hits; negative for early
    """

    off: Flags
    on: Flags
    late_ms: float

    def moves(self, of_hits: NDArray[np.int64], graces: Flags) -> Flags:
        """Return which strokes a machine did not put where they are, shape (s,).

        Parameters
        ----------
        of_hits : shape (n,), the stroke of each hit
        graces : bool, shape (n,), which hits are grace notes
        """
        strokes = np.arange(int(of_hits.max(initial=-1)) + 1)
        return np.isin(strokes, of_hits[self.off & ~graces]) & ~np.isin(strokes, of_hits[self.on])


def quantized_playing(hits: Hits, lines: Lines) -> QuantizedPlaying | None:
    """Detect quantized playing, and hits off their usual delay in it.

    Returns
    -------
    playing : None for human playing, or if fewer than a dozen hits are confident enough to decide
    """
    if len(lines.positions_samples) < 2:
        return None
    away_ms, nearest = _away(hits.onsets_samples, lines)
    counts = (hits.confidences >= _LEAST_CONFIDENCE) & ~np.isin(hits.ornaments, GRACES)
    if np.count_nonzero(counts) < _FEWEST_STROKES or _agreement(away_ms, hits.tracks, counts) < _LEAST_PAIRS:
        return None
    spacing_ms = float(np.median(np.diff(lines.positions_samples))) / lines.rate_hz * 1000.0
    on_beats = lines.levels[nearest] < _PART
    on = np.zeros(len(away_ms), np.bool_)
    for track in np.unique(hits.tracks).tolist():
        own = np.flatnonzero(hits.tracks == track)
        on[own] = _repeated(away_ms[own], counts[own], on_beats[own], spacing_ms)
    clear = (hits.unsure_samples == 0.0) & (hits.confidences >= SURE_OF_A_HIT) & counts
    late_ms = float(np.median(away_ms[on & counts])) if (on & counts).any() else 0.0
    return QuantizedPlaying(clear & ~on, on, late_ms)


def _away(onsets_samples: Floats, lines: Lines) -> tuple[Floats, NDArray[np.int64]]:
    """Return the delay of each onset after the nearest line, in ms, and the number of that line."""
    positions = lines.positions_samples
    turns = np.interp(onsets_samples, positions, np.arange(len(positions), dtype=np.float64))
    nearest = np.rint(turns).astype(np.int64)
    return (onsets_samples - positions[nearest]) / lines.rate_hz * 1000.0, nearest


def _agreement(away_ms: Floats, tracks: NDArray[np.int16], counts: Flags) -> float:
    """Return the share of pairs of hits of one drum with the same delay."""
    alike, total = 0.0, 0
    for track in np.unique(tracks).tolist():
        own = away_ms[(tracks == track) & counts]
        if len(own) > _LEAST_ALIKE:
            alike += float(_near_count(own, own, _PAIR_MS).sum() - len(own)) / (len(own) - 1)
            total += len(own)
    return alike / max(total, 1)


def _near_count(of: Floats, among: Floats, within_ms: float) -> NDArray[np.int64]:
    """Count for each value the members of `among` within some ms of it, itself included."""
    order = np.sort(among)
    return np.searchsorted(order, of + within_ms, "right") - np.searchsorted(order, of - within_ms, "left")


def _repeated(away_ms: Floats, counts: Flags, on_beats: Flags, spacing_ms: float) -> Flags:
    """Return the hits of one drum with a repeated delay: near its latency, or shared on the same lines.

    A drum with a constant delay on its off-beats alone is swung, which is not a latency.
    """
    sure = away_ms[counts]
    if len(sure) < _LEAST_ALIKE:
        return np.zeros(len(away_ms), np.bool_)
    together = _near_count(away_ms, sure, _NEAR_MS)
    limit_ms = min(_MOST_MS, _MOST_SHARE * spacing_ms)
    is_latency = (np.abs(away_ms) <= limit_ms) & (on_beats | (np.abs(away_ms) <= _SMALL_MS))
    if not (is_latency & counts).any():
        return np.zeros(len(away_ms), np.bool_)
    latency_ms = away_ms[int(np.argmax(np.where(is_latency & counts, together, -1)))]
    layers_ms = away_ms[is_latency & counts & (together >= _LEAST_ALIKE)]
    near: Flags = (np.abs(away_ms) <= _SMALL_MS) | (np.abs(away_ms - latency_ms) <= _LAYERS_MS)
    return near | (_near_count(away_ms, layers_ms, 2.0 * _NEAR_MS) > 0)


_WIDTHS = 6.0
"""Number of widths beyond which points have zero weight."""
_KNOTS_AT_ONCE = 64
_LEAST_STROKES = 8
"""Minimum strokes to estimate a drum's own delay."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Push and pull over time.

    Attributes
    ----------
    times_samples : float64, shape (k,), ascending
    offsets_samples : float64, shape (k,), positive where the playing is late against the lines
    """

    times_samples: Floats
    offsets_samples: Floats

    def at(self, positions_samples: Floats) -> Floats:
        """Return the offset at each position, that of an end beyond it; 0 where nothing is known."""
        if len(self.times_samples) == 0:
            return np.zeros(len(positions_samples))
        return np.interp(positions_samples, self.times_samples, self.offsets_samples)


def smoothed(
    times_samples: Floats, offsets_samples: Floats, width_samples: float, trust: Floats | None = None
) -> Curve:
    """Smooth offsets over time: a local line through them, strays weighed down (LOWESS, Cleveland 1979).

    Parameters
    ----------
    times_samples, offsets_samples : shape (k,), ascending in time, of strokes and how late each is
    width_samples : as far to either side counts about half
    trust : shape (k,), 0 to 1, of each
    """
    count = len(times_samples)
    if count == 0:
        return Curve(np.zeros(0), np.zeros(0))
    given = np.ones(count) if trust is None else trust
    robust = np.ones(count)
    knots = np.arange(times_samples[0], times_samples[-1] + width_samples / 2.0, width_samples / 2.0)
    fitted = np.zeros(len(knots))
    for _ in range(3):
        fitted = _local_lines(knots, times_samples, offsets_samples, width_samples, given * robust)
        away = np.abs(offsets_samples - np.interp(times_samples, knots, fitted))
        # If most are exactly on the curve, the smallest deviation still counts as one.
        spread = max(4.0 * float(np.median(away)), 1e-3 * width_samples)
        robust = np.clip(1.0 - (away / spread) ** 2, 0.03, 1.0) ** 2
    return Curve(knots, fitted)


def _local_lines(knots: Floats, times: Floats, offsets: Floats, width: float, weights: Floats) -> Floats:
    """Fit a line around each knot by weighted least squares, from the points within some widths of it."""
    fitted = np.empty(len(knots))
    for start in range(0, len(knots), _KNOTS_AT_ONCE):
        some = knots[start : start + _KNOTS_AT_ONCE]
        first, last = np.searchsorted(times, [some[0] - _WIDTHS * width, some[-1] + _WIDTHS * width])
        # Where nothing is near, the nearest on either side is all there is to go by.
        near = slice(max(int(first) - 1, 0), int(last) + 1)
        fitted[start : start + len(some)] = _lines_at(some, times[near], offsets[near], width, weights[near])
    return fitted


def _lines_at(knots: Floats, times: Floats, offsets: Floats, width: float, weights: Floats) -> Floats:
    away = (times - knots[:, None]) / width
    weight = weights * np.exp(-0.5 * np.minimum(away**2, _WIDTHS**2)) + 1e-12
    total = weight.sum(1)
    middle = (weight * away).sum(1) / total
    mean = weight @ offsets / total
    centred = away - middle[:, None]
    # Half a stroke's worth of a level line holds the slope down where little supports it.
    slope = (weight * centred * (offsets - mean[:, None])).sum(1) / ((weight * centred**2).sum(1) + 0.5)
    fitted: Floats = mean - slope * middle
    return fitted


def phrase(strokes: Strokes, taken: NDArray[np.int64], lines: Lines, bars: float = 1.0) -> Curve:
    """Return the phrase's own push and pull: how late strokes are, smoothed over bars."""
    on_line = np.flatnonzero(taken >= 0)
    on_line = on_line[np.argsort(strokes.onsets_samples[on_line], kind="stable")]
    onsets = strokes.onsets_samples[on_line]
    return smoothed(onsets, onsets - lines.positions_samples[taken[on_line]], bars * bar_samples(lines) / 2.0)


def drum_pulls(leads: NDArray[np.int64], late_samples: Floats, on_line: NDArray[np.bool_]) -> Floats:
    """Return the usual delay of the drum of each stroke, shape (s,): the median over the strokes it leads.

    If several drums sound together the first of them gives the position of the stroke, and the others keep
    their distance to it anyway. A drum with few strokes has no delay of its own.

    Parameters
    ----------
    leads : shape (s,), which drum each stroke begins with; -1 for none
    late_samples : shape (s,)
    on_line : shape (s,), which strokes count
    """
    pulls = np.zeros(len(leads))
    for voice in np.unique(leads[leads >= 0]).tolist():
        own = leads == voice
        if np.count_nonzero(own & on_line) >= _LEAST_STROKES:
            pulls[own] = np.median(late_samples[own & on_line])
    return pulls


def bar_samples(lines: Lines) -> float:
    """Return how long a bar lasts: the median over the downbeats, or four beats."""
    downbeats = lines.positions_samples[lines.levels == 0]
    if len(downbeats) > 1:
        return float(np.median(np.diff(downbeats)))
    if len(lines.beats) < 2:
        return 2.0 * lines.rate_hz
    beats = float(lines.beats[-1] - lines.beats[0])
    return 4.0 * float(lines.positions_samples[-1] - lines.positions_samples[0]) / max(beats, 1e-9)


TEMPO_DOUBT = "The hits do not follow this grid: is the tempo right, and the division fine enough?"

_FEWEST = 12
"""Of fewer strokes chance decides."""
_LEAST_AGREEMENT = 0.15
"""Strokes on their lines fall below it where they stray by a third of a division; others hardly reach it."""
_MOST_OFF = 0.3
"""Constant feel stays below three tenths of a division; a grid with a wrong start exceeds it."""
_SURE_AGREEMENT = 0.5
_TEMPI = np.linspace(-0.01, 0.01, 401)
_FOLLOWED, _BETTER = 0.8, 0.3
_REPORTED_MS = 2.0
"""A latency below it is within the accuracy of an onset."""


def agreement(onsets_samples: NDArray[np.float64], lines: Lines) -> complex | None:
    """Return the agreement of strokes between lines: the mean of their phases on the unit circle.

    Parameters
    ----------
    onsets_samples : shape (s,), of strokes

    Returns
    -------
    mean : its absolute value is 1 if all are equally late, 0 for uniform phases (the mean resultant
        length of circular statistics, Mardia and Jupp 2000); its angle is their delay, a turn being the
        distance between two lines. None if fewer than a dozen strokes are between lines
    """
    positions = lines.positions_samples
    if len(positions) < 2:
        return None
    inside = onsets_samples[(onsets_samples >= positions[0]) & (onsets_samples <= positions[-1])]
    if len(inside) < _FEWEST:
        return None
    turns = np.interp(inside, positions, np.arange(len(positions), dtype=np.float64))
    return complex(np.exp(2j * np.pi * turns).mean())


def doubt(onsets_samples: NDArray[np.float64], lines: Lines) -> str:
    """Return a question for the user if the strokes contradict the grid; else nothing.

    Playing early or late is feel, and so is wandering a little. Strokes anywhere between lines follow another
    tempo or division; if all are off by nearly half a division, the grid begins elsewhere.
    """
    mean = agreement(onsets_samples, lines)
    if mean is None:
        return ""
    if abs(mean) < _LEAST_AGREEMENT:
        return TEMPO_DOUBT
    off = float(np.angle(mean)) / (2.0 * np.pi)
    if abs(mean) < _SURE_AGREEMENT or abs(off) < _MOST_OFF:
        return ""
    off_ms = abs(off) * float(np.median(np.diff(lines.positions_samples))) / lines.rate_hz * 1000.0
    return f"All hits are about {off_ms:.0f} ms off the lines: check the start of the grid."


def near_tempo(onsets_samples: NDArray[np.float64], lines: Lines) -> float | None:
    """Return by which factor a tempo within 1 % of the grid's fits the strokes far better, if one does.

    The factor has the largest mean resultant length of the phases of the strokes between its lines. The
    stated tempo is believed unless that is at least 0.8, and 0.3 above its own.

    Parameters
    ----------
    onsets_samples : shape (s,), of strokes
    """
    own = agreement(onsets_samples, lines)
    if own is None:
        return None
    positions = lines.positions_samples
    inside = onsets_samples[(onsets_samples >= positions[0]) & (onsets_samples <= positions[-1])]
    turns = np.interp(inside, positions, np.arange(len(positions), dtype=np.float64))
    fits = np.abs(np.exp(2j * np.pi * turns * (1.0 + _TEMPI[:, None])).mean(axis=1))
    best = int(fits.argmax())
    is_overwhelming = fits[best] >= _FOLLOWED and fits[best] >= abs(own) + _BETTER
    return float(1.0 + _TEMPI[best]) if is_overwhelming else None


def grid_notices(
    hits: Hits, onsets_samples: NDArray[np.float64], lines: Lines, tempo_bpm: float
) -> list[str]:
    """Return the messages about how the hits fit a grid: doubts about it, and playing that is on it already.

    Parameters
    ----------
    onsets_samples : shape (s,), of the strokes of the hits
    tempo_bpm : of the grid
    """
    factor = near_tempo(onsets_samples, lines)
    if factor is not None:
        return [
            f"The hits follow {tempo_bpm * factor:.2f} BPM; the grid has {tempo_bpm:.2f} BPM. "
            "Check the tempo."
        ]
    doubted = doubt(onsets_samples, lines)
    if doubted:
        return [doubted]
    quantized = quantized_playing(hits, lines)
    if quantized is None:
        return []
    if abs(quantized.late_ms) < _REPORTED_MS:
        return [
            "The hits repeat on the lines as a machine plays them: only single hits that are off are moved."
        ]
    direction = "late" if quantized.late_ms > 0 else "early"
    off_ms = abs(quantized.late_ms)
    return [
        f"The hits are {off_ms:.1f} ms {direction} throughout, as by the latency of a device, and stay. "
        "If the grid begins there, change its start."
    ]
