"""Waveforms of tracks with several clips: like the samples that are rendered, near and far."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.document.tracks import Clip
from engine.sound.pictures.peaks import Columns, PeakPyramid, build_peaks, sample_columns
from engine.sound.reader import SourceReader
from tests.engine.sound.edl.clip_documents import ClipDocument, clip_document, plain_track
from widgets.timeline.sound import clip_wave
from widgets.timeline.sound.clip_wave import ClipWave


class Read:
    """The waveform of a file, whose samples are there at once."""

    sampled_below = 2.0

    def __init__(self, path: Path) -> None:
        self._path, self._peaks = path, build_peaks(path)

    def columns(self, *asked: float) -> Columns:
        return self._peaks.columns(*asked)

    def spans(self, *asked: object) -> Columns:
        return self._peaks.spans(*asked)

    def cell_samples(self, width: float) -> int:
        return self._peaks.cell_samples(width)

    def samples(self, start: int, stop: int) -> np.ndarray:
        with SourceReader(self._path) as reader:
            return reader.read(start, stop)


def wave_of(document: ClipDocument, number: int) -> ClipWave:
    state = document.state
    track = state.tracks[number]
    waves = {key: Read(document.media[key]) for key in track.source_ids}
    widths = {key: state.sources[key].channels for key in track.source_ids}
    return ClipWave(track, waves, widths, state.channels(track))


@pytest.mark.parametrize("seed", range(12))
def test_samples_are_those_that_are_rendered(tmp_path: Path, seed: int) -> None:
    document = clip_document(tmp_path, seed)
    for number, track in enumerate(document.state.tracks):
        expected = plain_track(document, track)[track.start_samples :]
        assert np.array_equal(wave_of(document, number).samples(0, len(expected)), expected)


def _on_cells(folder: Path, seed: int) -> ClipDocument:
    """Make a document whose clips begin and end on cells of the pyramid, so that columns are exact."""
    document = clip_document(folder, seed, plain=True)
    sources = document.state.sources
    longest = max(sources.values(), key=lambda one: one.frames)
    cells = longest.frames // 256
    assert cells, "one recording is as long as a cell"
    clips = tuple(
        Clip(f"c{number}", longest.id, number * (cells + 2) * 256, 0, cells * 256) for number in range(3)
    )
    track = replace(document.state.tracks[0], clips=clips)
    return replace(document, state=replace(document.state, tracks=(track,)))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("width", [256, 512, 1024])
def test_columns_are_those_of_the_samples(tmp_path: Path, seed: int, width: int) -> None:
    document = _on_cells(tmp_path, seed)
    track = document.state.tracks[0]
    sound = plain_track(document, track)[track.start_samples :]
    count = len(sound) // width
    for channel in range(sound.shape[1]):
        found = wave_of(document, 0).columns(channel, 0.0, float(width), count)
        expected = sample_columns(sound[:, channel], 0, 0.0, float(width), count)
        for ours, theirs in zip(found.arrays, expected.arrays, strict=True):
            assert np.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_a_coarse_waveform_is_that_of_all_clips(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = clip_document(tmp_path, seed, plain=True)
    monkeypatch.setattr(clip_wave, "MOST_COLUMNS", 8)
    for number, track in enumerate(document.state.tracks):
        wave = wave_of(document, number)
        length = track.stop_samples - track.start_samples
        width = float(4 * wave.cell_samples(1e9))
        count = int(length // width) + 1
        for channel in range(document.state.channels(track)):
            far = wave.columns(channel, 0.0, width, count)
            starts = (np.arange(count) * width).astype(np.int64)
            near = wave._put_together(channel, starts, starts + int(width), 256.0)
            assert np.allclose(far.maximum, near.maximum, atol=0.1)
            assert np.allclose(far.minimum, near.minimum, atol=0.1)
        assert isinstance(wave._coarse, PeakPyramid)
