"""What is told of an export: what it was made of and what came of it, in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import SourceError
from engine.core.progress import SILENT
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.audio_plan import PlannedAudio
from engine.exchange.export.request import Depth, Exported
from engine.exchange.export.write_audio import (
    Before,
    Written,
    look_before,
    peak_words,
    report,
    report_together,
)
from engine.sound.pictures.peak_cache import source_peaks
from engine.sound.reader import content_hash
from engine.sound.writer import Dither, WrittenAudio, container_for
from tests.engine.sound.edl.recordings import recording, with_cuts


@pytest.mark.parametrize(
    ("peak", "words"),
    [
        (0.0, "silent"),
        (1.0, "peak 0.0 dBFS"),
        (0.9999, "peak 0.0 dBFS"),
        (0.5, "peak −6.0 dBFS"),
        (2.0, "peak 6.0 dBFS"),
    ],
)
def test_peaks_in_words(peak: float, words: str) -> None:
    assert peak_words(peak) == words


def test_the_line_has_peak_rate_depth_and_length_of_both(tmp_path: Path) -> None:
    samples = np.full((80_000, 1), 0.25)
    samples[9_000] = -0.5  # which is cut
    recorded = recording(tmp_path, [samples], subtype="PCM_24")
    state = with_cuts(recorded.state, (8_000, 16_000), crossfade_ms=0.0)
    options = ExportOptions(depth=Depth.BITS_16)
    done = export(ExportRequest(state, recorded.media, tmp_path / "out.wav", options=options))
    assert done.sentence == (
        "Exported 0:09.0 to out.wav: 8000 Hz, mono, 16 bit, peak −12.0 dBFS; "
        "before: 0:10.0, 8000 Hz, 24 bit, peak −6.0 dBFS."
    )
    assert done.figures["source_peak"] == 0.5
    assert done.figures["peak"] == pytest.approx(0.25, abs=1e-4)
    assert done.figures["rate_hz"] == 8_000


def test_a_recording_without_cached_peaks_is_measured_once_for_many_files(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.full((80_000, 1), 0.25)])
    path, source = recorded.media["s0"], recorded.state.sources["s0"]
    known = replace(recorded.state, sources={"s0": replace(source, content_hash=content_hash(path))})
    request = ExportRequest(known, recorded.media, tmp_path / "out.wav")
    unknown = replace(request, state=recorded.state)
    for one in (request, unknown):
        assert look_before(one, SILENT).peak == pytest.approx(0.25, abs=1e-4)
    path.unlink()  # whoever reads it now fails
    again = replace(request, out=tmp_path / "again.wav")
    assert look_before(again, SILENT).peak == pytest.approx(0.25, abs=1e-4)
    with pytest.raises(SourceError):
        look_before(unknown, SILENT)


def test_the_peak_of_a_clipped_file_is_full_scale(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.full((8_000, 1), 0.5)], subtype="PCM_16", gain_db=[12.0])
    done = export(ExportRequest(recorded.state, recorded.media, tmp_path / "out.wav"))
    assert "16 bit, peak 0.0 dBFS; before: 0:01.0, 8000 Hz, 16 bit, peak −6.0 dBFS." in done.sentence
    assert "8,000 samples were too loud, up to 6.0 dB over full scale, and were clipped" in done.sentence


def test_kept_peaks_say_the_same_as_reading(tmp_path: Path) -> None:
    samples = np.random.default_rng(3).uniform(-0.7, 0.3, (100_000, 2))
    recorded = recording(tmp_path, [samples])
    source = recorded.state.sources["s0"]
    known = replace(source, content_hash=content_hash(recorded.media["s0"]))
    request = ExportRequest(
        replace(recorded.state, sources={"s0": known}), recorded.media, tmp_path / "out.wav"
    )
    read = look_before(request, SILENT)
    source_peaks(known, 8_000)
    assert look_before(request, SILENT) == read
    assert read.peak == np.abs(soundfile.read(recorded.media["s0"])[0]).max()


def test_muted_tracks_do_not_count(tmp_path: Path) -> None:
    loud_and_soft = [np.full((800, 1), level) for level in (0.9, 0.1)]
    recorded = recording(tmp_path, loud_and_soft, mute=[True, False])
    before = look_before(ExportRequest(recorded.state, recorded.media, tmp_path / "out.wav"), SILENT)
    assert before.peak == pytest.approx(0.1)


def test_one_sample_over_full_scale_is_one_and_full_scale_itself_is_none(tmp_path: Path) -> None:
    samples = np.full((8_000, 1), 0.25, np.float32)
    samples[100] = 1.5
    recorded = recording(tmp_path, [samples])
    options = ExportOptions(depth=Depth.BITS_16, dither=Dither.NONE)
    request = ExportRequest(recorded.state, recorded.media, tmp_path / "out.wav", options=options)
    done = export(request)
    assert done.sentence.endswith(
        " 1 sample was too loud, up to 3.5 dB over full scale, and was clipped; export it lower."
    )
    assert (done.figures["peak"], done.figures["clipped_samples"]) == (1.5, 1.0)
    assert "16 bit, peak 0.0 dBFS; before: 0:01.0, 8000 Hz, 32-bit float, peak 3.5 dBFS." in done.sentence
    as_it_is = export(replace(request, out=tmp_path / "float.wav", options=ExportOptions()))
    assert "32-bit float, peak 3.5 dBFS; before" in as_it_is.sentence
    assert as_it_is.figures["clipped_samples"] == 0.0
    assert "clipped" not in as_it_is.sentence


@pytest.mark.parametrize(
    ("gain_db", "words"),
    [
        (-6.0, "It is 6.0 dB quieter than the document."),
        (0.5, "It is 0.5 dB louder than the document."),
        (0.0, ""),
    ],
)
def test_another_level_is_said_unless_it_is_normalised(tmp_path: Path, gain_db: float, words: str) -> None:
    recorded = recording(tmp_path, [np.random.default_rng(5).uniform(-0.1, 0.1, (8_000, 2))])
    options = ExportOptions(gain_db=gain_db)
    request = ExportRequest(recorded.state, recorded.media, tmp_path / "out.wav", options=options)
    done = export(request)
    assert done.sentence.partition("dBFS.")[2].strip() == words
    normalised = replace(options, loudness_lufs=-23.0)
    done = export(replace(request, out=tmp_path / "even.wav", options=normalised))
    assert "than the document" not in done.sentence
    assert "Its loudness is −23.0 LUFS, its true peak " in done.sentence
    assert done.figures["loudness_lufs"] == pytest.approx(-23.0, abs=0.01)


@pytest.mark.parametrize(
    ("channels", "words"), [(1, "mono"), (2, "stereo"), (3, "3 channels"), (4, "4 channels")]
)
def test_channels_and_rates_in_words(tmp_path: Path, channels: int, words: str) -> None:
    recorded = recording(tmp_path, [np.full((800, channels), 0.5)])
    state = replace(recorded.state, tracks=())
    request = ExportRequest(state, recorded.media, tmp_path / "out.wav")
    container = container_for(".wav")
    file = PlannedAudio(
        tmp_path / "out.wav", state, container, channels, 8_000, "PCM_24", "PCM_24", None, (0, 800)
    )
    written = WrittenAudio(tmp_path / "out.wav", 800, 0.5, 0)
    before = Before(0.5, 0.1, "as it was")
    line = report(request, file, written, None, before, ["Left out."]).summary.sentence
    assert f"8000 Hz, {words}, 24 bit, peak −6.0 dBFS; before: as it was. Left out." in line
    other = report(request, replace(file, rate_hz=16_000), written, None, before, []).summary.sentence
    assert "Exported 0:00.1 to" in line
    assert "16000 Hz converted from 8000 Hz, " in other


def _part(folder: Path, number: int, **figures: float) -> Written:
    told = {"length_s": 2.0, "peak": 0.25, "clipped_samples": 0.0, "edits": 3.0, **figures}
    return Written(Exported(folder / f"{number}.wav", f"Part {number}.", told), ("Mind it.",))


@pytest.mark.parametrize("is_regions", [False, True])
def test_several_files_are_told_one_by_one_up_to_three_and_then_in_one_sentence(
    tmp_path: Path, is_regions: bool
) -> None:
    options = ExportOptions(regions=is_regions, stems=not is_regions)
    request = ExportRequest(recording(tmp_path, [np.zeros((80, 1))]).state, {}, tmp_path / "out.wav")
    request = replace(request, options=options)
    parts = [
        _part(tmp_path, 1),
        _part(tmp_path, 2, length_s=3.0, peak=0.5, clipped_samples=2.0),
        _part(tmp_path, 3, clipped_samples=5.0),
    ]
    few = report_together(request, parts, "One is missing.")
    assert few.sentence == "Part 1. Mind it. Part 2. Mind it. Part 3. Mind it. One is missing."
    assert [one.sentence for one in few.parts] == [
        "Part 1. Mind it.",
        "Part 2. Mind it.",
        "Part 3. Mind it. One is missing.",
    ]
    together = (7.0, 0.5) if is_regions else (2.0, 0.25)
    assert few.figures == {
        "length_s": together[0],
        "peak": together[1],
        "clipped_samples": 7.0,
        "edits": 3.0,
    }
    assert report_together(request, parts[:1], "").sentence == "Part 1. Mind it."
    many = report_together(request, [*parts, _part(tmp_path, 4)], "One is missing.")
    assert many.sentence == ("Exported 4 files, 0:09.0 in all, 1.wav to 4.wav. Mind it. One is missing.")
    assert (many.path, len(many.parts)) == (tmp_path / "out.wav", 4)
    assert report_together(request, [*parts, parts[0]], "").sentence.endswith("1.wav to 1.wav. Mind it.")


def test_a_coded_file_is_told_by_its_bits_and_what_the_coder_put_in_front(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).uniform(-0.1, 0.1, (96_000, 1))
    recorded = recording(tmp_path, [noise], rate_hz=48_000)
    done = export(ExportRequest(recorded.state, recorded.media, tmp_path / "out.mp3"))
    kbit_s = done.path.stat().st_size * 8 / 1_000 / 2.0
    assert f", MP3 at {kbit_s:.0f} kbit/s, " in done.sentence
    delay = done.figures["encoder_delay_samples"]
    assert delay > 0
    assert f"The coder put {delay:,.0f} samples in front; the file states this," in done.sentence
    assert (
        "encoder_delay_samples"
        not in export(ExportRequest(recorded.state, recorded.media, tmp_path / "out.flac")).figures
    )
