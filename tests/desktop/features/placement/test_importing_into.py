"""Files imported into a document that has clips: the dialog, by keys and by mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QTreeWidget, QWidget

from desktop.features.placement.places_form import PlacesForm, PlacesPicture
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.clips import place_clips
from engine.document.edits.proposals import set_analyses
from engine.document.tracks import Clip
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands, type_path
from tests.hostile.bad_files import RATE_HZ, good

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def zoom(hands: Hands, tmp_path: Path) -> Hands:
    """A document of one recording of 40 s, which begins at 2 s."""
    recording, path = good(tmp_path / "ZOOM.wav", 40, 1, 7), tmp_path / "day.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest((recording,)), SILENT)))
        grid = BeatGrid(np.array([0, 9 * RATE_HZ]), np.array([1, 2]), 6.0, 0.9, "test")
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Analysed"), {"beats-0": grid})
        made.apply(place_clips(made.state, {made.state.tracks[0].clips[0].id: 2 * RATE_HZ}))
    hands.window.session.open(path)
    hands.finish_work()
    return hands


@pytest.fixture
def phone(zoom: Hands, tmp_path: Path) -> Path:
    """From 8 s to 32 s of the recording."""
    (source,) = zoom.window.session.state.sources.values()
    samples, _ = soundfile.read(source.path, dtype="float32")
    path = tmp_path / "phone.wav"
    soundfile.write(path, samples[8 * RATE_HZ : 32 * RATE_HZ] * np.float32(0.5), RATE_HZ, "FLOAT")
    return path


def clips(hands: Hands) -> list[list[Clip]]:
    return [list(track.clips) for track in hands.window.session.state.tracks]


def starts_s(hands: Hands) -> list[list[float]]:
    return [[clip.start_samples / RATE_HZ for clip in one] for one in clips(hands)]


def rows_of(dialog: QWidget) -> QTreeWidget:
    rows = dialog.findChild(QTreeWidget)
    assert rows is not None
    return rows


def import_by_keys(hands: Hands, path: Path, answer: Callable[[QWidget], None]) -> None:
    hands.do_and_answer(lambda: (hands.press("Ctrl+O"), hands.finish_work()), type_path(path), answer)


def test_the_dialog_shows_the_clips_of_the_document_as_fixed(zoom: Hands, phone: Path) -> None:
    shown: list[list[str]] = []

    def answer(dialog: QWidget) -> None:
        rows = rows_of(dialog)
        items = [rows.topLevelItem(number) for number in range(rows.topLevelItemCount())]
        shown.extend([item.text(column) for column in range(4)] for item in items)
        assert [bool(item.flags() & Qt.ItemFlag.ItemIsEditable) for item in items] == [True, False]
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    import_by_keys(zoom, phone, answer)
    assert shown == [
        ["phone.wav", "phone", "0:10.000", "sound"],
        ["ZOOM.wav", "ZOOM", "0:02.000", "in the document"],
    ]
    assert starts_s(zoom) == [[2.0], [10.0]]
    zoom.press("Ctrl+Z")
    assert starts_s(zoom) == [[2.0]]


def test_a_file_is_put_on_a_track_of_the_document_by_its_name(zoom: Hands, phone: Path) -> None:
    def answer(dialog: QWidget) -> None:
        rows = rows_of(dialog)
        rows.topLevelItem(0).setText(2, "50")
        rows.editItem(rows.topLevelItem(0), 1)
        editor = rows.findChild(QLineEdit)
        editor.selectAll()
        QTest.keyClicks(editor, "ZOOM")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        QApplication.processEvents()  # the editor commits when the loop of events runs next
        assert isinstance(dialog, QDialog)
        dialog.accept()

    import_by_keys(zoom, phone, answer)
    assert starts_s(zoom) == [[2.0, 50.0]]


def test_clicks_in_the_picture_choose_fixed_clips_which_have_no_alternative(zoom: Hands, phone: Path) -> None:
    said: list[tuple[int, bool]] = []

    def answer(dialog: QWidget) -> None:
        picture, rows = dialog.findChild(PlacesPicture), rows_of(dialog)
        for number in (1, 0):
            QTest.mouseClick(picture, LEFT, NONE, picture.area_of(number).center().toPoint())
            takes = next(one for one in dialog.findChildren(QPushButton) if "alternative" in one.text())
            said.append((rows.indexOfTopLevelItem(rows.currentItem()), takes.isEnabled()))
        rows.setCurrentItem(rows.topLevelItem(1))
        QTest.keyClick(rows, Qt.Key.Key_V)
        assert dialog.findChild(PlacesForm).problem() == ""
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    import_by_keys(zoom, phone, answer)
    assert said == [(1, False), (0, False)]
    assert starts_s(zoom) == [[2.0]]


def test_a_start_before_the_timeline_trims_and_one_without_any_sound_is_refused(
    zoom: Hands, phone: Path
) -> None:
    problems: list[bool] = []

    def answer(dialog: QWidget) -> None:
        rows, form = rows_of(dialog), dialog.findChild(PlacesForm)
        for start in ("-30", "-4"):
            rows.topLevelItem(0).setText(2, start)
            problems.append(bool(form.problem()))
        assert isinstance(dialog, QDialog)
        dialog.accept()

    import_by_keys(zoom, phone, answer)
    assert problems == [True, False]
    _, (clip,) = clips(zoom)
    assert (clip.start_samples, clip.offset_samples) == (0, 4 * RATE_HZ)


def test_a_file_of_which_nothing_is_known_is_imported_without_a_question(zoom: Hands, tmp_path: Path) -> None:
    zoom.press_and_answer("Ctrl+O", type_path(good(tmp_path / "loop.wav", 4, 1, 9)))
    zoom.finish_work()
    assert starts_s(zoom) == [[2.0], [0.0]]
