"""What would clip is known before it is written, and lowered by what is said nothing does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.levels import Clipping, Overs, find_clipping, highest_possible
from engine.exchange.export.request import Depth
from engine.sound.edl.build import build
from engine.sound.edl.loudness import measure
from engine.sound.edl.render import Renderer
from engine.sound.pictures.peak_cache import source_peaks
from engine.sound.pictures.peaks import BASE_SAMPLES
from engine.sound.reader import content_hash
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, by_hand, recording, with_cuts

FRAMES = 40 * RATE_HZ


def with_peaks(made: Recording) -> Recording:
    """Return the same with the peaks kept, as an import leaves them."""
    sources = {
        key: replace(source, content_hash=content_hash(made.media[key]))
        for key, source in made.state.sources.items()
    }
    for source in sources.values():
        source_peaks(source, made.state.rate_hz)
    return Recording(replace(made.state, sources=sources), made.media)


@pytest.fixture
def band(tmp_path: Path, rng: np.random.Generator) -> Recording:
    """Two tracks that are quiet but for three places, in two of which only their sum is over full scale."""
    sounds = [rng.uniform(-0.1, 0.1, (FRAMES, width)) for width in (1, 2)]
    sounds[0][8_000] = 0.6  # at 1 s, with the other
    sounds[1][8_000 - 100] = 0.6
    sounds[1][8_000 - 100, 1] = 0.1
    sounds[1][80_000:80_400] = -0.62  # at 10 s: 10 s of the recording
    sounds[1][200_000] = 0.97
    made = recording(tmp_path, sounds, subtype="PCM_24", gain_db=(3.0, 3.0), start_samples=(0, 100))
    return with_peaks(made)


def request_of(made: Recording, out: Path, **options: object) -> ExportRequest:
    return ExportRequest(made.state, made.media, out, options=ExportOptions(**options))


def slow_peaks(made: Recording) -> np.ndarray:
    edits = build(made.state)
    with Renderer(made.state, edits, made.media) as renderer:
        return np.abs(renderer.read(0, edits.length_samples)).max(axis=1)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_places_and_peak_are_those_of_the_whole_rendered(
    band: Recording, tmp_path: Path, suffix: str
) -> None:
    cut = Recording(with_cuts(band.state, (30_000, 60_000), (81_000, 81_500)), band.media)
    peaks = slow_peaks(cut)
    found = find_clipping([request_of(cut, tmp_path / f"out{suffix}")])
    assert found is not None
    (overs,) = found.files
    assert overs.peak == pytest.approx(peaks.max(), rel=1e-6)
    over = np.flatnonzero(peaks > 1.0)
    slow = [at for at, before in zip(over, [-9_999, *over[:-1]], strict=True) if at - before > RATE_HZ // 2]
    assert overs.starts_s == pytest.approx([at / RATE_HZ for at in slow], abs=0.02)
    assert len(slow) == 3
    assert found.sentence == "The mix goes 4.6 dB over full scale at 3 places, first at 0:01.0."
    assert found.lower_db == pytest.approx(4.6)


@pytest.mark.parametrize("depth", [None, Depth.BITS_16])
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_lowered_by_what_is_said_nothing_clips(
    band: Recording, tmp_path: Path, suffix: str, depth: Depth | None
) -> None:
    asked = request_of(band, tmp_path / f"out{suffix}", depth=depth)
    found = find_clipping([asked])
    assert found is not None
    lowered = replace(asked, options=replace(asked.options, gain_db=-found.lower_db))
    assert find_clipping([lowered]) is None
    done = export(lowered)
    if suffix == ".wav":
        assert done.figures["clipped_samples"] == 0
        assert 0.98 < done.figures["peak"] <= 1.0
        assert np.abs(soundfile.read(lowered.out)[0]).max() <= 1.0
        louder = export(replace(asked, out=tmp_path / "loud.wav"))
        assert louder.figures["clipped_samples"] > 0
        assert "up to 4.6 dB over full scale, and were clipped" in louder.sentence
    assert f"It is {found.lower_db:.1f} dB quieter than the document." in done.sentence


def test_a_coder_counts_what_is_between_samples(tmp_path: Path) -> None:
    sine = 0.9 * np.sqrt(2) * np.sin(np.pi / 2 * np.arange(FRAMES) + np.pi / 4)
    made = with_peaks(recording(tmp_path, [sine], subtype="PCM_24"))
    assert find_clipping([request_of(made, tmp_path / "out.wav")]) is None
    found = find_clipping([request_of(made, tmp_path / "out.ogg"), request_of(made, tmp_path / "out.wav")])
    assert found is not None
    true_peak = measure([sine[:, None]], rate_hz=RATE_HZ).true_peak_dbtp
    assert 20 * np.log10(found.files[0].peak) == pytest.approx(true_peak, abs=0.01)
    assert found.sentence == (
        f"The mix goes {found.lower_db:.1f} dB over full scale between its samples at 0:00.0."
    )


@pytest.mark.parametrize(
    "options", [{"depth": Depth.FLOAT_32}, {"loudness_lufs": -16.0}, {"range_samples": (10_000, 70_000)}]
)
def test_what_cannot_clip_is_not_asked_about(
    band: Recording, tmp_path: Path, options: dict[str, object]
) -> None:
    assert find_clipping([request_of(band, tmp_path / "out.wav", **options)]) is None
    assert find_clipping([request_of(band, tmp_path / "out.rpp")]) is None


def test_a_fade_may_be_all_that_is_needed(band: Recording, tmp_path: Path) -> None:
    found = find_clipping([request_of(band, tmp_path / "out.wav", range_samples=(0, 60_000))])
    assert found is not None
    faded = request_of(band, tmp_path / "out.wav", range_samples=(0, 60_000), fade_in_s=4.0)
    assert find_clipping([faded]) is None


def test_of_several_files_the_loudest_is_named(band: Recording, tmp_path: Path) -> None:
    stems = find_clipping([request_of(band, tmp_path / "out.wav", stems=True)])
    assert stems is not None
    assert stems.sentence == "out 02 Track 1.wav goes 2.8 dB over full scale at 0:25.0."
    markers = {"a": Marker("a", 0, 16_000, "One"), "b": Marker("b", 199_000, 260_000, "Two")}
    songs = Recording(replace(band.state, markers=markers), band.media)
    regions = find_clipping([request_of(songs, tmp_path / "out.wav", regions=True)])
    assert regions is not None
    assert regions.sentence == (
        "2 of 2 files go over full scale; the loudest is out 01 One.wav, 4.6 dB over full scale at 0:01.0."
    )


@pytest.mark.parametrize(("peak", "lower_db"), [(1.0001, 0.1), (10 ** (1.2 / 20), 1.3), (1.148, 1.2)])
def test_tenths_of_a_decibel_are_rounded_up(peak: float, lower_db: float) -> None:
    clipping = Clipping((Overs("The mix", peak, False, (0.0,)),), 1)
    assert clipping.lower_db == pytest.approx(lower_db)


@pytest.mark.parametrize("seed", range(4))
def test_no_block_is_louder_than_it_can_be(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sounds = [
        rng.uniform(-1, 1, (frames, 1 + number % 2))
        * np.repeat(rng.uniform(0, 1, (frames // 500, 1)), 500, 0)
        for number, frames in enumerate((FRAMES, FRAMES // 2, 5_000))
    ]
    starts, gains = (0, 12_345, 7), (-2.0, 3.0, 0.0)
    made = with_peaks(recording(tmp_path, sounds, start_samples=starts, gain_db=gains, pan=(0.0, -0.5, 0.2)))
    cuts = sorted(rng.choice(FRAMES, 12, replace=False).tolist())
    state = with_cuts(made.state, *zip(cuts[::2], cuts[1::2], strict=True), crossfade_ms=300.0)
    edits, block = build(state), 3_000
    bounds = highest_possible(state, edits, (500, edits.length_samples), block)
    peaks = slow_peaks(Recording(state, made.media))[500:]
    slow = np.array([peaks[at : at + block].max() for at in range(0, len(peaks), block)])
    assert len(bounds) == len(slow)
    assert (slow <= bounds + 1e-6).all()
    assert np.isfinite(bounds).all()


def test_nobody_knows_how_loud_edited_sound_is_nor_what_has_no_peaks(band: Recording) -> None:
    edited = by_hand(band.state, "gain", (80_000, 90_000), {"gain_db": 12.0})
    bounds = highest_possible(edited, build(edited), (0, FRAMES), 8_000)
    assert np.isinf(bounds[10:12]).all()
    assert np.isfinite(bounds[:9]).all()
    sources = {key: replace(source, content_hash="") for key, source in band.state.sources.items()}
    unkept = replace(band.state, sources=sources)
    assert np.isinf(highest_possible(unkept, build(unkept), (0, FRAMES), 8_000)).all()


@pytest.mark.parametrize("start", [0, 1, 16 * BASE_SAMPLES - 1])
def test_one_loud_sample_counts_where_it_is_even_at_the_edge_of_what_is_kept(
    tmp_path: Path, start: int
) -> None:
    sound = np.zeros((20 * 16 * BASE_SAMPLES, 1))
    loud = np.array([3 * 16 * BASE_SAMPLES - 1, 6 * 16 * BASE_SAMPLES, 9 * 16 * BASE_SAMPLES + 1])
    sound[loud - start] = 0.875
    made = with_peaks(recording(tmp_path, [sound], start_samples=(start,)))
    bounds = highest_possible(made.state, build(made.state), (0, made.state.length_samples), 1)
    assert (bounds[loud] >= 0.875).all()
    assert bounds[0] == bounds[12 * 16 * BASE_SAMPLES] == 0.0
