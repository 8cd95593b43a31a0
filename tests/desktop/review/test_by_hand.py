"""Edits made by hand in the window: selected, made, heard, undone, redone, exported; the same by verbs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.main_window import MainWindow
from engine.cli.main import main
from engine.document.proposals import Verdict
from engine.sound.edl.build import build
from tests.desktop.conftest import RAW, Hands, fill


def select(hands: Hands, start_s: float, seconds: int) -> None:
    """Put the playhead somewhere and select so many seconds from there, by keys."""
    window = hands.window
    window.transport.seek(round(start_s * window.session.state.rate_hz))
    for _ in range(seconds):
        hands.press("Shift+Right")


def kinds(window: MainWindow) -> list[str]:
    return [one.kind for one in window.session.state.proposals.values()]


def drag(window: MainWindow, from_px: int, to_px: int) -> None:
    canvas = window.timeline.canvas
    y = canvas.frame.layout.lanes_top + 60
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(from_px, y))
    QTest.mouseMove(canvas, QPoint((from_px + to_px) // 2, y))
    QTest.mouseMove(canvas, QPoint(to_px, y))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(to_px, y))


def test_a_span_is_dragged_cut_and_let_go(song: Hands) -> None:
    window = song.window
    window.zooms.seek(0)
    drag(window, 100, 180)
    span = window.selecting.span
    assert span is not None
    assert not window.selection_bar.is_empty
    assert window.transport.playhead_samples == span[0]
    song.press("Delete")
    assert kinds(window) == ["cut"]
    (proposal,) = window.session.state.proposals.values()
    assert (proposal.start_samples, proposal.stop_samples, proposal.maker) == (*span, "you")
    assert window.session.state.verdict(proposal.id) is Verdict.ACCEPTED
    assert window.review.current == proposal.id
    assert window.selecting.span is None
    assert window.selection_bar.is_empty
    before = build(window.session.state).length_samples
    song.press("Delete")  # without a selection it deletes the current edit
    assert not window.session.state.proposals
    assert window.session.undo_label.startswith("Removed cut")
    song.press("Delete")
    assert "No selection" in song.refused[-1]
    song.press("Ctrl+Z")
    assert build(window.session.state).length_samples == before
    drag(window, 300, 400)
    song.press("Esc")
    assert window.selecting.span is None
    drag(window, 300, 400)
    QTest.mouseClick(
        window.timeline.canvas,
        Qt.MouseButton.LeftButton,
        pos=QPoint(500, window.timeline.canvas.frame.layout.lanes_top + 60),
    )
    assert window.selecting.span is None


def test_keys_select_bars_markers_and_edges(song: Hands) -> None:
    window = song.window
    rate_hz = window.session.state.rate_hz
    select(song, 10.0, 3)
    assert window.selecting.span == (10 * rate_hz, 13 * rate_hz)
    song.press("Shift+Left")
    assert window.selecting.span == (10 * rate_hz, 12 * rate_hz)
    song.press("Esc")
    window.transport.seek(20 * rate_hz)
    song.press("I")
    window.transport.seek(25 * rate_hz)
    song.press("O")
    assert window.selecting.span == (20 * rate_hz, 25 * rate_hz)
    song.press("Shift+M")
    (region,) = window.session.state.markers.values()
    assert (region.start_samples, region.stop_samples) == (20 * rate_hz, 25 * rate_hz)
    song.press("Esc")
    window.selecting.let_go()
    window.transport.seek(22 * rate_hz)
    window.commands.run("hand.select_markers")
    assert window.selecting.span == (20 * rate_hz, 25 * rate_hz)
    window.commands.run("hand.select_bar")
    grid = window.session.grid
    if grid is None or not len(grid.downbeats_samples):
        assert "No bars detected" in song.refused[-1]
    else:
        span = window.selecting.span
        assert span is not None
        assert span[0] <= 22 * rate_hz < span[1]
    song.press("R")
    assert window.transport.is_playing
    song.press("Esc")
    song.qtbot.waitUntil(lambda: not window.transport.is_playing)


def test_the_one_block_of_a_recording_is_not_taken_out(song: Hands) -> None:
    song.window.commands.run("arrange.take_out")
    assert "one block" in song.refused[-1]
    assert not song.window.session.state.proposals


def test_what_cannot_hold_beside_another_edit_says_so_when_it_is_made(song: Hands) -> None:
    window, told = song.window, []
    window.by_hand.said.connect(told.append)
    for milliseconds in ("12", "20"):
        select(song, 90.0, 1)
        song.do_and_answer(lambda: window.commands.run("hand.slip"), fill(Milliseconds=milliseconds))
    assert "In conflict" not in told[0]
    assert told[1].endswith("In conflict with the slip at 1:30.0: reject one of them.")


def test_edits_by_hand_are_heard_undone_redone_and_export_as_by_verbs(
    song: Hands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window = song.window
    steps: list[tuple[str, float, int, Callable[[], object], tuple[object, ...]]] = [
        ("cut", 2.0 + 3 * number, 1, lambda: song.press("Backspace"), ()) for number in range(10)
    ]

    def asked(name: str, **values: str) -> Callable[[], object]:
        return lambda: song.do_and_answer(lambda: window.commands.run(name), fill(**values))

    steps += [
        ("keep", 5.0, 1, lambda: window.commands.run("hand.keep"), ()),
        ("mute", 40.0, 2, lambda: window.commands.run("hand.mute"), ()),
        ("repeat", 50.0, 8, asked("hand.repeat", **{"Times in a row": "2"}), ("--times", 2)),
        ("move", 70.0, 6, asked("hand.move", **{"To time": "1:04"}), ("--to-s", 64)),
        ("slip", 90.0, 1, asked("hand.slip", Milliseconds="12"), ("--by-s", 0.012)),
        ("gain", 95.0, 2, asked("hand.gain", Decibels="-6"), ("--db", -6)),
    ]
    for number, (kind, start_s, seconds, make, _) in enumerate(steps, 1):
        select(song, start_s, seconds)
        before = build(window.session.state)
        make()
        assert not song.refused
        assert len(kinds(window)) == number
        after = build(window.session.state)
        assert after != before or kind == "keep"
        song.press("C")
        assert window.transport.is_playing
        song.press("Esc")
        song.press("Ctrl+Z")
        assert build(window.session.state) == before
        song.press("Ctrl+Shift+Z")
        assert build(window.session.state) == after
    song.press_and_answer("Ctrl+E", fill(Folder=str(tmp_path), File="by keys"))
    song.finish_work()

    project, out = tmp_path / "verbs.offcut", tmp_path / "by verbs.wav"
    assert main(["new", str(project), *map(str, RAW)]) == 0
    for kind, start_s, seconds, _, more in steps:
        span = ("--start-s", start_s, "--stop-s", start_s + seconds)
        assert main(["edit", str(project), kind, *map(str, (*span, *more))]) == 0, capsys.readouterr().err
    assert main(["export", str(project), "--out", str(out)]) == 0
    assert out.read_bytes() == (tmp_path / "by keys.wav").read_bytes()
