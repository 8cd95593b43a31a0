"""The beat grid by keys, taps and dialogs, in a real window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_array_equal
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.features.timing import grid_editing as tap_tempo
from desktop.main_window import MainWindow
from engine.document import grid_edits
from engine.document.analysis import BeatGrid, Listening
from engine.document.document import Document
from engine.document.edits.analyses import listening_ids
from engine.document.edits.proposals import decide, set_analyses
from engine.document.edits.tracks import set_track
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands, fill
from tests.desktop.documents import make_document
from tests.engine.analysis.beats.test_tapped import RATE_HZ as CLICK_RATE_HZ
from tests.engine.analysis.beats.test_tapped import clicks, drifting
from tests.hostile.bad_files import RATE_HZ, good

SECONDS, BEAT = 20, RATE_HZ // 2
CUTS = ((4 * RATE_HZ, 8 * RATE_HZ), (12 * RATE_HZ, 16 * RATE_HZ))


def heard_grid() -> BeatGrid:
    beats = np.arange(0, SECONDS * RATE_HZ, BEAT, dtype=np.int64)
    return BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 0.9, "heard")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document of twenty seconds that was listened to: 120 BPM, 4/4."""
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS), CUTS)
    with Document.open(path) as document:
        ids = listening_ids(document.state)
        found = {ids["beats"]: heard_grid(), ids["listening"]: Listening()}
        document.apply(set_analyses(document.state, ids, "Listened", by_listening=True), found)
    return path


@pytest.fixture
def at_work(hands: Hands, document: Path) -> Hands:
    window = hands.window
    window.resize(1280, 800)  # how far apart the grid's lines are drawn depends on it
    window.session.open(document)
    hands.finish_work()
    for part in (window.grid_editing, window.tap_tempo, window.marking):
        part.said.connect(hands.said.append)
        part.refused.connect(hands.refused.append)
    return hands


def grid_of(hands: Hands) -> BeatGrid:
    grid = hands.window.session.grid
    assert grid is not None
    return grid


def status(window: MainWindow) -> str:
    return window.status_bar._done.text()


def test_keys_edit_the_grid_and_say_so(at_work: Hands) -> None:
    window, before = at_work.window, heard_grid()
    at_work.press("H")
    keys = (
        "half tempo (H), double (D), next level (O), shift half a beat (S), "
        "downbeat here (B) or from here (N); Esc leaves"
    )
    assert status(window) == f"Grid: {keys}"
    assert_array_equal(grid_of(at_work).beats_samples, before.beats_samples), "entering changes nothing"
    at_work.press("H")
    assert at_work.said[-1] == "Half tempo: 60.0 BPM"
    assert status(window) == f"Half tempo: 60.0 BPM. Grid: {keys}"
    assert_array_equal(grid_of(at_work).beats_samples, before.beats_samples[::2])
    assert window.timeline.canvas.grid is grid_of(at_work), "the timeline shows it"
    at_work.press("D")
    assert at_work.said[-1] == "Double tempo: 120.0 BPM"
    at_work.press("S")
    assert grid_of(at_work).beats_samples[0] == BEAT // 2
    window.transport.seek(5 * BEAT + 300)
    at_work.press("B")
    assert at_work.said[-1] == "Downbeat at 0:02.750"
    assert grid_of(at_work).bar_positions[5] == 1
    for _ in range(4):
        at_work.press("Ctrl+Z")
    assert_array_equal(grid_of(at_work).beats_samples, before.beats_samples)
    assert window.session.undo_label == "Proposed"


def test_a_free_passage_has_no_lines_until_a_key_puts_beats_there(at_work: Hands) -> None:
    window, found = at_work.window, heard_grid()
    window.grid_editing.lay(replace(found, free_samples=np.array([[6 * RATE_HZ, 11 * RATE_HZ]])), "Found")
    shown = window.timeline.canvas.shown.beats
    assert shown is not None
    assert shown.positions.tolist() == [
        beat for beat in found.beats_samples.tolist() if not 6 * RATE_HZ <= beat < 11 * RATE_HZ
    ]
    at_work.press("H")
    assert "free passage (P)" in status(window)
    at_work.press("P")
    assert at_work.refused or "not in a passage" in status(window)
    window.transport.seek(8 * RATE_HZ)
    at_work.press("P")
    assert at_work.said[-1] == "Using beats in this passage"
    shown = window.timeline.canvas.shown.beats
    assert shown is not None
    assert_array_equal(shown.positions, found.beats_samples)
    at_work.press("Ctrl+Z")
    assert grid_of(at_work).free_samples.tolist() == [[6 * RATE_HZ, 11 * RATE_HZ]]


def test_a_bar_starts_here_and_bars_before_stay(at_work: Hands) -> None:
    at_work.press("H")
    at_work.window.transport.seek(10 * BEAT + 300)
    at_work.press("N")
    assert at_work.said[-1] == "Bars from 0:05.000 on"
    counts = grid_of(at_work).bar_positions
    assert counts[:15].tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 1, 2, 3, 4, 1]
    at_work.do_and_answer(lambda: at_work.window.commands.run("grid.bar_here"), fill(Beats="3"))
    assert grid_of(at_work).bar_positions[:14].tolist() == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 1, 2, 3, 1]


def test_outside_of_the_layer_its_keys_mean_what_they_say(at_work: Hands) -> None:
    window = at_work.window
    at_work.press("H")
    at_work.press("D")
    assert grid_of(at_work).tempo_bpm == pytest.approx(240.0)
    assert not window.transport.is_playing
    at_work.press("L")
    assert window.transport.is_playing, "what the layer has no key for is as ever"
    at_work.press("Esc")
    assert window.transport.is_playing, "Esc leaves first"
    assert status(window) == "Left the grid"
    at_work.press("Esc")
    assert not window.transport.is_playing
    at_work.press("D")
    assert window.transport.is_auditioning
    at_work.press("Esc")
    window.commands.run("grid.half")
    assert grid_of(at_work).tempo_bpm == pytest.approx(120.0), "by palette it needs no layer"
    assert status(window) == "Half tempo: 120.0 BPM"


def test_a_key_given_to_the_layer_works_there_alone(at_work: Hands, document: Path) -> None:
    window = at_work.window
    window.user_settings.keymap.set_keys("grid.double", ("Y",))
    at_work.press("Y")
    assert grid_of(at_work).tempo_bpm == 120.0
    at_work.press("H")
    at_work.press("Y")
    assert grid_of(at_work).tempo_bpm == pytest.approx(240.0)
    window.session.open(document)
    at_work.press("Y")
    assert grid_of(at_work).tempo_bpm == pytest.approx(240.0), "another document begins outside of it"


def test_the_edited_grid_is_there_after_a_restart(at_work: Hands, document: Path) -> None:
    at_work.press("H")
    at_work.press("H")
    at_work.window.session.open(document)
    assert grid_of(at_work).tempo_bpm == pytest.approx(60.0)
    at_work.press("Ctrl+Z")
    assert grid_of(at_work).tempo_bpm == 120.0


def test_listening_again_keeps_the_edited_grid_and_says_so(at_work: Hands) -> None:
    from engine.recordings.analyses import FoundAnalyses

    at_work.press("H")
    at_work.press("H")
    window = at_work.window
    state, ids = window.session.state, listening_ids(window.session.state)
    again = FoundAnalyses({"beats": heard_grid(), "listening": Listening(maker="again")}, ids)
    window.analysing._heard(state.tracks, None, again)
    assert grid_of(at_work).tempo_bpm == pytest.approx(60.0)
    assert at_work.said[-1] == "Recording analysed; your edited grid stays"
    window.commands.run("grid.heard")
    assert grid_of(at_work).tempo_bpm == 120.0
    window.commands.run("grid.heard")
    assert "are the detected ones" in at_work.refused[-1]
    at_work.press("Ctrl+Z")
    assert grid_edits.is_edited(window.session.state)


def test_what_is_heard_while_one_edits_is_no_step_of_undo(at_work: Hands) -> None:
    from engine.recordings.analyses import FoundAnalyses

    window = at_work.window
    at_work.press("X")
    steps = len(window.session.steps())
    state, ids = window.session.state, {"beats": "heard-anew", "listening": "heard-too"}
    again = FoundAnalyses({"beats": heard_grid(), "listening": Listening(maker="again")}, ids)
    window.analysing._heard(state.tracks, None, again)
    assert window.session.state.analyses["beats"] == "heard-anew"
    assert window.status_bar._done.text() == "Recording analysed"
    assert window.status_bar._undo.text() == "Ctrl Z undoes: Rejected cut 0:04.0 – 0:08.0"
    assert len(window.session.steps()) == steps
    at_work.press("Ctrl+Z")
    assert not window.session.state.decisions
    assert window.session.state.analyses["beats"] == "heard-anew"


def test_tracks_that_were_not_heard_have_no_beats_to_go_back_to(at_work: Hands) -> None:
    at_work.press("H")
    at_work.press("H")
    session = at_work.window.session
    session.apply(set_track(session.state, session.state.tracks[0].id, gain_db=-6.0))
    at_work.window.commands.run("grid.heard")
    assert "‹taste.listen›" in at_work.refused[-1]


def test_stepping_along_the_grid(at_work: Hands) -> None:
    window = at_work.window
    view = window.timeline.canvas.viewport
    window.timeline.canvas.set_viewport(replace(view, samples_per_px=40.0, start_samples=0.0))
    window.transport.seek(100)
    at_work.press("G")
    assert window.transport.playhead_samples == BEAT
    at_work.press("G")
    assert window.transport.playhead_samples == 2 * BEAT
    at_work.press("Shift+G")
    assert window.transport.playhead_samples == BEAT
    for _ in range(2):
        at_work.window.commands.run("grid.double")
    window.timeline.zooms.fit()  # beats are too close to draw; bars, which keep their four beats, are not
    at_work.press("G")
    assert window.transport.playhead_samples == 2 * BEAT
    window.transport.seek(0)
    at_work.press("Shift+G")
    assert at_work.refused[-1] == "No grid line further back."


def test_stepping_in_the_result_passes_over_cuts_and_stays_in_view(at_work: Hands) -> None:
    window = at_work.window
    window.session.apply(decide(window.session.state, [f"cut-{CUTS[0][0]}"], Verdict.ACCEPTED))
    at_work.press("Q")
    window.timeline.canvas.set_viewport(
        replace(window.timeline.canvas.viewport, samples_per_px=5.0, start_samples=0.0)
    )
    window.transport.seek(CUTS[0][0] - BEAT)
    at_work.press("G")
    assert window.transport.playhead_samples == CUTS[0][1]
    assert window.timeline.canvas.viewport.holds(window.transport.shown_samples)


class Clock:
    """The time of taps."""

    now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(at_work: Hands) -> Clock:
    made = Clock()
    at_work.window.tap_tempo.clock_s = made
    return made


def test_taps_lay_a_grid_once_the_hand_rests(at_work: Hands, clock: Clock, qtbot: QtBot) -> None:
    window = at_work.window
    window.transport.seek(3_000)
    window.tap_tempo._pause.setInterval(30)
    for _ in range(6):
        at_work.press("Shift+T")
        clock.now_s += 0.75
        window.tap_tempo._pause.stop()  # the keys of a test are slower than a pause of 30 ms
    assert "Tap 4: 80.0 BPM. A pause sets it, Esc discards it" in at_work.said
    with qtbot.waitSignal(window.session.changed):
        window.tap_tempo._pause.start()
    assert at_work.said[-1] == "Tapped tempo: 80.0 BPM"
    grid = grid_of(at_work)
    assert grid.tempo_bpm == pytest.approx(80.0)
    assert 3_000 in grid.downbeats_samples
    assert grid.beats_samples[0] == 3_000
    assert grid.beats_samples[-1] > (SECONDS - 0.75) * RATE_HZ
    at_work.press("Ctrl+Z")
    assert grid_of(at_work).tempo_bpm == 120.0, "one step"


@pytest.mark.plays
def test_taps_while_playing_fall_where_the_playhead_was(at_work: Hands, clock: Clock, qtbot: QtBot) -> None:
    window = at_work.window
    at_work.press("Space")
    first_beats_samples = []
    for number in range(8):
        due = 4_000 + number * 8_000
        qtbot.waitUntil(lambda: window.transport.playhead_samples >= due)  # noqa: B023
        first_beats_samples.append(window.transport.playhead_samples - number * 8_000)
        window.tap_tempo.tap()
        clock.now_s += 1.0
    window.tap_tempo.take()
    at_work.press("Space")
    grid = grid_of(at_work)
    assert grid.tempo_bpm == pytest.approx(60.0)
    # A busy machine shows the playhead late at some taps; the hand is as steady as its clock.
    first_samples = np.median(first_beats_samples)
    assert first_samples >= 4_000
    assert np.abs(grid.downbeats_samples - first_samples).min() <= 1, "bars begin at the first tap"


def test_few_taps_change_nothing_and_escape_drops_them(at_work: Hands, clock: Clock) -> None:
    window, before = at_work.window, at_work.window.session.state
    for _ in range(3):
        at_work.press("Shift+T")
        clock.now_s += 0.5
    assert at_work.said[-1] == "Tap 3 of at least 4"
    window.tap_tempo.take()
    assert "Tap at least 4 times" in at_work.refused[-1]
    for _ in range(5):
        at_work.press("Shift+T")
        clock.now_s += 0.5
    at_work.press("Esc")
    assert "the grid does not change" in at_work.said[-1]
    assert not window.tap_tempo._pause.isActive()
    assert window.session.state is before


def test_a_held_key_is_one_tap(at_work: Hands, clock: Clock) -> None:
    action = at_work.window.commands.action
    assert not action("grid.tap").autoRepeat()
    assert not action("marker.add").autoRepeat()
    assert action("grid.next").autoRepeat()
    for _ in range(20):
        at_work.window.tap_tempo.tap()
        clock.now_s += 0.002
    assert at_work.said[-1] == "Tap 1 of at least 4"
    at_work.window.tap_tempo.give_up()
    assert tap_tempo.SOONEST_S > 0.04


def test_dialogs_set_tempo_ramp_and_bars(at_work: Hands) -> None:
    window = at_work.window
    run = window.commands.run
    window.transport.seek(8 * BEAT + 50)
    at_work.do_and_answer(lambda: run("grid.set_tempo"), fill(Tempo="100"))
    assert at_work.said[-1] == "Set the tempo to 100.0 BPM"
    assert 8 * BEAT in grid_of(at_work).downbeats_samples, "the beat at the playhead stays, and its place"
    at_work.do_and_answer(lambda: run("grid.bar"), fill(Beats="3"))
    assert grid_of(at_work).bar_positions.max() == 3
    assert 8 * BEAT in grid_of(at_work).downbeats_samples
    before = grid_of(at_work)
    at_work.do_and_answer(lambda: run("grid.ramp"), fill(From="2", Starting="100", To="4", Ending="50,5"))
    assert at_work.said[-1] == "Tempo from 100 to 50.5 BPM over bars 2 to 4"
    gaps = np.diff(grid_of(at_work).beats_samples)
    assert gaps[-1] == pytest.approx(np.diff(before.beats_samples)[-1], abs=1)
    assert gaps.max() > 1.5 * gaps[0]


def test_a_dialog_says_what_is_wrong_and_given_up_does_nothing(at_work: Hands) -> None:
    def refuse(dialog: QWidget) -> None:
        fields = [one for one in dialog.findChildren(QWidget) if one.accessibleName().startswith("Tempo")]
        fields[0].setFocus()
        QTest.keyClicks(fields[0], "none")
        QTest.keyClick(fields[0], Qt.Key.Key_Return)
        assert dialog.isVisible()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    before = at_work.window.session.state
    at_work.do_and_answer(lambda: at_work.window.commands.run("grid.set_tempo"), refuse)
    assert at_work.window.session.state is before


def test_a_beat_dragged_in_the_ruler_is_one_step(at_work: Hands) -> None:
    at_work.window.timeline.canvas.beat_dragged.emit(6, 6 * BEAT + 900)
    assert at_work.said[-1] == "Moved beat 2|3 to 0:03.112"
    assert grid_of(at_work).beats_samples[4:9].tolist() == [8_000 * 2, 20_450, 24_900, 28_450, 32_000]
    at_work.press("Ctrl+Z")
    assert_array_equal(grid_of(at_work).beats_samples, heard_grid().beats_samples)


def test_escape_gives_up_a_beat_that_is_dragged(at_work: Hands) -> None:
    window, canvas = at_work.window, at_work.window.timeline.canvas
    window.timeline.canvas.set_viewport(
        replace(window.timeline.canvas.viewport, samples_per_px=40.0, start_samples=0.0)
    )
    y, keys = canvas.frame.layout.ruler_top + 12, Qt.KeyboardModifier.ShiftModifier
    before = window.session.state
    for gives_up in (True, False):
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, keys, QPoint(round(canvas.x_of(6 * BEAT)), y))
        QTest.mouseMove(canvas, QPoint(round(canvas.x_of(6 * BEAT)) + 20, y))
        assert canvas.shown.beats is not None
        assert canvas.shown.beats.positions[6] == pytest.approx(6 * BEAT + 800, abs=40), (
            "drawn while it is dragged"
        )
        if gives_up:
            at_work.press("Esc")
            assert canvas.shown.beats.positions[6] == 6 * BEAT
        QTest.mouseRelease(
            canvas, Qt.MouseButton.LeftButton, keys, QPoint(round(canvas.x_of(6 * BEAT)) + 20, y)
        )
        assert (window.session.state is before) is gives_up
    assert grid_of(at_work).beats_samples[6] == pytest.approx(6 * BEAT + 800, abs=40)


def test_snapping_is_kept_and_edges_go_to_the_grid_by_key(at_work: Hands) -> None:
    window = at_work.window
    window.timeline.canvas.set_viewport(
        replace(window.timeline.canvas.viewport, samples_per_px=40.0, start_samples=28_000.0)
    )
    near = 8 * BEAT + 200  # 5 px from the beat at 32,000
    for snaps, want in ((True, 8 * BEAT), (False, near)):
        assert window.timeline.canvas.snapping.is_on is snaps
        window.transport.seek(near)
        at_work.press("I")
        assert window.review.span()[0] == want
        at_work.press("N")
        assert at_work.said[-1] == f"Snapping {'off' if snaps else 'on'}"
    window.transport.seek(8 * BEAT + 1_000)
    at_work.press("I")
    assert window.review.span()[0] == 8 * BEAT + 1_000, "too far from any line"


def test_without_a_grid_taps_and_tempo_make_one(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    path = make_document(tmp_path / "bare.offcut", good(tmp_path / "bare.wav", 6), (), is_analysed=False)
    window.session.open(path)
    window.work.cancel()
    hands.finish_work()
    for key in ("G", "H"):
        hands.press(key)
        assert "No beats yet" in hands.refused[-1]
    window.transport.seek(5_000)
    window.grid_editing.set_tempo(90.0)
    assert grid_of(hands).downbeats_samples[0] == 5_000
    hands.press("Ctrl+Z")
    assert window.session.grid is None


def test_the_other_level_steps_through_the_readings(at_work: Hands) -> None:
    window = at_work.window
    at_work.press("H")
    tempi = []
    for _ in range(4):
        at_work.press("O")
        tempi.append(round(grid_of(at_work).tempo_bpm))
    assert tempi == [60, 240, 180, 120], "not weighed: half, double, three for two, and as it was"
    assert not grid_edits.is_edited(window.session.state), "as it was heard"
    at_work.press("O")
    at_work.press("Ctrl+Z")
    assert grid_of(at_work).tempo_bpm == 120.0


def test_the_most_probable_reading_comes_first_and_says_how_likely_it_is(at_work: Hands) -> None:
    session = at_work.window.session
    weighed = replace(
        heard_grid(), readings=["3/2", "double", "4/3"], reading_confidences=np.array([0.3, 0.1, 0.001])
    )
    key = listening_ids(session.state)["beats"]
    session.apply(set_analyses(session.state, {"beats": key}, "Listened", by_listening=True), {key: weighed})
    at_work.window.commands.run("grid.other_level")
    assert grid_of(at_work).tempo_bpm == pytest.approx(180.0)
    assert at_work.said[-1] == "Three beats for two: 180.0 BPM, 30% likely"
    at_work.window.commands.run("grid.other_level")
    assert grid_of(at_work).tempo_bpm == pytest.approx(240.0)
    at_work.window.commands.run("grid.other_level")
    assert grid_of(at_work).tempo_bpm == pytest.approx(120.0), (
        "what hardly anybody would count is not offered"
    )


def test_a_grid_made_by_hand_has_other_levels_too(at_work: Hands) -> None:
    window = at_work.window
    window.grid_editing.lay_even(100.0, 0.0, "Even")
    tempi = []
    for _ in range(4):
        window.commands.run("grid.other_level")
        tempi.append(round(grid_of(at_work).tempo_bpm))
    assert tempi == [50, 200, 150, 100]


def test_eight_taps_while_playing_are_followed_as_a_second_step(hands: Hands, tmp_path: Path) -> None:
    beats_s = drifting(100.0, 106.0, 60)
    sound = clicks(beats_s, float(beats_s[-1]) + 1.0)
    path = tmp_path / "jam.wav"
    soundfile.write(path, sound, CLICK_RATE_HZ)
    window = hands.window
    window.session.open(make_document(tmp_path / "jam.offcut", path, ()))
    hands.finish_work()
    window.grid_editing.lay_even(100.0, 0.0, "Tapped tempo: {tempo}")
    even = grid_of(hands)

    window.tap_tempo._follow(beats_s[8:16] * CLICK_RATE_HZ)
    hands.finish_work()

    followed = grid_of(hands)
    away_s = np.abs(followed.beats_samples[:, None] / CLICK_RATE_HZ - beats_s[None, :]).min(axis=0)
    assert (away_s < 0.02).all()
    hands.press("Ctrl+Z")
    assert_array_equal(grid_of(hands).beats_samples, even.beats_samples)
