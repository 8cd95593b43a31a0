"""Exports at another sample rate than the document's, compared with soxr and with what readers find."""

from __future__ import annotations

import threading
from dataclasses import replace
from math import gcd
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import wavinfo

from engine.core.errors import ExportError
from engine.core.progress import Cancelled, ReportingProgress
from engine.core.timebase import convert_samples
from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.formats import CODED_SUFFIXES
from engine.exchange.export.levels import find_clipping
from engine.exchange.export.plan import check, plan
from engine.exchange.export.request import RATES_HZ, Depth
from engine.sound.conform import MOST_OVER_CONVERTED, REACH_SAMPLES
from engine.sound.edl.loudness import measure
from engine.sound.writer import Dither, dithered
from tests.engine.exchange.export.test_clipping import with_peaks
from tests.engine.sound.edl.recordings import Recording, by_hand, recording, with_cuts
from tests.mostly_long import mostly_long

RATE_HZ = 48_000
FRAMES = 150_001
CUTS = ((0, 2000), (30_000, 41_003), (90_000, 90_777))
LENGTH = FRAMES - sum(stop - start for start, stop in CUTS)


@pytest.fixture
def band(tmp_path: Path) -> Recording:
    """A stereo and a mono track of noise with three cuts, one of them at the start."""
    rng = np.random.default_rng(5)
    sounds = [rng.uniform(-0.3, 0.3, (FRAMES, 2)), rng.uniform(-0.3, 0.3, FRAMES)]
    made = recording(tmp_path, sounds, rate_hz=RATE_HZ)
    return Recording(with_cuts(made.state, *CUTS), made.media)


def request_of(made: Recording, out: Path, **options: object) -> ExportRequest:
    return ExportRequest(made.state, made.media, out, True, "jam", ExportOptions(**options))


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def slow(samples: np.ndarray, rate_hz: int, from_hz: int = RATE_HZ) -> np.ndarray:
    """Convert in one piece."""
    found = soxr.resample(samples, from_hz, rate_hz, quality="VHQ")
    length = convert_samples(len(samples), from_hz, rate_hz)
    return np.pad(found[:length], ((0, max(0, length - len(found))), (0, 0)))


@mostly_long("rate_hz", RATES_HZ, keep=(8_000, 44_100, 96_000))
@pytest.mark.parametrize("stems", [False, True])
def test_a_float_file_is_soxr_of_the_file_at_the_documents_rate(
    band: Recording, tmp_path: Path, rate_hz: int, stems: bool
) -> None:
    options = {"stems": stems, "gain_db": -3.0, "fade_in_s": 0.1, "fade_out_s": 0.5}
    own = export(request_of(band, tmp_path / "own.wav", **options))
    done = export(request_of(band, tmp_path / "out.wav", rate_hz=rate_hz, **options))
    for one, other in zip(own.parts or (own,), done.parts or (done,), strict=True):
        assert soundfile.info(other.path).samplerate == other.figures["rate_hz"] == rate_hz
        assert soundfile.info(other.path).frames == convert_samples(LENGTH, RATE_HZ, rate_hz)
        np.testing.assert_array_equal(read(other.path), slow(read(one.path), rate_hz))
    assert [part.path.name for part in done.parts] == ["out 01 Track 0.wav", "out 02 Track 1.wav"][
        : 2 * stems
    ]


def test_repeats_are_rendered_before_the_conversion(band: Recording, tmp_path: Path) -> None:
    state = by_hand(band.state, "repeat", (100_000, 110_007), {"times": 3})
    looped = Recording(state, band.media)
    own = export(request_of(looped, tmp_path / "own.wav")).path
    out = export(request_of(looped, tmp_path / "out.wav", rate_hz=44_100)).path
    assert len(read(own)) == LENGTH + 2 * 10_007
    np.testing.assert_array_equal(read(out), slow(read(own), 44_100))


@pytest.mark.parametrize("span", [(0, 3), (5, 20_000), (70_003, LENGTH)])
def test_a_range_begins_and_ends_where_it_does(
    band: Recording, tmp_path: Path, span: tuple[int, int]
) -> None:
    own = export(request_of(band, tmp_path / "own.wav", range_samples=span)).path
    for rate_hz in (8_000, 44_100, 192_000):
        request = request_of(band, tmp_path / "out.wav", range_samples=span, rate_hz=rate_hz)
        out = export(request).path
        assert len(read(out)) == max(1, convert_samples(span[1] - span[0], RATE_HZ, rate_hz))
        np.testing.assert_array_equal(read(out), slow(read(own), rate_hz)[: len(read(out))])


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 96_000])
def test_a_sine_and_an_impulse_are_where_they_were(tmp_path: Path, rate_hz: int) -> None:
    times_s = np.arange(96_000) / RATE_HZ
    sound = np.stack([0.5 * np.sin(2 * np.pi * 440 * times_s), np.zeros(96_000)], axis=1)
    sound[48_000, 1] = 0.9  # at 1 s, a whole sample at every rate
    made = recording(tmp_path, [sound], rate_hz=RATE_HZ)
    heard = read(export(request_of(made, tmp_path / "out.wav", rate_hz=rate_hz)).path)
    inside = slice(2_000, -2_000)
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / rate_hz)
    np.testing.assert_allclose(heard[inside, 0], wanted[inside], atol=2e-6)
    assert np.abs(heard[:, 1]).argmax() == rate_hz
    np.testing.assert_allclose(
        heard[rate_hz - 9 : rate_hz, 1], heard[rate_hz + 9 : rate_hz : -1, 1], atol=1e-6
    )


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("dither", [None, Dither.NONE, Dither.TPDF])
def test_16_bits_are_dithered_after_the_conversion(
    band: Recording, tmp_path: Path, suffix: str, dither: Dither | None
) -> None:
    own = read(export(request_of(band, tmp_path / "own.wav")).path)
    options = {"depth": Depth.BITS_16, "dither": dither, "rate_hz": 44_100}
    out = export(request_of(band, tmp_path / f"out{suffix}", **options)).path
    wanted = slow(own, 44_100).astype(np.float64)
    if dither is not Dither.NONE:
        (wanted,) = dithered([wanted], 16)
    np.testing.assert_array_equal(soundfile.read(out, dtype="int16")[0], np.rint(wanted * 32_768))
    assert soundfile.info(out).subtype == "PCM_16"


def test_32_bits_are_converted_in_double_precision(tmp_path: Path) -> None:
    sound = np.random.default_rng(2).integers(-(2**30), 2**30, (20_000, 1)) / 2.0**31
    made = recording(tmp_path, [sound], rate_hz=RATE_HZ, subtype="PCM_32")
    out = export(request_of(made, tmp_path / "out.wav", rate_hz=44_100, dither=Dither.NONE)).path
    assert soundfile.info(out).subtype == "PCM_32"
    np.testing.assert_array_equal(
        soundfile.read(out, dtype="int32", always_2d=True)[0], np.rint(slow(sound, 44_100) * 2.0**31)
    )


@pytest.mark.parametrize(("rate_hz", "is_dithered"), [(None, False), (RATE_HZ, False), (44_100, True)])
def test_without_fewer_bits_only_another_rate_is_dithered(
    tmp_path: Path, rate_hz: int | None, is_dithered: bool
) -> None:
    made = recording(tmp_path, [np.zeros(30_000)], rate_hz=RATE_HZ, subtype="PCM_16")
    out = export(request_of(made, tmp_path / "out.wav", rate_hz=rate_hz)).path
    assert soundfile.info(out).subtype == "PCM_16"
    assert bool(read(out).any()) is is_dithered


def test_markers_cue_points_and_time_reference_count_at_the_new_rate(band: Recording, tmp_path: Path) -> None:
    markers = {
        "a": Marker("a", 50_001, 50_001, "Solo"),
        "b": Marker("b", 60_000, 72_345, "Verse"),
        "c": Marker("c", FRAMES, FRAMES, "End"),
    }
    made = Recording(replace(band.state, markers=markers), band.media)
    span = (20_000, LENGTH)

    def said(name: str, rate_hz: int | None) -> tuple[wavinfo.WavInfoReader, int]:
        path = tmp_path / name
        export(request_of(made, path, range_samples=span, rate_hz=rate_hz))
        return wavinfo.WavInfoReader(str(path), info_encoding="utf-8"), soundfile.info(path).frames

    (own, _), (there, frames) = said("own.wav", None), said("out.wav", 44_100)
    assert there.bext.time_reference == convert_samples(own.bext.time_reference, RATE_HZ, 44_100) > 0
    assert "F=44100," in there.bext.coding_history
    speed = there.ixml.parsed.find("SPEED")
    assert (speed.findtext("FILE_SAMPLE_RATE"), speed.findtext("TIMESTAMP_SAMPLE_RATE")) == ("44100", "44100")
    assert int(speed.findtext("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO")) == there.bext.time_reference
    assert len(there.cues.labels) == 5
    assert [one.text for one in there.cues.labels] == [one.text for one in own.cues.labels]
    assert [one.position for one in there.cues.cues] == [
        convert_samples(one.position, RATE_HZ, 44_100) for one in own.cues.cues
    ]
    assert there.cues.cues[-1].position == frames
    (region,), (own_region,) = there.cues.ranges, own.cues.ranges
    assert region.length == pytest.approx(own_region.length * 44_100 / RATE_HZ, abs=1)


@pytest.mark.parametrize("suffix", [".flac", *CODED_SUFFIXES])
@mostly_long("rate_hz", RATES_HZ, keep=(8_000, 44_100, 96_000))
def test_a_format_holds_a_rate_or_refuses_it(
    band: Recording, tmp_path: Path, suffix: str, rate_hz: int
) -> None:
    request = request_of(band, tmp_path / f"out{suffix}", rate_hz=rate_hz)
    refused = {
        ".mp3": (88_200, 96_000, 192_000),
        ".opus": (11_025, 22_050, 32_000, 44_100, 88_200, 96_000, 192_000),
    }
    if rate_hz in refused.get(suffix, ()):
        for ask in (export, plan, lambda one: check([one]), lambda one: find_clipping([one])):
            with pytest.raises(ExportError, match=f"out{suffix} cannot .* {rate_hz} Hz: choose"):
                ask(request)
        assert not list(tmp_path.glob("out*"))
        return
    done = export(request)
    info = soundfile.info(done.path)
    assert (info.samplerate, info.frames) == (rate_hz, convert_samples(LENGTH, RATE_HZ, rate_hz))
    assert f"{rate_hz} Hz" in done.sentence


def test_the_plan_counts_at_the_new_rate(band: Recording, tmp_path: Path) -> None:
    request = request_of(band, tmp_path / "out.wav", rate_hz=8_000, depth=Depth.BITS_16)
    (planned,) = plan(request)
    assert planned.size_bytes == convert_samples(LENGTH, RATE_HZ, 8_000) * 2 * 2
    assert planned.length_s == LENGTH / RATE_HZ
    assert 0 <= export(request).path.stat().st_size - planned.size_bytes < 3_000


def test_the_loudness_and_the_true_peak_are_those_of_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    noise = np.cumsum(rng.normal(size=(200_000, 2)), axis=0)
    noise = np.diff(noise, axis=0) + rng.normal(size=(199_999, 2))
    made = recording(tmp_path, [0.05 * noise], rate_hz=RATE_HZ)
    for target_lufs in (-23.0, -1.0):  # the second is held back by the true peak
        options = {"loudness_lufs": target_lufs, "rate_hz": 11_025}
        done = export(request_of(made, tmp_path / "out.wav", **options))
        found = measure([read(done.path)], rate_hz=11_025)
        assert found.integrated_lufs == pytest.approx(done.figures["loudness_lufs"], abs=0.01)
        assert found.true_peak_dbtp == pytest.approx(done.figures["true_peak_dbtp"], abs=0.01)
    assert found.true_peak_dbtp == pytest.approx(-1.0, abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_what_clips_after_the_conversion_is_found_before(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    if suffix == ".mp3" and rate_hz == 96_000:
        rate_hz = 32_000
    sound = np.full((400_000, 2), 0.02)
    for at in (1, 65_530, 131_080, 300_000):  # at the start, on both sides of blocks, and within one
        sound[at : at + 300] = 0.98 * np.sign(np.sin(np.arange(300) / 9.1))[:, None]
    made = with_peaks(recording(tmp_path, [sound], rate_hz=RATE_HZ, subtype="PCM_24"))
    assert find_clipping([request_of(made, tmp_path / "own.wav")]) is None
    asked = request_of(made, tmp_path / f"out{suffix}", rate_hz=rate_hz)
    found = find_clipping([asked])
    assert found is not None
    (overs,) = found.files
    heard = slow(sound.astype(np.float32), rate_hz)
    if suffix == ".wav":
        assert overs.peak == pytest.approx(np.abs(heard).max(), rel=1e-5)
        lowered = replace(asked, options=replace(asked.options, gain_db=-found.lower_db))
        assert export(asked).figures["clipped_samples"] > 0
        assert export(lowered).figures["clipped_samples"] == 0
        assert find_clipping([lowered]) is None
    else:
        true_peak = measure([heard], rate_hz=rate_hz).true_peak_dbtp
        assert 20 * np.log10(overs.peak) == pytest.approx(true_peak, abs=0.001)
    assert overs.starts_s == pytest.approx([0, 65_530 / RATE_HZ, 131_080 / RATE_HZ, 6.25], abs=0.025)


@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_only_the_file_itself_clips_and_no_edge_of_a_converted_block(tmp_path: Path, suffix: str) -> None:
    sound = 0.995 * np.interp(np.arange(250_000), (0, 9_000, 241_000, 250_000), (0.0, 1.0, 1.0, 0.0))
    made = with_peaks(recording(tmp_path, [sound], rate_hz=RATE_HZ, subtype="PCM_24"))
    assert find_clipping([request_of(made, tmp_path / f"out{suffix}", rate_hz=44_100)]) is None


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 44_100), (44_100, 96_000), (96_000, 8_000)])
def test_the_filter_reaches_no_farther_and_no_higher_than_is_said(from_hz: int, to_hz: int) -> None:
    apart, kinds = from_hz // gcd(from_hz, to_hz), to_hz // gcd(from_hz, to_hz)
    most = np.zeros(kinds)
    for phase in range(apart):
        impulse = np.zeros(40_000)
        at = 20_000 // apart * apart + phase
        impulse[at] = 1.0
        heard = np.abs(soxr.resample(impulse, from_hz, to_hz, quality="VHQ"))
        np.add.at(most, np.arange(len(heard)) % kinds, heard)
        (places,) = np.nonzero(heard > 1e-6)
        reach = np.abs(places * from_hz / to_hz - at).max()
        assert reach < REACH_SAMPLES * max(1.0, from_hz / to_hz)
    assert 1.0 < most.max() < MOST_OVER_CONVERTED


def test_a_cancelled_conversion_leaves_nothing(band: Recording, tmp_path: Path) -> None:
    flag = threading.Event()
    at_once = ReportingProgress(lambda *_: flag.set(), flag)
    with pytest.raises(Cancelled):
        export(request_of(band, tmp_path / "out.wav", rate_hz=44_100), at_once)
    assert flag.is_set()
    assert not list(tmp_path.glob("*out*"))
