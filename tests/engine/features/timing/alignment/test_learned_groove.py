"""Applied grooves go by the drum that carries a stroke; learning sees what came apart, and the division."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, Hits
from engine.features.timing.alignment.edited_moves import (
    find_copies,
    likely_division,
    same_places,
    voices_apart,
)
from engine.features.timing.alignment.lines import PARTS, Groove
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.alignment.strokes import at_carriers, gather
from engine.features.timing.finders.timing.align import default_aligner
from engine.features.timing.hits.find import HeldMicrophones
from tests.engine.features.timing.alignment.strokes_made import (
    HAT,
    RATE_HZ,
    ROLES,
    hits_of,
    lines_of,
    ms,
    rock,
)

BARS = 8
EARLY_HAT_MS = 20.0


def _wandering(seed: int) -> np.ndarray:
    """Draw how late the stroke of each sixteenth is, in samples."""
    return np.random.default_rng(seed).normal(0.0, ms(6.0), BARS * 16 + 1)


def _early_hats(at: np.ndarray, tracks: np.ndarray, by_ms: float) -> np.ndarray:
    """Return how late each hit is within its stroke: a hi-hat is early where another drum sounds with it."""
    return np.where((tracks == HAT) & np.isin(at, at[tracks != HAT]), -ms(by_ms), 0.0)


def test_strokes_go_by_the_drum_that_carries_them() -> None:
    at, tracks = rock(BARS)
    lines = lines_of(BARS)
    onsets = lines.positions_samples[at] + _wandering(1)[at] + _early_hats(at, tracks, 8.0)
    hits = hits_of(onsets, tracks)
    groove = Groove(np.zeros(16), 4, is_edited=True)
    placed = default_aligner(TimingSettings(), groove)(hits, lines)
    carries = (hits.tracks != HAT) & (placed.lines >= 0)
    off = placed.targets_samples - lines.positions_samples[placed.lines]
    assert np.count_nonzero(carries) == np.count_nonzero(tracks != HAT)
    assert np.abs(off[carries]).max() <= ms(1.0)
    assert np.median(off[hits.tracks == HAT]) == pytest.approx(-ms(8.0), abs=ms(4.1))


def test_a_stroke_nearer_to_another_line_stays() -> None:
    at, tracks = rock(BARS)
    lines = lines_of(BARS)
    late = _wandering(1)
    late[40] = ms(125.0 * 0.7)
    hits = hits_of(lines.positions_samples[at] + late[at], tracks)
    far = hits.onsets_samples == lines.positions_samples[40] + late[40]
    groove = Groove(np.zeros(16), 4, is_edited=True)
    by_default = default_aligner(TimingSettings())(hits, lines)
    placed = default_aligner(TimingSettings(), groove)(hits, lines)
    assert by_default.targets_samples[far] == pytest.approx(lines.positions_samples[40])
    assert placed.targets_samples[far] == pytest.approx(hits.onsets_samples[far])
    assert placed.targets_samples[~far] == pytest.approx(by_default.targets_samples[~far])


def _sounding(hits: Hits, onsets: np.ndarray) -> HeldMicrophones:
    """Return microphones in which each hit is a noise of its own, the same at other onsets."""
    out = np.zeros((len(ROLES), round(onsets.max()) + RATE_HZ), np.float32)
    for row, onset in enumerate(np.rint(onsets).astype(int).tolist()):
        sound = np.random.default_rng(row).normal(0.0, 0.3, 4_000) * np.exp(-np.arange(4_000) / 900.0)
        out[hits.tracks[row], onset : onset + 4_000] += sound.astype(np.float32)
    return HeldMicrophones(dict(zip(map(str, ROLES), out, strict=True)), RATE_HZ)


@pytest.mark.parametrize(("left_ms", "share"), [(EARLY_HAT_MS, 1.0), (0.0, 0.0)])
def test_voices_that_came_apart_are_compared_without_marks(left_ms: float, share: float) -> None:
    at, tracks = rock(BARS)
    positions = lines_of(BARS).positions_samples[at] + _wandering(1)[at]
    hits = hits_of(positions + _early_hats(at, tracks, EARLY_HAT_MS), tracks)
    hits = replace(hits, strokes=np.rint((hits.onsets_samples - RATE_HZ) / ms(125.0)).astype(np.int32))
    order = np.argsort(positions + _early_hats(at, tracks, EARLY_HAT_MS), kind="stable")
    edited = (positions - _wandering(1)[at] + _early_hats(at, tracks, left_ms))[order]
    strokes = at_carriers(hits, gather(hits, RATE_HZ))
    raw, after = _sounding(hits, hits.onsets_samples), _sounding(hits, edited)
    copies = find_copies(raw, after, strokes, same_places(strokes))
    apart_ms, apart_after_ms = voices_apart(raw, after, hits, strokes, copies)
    assert len(apart_ms) > BARS * 2
    assert apart_ms == pytest.approx(-EARLY_HAT_MS, abs=0.1)
    assert apart_after_ms / apart_ms == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("name", ["1/8", "1/16", "1/8t"])
def test_a_few_strokes_between_the_lines_do_not_make_them_finer(name: str) -> None:
    rng = np.random.default_rng(2)
    beat, parts = 0.6 * RATE_HZ, PARTS[name]
    line = np.arange(60 * parts) * beat / parts
    line[::20] += beat / parts / 2.0
    grid = BeatGrid(np.rint(np.arange(62) * beat).astype(np.int64), np.arange(62) % 4 + 1, 100.0, 1.0, "test")
    onsets = line + rng.normal(0.0, 0.04 * beat / parts, len(line))
    assert likely_division([(onsets, grid, RATE_HZ)]).name == name
