"""Takes in the real window: unfolded under their track, chosen and played by keys and by mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.clips import join_tracks, place_together, set_clips
from engine.document.edits.proposals import replace_proposals, set_analyses
from engine.document.proposals import Proposal, Verdict
from engine.document.tracks import Picture
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.desktop.timeline.test_clips import ALT, LEFT, NONE, clips, drag
from tests.hostile.bad_files import RATE_HZ, good
from widgets import theme
from widgets.timeline.clip_bars import Bar, bar_at, bars
from widgets.timeline.frame import TAKE
from widgets.timeline.heads.head import TrackHead


@pytest.fixture
def song(hands: Hands, tmp_path: Path) -> Hands:
    """Three takes of 8 s of one passage, from 2 s on, and a track of 12 s below."""
    files = [good(tmp_path / f"take {number}.wav", 8, 1, number) for number in (1, 2, 3)]
    files.append(good(tmp_path / "bass.wav", 12, 1, 4))
    grid = BeatGrid(np.array([0, 9 * RATE_HZ]), np.array([1, 2]), 6.0, 0.9, "test")  # nothing is listened to
    path = tmp_path / "song.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(tuple(files)), SILENT)))
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
        first, *others = (track.id for track in made.state.tracks[:3])
        made.apply(join_tracks(made.state, first, others))
        takes = [clip.id for clip in made.state.tracks[0].clips]
        made.apply(place_together(made.state, takes, 2 * RATE_HZ))
    hands.window.session.open(path)
    hands.finish_work()
    hands.window.timeline.canvas.snapping.is_on = False
    hands.window.timeline.heads.choose(hands.window.session.state.tracks[0].id)
    return hands


def head(song: Hands) -> TrackHead:
    return next(iter(song.window.timeline.heads.heads.values()))


def playing(song: Hands) -> str:
    """Return the name of the file whose clip is on top."""
    state = song.window.session.state
    return Path(state.sources[state.tracks[0].clips[-1].source_id].path).stem


def after(widget: QWidget) -> QWidget:
    """Return the next stop of the Tab key."""
    found = widget.nextInFocusChain()
    while found.focusPolicy() is Qt.FocusPolicy.NoFocus or not found.isVisible():
        found = found.nextInFocusChain()
    return found


def take_bars(song: Hands) -> list[Bar]:
    canvas = song.window.timeline.canvas
    return [one for one in bars(canvas.frame, canvas.shown.clips) if one.is_take]


def in_take(song: Hands, number: int, at_s: float) -> QPoint:
    """Return a place below the bar of a take."""
    canvas = song.window.timeline.canvas
    top = canvas.frame.layout.take_tops(0)[number]
    return QPoint(round(canvas.x_of(round(at_s * RATE_HZ))), top + theme.px(TAKE) - 8)


def pixels(song: Hands) -> np.ndarray:
    image = song.window.timeline.canvas.compose()
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1).copy()


def test_takes_are_folded_at_first_and_their_lanes_line_up_with_the_head(song: Hands) -> None:
    layout, before = song.window.timeline.canvas.frame.layout, song.window.session.undo_label
    assert layout.takes == (0, 0)
    assert (head(song).fold.isVisible(), head(song).fold.words) == (True, "3 takes")
    song.press("Alt+Y")
    layout = song.window.timeline.canvas.frame.layout
    assert layout.takes == (3, 0)
    assert [bar.name for bar in take_bars(song)] == ["take 1.wav", "take 2.wav", "take 3.wav"]
    tops = [bar.area.top() for bar in take_bars(song)]
    assert tops == layout.take_tops(0)
    column = song.window.timeline.heads
    rows = [button.mapTo(column, QPoint(0, button.height() // 2)).y() for button in head(song).takes.buttons]
    assert [row - theme.px(TAKE) // 2 for row in rows] == pytest.approx(tops, abs=1)
    buttons = head(song).takes.buttons
    assert all(one.on_current and one.focusPolicy() is Qt.FocusPolicy.TabFocus for one in buttons)
    assert [after(head(song).dots), *map(after, buttons[:2])] == buttons
    assert head(song).height() == layout.lane_tops[1] - layout.lane_tops[0]
    assert song.window.session.undo_label == before
    song.press("Alt+Y")
    assert song.window.timeline.canvas.frame.layout.takes == (0, 0)


def test_what_plays_is_bright_and_what_is_covered_dim(song: Hands) -> None:
    QTest.mouseClick(head(song).fold, LEFT)
    song.press("Ctrl+Home")

    def brightest(number: int) -> int:
        top = song.window.timeline.canvas.frame.layout.take_tops(0)[number] + 20
        rows = pixels(song)[top : top + theme.px(TAKE) - 22]
        return int((rows >> 8 & 0xFF).max())

    assert brightest(0) == brightest(1) < brightest(2)
    QTest.mouseClick(head(song).takes.buttons[0], LEFT)
    assert brightest(1) == brightest(2) < brightest(0)
    assert [button.plays for button in head(song).takes.buttons] == [True, False, False]


def test_a_take_is_chosen_and_played_by_keys(song: Hands) -> None:
    window = song.window
    window.transport.seek(5 * RATE_HZ)
    song.press("Y")
    chosen = window.clips.chosen[0].id
    song.press("Alt+Down")
    assert window.clips.chosen[0].id != chosen
    song.press("Alt+Up")
    assert window.clips.chosen[0].id == chosen
    song.press("Alt+Down")
    song.press("T")
    assert playing(song) == "take 1"
    song.press("T")
    assert song.refused[-1].startswith("take 1.wav plays already")
    song.press("Ctrl+Z")
    assert playing(song) == "take 3"


def test_a_part_of_a_take_is_played_by_keys_as_one_step(song: Hands) -> None:
    window = song.window
    window.transport.seek(5 * RATE_HZ)
    song.press("Y")
    song.press("Alt+Down")
    song.press("Shift+T")
    assert song.refused[-1].startswith("No selection.")
    window.selecting.select(4 * RATE_HZ, 6 * RATE_HZ)
    song.press("Shift+T")
    part = window.session.state.tracks[0].clips[-1]
    assert (part.start_samples, part.stop_samples) == (4 * RATE_HZ, 6 * RATE_HZ)
    assert part.fade_in_samples == part.fade_out_samples > 0
    assert [clip.id for clip in window.clips.chosen] == [part.id]
    assert head(song).fold.words == "3 takes"
    song.press("Ctrl+Z")
    assert len(clips(song)) == 4


def test_the_mouse_chooses_moves_selects_and_plays_in_the_lanes(song: Hands) -> None:
    window, canvas = song.window, song.window.timeline.canvas
    QTest.mouseClick(head(song).fold, LEFT)
    one, two, _ = take_bars(song)
    QTest.mouseClick(canvas, LEFT, NONE, one.area.center().toPoint())
    assert [clip.id for clip in window.clips.chosen] == [one.clip.id]
    QTest.mouseClick(canvas, LEFT, NONE, in_take(song, 1, 3))
    assert [clip.id for clip in window.clips.chosen] == [two.clip.id]
    assert window.transport.playhead_samples == pytest.approx(3 * RATE_HZ, abs=RATE_HZ / 20)
    second_px = round(RATE_HZ / canvas.viewport.samples_per_px)
    drag(song, in_take(song, 0, 4), 2 * second_px)
    assert [clip.id for clip in window.clips.chosen] == [one.clip.id]
    assert window.selecting.required() == pytest.approx((4 * RATE_HZ, 6 * RATE_HZ), abs=RATE_HZ / 20)
    assert playing(song) == "take 3"
    drag(song, in_take(song, 1, 7), second_px, ALT)
    assert playing(song) == "take 2"
    part = window.session.state.tracks[0].clips[-1]
    assert part.length_samples == pytest.approx(RATE_HZ, abs=RATE_HZ / 20)
    song.press("Ctrl+Z")
    QTest.mouseDClick(canvas, LEFT, NONE, in_take(song, 0, 5))
    QTest.mouseRelease(canvas, LEFT, NONE, in_take(song, 0, 5))
    assert playing(song) == "take 1"
    assert len(clips(song)) == 4
    drag(song, take_bars(song)[1].area.center().toPoint(), second_px)
    assert take_bars(song)[1].clip.start_samples == pytest.approx(3 * RATE_HZ, abs=RATE_HZ / 20)


def test_a_selection_over_several_parts_of_a_take_plays_all_of_them(song: Hands) -> None:
    window = song.window
    window.transport.seek(5 * RATE_HZ)
    song.press("Y")
    song.press("Alt+Down")
    for first_s, last_s in ((4, 6), (3, 8)):
        window.selecting.select(first_s * RATE_HZ, last_s * RATE_HZ)
        song.press("Shift+T")
    part = window.session.state.tracks[0].clips[-1]
    assert (part.start_samples, part.stop_samples) == (3 * RATE_HZ, 8 * RATE_HZ)
    assert [clip.id for clip in window.clips.chosen] == [part.id]


def test_a_locked_take_is_refused_by_its_button(song: Hands) -> None:
    session = song.window.session
    session.apply(set_clips(session.state, [clips(song)[0].id], is_locked=True))
    song.press("Alt+Y")
    refused: list[str] = []
    song.window.comping.refused.connect(refused.append)
    QTest.mouseClick(head(song).takes.buttons[0], LEFT)
    assert len(refused) == 1
    assert playing(song) == "take 3"


def test_a_track_without_takes_says_so_and_the_result_shows_none(song: Hands) -> None:
    window = song.window
    song.press("Alt+Y")
    window.commands.run("transport.source_result")
    assert window.timeline.canvas.frame.layout.takes == (0, 0)
    assert not head(song).fold.isVisible()
    song.press("Alt+Y")
    assert song.refused
    window.commands.run("transport.source_result")
    assert window.timeline.canvas.frame.layout.takes == (3, 0)
    window.timeline.heads.choose(window.session.state.tracks[1].id)
    song.press("Alt+Y")
    assert song.refused[-1].startswith("bass has no takes")


def test_unfolded_takes_are_there_when_the_document_opens_again(song: Hands, tmp_path: Path) -> None:
    session = song.window.session
    path = session.path
    assert path is not None
    song.press("Alt+Y")
    session.create(tmp_path / "other.offcut")
    assert not song.window.timeline.lanes.unfolded
    session.open(path)
    song.finish_work()
    assert song.window.timeline.canvas.frame.layout.takes == (3, 0)


def test_the_lane_keeps_its_own_height_and_takes_are_waves_beside_spectrograms(song: Hands) -> None:
    timeline = song.window.timeline
    song.press("Alt+Y")
    song.press("Ctrl+Alt+Up")
    high = song.window.session.state.tracks[0].height_px
    layout = timeline.canvas.frame.layout
    assert layout.sound_bottom(0) - layout.lane_tops[0] == theme.px(high)
    song.press("Alt+C")
    layout = timeline.canvas.frame.layout
    assert layout.sound_bottom(0) - layout.lane_tops[0] < theme.px(30)
    assert head(song).own_height == layout.sound_bottom(0) - layout.lane_tops[0]
    assert [button.isVisible() for button in head(song).takes.buttons] == [True] * 3
    song.press("Alt+C")
    song.window.tracks.change(song.window.session.state.tracks[0].id, {"picture": Picture.SPECTROGRAM})
    song.finish_work()
    places, _ = timeline.canvas.pictured
    assert {place.bottom for place in places} == {timeline.canvas.frame.layout.sound_bottom(0)}


def test_the_menu_of_a_take_plays_it(song: Hands) -> None:
    song.press("Alt+Y")
    song.window.timeline.canvas.clip_menu_requested.emit(take_bars(song)[0].clip.id, QPoint(0, 0))
    song.window.commands.run("clips.play_take")
    assert playing(song) == "take 1"


def test_an_accepted_switch_plays_in_its_lane_and_gives_way_to_a_hand(song: Hands) -> None:
    window, session = song.window, song.window.session
    canvas = window.timeline.canvas
    QTest.mouseClick(head(song).fold, LEFT)
    (track,), (first, _, third) = session.state.tracks[:1], session.state.tracks[0].clips
    start, stop = 4 * RATE_HZ, 6 * RATE_HZ
    payload = {"at_samples": start, "takes": [[first.source_id, start - first.start_samples]], "number": 1}
    switch = Proposal("one", "take", start, stop, 0.9, "", "test", (), payload, None, (track.id,))
    session.apply(replace_proposals(session.state, [switch], {}, "Proposed"))
    before = pixels(song)
    song.press("A")
    song.finish_work()
    lanes = canvas.shown.clips.lanes[0]
    half = RATE_HZ // 200
    assert lanes.takes[0].playing.tolist() == [[start - half, stop + half]]
    assert [button.plays for button in head(song).takes.buttons] == [True, False, True]
    assert not np.array_equal(pixels(song), before)
    at = QPointF(canvas.x_of(5 * RATE_HZ), canvas.frame.layout.lane_tops[0] + 4)
    bar = bar_at(canvas.frame, canvas.shown.clips, at)
    assert bar is not None
    assert bar.clip.id == first.id
    song.press("Ctrl+Z")
    assert not lanes_playing(song, 0)
    song.press("Ctrl+Shift+Z")
    window.clips.choose((third.id,))
    window.selecting.select(start, stop)
    song.press("Shift+T")
    assert session.undo_label.endswith("1 accepted take there is undecided again")
    assert session.state.verdict("one") is Verdict.UNDECIDED
    assert not lanes_playing(song, 0)
    song.press("Ctrl+Z")
    assert session.state.verdict("one") is Verdict.ACCEPTED
    assert lanes_playing(song, 0)


def lanes_playing(song: Hands, take: int) -> bool:
    """Return whether a take of the first track is bright anywhere."""
    return bool(len(song.window.timeline.canvas.shown.clips.lanes[0].takes[take].playing))
