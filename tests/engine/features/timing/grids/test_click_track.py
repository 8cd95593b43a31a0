"""Click tracks, found and followed to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.features.timing.click_track import click_among, find_clicks, follow_click, regularity_of
from engine.lab.simulated.clicks import click_track

RATE_HZ = 48_000


@pytest.mark.parametrize(("bpm", "rate_hz"), [(57.3, 44_100), (120.0, 48_000), (240.0, 48_000)])
def test_every_click_is_found_to_the_sample_however_it_comes(bpm: float, rate_hz: int) -> None:
    click = click_track(bpm, rate_hz, length_s=30.0)
    for pieces in (1, 7, 1000):
        found = find_clicks(np.array_split(click.samples, pieces), rate_hz).onsets_samples
        # The sine of a click is 0 at its first sample.
        np.testing.assert_array_equal(found, click.clicks_samples + 1)


@pytest.mark.parametrize("bar", [2, 3, 4, 5, 6, 7])
def test_bars_begin_at_accents(bar: int) -> None:
    click = click_track(120.0, RATE_HZ, length_s=40.0, beats_in_bar=bar)
    own = follow_click([click.samples], RATE_HZ, len(click.samples), "Click")
    assert own.grid.bar_positions[: 2 * bar].tolist() == [*range(1, bar + 1)] * 2
    assert own.notice == ""


def test_bars_may_change_and_begin_with_an_upbeat() -> None:
    accents = np.array([1, 5, 9, 12, 15, 18, 22])
    samples = _clicks(np.arange(24) * 24_000 + 1_000, np.isin(np.arange(24), accents))
    own = follow_click([samples], RATE_HZ, len(samples), "Click")
    expected = [3, *[1, 2, 3, 4] * 2, *[1, 2, 3] * 3, 1, 2, 3, 4, 1, 2]
    assert own.grid.bar_positions.tolist()[: len(expected)] == expected


def test_where_it_stops_half_way_its_last_tempo_goes_on() -> None:
    click = click_track(87.3, RATE_HZ, length_s=120.0, beats_in_bar=4)
    half = click.samples[: len(click.samples) // 2]
    own = follow_click([half], RATE_HZ, len(click.samples), "Click 1")
    count = min(len(own.grid.beats_samples), len(click.clicks_samples))
    assert count >= len(click.clicks_samples) - 1
    assert np.abs(own.grid.beats_samples[:count] - click.clicks_samples[:count]).max() <= 3
    assert own.notice == "Click 1 ends at 0:59.4: from there the grid continues at 87.30 BPM."


def test_clicks_that_are_missing_are_put_back() -> None:
    places = np.arange(60) * 24_000 + 500
    samples = _clicks(np.delete(places, [7, *range(20, 31)]), None, 60 * 24_000)
    own = follow_click([samples], RATE_HZ, len(samples), "Click")
    np.testing.assert_array_equal(own.grid.beats_samples, places + 1)
    assert "pauses from 0:09.5 to 0:15.5" in own.notice


def test_a_tempo_that_changes_is_followed() -> None:
    places = 500 + np.cumsum(np.rint(60.0 * RATE_HZ / np.linspace(100.0, 130.0, 80))).astype(np.int64)
    samples = _clicks(places)
    own = follow_click([samples], RATE_HZ, int(places[-1]) + 2_000, "Click")
    np.testing.assert_array_equal(own.grid.beats_samples[:80], places + 1)


def test_the_click_is_told_from_what_hands_play() -> None:
    rng = np.random.default_rng(4)
    places = np.arange(100) * 12_000 + 500
    by_hand = places + np.rint(rng.normal(0.0, 0.008 * RATE_HZ, 100)).astype(np.int64)
    noise = rng.normal(0.0, 0.01, 100 * 12_000).astype(np.float32)
    found = {
        "Hat": find_clicks([_clicks(by_hand) + noise[: len(_clicks(by_hand))]], RATE_HZ),
        "Click": find_clicks([_clicks(places[::2])], RATE_HZ),
        "Room": find_clicks([noise], RATE_HZ),
    }
    assert click_among(found) == "Click"
    assert not regularity_of(found["Hat"]).is_click
    assert click_among({"Hat": found["Hat"]}) is None


@pytest.mark.parametrize("sound", ["nothing", "silence", "noise", "three clicks"])
def test_what_is_no_click_is_refused_by_name(sound: str) -> None:
    samples = {
        "nothing": np.zeros(0, np.float32),
        "silence": np.zeros(200_000, np.float32),
        "noise": np.random.default_rng(1).normal(0.0, 0.2, 200_000).astype(np.float32),
        "three clicks": _clicks(np.array([1_000, 25_000, 49_000])),
    }[sound]
    with pytest.raises(UsageError, match=r"Vocals is not a click track.*choose another, or give --bpm"):
        follow_click([samples], RATE_HZ, 200_000, "Vocals")


def _clicks(
    places: NDArray[np.int64], accents: NDArray[np.bool_] | None = None, length: int = 0
) -> NDArray[np.float32]:
    time_s = np.arange(960) / RATE_HZ
    one = np.sin(2.0 * np.pi * 1000.0 * time_s) * np.exp(-time_s / 0.004)
    samples = np.zeros(max(length, int(places[-1]) + 2_000), np.float32)
    for number, place in enumerate(places):
        gain = 0.9 if accents is not None and accents[number] else 0.5
        samples[place : place + 960] += gain * one
    return samples
