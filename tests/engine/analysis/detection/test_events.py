"""Events are where odds stand out; what is marked once is found again, and what goes on is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.detection.detector import STEP_S, SoundFeatures, analysed_versions, detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import (
    BEGINS_AT,
    EXAMPLE_BEGINS_AT,
    events,
    example_odds_over_time,
    odds_over_time,
)
from engine.analysis.sound_names.prompts import text_encoder
from engine.core.errors import UsageError

RATE_HZ = MEL.rate_hz
PLACES_S = (5.0, 21.3, 34.7, 50.2)
LONG_S = 0.8


def noise(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    """Return noise that goes on."""
    return (0.02 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def squeak(level: float = 0.1) -> NDArray[np.float32]:
    """Return a tone that rises from 600 Hz to 2 kHz."""
    times_s = np.arange(round(LONG_S * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * (600 * times_s + 875 * times_s**2)
    return (level * np.hanning(len(times_s)) * np.sin(phase)).astype(np.float32)


def recording(levels: tuple[float, ...] = (0.1, 0.07, 0.15, 0.1)) -> NDArray[np.float32]:
    """Return a minute of noise with squeaks, and a thud between any two of them."""
    samples = noise(60.0)
    thud = 0.3 * np.sin(2 * np.pi * 70 * np.arange(RATE_HZ // 2) / RATE_HZ) * np.hanning(RATE_HZ // 2)
    for place_s, level in zip(PLACES_S, levels, strict=True):
        first = round(place_s * RATE_HZ)
        samples[first : first + round(LONG_S * RATE_HZ)] += squeak(level)
        samples[first + 6 * RATE_HZ : first + 6 * RATE_HZ + len(thud)] += thud.astype(np.float32)
    return samples


@pytest.fixture(scope="module")
def heard() -> SoundFeatures:
    """Return the recording as it is heard."""
    return detector().analysed([recording()])


def bumps(*places: tuple[int, float], steps: int = 200) -> NDArray[np.float32]:
    """Return odds that are low but at places, each three steps wide."""
    odds = np.full(steps, -6.0, np.float32)
    for place, height in places:
        odds[place - 1 : place + 2] = height - 1.0, height, height - 1.0
    return odds


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_events_lie_where_odds_stand_out(rate_hz: int) -> None:
    """In order, with the likelihood that belongs to the odds, and not where odds are too low."""
    length = round(200 * STEP_S * rate_hz)
    found = events(bumps((40, 2.0), (90, 0.0), (140, -2.5)), rate_hz, length, begins_at=-1.0)
    assert [round(one.likelihood, 2) for one in found] == [0.88, 0.5]
    for one, place in zip(found, (40, 90), strict=True):
        assert one.start_samples < (place + 0.5) * STEP_S * rate_hz < one.stop_samples
        assert 0.3 < (one.stop_samples - one.start_samples) / rate_hz < 1.5


def test_events_that_nearly_meet_are_one() -> None:
    """Their spans would overlap once they are padded."""
    found = events(bumps((40, 2.0), (43, 1.0)), RATE_HZ, 100 * RATE_HZ)
    assert len(found) == 1
    assert found[0].likelihood == pytest.approx(0.88, abs=0.01)


@pytest.mark.parametrize("place", [1, 198])
def test_events_stay_within_the_recording(place: int) -> None:
    """What is heard in its first or last steps ends where it does."""
    length = round(199.2 * STEP_S * RATE_HZ)
    (found,) = events(bumps((place, 3.0)), RATE_HZ, length)
    assert 0 <= found.start_samples < found.stop_samples <= length


def test_nothing_stands_out_of_what_stays_the_same() -> None:
    """However likely it is; and nothing is found in nothing."""
    assert events(np.full(100, -6.0, np.float32), RATE_HZ, 10**6) == ()
    assert events(np.zeros(0, np.float32), RATE_HZ, 0) == ()


@pytest.mark.parametrize("marked", range(len(PLACES_S)))
def test_one_that_is_marked_finds_the_others(heard: SoundFeatures, marked: int) -> None:
    """At the default threshold, whichever is marked, and neither a thud nor noise."""
    start_s = PLACES_S[marked]
    odds = example_odds_over_time(heard, (start_s, start_s + LONG_S))
    found = events(odds, RATE_HZ, 60 * RATE_HZ, EXAMPLE_BEGINS_AT)
    middles_s = [(one.start_samples + one.stop_samples) / 2 / RATE_HZ for one in found]
    assert len(middles_s) == len(PLACES_S)
    np.testing.assert_allclose(middles_s, np.array(PLACES_S) + LONG_S / 2, atol=0.4)


def test_silence_is_no_example() -> None:
    """There is nothing to look for."""
    silent = detector().analysed([np.zeros(5 * RATE_HZ, np.float32)])
    with pytest.raises(UsageError, match="select only the sound"):
        example_odds_over_time(silent, (1.0, 2.0))
    with pytest.raises(UsageError, match="select only the sound"):
        example_odds_over_time(detector().analysed([]), (1.0, 2.0))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 20.0])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_odds_are_numbers_whatever_is_heard(seconds: float, level: float) -> None:
    """A moment, silence, and noise, of which words say nothing."""
    prompts = [text_encoder().encode(text)[None] for text in ("dog", "cough")]
    versions = analysed_versions(detector(), [level * noise(seconds)])
    odds = odds_over_time(detector(), versions, prompts)
    assert odds.shape[1] == 2
    assert np.all(np.isfinite(odds))
    assert not any(events(each, RATE_HZ, round(seconds * RATE_HZ), BEGINS_AT) for each in odds.T)


def test_levels_do_not_depend_on_blocks() -> None:
    """Those of a stream are those of the whole, up to rounding, and one row for each step."""
    samples = recording()[: 45 * RATE_HZ + 1000]
    whole = detector().analysed([samples])
    parts = detector().analysed(np.array_split(samples, 37))
    assert whole.levels.shape == (len(whole.vectors), 64)
    np.testing.assert_array_equal(parts.levels, whole.levels)
