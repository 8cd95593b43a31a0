"""Inserts in the views: a place in the source, a span in the result."""

from __future__ import annotations

from dataclasses import replace

from engine.sound.edl.build import build
from tests.engine.sound.edl.heard.test_inserts import HARD, LENGTH, inserted, pair, silence
from tests.engine.sound.edl.recordings import Recording
from widgets.timeline.edits.sentences import edits_words
from widgets.timeline.edits.spans import Spans
from widgets.timeline.overlays import Landings
from widgets.timeline.time_map import TimeMap

__all__ = ["pair"]


def test_in_the_result_an_insert_covers_its_silence(pair: Recording) -> None:
    state = inserted(pair.state, silence(5_000, 700), ("cut", 1_000, 2_000, HARD))
    spans = TimeMap(edit_list=build(state), source_length_samples=LENGTH).spans(Spans.of(state))
    assert (spans.starts.tolist(), spans.stops.tolist()) == ([1_000, 4_000], [1_000, 4_700])
    assert Spans.of(state).seams(0, LENGTH, of_points=True).tolist() == [5_000]
    assert Spans.of(state).seams(0, LENGTH).tolist() == []
    assert len(Landings.of(state, None)) == 0


def test_the_head_of_the_strip_says_what_is_cut_and_what_may_be(pair: Recording) -> None:
    hard = {"crossfade_ms": 0.0}
    state = inserted(pair.state, silence(5_000, 700), ("cut", 1_000, 2_000, hard))
    assert "up to" not in edits_words(state)[1]
    asked = replace(state, decisions={})
    assert "up to" in edits_words(asked)[1]
