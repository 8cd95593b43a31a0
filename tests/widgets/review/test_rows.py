"""What the queue says: rows, the card's words, what an edge sits on, the header and the advice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.proposals import BY_HAND, Alternative, Decision, Proposal, ReferenceExample, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.review.answers import statistics
from engine.review.queue import Learned, standing
from tests.as_before import require_sentence
from tests.engine.sound.edl.recordings import by_hand, timeline_state
from tests.sources import one_source_track
from tests.widgets.review.made_up import KEYS
from widgets.review.queue_panel import advice, all_decided, offers
from widgets.review.rows import (
    ON_IT_S,
    Surroundings,
    card_of,
    figures,
    header_text,
    length_text,
    row_of,
    sits_on,
)

RATE = 48_000


def state_of(*decisions: Decision) -> DocumentState:
    proposals = {
        "a": Proposal(
            "a",
            "cut",
            10 * RATE,
            18 * RATE,
            0.91,
            "Talk.",
            "m",
            (Alternative("beats", 9 * RATE, 18 * RATE),),
        ),
        "b": Proposal("b", "sneeze", 30 * RATE, 31 * RATE, 0.4, "A sneeze.", "m"),
    }
    source = Source("s", "jam.wav", "", RATE, 2, 60 * RATE, "WAV", "PCM_16")
    return DocumentState(
        rate_hz=RATE,
        sources={"s": source},
        tracks=(one_source_track("t", source, "Jam", 0),),
        proposals=proposals,
        decisions={each.proposal_id: each for each in decisions},
    )


def test_row_follows_the_decision() -> None:
    row = row_of(state_of(), "a")
    assert (row.time, row.length, row.verdict, row.flagged, row.icon) == (
        "0:10.0",
        "8.0 s",
        Verdict.UNDECIDED,
        False,
        "scissors",
    )
    moved = row_of(state_of(Decision("a", Verdict.ACCEPTED, start_samples=11 * RATE, flagged=True)), "a")
    assert (moved.time, moved.length, moved.verdict, moved.flagged) == (
        "0:11.0",
        "7.0 s",
        Verdict.ACCEPTED,
        True,
    )
    assert moved.spoken == "Cut 0:11.0 – 0:18.0, 7.0 s, score 0.91, accepted, flagged"


def test_the_card_states_the_way_that_was_chosen() -> None:
    way = Alternative("To the line before, beat 2", 10 * RATE, 18 * RATE, {"crossfade_ms": 5.0})
    state = state_of()
    moved = replace(state.proposals["a"], alternatives=(way,))
    state = replace(state, proposals={**state.proposals, "a": moved})
    reason = card_of(state, "a", Surroundings()).reason
    chosen = replace(state, decisions={"a": Decision("a", alternative=1)})
    assert card_of(chosen, "a", Surroundings()).reason == f"To the line before, beat 2. As proposed: {reason}"


def test_the_card_of_an_own_edit_of_some_tracks_names_them() -> None:
    source = Source("s", "s.wav", "", RATE, 1, 60 * RATE, "WAV", "PCM_16")
    tracks = tuple(one_source_track(name, source, name.capitalize(), i) for i, name in enumerate("gv"))
    made = Proposal("r", "ripple", 10 * RATE, 18 * RATE, 1.0, "Made by hand.", BY_HAND, {}, tracks=("v",))
    state = DocumentState(RATE, {"s": source}, tracks, {"r": made}, {})
    card = card_of(state, "r", Surroundings())
    assert card.title == "Ripple cut 0:10.0 – 0:18.0"
    assert "V" in card.reason
    assert "G" not in card.reason


def test_an_unknown_kind_still_has_a_row() -> None:
    assert row_of(state_of(), "b").icon == "asterisk"


def test_card_says_alternative_and_what_was_moved() -> None:
    text = card_of(state_of(), "a", Surroundings())
    assert (text.title, text.length) == ("Cut 0:10.0 – 0:18.0", "8.0 s")
    assert (text.score, text.crossfade, text.alternative, text.alternatives) == ("0.91", "0 ms", 1, 2)
    assert text.left_sits == ""
    faded = Decision("a", payload={"crossfade_ms": 12.5})
    assert card_of(state_of(faded), "a", Surroundings()).crossfade == "12.5 ms", "as the user has it"
    assert card_of(state_of(), "b", Surroundings()).crossfade == "", "nobody knows of this kind"
    nudged = Decision("a", alternative=1, start_samples=9 * RATE - 480, stop_samples=18 * RATE + 1)
    text = card_of(state_of(nudged), "a", Surroundings())
    assert text.alternative == 2
    assert text.left == "0:08.990"
    assert text.left_sits == " · moved −10 ms"
    assert text.right_sits == " · moved +1 sample"
    far = Decision("a", alternative=1, start_samples=9 * RATE, stop_samples=18 * RATE + 194 * RATE)
    assert card_of(state_of(far), "a", Surroundings()).right_sits == " · moved +194.0 s"


def slow_sits_on(position: int, grid: BeatGrid | None, onsets: list[int]) -> str:
    """The same answer by looking at every beat and onset."""
    if grid is not None and len(grid.beats_samples):
        distances = [abs(int(beat) - position) for beat in grid.beats_samples]
        if min(distances) <= ON_IT_S * RATE:
            at = distances.index(min(distances))
            bar = sum(1 for each in grid.bar_positions[: at + 1] if each == 1)
            beat = int(grid.bar_positions[at])
            return f"downbeat {bar}" if beat == 1 else f"beat {bar} | {beat}"
    if onsets and min(abs(onset - position) for onset in onsets) <= ON_IT_S * RATE:
        return "onset"
    before = [] if grid is None else [int(beat) for beat in grid.beats_samples if beat <= position]
    return "between beats" if before and (before == [500] or position - before[-1] <= 96_000) else ""


@pytest.mark.parametrize("beats", [0, 1, 2, 40])
@pytest.mark.parametrize("onset_count", [0, 1, 50])
def test_what_an_edge_sits_on_equals_the_slow_search(
    beats: int, onset_count: int, rng: np.random.Generator
) -> None:
    grid = BeatGrid(np.arange(beats) * 24_000 + 500, (np.arange(beats) + 2) % 4 + 1, 120.0, 1.0, "m")
    onsets = np.sort(rng.integers(0, 20 * RATE, onset_count))
    places = [*rng.integers(0, 21 * RATE, 60), *grid.beats_samples[:5] + 100, *onsets[:5], 0]
    for shown in (grid if beats else None, grid):
        around = Surroundings(shown, onsets)
        for position in map(int, places):
            wanted = slow_sits_on(position, shown, [int(each) for each in onsets])
            assert sits_on(position, RATE, around) == wanted


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "40 ms"), (8.8, "8.8 s"), (241.5, "4:02"), (724, "12:04")]
)
def test_length_text(seconds: float, text: str) -> None:
    assert length_text(round(seconds * RATE), RATE) == text


def test_header_and_end_of_the_review() -> None:
    state = state_of(Decision("a", Verdict.ACCEPTED))
    assert header_text(statistics(state), RATE) == "1 of 2 decided · result 0:52 (87 %)"
    assert all_decided(statistics(state), KEYS) == ""
    done = state_of(Decision("a", Verdict.ACCEPTED), Decision("b", Verdict.REJECTED))
    assert all_decided(statistics(done), KEYS) == "All 2 decided: export with Ctrl\u00a0E."
    alone = replace(done, proposals={"a": done.proposals["a"]}, decisions={"a": done.decisions["a"]})
    assert all_decided(statistics(alone), KEYS) == "It is decided: export with Ctrl\u00a0E."
    assert header_text(statistics(DocumentState()), 0) == ""


def test_the_header_counts_what_needs_no_answer() -> None:
    state = state_of(Decision("a", Verdict.ACCEPTED))
    inside = replace(state.proposals["a"], id="c", start_samples=11 * RATE, stop_samples=12 * RATE)
    state = replace(state, proposals={**state.proposals, "c": replace(inside, alternatives=())})
    said = header_text(statistics(state), RATE)
    assert said == "1 of 3 decided, 1 cut already · result 0:52 (87 %)"


@pytest.mark.parametrize(
    ("name", "state", "taste"),
    [
        ("no recording", DocumentState(), None),
        ("no taste", replace(state_of(), proposals={}), None),
        ("no proposals", replace(state_of(), proposals={}), "Band"),
        ("filtered", state_of(), "Band"),
    ],
)
def test_an_empty_queue_names_the_next_action(name: str, state: DocumentState, taste: str | None) -> None:
    said = advice(state, statistics(state), taste, KEYS)
    require_sentence("queue", f"empty, {name}", said.replace("\u00a0", " "))
    assert not any(key in said for key in KEYS.values() if " " in key), "a key is broken in two"


def test_an_empty_queue_offers_what_fits_the_tracks_first() -> None:
    state = replace(state_of(), proposals={})
    assert offers(state, statistics(state), None) == (
        "taste.learn",
        "taste.pauses",
        "taste.shorten",
        "sounds.talk",
        "takes.propose",
        "editor.propose",
        "timing.propose",
    )
    drums = replace(state, tracks=tuple(replace(track, role="kick") for track in state.tracks))
    assert offers(drums, statistics(drums), None)[0] == "timing.propose"
    for nothing, taste in ((DocumentState(), None), (state, "Band"), (state_of(), None)):
        assert offers(nothing, statistics(nothing), taste) == ()


def test_figures_say_what_was_measured_and_nothing_else() -> None:
    assert figures(statistics(DocumentState()), 0) == ()
    assert figures(statistics(state_of()), RATE) == (
        ("accepted", "none"),
        ("rejected", "none"),
        ("flagged", "none"),
        ("if all are accepted", "0:52 (87 %) remain"),
    )
    decided = state_of(Decision("a", Verdict.ACCEPTED), Decision("b", Verdict.REJECTED, flagged=True))
    assert figures(statistics(decided), RATE) == (
        ("accepted", "1 (50 %) · mean score 0.91"),
        ("rejected", "1 (50 %) · mean score 0.40"),
        ("flagged", "1"),
        ("if all are accepted", "0:52 (87 %) remain"),
    )


@pytest.mark.parametrize(("start_s", "at"), [(68.4, "1:08"), (0.0, "0:00"), (3_725.0, "1:02:05")])
def test_the_card_names_the_nearest_kept_example(start_s: float, at: str) -> None:
    state = state_of()
    example = ReferenceExample("/band/edits/take 4.final.wav", start_s, start_s + 2.0, 0.3)
    proposals = {**state.proposals, "a": replace(state.proposals["a"], nearest_kept=example)}
    known = card_of(replace(state, proposals=proposals), "a", Surroundings())
    assert (known.kept, known.kept_at) == ("take 4.final", at)
    unknown = card_of(state, "a", Surroundings())
    assert (unknown.kept, unknown.kept_at) == ("", "")


def test_a_row_says_how_much_an_edit_does_and_whose_it_is() -> None:
    state = by_hand(timeline_state(16_000), "slip", (1_000, 2_000), {"by_samples": 8.0})
    state = by_hand(state, "mute", (4_000, 6_000), {})
    slip, mute = (row_of(state, key) for key in state.proposals)
    assert (slip.length, slip.is_yours, slip.icon) == ("+1.0 ms", True, "slip")
    assert mute.length == "0.2 s"
    assert slip.spoken == "Slip 0:00.1 – 0:00.2, +1.0 ms, yours, accepted"


def test_a_row_tells_what_cannot_hold_beside_it() -> None:
    state = by_hand(timeline_state(160_000), "slip", (8_000, 24_000), {"by_samples": 8.0})
    state = by_hand(state, "slip", (16_000, 32_000), {"by_samples": 9.0})
    state = by_hand(state, "gain", (16_000, 32_000), {"gain_db": -3.0})
    rows = [row_of(state, key) for key in state.proposals]
    assert [row.conflicts for row in rows] == [("slip at 0:02.0",), ("slip at 0:01.0",), ()]
    assert rows[0].spoken.endswith("accepted, in conflict with the slip at 0:02.0")
    for more in range(5):
        state = by_hand(state, "slip", (8_000 + more, 30_000), {"by_samples": 20.0 + more})
    names = row_of(state, next(iter(state.proposals))).conflicts
    assert names == ("slip at 0:01.0", "slip at 0:01.0", "4 others")


def test_the_card_of_an_edit_by_hand_has_no_score_and_its_own_crossfade() -> None:
    state = state_of()
    slip = Proposal("s", "slip", 100, 900, 1.0, "", "you", (), {"by_samples": 3.0, "crossfade_ms": 4.0})
    gain = Proposal("g", "gain", 100, 900, 1.0, "", "you", (), {"gain_db": 3.0})
    state = replace(state, proposals={**state.proposals, "s": slip, "g": gain})
    around = Surroundings()
    assert (card_of(state, "s", around).score, card_of(state, "s", around).crossfade) == ("", "4 ms")
    assert card_of(state, "g", around).crossfade == ""


def test_an_edge_in_talk_sits_on_no_beat() -> None:
    beats = np.arange(0, 30 * RATE, RATE // 2, dtype=np.int64)
    talk = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 0.1, "m")
    assert [sits_on(place, RATE, Surroundings(talk)) for place in (0, 100, 40_000)] == ["", "", ""]


@pytest.mark.parametrize("maker", ["you", "match", "separation: blend"])
def test_the_card_of_an_edit_that_nobody_scored_says_nothing_of_a_score(maker: str) -> None:
    times = np.arange(0, 60 * RATE, RATE, dtype=np.int64)
    loud = np.full((len(times), 1), 3.0, np.float32)
    curve = ScoreCurve(times, np.full(len(times), 0.9, np.float32), "taste", ("level",), loud)
    state = state_of()
    cut = replace(state.proposals["a"], id="mine", maker=maker, score=1.0, alternatives=())
    state = replace(state, proposals={**state.proposals, "mine": cut})
    ranks, around = standing(state), Surroundings(curve=curve)
    learned = Learned(np.full(3, 0.9), np.zeros(3))
    card = card_of(state, "mine", around, learned, standing=ranks)
    assert (card.score, card.top, card.parts, card.chance) == ("", "", (), "")
    assert card_of(state, "a", around, learned, standing=ranks).parts
    taken = replace(state, proposals={"a": replace(state.proposals["a"], maker="takes")})
    assert card_of(taken, "a", around).parts == (), "the taste did not propose it"
    row = row_of(state, "mine", learned, ranks)
    assert "1.00" not in row.hint
    assert row.bar is None
