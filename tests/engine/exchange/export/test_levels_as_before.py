"""How loud an export is found to be, and how loud it can be at the most, stays what it was.

That nothing clips that is said not to, and that loudness is that of the recommendation, other tests hold.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.exchange.export import ExportOptions, ExportRequest
from engine.exchange.export.levels import (
    Normalised,
    faded_block,
    find_clipping,
    highest_possible,
    lowered,
)
from engine.exchange.export.request import Depth
from engine.sound.edl.build import build
from engine.sound.edl.loudness import (
    _INTERPOLATOR,
    BetweenSamples,
    LoudnessMeter,
    TrackPeaks,
    cell_samples,
    cell_starts,
    decibels,
    k_response,
    measure,
)
from engine.sound.edl.render import Renderer
from tests.as_before import require_as_before
from tests.engine.exchange.export.test_clipping import with_peaks
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, by_hand, recording

FRAMES = 20 * RATE_HZ


@pytest.fixture
def band(tmp_path: Path) -> Recording:
    """Three tracks with loud places far from and near to each other, cut, faded, repeated and made louder."""
    rng = np.random.default_rng(8)
    sounds = [
        rng.uniform(-0.2, 0.2, (frames, width))
        for frames, width in ((FRAMES, 1), (FRAMES - 5_000, 2), (9_000, 1))
    ]
    for at in (1_000, 9_000, 9_400, 17_500, 60_000, 60_001, 100_000):
        sounds[0][at] = 0.9
    sounds[1][3_000:3_050, 1] = -0.95
    sounds[2][8_990:] = 0.97
    made = recording(
        tmp_path,
        sounds,
        subtype="PCM_24",
        gain_db=(1.5, 3.0, 2.0),
        start_samples=(0, 777, 40_000),
        pan=(0.0, 0.4, 0.0),
    )
    state = made.state
    for kind, span, payload in (
        ("cut", (20_000, 31_000), {"crossfade_ms": 100.0}),
        ("repeat", (59_000, 62_000), {"times": 2, "crossfade_ms": 50.0}),
        ("move", (110_000, 120_000), {"to_samples": 50_000, "crossfade_ms": 0.0}),
    ):
        state = by_hand(state, kind, span, payload)
    return with_peaks(replace(made, state=state))


def test_what_clips_is_found_where_it_was(band: Recording, tmp_path: Path) -> None:
    told = {}
    for name, suffix, options in (
        ("mix", ".wav", {}),
        ("coded", ".ogg", {}),
        ("stems", ".wav", {"stems": True, "depth": Depth.BITS_16}),
        ("float", ".wav", {"depth": Depth.FLOAT_32}),
        ("louder", ".flac", {"gain_db": 3.0, "fade_in_s": 1.0, "fade_out_s": 0.5}),
        ("a part", ".wav", {"range_samples": (8_900, 70_000)}),
        ("quieter", ".wav", {"gain_db": -20.0}),
        ("normalised", ".wav", {"loudness_lufs": -10.0}),
    ):
        request = ExportRequest(
            band.state, band.media, tmp_path / f"a{suffix}", options=ExportOptions(**options)
        )
        found = find_clipping([request])
        told[name] = found and {"found": found, "lower": found.lower_db, "said": found.sentence}
        told[f"{name}, lowered"] = [one.options.gain_db for one in lowered([request, request])]
    require_as_before("levels", "clipping", told, most_apart=1e-5)


@pytest.mark.parametrize("block", [1_000, 4_096, 100_000])
def test_no_block_passes_what_is_said_to_be_its_most_and_that_is_as_before(
    band: Recording, block: int
) -> None:
    edits = build(band.state)
    span = 1_500, edits.length_samples - 700
    found = highest_possible(band.state, edits, span, block)
    with Renderer(band.state, edits, band.media) as renderer:
        for number, bound in enumerate(found.tolist()):
            first = span[0] + number * block
            heard = np.abs(renderer.read(first, min(first + block, span[1]))).max()
            assert heard <= bound + 1e-6
    require_as_before("levels", f"most, {block}", found, most_apart=1e-6)
    sounding = by_hand(band.state, "gain", (70_000, 71_000), {"gain_db": 6.0, "ramp_ms": 0.0}, ("t0",))
    unknown = np.isinf(highest_possible(sounding, build(sounding), (0, edits.length_samples), block))
    require_as_before("levels", f"unknown, {block}", unknown)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_the_weighting_is_what_it_was_and_loudness_is_that_of_one_long_filter(rate_hz: int) -> None:
    response = k_response(rate_hz)
    require_as_before(
        "levels",
        f"response, {rate_hz}",
        [len(response), response[:40], response[1_000:1_010]],
        most_apart=1e-10,
    )
    assert not response.flags.writeable
    rng = np.random.default_rng(1)
    sound = rng.standard_normal((rate_hz * 3, 2)) * np.linspace(0.001, 0.3, rate_hz * 3)[:, None]
    found = measure(np.array_split(sound, 7), rate_hz=rate_hz)
    hop = round(rate_hz / 10)
    frames = len(sound) + len(response)
    weighted = np.fft.irfft(
        np.fft.rfft(sound, frames, axis=0) * np.fft.rfft(response, frames)[:, None], frames, axis=0
    )
    energies = (weighted[: len(sound)] ** 2).sum(axis=1)
    power = [energies[at * hop : (at + 4) * hop].sum() / (4 * hop) for at in range(len(sound) // hop - 3)]
    loud = [one for one in power if -0.691 + 10 * np.log10(one) > -70]
    gate = np.mean(loud) / 10
    want = -0.691 + 10 * np.log10(np.mean([one for one in loud if one > gate]))
    assert found.integrated_lufs == pytest.approx(want, abs=1e-6)


def test_loudness_needs_four_tenths_of_a_second_over_the_gate() -> None:
    sound = np.full((RATE_HZ, 1), 0.1) * np.sin(np.arange(RATE_HZ) * 0.8)[:, None]
    told = [
        measure([sound[:frames]], rate_hz=RATE_HZ).integrated_lufs
        for frames in (0, 3_199, 3_200, 4_000, 8_000)
    ]
    assert told[:2] == [-np.inf, -np.inf]
    assert np.isfinite(told[2:]).all()
    quiet = [measure([sound * 10 ** (gain / 20)], rate_hz=RATE_HZ).integrated_lufs for gain in (-40.0, -60.0)]
    assert np.isfinite(quiet[0])
    assert quiet[1] == -np.inf
    meter = LoudnessMeter(RATE_HZ)
    assert meter.result().true_peak_dbtp == -np.inf


def test_between_samples_is_what_four_convolutions_find() -> None:
    rng = np.random.default_rng(4)
    sound = rng.standard_normal((9_000, 2))
    phases = [
        np.convolve(sound[:, channel], taps[::-1])[: len(sound)]
        for channel in (0, 1)
        for taps in _INTERPOLATOR.T
    ]
    every = np.abs(np.stack([*phases]))
    starts = np.array([0, 1, 50, 4_096, 5_000, 8_999])
    # A value belongs to the sample that comes last of the twelve it is made of.
    want = [
        max(every[:, start:stop].max(), np.abs(sound[start - 0 : stop]).max())
        for start, stop in zip(starts, [*starts[1:], len(sound)], strict=True)
    ]
    np.testing.assert_allclose(BetweenSamples().in_cells(sound, starts), want, rtol=1e-9)
    meter = BetweenSamples()
    parts = [meter.highest(part) for part in np.array_split(sound, 5)]
    assert max(parts) == pytest.approx(max(every.max(), np.abs(sound).max()))
    assert decibels(10.0) == pytest.approx(20.0)
    assert decibels(0.0) == -np.inf


@pytest.mark.parametrize(("at", "length"), [(0, 10), (5, 3), (0, 40), (37, 3), (10, 20), (30, 1)])
def test_a_faded_block_is_a_part_of_the_whole_faded(at: int, length: int) -> None:
    sound = np.random.default_rng(3).standard_normal((40, 2))
    for rising, falling in ((0, 0), (10, 0), (0, 10), (7, 10), (60, 60)):
        gains = np.ones(40)
        for place in range(40):
            for edge, frames in ((place, min(rising, 40)), (39 - place, min(falling, 40))):
                if edge + 0.5 < frames:
                    gains[place] *= 0.5 - 0.5 * np.cos(np.pi * (edge + 0.5) / frames)
        part = faded_block(sound[at : at + length], at, 40, rising, falling)
        np.testing.assert_allclose(part, (sound * gains[:, None])[at : at + length])


def test_cells_are_those_of_one_grid_whatever_is_rendered_at_once() -> None:
    assert [cell_samples(rate) for rate in (8_000, 44_100, 49, 1)] == [160, 882, 1, 1]
    assert cell_starts(100, 500, 160).tolist() == [0, 60, 220, 380]
    assert cell_starts(160, 320, 160).tolist() == [0]
    assert cell_starts(5, 5, 160).tolist() == [0]
    sound = np.random.default_rng(5).standard_normal((1_000, 2)).astype(np.float32)
    whole = TrackPeaks(2, 0, 1_000, 160)
    for start, stop in ((0, 70), (70, 500), (500, 1_000)):
        whole.note(1, start, sound[start:stop])
    want = [np.abs(sound[at : at + 160]).max() for at in range(0, 1_000, 160)]
    np.testing.assert_array_equal(whole.values, [np.zeros(7), want])
    part = TrackPeaks(2, 300, 700, 160)
    part.take(whole, 300, 700)
    np.testing.assert_array_equal(part.values, whole.values[:, 1:5])


def test_a_loudness_short_of_what_was_asked_for_is_told_where_a_tenth_shows_it() -> None:
    for loudness, is_told in (
        (-16.0, False),
        (-16.049, False),
        (-16.051, True),
        (-20.0, True),
        (-15.0, False),
    ):
        told = Normalised(-16.0, 1.0, loudness, -1.0).sentence
        assert ("it was raised no further" in told) == is_told
