"""What proposals do as columns, beside a plain walk through their effects."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import DocumentError
from engine.core.latest import found_once
from engine.document.kinds import kind_of
from engine.document.kinds.operations import Drop, Hold, Operation, Order
from engine.document.proposals import Decision, Proposal, Verdict, edited
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.sound.edl.gathered import gathered, gathered_accepted, is_arranged
from tests.engine.sound.edl.test_arrangement import edited as with_edits
from tests.engine.sound.edl.test_arrangement import recording

STEPS = [
    (kind, 400 * number + 3_000 * place, 400 * number + 3_000 * place + 250, payload)
    for place, (kind, payload) in enumerate(
        (
            ("cut", {}),
            ("keep", {}),
            ("repeat", {"times": 2}),
            ("move", {"to_samples": 39_000}),
            ("slip", {"by_samples": 12.5}),
            ("gain", {"gain_db": -6.0}),
            ("mute", {}),
        )
    )
    for number in range(6)
]


def plain(state: DocumentState, chosen: np.ndarray) -> list[Operation]:
    rows = table_of(state).made.rows
    picked = (one for one, is_chosen in zip(rows, chosen, strict=True) if is_chosen)
    return [
        operation
        for one in picked
        for operation in kind_of(one).effect(edited(one, state.decisions.get(one.id)))
    ]


def assert_gathered(state: DocumentState, chosen: np.ndarray) -> None:
    done, expected = gathered(state, chosen), plain(state, chosen)
    drops = zip(done.drop_starts.tolist(), done.drop_stops.tolist(), done.crossfades_ms.tolist(), strict=True)
    assert sorted(drops) == sorted(
        (one.start_samples, one.stop_samples, one.crossfade_ms) for one in expected if isinstance(one, Drop)
    )
    held = [[one.start_samples, one.stop_samples] for one in expected if isinstance(one, Hold)]
    assert sorted(done.holds.tolist()) == sorted(held)
    orders = [one for one in expected if isinstance(one, Order)]
    assert done.orders.ats.tolist() == [one.at_samples for one in orders]
    assert done.orders.starts.tolist() == [one.start_samples for one in orders]
    assert done.orders.stays.tolist() == [one.stays for one in orders]
    assert len(done.laid_by) == len(orders)
    assert done.sounding == tuple(one for one in expected if not isinstance(one, Drop | Hold | Order))


def test_columns_follow_every_answer() -> None:
    dice, state = random.Random(5), with_edits(recording(), *STEPS)
    ids = list(state.proposals)
    for _ in range(120):
        key = dice.choice(ids)
        changes = {"cut": {"crossfade_ms": float(dice.randint(0, 30))}, "gain": {"gain_db": 3.0}}
        span = state.proposals[key].start_samples + dice.randint(0, 40)
        answer = dice.choice(
            (
                Decision(key, dice.choice(tuple(Verdict))),
                Decision(key, Verdict.ACCEPTED, start_samples=span),
                Decision(key, Verdict.ACCEPTED, payload=changes.get(state.proposals[key].kind)),
            )
        )
        decisions = {**state.decisions, key: answer}
        if dice.random() < 0.2:
            del decisions[key]
        state = replace(state, decisions=decisions)
        table = table_of(state)
        assert_gathered(state, table.are(Verdict.ACCEPTED))
        assert_gathered(state, ~table.are(Verdict.REJECTED))


def test_a_verdict_alone_leaves_what_proposals_do_as_it_is() -> None:
    state = with_edits(recording(), *STEPS)
    before = table_of(state)
    assert gathered_accepted(state).laid_by
    key = before.made.ids[0]
    answered = table_of(replace(state, decisions={**state.decisions, key: Decision(key, Verdict.REJECTED)}))
    assert answered.effects is before.effects, "nothing is spelt out anew"
    nudged = replace(state, decisions={**state.decisions, key: Decision(key, start_samples=5)})
    assert table_of(nudged).effects is not before.effects


def test_a_kind_that_is_not_known_here_does_nothing() -> None:
    strange = Proposal("odd", "kind of tomorrow", 10, 20, 0.5, "", "somebody")
    state = replace(recording(), proposals={"odd": strange})
    done = gathered(state, np.array([True]))
    assert not is_arranged(state)
    assert (len(done.drop_starts), len(done.holds), done.sounding) == (0, 0, ())


def test_what_cannot_be_told_is_refused_only_where_it_is_chosen() -> None:
    strange = Proposal("odd", "mute", 10, 20, 0.5, "", "somebody", payload={"crossfade_ms": "long"})
    state = replace(recording(), proposals={"odd": strange})
    assert not is_arranged(state)
    assert not len(gathered(state, np.array([False])).drop_starts)
    with pytest.raises(DocumentError):
        gathered(state, np.array([True]))


def test_the_same_object_is_asked_about_once() -> None:
    asked: list[object] = []

    @found_once
    def find(about: object) -> int:
        asked.append(about)
        return len(asked)

    first, second = [1], [1]
    assert [find(first), find(first), find(second), find(first)] == [1, 1, 2, 3]
