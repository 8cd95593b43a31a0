"""The peaks of tracks and between samples are those of what is rendered, whatever the blocks."""

from __future__ import annotations

from dataclasses import replace
from math import log10
from pathlib import Path

import numpy as np
import pytest

from engine.sound.edl.build import build
from engine.sound.edl.loudness import TAPS, BetweenSamples, cell_samples, cell_starts
from engine.sound.edl.render import Renderer
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts


@pytest.fixture
def band(tmp_path: Path, rng: np.random.Generator) -> Recording:
    """Three tracks, of which one is panned, one louder and one later, with cuts and their crossfades."""
    sounds = [
        rng.uniform(-0.5, 0.5, (frames, width)) for frames, width in ((20_000, 1), (20_000, 2), (9_000, 2))
    ]
    made = recording(
        tmp_path, sounds, gain_db=(0.0, 4.0, -3.0), pan=(0.5, 0.0, -1.0), start_samples=(0, 0, 3_333)
    )
    state = with_cuts(made.state, (4_000, 6_100), (9_000, 9_900))
    return replace(made, state=state)


@pytest.mark.parametrize("block", [cell_samples(RATE_HZ) * 5, 777, 100_000])
def test_peaks_of_tracks_are_those_of_each_rendered_alone(band: Recording, block: int) -> None:
    edits, cell = build(band.state), cell_samples(RATE_HZ)
    n_cells = -(-edits.length_samples // cell)
    found = np.zeros((3, n_cells), np.float32)
    with Renderer(band.state, edits, band.media) as renderer:
        assert renderer.track_ids == tuple(track.id for track in band.state.tracks)
        for start in range(0, edits.length_samples, block):
            stop = min(start + block, edits.length_samples)
            samples, peaks = renderer.read_metered(start, stop)
            np.testing.assert_array_equal(samples, renderer.read(start, stop))
            part = found[:, start // cell : -(-stop // cell)]
            np.maximum(part, peaks.values, out=part)
    for number, track in enumerate(band.state.tracks):
        alone = replace(band.state, tracks=(track,))
        with Renderer(alone, edits, band.media) as renderer:
            heard = np.abs(renderer.read(0, edits.length_samples)).max(axis=1)
        slow = [heard[at : at + cell].max() for at in range(0, len(heard), cell)]
        np.testing.assert_array_equal(found[number], np.array(slow, np.float32))


def test_a_track_that_is_not_heard_has_no_peaks(band: Recording) -> None:
    first, second, third = band.state.tracks
    state = replace(band.state, tracks=(replace(first, mute=True), second, third))
    with Renderer(state, build(state), band.media) as renderer:
        assert renderer.track_ids == (second.id, third.id)
        assert renderer.read_metered(0, 500)[1].values.shape[0] == 2


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (159, 161), (160, 320), (5, 1_000), (479, 481)])
def test_cells_lie_on_a_grid_that_does_not_move(start: int, stop: int) -> None:
    cells = [at // 160 for at in range(start, stop)]
    slow = [number for number in range(len(cells)) if number == 0 or cells[number] != cells[number - 1]]
    assert cell_starts(start, stop, 160).tolist() == slow


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_a_sine_of_a_quarter_of_the_rate_is_three_decibels_over_its_samples(rate_hz: int) -> None:
    sine = np.sin(np.pi / 2 * np.arange(rate_hz // 10) + np.pi / 4)[:, None]
    peak = BetweenSamples().highest(sine)
    assert np.abs(sine).max() == pytest.approx(1 / np.sqrt(2))
    assert 20 * log10(peak / np.abs(sine).max()) == pytest.approx(3.01, abs=0.1)  # the coefficients' own


def test_between_samples_equals_a_band_limited_twin_and_its_cells_the_whole(rng: np.random.Generator) -> None:
    """The twin is the exact interpolation of a periodic sound, thirty-two times; BS.1770's ripples 0.1 dB."""
    spectrum = np.zeros(1_025, complex)
    spectrum[1:700] = rng.normal(size=699) + 1j * rng.normal(size=699)
    sound = np.fft.irfft(spectrum, 2_048)
    exact = np.abs(np.fft.irfft(np.pad(spectrum, (0, 15 * 1_024)), 32_768) * 16).max()
    thrice = np.tile(sound, 3)[:, None].astype(np.float32)
    assert 20 * log10(BetweenSamples().highest(thrice) / exact) == pytest.approx(0, abs=0.4)
    cells = []
    meter, starts = BetweenSamples(), cell_starts(0, 512, 100)
    for at in range(0, len(thrice), 512):
        cells.append(meter.in_cells(thrice[at : at + 512], starts).max())
    assert max(cells) == pytest.approx(BetweenSamples().highest(thrice), rel=1e-5)


def test_what_is_no_new_highest_is_not_looked_for() -> None:
    quiet = np.full((TAPS, 1), 0.1)
    meter = BetweenSamples()
    assert meter.highest(quiet, least=1.0) == 0.1
