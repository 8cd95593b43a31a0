"""What is worked out fast, or on several cores, against the slow plain way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.fft import irfft, rfft

from engine.core.progress import SILENT
from engine.features.match.copies import matched_share, rendered
from engine.features.match.crossfades import (
    BIN_SAMPLES,
    BinnedErrors,
    channels_first,
    energy_left,
    fade,
)
from engine.features.match.levels import gain_at
from engine.features.match.matched import GainPoint, Segment, Shape
from engine.features.match.seams import Line, along_seams, independent, placed
from engine.features.match.searching import lags as lags_module
from engine.features.match.searching import places as places_module
from engine.features.match.searching.likelihood import (
    FOLLOWED_RATIO,
    STEP_SAMPLES,
    WINDOW_SAMPLES,
    decode,
    log_likelihoods,
)
from engine.features.match.searching.places import Diagonal, finer_lags, places, stretches
from engine.features.match.sound import RATE_HZ as LOW_HZ
from engine.features.match.sound import opened, search_features, sound_of
from tests.engine.features.match.test_match import RATE_HZ, music

SHAPES = list(Shape)


def _three(count: int, channels: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(11)
    return [rng.standard_normal((count, channels)) * 0.1 for _ in range(3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("start", "length"), [(0.0, 8.0), (700.4, 900.0), (1500.0, 548.5), (2040.0, 8.0)])
def test_what_a_crossfade_leaves_is_what_is_left_when_it_is_subtracted(
    shape: Shape, start: float, length: float
) -> None:
    edited, before, after = _three(2050)
    falls, rises = fade(shape, start, length, np.arange(2050.0))
    plain = np.sum((edited - falls[:, None] * before - rises[:, None] * after) ** 2)
    turned = [channels_first(one) for one in (edited, before, after)]
    assert energy_left(*turned, start, length, shape) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 15, 1600, 1607])
def test_what_a_crossfade_leaves_of_bins_is_the_sum_over_all_of_them(shape: Shape, count: int) -> None:
    """Also of one that begins or ends at an edge, is shorter than a bin, or is none."""
    edited, before, after = _three(count)
    edges = np.arange(0, count, BIN_SAMPLES)

    def summed(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.sum(x * y, axis=1), edges)

    binned = BinnedErrors.of(*(channels_first(one) for one in (edited, before, after)))
    for start, length in [
        (0.0, 9.0),
        (3.2, 5.0),
        (400.7, 0.0),
        (700.0, 800.5),
        (max(0.0, count - 9.0), 9.0),
        (7.0, 1e4),
    ]:
        falls, rises = fade(shape, start, length, edges + (BIN_SAMPLES - 1) / 2.0)
        plain = (
            summed(edited, edited)
            + falls * (falls * summed(before, before) - 2.0 * summed(edited, before))
            + rises * (rises * summed(after, after) - 2.0 * summed(edited, after))
            + 2.0 * falls * rises * summed(before, after)
        ).sum()
        assert binned.left(start, length, shape) == pytest.approx(plain, rel=1e-10, abs=1e-12)


def test_seams_found_side_by_side_are_those_found_one_after_another() -> None:
    """Long stretches set a seam free of the one before; of short ones each waits for the last."""
    raw = sound_of(Path("raw"), music(12, 60.0), RATE_HZ)
    rng = np.random.default_rng(13)
    lengths_s = [4.0, 0.4, 0.5, 5.0, 3.0, 0.3, 4.0, 2.0, 0.2, 3.0]
    starts = np.concatenate([[0], np.cumsum(np.round(np.array(lengths_s) * RATE_HZ))]).astype(int)
    offsets = rng.integers(0, 30 * RATE_HZ, len(lengths_s))
    known = [Line(0, int(offset)) for offset in offsets]
    sound = np.concatenate(
        [
            line.read((raw,), int(start), int(stop))
            for line, (start, stop) in zip(known, pairwise(starts), strict=True)
        ]
    )
    edited = sound_of(Path("edited"), sound.astype(np.float32), RATE_HZ)
    off = rng.integers(-300, 300, len(lengths_s))
    rough = [
        (None if number == 4 else line, int(start + (number and off[number])), int(stop))
        for number, (line, (start, stop)) in enumerate(zip(known, pairwise(starts), strict=True))
    ]
    runs = independent(edited, rough)
    assert [number for run in runs for number in run] == list(range(1, len(rough)))
    assert 1 < len(runs) < len(rough) - 1
    found = placed((raw,), edited, rough, SILENT)
    plain = along_seams((raw,), edited, rough, range(1, len(rough)), SILENT)
    assert [one.start for one in found[1:]] == [first + one.start for one, first in plain]
    assert [one.stop for one in found[:-1]] == [first + one.start + one.length for one, first in plain]
    assert independent(edited, rough[:1]) == []
    assert [one.start for one in placed((raw,), edited, rough[:1], SILENT)] == [0]


def test_an_edit_list_is_rendered_as_all_its_gains_say() -> None:
    """Crossfades are worked out where they are; block by block it is the same."""
    raw = sound_of(Path("raw"), music(14, 8.0), RATE_HZ)
    ridden = (GainPoint(2000, -3.0), GainPoint(40_000, 2.0))
    segments = [
        Segment(0, 0, 60_000, 0, -1.0, 0, None, ridden),
        Segment(0, 70_000, 110_000, 50_000, 2.0, 10_000, Shape.SQUARE_ROOT, ()),
        Segment(0, 9_000, 49_000, 90_000, 0.0, 0, None, (), 0.25),
    ]
    lines = [Line(0, one.raw_start_samples - one.edited_start_samples, one.delay_samples) for one in segments]
    at = np.arange(130_000.0)
    plain = np.zeros((130_000, 2))
    for number, (one, line) in enumerate(zip(segments, lines, strict=True)):
        start, stop = one.edited_start_samples, one.edited_stop_samples
        shape = one.crossfade_shape or Shape.EQUAL_GAIN
        gains = gain_at(one.gain_ride, one.gain_db, at) * ((at >= start) & (at < stop))
        gains *= fade(shape, start, one.crossfade_samples, at)[1]
        if number == 0:
            gains *= fade(Shape.SQUARE_ROOT, 50_000, 10_000, at)[0]
        plain += gains[:, None] * line.read((raw,), 0, 130_000)
    blocks = [
        rendered((raw,), segments, lines, 2, (first, first + 6500)) for first in range(0, 130_000, 6500)
    ]
    np.testing.assert_allclose(np.concatenate(blocks), plain, atol=1e-15)


def test_lags_midway_are_those_of_a_transform_twice_as_long() -> None:
    spectra = rfft(np.random.default_rng(15).standard_normal((3, 600)), 600, axis=1).astype(np.complex64)
    spectra[:, -1] = 0.0
    lags = irfft(spectra, 600, axis=1)[:, :101]
    plain = 2.0 * irfft(spectra, 1200, axis=1)[:, :201]
    np.testing.assert_allclose(finer_lags(lags, spectra, 600), plain, atol=1e-5)


@pytest.mark.parametrize("frames", [8, 22])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_places_not_looked_at_finely_are_none_of_those_kept(
    monkeypatch: pytest.MonkeyPatch, frames: int, noise: float
) -> None:
    samples = music(16, 40.0)
    rng = np.random.default_rng(17)
    cut_out = samples[12 * RATE_HZ + 1 : 18 * RATE_HZ]
    noisy = (cut_out + noise * rng.standard_normal(cut_out.shape)).astype(np.float32)
    raw, edited = (search_features(sound_of(Path("sound"), one, RATE_HZ), SILENT) for one in (samples, noisy))
    starts = stretches(len(edited.mono), frames, 3)
    found = places([raw], edited, frames, starts, SILENT)
    monkeypatch.setattr(places_module, "_HOPEFUL", 0.0)
    every = places([raw], edited, frames, starts, SILENT)
    assert len(found.at) > len(starts) // 2
    for one, other in zip(
        (found.at, found.raw, found.offset, found.score),
        (every.at, every.raw, every.offset, every.score),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_a_likelihood_is_that_of_the_coherence_in_each_band() -> None:
    """Of several lines at once it is what each has alone, worked out bin by bin."""
    rng = np.random.default_rng(18)
    raw = rng.standard_normal(4 * LOW_HZ).astype(np.float32)
    edited = (raw[3000:20_000] + 0.5 * rng.standard_normal(17_000)).astype(np.float32)
    lines = [Diagonal(0, offset, 0.0, 17_000.0, 1.0) for offset in (3000.0, 3000.3, 900.0)]
    fast = log_likelihoods([raw], edited, lines, 20, 5, 0.0)
    edges = [3, 11, 19, 27, 39, 51, 67, 87, 111, 139, 171, 203, 235]
    window = np.hanning(WINDOW_SAMPLES + 1)[:-1]

    def spectrum(samples: np.ndarray, begin: int) -> np.ndarray:
        one = np.fft.rfft(samples[begin : begin + WINDOW_SAMPLES] * window)
        return one / (np.abs(one) ** 0.5 + 1e-9)

    for column, line in enumerate(lines):
        whole = round(line.offset)
        turn = np.exp(2j * np.pi * (line.offset - whole) * np.arange(257) / WINDOW_SAMPLES)
        for step in range(5):
            begins = [(20 + step + apart) * STEP_SAMPLES - WINDOW_SAMPLES // 2 for apart in (-1, 0, 1)]
            mine = [spectrum(edited, begin) for begin in begins]
            theirs = [spectrum(raw, begin + whole) * turn for begin in begins]
            total = 0.0
            for low, high in pairwise(edges):
                cross, my_own, their_own = 0j, 0.0, 0.0
                for x, y, weight in zip(theirs, mine, (0.5, 1.0, 0.5), strict=True):
                    cross += weight * np.sum(np.conj(x[low:high]) * y[low:high])
                    my_own += weight * np.sum(np.abs(y[low:high]) ** 2)
                    their_own += weight * np.sum(np.abs(x[low:high]) ** 2)
                coherence = np.abs(cross) ** 2 / (my_own * their_own)
                total -= np.log(max(1.0 - coherence, 1e-7)) * (high - low) / 2
            assert fast[step, column] == pytest.approx(total, rel=1e-3)


def test_a_way_is_the_same_whichever_lines_are_looked_at_together() -> None:
    """A line that is followed on although it is not among the best has the likelihood it has among them."""
    rng = np.random.default_rng(19)
    raw = rng.standard_normal(30 * LOW_HZ).astype(np.float32)
    edited = np.concatenate([raw[LOW_HZ : 4 * LOW_HZ], raw[20 * LOW_HZ : 25 * LOW_HZ]])
    right = [
        Diagonal(0, 1.0 * LOW_HZ, 0.0, 3.0 * LOW_HZ, 1.0),
        Diagonal(0, 17.0 * LOW_HZ, 3.0 * LOW_HZ, 8.0 * LOW_HZ, 1.0),
    ]
    others = [
        Diagonal(0, float(offset), 0.0, 8.0 * LOW_HZ, 1.0) for offset in rng.integers(0, 20 * LOW_HZ, 40)
    ]
    alone = decode([raw], edited, right, SILENT, FOLLOWED_RATIO)
    among = decode([raw], edited, [*right, *others], SILENT, FOLLOWED_RATIO)
    assert [one.line for one in alone] == [0, 1]
    assert alone == among


@pytest.mark.parametrize("count", [1, 500, 1023, 5000])
def test_a_filter_by_pieces_is_the_whole_convolution(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(lags_module, "_PIECE_SAMPLES", 1000)
    rng = np.random.default_rng(24)
    samples, taps = (rng.standard_normal(n).astype(np.float32) for n in (count, 1023))
    plain = np.convolve(samples.astype(np.float64), taps)[511 : 511 + count]
    np.testing.assert_allclose(lags_module.filtered(samples, taps), plain, atol=1e-4)


def test_lags_do_not_depend_on_how_many_are_searched_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(20)
    known = rng.standard_normal(150_000).astype(np.float32)
    asked = np.stack([known[start : start + 3000] for start in range(1000, 140_000, 13_000)])
    asked += rng.standard_normal(asked.shape).astype(np.float32)
    together = lags_module.agreeing(known, asked, SILENT, "")
    monkeypatch.setattr(lags_module, "_TOGETHER", 1)
    alone = lags_module.agreeing(known, asked, SILENT, "")
    for one, other in zip(together, alone, strict=True):
        assert one.lags[0] == pytest.approx(other.lags[0], abs=1e-3)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
        assert one.deviation == pytest.approx(other.deviation, rel=1e-5)


def test_a_file_is_read_by_several_threads_as_by_one(tmp_path: Path) -> None:
    samples = music(21, 6.0)
    soundfile.write(tmp_path / "raw.wav", samples, RATE_HZ, subtype="FLOAT")
    starts = np.random.default_rng(22).integers(-500, len(samples), 400).tolist()
    with opened(tmp_path / "raw.wav", SILENT) as sound, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda start: sound.mono(start, start + 700), starts))
        for start, one in zip(starts, found, strict=True):
            np.testing.assert_array_equal(one, sound.read(start, start + 700).mean(axis=1, dtype=np.float32))


def test_the_share_that_is_matched_is_counted_sample_by_sample() -> None:
    rng = np.random.default_rng(23)
    samples = (rng.standard_normal((400_000, 2)) * 2e-5).astype(np.float32)
    spans = ((100, 5000), (131_000, 131_100), (300_000, 400_000))
    sounds = np.abs(samples).max(axis=1) > 1e-5
    is_open = np.zeros(len(samples), bool)
    for start, stop in spans:
        is_open[start:stop] = True
    share = matched_share(sound_of(Path("edited"), samples, RATE_HZ), spans)
    assert share == pytest.approx(1.0 - np.mean(is_open[sounds]), abs=1e-12)
    assert matched_share(sound_of(Path("edited"), np.zeros((9, 2), np.float32), RATE_HZ), ()) == 0.0
