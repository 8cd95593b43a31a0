"""The arrays of a document's proposals, whatever was edited before, against a walk through the plain rows."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.proposals import Alternative, Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS, ProposalTable, table_of
from engine.document.tracks import Source
from engine.review.answers import statistics
from engine.review.queue import QueueFilter, at_or_above, queue
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList
from tests.counting import calls_of
from tests.sources import one_source_track
from tests.timing import slowness
from widgets.timeline.edits.spans import Spans

RATE_HZ, LENGTH = 1_000, 100_000
KEYS = tuple(f"p{number}" for number in range(8))


def proposal(key: str, start: int, length: int, score: float, fade_ms: float) -> Proposal:
    other = Alternative("wider", max(0, start - 7), start + length + 7)
    payload: dict[str, object] = {"crossfade_ms": fade_ms}
    return Proposal(key, "cut", start, start + length, score, f"Reason {key}.", "test", (other,), payload)


def state_of(proposals: dict[str, Proposal], decisions: dict[str, Decision]) -> DocumentState:
    sources = {"s": Source("s", "/s.wav", "hash", RATE_HZ, 1, LENGTH, "WAV", "PCM_16")}
    ordered = sorted(proposals.values(), key=lambda one: (one.start_samples, one.stop_samples, one.id))
    tracks = (one_source_track("t", sources["s"], "Track", 0),)
    return DocumentState(RATE_HZ, sources, tracks, {one.id: one for one in ordered}, decisions)


lengths, places = st.integers(1, 900), st.integers(0, LENGTH - 1_000)
scores = st.sampled_from([0.0, 0.25, 0.5, 1.0])
proposals = st.fixed_dictionaries(
    {}, optional={k: st.builds(proposal, st.just(k), places, lengths, scores, scores) for k in KEYS}
)
edges = st.none() | st.integers(0, LENGTH)
decisions = st.fixed_dictionaries(
    {},
    optional={
        k: st.builds(
            Decision, st.just(k), st.sampled_from(Verdict), st.integers(0, 1), edges, edges, st.booleans()
        )
        for k in KEYS
    },
)


def plain_rows(state: DocumentState) -> list[tuple[object, ...]]:
    rows = []
    for key, one in state.proposals.items():
        decision = state.decisions.get(key)
        flagged = decision is not None and decision.flagged
        rows.append((key, *state.span(key), state.verdict(key), flagged, one.score))
    return rows


def rows_of(table: ProposalTable) -> list[tuple[object, ...]]:
    verdicts = [VERDICTS[code] for code in table.verdicts]
    columns = (table.starts_samples, table.stops_samples, verdicts, table.flagged, table.made.scores)
    return list(zip(table.made.ids, *columns, strict=True))


@given(st.lists(st.tuples(proposals, st.lists(decisions, min_size=1, max_size=4)), min_size=1, max_size=3))
def test_any_row_of_edits_gives_the_plain_rows(
    documents: list[tuple[dict[str, Proposal], list[dict[str, Decision]]]],
) -> None:
    for given_proposals, steps in documents:
        state = state_of(given_proposals, {})
        for step in steps:
            state = replace(state, decisions=step)
            assert rows_of(table_of(state)) == plain_rows(state)


@given(proposals, decisions, decisions)
def test_all_that_reads_the_table_agrees_with_plain_loops(
    given_proposals: dict[str, Proposal], before: dict[str, Decision], after: dict[str, Decision]
) -> None:
    table_of(state_of(given_proposals, before))
    state = state_of(given_proposals, after)
    rows, spans = list(state.proposals.values()), Spans.of(state)
    assert sorted(
        zip(spans.starts, spans.stops, map(spans.id, range(len(spans.rows))), strict=True)
    ) == sorted((*state.span(one.id), one.id) for one in rows)
    assert (np.diff(spans.starts) >= 0).all()
    undecided = [one for one in rows if state.verdict(one.id) is Verdict.UNDECIDED]
    by_score = sorted(undecided, key=lambda one: (-one.score, one.start_samples, one.stop_samples, one.id))
    assert at_or_above(state, 0.5) == tuple(one.id for one in by_score if one.score >= 0.5)
    assert queue(state, "score", QueueFilter(verdicts=frozenset({Verdict.UNDECIDED}))) == tuple(
        one.id for one in by_score
    )
    assert queue(state) == tuple(state.proposals)
    figures = statistics(state)
    accepted = [one for one in rows if state.verdict(one.id) is Verdict.ACCEPTED]
    kept = np.ones(LENGTH, bool)
    for one in accepted:
        start, stop = state.span(one.id)
        kept[start:stop] = False
    assert (figures.accepted, figures.result_samples) == (len(accepted), int(kept.sum()))
    result = build(state)  # at this rate no piece is too short to be kept
    np.testing.assert_array_equal(result.to_source_array(np.arange(kept.sum())), np.flatnonzero(kept))


def ten_thousand() -> DocumentState:
    dice = random.Random(3)
    made = {f"p{n}": proposal(f"p{n}", 9 * n, dice.randint(1, 8), dice.random(), 0.0) for n in range(10_000)}
    answers = {key: Decision(key, dice.choice(VERDICTS)) for key in list(made)[::2]}
    return state_of(made, answers)


def asked_by_a_key(state: DocumentState) -> None:
    statistics(state), at_or_above(state, 0.6), queue(state), Spans.of(state), build(state)


def test_one_answer_among_ten_thousand_walks_through_none_of_them() -> None:
    state = ten_thousand()
    asked_by_a_key(state)
    after = replace(state, decisions={**state.decisions, "p0": Decision("p0", Verdict.ACCEPTED)})
    assert calls_of(lambda: asked_by_a_key(after)) < 2_000


@pytest.mark.alone
def test_one_answer_among_ten_thousand_costs_little() -> None:
    """All that a key asks of the proposals; a walk through them in Python takes 60 ms and more."""
    state = ten_thousand()
    took_ms = []
    for number in range(9):
        key = f"p{number * 1_000}"
        state = replace(state, decisions={**state.decisions, key: Decision(key, Verdict.ACCEPTED)})
        begun = time.thread_time()
        asked_by_a_key(state)
        took_ms.append((time.thread_time() - begun) * 1_000)
    assert min(took_ms) < 12 * slowness()


def test_an_edit_list_is_the_same_as_that_of_its_segments() -> None:
    edits = build(ten_thousand())
    again = EditList.of(edits.segments, edits.rate_hz, edits.length_samples, edits.source_length_samples)
    assert edits == again
    assert edits != EditList.of(edits.segments[1:], edits.rate_hz, edits.length_samples, LENGTH)
    assert edits != "an edit list"
