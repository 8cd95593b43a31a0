"""What a review shows of a document, in what order, and what it counts, stays what it was."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import DetectedSounds, Hits, Role
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState, Marker
from engine.document.table import VERDICTS, table_of
from engine.review.answers import statistics
from engine.review.moves import moves_of, offsets_of, retained_pulls_of, shifts_of
from engine.review.overlaps import cut_away, cut_away_with, is_cut_away, recount, taken_in
from engine.review.queue import (
    Learned,
    QueueFilter,
    at_or_above,
    listing,
    next_id,
    previous_id,
    queue,
    standing,
)
from engine.review.wording import sounds_in_cut, sounds_sentence
from tests.as_before import require_as_before
from tests.engine.sound.edl.recordings import RATE_HZ, timeline_state

LENGTH = 400 * RATE_HZ
SECOND = RATE_HZ
MARKERS = (
    Marker("m1", 20 * SECOND, 90 * SECOND, "Verse"),
    Marker("m2", 80 * SECOND, 200 * SECOND, "Chorus"),
    Marker("m3", 300 * SECOND, 300 * SECOND, "no region"),
)
SOUNDS = DetectedSounds(
    np.array([[k * 30 * SECOND, (k * 30 + 4) * SECOND] for k in range(12)]),
    tuple(("cat", "crow", "car horn")[k % 3] for k in range(12)),
    np.linspace(0.5, 0.95, 12).astype(np.float32),
    "test",
)


def _session(seed: int) -> DocumentState:
    """Forty proposals of several kinds and makers, of equal scores and spans too, most of them answered."""
    dice = random.Random(seed)
    proposals, decisions = {}, {}
    for number in range(40):
        start = dice.randrange(380) * SECOND
        kind = dice.choice(("cut", "cut", "cut", "mute", "keep", "move", "hum"))
        payload = {"to_samples": 5 * SECOND} if kind == "move" else {}
        key, score = f"p{number:02}", dice.choice((0.25, 0.5, 0.75, dice.random()))
        maker = dice.choice(("Band", "silence", "you"))
        reason = dice.choice(("Tuning", "A cat", "Talk"))
        stop = start + dice.choice((2, 5, 20)) * SECOND
        proposals[key] = Proposal(key, kind, start, stop, score, reason, maker, payload=payload)
        if dice.random() < 0.7:
            note = "asks Ana" if dice.random() < 0.2 else ""
            nudged = start + SECOND if dice.random() < 0.2 else None
            decisions[key] = Decision(
                key, dice.choice(VERDICTS), flagged=dice.random() < 0.3, note=note, start_samples=nudged
            )
    markers = {one.id: one for one in MARKERS}
    return replace(timeline_state(LENGTH), proposals=proposals, decisions=decisions, markers=markers)


SESSIONS = {seed: _session(seed) for seed in range(4)}
FILTERS = {
    "all": QueueFilter(),
    "cuts": QueueFilter(kinds=frozenset({"cut", "hum"})),
    "open": QueueFilter(verdicts=frozenset({Verdict.UNDECIDED})),
    "answered": QueueFilter(verdicts=frozenset({Verdict.ACCEPTED, Verdict.REJECTED})),
    "flagged": QueueFilter(flagged=True),
    "not flagged cuts": QueueFilter(kinds=frozenset({"cut"}), flagged=False),
    "words": QueueFilter(text=" CAT  a"),
    "words of notes": QueueFilter(text="ana"),
    "words of sounds": QueueFilter(text="crow", sounds=SOUNDS),
}


@pytest.mark.parametrize("seed", SESSIONS)
def test_the_queue_is_in_the_order_it_was(seed: int) -> None:
    state = SESSIONS[seed]
    dice = np.random.default_rng(seed)
    learned = Learned(dice.random(40), dice.random(40))
    told: dict[str, object] = {name: queue(state, "time", show) for name, show in FILTERS.items()}
    orders = ("time", "score", "length", "useful")
    for order in orders:
        told[order] = [queue(state, order), queue(state, order, learned=learned)]
    for by in ("", "region", "state", "kind", "maker", "sound"):
        ids = queue(state, "score")
        told[f"by {by}"] = [
            listing(state, ids, by, ("Verse", "cut", "cat"), sounds).groups for sounds in (SOUNDS, None)
        ]
    shown = queue(state, "score", FILTERS["open"], learned)
    told["steps"] = {
        f"{only} {current}": [
            next_id(state, shown, current, undecided_only=only, order="score", learned=learned),
            previous_id(state, shown, current, undecided_only=only, order="score", learned=learned),
        ]
        for only in (False, True)
        for current in (None, "gone", "p00", "p07", "p33", shown[0], shown[-1])
    }
    told["accepting"] = [
        next_id(state, shown, shown[0], undecided_only=True, accepting=key) for key in shown[:5]
    ]
    told["above"] = [at_or_above(state, score) for score in (0.0, 0.5, 0.75, 1.0)]
    require_as_before("review", f"queue {seed}", told)


@pytest.mark.parametrize("seed", SESSIONS)
def test_figures_of_a_review_are_what_they_were(seed: int) -> None:
    state = SESSIONS[seed]
    known = replace(state, proposals={key: one for key, one in state.proposals.items() if one.kind != "hum"})
    known = replace(
        known, decisions={key: one for key, one in state.decisions.items() if key in known.proposals}
    )
    table = table_of(known)
    chances = np.round(np.random.default_rng(seed).random(len(known.proposals)), 1)
    ranked = [standing(known), standing(known, Learned(chances, chances))]
    told = {
        "statistics": statistics(known),
        "cut away": cut_away(known),
        "cut away with": [cut_away_with(known, key) for key in list(known.proposals)[:6]],
        "is cut away": [is_cut_away(known, key) for key in known.proposals],
        "bars": [np.nan_to_num(one.bars, nan=-1) for one in ranked],
        "top": [[one.top_share(table, key) for key in known.proposals] for one in ranked],
        "heard": [sounds_sentence(sounds_in_cut(known, key, SOUNDS)) for key in known.proposals],
        "taken in": [taken_in(known, key) for key in known.proposals],
    }
    require_as_before("review", f"figures {seed}", told)


@pytest.mark.parametrize("seed", range(6))
def test_cuts_are_counted_anew_as_plain_loops_count_them(seed: int) -> None:
    dice = np.random.default_rng(seed)

    def cuts() -> np.ndarray:
        edges = np.sort(dice.choice(200, 2 * int(dice.integers(1, 12)), replace=False))
        return edges.reshape(-1, 2)

    before, after = cuts(), cuts()

    def overlaps(one: np.ndarray, others: np.ndarray) -> list[int]:
        return [sum(int(s < stop and start < e) for s, e in others.tolist()) for start, stop in one.tolist()]

    into, come_of, found = overlaps(before, after), overlaps(after, before), recount(before, after)
    assert (found.before, found.after) == (len(before), len(after))
    assert found.broke_up == sum(count > 1 for count in into)
    assert found.pieces_more == sum(max(count - 1, 0) for count in into)
    assert found.joined_fewer == sum(max(count - 1, 0) for count in come_of)
    assert (found.gone, found.come) == (into.count(0), come_of.count(0))
    assert found.after == found.before + found.pieces_more - found.joined_fewer - found.gone + found.come


def test_how_cuts_are_counted_anew_is_said_as_before() -> None:
    sets = (
        [[0, 10]],
        [[0, 4], [5, 10]],
        [[0, 2], [3, 4], [5, 7], [20, 30]],
        [[0, 2], [3, 4], [12, 13], [20, 30]],
    )
    arrays = [np.array(one) for one in sets]
    require_as_before(
        "review", "recounts", [recount(one, other).sentence for one in arrays for other in arrays]
    )


def _performed() -> tuple[Hits, DocumentState]:
    """Thirty hits of two drums and an overhead that is none; most moved, one voice by itself."""
    dice = random.Random(3)
    onsets = np.array([900.0 + k * 1_000 + dice.uniform(-90, 90) for k in range(30)])
    tracks = np.array([k % 3 for k in range(30)], np.int16)
    zeros = np.zeros(30, np.float32)
    hits = Hits(
        onsets,
        tracks,
        zeros,
        np.arange(30, dtype=np.int32),
        np.zeros(30, np.int8),
        zeros,
        ("t0", "t1", "t2"),
        (Role.KICK, Role.SNARE, Role.OVERHEAD),
        np.zeros(3),
    )
    proposals, decisions = {}, {}
    for number, onset in enumerate(onsets.tolist()):
        start = round(onset) - 40
        by = dice.choice((0.0, float(1_000 * round(onset / 1_000)) - onset, 55.5, float("nan")))
        payload = {
            "by_samples": by,
            "onset_samples": onset,
            "voices": ("kick", "kick+snare", "", 5)[number % 4],
        }
        if dice.random() < 0.85:
            key = f"h{number:02}"
            proposals[key] = Proposal(key, "hit", start, start + 700, 0.5, "", "align", payload=payload)
            if dice.random() < 0.5:
                changed = {"by_samples": -33.0} if dice.random() < 0.3 else None
                decisions[key] = Decision(key, dice.choice(VERDICTS), payload=changed)
    for number, track in ((4, "t1"), (9, "t0"), (10, "t1"), (11, "gone")):
        near = {"by_samples": 12.0, "onset_samples": float(onsets[number]) + 24.0, "bleed": {}}
        proposals[f"v{number}"] = Proposal(
            f"v{number}",
            "flam",
            round(onsets[number]),
            round(onsets[number]) + 300,
            0.5,
            "",
            "align",
            payload=near,
            tracks=(track,),
        )
    return hits, replace(timeline_state(LENGTH), proposals=proposals, decisions=decisions)


def test_moves_of_hits_are_told_as_before() -> None:
    hits, state = _performed()
    moves = moves_of(state)
    lines = np.arange(0.0, 31_000.0, 1_000.0)
    told = {
        "moves": moves,
        "shifts": shifts_of(hits, moves, RATE_HZ),
        "offsets": [
            offsets_of(hits, moves, some, strength, RATE_HZ)
            for some in (lines, lines[:1], lines[3:5])
            for strength in (1.0, 0.5, 0.0)
        ],
        "pulls": [
            retained_pulls_of(hits, moves, some, strength, RATE_HZ)
            for some in (lines, lines[:1], lines[3:5])
            for strength in (1.0, 0.5)
        ],
        "sounding": [moves.sounding(voice) for voice in ("kick", "snare", "hat")],
        "within": [
            moves.within(1_900, 10_000),
            moves.within(moves.onsets_samples[3], moves.onsets_samples[5]),
        ],
        "verdicts": [moves.are(verdict) for verdict in VERDICTS],
        "rows": [moves.row_of(key) for key in ("h04", "v9", "gone", None)],
        "chosen": moves.chosen(moves.by_samples > 0),
    }
    require_as_before("review", "moves", told, most_apart=1e-6)
    nudged = replace(
        state, decisions={**state.decisions, "h04": Decision("h04", payload={"by_samples": 1.0})}
    )
    answered = replace(state, decisions={**state.decisions, "v9": Decision("v9", Verdict.REJECTED)})
    assert moves.go_as(moves_of(answered))
    assert not moves.go_as(moves_of(nudged))
