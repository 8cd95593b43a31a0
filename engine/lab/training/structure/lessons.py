"""Songs of known form as lessons: the evidence at their bar lines, and pairs of their sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.features.takes.features import FRAMES_PER_S, Frames
from engine.features.takes.structure.find import played_bars, played_runs
from engine.features.takes.structure.segments import (
    LABELS,
    best_lines,
    evidence_of,
    length_features,
    pair_features,
)
from engine.features.takes.structure.similarity import Bars, BarSounds, bars_of, sounds_of
from engine.lab.training.structure.fitting import BorderLesson, LabelLesson

Span = tuple[float, float, str]
Scores = NDArray[np.float64]

_NEAR_S = 1.5
"""Known borders farther than this from every bar line are left out: the beats are wrong there."""
_MOST = 0.6
"""A found section has the label of sections that cover this share of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """An analysed song with known sections [start, stop) in seconds."""

    sounds: BarSounds
    bars: Bars
    runs: tuple[tuple[int, int], ...]
    sections: tuple[Span, ...]


def analysed(frames: Frames, grid: BeatGrid, rate_hz: int, sections: Sequence[Span]) -> Analysed:
    """Return a song as its bars."""
    bars = bars_of(grid, rate_hz, len(frames) / FRAMES_PER_S)
    is_played = played_bars(frames, bars)
    return Analysed(
        sounds_of(frames, bars, is_played), bars, tuple(played_runs(bars, is_played)), tuple(sections)
    )


def border_lessons(song: Analysed) -> Iterator[BorderLesson]:
    """Yield a lesson for each run of playing."""
    for first, last in song.runs:
        has_pulse = bool(song.bars.has_pulse[first:last].mean() >= 0.5)
        lengths_s = song.bars.lengths_s[first:last]
        yield BorderLesson(
            evidence_of(song.sounds.part(first, last), lengths_s),
            length_features(float(np.median(lengths_s)), has_pulse=has_pulse),
            _lines(song.bars.edges_s[first : last + 1], [start_s for start_s, *_ in song.sections[1:]]),
        )


def label_lessons(song: Analysed, of_evidence: Scores, of_lengths: Scores) -> Iterator[LabelLesson]:
    """Yield lessons of the known sections, and of the sections that weights of borders find."""
    spans = []
    for (first, _), lesson in zip(song.runs, border_lessons(song), strict=True):
        lines = best_lines(lesson.evidence @ of_evidence, lesson.lengths @ of_lengths)
        spans += [(first + start, first + stop) for start, stop in pairwise(lines)]
    edges_s = song.bars.edges_s
    found = [(float(edges_s[start]), float(edges_s[stop])) for start, stop in spans]
    known = [(start_s, stop_s, _label(song.sections, start_s, stop_s)) for start_s, stop_s in found]
    for sections in (song.sections, [one for one in known if one[2]]):
        pairs, same, weights = _pairs(song.sounds, song.bars, sections)
        if len(pairs):
            yield LabelLesson(pairs, same, weights)


def _label(sections: Sequence[Span], start_s: float, stop_s: float) -> str:
    """Return the label of most of a span, or none."""
    shared: dict[str, float] = {}
    for first_s, last_s, label in sections:
        both_s = min(last_s, stop_s) - max(first_s, start_s)
        shared[label] = shared.get(label, 0.0) + max(0.0, both_s)
    label = max(shared, key=lambda one: shared[one])
    return label if shared[label] > _MOST * (stop_s - start_s) else ""


def _lines(edges_s: Scores, starts_s: Sequence[float]) -> tuple[int, ...]:
    near = (int(np.argmin(np.abs(edges_s - start_s))) for start_s in starts_s)
    inner = {
        line
        for line, start_s in zip(near, starts_s, strict=True)
        if 0 < line < len(edges_s) - 1 and abs(edges_s[line] - start_s) < _NEAR_S
    }
    return (0, *sorted(inner), len(edges_s) - 1)


def _pairs(sounds: BarSounds, bars: Bars, sections: Sequence[Span]) -> tuple[Scores, Scores, Scores]:
    """Return features of pairs, whether they have the same label, and weights of sum 1 by their bars."""
    edges_s = bars.edges_s
    spans = [
        (int(np.argmin(np.abs(edges_s - start_s))), int(np.argmin(np.abs(edges_s - stop_s))), label)
        for start_s, stop_s, label in sections
    ]
    spans = [span for span in spans if span[1] > span[0]]
    pairs = [(one, other) for number, one in enumerate(spans) for other in spans[number + 1 :]]
    if not pairs:
        return np.zeros((0, len(LABELS))), np.zeros(0), np.zeros(0)
    features = np.stack([pair_features(sounds, one[:2], other[:2]) for one, other in pairs])
    same = np.array([float(one[2] == other[2]) for one, other in pairs])
    weights = np.sqrt([(one[1] - one[0]) * (other[1] - other[0]) for one, other in pairs])
    return features, same, weights / weights.sum()
