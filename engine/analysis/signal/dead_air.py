"""Dead air of seconds, and short pauses in speech or playing: two rule-based detectors, without training.

Dead air is quiet compared with the playing and stationary: the level and the spectrum of noise and hum are
constant, while music, however soft, has attacks, decays and phrases. So a soft passage, a fade and a rest are
not dead air. Pauses are detected by level alone, with a gate as in Audacity's Truncate Silence, whose limit
is some decibels above the noise of the room at that time. Stationary noise against a moving signal, and its
level from the quietest moments around, are the ideas of minimum statistics (R. Martin, "Noise power spectral
density estimation based on optimal smoothing and minimum statistics", IEEE Transactions on Speech and Audio
Processing 9, 2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import FLOOR_DB, energy_to_db, finite, middle_of_playing_db
from engine.analysis.signal.span_means import means_around, running_sums
from engine.core.timebase import runs

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Samples = NDArray[np.int64]

SILENCE, HUM, HISS, ROOM = "silence", "hum", "hiss", "room"
"""The kinds: nothing at all; mains; bright noise; and dark noise, or noise with small sounds in it."""

LEAST_S = 3.0
"""A pause this long is one. Rests in music and breaths in speech are shorter."""

FAR_QUIETER_DB, INAUDIBLE_DBFS = 50.0, -60.0
"""Below the playing by the first and under the second, audio is inaudible, stationary or not."""

SILENT_DBFS = -84.0
"""Below this there is nothing, with dither or without."""

HUSHED_DBFS = -65.0
"""Stationary audio below this is dead air, regardless of the playing."""

QUIETER_DB = 28.0
"""Stationary audio this far below the playing is dead air."""

HUM_QUIETER_DB = 6.0
"""Hum is identified by its spectrum and may be this close to the playing."""

_FRAME_S = 0.064
_ANALYSED_RATE_HZ = 16_000
_EDGES_HZ = (120.0, 250.0, 500.0, 900.0, 1500.0, 2400.0, 3600.0, 5200.0, 7600.0)
_HISS_FROM = 4  # of the bands: from 1.5 kHz on
_SMOOTHED_FRAMES, _AROUND_FRAMES = 5, 31
_STILL_DB, _STILL_BANDS_DB = 1.4, 1.7
_RISE_DB = 4.5
_CORE_FRAMES = 8
_BRIDGED_S, _BRIDGED_QUIETER_DB = 2.5, 10.0
_LEAST_STILL_SHARE = 0.5
_FRAMES_A_SECOND, _MAINS_HZ, _MAINS_PARTIALS, _MAINS_SHARE = 16, (50.0, 60.0), 10, 0.85
_MAINS_RATE_HZ, _MAINS_TO_HZ = 2_000.0, 620.0
_AT_ONCE = 256
_CLASSIFIED_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class DeadAir:
    """Spans of dead air.

    Attributes
    ----------
    spans : int64, shape (n, 2), in samples, ascending and disjoint
    kinds : shape (n,), each one of the kinds above
    levels_db : float32, shape (n,), the median level of each in dB full scale
    """

    spans: Samples
    kinds: tuple[str, ...]
    levels_db: Floats


NOWHERE = DeadAir(np.zeros((0, 2), np.int64), (), np.zeros(0, np.float32))


class DeadAirDetector:
    """Detects dead air in a mono stream, given in blocks of any lengths.

    Memory: 6 MB per hour.

    Parameters
    ----------
    rate_hz : of the stream
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._every = max(1, round(rate_hz / _ANALYSED_RATE_HZ))
        few_hz = rate_hz / self._every
        few_samples = max(64, 1 << max(0, round(np.log2(_FRAME_S * few_hz))))
        self._frame = self._every * few_samples
        self._window = np.hanning(few_samples).astype(np.float32)
        bins_hz = np.fft.rfftfreq(few_samples, 1.0 / few_hz)
        edges_hz = [edge for edge in _EDGES_HZ if edge < 0.45 * few_hz]
        self._edges = np.unique([max(1, int(np.searchsorted(bins_hz, edge))) for edge in edges_hz] or [1])
        self._waiting = np.zeros(0, np.float32)
        self._measured: list[Floats] = []
        self._mains: list[Floats] = []
        self._samples = 0

    def push(self, block: Floats) -> None:
        """Process the next samples, shape (n,); non-finite ones count as silence."""
        self._samples += len(block)
        self._waiting = np.concatenate([self._waiting, finite(block)])
        step = _AT_ONCE * self._frame
        while len(self._waiting) >= step:
            self._measure(self._waiting[:step])
            self._waiting = self._waiting[step:].copy()

    @property
    def frame_s(self) -> float:
        """The length of a frame."""
        return float(self._frame / self._rate_hz)

    @property
    def bands_db(self) -> Floats:
        """The level above 120 Hz and of bands there in every whole frame, shape (frames, 1 + bands)."""
        return np.concatenate([np.zeros((0, 2 + len(self._edges)), np.float32), *self._measured])[:, 1:]

    def finish(self) -> DeadAir:
        """Return where it was dead air; a last frame that is not whole is silent from its end on."""
        if len(self._waiting):
            self._measure(np.pad(self._waiting, (0, -len(self._waiting) % self._frame)))
            self._waiting = self._waiting[:0]
        if not self._measured:
            return NOWHERE
        measures, mains = np.concatenate(self._measured), np.concatenate(self._mains)
        found = _found(measures, mains, self._frame / self._rate_hz)
        spans = np.minimum(found.spans * self._frame, self._samples)
        return DeadAir(spans, found.kinds, found.levels_db)

    def _measure(self, samples: Floats) -> None:
        """Measure whole frames: level in dB of all, of everything above 120 Hz, and of each band."""
        frames = samples.reshape(-1, self._frame)
        total = np.einsum("ij,ij->i", frames, frames) / np.float32(self._frame)
        few = _thinned(frames.reshape(-1), self._every).reshape(len(frames), -1)
        power = _power(few * self._window)
        # By Parseval's theorem in the units of the level.
        scale = 2.0 / (float(np.square(self._window).sum()) * len(self._window))
        bands = np.add.reduceat(power, self._edges, axis=1) * scale
        above = bands.sum(axis=1)
        self._measured.append(energy_to_db(np.column_stack([total, above, bands])))
        self._mains.append(self._mains_shares(samples))

    def _mains_shares(self, samples: Floats) -> Floats:
        """Return for each frame the share of mains and its partials in the power below 620 Hz."""
        every = max(1, round(self._rate_hz / _MAINS_RATE_HZ))
        few = _thinned(samples[: len(samples) // every * every], every)
        frames = len(samples) // self._frame
        pieces = np.array_split(few, max(1, frames // _FRAMES_A_SECOND))
        shares = [_mains_share(piece, self._rate_hz / every) for piece in pieces]
        at = np.minimum(np.arange(frames) * len(pieces) // max(1, frames), len(pieces) - 1)
        by_frame: Floats = np.asarray(shares, np.float32)[at]
        return by_frame


def _thinned(samples: Floats, every: int) -> Floats:
    """Return the mean of each `every` samples; that of numpy takes five times as long over so few."""
    total = samples[::every].copy()
    for place in range(1, every):
        total += samples[place::every]
    return total / np.float32(every)


def _power(samples: Floats) -> Floats:
    spectrum = np.fft.rfft(samples)
    power: Floats = np.square(spectrum.real) + np.square(spectrum.imag)
    return power


@dataclass(frozen=True, slots=True, eq=False)
class _MainsBands:
    """Bins of the spectrum of a piece below 620 Hz, and which of them are near mains and its partials."""

    window: Floats
    low: Flags
    near: tuple[Flags, ...]


@lru_cache(8)
def _mains_bands(length: int, rate_hz: float) -> _MainsBands:
    hz = np.fft.rfftfreq(length, 1.0 / rate_hz)
    low = (hz > 30.0) & (hz < _MAINS_TO_HZ)
    width_hz = max(2.5, 2.0 * rate_hz / length)
    partials = np.arange(1, _MAINS_PARTIALS + 1)
    away_hz = (np.min(np.abs(hz[:, None] - mains * partials), axis=1) for mains in _MAINS_HZ)
    near = tuple(low & (away < width_hz) for away in away_hz)
    return _MainsBands(np.hanning(length).astype(np.float32), low, near)


def _mains_share(piece: Floats, rate_hz: float) -> float:
    if len(piece) < rate_hz / 4:
        return 0.0
    bands = _mains_bands(len(piece), rate_hz)
    power = _power(piece * bands.window)
    total = float(power[bands.low].sum())
    return max(float(power[near].sum()) for near in bands.near) / total if total > 0.0 else 0.0


def _found(measures: Floats, mains: Floats, frame_s: float) -> DeadAir:
    """Return spans in frames."""
    level = measures[:, 0]
    still = _still(measures)
    hums = mains >= _MAINS_SHARE
    # Hours of hum would pass for the playing itself, since hum may be as loud as soft playing.
    played = ~(still & hums)
    playing_db = middle_of_playing_db(level[played] if played.any() else level)
    quiet = level <= max(playing_db - QUIETER_DB, HUSHED_DBFS)
    hum = hums & (level <= playing_db - HUM_QUIETER_DB)
    silent = level <= max(SILENT_DBFS, min(playing_db - FAR_QUIETER_DB, INAUDIBLE_DBFS))
    core = silent | (still & (quiet | hum))
    spans = _grown(runs(core, _CORE_FRAMES), np.maximum(measures[:, 1:], SILENT_DBFS), silent)
    spans = _bridged(spans, level, round(_BRIDGED_S / frame_s), playing_db - _BRIDGED_QUIETER_DB)
    dead = running_sums(core)
    lengths = np.diff(spans)[:, 0]
    # Frames near the ends of a span cannot be stationary: their surroundings include the playing.
    tellable = np.maximum(lengths - 2 * (_AROUND_FRAMES // 2 + _SMOOTHED_FRAMES // 2), 0)
    is_still = dead[spans[:, 1]] - dead[spans[:, 0]] >= _LEAST_STILL_SHARE * tellable
    spans = spans[(lengths >= LEAST_S / frame_s) & is_still]
    named = [_kind(measures[a:b], mains[a:b], core[a:b]) for a, b in spans.tolist()]
    levels_db = [float(np.median(level[a:b][core[a:b]])) for a, b in spans.tolist()]
    return DeadAir(spans, tuple(named), np.asarray(levels_db, np.float32))


def _still(measures: Floats) -> Flags:
    """Return which frames are in two seconds of constant level and bands."""
    margin = _AROUND_FRAMES + _SMOOTHED_FRAMES
    found = []
    for at in range(0, len(measures), _CLASSIFIED_AT_ONCE):
        first = max(0, at - margin)
        part = measures[first : at + _CLASSIFIED_AT_ONCE + margin, 1:]
        power = 10.0 ** (part.astype(np.float64) / 10.0)
        smooth = 10.0 * np.log10(means_around(power, _SMOOTHED_FRAMES))
        mean, square = (means_around(one, _AROUND_FRAMES) for one in (smooth, np.square(smooth)))
        moved = np.sqrt(np.maximum(square - np.square(mean), 0.0))
        one = (moved[:, 0] <= _STILL_DB) & (moved[:, 1:].mean(axis=1) <= _STILL_BANDS_DB)
        found.append(one[at - first : at - first + _CLASSIFIED_AT_ONCE])
    return np.concatenate(found)


def _grown(cores: Samples, bands: Floats, silent: Flags) -> Samples:
    """Widen each core as far as the level and the bands stay near its own, and unite cores that meet.

    Stationarity is measured over two seconds and so ends early at both sides. The bands separate soft playing
    from loud hum, which leaves most of them empty.
    """
    united: list[list[int]] = []
    for start, stop in cores.tolist():
        own_db = np.median(bands[start:stop], axis=0)
        low = united[-1][1] if united else 0
        while start > low and (silent[start - 1] or _is_near(bands[start - 1], own_db)):
            start -= 1
        while stop < len(bands) and (silent[stop] or _is_near(bands[stop], own_db)):
            stop += 1
        if united and start <= united[-1][1]:
            united[-1][1] = max(stop, united[-1][1])
        else:
            united.append([start, stop])
    return np.array(united, np.int64).reshape(-1, 2)


def _is_near(frame_db: Floats, own_db: Floats) -> bool:
    rise = frame_db - own_db
    return bool(rise[0] <= _RISE_DB and rise[1:].mean() <= _RISE_DB)


def _bridged(spans: Samples, level: Floats, longest: int, limit_db: float) -> Samples:
    """Unite spans across a small noise: short, and well below the playing."""
    united: list[list[int]] = []
    for start, stop in spans.tolist():
        if united:
            before = united[-1][1]
            if start - before <= longest and float(level[before:start].max(initial=FLOOR_DB)) <= limit_db:
                united[-1][1] = stop
                continue
        united.append([start, stop])
    return np.array(united, np.int64).reshape(-1, 2)


def _kind(measures: Floats, mains: Floats, core: Flags) -> str:
    """Return the kind of dead air in most of a span."""
    if float(np.median(measures[core, 0])) <= SILENT_DBFS:
        return SILENCE
    if float(np.median(mains[core])) >= _MAINS_SHARE:
        return HUM
    power = 10.0 ** (measures[core, 2:].astype(np.float64) / 10.0)
    bright = power[:, _HISS_FROM:].sum() > 0.5 * power.sum()
    first, *_, last = np.flatnonzero(core)  # before and behind them stillness cannot be measured
    return HISS if bright and core[first : last + 1].mean() > 0.9 else ROOM


ABOVE_NOISE_DB = 8.0
"""A moment louder than the room noise by this is not a pause."""
PAUSE_QUIETER_DB, PAUSE_FAR_QUIETER_DB = 18.0, 45.0
"""A pause is quieter than the speech by the first; a moment quieter by the second is one at any noise."""
_NOISE_QUANTILE = 0.1
_AROUND_S = 15.0
_BLOCK_S = 1.0
_SMOOTHED_S = 0.064
_CLICK_S, _CLICK_QUIETER_DB = 0.07, 12.0


def pauses(loudness_db: Floats, hop_s: float, least_s: float) -> Samples:
    """Return pauses of at least `least_s`, shape (n, 2), [start, stop) in hops, ascending and disjoint.

    Speech less than `PAUSE_QUIETER_DB` above the noise has no pauses.

    Parameters
    ----------
    loudness_db : level of consecutive hops in dB full scale, shape (hops,)
    """
    if not len(loudness_db):
        return np.zeros((0, 2), np.int64)
    speech_db = middle_of_playing_db(loudness_db)
    threshold_db = np.clip(
        _noise_db(loudness_db, hop_s) + ABOVE_NOISE_DB,
        speech_db - PAUSE_FAR_QUIETER_DB,
        speech_db - PAUSE_QUIETER_DB,
    )
    # The mean power of some hops around each, so that a pause has no holes by chance.
    width = 2 * round((_SMOOTHED_S / hop_s - 1) / 2) + 1 if hop_s < _SMOOTHED_S else 1
    power = np.pad(10.0 ** (loudness_db.astype(np.float64) / 10.0), width // 2, mode="edge")
    level_db = 10.0 * np.log10(np.lib.stride_tricks.sliding_window_view(power, width).mean(axis=1))
    quiet, soft = level_db < threshold_db, level_db < speech_db - _CLICK_QUIETER_DB
    # Soft sounds between two pauses, shorter than a syllable, such as tongue clicks, are part of the pause.
    longest = math.ceil((_CLICK_S + _SMOOTHED_S) / hop_s)
    for start, stop in runs(~quiet).tolist():
        if start > 0 and stop < len(quiet) and stop - start <= longest and soft[start:stop].all():
            quiet[start:stop] = True
    return runs(quiet, max(1, math.ceil(least_s / hop_s)))


def _noise_db(loudness_db: Floats, hop_s: float) -> NDArray[np.float64]:
    """Return how loud the place is at each hop: a low quantile of a second, the least of those near."""
    block = max(1, round(_BLOCK_S / hop_s))
    blocks = -(-len(loudness_db) // block)
    padded = np.pad(loudness_db, (0, blocks * block - len(loudness_db)), mode="edge").reshape(blocks, block)
    low_db = np.quantile(padded, _NOISE_QUANTILE, axis=1)
    reach = round(_AROUND_S / _BLOCK_S)
    around = np.pad(low_db, reach, mode="edge")
    least_db = np.lib.stride_tricks.sliding_window_view(around, reach + 1).min(axis=1)
    # Where the place changes, such as at a seam, the louder of what was before and what comes is its noise.
    least_db = np.maximum(least_db[: len(low_db)], least_db[reach:])
    middles = (np.arange(blocks) + 0.5) * block
    return np.asarray(np.interp(np.arange(len(loudness_db)), middles, least_db))
