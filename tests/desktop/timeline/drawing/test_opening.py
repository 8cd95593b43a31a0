"""Opening a document whose waveforms must be made again: those on top come first, and at once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.core.files.places import cache_folder
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.lab.bench.sound import write
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import Media, MediaRequest, find_media
from tests.desktop.conftest import Hands

RATE_HZ = 8_000


@pytest.fixture
def band(tmp_path: Path) -> Path:
    """A document of three tracks whose cache was deleted."""
    names = ("kick", "snare", "room")
    paths = tuple(write(tmp_path / f"{name}.wav", 2, RATE_HZ, 1, seed) for seed, name in enumerate(names))
    with Document.create(tmp_path / "band.offcut") as document:
        document.apply(import_edit(document.state, import_audio(ImportRequest(paths), SILENT)))
        path = document.path
    shutil.rmtree(cache_folder("peaks"))
    return path


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.recordings.media._REPORT_EVERY_S", 0.0)


def test_sources_are_found_in_the_order_of_the_tracks(band: Path) -> None:
    told: list[Media] = []
    with Document.open(band) as document:
        state = document.state
    turned = replace(state, tracks=tuple(reversed(state.tracks)))
    media = find_media(MediaRequest(turned, band.parent), SILENT, told.append)
    assert [list(some.peaks) for some in told] == [[*track.source_ids] for track in turned.tracks]
    assert {key: value for some in told for key, value in some.paths.items()} == media.paths
    assert not media.missing


def test_lanes_are_drawn_one_after_the_other(hands: Hands, band: Path) -> None:
    drawn: list[int] = []
    hands.window.recordings.waves_changed.connect(lambda waves: drawn.append(len(waves)))
    hands.window.session.open(band)
    hands.qtbot.waitUntil(lambda: len(drawn) >= 5, timeout=20_000)
    hands.window.work.cancel()
    hands.finish_work()
    assert drawn == [0, 1, 2, 3, 3]


def test_what_comes_late_is_not_drawn_in_the_next_document(hands: Hands, band: Path) -> None:
    recordings, told = hands.window.recordings, list[Media]()
    with Document.open(band) as document:
        request = MediaRequest(document.state, band.parent)
        find_media(request, SILENT, told.append)
    hands.window.session.create(band.with_name("other.offcut"))
    recordings._some_found.emit(request, told[0])
    QApplication.processEvents()
    assert hands.window.session.media == {}
