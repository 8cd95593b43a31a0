"""A comp of made takes: bars are found to the millisecond, and a planted fault is avoided."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.takes.comp import Comp, CompRequest, comp_of
from engine.features.takes.following import LEAD_S, bars_of_takes, follow
from engine.features.timing.notes.onsets import ReadMono
from tests.engine.features.takes.made_takes import BARS, RATE_HZ, rehearsed


def reader_of(sound: np.ndarray) -> ReadMono:
    """Return a reader of a recording: zeros outside."""

    def read(start: int, stop: int) -> np.ndarray:
        inside = np.zeros(stop - start, np.float32)
        first, last = max(start, 0), min(stop, len(sound))
        if first < last:
            inside[first - start : last - start] = sound[first:last]
        return inside

    return read


@pytest.fixture(scope="module")
def made() -> tuple[Comp, np.ndarray]:
    sound, spans, lines = rehearsed(2, None, 4, 0)
    read = reader_of(sound)
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


@pytest.mark.parametrize("later_s", [-0.7, -0.5, -0.4, 0.4, 0.5])
def test_a_take_whose_border_is_a_beat_off_is_not_followed_a_beat_off(later_s: float) -> None:
    sound, spans, lines = rehearsed(None, None)
    spans[1] = (spans[1][0] + round(later_s * RATE_HZ), spans[1][1])
    take = follow(reader_of(sound), spans, 0, RATE_HZ)[1]
    hops = (lines[0] - spans[0][0]) / take.hop_samples
    places = np.interp(hops, np.arange(len(take.places_samples)), take.places_samples)
    assert np.abs(places - lines[1])[:-1].max() < 0.001 * RATE_HZ


def test_a_line_past_the_end_of_the_takes_is_not_played() -> None:
    sound, spans, lines = rehearsed(None, None)
    read = reader_of(sound)
    takes = follow(read, spans, 0, RATE_HZ)
    late = np.append(lines[0], [spans[0][1] + RATE_HZ, spans[0][1] + 2 * RATE_HZ])
    bars = bars_of_takes(read, takes, 0, late, spans, RATE_HZ)
    assert bars.is_played[:, :BARS].all()
    assert not bars.is_played[:, -1].any()
