"""Files dropped on the window: a sentence about the bad ones, and the good ones come in."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands, fill, press_button, type_path
from tests.hostile.bad_files import RATE_HZ, REFUSED, WARNED, good
from tests.hostile.status import drop, is_one_sentence, said
from tests.mostly_long import mostly_long


@mostly_long("case", REFUSED, keep=("65 channels", "missing"))
def test_a_bad_file_dropped_on_an_empty_window_leaves_nothing_behind(
    hands: Hands, folder: Path, case: str
) -> None:
    make, words = REFUSED[case]
    path = make(folder / "take.wav")
    before = sorted(folder.iterdir())
    drop(hands, path)
    assert str(path) in said(hands.window)
    assert words in said(hands.window)
    assert is_one_sentence(said(hands.window))
    assert not hands.window.session.is_open
    assert sorted(folder.iterdir()) == before
    drop(hands, good(folder / "good.wav"))
    assert [track.name for track in hands.window.session.state.tracks] == ["good"]


@mostly_long("case", REFUSED, keep=("not audio", "65 channels", "missing"))
def test_a_bad_file_leaves_the_open_document_as_it_was(reviewing: Hands, folder: Path, case: str) -> None:
    make, words = REFUSED[case]
    state, content = reviewing.window.session.state, (folder / "jam.offcut").read_bytes()
    path = make(folder / "take.wav")
    reviewing.press_and_answer("Ctrl+O", type_path(path)) if path.is_file() else drop(reviewing, path)
    reviewing.finish_work()
    assert words in said(reviewing.window)
    assert str(path) in said(reviewing.window)
    assert reviewing.window.session.state == state
    assert (folder / "jam.offcut").read_bytes() == content
    reviewing.press("A")
    assert reviewing.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED


def test_bad_files_among_good_ones_are_named_and_the_others_come_in(hands: Hands, folder: Path) -> None:
    bad = REFUSED["not audio"][0](folder / "notes.wav")
    first = good(folder / "a.wav")
    drop(
        hands,
        first,
        bad,
        good(folder / "b.wav", seed=2),
        first,
        folder / "gone.wav",
        good(folder / "c.wav", seed=3),
    )
    told = said(hands.window)
    assert "notes.wav is not audio" in told
    assert "a.wav is in the document already" in told
    assert "gone.wav" in told
    assert [track.name for track in hands.window.session.state.tracks] == ["a", "b", "c"]


def test_nothing_but_bad_files_makes_no_document(hands: Hands, folder: Path) -> None:
    bad = REFUSED["not audio"][0](folder / "notes.wav")
    drop(hands, bad, folder / "gone.wav")
    assert "notes.wav is not audio" in said(hands.window)
    assert not hands.window.session.is_open
    assert not list(folder.glob("*.offcut"))


@mostly_long("case", WARNED, keep=("truncated",))
def test_what_can_be_saved_is_imported_with_a_sentence_that_stays(
    hands: Hands, folder: Path, case: str
) -> None:
    make, words = WARNED[case]
    drop(hands, make(folder / "take.wav"))
    assert len(hands.window.session.state.tracks) == 1
    assert words in said(hands.window)
    assert "take.wav" in said(hands.window)
    assert is_one_sentence(said(hands.window))


def test_sixty_four_channels_are_imported_and_painted(hands: Hands, folder: Path) -> None:
    desk = good(folder / "desk.wav", 1.0, 64)
    hands.do_and_answer(lambda: drop(hands, desk), press_button("&One track"))
    window = hands.window
    assert window.session.state.sources[window.session.state.tracks[0].clips[0].source_id].channels == 64
    picture = window.timeline.canvas.grab().toImage()
    lanes = range(window.timeline.canvas.frame.layout.lanes_top, picture.height(), 3)
    assert (
        len({picture.pixel(x, y) for x in range(9, min(400, picture.width()), 7) for y in lanes}) >= 3
    )  # ground, peaks, loudness
    hands.press_and_answer("Ctrl+E", fill(File="desk out"))
    hands.finish_work()
    assert (folder / "desk out.wav").is_file()


def test_the_same_file_twice(hands: Hands, folder: Path) -> None:
    path = good(folder / "take.wav")
    drop(hands, path, path)
    assert "take.wav is in the document already" in said(hands.window)
    drop(hands, path)
    state = hands.window.session.state
    drop(hands, path)
    assert "take.wav is in the document already" in said(hands.window)
    assert hands.window.session.state == state


def test_two_quick_drops_both_arrive_and_keep_one_rate(hands: Hands, folder: Path) -> None:
    import soundfile

    first, second = good(folder / "a.wav"), folder / "b.wav"
    soundfile.write(second, np.random.default_rng(1).uniform(-0.5, 0.5, (33_075, 2)), 11_025)
    for path in (first, second, first):
        hands.window.timeline.files_dropped.emit([str(path)])
    hands.finish_work()
    state = hands.window.session.state
    assert [track.name for track in state.tracks] == ["a", "b"]
    assert state.rate_hz == RATE_HZ
    assert [track.stop_samples for track in state.tracks] == [24_000, 24_000]
    assert any("a.wav is in the document already" in sentence for sentence in hands.refused)
    assert [path.name for path in folder.glob("*.offcut")] == ["a.offcut"]


def test_a_name_that_is_taken_gets_a_number(hands: Hands, folder: Path) -> None:
    (folder / "take.offcut").write_text("a letter")
    drop(hands, good(folder / "take.wav"))
    assert (folder / "take.offcut").read_text() == "a letter"
    assert hands.window.session.path == folder / "take 2.offcut"
