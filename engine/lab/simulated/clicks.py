"""Click tracks with known beats, to measure the delay of a tracker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class ClickTrack:
    """A click track.

    Attributes
    ----------
    samples : float32, shape (n,)
    clicks_samples : int64, shape (m,), the first sample of each click
    """

    samples: NDArray[np.float32]
    clicks_samples: NDArray[np.int64]
    rate_hz: int


def click_track(
    tempo_bpm: float, rate_hz: int, *, length_s: float = 20.0, first_s: float = 0.3, beats_in_bar: int = 0
) -> ClickTrack:
    """Make clicks of 1 kHz, 20 ms long; with `beats_in_bar`, the first of each bar has a thump under it."""
    length = round(length_s * rate_hz)
    time_s = np.arange(round(0.02 * rate_hz)) / rate_hz
    click = 0.5 * np.sin(2.0 * np.pi * 1000.0 * time_s) * np.exp(-time_s / 0.004)
    low_s = np.arange(round(0.1 * rate_hz)) / rate_hz
    thump = 0.4 * np.sin(2.0 * np.pi * 80.0 * low_s) * np.exp(-low_s / 0.03)
    places = np.rint(np.arange(first_s, length_s - 0.15, 60.0 / tempo_bpm) * rate_hz).astype(np.int64)
    samples = np.zeros(length)
    for number, place in enumerate(places):
        samples[place : place + len(click)] += click
        if beats_in_bar and number % beats_in_bar == 0:
            samples[place : place + len(thump)] += thump
    return ClickTrack(samples.astype(np.float32), places, rate_hz)


def accented_clicks(
    tempo_bpm: float, beats_in_bar: int, rate_hz: int, *, length_s: float = 30.0, first_beat: int = 0
) -> ClickTrack:
    """Make clicks with a first beat that is 6 dB louder and a fifth higher, as metronomes do.

    Parameters
    ----------
    first_beat : how many beats of the first bar are left out
    """
    time_s = np.arange(round(0.02 * rate_hz)) / rate_hz
    plain, accent = (
        level * np.sin(2.0 * np.pi * hz * time_s) * np.exp(-time_s / 0.004)
        for level, hz in ((0.35, 1000.0), (0.7, 1500.0))
    )
    places = np.rint(np.arange(0.31, length_s - 0.15, 60.0 / tempo_bpm) * rate_hz).astype(np.int64)
    samples = np.zeros(round(length_s * rate_hz))
    for number, place in enumerate(places, start=first_beat):
        samples[place : place + len(plain)] += plain if number % beats_in_bar else accent
    return ClickTrack(samples.astype(np.float32), places, rate_hz)
