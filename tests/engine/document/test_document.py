"""The document without a window: every edit, undone and done again, stored and read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import FrozenInstanceError, replace
from inspect import getmembers, isfunction, signature
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import DocumentError, UsageError
from engine.document.analysis import BeatGrid, Listening, ScoreCurve, analysis_id
from engine.document.document import Document
from engine.document.edits import by_hand
from engine.document.edits import markers as marker_edits
from engine.document.edits import proposals as proposal_edits
from engine.document.edits import tracks as track_edits
from engine.document.file.schema import SCHEMA_VERSION
from engine.document.proposals import Verdict
from engine.document.settings import TimeOfDay, set_time_of_day
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Picture, Source, Track, audible
from tests.engine.document.conftest import RATE_HZ, a_cut, a_source
from tests.sources import each_alone

FIRST, SECOND, THIRD = (a_cut(10, 20).id, a_cut(40.5, 55, 0.6).id, a_cut(200, 260, 0.95).id)
CURVE = ScoreCurve(np.zeros(1, np.int64), np.zeros(1, np.float32), "test")

EVERY_EDIT: dict[str, Callable[[DocumentState], Edit]] = {
    "add tracks": lambda s: track_edits.add_tracks(s, each_alone([a_source("three")], ["Snare"])),
    "remove track": lambda s: track_edits.remove_track(s, "track-one"),
    "mute": lambda s: track_edits.set_track(s, "track-two", mute=True),
    "solo": lambda s: track_edits.set_track(s, "track-two", solo=True),
    "gain": lambda s: track_edits.set_track(s, "track-one", gain_db=-3.0),
    "name": lambda s: track_edits.set_track(s, "track-one", name='Räum "2" 🎸\n'),
    "group": lambda s: track_edits.set_track(s, "track-one", group="drums"),
    "other group": lambda s: track_edits.set_track(s, "track-two", group="drums"),
    "pan": lambda s: track_edits.set_track(s, "track-one", pan=-0.25, run="drag"),
    "color": lambda s: track_edits.set_track(s, "track-one", color="#5fa8b5"),
    "role": lambda s: track_edits.set_track(s, "track-two", role="room"),
    "height": lambda s: track_edits.set_track(s, "track-one", height_px=90),
    "collapse": lambda s: track_edits.set_track(s, "track-one", is_collapsed=True),
    "close channels": lambda s: track_edits.set_track(s, "track-two", channels_open=False),
    "picture": lambda s: track_edits.set_track(s, "track-one", picture=Picture.SPECTROGRAM),
    "pictures": lambda s: track_edits.set_pictures(s, ["track-one", s.tracks[-1].id], Picture.SPECTROGRAM),
    "mute group": lambda s: track_edits.set_group(s, "track-one", mute=True),
    "roles": lambda s: track_edits.set_tracks(s, ["track-one", s.tracks[-1].id], role="snare"),
    "move track": lambda s: track_edits.move_track(s, "track-one", 1, run="keys"),
    "moved file": lambda s: proposal_edits.move_sources(s, {"one": "/elsewhere/one.wav"}),
    "accept": lambda s: proposal_edits.decide(s, [FIRST], Verdict.ACCEPTED),
    "reject many": lambda s: proposal_edits.decide(s, [SECOND, THIRD], Verdict.REJECTED),
    "nudge": lambda s: proposal_edits.move_edges(s, FIRST, 9 * RATE_HZ, 19 * RATE_HZ),
    "alternative": lambda s: proposal_edits.choose_alternative(s, THIRD, 1),
    "flag": lambda s: proposal_edits.flag(s, SECOND, True),
    "note": lambda s: proposal_edits.set_note(s, SECOND, 'Räum "2" 🎸\nasks Ana'),
    "note on the document": lambda s: proposal_edits.set_document_note(s, "Thursday"),
    "crossfade": lambda s: by_hand.change_fade(s, FIRST, 35.0),
    "flag many": lambda s: proposal_edits.flag_all(s, [SECOND, THIRD]),
    "propose again": lambda s: proposal_edits.replace_proposals(
        s, [a_cut(10, 20), a_cut(300, 320)], {}, "Proposed"
    ),
    "propose beside": lambda s: proposal_edits.add_proposals(s, [a_cut(10, 20), a_cut(300, 320)], "Proposed"),
    "threshold": lambda s: proposal_edits.replace_proposals(
        s, [a_cut(12, 18)], {"score": 0.9}, "Threshold 0.90"
    ),
    "settings": lambda s: proposal_edits.set_settings(s, {"minimum_kept_s": 4.0}, "Shortest piece 4 s"),
    "marker": lambda s: marker_edits.add_marker(s, 7 * RATE_HZ),
    "region": lambda s: marker_edits.add_region(s, 9 * RATE_HZ, 21 * RATE_HZ)[0],
    "time of day": lambda s: set_time_of_day(s, 5 * RATE_HZ, TimeOfDay(0)),
    "analysis": lambda s: proposal_edits.set_analyses(s, {"score": "score-1"}, "Listened"),
}


def test_no_edit_is_forgotten() -> None:
    public = {
        name
        for module in (proposal_edits, track_edits)
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__ and signature(function).return_annotation == "Edit"
    }
    assert {name for make in EVERY_EDIT.values() for name in make.__code__.co_names} >= public


@pytest.mark.parametrize("name", EVERY_EDIT)
def test_every_edit_is_undone_redone_and_read_back(document: Document, name: str) -> None:
    before = document.state
    done = document.apply(EVERY_EDIT[name](before), {"score-1": CURVE})
    after = document.state
    assert after != before
    undone = document.undo()
    assert document.state == before
    redone = document.redo()
    assert document.state == after
    assert done == undone == redone
    document.close()
    with Document.open(document.path) as again:
        assert again.state == after
        again.undo()
        assert again.state == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from([*EVERY_EDIT, "undo", "redo", "restart"]), max_size=25))
def test_any_history_undone_gives_back_the_identical_document(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    path = tmp_path_factory.mktemp("history") / "a.offcut"
    document = Document.create(path)
    try:
        empty = document.state
        document.apply(
            track_edits.add_tracks(empty, each_alone([a_source("one"), a_source("two")], ["Kick", "Room"]))
        )
        cuts = [a_cut(10, 20), a_cut(40.5, 55, 0.6), a_cut(200, 260, 0.95)]
        document.apply(proposal_edits.replace_proposals(document.state, cuts, {}, "Proposed 3 cuts"))
        for name in names:
            document = _step(document, name)
        while document.redo() is not None:
            pass
        last_done = document.state
        while document.undo() is not None:
            pass
        assert document.state == empty
        while document.redo() is not None:
            pass
        assert document.state == last_done
    finally:
        document.close()


def _step(document: Document, name: str) -> Document:
    if name == "restart":
        document.close()
        return Document.open(document.path)
    if name == "undo":
        document.undo()
    elif name == "redo":
        document.redo()
    else:
        with suppress(UsageError):  # what the edit is about was taken away by an earlier one
            document.apply(EVERY_EDIT[name](document.state), {"score-1": CURVE})
    return document


def test_a_track_named_twice_gets_its_role_once(document: Document) -> None:
    document.apply(
        track_edits.set_tracks(document.state, ["track-one", "track-two", "track-one"], role="snare")
    )
    assert [track.role for track in document.state.tracks] == ["snare", "snare"]
    document.apply(track_edits.set_tracks(document.state, ["track-one", "track-one"], role="kick"))
    assert document.state.tracks[0].role == "kick"


def test_a_decision_is_on_disk_before_apply_returns(document: Document) -> None:
    document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    with closing(sqlite3.connect(document.path)) as other:
        found = other.execute("SELECT verdict FROM decision WHERE proposal_id = ?", (FIRST,)).fetchone()
    assert found == ("accepted",)


def test_deciding_twice_is_the_same_as_once(document: Document) -> None:
    document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    label, state = document.undo_label, document.state
    change = document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    assert not change.proposals
    assert (document.undo_label, document.state) == (label, state)


def test_a_change_names_what_changed_and_nothing_else(document: Document) -> None:
    change = document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    assert change.proposals == {FIRST}
    assert not change.tracks
    assert change.label == "Accepted cut 0:10.0 – 0:20.0"
    assert document.apply(track_edits.set_track(document.state, "track-one", solo=True)).tracks == {
        "track-one"
    }


def test_proposing_again_replaces_proposals_never_decisions(document: Document) -> None:
    document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.REJECTED))
    document.apply(proposal_edits.flag(document.state, SECOND, True))
    document.apply(proposal_edits.replace_proposals(document.state, [a_cut(500, 510)], {}, "Proposed 1 cut"))
    assert set(document.state.proposals) == {FIRST, SECOND, a_cut(500, 510).id}
    assert document.state.verdict(FIRST) is Verdict.REJECTED


def test_deciding_one_proposal_moves_no_other(document: Document) -> None:
    spans = {key: document.state.span(key) for key in document.state.proposals}
    document.apply(proposal_edits.move_edges(document.state, FIRST, 1, 5))
    document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    assert document.state.span(FIRST) == (1, 5)
    assert all(document.state.span(key) == span for key, span in spans.items() if key != FIRST)


def test_an_alternative_drops_the_nudge(document: Document) -> None:
    document.apply(proposal_edits.move_edges(document.state, FIRST, 1, 5))
    document.apply(proposal_edits.choose_alternative(document.state, FIRST, 1))
    assert document.state.span(FIRST) == (10 * RATE_HZ - 4_800, 20 * RATE_HZ + 4_800)


def test_edits_that_merge_are_one_step_of_undo(document: Document) -> None:
    before = document.state
    for score in (0.7, 0.8, 0.9):
        edit = proposal_edits.replace_proposals(
            document.state, [a_cut(10 + score, 20)], {"score": score}, f"Threshold {score}", "threshold"
        )
        document.apply(edit)
    assert document.undo_label == "Threshold 0.9"
    document.undo()
    assert document.state == before


def test_a_new_edit_drops_what_could_be_redone(document: Document) -> None:
    document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    document.undo()
    assert document.redo_label
    document.apply(proposal_edits.decide(document.state, [SECOND], Verdict.ACCEPTED))
    assert document.redo_label == ""
    assert document.redo() is None


def _threshold(document: Document, score: float) -> None:
    edit = proposal_edits.replace_proposals(
        document.state, [a_cut(10 + score, 20)], {"score": score}, f"Threshold {score}", "threshold"
    )
    document.apply(edit)


@pytest.mark.parametrize("again", ["undo", "redo", "restart and redo"])
def test_what_was_undone_or_done_again_takes_no_more_into_it(document: Document, again: str) -> None:
    start = document.state
    _threshold(document, 0.7)
    _threshold(document, 0.8)
    merged = document.state
    document.undo()
    assert document.state == start
    if again != "undo":
        if again == "restart and redo":
            document.close()
            document = Document.open(document.path)
        document.redo()
    before = document.state
    _threshold(document, 0.9)
    document.undo()
    assert document.state == before == (start if again == "undo" else merged)
    document.close()


def test_merged_edits_that_cancel_out_leave_no_step(document: Document) -> None:
    for name, value in (("one", 0.7), ("two", 0.8)):
        document.apply(proposal_edits.set_settings(document.state, {"score": value}, name))
    label, state = document.undo_label, document.state
    for value in (0.9, 0.8):
        change = proposal_edits.set_settings(document.state, {"score": value}, "three")
        document.apply(replace(change, merges_as="three"))
    assert (document.undo_label, document.state) == (label, state)


def test_an_edit_made_for_another_state_is_refused(document: Document) -> None:
    early = proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED)
    document.apply(proposal_edits.flag(document.state, FIRST, True))
    state = document.state
    with pytest.raises(DocumentError, match="changed meanwhile, so no edit was made"):
        document.apply(early)
    assert document.state is state
    with pytest.raises(UsageError, match="Kick is in the document already"):
        track_edits.add_tracks(state, each_alone([a_source("one")], ["Kick"]))


def test_a_source_stays_as_long_as_a_track_plays_it(document: Document) -> None:
    state = document.state
    twice = replace(state, tracks=(*state.tracks, replace(state.tracks[0], id="track-two-mono", position=2)))
    assert {type(one.row) for one in track_edits.remove_track(twice, "track-one").changes} == {Track}
    assert {type(one.row) for one in track_edits.remove_track(state, "track-one").changes} == {Track, Source}


def test_analyses_are_read_back_whole(document: Document) -> None:
    beats = np.array([0, 24_000, 48_000], np.int64)
    found = {
        "score": ScoreCurve(
            beats,
            np.array([0.1, 0.5, 0.9], np.float32),
            "slicer-ae Band",
            false_starts_samples=np.array([[0, 20_000, 24_000]]),
            unfamiliar_samples=np.array([[0, 20_000], [20_000, 40_000]]),
            unfamiliar_songs=np.array([0, 0]),
            knows_music=True,
        ),
        "beats": BeatGrid(beats, np.array([1, 2, 1]), 120.0, 0.9, "offcut-beats"),
        "listening": Listening(beats, np.array([-20.0, -30.0], np.float32), 1024, "offcut-onsets"),
    }
    current = {kind: analysis_id(kind, "Band") for kind in found}
    document.apply(
        proposal_edits.set_analyses(document.state, current, "Listened"),
        {current[k]: one for k, one in found.items()},
    )
    document.close()
    with Document.open(document.path) as again:
        for kind, expected in found.items():
            stored = again.analysis(kind)
            assert type(stored) is type(expected)
            for field in expected.__dataclass_fields__:
                np.testing.assert_array_equal(getattr(stored, field), getattr(expected, field))


def test_a_snapshot_is_a_document_of_its_own(document: Document) -> None:
    target = document.snapshot("before the chorus")
    document.apply(proposal_edits.decide(document.state, [FIRST], Verdict.ACCEPTED))
    with Document.open(target) as copy:
        assert copy.state.verdict(FIRST) is Verdict.UNDECIDED
    with pytest.raises(DocumentError, match="already; choose another name"):
        document.snapshot("before the chorus")


def test_a_document_changed_by_another_program_is_not_overwritten(document: Document) -> None:
    elsewhere = document.path.with_name("elsewhere.offcut")
    elsewhere.write_bytes(document.path.read_bytes())
    with Document.open(elsewhere) as other:
        other.apply(proposal_edits.decide(other.state, [THIRD], Verdict.ACCEPTED))
    document.path.write_bytes(elsewhere.read_bytes())  # as a synced folder does
    state = document.state
    for change in (
        document.undo,
        lambda: document.apply(proposal_edits.decide(state, [FIRST], Verdict.REJECTED)),
    ):
        with pytest.raises(DocumentError, match="changed by another program"):
            change()
    assert document.state is state
    with document.reopened() as again:
        assert again.state.verdict(THIRD) is Verdict.ACCEPTED
        again.apply(proposal_edits.decide(again.state, [FIRST], Verdict.REJECTED))


def test_a_newer_document_opens_for_reading_only(document: Document) -> None:
    document.close()
    with closing(sqlite3.connect(document.path)) as raw:
        raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    content = document.path.read_bytes()
    with Document.open(document.path) as newer:
        assert "reading only because it was made by a newer Offcut" in newer.notice
        assert newer.is_read_only
        with pytest.raises(DocumentError, match="made by a newer Offcut: update Offcut; nothing was changed"):
            newer.apply(proposal_edits.decide(newer.state, [FIRST], Verdict.ACCEPTED))
    assert document.path.read_bytes() == content


def test_an_edge_that_stays_where_it_is_makes_no_step(document: Document) -> None:
    span = document.state.span(FIRST)
    assert proposal_edits.move_edges(document.state, FIRST, *span).changes == ()


def test_edges_stay_in_order_and_inside(document: Document) -> None:
    change = document.apply(proposal_edits.move_edges(document.state, FIRST, -50, 10**12))
    assert change.label.startswith("Edges of the cut to 0:00.000 –")  # "moved" would be what a move does
    assert document.state.span(FIRST) == (0, document.state.length_samples)
    with pytest.raises(UsageError, match="right edge must stay after"):
        proposal_edits.move_edges(document.state, FIRST, 500, 500)


@pytest.mark.parametrize("name", ["decide", "nudge", "flag"])
def test_an_unknown_proposal_is_named(document: Document, name: str) -> None:
    calls = {
        "decide": lambda: proposal_edits.decide(document.state, ["cut-zz"], Verdict.ACCEPTED),
        "nudge": lambda: proposal_edits.move_edges(document.state, "cut-zz", 0, 5),
        "flag": lambda: proposal_edits.flag(document.state, "cut-zz", True),
    }
    with pytest.raises(UsageError, match="no proposal 'cut-zz'"):
        calls[name]()


def test_state_is_frozen(document: Document) -> None:
    with pytest.raises(FrozenInstanceError):
        document.state.rate_hz = 1  # type: ignore[misc]


def test_solo_wins_and_mute_silences(document: Document) -> None:
    kick, room = document.state.tracks
    assert audible((kick, replace(room, mute=True))) == (kick,)
    assert audible((kick, replace(room, solo=True)))[0].name == "Room"
    assert audible((replace(kick, mute=True, solo=True), room)) == ()


def test_ten_thousand_proposals_are_decided_at_once(tmp_path: Path) -> None:
    with Document.create(tmp_path / "long.offcut") as document:
        document.apply(track_edits.add_tracks(document.state, each_alone([a_source("one", 10_800)], ["Jam"])))
        cuts = [a_cut(second, second + 0.5) for second in range(10_000)]
        document.apply(proposal_edits.replace_proposals(document.state, cuts, {}, "Proposed 10000 cuts"))
        ids = tuple(document.state.proposals)
        change = document.apply(proposal_edits.decide(document.state, ids, Verdict.ACCEPTED))
        assert len(change.proposals) == 10_000
        assert change.label == "Accepted 10,000 proposals"
        document.undo()
        assert not document.state.decisions
