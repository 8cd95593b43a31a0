"""A comp of made takes: bars are found to the millisecond, and a planted fault is avoided."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comping.bars import LEAD_S
from engine.comping.comp import Comp, CompRequest, comp_of

RATE_HZ = 22_050
BEAT_S, BARS = 0.5, 6
PITCHES_HZ = (220.0, 261.6, 329.6, 246.9, 293.7, 392.0)


def note(rng: np.random.Generator, hz: float, length_s: float = 0.4) -> np.ndarray:
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * hz * part * at) / part for part in (1, 2, 3))
    click = rng.standard_normal(len(at)) * np.exp(-at / 0.01)
    return ((tone + click) * np.exp(-at / 0.15)).astype(np.float32)


def take(seed: int, slower: float, fault: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return a take, and where its bars begin; in one bar it plays another chord, and late."""
    rng = np.random.default_rng(seed)
    beats_s = 0.3 + np.arange(4 * BARS + 1) * BEAT_S * slower
    sound = np.zeros(round((beats_s[-1] + 1.0) * RATE_HZ), np.float32)
    for beat in range(4 * BARS):
        is_fault = beat // 4 == fault
        hz = PITCHES_HZ[(beat * 5 + beat // 4) % 6] * (1.19 if is_fault else 1.0)
        at = round((beats_s[beat] + (0.1 if is_fault and beat % 4 else 0.0)) * RATE_HZ)
        one = note(rng, hz) * rng.uniform(0.9, 1.1)
        sound[at : at + len(one)] += one
    sound += 1e-4 * rng.standard_normal(len(sound)).astype(np.float32)
    return sound, np.rint(beats_s[::4] * RATE_HZ).astype(np.int64)


@pytest.fixture(scope="module")
def made() -> tuple[Comp, np.ndarray]:
    takes = [take(1, 1.0, fault=2), take(2, 1.02), take(3, 0.97, fault=4), take(4, 1.01, fault=0)]
    sound = np.concatenate([one for one, _ in takes])
    begins = np.cumsum([0, *(len(one) for one, _ in takes)])
    lines = np.stack([begin + bars for begin, (_, bars) in zip(begins[:-1], takes, strict=True)])

    def read(start: int, stop: int) -> np.ndarray:
        inside = np.zeros(stop - start, np.float32)
        first, last = max(start, 0), min(stop, len(sound))
        if first < last:
            inside[first - start : last - start] = sound[first:last]
        return inside

    spans = [(int(begins[number]), int(begins[number + 1])) for number in range(4)]
    return comp_of(CompRequest(read, [read], spans, 0, lines[0], RATE_HZ)), lines


def test_bars_of_each_take_begin_just_before_their_attacks(made: tuple[Comp, np.ndarray]) -> None:
    comp, lines = made
    off_s = (comp.bars.edges_samples - lines)[:, :-1] / RATE_HZ + LEAD_S
    off_s[3, 0] = 0.0  # this take begins late there: its fault
    assert np.abs(off_s).max() < 0.001
    assert comp.bars.is_played.all()


def test_bars_with_faults_cost_most_and_are_avoided(made: tuple[Comp, np.ndarray]) -> None:
    comp, _ = made
    faults = {(0, 2), (2, 4), (3, 0)}
    order = np.argsort(comp.costs.costs, axis=None)[::-1][:3]
    assert {tuple(map(int, divmod(int(one), BARS))) for one in order} == faults
    assert not faults & {(int(one), bar) for bar, one in enumerate(comp.takes)}
    assert comp.base == 1
    assert len(comp.switches) <= 1
