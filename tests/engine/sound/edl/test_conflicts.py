"""What cannot hold beside what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.table import table_of
from engine.sound.edl.build import build
from engine.sound.edl.conflicts import conflicts_of, in_conflict
from tests.engine.sound.edl.recordings import by_hand, timeline_state
from tests.sources import one_source_track

Made = tuple[str, tuple[int, int], dict[str, object]]


def sound(digit: str) -> dict[str, object]:
    return {"audio": f"audio-{digit * 32}", "audio_start_samples": 0, "audio_stop_samples": 16_000}


PAIRS: dict[str, tuple[Made, Made, bool]] = {
    "moved to two places": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (1_500, 2_500), {"to_samples": 9_000}),
        True,
    ),
    "moved into what is moved away": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (8_000, 9_000), {"to_samples": 1_500}),
        True,
    ),
    "silence in what is moved away": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("insert", (1_500, 1_500), {"length_samples": 800}),
        True,
    ),
    "silence in front of what is moved away": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("insert", (1_000, 1_000), {"length_samples": 800}),
        False,
    ),
    "silence of two lengths at one place": (
        ("insert", (1_500, 1_500), {"length_samples": 800}),
        ("insert", (1_500, 1_500), {"length_samples": 900}),
        False,
    ),
    "silence in what is repeated": (
        ("repeat", (1_000, 2_000), {"times": 2}),
        ("insert", (1_500, 1_500), {"length_samples": 800}),
        False,
    ),
    "moved side by side": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (2_000, 3_000), {"to_samples": 5_000}),
        False,
    ),
    "repeated and moved elsewhere": (
        ("repeat", (1_000, 2_000), {"times": 2}),
        ("move", (4_000, 5_000), {"to_samples": 9_000}),
        False,
    ),
    "repeated in two numbers": (
        ("repeat", (1_000, 2_000), {"times": 2}),
        ("repeat", (1_000, 2_000), {"times": 3}),
        True,
    ),
    "a part of what is repeated, repeated": (
        ("repeat", (1_000, 5_000), {"times": 2}),
        ("repeat", (2_000, 3_000), {"times": 3}),
        False,
    ),
    "slipped by two amounts": (
        ("slip", (1_000, 2_000), {"by_samples": 5.0}),
        ("slip", (1_500, 2_500), {"by_samples": 7.0}),
        True,
    ),
    "slipped by the same": (
        ("slip", (1_000, 2_000), {"by_samples": 5.0}),
        ("slip", (1_500, 2_500), {"by_samples": 5.0}),
        False,
    ),
    "hits of one slice moved to two places": (
        ("hit", (1_000, 2_000), {"by_samples": 5.0, "onset_samples": 1_040}),
        ("hit", (1_500, 2_500), {"by_samples": 7.0, "onset_samples": 1_540}),
        True,
    ),
    "hits moved past each other": (
        ("hit", (1_000, 2_000), {"by_samples": 900.0, "onset_samples": 1_040}),
        ("hit", (2_000, 3_000), {"by_samples": -100.0, "onset_samples": 2_040}),
        True,
    ),
    "a hit moved past one that stays": (
        ("hit", (1_000, 2_000), {"by_samples": 3_500.0, "onset_samples": 1_040}),
        ("hit", (4_000, 5_000), {"by_samples": 0.0, "onset_samples": 4_040}),
        True,
    ),
    "hits moved towards each other": (
        ("hit", (1_000, 2_000), {"by_samples": 400.0, "onset_samples": 1_040}),
        ("hit", (2_000, 3_000), {"by_samples": -400.0, "onset_samples": 2_040}),
        False,
    ),
    "a hit and a slip": (
        ("hit", (1_000, 2_000), {"by_samples": 5.0, "onset_samples": 1_040}),
        ("slip", (1_500, 2_500), {"by_samples": 7.0}),
        True,
    ),
    "a hit and a voice of it": (
        ("hit", (1_000, 2_000), {"by_samples": 5.0, "onset_samples": 1_040}),
        ("flam", (1_000, 2_000), {"by_samples": 7.0}),
        False,
    ),
    "one voice moved twice": (
        ("flam", (1_000, 2_000), {"by_samples": 5.0}),
        ("flam", (1_000, 2_000), {"by_samples": 7.0}),
        True,
    ),
    "slips that touch": (
        ("slip", (1_000, 2_000), {"by_samples": 5.0}),
        ("slip", (2_000, 3_000), {"by_samples": 7.0}),
        False,
    ),
    "slips that share one sample": (
        ("slip", (1_000, 2_001), {"by_samples": 5.0}),
        ("slip", (2_000, 3_000), {"by_samples": 7.0}),
        True,
    ),
    "voices that touch": (
        ("flam", (1_000, 2_000), {"by_samples": 5.0}),
        ("flam", (2_000, 3_000), {"by_samples": 7.0}),
        False,
    ),
    "voices that share one sample": (
        ("flam", (1_000, 2_001), {"by_samples": 5.0}),
        ("flam", (2_000, 3_000), {"by_samples": 7.0}),
        True,
    ),
    "moves that share one sample": (
        ("move", (1_000, 2_001), {"to_samples": 5_000}),
        ("move", (2_000, 3_000), {"to_samples": 9_000}),
        True,
    ),
    "moved to where what is moved away begins": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (8_000, 9_000), {"to_samples": 1_000}),
        False,
    ),
    "moved to one sample within it": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("move", (8_000, 9_000), {"to_samples": 1_001}),
        True,
    ),
    "repeated before its last sample": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("repeat", (8_000, 9_000), {"to_samples": 1_999}),
        True,
    ),
    "repeated where it ended": (
        ("move", (1_000, 2_000), {"to_samples": 5_000}),
        ("repeat", (8_000, 9_000), {"to_samples": 2_000}),
        False,
    ),
    "laid into what is repeated": (
        ("repeat", (1_000, 2_000), {"times": 2}),
        ("repeat", (8_000, 9_000), {"to_samples": 1_500}),
        False,
    ),
    "repeated in two places": (
        ("repeat", (1_000, 2_000), {"times": 2, "to_samples": 5_000}),
        ("repeat", (1_000, 2_000), {"times": 3, "to_samples": 6_000}),
        False,
    ),
    "repeated in one place, one after the other": (
        ("repeat", (1_000, 2_000), {"to_samples": 5_000, "rank": 1}),
        ("repeat", (1_000, 2_000), {"to_samples": 5_000, "rank": 2}),
        False,
    ),
    "a longer part repeated in the same place": (
        ("repeat", (1_000, 2_000), {"to_samples": 5_000}),
        ("repeat", (1_000, 2_001), {"to_samples": 5_000}),
        False,
    ),
    "hits that come at once": (
        ("hit", (1_000, 2_000), {"by_samples": 500.0, "onset_samples": 1_040}),
        ("hit", (2_000, 3_000), {"by_samples": -500.0, "onset_samples": 2_040}),
        True,
    ),
    "hits one sample apart": (
        ("hit", (1_000, 2_000), {"by_samples": 499.0, "onset_samples": 1_040}),
        ("hit", (2_000, 3_000), {"by_samples": -500.0, "onset_samples": 2_040}),
        False,
    ),
    "hits of one start moved alike": (
        ("hit", (1_000, 2_000), {"by_samples": 5.0, "onset_samples": 1_040}),
        ("hit", (1_000, 2_500), {"by_samples": 5.0, "onset_samples": 1_010}),
        False,
    ),
    "recorders lined up in two ways": (
        ("recorder", (0, 16_000), {"by_samples": 5.0}),
        ("recorder", (0, 16_000), {"by_samples": 5.0, "drift_ppm": 1.0}),
        True,
    ),
    "recorders lined up alike": (
        ("recorder", (0, 16_000), {"by_samples": 5.0}),
        ("recorder", (0, 15_000), {"by_samples": 5.0}),
        False,
    ),
    "a recorder and a slip": (
        ("recorder", (0, 16_000), {"by_samples": 5.0}),
        ("slip", (1_000, 2_000), {"by_samples": 7.0}),
        False,
    ),
    "repairs of one place": (
        ("repair", (1_000, 2_000), sound("0")),
        ("repair", (1_999, 3_000), sound("1")),
        True,
    ),
    "repairs that touch": (
        ("repair", (1_000, 2_000), sound("0")),
        ("repair", (2_000, 3_000), sound("1")),
        False,
    ),
    "a repair over the other": (
        ("repair", (1_000, 2_000), sound("0")),
        ("repair", (1_500, 3_000), {**sound("1"), "over": [sound("0")["audio"]]}),
        False,
    ),
    "repairs that play the same": (
        ("repair", (1_000, 2_000), sound("0")),
        ("repair", (1_500, 3_000), sound("0")),
        False,
    ),
    "repaired and muted": (
        ("repair", (1_000, 2_000), sound("0")),
        ("mute", (1_500, 3_000), {}),
        False,
    ),
    "muted and slipped": (("mute", (1_000, 2_000), {}), ("slip", (1_500, 2_500), {"by_samples": 5.0}), False),
    "kept and cut": (("keep", (1_000, 2_000), {}), ("cut", (500, 2_500), {}), False),
}


@pytest.mark.parametrize("what", PAIRS)
def test_a_conflict_is_told_of_both_and_its_outcome_is_the_same_in_any_order(what: str) -> None:
    first, second, clash = PAIRS[what]
    empty = timeline_state(16_000)
    state = by_hand(by_hand(empty, *first), *second)
    ids = list(state.proposals)
    assert conflicts_of(state, ids[0]) == ((ids[1],) if clash else ())
    assert conflicts_of(state, ids[1]) == ((ids[0],) if clash else ())
    assert build(state) == build(by_hand(by_hand(empty, *second), *first))
    assert in_conflict(state).tolist() == [clash, clash]
    undone = replace(state, decisions={ids[0]: state.decisions[ids[0]]})
    assert conflicts_of(undone, ids[0]) == (), "what nobody accepted is in nobody's way"
    assert not in_conflict(undone).any()


@pytest.mark.parametrize("kind", ["slip", "hit", "flam", "recorder", "repair"])
@pytest.mark.parametrize(
    ("tracks", "others", "clash"),
    [((), ("b",), True), (("a",), ("b",), False), (("a", "b"), ("b", "c"), True)],
)
def test_what_is_of_other_tracks_is_in_nobodys_way(
    kind: str, tracks: tuple[str, ...], others: tuple[str, ...], clash: bool
) -> None:
    by = {"by_samples": 5.0}, {"by_samples": 7.0}
    first, second = (sound("0"), sound("1")) if kind == "repair" else by
    empty = timeline_state(16_000)
    (source,) = empty.sources.values()
    placed = (one_source_track(name, source, name, at) for at, name in enumerate("abc"))
    empty = replace(empty, tracks=tuple(placed))
    state = by_hand(empty, kind, (1_000, 2_000), first, tracks)
    state = by_hand(state, kind, (1_000, 3_000), second, others)
    assert in_conflict(state).tolist() == [clash, clash]
    ids = list(state.proposals)
    assert conflicts_of(state, ids[0]) == ((ids[1],) if clash else ())


SPANS = st.tuples(st.integers(0, 40), st.integers(1, 12))
MADE = st.one_of(
    st.tuples(st.just("slip"), st.sampled_from([1.0, 2.0]).map(lambda by: {"by_samples": by})),
    st.tuples(
        st.just("hit"),
        st.tuples(st.sampled_from([0.0, 2.0, 9.0, -9.0]), st.integers(0, 50)).map(
            lambda one: {"by_samples": one[0], "onset_samples": one[1]}
        ),
    ),
    st.tuples(st.just("flam"), st.sampled_from([1.0, 2.0]).map(lambda by: {"by_samples": by})),
    st.tuples(st.just("move"), st.integers(0, 50).map(lambda to: {"to_samples": to})),
    st.tuples(st.just("repeat"), st.just({"times": 2})),
    st.tuples(st.sampled_from(["mute", "cut", "keep", "hum"]), st.just({})),
)
TRACKS = st.sampled_from([(), ("a",), ("b",), ("a", "b")])


@given(st.lists(st.tuples(SPANS, MADE, TRACKS, st.sampled_from(list(Verdict))), max_size=12))
def test_conflicts_found_at_once_equal_those_found_one_by_one(rows: list[tuple[object, ...]]) -> None:
    proposals, decisions = {}, {}
    for number, ((start, length), (kind, payload), tracks, verdict) in enumerate(rows):
        on = tracks if kind in ("slip", "mute", "hit", "flam") else ()
        name = f"p{number}"
        proposals[name] = Proposal(
            name, kind, start, start + length, 0.5, "", "t", payload=payload, tracks=on
        )
        decisions[name] = Decision(name, verdict)
    state = replace(timeline_state(60), proposals=proposals, decisions=decisions)
    known = {name: one for name, one in proposals.items() if one.kind != "hum"}
    told = replace(state, proposals=known)
    ids, fast = table_of(state).made.ids, in_conflict(state)
    slow = {name: told.verdict(name) is Verdict.ACCEPTED and bool(conflicts_of(told, name)) for name in known}
    assert dict(zip(ids, fast.tolist(), strict=True)) == {name: slow.get(name, False) for name in proposals}


def test_thousands_of_slices_under_a_slip_of_everything_are_told_at_once() -> None:
    slices = [
        Proposal(f"p{i}", "slip", i * 10, i * 10 + 10, 0.5, "", "t", payload={"by_samples": 1.0 + i % 3})
        for i in range(10_000)
    ]
    whole = Proposal("all", "slip", 0, 100_000, 0.5, "", "t", payload={"by_samples": 9.0})
    proposals = {one.id: one for one in (*slices, whole)}
    decisions = {name: Decision(name, Verdict.ACCEPTED) for name in proposals}
    state = replace(timeline_state(100_000), proposals=proposals, decisions=decisions)
    assert in_conflict(state).all()
    assert in_conflict(state) is in_conflict(state), "it is found once"
