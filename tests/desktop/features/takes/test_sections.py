"""Sections in the window: found, selected, repeated, swapped, renamed, by keys and mouse."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import StoredSections
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.features.takes.structure.find import find_sections
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import locate_all
from engine.sound.edl.build import build
from tests.desktop.conftest import Hands, named_field
from tests.engine.features.takes.structure.songs import BAR_S, RATE_HZ, song
from widgets.timeline.mouse.gestures import tip_at

SECTION = round(8 * BAR_S * RATE_HZ)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Documents of a song ABAC: analysed for beats only, and with sections."""
    folder = tmp_path_factory.mktemp("song")
    soundfile.write(folder / "song.wav", song("ABAC"), RATE_HZ)
    with Document.create(folder / "plain.offcut") as document:
        imported = import_audio(ImportRequest((folder / "song.wav",)), SILENT)
        document.apply(import_edit(document.state, imported))
        request = AnalysisRequest(document.state, locate_all(document.state, folder))
        edit, analyses = find_sections(request, SILENT).put_into(document.state)
        heard = {key: one for key, one in analyses.items() if not isinstance(one, StoredSections)}
        ids = {change.key: change.after.analysis_id for change in edit.changes}
        beats = {kind: key for kind, key in ids.items() if key in heard}
        document.apply(set_analyses(document.state, beats, "Analysed", by_listening=True), heard)
        shutil.copy(document.path, folder / "sung.offcut")
    with Document.open(folder / "sung.offcut") as document:
        document.apply(edit, analyses)
    return folder / "plain.offcut", folder / "sung.offcut"


@pytest.fixture
def sung(hands: Hands, made: tuple[Path, Path], tmp_path: Path) -> Hands:
    """The song in the window, with its sections."""
    for file in made[1].parent.glob("*.wav"):
        shutil.copy(file, tmp_path)
    hands.window.session.open(Path(shutil.copy(made[1], tmp_path)))
    hands.finish_work()
    return hands


def _sections(hands: Hands) -> StoredSections:
    sections = hands.window.session.sections
    assert sections is not None
    return sections


def _middle(hands: Hands, number: int) -> QPoint:
    canvas = hands.window.timeline.canvas
    layout = canvas.frame.layout
    start, stop = _sections(hands).span(number)
    return QPoint(round(canvas.x_of((start + stop) // 2)), (layout.sections_top + layout.score_top) // 2)


def _played(hands: Hands) -> list[int]:
    middles = _sections(hands).spans_samples.mean(axis=1)
    return [
        number
        for segment in build(hands.window.session.state).segments
        for number, middle in enumerate(middles)
        if segment.start_samples <= middle < segment.stop_samples
    ]


def test_without_sections_there_is_no_lane_and_a_remedy(hands: Hands) -> None:
    layout = hands.window.timeline.canvas.frame.layout
    assert layout.sections_top == layout.score_top
    with pytest.raises(UsageError):
        hands.window.sections.select()


def test_the_lane_shows_a_bar_for_each_section(sung: Hands) -> None:
    canvas = sung.window.timeline.canvas
    assert canvas.frame.layout.score_top > canvas.frame.layout.sections_top
    assert canvas.shown.sections.bars.sections.tolist() == [0, 1, 2, 3]
    assert tip_at(canvas, QPointF(_middle(sung, 2))).startswith("Section A, 2 of 2")


def test_a_double_click_selects_a_section(sung: Hands) -> None:
    canvas = sung.window.timeline.canvas
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=_middle(sung, 1))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=_middle(sung, 1))
    assert sung.window.selecting.span == _sections(sung).span(1)


def test_the_section_at_the_playhead_is_selected_and_repeated_by_keys(sung: Hands) -> None:
    sung.window.transport.seek(SECTION + RATE_HZ)
    sung.press("Alt+Shift+D")
    assert sung.window.selecting.span == _sections(sung).span(1)
    sung.press("Alt+Shift+A")
    assert _played(sung) == [0, 1, 1, 2, 3]


def test_a_repeated_section_has_two_bars_in_the_result(sung: Hands) -> None:
    sung.window.transport.seek(SECTION + RATE_HZ)
    sung.press("Alt+Shift+A")
    sung.press("Q")
    assert sung.window.timeline.canvas.shown.sections.bars.sections.tolist() == [0, 1, 1, 2, 3]


def test_blocks_of_the_arrangement_have_the_names_of_sections(sung: Hands) -> None:
    sung.window.transport.seek(SECTION + RATE_HZ)
    sung.press("Alt+Shift+A")
    sung.press("Q")
    slabs = sung.window.timeline.canvas.shown.slabs.slabs
    assert [slab.name(RATE_HZ) for slab in slabs] == ["A, B", "B", "A, C"]


def test_two_sections_are_swapped_from_a_menu_in_one_step(sung: Hands) -> None:
    sung.window.transport.seek(SECTION + RATE_HZ)
    sung.press("Alt+Shift+X")
    menu = next(one for one in sung.window.findChildren(QMenu) if one.isVisible())
    last = menu.actions()[-1]
    assert last.text().startswith("C at")
    last.trigger()
    menu.close()
    assert _played(sung) == [0, 3, 2, 1]
    sung.window.session.undo()
    assert not sung.window.session.state.proposals


def test_the_menu_of_a_bar_puts_the_playhead_into_its_section(sung: Hands) -> None:
    canvas = sung.window.timeline.canvas
    place = _middle(sung, 3)
    canvas.section_menu_requested.emit(3, canvas.mapToGlobal(place))
    menu = next(one for one in sung.window.findChildren(QMenu) if one.isVisible())
    assert len(menu.actions()) == 4
    menu.close()
    assert sung.window.transport.playhead_samples == _sections(sung).span(3)[0]


def test_a_label_is_renamed(sung: Hands) -> None:
    def write(dialog: QWidget) -> None:
        named_field(dialog, "Label").setText("Verse")
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    sung.window.transport.seek(RATE_HZ)
    sung.do_and_answer(lambda: sung.window.commands.run("sections.rename"), write)
    assert list(_sections(sung).labels) == ["Verse", "B", "Verse", "C"]
    sung.window.session.undo()
    assert list(_sections(sung).labels) == ["A", "B", "A", "C"]


def test_sections_are_found_by_a_command(hands: Hands, made: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copy(made[0].with_name("song.wav"), tmp_path)
    hands.window.session.open(Path(shutil.copy(made[0], tmp_path)))
    hands.finish_work()
    assert hands.window.session.sections is None
    hands.press("Alt+Shift+F")
    hands.finish_work()
    assert list(_sections(hands).labels) == ["A", "B", "A", "C"]
