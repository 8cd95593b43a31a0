"""Follow a click track: clicks are found to the sample while it streams past, and give the grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.timebase import format_time
from engine.document.analysis import BeatGrid
from engine.document.grid_edits import USUAL_BEATS_IN_BAR
from engine.features.timing.own_grid import OwnGrid

Sound = NDArray[np.float32]


_BEFORE_MS, _AFTER_MS = 20, 5
"""A click is louder within the second than anything within the first."""
_RISE = 4.0
_PEAK_MS = 15
_APART_MS = 40
_AUDIBLE = 10.0 ** (-60 / 20)
_START_SHARE = 0.05
_FLOOR_TIMES = 2.0
_CARRIED_MS = 100
_QUIETEST_SHARE = 0.1
"""Share of the loud click level; quieter clicks are crosstalk."""


@dataclass(frozen=True, slots=True, eq=False)
class Clicks:
    """Clicks in a track.

    Attributes
    ----------
    onsets_samples : int64, shape (n,), the first sample of each, ascending
    peaks : float64, shape (n,), the largest absolute sample of each
    brightness : float64, shape (n,), the share of samples at which the sound changes its sign
    """

    onsets_samples: NDArray[np.int64]
    peaks: NDArray[np.float64]
    brightness: NDArray[np.float64]


def find_clicks(blocks: Iterable[Sound], rate_hz: int) -> Clicks:
    """Find all sudden sounds of a track that are about as loud as the others.

    Parameters
    ----------
    blocks : mono, shape (n,) each
    """
    hop = max(1, rate_hz // 1000)
    carried_samples = _CARRIED_MS * hop
    held: Sound = np.zeros(carried_samples, np.float32)
    first, last = -carried_samples, -_APART_MS * hop
    found: list[tuple[int, float, float]] = []
    for block in chain(blocks, [np.zeros(carried_samples, np.float32)]):
        held = np.concatenate([held, block])
        settled = (len(held) - carried_samples // 2) // hop
        for at in _rises(held, hop, settled):
            onset, peak, brightness = _click(held, at * hop, hop)
            if first + onset - last >= _APART_MS * hop:
                last = first + onset
                found.append((last, peak, brightness))
        keep_from = max(0, (settled - _CARRIED_MS // 2) * hop)
        held, first = held[keep_from:], first + keep_from
    rows = np.array(found, np.float64).reshape(-1, 3)
    loud = rows[:, 1] >= _QUIETEST_SHARE * np.percentile(rows[:, 1], 90) if len(rows) else np.zeros(0, bool)
    onsets, peaks, brightness = rows[loud].T
    return Clicks(onsets.astype(np.int64), peaks, brightness)


def _rises(held: Sound, hop: int, settled: int) -> NDArray[np.int64]:
    """Return the hops, each a millisecond, right before which it was far quieter than right after."""
    hops = len(held) // hop
    envelope = np.abs(held[: hops * hop]).reshape(hops, hop).max(axis=1)
    if hops <= _BEFORE_MS + _AFTER_MS:
        return np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(envelope, _BEFORE_MS + _AFTER_MS)
    before, after = windows[:, :_BEFORE_MS].max(axis=1), windows[:, _BEFORE_MS:].max(axis=1)
    rising = (after > _RISE * before) & (after > _AUDIBLE)
    starts = np.flatnonzero(rising & ~np.concatenate([[False], rising[:-1]])) + _BEFORE_MS
    return starts[(starts >= _CARRIED_MS // 2) & (starts < settled)]


def _click(held: Sound, at: int, hop: int) -> tuple[int, float, float]:
    """Return the first sample of a click, how loud it is and how bright."""
    heard = np.abs(held[at : at + _PEAK_MS * hop])
    floor = float(np.abs(held[max(0, at - 10 * hop) : at]).max(initial=0.0))
    peak = float(heard.max(initial=0.0))
    onset = at + int(np.argmax(heard > max(_START_SHARE * peak, min(_FLOOR_TIMES * floor, 0.5 * peak))))
    rung = np.signbit(held[onset : onset + 10 * hop])
    return onset, peak, float(np.mean(rung[1:] != rung[:-1])) if len(rung) > 1 else 0.0


MAKER = "followed click"
FEWEST_CLICKS = 8
_MOST_UNEVEN = 0.005
"""How much the length of a beat varies from one to the next, as a median share; hands vary more."""
_LEAST_EVEN_SHARE = 0.8
_EVEN_WITHIN = 0.02
_NEIGHBOURS = 8
_STEADY_BEATS = (256, 64, 16, 8)
_LONGEST_BAR = 12
_ACCENT_TIMES = 1.15
_CLEAR_SHARE = 0.3
"""Share of the range of a click feature that is empty between accents and other clicks."""


@dataclass(frozen=True, slots=True)
class Regularity:
    """How evenly a track clicks.

    Attributes
    ----------
    uneven : deviation of a gap from its neighbours, as the median share of a beat
    even_share : share of gaps close to a whole number of beats
    """

    clicks: int
    uneven: float
    even_share: float

    @property
    def is_click(self) -> bool:
        """Whether no hand plays like that."""
        return (
            self.clicks >= FEWEST_CLICKS
            and self.uneven <= _MOST_UNEVEN
            and self.even_share >= _LEAST_EVEN_SHARE
        )


def regularity_of(clicks: Clicks) -> Regularity:
    """Measure the evenness of clicks."""
    onsets = clicks.onsets_samples
    if len(onsets) < FEWEST_CLICKS:
        return Regularity(len(onsets), np.inf, 0.0)
    ratios = _ratios(np.diff(onsets))
    off = np.abs(ratios - np.rint(ratios)) / np.maximum(1.0, np.rint(ratios))
    return Regularity(len(onsets), float(np.median(off)), float(np.mean(off <= _EVEN_WITHIN)))


def _ratios(gaps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each gap in beats, shape (n,), as long as those of the gaps around it mostly are."""
    reach = _NEIGHBOURS
    padded = np.pad(gaps.astype(np.float64), reach, mode="reflect" if len(gaps) > reach else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    others = np.delete(around, reach, axis=1)
    return gaps / np.median(others, axis=1)


def follow_click(blocks: Iterable[Sound], rate_hz: int, length_samples: int, name: str) -> OwnGrid:
    """Return the grid of a click track: a beat at every click, to the sample.

    Missing clicks are interpolated evenly; where the click ends before the
    recording, its last tempo goes on. Bars begin at accents, louder or of another pitch; without accents they
    have four beats from the first click on.

    Parameters
    ----------
    blocks : of the click track, mono, at the rate of the document
    length_samples : of the recording
    name : of the track, for sentences

    Raises
    ------
    UsageError : it is not a click track
    """
    return grid_of(find_clicks(blocks, rate_hz), rate_hz, length_samples, name)


def grid_of(clicks: Clicks, rate_hz: int, length_samples: int, name: str) -> OwnGrid:
    """Return the grid that clicks give; see `follow_click`.

    Raises
    ------
    UsageError : they are not a click track
    """
    found = regularity_of(clicks)
    if not found.is_click:
        why = f"only {found.clicks} clicks" if found.clicks < FEWEST_CLICKS else "no even pulse"
        raise UsageError(f"{name} is not a click track, it has {why}: choose another, or give --bpm.")
    onsets = clicks.onsets_samples
    missing = np.maximum(np.rint(_ratios(np.diff(onsets))).astype(np.int64), 1)
    counts = np.concatenate([[0], np.cumsum(missing)])
    every = np.arange(counts[-1] + 1)
    beats = np.floor(np.interp(every, counts, onsets) + 0.5).astype(np.int64)
    period = _last_period(beats)
    more = max(0, int((length_samples - 1 - beats[-1]) / period))
    beats = np.concatenate([beats, np.rint(beats[-1] + period * np.arange(1, more + 1)).astype(np.int64)])
    beats = beats[beats < length_samples]
    accents = _accents(clicks)
    positions = _counted(len(beats), counts[accents])
    tempo_bpm = 60.0 * rate_hz / float(np.median(np.diff(beats)))
    notices = _notices(clicks, missing, period, length_samples, rate_hz, name)
    if not accents.any():
        notices.append(f"{name} has no accents: bars of four from its first click on are assumed.")
    return OwnGrid(BeatGrid(beats, positions, tempo_bpm, 1.0, MAKER), " ".join(notices))


def _last_period(beats: NDArray[np.int64]) -> float:
    """Return the length of a beat at the end, from as many beats as have one length."""
    for count in (len(beats), *_STEADY_BEATS):
        last = beats[-count:]
        period = float(last[-1] - last[0]) / (len(last) - 1)
        if np.abs(last - last[0] - period * np.arange(len(last))).max() <= 2.0:
            break
    return period


def _notices(
    clicks: Clicks, missing: NDArray[np.int64], period: float, length_samples: int, rate_hz: int, name: str
) -> list[str]:
    onsets, notices = clicks.onsets_samples, []
    longest = int(np.argmax(missing))
    if missing[longest] > 2:
        start, stop = (format_time(onsets[longest + step] / rate_hz, 1) for step in (0, 1))
        notices.append(f"{name} pauses from {start} to {stop}: the beats between are even.")
    if length_samples - onsets[-1] > 2.5 * period:
        bpm = 60.0 * rate_hz / period
        at = format_time(onsets[-1] / rate_hz, 1)
        notices.append(f"{name} ends at {at}: from there the grid continues at {bpm:.2f} BPM.")
    return notices


def _accents(clicks: Clicks) -> NDArray[np.bool_]:
    """Return the mask of clicks that begin a bar, shape (n,): louder ones, else those of another pitch."""
    for heard in (clicks.peaks, clicks.brightness):
        low, high = np.percentile(heard, [5, 95])
        if high < _ACCENT_TIMES * low:
            continue
        accented: NDArray[np.bool_] = heard > (low + high) / 2.0
        if accented.mean() > 0.5:
            accented = ~accented
        apart = np.diff(np.sort(heard)).max()
        bars = np.diff(np.flatnonzero(accented))
        if (
            apart > _CLEAR_SHARE * (high - low)
            and len(bars)
            and bars.min() >= 2
            and bars.max() <= _LONGEST_BAR
        ):
            return accented
    return np.zeros(len(clicks.peaks), bool)


def _counted(count: int, accents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number beats from each accent on, and on in bars as long as most where accents end."""
    if not len(accents):
        return np.arange(count) % USUAL_BEATS_IN_BAR + 1
    usual = int(np.bincount(np.diff(accents)).argmax()) if len(accents) > 1 else USUAL_BEATS_IN_BAR
    every = np.arange(count)
    since = every - accents[np.maximum(np.searchsorted(accents, every, side="right") - 1, 0)]
    is_within = (every >= accents[0]) & (every < accents[-1])
    return np.where(is_within, since, since % usual) + 1


def click_among(found: Mapping[str, Clicks]) -> str | None:
    """Return which of several tracks, by name, is the click; None where none is."""
    regular = {name: regularity_of(clicks) for name, clicks in found.items()}
    able = {name: one for name, one in regular.items() if one.is_click}
    return min(able, key=lambda name: (able[name].uneven, -able[name].even_share)) if able else None
