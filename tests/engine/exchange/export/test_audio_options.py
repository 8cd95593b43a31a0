"""Stems, ranges, removed parts, loudness and bit depth, compared with the render sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import ExportError
from engine.exchange.export import ExportOptions, ExportRequest, export, files_written
from engine.exchange.export.request import Depth
from engine.sound.edl.build import build
from engine.sound.edl.loudness import measure
from engine.sound.edl.render import Renderer, render
from engine.sound.reader import content_hash
from engine.sound.writer import Dither, dithered
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts
from tests.sources import one_source_track

FRAMES = 120_000
CUTS = ((0, 2000), (30_000, 41_003), (90_000, 90_777), (110_000, FRAMES))


@pytest.fixture
def band(tmp_path: Path) -> Recording:
    """Three tracks with gains, one muted, and four cuts, two of them at the ends."""
    rng = np.random.default_rng(3)
    samples = [rng.uniform(-0.2, 0.2, (FRAMES, 2)), rng.uniform(-0.2, 0.2, FRAMES), np.ones(FRAMES)]
    recorded = recording(tmp_path, samples, gain_db=[-3.0, 1.5, 0.0], mute=[False, False, True])
    tracks = tuple(replace(track, name=f"No. {n}/a") for n, track in enumerate(recorded.state.tracks))
    return Recording(with_cuts(replace(recorded.state, tracks=tracks), *CUTS), recorded.media)


@pytest.fixture
def exported(band: Recording, tmp_path: Path) -> Callable[..., list[np.ndarray]]:
    """Export with options and return the samples of each file."""

    def run(suffix: str = ".wav", **options: object) -> list[np.ndarray]:
        out = tmp_path / f"out{suffix}"
        request = ExportRequest(band.state, band.media, out, True, options=ExportOptions(**options))
        done = export(request)
        parts = done.parts or (done,)
        assert tuple(part.path for part in parts) == files_written(request)
        return [soundfile.read(part.path, always_2d=True)[0] for part in parts]

    return run


@pytest.fixture
def mix(band: Recording) -> np.ndarray:
    edit_list = build(band.state)
    with Renderer(band.state, edit_list, band.media) as renderer:
        return renderer.read(0, edit_list.length_samples)


def test_stems_add_up_to_the_mix(exported: Callable, mix: np.ndarray, tmp_path: Path) -> None:
    stems = exported(stems=True)
    assert [stem.shape for stem in stems] == [mix.shape, (len(mix), 1)]
    np.testing.assert_array_equal((stems[0].astype(np.float32) + stems[1].astype(np.float32)), mix)
    names = sorted(path.name for path in tmp_path.glob("out*"))
    assert names == ["out 01 No. 0-a.wav", "out 02 No. 1-a.wav"]


@pytest.mark.parametrize("span", [(0, 1), (500, 30_000), (28_000, 28_500), (96_219, 96_220), (0, 96_220)])
def test_a_range_is_a_slice_of_the_whole(exported: Callable, mix: np.ndarray, span: tuple[int, int]) -> None:
    assert len(mix) == 96_220
    np.testing.assert_array_equal(exported(range_samples=span)[0], mix[slice(*span)])
    stems = exported(range_samples=span, stems=True)
    np.testing.assert_array_equal(np.float32(stems[0]) + np.float32(stems[1]), mix[slice(*span)])


def test_the_removed_parts_are_what_the_result_leaves_out(band: Recording, exported: Callable) -> None:
    removed = exported(removed=True)[0]
    assert len(removed) == sum(stop - start for start, stop in CUTS)
    whole = render(
        replace(band.state, proposals={}), build(replace(band.state, proposals={})), band.media, 0, FRAMES
    )
    at = 0
    for start, stop in CUTS:
        inside = slice(100, stop - start - 100)  # without the fades
        np.testing.assert_array_equal(removed[at : at + stop - start][inside], whole[start:stop][inside])
        at += stop - start


def test_nothing_removed_and_nothing_heard_are_said(band: Recording, tmp_path: Path) -> None:
    def refusal(state: object, **options: object) -> str:
        request = ExportRequest(state, band.media, tmp_path / "out.wav", options=ExportOptions(**options))
        with pytest.raises(ExportError) as raised:
            export(request)
        assert not list(tmp_path.glob("out*"))
        return str(raised.value)

    assert "accept a cut first" in refusal(replace(band.state, proposals={}), removed=True)
    silent = replace(band.state, tracks=tuple(replace(track, mute=True) for track in band.state.tracks))
    assert "every track is muted" in refusal(silent, stems=True)
    assert "silent" in refusal(silent, loudness_lufs=-16.0)
    assert "0.4 s" in refusal(band.state, loudness_lufs=-16.0, range_samples=(0, 3000))
    assert "inside it" in refusal(band.state, range_samples=(96_000, 96_221))
    with pytest.raises(ExportError, match="16 or 24"):
        export(
            ExportRequest(
                band.state, band.media, tmp_path / "out.flac", options=ExportOptions(depth=Depth.FLOAT_32)
            )
        )


def test_a_stem_never_replaces_a_recording(band: Recording, tmp_path: Path) -> None:
    taken = tmp_path / "out 02 No. 1-a.wav"
    band.media["s1"].rename(taken)
    media = {**band.media, "s1": taken}
    before = taken.read_bytes()
    options = ExportOptions(stems=True)
    with pytest.raises(ExportError, match="never written over"):
        export(ExportRequest(band.state, media, tmp_path / "out.wav", True, options=options))
    assert taken.read_bytes() == before


def test_stems_that_fail_half_way_leave_none(band: Recording, tmp_path: Path) -> None:
    (tmp_path / "out 02 No. 1-a.wav").write_bytes(b"precious")
    request = ExportRequest(band.state, band.media, tmp_path / "out.wav", options=ExportOptions(stems=True))
    with pytest.raises(ExportError, match="already exists"):
        export(request)
    assert [path.name for path in tmp_path.glob("out*")] == ["out 02 No. 1-a.wav"]


@pytest.mark.parametrize("target_lufs", [-30.0, -23.0, -16.0])
def test_loudness_is_what_was_asked_for(exported: Callable, target_lufs: float) -> None:
    heard = exported(loudness_lufs=target_lufs)[0]
    assert measure([heard], rate_hz=RATE_HZ).integrated_lufs == pytest.approx(target_lufs, abs=0.001)
    stems = exported(loudness_lufs=target_lufs, stems=True)
    np.testing.assert_allclose(stems[0] + stems[1], heard, atol=1e-6)  # one gain for all keeps the balance


def test_the_true_peak_limits_the_loudness(band: Recording, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    done = export(ExportRequest(band.state, band.media, out, options=ExportOptions(loudness_lufs=-1.0)))
    assert "use a limiter" in done.sentence
    found = measure([soundfile.read(out)[0]], rate_hz=RATE_HZ)
    assert found.true_peak_dbtp == pytest.approx(-1.0, abs=1e-3)
    assert found.integrated_lufs == pytest.approx(done.figures["loudness_lufs"], abs=1e-3)
    assert done.figures["clipped_samples"] == 0


@pytest.mark.parametrize(
    ("source", "depth", "dither", "written", "is_dithered"),
    [
        ("FLOAT", None, None, "FLOAT", False),
        ("FLOAT", Depth.BITS_16, None, "PCM_16", True),
        ("FLOAT", Depth.BITS_24, None, "PCM_24", True),
        ("FLOAT", Depth.BITS_16, Dither.NONE, "PCM_16", False),
        ("PCM_24", Depth.BITS_16, None, "PCM_16", True),
        ("PCM_24", Depth.BITS_24, None, "PCM_24", False),
        ("PCM_16", Depth.BITS_24, None, "PCM_24", False),
        ("PCM_16", Depth.FLOAT_32, Dither.TPDF, "FLOAT", False),
        ("PCM_16", None, Dither.TPDF, "PCM_16", True),
        ("PCM_16", None, None, "PCM_16", False),
    ],
)
def test_dither_comes_where_depth_falls(
    tmp_path: Path, source: str, depth: Depth | None, dither: Dither | None, written: str, is_dithered: bool
) -> None:
    samples = np.random.default_rng(8).uniform(-0.5, 0.5, 20_000)
    recorded = recording(tmp_path, [samples], subtype=source)
    out = tmp_path / "out.wav"
    options = ExportOptions(depth=depth, dither=dither)
    export(ExportRequest(recorded.state, recorded.media, out, options=options))
    assert soundfile.info(out).subtype == written
    exact, heard = soundfile.read(recorded.media["s0"])[0], soundfile.read(out)[0]
    step = {"PCM_16": 2.0**-15, "PCM_24": 2.0**-23, "FLOAT": 0.0}[written]
    worst = np.abs(heard - exact).max()
    assert worst <= 1.5 * step
    assert (worst > 0.6 * step) == is_dithered


def test_dither_leaves_a_quiet_tone_undistorted_and_is_the_same_in_any_blocks() -> None:
    tone = 0.6 * 2.0**-15 * np.sin(2 * np.pi * 50 * np.arange(80_000) / RATE_HZ)[:, np.newaxis]
    whole = np.concatenate(list(dithered([tone], 16)))
    pieces = np.concatenate(list(dithered(np.split(tone, [1, 7, 4096, 50_001]), 16)))
    np.testing.assert_array_equal(whole, pieces)

    def spectrum(samples: np.ndarray) -> np.ndarray:
        return np.abs(np.fft.rfft(np.rint(samples[:, 0] * 2.0**15)))

    third = 3 * 500  # the bin of three times 50 Hz
    floor = np.median(spectrum(whole))
    assert spectrum(tone)[third] > 20 * floor
    assert spectrum(whole)[third] < 4 * floor
    assert spectrum(whole)[500] == pytest.approx(0.3 * 80_000, rel=0.05)


def test_a_source_at_another_rate_keeps_every_option(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    recorded = recording(tmp_path, [rng.uniform(-0.3, 0.3, 16_000)], rate_hz=8000)
    source = replace(recorded.state.sources["s0"], content_hash=content_hash(recorded.media["s0"]))
    track = one_source_track("t0", source, "A", 0, rate_hz=12_000)
    state = replace(recorded.state, rate_hz=12_000, sources={"s0": source}, tracks=(track,))
    state = with_cuts(state, (3000, 6000))
    options = ExportOptions(stems=True, range_samples=(0, 20_000))
    done = export(ExportRequest(state, recorded.media, tmp_path / "out.wav", options=options))
    heard, rate_hz = soundfile.read(done.parts[0].path, dtype="float32", always_2d=True)
    assert rate_hz == 12_000
    np.testing.assert_array_equal(heard, render(state, build(state), recorded.media, 0, 20_000))


@pytest.mark.parametrize(
    ("channels", "suffix", "fits"), [(8, ".flac", True), (9, ".flac", False), (9, ".wav", True)]
)
def test_a_file_of_more_channels_than_flac_has_is_refused_as_flac_alone(
    tmp_path: Path, channels: int, suffix: str, fits: bool
) -> None:
    wide = recording(tmp_path, [np.full((2_000, channels), 0.25)], subtype="PCM_16")
    out = tmp_path / f"out{suffix}"
    request = ExportRequest(wide.state, wide.media, out)
    if fits:
        export(request)
        assert soundfile.info(out).channels == channels
    else:
        with pytest.raises(ExportError, match="cannot hold 9 channels, FLAC ends at 8"):
            export(request)
