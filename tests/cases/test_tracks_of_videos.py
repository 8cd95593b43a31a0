"""Further audio tracks of videos: imported with their titles, and exported as themselves."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import ExportOptions, ExportRequest, export, files_written
from engine.exchange.export.placing.clips import clips_of
from engine.exchange.export.plan import plan
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportRequest as EditsRequest
from engine.exchange.imports.proposals.edit import imported_edit
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.decoders.registry import media_track_of
from engine.sound.reader import SourceReader
from tests.engine.sound.edl.recordings import Recording, with_cuts
from tests.engine.sound.headers.videos import RATE_HZ, video

VIDEO = "2026-01-29 21-04-11"
PROJECTS = [".xml", ".fcpxml", ".rpp", ".otio", ".aaf", ".edl"]


def _imported(paths: tuple[Path, ...]) -> Recording:
    imported = import_audio(ImportRequest(paths), SILENT)
    empty = DocumentState()
    state = apply_rows(empty, import_edit(empty, imported).changes)
    return Recording(with_cuts(state, (48_000, 96_000)), dict(imported.media.paths))


@pytest.fixture(scope="module")
def streams(inputs: Path) -> Recording:
    """Return tracks 1, 2 and 4 of a video with a cut."""
    path = inputs / "22-obs-four-tracks" / f"{VIDEO}.mkv"
    return _imported((path, path.with_name(f"{path.name}#2"), path.with_name(f"{path.name}#4")))


def test_titles_name_the_tracks_and_the_tracks_left_out_are_named_once(inputs: Path) -> None:
    path = inputs / "22-obs-four-tracks" / f"{VIDEO}.mkv"
    tracks = (path, path.with_name(f"{path.name}#2"), path.with_name(f"{path.name}#4"))
    imported = import_audio(ImportRequest(tracks), SILENT)
    assert imported.names == ("Mic", "Mic filtered", "Discord")
    (said,) = imported.warnings
    assert "3 (Desktop" in said
    assert "Mic" not in said.replace("Mic filtered", "Mic")


@pytest.mark.parametrize("suffix", PROJECTS)
def test_a_project_plays_each_track_itself(streams: Recording, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"a{suffix}"
    request = ExportRequest(streams.state, streams.media, out)
    planned = {one.path.name: one.size_bytes for one in plan(request)}
    done = export(request)
    for source_id, number in zip(streams.media, (1, 2, 4), strict=True):
        wav = tmp_path / f"{VIDEO} track {number}.wav"
        assert wav.exists() == (number > 1)
        if number > 1:
            assert str(wav.name) in done.sentence
            assert planned[wav.name] == pytest.approx(wav.stat().st_size, abs=4_096)
            with SourceReader(wav) as own, SourceReader(streams.media[source_id]) as track:
                assert (own.frames, own.rate_hz) == (track.frames, track.rate_hz)
                np.testing.assert_array_equal(own.read(0, own.frames), track.read(0, track.frames))
    imported = read_edits(out, streams.state.rate_hz)
    names = dict.fromkeys(clip.medium.name for track in imported.tracks for clip in track.clips)
    assert [*names] == [f"{VIDEO}.mkv", f"{VIDEO} track 2.wav", f"{VIDEO} track 4.wav"]
    back = imported_edit(EditsRequest(streams.state, streams.media, imported))
    assert not back.put_into(streams.state).changes


def test_an_edit_list_names_the_track_itself(streams: Recording, tmp_path: Path) -> None:
    export(ExportRequest(streams.state, streams.media, tmp_path / "a.json"))
    content = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [Path(one["path"]).name for one in content["sources"]] == [
        f"{VIDEO}.mkv",
        f"{VIDEO}.mkv#2",
        f"{VIDEO}.mkv#4",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_files_of_tracks_are_written_once(streams: Recording, tmp_path: Path) -> None:
    export(ExportRequest(streams.state, streams.media, tmp_path / "a.rpp"))
    wav = tmp_path / f"{VIDEO} track 2.wav"
    before = wav.stat().st_ino
    other = ExportRequest(streams.state, streams.media, tmp_path / "b.rpp")
    assert files_written(other) == (tmp_path / "b.rpp",)
    export(other)
    assert wav.stat().st_ino == before


@pytest.mark.parametrize("suffix", [".json", ".rpp"])
def test_collecting_copies_the_video_once(streams: Recording, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"a{suffix}"
    export(ExportRequest(streams.state, streams.media, out, options=ExportOptions(collect=True)))
    wavs = {f"{VIDEO} track {number}.wav" for number in (2, 4)} if suffix == ".rpp" else set()
    assert {path.name for path in tmp_path.iterdir()} == {out.name, f"{VIDEO}.mkv", *wavs}
    if suffix == ".json":
        named = [Path(one["path"]) for one in json.loads(out.read_text("utf-8"))["sources"]]
        assert [one.name for one in named] == [f"{VIDEO}.mkv", f"{VIDEO}.mkv#2", f"{VIDEO}.mkv#4"]
        assert {one.parent for one in named} == {tmp_path}


def test_an_export_that_fails_leaves_no_file_of_a_track(streams: Recording, tmp_path: Path) -> None:
    out = tmp_path / "folder" / "a.rpp"
    with pytest.raises(Exception, match="folder"):
        export(ExportRequest(streams.state, streams.media, out))
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module", params=[".mkv", ".mov"])
def late(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Recording:
    """Return a video whose sound begins 0.48 s after its picture, with a cut from 1 to 2 s of the sound."""
    path = tmp_path_factory.mktemp("late") / f"late{request.param}"
    return _imported((video(path, Fraction(25), length_s=4.0, sound_from_s=0.48),))


def test_a_late_sound_is_measured(late: Recording) -> None:
    (path,) = late.media.values()
    found = media_track_of(path)
    assert found is not None
    assert (found.number, found.lag_s) == (1, Fraction(12, 25))


@pytest.mark.parametrize("suffix", PROJECTS)
def test_a_late_sound_is_placed_on_the_clock_of_the_picture(
    late: Recording, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"a{suffix}"
    request = ExportRequest(late.state, late.media, out)
    export(request)
    found = clips_of(request, late.state.tracks[0])
    lag = round(0.48 * RATE_HZ)
    assert [one.start_samples for one in found][:1] == [lag]
    assert [one.document_start_samples for one in found][:1] == [0]
    imported = read_edits(out, late.state.rate_hz)
    starts_s = [float(clip.start_s) for track in imported.tracks for clip in track.clips]
    assert starts_s[0] == pytest.approx(0.48, abs=0.021)
    assert starts_s[1] == pytest.approx(2.48, abs=0.05)
    back = imported_edit(EditsRequest(late.state, late.media, imported))
    assert not back.put_into(late.state).changes


def test_the_edit_list_counts_from_the_sound(late: Recording, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    export(ExportRequest(late.state, late.media, out))
    content = json.loads(unquote(out.read_text("utf-8")))
    assert content["segments"][0]["start_samples"] == 0
    back = imported_edit(EditsRequest(late.state, late.media, read_edits(out, late.state.rate_hz)))
    assert not back.put_into(late.state).changes
