"""The lane of what sounds where: each sound in its place, words that never meet, and the result's order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.document.analysis import DetectedSounds
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import by_hand
from widgets import theme
from widgets.theme import DARK, LIGHT, Theme
from widgets.timeline.frame import Frame, Wish, lay_out
from widgets.timeline.marks.label_lanes import FAINTEST, SoundLane, strength, words_of
from widgets.timeline.time_map import TimeMap
from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import Viewport

RATE_HZ = 8_000
LENGTH = 3 * 3600 * RATE_HZ


def drawn_sounds(count: int, seed: int = 1) -> DetectedSounds:
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.integers(0, LENGTH - 4 * RATE_HZ, count))
    spans = np.stack([starts, starts + rng.integers(RATE_HZ // 2, 3 * RATE_HZ, count)], axis=1)
    words = tuple(rng.choice(["coughing", "door wood knock", "cat"], count).tolist())
    return DetectedSounds(spans, words, rng.uniform(0.5, 1.0, count).astype(np.float32), "test")


def frame_of(samples_per_px: float, start: int = 0, *, tokens: Theme = DARK, dpr: float = 1.0) -> Frame:
    view = Viewport(start, samples_per_px, 1000, LENGTH, RATE_HZ)
    return Frame(view, lay_out(1000, 700, (Wish(),), has_sounds=True), tokens, dpr)


WHOLE = LENGTH / 1000


@pytest.mark.parametrize("samples_per_px", [WHOLE, 4_000.0, 80.0])
def test_words_never_meet_and_stand_at_a_sound_of_theirs(samples_per_px: float, qtbot: QtBot) -> None:  # noqa: ARG001
    sounds = drawn_sounds(400)
    start = 0 if samples_per_px == WHOLE else int(sounds.spans_samples[9, 0]) - round(300 * samples_per_px)
    lane, frame = SoundLane(sounds), frame_of(samples_per_px, start)
    written = lane.written(frame)
    assert written
    boxes = [box for box, _, _ in written]
    assert all(one.right() <= other.left() for one, other in pairwise(boxes))
    assert all(box.left() >= 0 and box.right() <= 1000 for box in boxes)
    if samples_per_px == WHOLE:
        assert len(written) <= 10, "three hours are read, not guessed"
        assert sum(1 + more for _, _, more in written) >= 0.9 * len(sounds.words), "hardly one is left out"


def test_sounds_that_share_a_word_are_those_that_a_plain_walk_puts_together() -> None:
    sounds = drawn_sounds(300, seed=4)
    starts = sounds.spans_samples[:, 0].tolist()
    for room in (1, 5_000, 400_000, LENGTH):
        plain: list[list[int]] = []
        for place, start in enumerate(starts):
            if plain and start < starts[plain[-1][0]] + room:
                plain[-1].append(place)
            else:
                plain.append([place])
        found = words_of(sounds, room)
        assert [list(range(one.first, one.stop)) for one in found] == plain
        for one, group in zip(found, plain, strict=True):
            assert sounds.likelihoods[one.likeliest] == max(sounds.likelihoods[place] for place in group)


def test_scrolling_keeps_each_word_at_its_sounds(qtbot: QtBot) -> None:  # noqa: ARG001
    lane = SoundLane(drawn_sounds(400))
    here, further = frame_of(4_000.0), frame_of(4_000.0, 600_000)
    moved = 600_000 / 4_000.0
    seen = {(word, more, round(box.left())) for box, word, more in lane.written(here)}
    after = {(word, more, round(box.left() + moved)) for box, word, more in lane.written(further)}
    assert len(seen & after) >= len(seen) - 4, "all but those at the edges"


@pytest.mark.parametrize(("tokens", "dpr"), [(DARK, 1.0), (LIGHT, 2.0)])
def test_a_sound_is_painted_where_it_is_the_stronger_the_likelier(
    tokens: Theme,
    dpr: float,
    qtbot: QtBot,  # noqa: ARG001
) -> None:
    spans = np.array([(100_000, 140_000), (300_000, 340_000), (500_000, 500_010)], np.int64)
    sounds = DetectedSounds(spans, ("cat", "cat", "cat"), np.array([0.5, 1.0, 0.9], np.float32), "test")
    frame = frame_of(1_000.0, tokens=tokens, dpr=dpr)
    image = QImage(round(1000 * dpr), round(700 * dpr), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(dpr)
    painter = QPainter(image)
    SoundLane(sounds).paint(painter, frame)
    painter.end()
    y = round((frame.layout.sounds_top + 3) * dpr)

    def far(x: float) -> int:
        """How far the colour is from the ground of the lane."""
        pixel, ground = image.pixelColor(round(x * dpr), y), QColor(tokens.panel)
        return sum(abs(a - b) for a, b in zip(pixel.getRgb(), ground.getRgb(), strict=True))

    assert far(200) == far(450) == 0
    assert 0 < far(137) < far(337), "beside the words"
    assert far(500) > 0, "one that is shorter than a pixel is seen"
    assert strength(0.5) == FAINTEST < strength(0.75) < strength(1.0)


def test_a_lane_without_sounds_takes_no_room(view: TimelineView, state: DocumentState) -> None:
    layout = view.canvas.frame.layout
    assert layout.sounds_top == layout.edits_top
    view.canvas.set_sounds(DetectedSounds())
    assert view.canvas.frame.layout.sounds_top == view.canvas.frame.layout.edits_top
    length = state.length_samples
    spans = np.array([(length // 4, length // 3)], np.int64)
    view.canvas.set_sounds(DetectedSounds(spans, ("cat",), np.array([0.8], np.float32), "test"))
    layout = view.canvas.frame.layout
    assert layout.edits_top - layout.sounds_top == theme.px(18)
    assert view.heads.sounds.geometry().top() == layout.sounds_top
    assert view.heads.edits.geometry().top() == layout.edits_top
    view.canvas.set_sounds(None)
    assert view.canvas.frame.layout.sounds_top == view.canvas.frame.layout.edits_top


def test_in_the_result_cut_sounds_are_gone_and_others_stand_where_they_are_heard(
    state: DocumentState,
) -> None:
    length = state.length_samples
    edges = [round(length * share) for share in (0.1, 0.12, 0.3, 0.32, 0.6, 0.62)]
    spans = np.array(edges, np.int64).reshape(-1, 2)
    sounds = DetectedSounds(spans, ("cat", "crow", "frog"), np.array([0.6, 0.7, 0.8], np.float32), "test")
    bare = replace(state, proposals={}, decisions={})
    cut = by_hand(bare, "cut", (round(length * 0.25), round(length * 0.4)), {})
    edit_list = build(cut)
    lane = SoundLane(sounds, TimeMap(length, edit_list))
    assert lane.drawn.words == ("cat", "frog")
    np.testing.assert_array_equal(lane.drawn.spans_samples[0], spans[0])
    assert lane.drawn.spans_samples[1].tolist() == [
        edit_list.to_result(edges[4]),
        edit_list.to_result(edges[5] - 1) + 1,
    ]
    assert lane.drawn.spans_samples[1, 1] - lane.drawn.spans_samples[1, 0] == edges[5] - edges[4]


def test_the_mouse_finds_the_likeliest_sound_and_the_tip_names_all(qtbot: QtBot) -> None:  # noqa: ARG001
    spans = np.array([(100_000, 140_000), (110_000, 150_000)], np.int64)
    sounds = DetectedSounds(spans, ("cat", "crow"), np.array([0.6, 0.9], np.float32), "test")
    lane, frame = SoundLane(sounds), frame_of(1_000.0)
    inside = QPointF(120, frame.layout.sounds_top + 5)
    assert lane.span_at(frame, inside) == (110_000, 150_000)
    assert [line.split(",")[0] for line in lane.tip_at(frame, inside).splitlines()] == ["crow", "cat"]
    assert lane.span_at(frame, QPointF(500, frame.layout.sounds_top + 5)) is None
    assert lane.tip_at(frame, QPointF(120, frame.layout.sounds_top - 5)) == ""
