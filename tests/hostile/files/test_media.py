"""Recordings that moved, changed or vanished: found again by what is in them, or named in one sentence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from engine.core.errors import Cancelled, DocumentError, SourceError, UsageError
from engine.core.progress import SILENT, ReportingProgress
from engine.document.document import Document
from engine.document.edits.proposals import move_sources
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import MediaRequest, find_media, locate, locate_all, relink, without_missing
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import good

NAMES = ("kick", "room", "bass")


@pytest.fixture
def band(tmp_path: Path) -> Path:
    folder = tmp_path / "band 🎸"
    folder.mkdir()
    for seed, name in enumerate(NAMES):
        good(folder / f"{name}.wav", seed=seed)
    return folder


@pytest.fixture
def document(band: Path) -> Iterator[Document]:
    """Three recordings in a document that lies somewhere else."""
    apart = band.with_name("documents")
    apart.mkdir()
    with Document.create(apart / "jam.offcut") as opened:
        imported = import_audio(ImportRequest(tuple(band / f"{name}.wav" for name in NAMES)), SILENT)
        opened.apply(import_edit(opened.state, imported))
        yield opened


def paths_of(document: Document) -> list[Path]:
    return [Path(source.path) for source in document.state.sources.values()]


def found(document: Document) -> tuple[dict[str, Path], tuple[str, ...]]:
    media = find_media(MediaRequest(document.state, document.path.parent), SILENT)
    return dict(media.paths), media.missing


def search(document: Document, folder: Path) -> None:
    document.apply(relink(document.state, document.path.parent, folder).edit)


def test_a_channel_that_is_missing_names_its_file(document: Document, tmp_path: Path) -> None:
    source = next(iter(document.state.sources.values()))
    channel = replace(source, path=str(tmp_path / "gone.wav#ch3"))
    with pytest.raises(SourceError, match=r"gone\.wav is missing; put gone\.wav back"):
        locate(channel, document.path.parent)


def test_recordings_that_moved_are_found_by_what_is_in_them(document: Document, band: Path) -> None:
    before = document.state
    moved = band.with_name("archive") / "2026" / "thursday"
    shutil.move(band, moved)
    (moved / "kick.wav").rename(moved / "Audio 01.WAV")
    with pytest.raises(SourceError, match=r"kick\.wav is missing; put kick\.wav back"):
        locate_all(before, document.path.parent)
    search(document, moved.parents[1])
    assert paths_of(document) == [moved / "Audio 01.WAV", moved / "room.wav", moved / "bass.wav"]
    assert document.undo_label == "Found 3 recordings again"
    assert set(found(document)[0]) == set(before.sources)
    document.close()
    with Document.open(document.path) as again:
        assert len(locate_all(again.state, document.path.parent)) == 3
        again.undo()
        assert again.state == before


def test_some_are_found_and_the_others_stay_named(document: Document, band: Path, tmp_path: Path) -> None:
    shutil.move(band, tmp_path / "gone")
    other = tmp_path / "other"
    other.mkdir()
    shutil.move(tmp_path / "gone" / "room.wav", other)
    good(other / "kick.wav", seed=99)
    relinked = relink(document.state, document.path.parent, other)
    assert relinked.refused == (
        f"{other / 'kick.wav'} has the name of a missing recording but holds another, so it was left alone.",
    )
    document.apply(relinked.edit)
    media, missing = found(document)
    assert list(media.values()) == [other / "room.wav"]
    assert len(missing) == 2
    for name, sentence in zip(("kick.wav", "bass.wav"), missing, strict=True):
        assert f"{name} is missing" in sentence
    search(document, tmp_path / "gone")
    assert not found(document)[1]


def test_a_recording_that_changed_is_refused(document: Document, band: Path, tmp_path: Path) -> None:
    old = shutil.copy(band / "kick.wav", tmp_path / "kick before.wav")
    good(band / "kick.wav", seed=99)
    media, missing = found(document)
    assert len(media) == 2
    assert len(missing) == 1
    assert (
        "kick.wav is not the recording that was imported, it has changed since: bring the old" in missing[0]
    )
    with pytest.raises(SourceError, match="is not the recording that was imported"):
        locate_all(document.state, document.path.parent)
    with pytest.raises(SourceError, match=r"kick\.wav has the name of a missing recording but holds another"):
        relink(document.state, document.path.parent, band)
    search(document, tmp_path)
    assert paths_of(document)[0] == Path(old)


def test_beside_the_document_is_looked_before_anything_is_missing(document: Document, band: Path) -> None:
    for name in NAMES:
        shutil.move(band / f"{name}.wav", document.path.parent)
    assert set(found(document)[0].values()) == {document.path.parent / f"{name}.wav" for name in NAMES}
    with pytest.raises(SourceError, match="No recording of this document is missing"):
        relink(document.state, document.path.parent, band)


def test_the_tracks_that_are_there_are_heard(document: Document, band: Path) -> None:
    everything, _ = found(document)
    (band / "room.wav").unlink()
    media, missing = found(document)
    assert [Path(path).name for path in media.values()] == ["kick.wav", "bass.wav"]
    assert len(missing) == 1
    state = without_missing(document.state, media)
    assert [track.mute for track in state.tracks] == [False, True, False]
    heard = render(state, build(state), media, 0, 8_000)
    both = [
        render(without_missing(document.state, {key: everything[key]}), build(state), media, 0, 8_000)
        for key in media
    ]
    np.testing.assert_allclose(heard, both[0] + both[1], atol=1e-6)
    assert np.any(heard)
    assert without_missing(document.state, everything) is document.state
    with pytest.raises(SourceError, match="audio of track 'room' is missing"):
        render(document.state, build(state), media, 0, 8_000)


def test_a_search_in_vain_says_so(document: Document, band: Path, tmp_path: Path) -> None:
    before = document.state
    shutil.rmtree(band)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "empty.wav").touch()
    for folder in (tmp_path / "elsewhere", tmp_path / "no such folder"):
        with pytest.raises(
            SourceError, match=f"{folder} does not contain 3 missing recordings: choose another"
        ):
            relink(before, document.path.parent, folder)
    pressed = Event()
    pressed.set()
    cancelled = ReportingProgress(None, pressed)
    with pytest.raises(Cancelled):
        relink(before, document.path.parent, tmp_path, cancelled)
    assert document.state == before


def test_what_was_found_for_an_older_state_is_refused(document: Document, band: Path, tmp_path: Path) -> None:
    shutil.move(band, tmp_path / "moved")
    late = relink(document.state, document.path.parent, tmp_path / "moved").edit
    document.undo()
    with pytest.raises(DocumentError, match="changed meanwhile"):
        document.apply(late)
    with pytest.raises(UsageError, match="no recording"):
        document.apply(move_sources(document.state, {"zz": "/elsewhere/kick.wav"}))


def test_the_window_finds_recordings_again(
    hands: Hands, document: Document, band: Path, tmp_path: Path
) -> None:
    window = hands.window
    document.close()
    shutil.move(band, tmp_path / "moved")
    window.session.open(document.path)
    hands.finish_work()
    assert not window.session.media
    assert len(hands.refused) == 3
    window.recordings.relink(tmp_path / "moved")
    hands.finish_work()
    assert "Found 3 recordings again" in hands.said
    assert {media.parent for media in window.session.media.values()} == {tmp_path / "moved"}
    assert [Path(source.path).parent for source in window.session.state.sources.values()] == [
        tmp_path / "moved"
    ] * 3
