"""What events are scored on is known, and what is scored cannot be had by finding everything."""

from pathlib import Path

import numpy as np
import pytest

from engine.analysis.detection.spectra import MEL
from engine.lab.evaluation.separation.events import Found, allowed, is_right
from engine.lab.evaluation.separation.recordings import (
    Occurrence,
    Relation,
    Scored,
    halves,
    recordings,
    stretches,
)
from engine.lab.training.detection.sounds import Sound

RATE_HZ = MEL.rate_hz
TRUTH = tuple(
    Occurrence("dog", start_s, start_s + 1.0, Relation.ANOTHER, 3.0) for start_s in (10.0, 30.0, 50.0)
)


def clip(name: str, number: int, origin: str, *, goes_on: bool = False) -> Sound:
    """Return noise that goes on, or two bursts of it."""
    samples = np.random.default_rng(number).standard_normal(5 * RATE_HZ)
    if not goes_on:
        times_s = np.arange(5 * RATE_HZ) / RATE_HZ
        samples *= ((times_s > 1.0) & (times_s < 1.6)) | ((times_s > 3.0) & (times_s < 3.4))
    return Sound(Path(f"{name}-{number}"), name, origin, 5, (samples * 3000).astype(np.int16))


@pytest.fixture(scope="module")
def sounds() -> tuple[Sound, ...]:
    """Return eight names of four clips, two of one origin, and two that go on."""
    made = [
        clip(f"sound {name}", 10 * name + k, f"{name}-{min(k, 2)}") for name in range(8) for k in range(4)
    ]
    made += [clip(name, 900 + k, f"{name}-{k}", goes_on=True) for name in ("rain", "wind") for k in range(4)]
    return tuple(made)


@pytest.fixture(scope="module")
def made(sounds: tuple[Sound, ...]) -> list[Scored]:
    """Return two recordings."""
    return list(recordings(sounds, 2, 7, length_s=200.0))


def test_no_origin_is_in_both_halves(sounds: tuple[Sound, ...]) -> None:
    """Nor is a sound lost."""
    one, two = halves(sounds)
    assert len(one) + len(two) == len(sounds)
    assert not {each.origin for each in one} & {each.origin for each in two}
    assert abs(len(one) - len(two)) <= len(sounds) // 4


def test_bursts_of_a_clip_are_stretches_of_it(sounds: tuple[Sound, ...]) -> None:
    """The longer is louder by energy and comes first."""
    assert [round(len(part) / RATE_HZ, 1) for part in stretches(sounds[0])] == [0.6, 0.4]


def test_recordings_are_as_they_say(made: list[Scored]) -> None:
    """Occurrences are apart, as loud as said, and never of what goes on; one of each name is marked."""
    for one in made:
        assert 20 <= len(one.occurrences) <= 40
        assert not set(one.backgrounds) & set(one.names)
        gaps = [b.start_s - a.stop_s for a, b in zip(one.occurrences, one.occurrences[1:], strict=False)]
        assert min(gaps) > 1.4
        for name in one.names:
            assert sum(each.relation is Relation.MARKED for each in one.of(name)) == 1
        loud = max(one.occurrences, key=lambda each: each.level_db)
        inside, before = (
            float(np.mean(one.samples[round(a * RATE_HZ) : round(b * RATE_HZ)] ** 2))
            for a, b in ((loud.start_s, loud.stop_s), (loud.start_s - 1.0, loud.start_s))
        )
        assert 10 * np.log10(inside / before) == pytest.approx(loud.level_db, abs=3.0)


def test_recordings_are_the_same_every_time(sounds: tuple[Sound, ...], made: list[Scored]) -> None:
    """What is measured twice is the same."""
    again = next(iter(recordings(sounds, 2, 7, length_s=200.0)))
    assert again.occurrences == made[0].occurrences
    np.testing.assert_array_equal(again.samples, made[0].samples)


def test_finding_everything_finds_nothing() -> None:
    """A detection of all the recording is a false alarm; one that is near enough is none."""
    assert not is_right((0.0, 60.0, 9.0), TRUTH)
    assert is_right((9.8, 11.4, 9.0), TRUTH)
    assert not is_right((11.2, 14.0, 9.0), TRUTH)


def test_recall_is_at_so_many_false_alarms() -> None:
    """The highest count first, and what comes after one false alarm too many does not count."""
    found = [(10.1, 10.9, 5.0), (20.0, 21.0, 4.0), (30.2, 30.8, 3.0), (40.0, 41.0, 2.0), (50.0, 51.0, 1.0)]
    taken = allowed(found, TRUTH, 1.0)
    assert [height for _, _, height in taken] == [5.0, 4.0, 3.0]
    scores = Found()
    scores.add(TRUTH, TRUTH, taken, 1.0)
    assert scores.recall == pytest.approx(2 / 3)
    assert scores.false_alarms == [1.0]
    assert scores.covered == pytest.approx([0.8, 0.6])
