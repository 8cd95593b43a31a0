"""A missing file of a track with several clips: its clips are silent, the others play and are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import SourceError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.clips import duplicate_clips, join_tracks, place_clips
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import MediaRequest, find_media, relink, without_missing
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import RATE_HZ, good

LENGTH = 4 * RATE_HZ


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One track: `first` at 0 s and 8 s, `second` at 2 s, over the end of the first clip, and at 12 s."""
    folder = tmp_path / "sound"
    folder.mkdir()
    files = tuple(good(folder / f"{name}.wav", 4, 1, seed) for seed, name in enumerate(("first", "second")))
    path = tmp_path / "day.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(files), SILENT)))
        one, other = made.state.tracks
        keys = one.clips[0].id, other.clips[0].id
        made.apply(join_tracks(made.state, one.id, [other.id]))
        made.apply(place_clips(made.state, {keys[1]: 2 * RATE_HZ}))
        for key, start in zip(keys, (8, 12), strict=True):
            made.apply(duplicate_clips(made.state, [key], start * RATE_HZ))
    return path


def test_only_the_clips_of_a_missing_file_are_silent(project: Path, tmp_path: Path) -> None:
    with Document.open(project, to_read=True) as document:
        state = document.state
    everything = {key: Path(source.path) for key, source in state.sources.items()}
    whole = render(state, build(state), everything, 0, state.length_samples)
    media = {key: path for key, path in everything.items() if path.stem == "first"}
    (tmp_path / "sound/second.wav").unlink()
    played = without_missing(state, media)
    assert [track.mute for track in played.tracks] == [False]
    heard = render(played, build(state), media, 0, state.length_samples)
    silent = np.zeros(state.length_samples, bool)
    silent[2 * RATE_HZ : 6 * RATE_HZ] = silent[12 * RATE_HZ :] = True
    np.testing.assert_array_equal(heard[~silent], whole[~silent])
    assert not heard[silent].any()
    with pytest.raises(SourceError, match=r"second\.wav"):
        render(state, build(state), media, 0, state.length_samples)  # an export would not leave them out


def test_a_message_names_the_clips_and_one_search_finds_the_file_for_all(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "moved").mkdir()
    (tmp_path / "sound/second.wav").rename(tmp_path / "moved/other name.wav")
    with Document.open(project) as document:
        (sentence,) = find_media(MediaRequest(document.state, tmp_path), SILENT).missing
        assert "Its 2 clips on first are silent" in sentence
        document.apply(relink(document.state, tmp_path, tmp_path / "moved").edit)
        found = find_media(MediaRequest(document.state, tmp_path), SILENT)
        assert not found.missing
        assert without_missing(document.state, found.paths) is document.state
        assert len({clip.source_id for track in document.state.tracks for clip in track.clips}) == 2


def test_the_window_draws_and_plays_the_other_clips(hands: Hands, project: Path, tmp_path: Path) -> None:
    (tmp_path / "sound/second.wav").unlink()
    hands.window.session.open(project)
    hands.finish_work()
    (track,) = hands.window.session.state.tracks
    wave = hands.window.timeline.canvas._layers._waves[track.id]
    drawn = wave.columns(0, 0.25 * RATE_HZ, float(RATE_HZ), 15).maximum > 0
    assert drawn.tolist() == [True] * 2 + [False] * 5 + [True] * 5 + [False] * 3
    canvas = hands.window.timeline.canvas
    names = [name for lane in canvas.shown.clips.lanes for name in lane.names]
    assert names.count("second.wav – missing") == 2
    hands.press("Space")
    assert hands.window.transport.is_playing
    hands.press("Space")
