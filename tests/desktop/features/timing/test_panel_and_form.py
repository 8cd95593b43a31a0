"""What the timing panel and its form take by keys, and what they say."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QRadioButton
from pytestqt.qtbot import QtBot

from desktop.features.timing.form import AlignAsked, AlignForm, Choices
from desktop.features.timing.panel import (
    BINS,
    MOST_MS,
    MoveSettings,
    TimingPanel,
    bars_of,
    median_text,
)
from widgets.theme import DARK


@pytest.fixture
def panel(qtbot: QtBot) -> TimingPanel:
    made = TimingPanel(DARK, {})
    qtbot.addWidget(made)
    made.resize(360, 340)
    made.show()
    return made


def test_sliders_tell_while_they_move_and_once_they_rest(qtbot: QtBot, panel: TimingPanel) -> None:
    moved: list[MoveSettings] = []
    panel.settings_moved.connect(moved.append)
    panel.show_settings(MoveSettings())
    with qtbot.waitSignal(panel.settings_chosen, timeout=5_000) as chosen:
        QTest.keyClick(panel.strength, Qt.Key.Key_Left)
        QTest.keyClick(panel.strength, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert [one.strength for one in moved] == [0.99, 0.89]
    assert chosen.args == [MoveSettings(0.89)]


def test_where_each_drum_is_left_is_marked_and_said(panel: TimingPanel) -> None:
    offsets = {"kick": np.array([-5.0, -4.0, -3.0]), "snare": np.array([7.0, 8.0, 9.0])}
    panel.show_offsets(offsets)
    panel.histogram.resize(300, 120)
    plain = panel.histogram.grab().toImage()
    panel.show_offsets(offsets, {"kick": 0.1, "snare": 8.0})
    said = panel.histogram.accessibleDescription()
    assert "Kick: 3 hits, −4.0 ms, half of them within 1.0 ms of that; Snare" in said
    assert said.endswith("left 8.0 ms late")
    assert panel.histogram.grab().toImage() != plain


def test_keeping_the_place_of_each_drum_is_a_setting(qtbot: QtBot, panel: TimingPanel) -> None:
    with qtbot.waitSignal(panel.settings_chosen, timeout=5_000) as chosen:
        QTest.keyClick(panel.drums, Qt.Key.Key_Space)
    assert chosen.args == [MoveSettings(keeps_drums=True)]
    panel.show_settings(MoveSettings())
    assert not panel.drums.isChecked()


def test_the_ends_of_the_range_push_each_other(panel: TimingPanel) -> None:
    panel.show_settings(MoveSettings())
    assert panel.settings().most_ms == inf
    QTest.keyClick(panel.most, Qt.Key.Key_Home)
    for _ in range(5):
        QTest.keyClick(panel.least, Qt.Key.Key_Right)
    assert (panel.least.value(), panel.most.value()) == (5, 5)
    QTest.keyClick(panel.most, Qt.Key.Key_End)
    assert (panel.most.value(), panel.settings().most_ms) == (MOST_MS, inf)


def test_the_mouse_drags_a_slider_and_a_drag_is_not_overruled(qtbot: QtBot, panel: TimingPanel) -> None:
    slider = panel.strength
    left, right = (round(edge) for edge in (slider._groove().left(), slider._groove().right()))
    middle = slider.rect().center()
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    panel.show_settings(MoveSettings(0.1))
    assert slider.value() == pytest.approx(100 * (middle.x() - left) / (right - left), abs=1)
    with qtbot.waitSignal(panel.settings_chosen, timeout=1_000):
        QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle)
    panel.show_settings(MoveSettings(0.1))
    assert slider.value() == 10


def test_the_histogram_says_what_it_shows(panel: TimingPanel) -> None:
    offsets = {"kick": np.array([-5.0, -4.0, -3.0]), "snare": np.array([0.02, 90.0]), "hat": np.zeros(0)}
    panel.show_offsets(offsets)
    panel.show_summary("3 of 4 open")
    assert panel.histogram.sentences()[0].startswith("Kick: 3 hits, −4.0 ms")
    assert [median_text(found) for found in offsets.values()] == ["−4.0 ms", "+45.0 ms", ""]
    bars = bars_of(np.array([-1_000.0, 0.0, 0.0, 39.9]))
    assert (len(bars), bars[0], bars[BINS // 2], bars[-1]) == (BINS, 0.5, 1.0, 0.5)
    assert not bars_of(np.zeros(0)).any()


def form(choices: Choices, asked: AlignAsked, qtbot: QtBot) -> AlignForm:
    made = AlignForm(DARK, asked, choices)
    qtbot.addWidget(made)
    return made


def field(made: AlignForm, name: str) -> QLineEdit:
    return next(one for one in made.findChildren(QLineEdit) if one.accessibleName().startswith(name))


def radio(made: AlignForm, name: str) -> QRadioButton:
    return next(one for one in made.findChildren(QRadioButton) if one.objectName() == name)


ALL = Choices(12, ("a", "b"), "Kick and 1 other", "120.0 BPM", {"a": "Kick", "b": "Click"}, 300.0)


def test_what_was_asked_comes_back_as_it_was(qtbot: QtBot) -> None:
    asked = AlignAsked((), "beats", 98.5, 1.25, "b", "", "1/8t", 50.0, 0.8, 0.3, 12.5, 4.0, inf, True)
    assert form(ALL, asked, qtbot).values() == asked


def test_a_learned_groove_fills_in_what_it_has_and_leaves_the_rest(qtbot: QtBot) -> None:
    made = form(ALL, AlignAsked(click="a", sensitivity=0.3, least_ms=2.0, keeps_feel=True), qtbot)
    learned = {"division": "1/8", "swing_percent": 50.0, "strength": 0.6, "most_ms": 40.0, "own_feel": False}
    made.set_groove("/mine.groove", learned)
    wanted = AlignAsked(
        click="a",
        division="1/8",
        strength=0.6,
        sensitivity=0.3,
        least_ms=2.0,
        most_ms=40.0,
        groove="/mine.groove",
    )
    assert made.values() == wanted
    made.set_groove("", {})
    assert made.values() == replace(wanted, groove="", most_ms=inf)


def test_a_file_that_is_no_groove_is_named_until_something_changes(qtbot: QtBot) -> None:
    made = form(ALL, AlignAsked(groove="/mine.groove"), qtbot)
    made.refuse_groove("other.groove is not a groove file")
    assert "other.groove" in made._problem.text()
    assert made.values().groove == "/mine.groove"
    made.set_groove("/mine.groove", {})
    assert not made._problem.text()


def test_typing_a_tempo_chooses_the_even_grid(qtbot: QtBot) -> None:
    made = form(ALL, AlignAsked(), qtbot)
    assert radio(made, "beats").isChecked()
    field(made, "Tempo").selectAll()
    QTest.keyClicks(field(made, "Tempo"), "87")
    assert (made.values().grid, made.values().bpm) == ("even", 87.0)
    field(made, "Tempo").selectAll()
    QTest.keyClicks(field(made, "Tempo"), "fast")
    assert "Tempo in BPM must be a number from 20 to 400" in made.problem()
    radio(made, "beats").click()
    assert made.problem() == ""


def test_without_beats_or_drums_the_form_begins_where_something_can_be_done(qtbot: QtBot) -> None:
    made = form(Choices(0, ("a",), "Kick alone", "", {"a": "Kick"}, 10.0), AlignAsked(), qtbot)
    assert not radio(made, "beats").isEnabled()
    assert not radio(made, "drums").isEnabled()
    assert (made.values().grid, made.values().tracks) == ("even", ("a",))


def test_a_file_of_beats_is_asked_for(qtbot: QtBot) -> None:
    made = form(ALL, AlignAsked(), qtbot)
    radio(made, "file").click()
    assert "MIDI file" in made.problem()
    made.set_file("/band/song.mid")
    assert (made.problem(), made.values().path) == ("", "/band/song.mid")


def test_triplets_cannot_swing(qtbot: QtBot) -> None:
    made = form(ALL, AlignAsked(division="1/8t", swing_percent=60.0), qtbot)
    assert not field(made, "Swing").isEnabled()
    assert made.values().swing_percent == 50.0


def test_tracks_that_stay_are_named_and_move_too_unless_that_is_unticked(qtbot: QtBot) -> None:
    left = {"front": "Front of kit", "side": "Side mic"}
    choices = Choices(
        drums=4, chosen=("kick",), chosen_words="Kick alone", left_by_drums=left, tempo="120 BPM"
    )
    form = AlignForm(DARK, AlignAsked(), choices)
    qtbot.addWidget(form)
    form.show()
    assert all(name in form._staying.text() for name in left.values())
    assert form.values().also == ("front", "side")
    QTest.keyClick(form._also, Qt.Key.Key_Space)
    assert form.values().also == ()
    chosen = next(one for one in form.findChildren(QRadioButton) if one.objectName() == "chosen")
    QTest.keyClick(chosen, Qt.Key.Key_Space)
    chosen.click()
    assert not form._also.isVisible()


def test_a_form_shows_what_became_known_of_the_tracks_after_it_was_opened(qtbot: QtBot) -> None:
    form = AlignForm(DARK, AlignAsked(), Choices(drums=7))
    qtbot.addWidget(form)
    form.show()
    assert not form._staying.isVisible()
    form.set_choices(Choices(drums=6, left_by_drums={"room": "Room"}))
    assert form._staying.isVisible()
    assert form.values().also == ("room",)


def test_a_form_shows_roles_that_were_guessed_by_sound(qtbot: QtBot) -> None:
    form = AlignForm(DARK, AlignAsked(), Choices(drums=7, guessed="Guessed by sound: Window (room)."))
    qtbot.addWidget(form)
    form.show()
    assert "Window (room)" in form._guessed.text()
    form.set_choices(Choices(drums=7))
    assert not form._guessed.isVisible()


def test_tracks_that_nothing_shows_to_be_drums_are_not_called_drums(qtbot: QtBot) -> None:
    form = AlignForm(DARK, AlignAsked(), Choices(drums=3, drums_words="3 tracks", are_drums=False))
    qtbot.addWidget(form)
    (every,) = (one for one in form.findChildren(QRadioButton) if one.objectName() == "drums")
    assert every.text() == "&All tracks"
    form.set_choices(Choices(drums=3))
    assert every.text() == "&All drums"
