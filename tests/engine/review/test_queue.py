"""The review queue: order, filters, moving through it, and the figures of the review."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import decide, flag, flag_all, replace_proposals
from engine.document.file.storage import apply_rows
from engine.document.kinds import KINDS
from engine.document.proposals import Decision, Proposal, Verdict, edited
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.review.answers import LastDecisions, statistics
from engine.review.queue import Learned, QueueFilter, Step, at_or_above, listing, next_id, previous_id, queue
from tests.counting import calls_of
from tests.sources import each_alone, one_source_track
from tests.timing import fastest_cpu_s, slowness

RATE_HZ = 8000
LENGTH = 100 * RATE_HZ
REASONS = ("Near silence.", "The playing stops twice.", "Much louder than what stays.")


def made(spans, scores=None, verdicts=None, flagged=()) -> DocumentState:
    """A document of 100 s with a cut `c0`, `c1`, ... for each span in seconds."""
    scores = scores or [0.9] * len(spans)
    proposals = [
        Proposal(f"c{i}", "cut", int(a * RATE_HZ), int(b * RATE_HZ), scores[i], REASONS[i % 3], "test")
        for i, (a, b) in enumerate(spans)
    ]
    decisions = {f"c{i}": Decision(f"c{i}", verdict) for i, verdict in enumerate(verdicts or []) if verdict}
    for i in flagged:
        decisions[f"c{i}"] = replace(decisions.get(f"c{i}", Decision(f"c{i}")), flagged=True)
    source = Source("s", "a.wav", "0", RATE_HZ, 1, LENGTH, "WAV", "PCM_16")
    return DocumentState(
        RATE_HZ,
        {"s": source},
        (one_source_track("t", source, "a", 0),),
        {p.id: p for p in proposals},
        decisions,
    )


A, R, U = Verdict.ACCEPTED, Verdict.REJECTED, None
FIVE = [(0, 5), (10, 12), (20, 30), (40, 41), (90, 100)]
STATE = made(FIVE, [0.7, 0.95, 0.7, 0.99, 0.6], [U, A, U, R, U], flagged=(2, 3))


@pytest.mark.parametrize(
    ("order", "show", "ids"),
    [
        ("time", QueueFilter(), "c0 c1 c2 c3 c4"),
        ("score", QueueFilter(), "c3 c1 c0 c2 c4"),
        ("time", QueueFilter(verdicts=frozenset({Verdict.UNDECIDED})), "c0 c2 c4"),
        ("score", QueueFilter(verdicts=frozenset({A, R})), "c3 c1"),
        ("time", QueueFilter(flagged=True), "c2 c3"),
        ("time", QueueFilter(flagged=False), "c0 c1 c4"),
        ("time", QueueFilter(text="STOPS playing"), "c1 c4"),
        ("time", QueueFilter(text="c3"), "c3"),
        ("time", QueueFilter(kinds=frozenset({"cut"}), flagged=True, text="louder"), "c2"),
        ("time", QueueFilter(kinds=frozenset({"move"})), ""),
        ("length", QueueFilter(), "c2 c4 c0 c1 c3"),
        ("length", QueueFilter(text="playing", verdicts=frozenset({Verdict.UNDECIDED})), "c4"),
    ],
)
def test_order_and_filters(order, show, ids):
    assert queue(STATE, order, show) == tuple(ids.split())


@pytest.mark.parametrize(
    ("move", "current", "arrives"),
    [
        (next_id, None, Step("c0")),
        (next_id, "c0", Step("c1")),
        (next_id, "c4", Step("c4", at_end=True)),
        (previous_id, "c1", Step("c0")),
        (previous_id, "c0", Step("c0", at_end=True)),
        (previous_id, None, Step("c4")),
        (next_id, "no such id", Step("c0")),
    ],
)
def test_plain_moves_stop_at_the_ends(move, current, arrives):
    assert move(STATE, queue(STATE), current) == arrives


@pytest.mark.parametrize(
    ("move", "current", "arrives"),
    [
        (next_id, "c0", Step("c2")),
        (next_id, "c3", Step("c4")),
        (next_id, "c4", Step("c0", wrapped=True)),
        (previous_id, "c2", Step("c0")),
        (previous_id, "c0", Step("c4", wrapped=True)),
        (next_id, None, Step("c0")),
        (previous_id, None, Step("c4")),
    ],
)
def test_the_search_for_undecided_goes_round(move, current, arrives):
    assert move(STATE, queue(STATE), current, undecided_only=True) == arrives


@pytest.mark.parametrize("move", [next_id, previous_id])
def test_the_last_undecided_finds_itself_and_none_left_says_so(move):
    one = made(FIVE, verdicts=[A, A, U, R, R])
    assert move(one, queue(one), "c2", undecided_only=True) == Step("c2", wrapped=True)
    none = made(FIVE, verdicts=[A, A, R, R, R])
    assert move(none, queue(none), "c2", undecided_only=True) == Step(None, at_end=True)
    assert move(none, (), "c2") == Step(None, at_end=True)


@pytest.mark.parametrize(
    ("order", "following", "before"), [("time", "c2", "c0"), ("score", "c0", None), ("length", None, "c0")]
)
def test_a_proposal_that_left_the_queue_keeps_its_place(order, following, before):
    ids = queue(STATE, order, QueueFilter(verdicts=frozenset({Verdict.UNDECIDED})))
    assert "c1" not in ids
    last = Step(ids[-1], at_end=True)
    assert next_id(STATE, ids, "c1", order=order) == (Step(following) if following else last)
    arrived = previous_id(STATE, ids, "c1", order=order)
    assert arrived == (Step(before) if before else Step(ids[0], at_end=True))


def test_accept_above_takes_the_undecided_from_the_top():
    assert at_or_above(STATE, 0.7) == ("c0", "c2")
    assert at_or_above(STATE, 0.0) == ("c0", "c2", "c4")
    assert at_or_above(STATE, 0.71) == ()


def test_statistics_count_what_remains():
    figures = statistics(STATE)
    assert (figures.total, figures.decided, figures.accepted, figures.rejected, figures.flagged) == (
        5,
        2,
        1,
        1,
        2,
    )
    assert figures.length_samples == LENGTH
    assert figures.result_samples == LENGTH - 2 * RATE_HZ
    assert figures.result_if_all_accepted_samples == LENGTH - (5 + 2 + 10 + 10) * RATE_HZ
    assert (figures.accepted_score, figures.rejected_score) == (0.95, 0.99)
    assert statistics(made(FIVE)).accepted_score is None


def test_statistics_use_the_nudged_edges_and_unite_overlaps():
    state = made([(10, 20), (18, 25)], verdicts=[A, A])
    nudged = replace(state.decisions["c1"], start_samples=15 * RATE_HZ, stop_samples=200 * RATE_HZ)
    state = replace(state, decisions={**state.decisions, "c1": nudged})
    assert statistics(state).result_samples == 10 * RATE_HZ
    assert statistics(made([])).result_samples == LENGTH


def test_statistics_agree_with_what_each_kind_does():
    state = made(FIVE, verdicts=[A, A, A, A, A])
    drops = [d for p in state.proposals.values() for d in KINDS[p.kind].effect(edited(p, None))]
    gone = sum(drop.stop_samples - drop.start_samples for drop in drops)
    assert statistics(state).result_samples == LENGTH - gone


@given(st.data())
def test_learned_orders_are_those_of_plain_sorting(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    level = st.sampled_from((0.2, 0.5, 0.9))
    figures = st.lists(level, min_size=count, max_size=count)
    scores, chances, useful = data.draw(figures), data.draw(figures), data.draw(figures)
    verdicts = data.draw(st.lists(st.sampled_from((A, R, U)), min_size=count, max_size=count))
    state = made([(2 * k, 2 * k + 1) for k in range(count)], scores, verdicts)
    learned = Learned(np.array(chances), np.array(useful))
    by_score = sorted(range(count), key=lambda k: (-scores[k], k))
    for order, of in (("score", chances), ("useful", useful)):
        waiting = iter(sorted((k for k in by_score if not verdicts[k]), key=lambda k: -of[k]))
        expected = [k if verdicts[k] else next(waiting) for k in by_score]
        assert queue(state, order, learned=learned) == tuple(f"c{k}" for k in expected)
    assert queue(state, "score", learned=Learned(None, np.array(useful))) == queue(state, "score")
    assert queue(state, "useful") == queue(state, "score"), "where nobody learns"


def test_the_queue_makes_as_many_calls_for_ten_thousand_proposals_as_for_a_hundred(rng):
    undecided, calls = QueueFilter(verdicts=frozenset({Verdict.UNDECIDED})), []
    for count in (100, 10_000):
        verdicts = [[U, A, R][i] for i in rng.integers(0, 3, count)]
        spans = [(s, s + 0.5) for s in np.linspace(0, 99, count)]
        state = made(spans, rng.uniform(0, 1, count).tolist(), verdicts)
        ids = queue(state, "score")
        for work in (
            partial(queue, state, "score", undecided),
            lambda state=state: statistics(replace(state)),
            partial(next_id, state, ids, ids[count // 2], undecided_only=True, order="score"),
        ):
            work()
            calls.append(calls_of(work))
    assert max(calls) < 1_000, calls


@pytest.mark.alone
def test_ten_thousand_proposals_take_milliseconds(rng):
    starts = np.sort(rng.uniform(0, 99, 10_000))
    verdicts = [[U, A, R][i] for i in rng.integers(0, 3, 10_000)]
    state = made([(s, s + 0.5) for s in starts], rng.uniform(0, 1, 10_000).tolist(), verdicts)
    ids = queue(state, "score")

    undecided = QueueFilter(verdicts=frozenset({Verdict.UNDECIDED}))
    assert fastest_cpu_s(lambda: queue(state, "score", undecided), 5) < 0.040 * slowness()
    assert fastest_cpu_s(lambda: statistics(replace(state)), 5) < 0.060 * slowness()
    after = partial(next_id, state, ids, ids[5000], undecided_only=True, order="score")
    assert fastest_cpu_s(after, 5) < 0.002 * slowness()


@pytest.mark.parametrize(
    ("by", "folded", "groups", "shown"),
    [
        ("", ("undecided",), {"": "c0 c1 c2 c3 c4"}, "c0 c1 c2 c3 c4"),
        ("state", (), {"undecided": "c0 c2 c4", "accepted": "c1", "rejected": "c3"}, "c0 c2 c4 c1 c3"),
        ("state", ("undecided",), {"undecided": "c0 c2 c4", "accepted": "c1", "rejected": "c3"}, "c1 c3"),
        ("kind", ("cut",), {"cut": "c0 c1 c2 c3 c4"}, ""),
        ("maker", (), {"test": "c0 c1 c2 c3 c4"}, "c0 c1 c2 c3 c4"),
    ],
)
def test_groups_hold_everything_once_and_folded_ones_are_not_shown(by, folded, groups, shown):
    made_listing = listing(STATE, queue(STATE), by, folded)
    assert {group.name: " ".join(group.ids) for group in made_listing.groups} == groups
    assert " ".join(made_listing.ids) == shown


def test_empty_groups_have_no_heading():
    assert [group.name for group in listing(made(FIVE), queue(STATE), "state").groups] == ["undecided"]
    assert listing(STATE, (), "state").groups == ()


def test_keys_walk_through_groups_in_the_order_of_the_screen():
    ids = listing(STATE, queue(STATE), "state").ids
    walked = ["c0"]
    while not (step := next_id(STATE, ids, walked[-1])).at_end:
        walked.append(step.proposal_id)
    assert tuple(walked) == ids
    assert previous_id(STATE, ids, "c1") == Step("c4")


verdicts_drawn = st.lists(st.sampled_from([U, A, R]), min_size=5, max_size=5)
filters_drawn = st.builds(
    QueueFilter,
    verdicts=st.frozensets(st.sampled_from(list(Verdict))),
    flagged=st.sampled_from([None, True, False]),
    text=st.sampled_from(["", "playing", "near", "c3", "nothing has this"]),
)


@given(verdicts_drawn, st.frozensets(st.integers(0, 4)), filters_drawn, st.sampled_from([*Verdict, "flag"]))
def test_an_answer_for_all_shown_equals_each_answered_alone(verdicts, flagged, show, answer):
    start = made(FIVE, verdicts=verdicts, flagged=flagged)
    ids = queue(start, "score", show)

    def answered(state, keys):
        edit = flag_all(state, keys) if answer == "flag" else decide(state, keys, answer)
        return apply_rows(state, edit.changes)

    alone = start
    for key in ids:
        alone = answered(alone, [key])
    assert answered(start, ids) == alone


@pytest.fixture
def document(tmp_path):
    made_document = Document.create(tmp_path / "a.offcut")
    sources, proposals = made(FIVE).sources.values(), made(FIVE).proposals.values()
    with made_document:
        made_document.apply(track_edits.add_tracks(made_document.state, each_alone(list(sources), ["a"])))
        made_document.apply(replace_proposals(made_document.state, proposals, {}, "Proposed"))
        yield made_document


def test_the_last_answer_comes_first_and_undo_brings_the_order_before_back(document):
    last = LastDecisions(document.step_decisions)

    def order():
        return last.newest_first(document.state, document.steps())

    def answer(verdict, *ids):
        document.apply(decide(document.state, ids, verdict))

    assert order() == ()
    answer(A, "c3")
    answer(R, "c0", "c1")
    assert order() == ("c0", "c1", "c3")
    answer(R, "c3")
    assert order() == ("c3", "c0", "c1")
    document.apply(flag(document.state, "c1", True))  # no answer
    answer(Verdict.UNDECIDED, "c0")
    assert order() == ("c3", "c1")
    for _ in range(3):
        document.undo()
    assert order() == ("c0", "c1", "c3")
    assert [(step.label, step.undone) for step in document.steps()][-3:] == [
        ("Rejected cut 0:40.0 – 0:41.0", True),
        ("Flagged cut 0:10.0 – 0:12.0", True),
        ("Left undecided cut 0:00.0 – 0:05.0", True),
    ]
    assert LastDecisions(lambda _number: ()).newest_first(document.state, ()) == ("c0", "c1", "c3")


def test_a_damaged_step_leaves_its_answers_at_the_end(document):
    def unreadable(number):
        raise DocumentError(f"The step {number} is damaged.")

    document.apply(decide(document.state, ["c4", "c2"], A))
    assert LastDecisions(unreadable).newest_first(document.state, document.steps()) == ("c2", "c4")
