"""What microphones were set up for: as told, by name, by sound."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.drums.hits import Role
from engine.hits.find import HeldMicrophones, hear
from engine.hits.kit.roles import guess_roles
from tests.engine.hits.kit import RATE_HZ, ROLES, groove, rendered


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


def test_silence_tells_nothing() -> None:
    silence = HeldMicrophones(
        {"a": np.zeros(RATE_HZ, np.float32), "b": np.zeros(RATE_HZ, np.float32)}, RATE_HZ
    )
    guesses = guess_roles(["a", "b"], [None, None], hear(silence), RATE_HZ)
    assert [guess.role for guess in guesses] == [Role.OTHER, Role.OTHER]
    assert guesses[0].confidence == 0.0
