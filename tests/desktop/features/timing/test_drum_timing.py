"""Drums put in time by keys: groups accepted at once, single hits corrected, sliders, before and after."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.main_window import MainWindow
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.grid_edits import is_edited
from engine.document.proposals import Verdict
from engine.document.state import Edit, row_changes
from engine.features.timing.alignment.fitting import TEMPO_DOUBT
from engine.features.timing.alignment.groove_file import LearnedGroove, write_groove
from engine.features.timing.alignment.lines import positions_at
from engine.features.timing.alignment.settings import timing_settings
from engine.features.timing.finders.timing.aligned_files import hits_id
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.review.moves import moves_of, offsets_of
from tests.desktop.conftest import Hands, fill, named_field, type_path
from tests.engine.features.timing.hits.played import EIGHTH, MICROPHONES, RATE_HZ, played, sound_of
from widgets.controls.fields import CheckBox

COUNT = 48


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six bars through four microphones in a document that knows their hits and proposes where each goes."""
    tmp_path = tmp_path_factory.mktemp("drums")
    hits, state, grid = played(COUNT)
    paths = []
    for name, sound in sound_of(hits, (COUNT + 2) * EIGHTH).items():
        paths.append(tmp_path / f"{name}.wav")
        soundfile.write(paths[-1], sound, RATE_HZ, "PCM_16")
    path = tmp_path / "drums.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(tuple(paths)), SILENT)))
        ids = {track.name: track.id for track in made.state.tracks}
        found = replace(hits, track_ids=tuple(ids[name] for name, _ in MICROPHONES))
        key = hits_id(made.state, found.track_ids)
        heard = {"beats": "beats-0", "hits": key}
        made.apply(set_analyses(made.state, heard, "Heard"), {"beats-0": grid, key: found})
        made.apply(Edit("Proposed", row_changes([(None, one) for one in state.proposals.values()])))
    return path


@pytest.fixture
def timing(hands: Hands, made_once: Path, tmp_path: Path) -> Hands:
    """The window on a copy of that document."""
    hands.window.session.open(Path(shutil.copy(made_once, tmp_path)))
    hands.finish_work()
    return hands


def verdicts(hands: Hands) -> list[str]:
    state = hands.window.session.state
    return [state.verdict(key).value for key in state.proposals]


def test_an_opened_performance_shows_its_hits_and_the_panel(timing: Hands) -> None:
    window = timing.window
    assert window.timing_panel.isVisible()
    assert list(window.timing_panel.histogram._offsets) == ["kick", "snare", "hat"]
    marks = window.timeline.canvas.shown.hits
    assert len(marks.onsets) == len(window.session.hits.onsets_samples)
    assert {track.group for track in window.session.state.tracks} == {"Drums"}
    assert [track.role for track in window.session.state.tracks] == ["kick", "snare", "hat", "overhead"]
    timing.press("F3")
    assert not window.timing_panel.isVisible()


def test_a_learned_groove_is_chosen_in_the_form_and_used(timing: Hands, tmp_path: Path) -> None:
    values = {
        "division": "1/8",
        "beats_in_bar": 4,
        "tempo_bpm": 120.0,
        "pairs": [],
        "hits": 40,
        "moved": 40,
        "lines": {"late_beats": [0.0, 0.02] * 4, "hits": [5] * 8},
        "drums": {"snare": {"late_ms": 12.0, "hits": 10}},
        "strength": {"value": 0.5, "hits": 40},
        "largest_ms": 20.0,
        "unexplained_ms": 0.1,
    }
    path = tmp_path / "mine.groove"
    write_groove(LearnedGroove.model_validate(values), path)

    def choose(dialog: QWidget) -> None:
        button = next(
            one for one in dialog.findChildren(QPushButton) if one.accessibleName().endswith("learned groove")
        )
        button.click()
        assert named_field(dialog, "Strength").text() == "50"
        QTest.keyClick(named_field(dialog, "Strength"), Qt.Key.Key_Return)

    timing.press_and_answer("Ctrl+Shift+T", choose, type_path(path))
    timing.finish_work()
    assert not timing.refused
    state = timing.window.session.state
    settings = timing_settings(state.settings)
    assert (settings.division, settings.strength) == ("1/8", 0.5)
    moves, grid = moves_of(state), timing.window.session.grid
    snares = [row for row, voices in enumerate(moves.voices) if "snare" in voices]
    goals = moves.onsets_samples + 2.0 * moves.by_samples  # half of the way was made
    even = positions_at(grid, np.arange(2 * len(grid.beats_samples)) / 2.0, RATE_HZ)
    late_ms = [1000.0 * float(min(goals[row] - even, key=abs)) / RATE_HZ for row in snares]
    assert np.median(late_ms) > 11.0


def test_a_bar_a_drum_and_the_rest_are_accepted_by_keys(timing: Hands) -> None:
    window = timing.window
    assert window.review.current == "hit-00000"
    timing.press("Down")
    timing.press("Alt+B")
    moves = moves_of(window.session.state)
    accepted = np.flatnonzero(moves.are(Verdict.ACCEPTED))
    goes_to = (moves.onsets_samples + moves.by_samples)[accepted]
    downbeats = window.session.grid.downbeats_samples
    assert len(accepted) == 7
    assert goes_to.min() >= downbeats[0] - 1
    assert goes_to.max() < downbeats[1] - 1
    assert window.review.current not in {moves.ids[row] for row in accepted}, "went on"
    timing.press("Ctrl+Z")
    assert verdicts(timing) == ["undecided"] * COUNT
    window.review.choose("hit-00000")
    timing.press("Alt+D")
    moves = moves_of(window.session.state)
    assert {
        voices[0] for voices, on in zip(moves.voices, moves.are(Verdict.ACCEPTED), strict=True) if on
    } == {"kick"}
    timing.press("Alt+E")
    assert verdicts(timing) == ["accepted"] * COUNT
    timing.press("Alt+E")
    assert timing.refused[-1] == "Every hit in the range is decided."


def test_a_hit_is_nudged_by_milliseconds_and_by_samples(timing: Hands) -> None:
    window = timing.window
    before = moves_of(window.session.state).by_samples[0]
    timing.press("Alt+Right")
    assert moves_of(window.session.state).by_samples[0] == before + 48
    timing.press("Alt+Shift+Left")
    timing.press("Ctrl+Alt+Left")
    assert moves_of(window.session.state).by_samples[0] == before + 48 - 480 - 1
    shown = window.timeline.canvas.shown.hits
    assert shown.targets[0] - shown.onsets[0] == before + 48 - 480 - 1
    timing.press("A")
    assert window.session.state.verdict("hit-00000") is Verdict.ACCEPTED
    assert window.review.current == "hit-00001"
    timing.press("X")
    assert window.session.state.verdict("hit-00001") is Verdict.REJECTED


def test_the_panel_follows_answers_undo_and_nudges(timing: Hands) -> None:
    window = timing.window
    panel, session = window.timing_panel, window.session
    for keys in ("A", "Alt+B", "Ctrl+Z", "Alt+Right", "X", "Alt+D", "Alt+Left", "Ctrl+Z", "Ctrl+Y", "Alt+E"):
        timing.press(keys)
        moves, lines = moves_of(session.state), window.timing.lines()
        assert lines is not None
        late_ms = offsets_of(session.hits, moves, lines.positions_samples, 1.0, RATE_HZ)
        for voice, shown in panel.histogram._offsets.items():
            np.testing.assert_array_equal(shown, late_ms[voice], err_msg=f"{voice} after {keys}")
        still_open = int(moves.are(Verdict.UNDECIDED).sum())
        assert panel._summary.text() == f"{still_open} of {COUNT} open"
        for name, group in window.timing.answers.groups().items():
            assert len(group) == len(group.ids) > 0, name


def test_before_and_after_are_one_key_apart(timing: Hands) -> None:
    window = timing.window
    timing.press("Alt+E")
    assert window.transport.patches
    moved = window.timeline.canvas.shown.hits
    timing.press("Shift+Q")
    assert not window.transport.patches
    before = window.timeline.canvas.shown.hits
    assert (moved.targets != moved.onsets).any()
    np.testing.assert_array_equal(before.targets, before.onsets)
    timing.press("Q")
    assert not window.transport.edit_list.patches
    timing.press("Shift+Q")
    assert window.transport.edit_list.patches


def test_a_slider_shows_at_once_what_it_leads_to(timing: Hands) -> None:
    window = timing.window
    panel, canvas = window.timing_panel, window.timeline.canvas
    full, before = canvas.shown.hits.targets - canvas.shown.hits.onsets, moves_of(window.session.state)
    panel.strength.setFocus()
    for _ in range(5):
        QTest.keyClick(panel.strength, Qt.Key.Key_PageDown)
    half = canvas.shown.hits.targets - canvas.shown.hits.onsets
    np.testing.assert_allclose(half, full / 2)
    done = lambda: window.timing.settings.strength == 0.5 or bool(timing.refused)  # noqa: E731
    timing.qtbot.waitUntil(done, timeout=60_000)
    assert not timing.refused
    timing.finish_work()
    moves = moves_of(window.session.state)
    by_strength = dict(zip(moves.onsets_samples.tolist(), moves.by_samples.tolist(), strict=True))
    assert len(by_strength) > COUNT / 2
    for onset, by in zip(before.onsets_samples, before.by_samples, strict=True):
        if onset in by_strength:
            assert by_strength[onset] == pytest.approx(by / 2, abs=1)
    timing.press("Ctrl+Z")
    assert moves_of(window.session.state).ids == before.ids


def test_the_bar_goes_round_and_follows_what_is_accepted(timing: Hands) -> None:
    window = timing.window
    window.review.choose("hit-00009")
    timing.press("Alt+Shift+L")
    bar = window.timing.answers.bar_here()
    assert bar is not None
    assert bar[0] == 2
    assert window.transport.is_playing
    timing.press("Alt+B")
    assert window.transport.is_playing, "what is accepted is heard where it goes round"
    timing.press("Shift+Q")
    assert window.transport.is_playing
    timing.press("Esc")
    assert not window.transport.is_playing


def test_a_confirmed_hit_is_kept_in_the_document(timing: Hands) -> None:
    window = timing.window
    timing.press("Alt+P")
    assert window.session.promoted is not None
    row = moves_of(window.session.state).row_of("hit-00000")
    assert row is not None
    onset = moves_of(window.session.state).onsets_samples[row]
    assert set(window.session.promoted.onsets_samples.tolist()) == {onset}
    timing.press("Alt+P")
    assert len(window.session.promoted.onsets_samples) == 2, "kick and hat of one stroke, once each"
    timing.press("Ctrl+Z")
    assert window.session.promoted is None


def test_without_hits_every_key_says_what_to_do(hands: Hands, tmp_path: Path) -> None:
    hands.window.session.create(tmp_path / "empty.offcut")
    for keys in ("F3", "Alt+Shift+L", "Shift+Q", "Ctrl+Shift+T"):
        hands.press(keys)
    assert "‹timing.propose›" in hands.refused[0]
    assert "No bars detected" in hands.refused[1]
    assert all("import a recording first" in sentence for sentence in hands.refused[2:])
    assert not hands.window.timing_panel.isVisible()


def fill_in(tempo: str, start: str) -> Callable[[QWidget], None]:
    """Answer the form of drum timing with an even grid."""

    def answer(dialog: QWidget) -> None:
        for name, text in (("Tempo", tempo), ("First bar", start)):
            field = named_field(dialog, name)
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    return answer


def test_a_kit_is_imported_put_in_time_reviewed_and_exported_by_keys(
    hands: Hands, data_dir: Path, tmp_path: Path
) -> None:
    """As a new user would: a folder of microphones, an even grid, one bar, one hit by hand, aligned files."""
    (kit,) = (data_dir / "drums").iterdir()
    paths = tuple(Path(shutil.copy(path, tmp_path)) for path in sorted(kit.glob("*.flac")))
    window = hands.window
    hands.press_and_answer("Ctrl+O", type_path(*paths))
    hands.finish_work()
    tracks = window.session.state.tracks
    assert {track.group for track in tracks} == {"Drums"}
    assert [track.role for track in tracks] == ["room", "hat", "kick", "overhead", "overhead", "snare"]
    heard = window.session.state.analyses["beats"]
    hands.press_and_answer("Ctrl+Shift+T", fill_in("112", "0:00.652"))
    hands.finish_work()
    assert not hands.refused
    assert window.session.grid.tempo_bpm == pytest.approx(112, abs=0.1)
    assert "?" not in hands.said[-1], "nothing to doubt"
    hands.press("Ctrl+Z")
    assert window.session.state.analyses["beats"] == heard, "grid and proposals are one step"
    assert not window.session.state.proposals
    hands.press("Ctrl+Shift+Z")
    assert is_edited(window.session.state)
    hands.press_and_answer("Ctrl+Shift+T", fill_in("97", "0:00.652"))
    hands.finish_work()
    assert hands.said[-1].endswith(TEMPO_DOUBT)
    hands.press("Ctrl+Z")
    made = moves_of(window.session.state)
    assert len(made.ids) > 20
    assert window.timing_panel.isVisible()
    truth = np.genfromtxt(kit / "hits.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    kicks = truth[(truth["microphone"] == "KdrumR") & (truth["ornament"] == "none")]
    hits = [row for row, voices in enumerate(made.voices) if "kick" in voices and not made.tracks[row]]
    away = [np.abs(kicks["onset"] - made.onsets_samples[row]).min() for row in hits]
    assert np.median(away) < 0.002 * window.session.state.rate_hz
    hands.press("Alt+B")
    accepted = moves_of(window.session.state).are(Verdict.ACCEPTED).sum()
    assert accepted >= 4
    here = window.review.current
    before = moves_of(window.session.state).by_samples[moves_of(window.session.state).row_of(here)]
    hands.press("Alt+Right")
    hands.press("A")
    now = moves_of(window.session.state)
    assert now.by_samples[now.row_of(here)] == before + round(0.001 * window.session.state.rate_hz)
    hands.press("Shift+Q")
    assert not window.transport.patches
    hands.press("Shift+Q")
    assert set(window.transport.patches) == {track.id for track in tracks}
    hands.press_and_answer("Ctrl+E", one_file_a_track)
    hands.finish_work()
    written = sorted(tmp_path.glob("* edited 0*.wav"))
    assert len(written) == 6
    _channels_stay_together(window, written, paths)


def one_file_a_track(dialog: QWidget) -> None:
    """Answer the export dialog: one file for each track."""
    box = next(one for one in dialog.findChildren(CheckBox) if one.text().startswith("One file for each"))
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Return)


def _channels_stay_together(window: MainWindow, written: list[Path], paths: tuple[Path, ...]) -> None:
    """Hold each microphone of one accepted slice, past its joints, to what was recorded so much earlier."""
    moves = moves_of(window.session.state)
    far = np.abs(moves.by_samples) > 20
    row = int(np.flatnonzero(moves.are(Verdict.ACCEPTED) & far & [not one for one in moves.tracks])[0])
    by, onset = int(moves.by_samples[row]), int(moves.onsets_samples[row])
    span = slice(onset, onset + 1_000)
    for aligned, recorded in zip(written, paths, strict=True):
        heard, _ = soundfile.read(aligned, dtype="float32")
        before, _ = soundfile.read(recorded, dtype="float32")
        earlier = before[span.start : span.stop]
        np.testing.assert_allclose(heard[span.start + by : span.stop + by], earlier, atol=2**-15)


@pytest.fixture
def unheard(hands: Hands, made_once: Path, tmp_path: Path) -> Iterator[tuple[Hands, Event]]:
    """The window on the same recordings in a new document; it is listened to as soon as the event is set."""
    path = tmp_path / "unheard.offcut"
    recordings = tuple(made_once.parent / f"{name}.wav" for name, _ in MICROPHONES)
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(recordings), SILENT)))
    may_listen = Event()
    hands.window.work._lanes.compute.submit(lambda _progress: may_listen.wait(60), title="Waiting")
    hands.window.session.open(path)
    hands.qtbot.waitUntil(lambda: hands.window.analysing.is_listening)
    yield hands, may_listen
    may_listen.set()


def test_timing_that_is_asked_for_while_it_listens_goes_by_the_beats_it_hears(
    unheard: tuple[Hands, Event],
) -> None:
    hands, may_listen = unheard
    window = hands.window
    hands.press_and_answer("Ctrl+Shift+T", fill())
    assert "as soon as the recording was listened to" in hands.said[-1]
    may_listen.set()
    hands.finish_work()
    assert not hands.refused
    assert window.session.hits is not None
    assert not is_edited(window.session.state), "the grid is the one that was heard"
    assert len(window.session.grid.beats_samples) > COUNT / 4


def test_timing_that_waits_is_given_up_with_the_listening(unheard: tuple[Hands, Event]) -> None:
    hands, may_listen = unheard
    window = hands.window
    hands.press_and_answer("Ctrl+Shift+T", fill())
    window.work.cancel()
    may_listen.set()
    hands.qtbot.waitUntil(lambda: not window.analysing.is_listening and not window.work.is_busy)
    assert window.session.hits is None
    assert not window.session.state.proposals
