"""The overview of a day in the window: opened, walked, played from, and choices by keys and by mouse."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from desktop.features.day.overview import Overview
from desktop.shell.command import DAY_LAYER
from engine.document.edits.analyses import set_day
from engine.features.day.known.library import Library
from tests.desktop.conftest import Hands, fill, press_button, type_path
from tests.engine.features.day.made import RATE_HZ, TAKES_S, made_day
from tests.engine.features.takes.playing import RATE_HZ as PLAYED_HZ
from tests.engine.features.takes.playing import joined, passage


@pytest.fixture
def overview(hands: Hands, tmp_path: Path) -> Overview:
    """The overview of a day of two songs with two takes each, open in the window."""
    hands.window.session.open(made_day(tmp_path))
    hands.finish_work()
    hands.press("Shift+F5")
    assert hands.window.day.is_open
    return hands.window.day


def _current(day: Overview) -> int | None:
    return day.page.songs.current


def _middle(day: Overview, row: int) -> QPoint:
    cells = (pair for _, _, placed in day.page.songs._placed() for pair in placed)
    return next(place.center().toPoint() for cell, place in cells if cell.row == row)


def _stars(day: Overview) -> list[int]:
    return day.required_day().stars.tolist()


def test_without_songs_the_page_stays_closed(hands: Hands) -> None:
    hands.press("Shift+F5")
    assert not hands.window.day.is_open
    assert "day.find" in hands.refused[-1]


def test_keys_walk_through_songs_and_takes(hands: Hands, overview: Overview) -> None:
    assert _current(overview) == 0
    walked = []
    for key in ("Right", "Right", "Down", "Left", "Up", "End", "Home"):
        hands.press(key)
        walked.append(_current(overview))
    assert walked == [1, 1, 3, 2, 0, 3, 0]
    assert hands.window.transport.playhead_samples == round(TAKES_S[0][0] * RATE_HZ)


def test_enter_and_double_clicks_open_a_take_in_the_timeline(hands: Hands, overview: Overview) -> None:
    hands.press("Down")
    hands.press("Return")
    assert not overview.is_open
    assert hands.window.transport.playhead_samples == round(TAKES_S[2][0] * RATE_HZ)
    canvas = hands.window.timeline.canvas
    left, right = (canvas.x_of(round(at_s * RATE_HZ)) for at_s in TAKES_S[2])
    assert 0 <= left < right <= canvas.width()
    hands.press("Shift+F5")
    QTest.mouseDClick(overview.page.songs, Qt.MouseButton.LeftButton, pos=_middle(overview, 1))
    assert not overview.is_open
    assert hands.window.transport.playhead_samples == round(TAKES_S[1][0] * RATE_HZ)


def test_stars_and_the_take_that_stays_are_undone(hands: Hands, overview: Overview) -> None:
    before = _stars(overview)
    hands.press("4")
    assert _stars(overview) == [4, *before[1:]]
    hands.press("4")
    assert _stars(overview) == [0, *before[1:]]
    hands.press("K")
    assert overview.required_day().retained.tolist()[:2] == [1, -1]
    for _ in range(3):
        hands.press("Ctrl+Z")
    assert _stars(overview) == before
    assert overview.required_day().retained.tolist()[:2] == [-1, 1]


def test_a_song_is_named_and_joined_by_its_name(hands: Hands, overview: Overview) -> None:
    hands.press_and_answer("F2", fill(Name="Harbour"), press_button("&Never"))
    assert list(overview.required_day().names) == ["Harbour", "Über"]
    hands.press("Down")
    hands.press_and_answer("F2", fill(Name="Harbour"))
    assert list(overview.required_day().names) == ["Harbour"]
    hands.press("Ctrl+Z")
    assert list(overview.required_day().names) == ["Harbour", "Über"]


@pytest.mark.usefixtures("overview")
def test_a_named_song_is_remembered_with_consent(hands: Hands) -> None:
    hands.press_and_answer("F2", fill(Name="Harbour"), press_button("&Remember songs"))
    hands.finish_work()
    assert [(song.name, song.takes) for song in Library().songs()] == [("Harbour", 2)]
    hands.press_and_answer("F2", fill(Name="Haven"))
    hands.finish_work()
    assert [(song.name, song.takes) for song in Library().songs()] == [("Haven", 2)]


def test_clicks_choose_takes_and_places_and_open_a_menu(hands: Hands, overview: Overview) -> None:
    songs, strip = overview.page.songs, overview.page.strip
    QTest.mouseClick(songs, Qt.MouseButton.LeftButton, pos=_middle(overview, 3))
    assert _current(overview) == 3
    QTest.mouseClick(songs, Qt.MouseButton.LeftButton, pos=QPoint(songs.width() - 2, 2))
    assert _current(overview) == 3
    at = QPoint(round(strip._x(3.0)), strip.height() // 2)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at)
    assert _current(overview) == 0
    assert hands.window.transport.playhead_samples == pytest.approx(3.0 * RATE_HZ, abs=RATE_HZ * 0.05)
    opened: list[str] = []

    def look(menu: QWidget) -> None:
        assert isinstance(menu, QMenu)
        opened.extend(action.text().split("\t")[0] for action in menu.actions() if action.text())
        menu.close()

    QTest.mouseClick(songs, Qt.MouseButton.RightButton, pos=_middle(overview, 2))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    look(menu)
    assert _current(overview) == 2
    assert opened[:3] == ["Open take", "Keep take", "Name of the song…"]


def test_a_drag_along_the_strip_moves_the_playhead(hands: Hands, overview: Overview) -> None:
    strip, transport = overview.page.strip, hands.window.transport
    places = [QPoint(round(strip._x(at_s)), strip.height() // 2) for at_s in (3.0, 9.0, 14.0)]
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=places[0])
    walked = []
    for place in places[1:]:
        moved = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            strip.mapToGlobal(QPointF(place)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(strip, moved)
        walked.append((_current(overview), transport.playhead_samples / RATE_HZ))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=places[-1])
    assert walked == [(1, pytest.approx(9.0, abs=0.05)), (2, pytest.approx(14.0, abs=0.05))]


def test_the_name_of_a_song_is_clicked(hands: Hands, overview: Overview) -> None:
    songs, at = overview.page.songs, QPoint(20, _middle(overview, 2).y())
    QTest.mouseClick(songs, Qt.MouseButton.LeftButton, pos=at)
    assert _current(overview) == 2
    double = partial(QTest.mouseDClick, songs, Qt.MouseButton.LeftButton, pos=at)
    hands.do_and_answer(double, fill(Name="Harbour"), press_button("&Never"))
    assert list(overview.required_day().names)[1] == "Harbour"


def test_the_same_place_of_the_next_take(hands: Hands, overview: Overview) -> None:
    hands.window.transport.seek(round(3.0 * RATE_HZ))
    overview.compare()
    assert _current(overview) == 1
    # The second take is 2 % faster: two seconds into the first are a little less into it.
    expected_s = TAKES_S[1][0] + 2.0 / 1.02
    assert hands.window.transport.playhead_samples == pytest.approx(expected_s * RATE_HZ, abs=RATE_HZ * 0.02)
    overview.compare()
    assert _current(overview) == 0


def test_esc_leaves_and_keys_have_their_usual_meaning_again(hands: Hands, overview: Overview) -> None:
    assert hands.window.commands.layer == DAY_LAYER
    hands.press("Esc")
    assert not overview.is_open
    assert hands.window.commands.layer == ""
    before = _stars(overview)
    hands.press("4")
    assert _stars(overview) == before


def test_another_page_ends_the_keys_and_the_gain(hands: Hands, overview: Overview) -> None:
    hands.window.transport.set_gain(-6.0)
    other = QWidget()
    hands.window.pages.addWidget(other)
    hands.window.pages.setCurrentWidget(other)
    assert not overview.is_open
    assert hands.window.commands.layer == ""
    assert hands.window.player._gain == 1.0


def test_cells_have_tuning_and_faults(hands: Hands, overview: Overview) -> None:
    session = hands.window.session
    tuned = replace(overview.required_day(), tunings_cents=np.array([0.0, 12.0, -20.0, np.nan]))
    session.apply(*set_day(session.state, tuned, "Tuned"))
    cells = overview.page.songs._picture.cells
    assert "A4 at 443 Hz, 12 cents above take 1" in cells[1].words
    assert cells[1].short == ("+2 st", "+12 ct")
    assert "A4 at 435 Hz" in cells[2].words
    assert "A4" not in cells[3].words


def test_no_key_edits_the_hidden_timeline(hands: Hands, overview: Overview) -> None:
    overview.leave()
    hands.window.selecting.select(RATE_HZ, 2 * RATE_HZ)
    before = hands.window.session.state
    hands.press("Shift+F5")
    for key in ("Delete", "Backspace", "A", "X"):
        hands.press(key)
    assert hands.window.session.state.proposals == before.proposals
    assert hands.window.session.state.decisions == before.decisions


@pytest.mark.parametrize("scale", [1, 2])
def test_cells_stay_within_the_page_at_any_width(hands: Hands, overview: Overview, scale: int) -> None:
    for width in (1024, 1280, 600):
        hands.window.resize(width * scale, 700)
        songs = overview.page.songs
        for _, _, placed in songs._placed():
            edges = [(place.left(), place.right()) for _, place in placed]
            assert all(left < right <= songs.width() for left, right in edges)
            assert all(one[1] <= other[0] for one, other in pairwise(edges))


def test_a_day_is_prepared_from_its_files(hands: Hands, tmp_path: Path) -> None:
    song = passage(1, 30.0)
    audio, at = joined(song, passage(2, 32.0), song)
    soundfile.write(tmp_path / "evening.wav", audio, PLAYED_HZ, "PCM_16")
    shown: list[tuple[str, float]] = []
    hands.window.work.progressed.connect(lambda title, fraction, _left_s: shown.append((title, fraction)))
    hands.press_and_answer("Ctrl+Shift+Y", type_path(tmp_path / "evening.wav"))
    hands.qtbot.waitUntil(lambda: hands.window.day.is_open, timeout=120_000)
    day = hands.window.day.required_day()
    starts_s = (day.spans_samples[:, 0] / hands.window.session.state.rate_hz).tolist()
    assert len(day.names) == 2
    assert sorted(starts_s) == pytest.approx([start for start, _ in at], abs=1.0)
    assert day.songs.tolist() == [0, 0, 1]
    fractions = [fraction for title, fraction in shown if title.startswith("Preparing the day")]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.9
    assert not any(title.startswith("Analysing") for title, _ in shown)
    hands.finish_work()


def _prepare_folder(hands: Hands, folder: Path) -> None:
    hands.do_and_answer(partial(hands.window.commands.run, "day.prepare_folder"), type_path(folder))


def test_a_day_is_prepared_from_all_recordings_of_a_folder(hands: Hands, tmp_path: Path) -> None:
    folder = tmp_path / "day"
    (folder / "second half").mkdir(parents=True)
    for name, seed in (("one.wav", 1), ("second half/two.wav", 2)):
        soundfile.write(folder / name, passage(seed, 30.0), PLAYED_HZ, "PCM_16")
    (folder / "notes.txt").write_text("set list")
    _prepare_folder(hands, folder)
    hands.qtbot.waitUntil(lambda: hands.window.day.is_open, timeout=120_000)
    paths = {Path(one.path).name for one in hands.window.session.state.sources.values()}
    assert paths == {"one.wav", "two.wav"}
    hands.finish_work()


def test_a_folder_without_recordings_is_refused(hands: Hands, tmp_path: Path) -> None:
    _prepare_folder(hands, tmp_path)
    assert not hands.window.session.is_open
    assert str(tmp_path.name) in hands.refused[-1]


def test_a_key_goes_through_the_kinds_of_a_day_and_is_undone(hands: Hands, overview: Overview) -> None:
    session = hands.window.session
    before, history = overview.required_day().kind, len(session.steps())
    kinds = []
    for _ in range(3):
        hands.press("T")
        hands.finish_work()
        kinds.append(overview.required_day().kind)
        if kinds[-1] == "interview":
            assert overview.page.songs.cell is None
            assert "Interview" in overview.page._buttons["day.kind"].text()
    assert (before, kinds) == ("rehearsal", ["interview", "drums", "rehearsal"])
    assert len(session.steps()) == history + 3
    for _ in range(3):
        hands.press("Ctrl+Z")
    assert overview.required_day().kind == "rehearsal"
    assert _current(overview) == 0
