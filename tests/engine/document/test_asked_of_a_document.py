"""What is asked of a document between its edits: bars, records of several edits, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid, require_listening, require_recording
from engine.document.document import Document
from engine.document.edits.proposals import decide, set_settings
from engine.document.edits.tracks import set_pictures
from engine.document.proposals import Alternative, ReferenceExample, Verdict
from engine.document.state import Change, DocumentState, united
from engine.document.tracks import Picture
from tests.engine.document.conftest import a_cut


def test_bars_are_counted_from_the_first_downbeat() -> None:
    grid = BeatGrid(np.arange(7) * 100, np.array([3, 4, 1, 2, 1, 2, 1]), 120.0, 1.0, "m")
    assert [grid.bar_of(beat) for beat in range(7)] == [0, 0, 1, 1, 2, 2, 3]
    assert grid.downbeats_samples.tolist() == [200, 400, 600]


def test_changes_in_a_row_are_one_of_all_that_changed_called_as_the_last() -> None:
    first = Change("First", tracks=frozenset({"a"}), settings=frozenset({"s"}))
    second = Change("Second", tracks=frozenset({"b"}), proposals=frozenset({"p"}))
    together = united([first, second])
    assert together == replace(second, tracks=frozenset({"a", "b"}), settings=frozenset({"s"}))
    assert united([second, first]).label == "First"
    assert united([first]) == first


def test_without_a_recording_nothing_is_listened_to(document: Document) -> None:
    with pytest.raises(UsageError, match=r"^There is nothing to listen to yet; import a recording first"):
        require_recording(DocumentState(), "listen to")
    require_recording(document.state, "listen to")
    with pytest.raises(UsageError, match="not analysed yet"):
        require_listening(None)


def test_lanes_are_drawn_one_by_one_or_together(document: Document) -> None:
    first, second = (track.id for track in document.state.tracks)
    one = document.apply(set_pictures(document.state, [second], Picture.SPECTROGRAM))
    assert one.tracks == {second}
    assert [track.picture for track in document.state.tracks] == [Picture.WAVEFORM, Picture.SPECTROGRAM]
    both = document.apply(set_pictures(document.state, [first, second], Picture.SPECTROGRAM))
    assert (both.label, both.tracks) == ("2 tracks drawn as spectrograms", {first})
    assert {track.picture for track in document.state.tracks} == {Picture.SPECTROGRAM}
    document.undo()
    document.undo()
    assert {track.picture for track in document.state.tracks} == {Picture.WAVEFORM}
    with pytest.raises(UsageError):
        set_pictures(document.state, [first, "gone"], Picture.SPECTROGRAM)


def test_a_step_tells_the_decisions_that_it_changed_and_nothing_else(document: Document) -> None:
    ids = [a_cut(10, 20).id, a_cut(40.5, 55, 0.6).id]
    document.apply(decide(document.state, ids, Verdict.ACCEPTED))
    document.apply(set_settings(document.state, {"minimum_kept_s": 5.0}, "Set"))
    *_, decided, changed = document.steps()
    told = document.step_decisions(decided.number)
    assert {(one.key, one.before, one.after.verdict) for one in told} == {
        (key, None, Verdict.ACCEPTED) for key in ids
    }
    assert document.step_decisions(changed.number) == ()
    assert document.step_decisions(10_000) == ()


def test_an_example_that_says_nothing_else_begins_with_the_proposal() -> None:
    assert ReferenceExample("a.wav", 1.0, 2.0, 0.5).offset_s == 0.0
    assert Alternative("on the bar", 1, 2).payload == {}
