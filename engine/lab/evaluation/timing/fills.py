"""Fills of the gap before a hit that was moved later, compared with the true decay of the previous hit.

Performances are rendered twice, as they were played and as they were meant. The first is put right by the
true moves, once with each fill, and compared with the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.core.timebase import s_to_samples, united
from engine.document.kinds.operations import GAP_FILLS, Fill, Slice
from engine.lab.evaluation.timing.baselines.sinusoids import continued
from engine.lab.simulated.performances.takes import Take
from engine.sound.edl.crossfade import Block
from engine.sound.edl.fills import Sound, made_up
from engine.sound.edl.slices import Gap, Piece
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import Patches

Samples = NDArray[np.float64]
MakeUp = Callable[[Gap, Callable[[int, int], Sound], int], Sound]

PAD_S = 0.005
CROSSFADE_MS = 5.0
SILENCE = "silence"
"""The row of a gap that nothing fills."""
SINUSOIDS = "sinusoids"
"""The row of sinusoids and noise, which no edit uses."""

_WINDOW, _HOP = 256, 64
_FLOOR = 1e-7
_AUDIBLE = 1e-6
_ATTACK_S = 0.01
_SHORTEST_GAP_S = 0.002


@dataclass(frozen=True, slots=True)
class FillFigures:
    """How one fill does.

    Attributes
    ----------
    distance_db : mean log-spectral distance of a gap to the true decay
    attack_db : 95 % of attacks are within this distance of their true level
    doubled : attacks that sound twice
    gaps, attacks : how many there were
    """

    fill: str
    distance_db: float
    attack_db: float
    doubled: int
    gaps: int
    attacks: int


def _as_sinusoids(gap: Gap, left: Callable[[int, int], Sound], rate_hz: int) -> Sound:  # noqa: ARG001
    """Fill a gap with sinusoids and noise, as `engine.sound.edl.fills.made_up` does with a decay."""
    tail = left(gap.tail_samples, gap.start_samples)
    return np.stack([continued(one, gap.stop_samples - gap.start_samples) for one in tail.T], axis=1)


_WAYS: Mapping[str, MakeUp] = MappingProxyType(
    {**dict.fromkeys(map(str, GAP_FILLS), made_up), SINUSOIDS: _as_sinusoids}
)


def compare_fills(takes: Iterable[Take]) -> Iterator[FillFigures]:
    """Yield the figures of each fill, and of silence, over takes whose strokes are moved as a whole."""
    distances: dict[str, list[float]] = {name: [] for name in (*_WAYS, SILENCE)}
    levels: dict[str, list[float]] = {name: [] for name in _WAYS}
    doubled = dict.fromkeys(_WAYS, 0)
    for take in takes:
        played, meant = take.rendered(), take.faultless().rendered()
        onsets, moves = strokes_of(take)
        targets, microphones = meant.truth.targets_samples, meant.truth.microphones
        for way, make_up in _WAYS.items():
            fill = Fill.DECAY if way == SINUSOIDS else Fill(way)
            patches = Patches.of(slices_of(onsets, moves, fill, played.rate_hz), played.rate_hz)
            doubled[way] += times_heard(patches, onsets, played.rate_hz)[1]
            spans = gaps_of(onsets, moves, played.rate_hz)
            for number, (name, sound) in enumerate(played.microphones.items()):
                true = meant.microphones[name].astype(np.float64)
                heard = put_right(sound, patches, make_up)[: len(true)]
                attacks = _attacks_db(heard, true, targets[microphones == number], played.rate_hz)
                levels[way] += (attacks - np.median(attacks)).tolist()
                gain = 10.0 ** (-float(np.median(attacks)) / 20.0)  # takes are rendered below full scale
                ringing = [span for span in spans if _power(true[slice(*span)]) > _AUDIBLE]
                distances[way] += [_distance_db(heard * gain, true, span) for span in ringing]
                if way == Fill.PRE_ROLL:
                    silent = np.zeros_like(true)
                    distances[SILENCE] += [_distance_db(silent, true, span) for span in ringing]
    for name, found in distances.items():
        level = np.abs(levels.get(name, []))
        yield FillFigures(
            name,
            float(np.mean(found)) if found else float("nan"),
            float(np.percentile(level, 95)) if len(level) else float("nan"),
            doubled.get(name, 0),
            len(found),
            len(level),
        )


def strokes_of(take: Take) -> tuple[Samples, Samples]:
    """Return where the strokes of a take begin, ascending, and how far each is from where it should be."""
    truth = take.truth()
    known = np.isfinite(truth.targets_samples)
    strokes, onsets, targets = (
        column[known] for column in (truth.strokes, truth.onsets_samples, truth.targets_samples)
    )
    order = np.lexsort((onsets, strokes))
    _, first = np.unique(strokes[order], return_index=True)
    begins = onsets[order][first].astype(np.float64)
    moves = (np.rint(targets[order][first]) - begins).astype(np.float64)
    ascending = np.argsort(begins, kind="stable")
    return begins[ascending], moves[ascending]


def slices_of(onsets: Samples, moves: Samples, fill: Fill, rate_hz: int) -> list[Slice]:
    """Return the slices that move strokes so far."""
    pad = s_to_samples(PAD_S, rate_hz)
    edges = [*np.maximum(onsets - pad, 0).astype(np.int64).tolist()]
    edges.append(edges[-1] + s_to_samples(0.5, rate_hz))
    rows = zip(edges[:-1], edges[1:], moves.tolist(), onsets.tolist(), strict=True)
    return [
        Slice(start, stop, (), by, CROSSFADE_MS, fill, onset)
        for start, stop, by, onset in rows
        if start < stop
    ]


def gaps_of(onsets: Samples, moves: Samples, rate_hz: int) -> list[tuple[int, int]]:
    """Return where strokes were moved apart: from the end of the left one to the start of the right one."""
    edges = onsets - s_to_samples(PAD_S, rate_hz)
    spans = np.stack([edges[1:] + moves[:-1], edges[1:] + moves[1:]], axis=1).astype(np.int64)
    wide = spans[:, 1] - spans[:, 0] >= s_to_samples(_SHORTEST_GAP_S, rate_hz)
    return [(start, stop) for start, stop in spans[wide].tolist()]


def times_heard(patches: Patches, onsets: Samples, rate_hz: int) -> tuple[int, int]:
    """Return the number of missing attacks after slices were moved, and of doubled ones."""
    length = s_to_samples(0.003, rate_hz)
    pieces = [one for one in patches.operations if isinstance(one, Piece) and isinstance(one.sound, float)]
    starts = np.array([one.start_samples - one.fade_in_samples // 2 - one.by_samples for one in pieces])
    stops = np.array([one.stop_samples + one.fade_out_samples // 2 - one.by_samples for one in pieces])
    edges = [(one.start_samples, one.stop_samples) for one in patches.operations if isinstance(one, Piece)]
    spans = united(np.array(edges, np.int64).reshape(-1, 2))
    counts = np.zeros(len(onsets), np.int64)
    for place, onset in enumerate(onsets.tolist()):
        moved = np.sum((starts < onset + length) & (stops > onset))
        still = not np.any((spans[:, 0] <= onset) & (spans[:, 1] >= onset + length))
        counts[place] = moved + still
    return int(np.sum(counts == 0)), int(np.sum(counts > 1))


class _InMemory:
    """Samples as a voice reads them."""

    def __init__(self, samples: NDArray[np.float32]) -> None:
        self._samples = samples[:, None]

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        found: Block = self._samples[start:stop].astype(dtype)
        return found

    def close(self) -> None:
        """There is nothing to close."""


def put_right(sound: NDArray[np.float32], patches: Patches, make_up: MakeUp = made_up) -> Samples:
    """Return the edited audio of a microphone, shape (frames,)."""
    reader = PatchedReader(_InMemory(sound), patches, len(sound), 1, 0, make_up=make_up)
    found: Samples = reader.read(0, len(sound), np.float64)[:, 0].astype(np.float64)
    return found


def _attacks_db(heard: Samples, true: Samples, targets: Samples, rate_hz: int) -> Samples:
    """Return the level error of the first 10 ms of each audible hit."""
    length = s_to_samples(_ATTACK_S, rate_hz)
    starts: Sequence[int] = targets[(targets >= 0) & (targets + length < len(true))].astype(np.int64).tolist()
    pairs = [(_power(heard[at : at + length]), _power(true[at : at + length])) for at in starts]
    levels = [10.0 * np.log10(mine / its) for mine, its in pairs if its > _FLOOR and mine > 0.0]
    return np.array(levels or [0.0])


def _power(sound: Samples) -> float:
    return float(np.mean(np.square(sound))) if len(sound) else 0.0


def _distance_db(heard: Samples, true: Samples, span: tuple[int, int]) -> float:
    """Return the log-spectral distance of two sounds over a span, in dB."""
    around = span[0] - _WINDOW // 2, span[1] + _WINDOW // 2
    levels = [_levels_db(sound[max(around[0], 0) : around[1]]) for sound in (heard, true)]
    count = min(len(one) for one in levels)
    if not count:
        return 0.0
    difference = levels[0][:count] - levels[1][:count]
    return float(np.mean(np.sqrt(np.mean(np.square(difference), axis=1))))


def _levels_db(sound: Samples) -> Samples:
    if len(sound) < _WINDOW:
        return np.zeros((0, _WINDOW // 2 + 1))
    window = np.hanning(_WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1))) / np.sum(np.square(window))
    levels: Samples = 10.0 * np.log10(power + _FLOOR)
    return levels
