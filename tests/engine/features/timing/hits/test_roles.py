"""What microphones were set up for: as told, by name, by sound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import fftconvolve

from engine.document.analysis import Role
from engine.features.timing.hits.drums import lateness_ms
from engine.features.timing.hits.find import HeldMicrophones, hear
from engine.features.timing.hits.roles import guess_roles
from tests.engine.features.timing.hits.kit import RATE_HZ, ROLES, groove, rendered


@pytest.fixture(scope="module")
def heard() -> HeldMicrophones:
    return rendered(groove(3), 7.0)


def test_what_the_user_says_comes_before_the_name_and_that_before_the_sound(heard: HeldMicrophones) -> None:
    candidates = hear(heard)
    names = ["BD", "Snare top", "Lead vocals", "Track 4", "Track 5"]
    guesses = guess_roles(names, [None, Role.TOM, None, None, None], candidates, RATE_HZ)
    assert guesses[0].role is Role.KICK
    assert (guesses[1].role, guesses[1].confidence) == (Role.TOM, 1.0)
    assert guesses[2].role is Role.OTHER
    assert all(0.0 <= guess.confidence <= 1.0 for guess in guesses)


def test_sound_tells_most_roles(heard: HeldMicrophones) -> None:
    guesses = guess_roles(["a", "b", "c", "d", "e"], [None] * 5, hear(heard), RATE_HZ)
    right = [guess.role is role for guess, role in zip(guesses, ROLES.values(), strict=True)]
    assert sum(right) >= 3


def _with_distant(heard: HeldMicrophones, later_ms: float) -> HeldMicrophones:
    """Return the kit with a microphone that picks up all drums later than the others, with reverberation."""
    rng = np.random.default_rng(4)
    direct = np.sum([heard.samples[name] for name in ("Kick", "Snare", "Hat")], axis=0)
    tail = rng.standard_normal(round(0.2 * RATE_HZ)) * np.exp(
        -np.arange(round(0.2 * RATE_HZ)) / (0.04 * RATE_HZ)
    )
    late = np.roll(direct + 0.02 * fftconvolve(direct, tail)[: len(direct)], round(later_ms / 1000 * RATE_HZ))
    return HeldMicrophones({**heard.samples, "Ribbon": late.astype(np.float32)}, RATE_HZ)


@pytest.mark.parametrize(("later_ms", "is_room"), [(1.0, False), (7.0, True), (14.0, True)])
def test_a_microphone_that_picks_up_all_drums_late_stands_in_the_room(
    heard: HeldMicrophones, later_ms: float, is_room: bool
) -> None:
    candidates = hear(_with_distant(heard, later_ms))
    guesses = guess_roles([*ROLES, "Ribbon"], [*ROLES.values(), None], candidates, RATE_HZ)
    assert (guesses[-1].role is Role.ROOM) == is_room
    named = guess_roles([*ROLES, "Overhead"], [*ROLES.values(), None], candidates, RATE_HZ)
    assert named[-1].role is Role.OVERHEAD


def test_lateness_is_relative_to_the_nearest_microphone(heard: HeldMicrophones) -> None:
    late_ms = lateness_ms(hear(_with_distant(heard, 9.0)), RATE_HZ)
    assert np.nanmin(late_ms) < 1.0
    assert 8.5 < late_ms[-1] < 11.5


def test_one_drum_alone_shows_no_distance(heard: HeldMicrophones) -> None:
    """A sampled kick with a latency is no room microphone."""
    trigger = np.roll(heard.samples["Kick"], round(0.008 * RATE_HZ))
    trigger[np.abs(trigger) < 0.2 * np.abs(trigger).max()] = 0.0
    late_ms = lateness_ms(hear(HeldMicrophones({**heard.samples, "Trigger": trigger}, RATE_HZ)), RATE_HZ)
    assert np.isnan(late_ms[-1])


def test_silence_tells_nothing() -> None:
    silence = HeldMicrophones(
        {"a": np.zeros(RATE_HZ, np.float32), "b": np.zeros(RATE_HZ, np.float32)}, RATE_HZ
    )
    guesses = guess_roles(["a", "b"], [None, None], hear(silence), RATE_HZ)
    assert [guess.role for guess in guesses] == [Role.OTHER, Role.OTHER]
    assert guesses[0].confidence == 0.0
