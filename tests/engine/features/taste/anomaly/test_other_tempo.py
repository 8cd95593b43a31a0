"""Passages in another tempo: found by the shift of the rhythm, and only in regular music."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.progress import SILENT
from engine.document.analysis import OTHER_TEMPO
from engine.features.takes.features import frames_of
from engine.features.taste.anomaly.found_faults import Habits, HighMoments, found_faults, habits_and_music
from engine.features.taste.anomaly.other_tempo import ATTACKS_PER_S, AttackStrength, OtherTempo, other_tempos
from tests.engine.features.takes.playing import RATE_HZ, Sound, passage

_PATTERN = (1.0, 0.0, 0.4, 0.3, 0.8, 0.0, 0.5, 0.0)
"""Strength of the eighths of a bar."""


def groove(speeds: list[tuple[float, float]], *, eighth_s: float = 0.25, seed: int = 0) -> Sound:
    """Return clicks of a pattern for stretches of (seconds, speed), with small deviations in time."""
    rng = np.random.default_rng(seed)
    total_s = sum(length_s for length_s, _ in speeds)
    out = 0.0003 * rng.standard_normal(round((total_s + 1.0) * RATE_HZ))
    click = np.exp(-np.arange(round(0.05 * RATE_HZ)) / (0.01 * RATE_HZ))
    at_s, number, end_s = 0.0, 0, 0.0
    for length_s, speed in speeds:
        end_s += length_s
        while at_s < end_s:
            at = round((at_s + abs(rng.normal(0.0, 0.004))) * RATE_HZ)
            noise = rng.standard_normal(len(click))
            out[at : at + len(click)] += 0.3 * _PATTERN[number % len(_PATTERN)] * click * noise
            at_s, number = at_s + eighth_s / speed, number + 1
    return out[: round(total_s * RATE_HZ)].astype(np.float32)


def found(audio: Sound, blocks: int = 1) -> tuple[OtherTempo, ...]:
    attacks = AttackStrength(RATE_HZ)
    for block in np.array_split(audio, blocks):
        attacks.push(block)
    return other_tempos(attacks.finish())


@pytest.mark.parametrize("speed", [0.72, 0.84, 1.18, 1.24])
def test_a_passage_in_another_tempo_is_found_within_three_seconds(speed: float) -> None:
    (one,) = found(groove([(50.0, 1.0), (14.0, speed), (50.0, 1.0)]))
    assert (one.start_s, one.stop_s) == pytest.approx((50.0, 64.0), abs=3.0)
    assert math.exp(one.change) == pytest.approx(speed, abs=0.04)


@pytest.mark.parametrize(
    "audio",
    [
        groove([(120.0, 1.0)]),
        groove([(60.0, 1.0), (60.0, 1.22)]),  # another song
        groove([(50.0, 1.0), (14.0, 1.5), (50.0, 1.0)]),  # as triplets are
        groove([(50.0, 1.0), (14.0, 1.04), (50.0, 1.0)]),
        passage(1, 90.0),
        0.1 * np.random.default_rng(2).standard_normal(60 * RATE_HZ).astype(np.float32),
        np.zeros(60 * RATE_HZ, np.float32),
        np.full(30 * RATE_HZ, np.nan, np.float32),
        groove([(2.0, 1.0)]),
        np.zeros(0, np.float32),
    ],
)
def test_nothing_else_is_another_tempo(audio: Sound) -> None:
    assert found(audio) == ()


def test_blocks_do_not_matter() -> None:
    audio = groove([(50.0, 1.0), (14.0, 0.8), (50.0, 1.0)])
    assert found(audio, 97) == found(audio)


def test_the_strength_has_a_hundred_values_a_second() -> None:
    attacks = AttackStrength(RATE_HZ)
    audio = groove([(10.0, 1.0)])
    attacks.push(audio)
    strength = attacks.finish()
    assert len(strength) == 10 * ATTACKS_PER_S
    strongest = np.flatnonzero(strength > 0.7 * strength.max()) / ATTACKS_PER_S
    assert np.abs((strongest + 0.125) % 0.25 - 0.125).max() < 0.04


def test_edits_with_such_tempos_veto_them(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "edited.wav", groove([(50.0, 1.0), (14.0, 0.8), (50.0, 1.0)]), RATE_HZ)
    habits = habits_and_music([tmp_path / "edited.wav"], SILENT)[0]
    assert habits.largest_tempo_change == pytest.approx(abs(math.log(0.8)), abs=0.05)
    audio = groove([(50.0, 1.0), (14.0, 1.2), (50.0, 1.0)], seed=3)
    attacks = AttackStrength(RATE_HZ)
    attacks.push(audio)
    inputs = frames_of([audio], RATE_HZ), attacks.finish()
    none = HighMoments(np.zeros(0), 0.2)
    kinds = {
        change: [one.kind for one in found_faults(*inputs, Habits(largest_tempo_change=change), none)[0]]
        for change in (None, 0.0, habits.largest_tempo_change)
    }
    assert list(kinds.values()) == [[], [OTHER_TEMPO], []]
