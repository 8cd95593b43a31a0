"""Takes in the window: found, listed, gone to, heard in turn, and one of them kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from PySide6.QtWidgets import QApplication

from desktop.features.takes.panel import TakeRow
from desktop.features.takes.takes import NOT_YET, common_share, places, share_at
from engine.analysis.found_takes import Take
from engine.cli.main import main
from engine.document.proposals import BY_TAKES, Verdict
from tests.desktop.conftest import JOB_TIMEOUT_MS, Hands
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage
from widgets.controls.key_caps import KeyedList


def opened(hands: Hands, tmp_path: Path, *parts: Sound) -> list[tuple[float, float]]:
    audio, at = joined(*parts)
    soundfile.write(tmp_path / "jam.wav", audio, RATE_HZ, "PCM_16")
    project = tmp_path / "jam.offcut"
    assert main(["new", str(project), str(tmp_path / "jam.wav")]) == 0
    hands.window.takes.said.connect(hands.said.append)
    hands.window.session.open(project)
    hands.finish_work()
    return at


@pytest.fixture
def jam(hands: Hands, tmp_path: Path) -> tuple[Hands, list[tuple[float, float]]]:
    """The window on a passage that is played, half of something else, and played twice more."""
    whole = passage(1, 16.0)
    return hands, opened(hands, tmp_path, whole, passage(2, 8.0), whole, passage(1, 16.0, semitones=2))


def rows(hands: Hands) -> tuple[TakeRow, ...]:
    return hands.window.takes.panel._rows.rows


def states(hands: Hands) -> list[str]:
    return [row.state for row in rows(hands) if row.take is not None]


def test_takes_are_found_listed_gone_to_and_kept(jam: tuple[Hands, list[tuple[float, float]]]) -> None:
    hands, at = jam
    window, session = hands.window, hands.window.session
    assert window.takes.panel.isHidden()
    hands.press("Alt+Shift+P")
    hands.finish_work()
    assert hands.said[-1].startswith("1 passage played more than once; 2 cuts proposed") or any(
        said.startswith("1 passage played more than once; 2 cuts proposed") for said in hands.said
    )
    assert [(row.title, row.time) for row in rows(hands)] == [
        (rows(hands)[0].title, ""),
        ("Take 1", "0:00"),
        ("Take 2", "0:28"),
        ("Take 3", "0:46"),
    ]
    assert rows(hands)[0].title.endswith("· 3 takes")
    assert rows(hands)[3].words == "best, 2 semitones higher"
    assert states(hands) == ["cut?", "cut?", "stays"]
    hands.press("Shift+F3")
    assert isinstance(QApplication.focusWidget(), KeyedList)
    hands.press("Down")
    assert window.transport.playhead_samples / RATE_HZ == pytest.approx(at[2][0], abs=0.3)
    assert window.takes.panel.chosen == (0, 1)
    before = session.state
    hands.press("Alt+K")
    assert states(hands) == ["cut?", "kept", "cut?"]
    kept = [one for one in session.state.proposals.values() if one.maker == BY_TAKES and one.kind == "keep"]
    assert [session.state.verdict(one.id) for one in kept] == [Verdict.ACCEPTED]
    hands.press("Ctrl+Z")
    assert session.state == before
    assert states(hands) == ["cut?", "cut?", "stays"]
    first = next(iter(session.state.proposals))
    window.review.visit(first)
    window.timeline.setFocus()
    hands.press("A")
    assert states(hands) == ["cut", "cut?", "stays"], "the list follows the queue"
    hands.press("Shift+F3")
    assert not window.takes.panel.isHidden(), "it is gone into first"
    hands.press("Shift+F3")
    assert window.takes.panel.isHidden()


def test_takes_are_heard_in_turn_at_the_same_place(jam: tuple[Hands, list[tuple[float, float]]]) -> None:
    hands, at = jam
    window = hands.window
    hands.press("Alt+Shift+P")
    hands.finish_work()
    window.zooms.seek(round((at[0][0] + 14.0) * RATE_HZ))
    place = window.transport.playhead_samples
    hands.press("Alt+J")
    assert window.transport.is_playing
    assert "Take 1 of 3" in hands.said[-1]
    hands.press("Alt+J")
    assert "Take 2 of 3" in hands.said[-1]
    there = round((at[2][0] + 13.5) * RATE_HZ)
    hands.qtbot.waitUntil(lambda: window.transport.playhead_samples >= there, timeout=JOB_TIMEOUT_MS)
    assert window.takes.panel.chosen == (0, 1)
    # Only two seconds of it are left, then the next one comes by itself, and after that none.
    hands.qtbot.waitUntil(lambda: "Take 3 of 3" in hands.said[-1], timeout=JOB_TIMEOUT_MS)
    hands.press("Esc")
    assert not window.transport.is_playing
    assert window.transport.playhead_samples == place, "the playhead is where it was"
    assert not window.takes._turn.is_on


def test_nothing_that_was_played_twice_is_told(hands: Hands, tmp_path: Path) -> None:
    opened(hands, tmp_path, passage(3, 8.0))
    window = hands.window
    for key in ("Alt+J", "Alt+K"):
        hands.press(key)
        assert NOT_YET.removesuffix(".") in hands.refused[-1]
    hands.press("Shift+F3")
    assert window.takes.panel._empty.text() == NOT_YET
    hands.press("Alt+Shift+P")
    hands.finish_work()
    assert window.takes.panel._empty.text().startswith("No repeated passages")
    assert "No repeated takes." in hands.said
    hands.press("Alt+J")
    assert "No takes found" in hands.refused[-1]
    hands.press("Shift+F3")
    assert window.takes.panel.isHidden()


def test_takes_are_listed_again_when_their_clips_are_moved_back(
    jam: tuple[Hands, list[tuple[float, float]]],
) -> None:
    hands, _ = jam
    hands.press("Alt+Shift+P")
    hands.finish_work()
    listed = rows(hands)
    for key in ("PgDown", "Shift+Y", "Alt+Shift+Right"):
        hands.press(key)
    assert hands.window.takes.panel._empty.text() == NOT_YET
    hands.press("Ctrl+Z")
    assert rows(hands) == listed


def test_takes_are_listed_again_when_the_document_is_opened_again(
    jam: tuple[Hands, list[tuple[float, float]]], tmp_path: Path
) -> None:
    hands, _ = jam
    hands.press("Alt+Shift+P")
    hands.finish_work()
    listed, found = rows(hands), hands.window.takes.found
    other = tmp_path / "other.offcut"
    assert main(["new", str(other), str(tmp_path / "jam.wav")]) == 0
    hands.window.session.open(other)
    hands.finish_work()
    assert not rows(hands)
    hands.window.session.open(tmp_path / "jam.offcut")
    hands.finish_work()
    assert listed
    assert rows(hands) == listed
    assert hands.window.takes.found == found


def take(start_s: float, stop_s: float, from_share: float = 0.0, to_share: float = 1.0) -> Take:
    return Take(start_s, stop_s, from_share == 0.0 and to_share == 1.0, 0, 1.0, from_share, to_share)


def test_a_place_of_the_passage_is_where_each_take_has_it() -> None:
    takes = (take(10.0, 30.0), take(100.0, 105.0, 0.5, 1.0), take(200.0, 205.0, 0.0, 0.5))
    assert places(takes, 0.75) == [(0, 25.0), (1, 102.5)]
    assert places(takes, 0.25) == [(0, 15.0), (2, 202.5)]
    assert share_at(takes[0], 25.0) == 0.75
    assert share_at(takes[1], 102.5) == 0.75
    assert share_at(takes[0], 10.2) is None, "at its start the whole passage is meant"
    assert share_at(takes[0], 31.0) is None
    assert common_share(takes, takes[0]) == 0.5
    assert common_share(takes, takes[2]) == 0.0
