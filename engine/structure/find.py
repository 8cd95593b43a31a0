"""Find the sections of a recording and their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.progress import SILENT, Progress
from engine.spans import runs
from engine.structure.bars import Bars, bars_of
from engine.structure.labels import groups_of, section_similarity
from engine.structure.sections import Section, Structure, label_of
from engine.structure.segments import boundaries
from engine.structure.similarity import similarity
from engine.takes.features import FRAMES_PER_S, Frames, frames_of
from engine.takes.playing import performances

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]

_LEAST_RUN_S = 8.0
"""Shorter passages between breaks have no sections."""
_REPEATS = 0.6
"""Sections without a pulse are reported if another one is that similar: talk and noise have none."""


def find_structure(
    blocks: Iterable[Floats],
    rate_hz: int,
    length_samples: int,
    grid: BeatGrid,
    progress: Progress = SILENT,
) -> Structure:
    """Analyse a mono stream with known beats and find its sections.

    Parameters
    ----------
    blocks : float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    length_samples : of the recording
    grid : the active grid, in samples at `rate_hz`; empty without a pulse

    Raises
    ------
    Cancelled : the user asked for it
    """
    frames = frames_of(blocks, rate_hz, length_samples, progress.part(0.0, 0.8))
    progress.report(0.8, "Finding sections")
    progress.check_cancelled()
    return structure_in(frames, grid, rate_hz)


def structure_in(frames: Frames, grid: BeatGrid, rate_hz: int) -> Structure:
    """Find the sections in analysed frames."""
    bars = bars_of(grid, rate_hz, len(frames) / FRAMES_PER_S)
    is_played = _is_played(frames, bars)
    if not is_played.any():
        return Structure()
    alike = similarity(frames, bars, is_played)
    spans, clear = _spans(alike, bars, is_played)
    if not spans:
        return Structure()
    between = section_similarity(alike, spans)
    spans, clear, between = _without_noise(spans, clear, between, bars)
    return _labelled(spans, clear, between, bars)


def _is_played(frames: Frames, bars: Bars) -> NDArray[np.bool_]:
    """Return which bars are mostly between one break in the playing and the next."""
    covered = np.zeros(len(frames) + 1)
    for start, stop in performances(frames.levels_db).tolist():
        covered[start + 1 : stop + 1] = 1.0
    sums = np.cumsum(covered)
    at = np.clip(np.round(bars.edges_s * FRAMES_PER_S).astype(np.int64), 0, len(frames))
    played: NDArray[np.bool_] = np.diff(sums[at]) > 0.5 * np.maximum(np.diff(at), 1)
    return played


def _spans(
    alike: Floats, bars: Bars, is_played: NDArray[np.bool_]
) -> tuple[list[tuple[int, int]], list[float]]:
    """Return the bars [first, last) of each section, and how clearly it starts, 0 to 1."""
    spans: list[tuple[int, int]] = []
    clear: list[float] = []
    for first, last in runs(is_played).tolist():
        if bars.edges_s[last] - bars.edges_s[first] < _LEAST_RUN_S:
            continue
        lines, evidence = boundaries(alike[first:last, first:last], bars.lengths_s[first:last])
        for start, stop in pairwise(lines):
            spans.append((first + start, first + stop))
            clear.append(1.0 if start == 0 else float(1.0 / (1.0 + np.exp(-evidence[start]))))
    return spans, clear


def _without_noise(
    spans: list[tuple[int, int]], clear: list[float], between: Floats, bars: Bars
) -> tuple[list[tuple[int, int]], list[float], Floats]:
    """Return the sections that have a pulse or repeat another one."""
    others = between - np.eye(len(spans), dtype=np.float32)
    kept = [
        number
        for number, (first, last) in enumerate(spans)
        if bars.has_pulse[first:last].mean() >= 0.5 or others[number].max(initial=-1.0) >= _REPEATS
    ]
    return [spans[one] for one in kept], [clear[one] for one in kept], between[np.ix_(kept, kept)]


def _labelled(
    spans: Sequence[tuple[int, int]], clear: Sequence[float], between: Floats, bars: Bars
) -> Structure:
    groups = np.array(groups_of(between), np.int64)
    sections = []
    for number, (first, last) in enumerate(spans):
        own = (groups == groups[number]) & (np.arange(len(spans)) != number)
        rest = float(between[number][groups != groups[number]].max(initial=-1.0))
        fits = float(between[number][own].mean()) if own.any() else 1.0 - max(rest, 0.0)
        confidence = round(float(np.sqrt(clear[number] * np.clip(fits, 0.0, 1.0))), 3)
        start_s, stop_s = float(bars.edges_s[first]), float(bars.edges_s[last])
        sections.append(Section(start_s, stop_s, label_of(int(groups[number])), confidence))
    return Structure(tuple(sections))
