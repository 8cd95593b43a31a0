"""What is told of an export: what it was made of and what came of it, in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio.pictures.peak_cache import source_peaks
from engine.audio.reader import content_hash
from engine.edl.export import ExportOptions, ExportRequest, export
from engine.edl.export.report import look_before, peak_words
from engine.edl.export.request import Depth
from engine.progress import SILENT
from tests.engine.edl.recordings import recording, with_cuts


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
