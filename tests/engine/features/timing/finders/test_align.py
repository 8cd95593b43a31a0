"""From hits and a grid to proposals: which move, by how much, in which words, and what an answer keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import TimingError, UsageError
from engine.document.analysis import Hits, Ornament
from engine.document.edits.proposals import decide, set_note
from engine.document.file.storage import apply_rows
from engine.document.grid_edits import steady
from engine.document.kinds import KINDS
from engine.document.proposals import Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.features.timing.alignment.lines import Lines, Placement
from engine.features.timing.alignment.settings import TimingSettings, timing_settings
from engine.features.timing.finders.timing.align import ProposedMoves, propose_moves
from tests.engine.features.timing.hits.made import made_hits
from tests.sources import one_source_track

RATE_HZ = 48_000
BEAT = 24_000
LENGTH = 16 * BEAT
GRID = steady(120.0, 0.0, rate_hz=RATE_HZ, length_samples=LENGTH)
TRACKS = ("kick", "snare", "hat", "overhead")


def _state(tracks: Sequence[str] = TRACKS) -> DocumentState:
    sources = {key: Source(key, f"/{key}.wav", key, RATE_HZ, 1, LENGTH, "WAV", "PCM_16") for key in tracks}
    return DocumentState(
        rate_hz=RATE_HZ,
        sources=sources,
        tracks=tuple(one_source_track(key, sources[key], key, place) for place, key in enumerate(tracks)),
    )


def _nearest(flams: Sequence[float] | None = None, shift: float = 1.0) -> object:
    """Place every stroke on the line nearest to its first hit: no part of what is tested."""

    def align(hits: Hits, lines: Lines) -> Placement:
        count = len(hits.onsets_samples)
        late = np.full(count, np.nan) if flams is None else np.array(flams, np.float64)
        lead = np.array([np.flatnonzero(hits.strokes == stroke)[0] for stroke in hits.strokes], np.int64)
        away = np.abs(lines.positions_samples - hits.onsets_samples[lead][:, None])
        found = away.argmin(axis=1)
        moved = lines.positions_samples[found] - hits.onsets_samples[lead]
        moved = np.where(np.abs(moved) < 48, 0.0, moved * shift) - np.nan_to_num(late)
        return Placement(found, hits.onsets_samples + moved, late, np.ones(count))

    return align


def _proposed(hits: Hits, state: DocumentState | None = None, **asked: object) -> ProposedMoves:
    aligner = asked.pop("aligner", None) or _nearest()
    settings = TimingSettings(**asked)
    return propose_moves(state or _state(), hits, GRID, settings, aligner=aligner)


def _only(proposed: ProposedMoves) -> Proposal:
    assert len(proposed.proposals) == 1
    return proposed.proposals[0]


LATE = made_hits([(2 * BEAT + 672, 0, 0), (2 * BEAT + 700, 2, 0), (4 * BEAT, 1, 1)])


def test_a_late_stroke_is_moved_as_one_slice_on_all_microphones() -> None:
    one = _only(_proposed(LATE))
    assert (one.kind, one.tracks) == ("hit", ())
    assert one.start_samples == 2 * BEAT + 672 - 240
    assert one.stop_samples == 4 * BEAT - 240
    assert one.payload == {
        "by_samples": -672.0,
        "onset_samples": 2 * BEAT + 672.0,
        "voices": "kick+hat",
        "line": 8,
        "fill": "decay",
        "crossfade_ms": 5.0,
    }
    assert one.reason == "The kick and hat are 14 ms late for beat 3 of bar 1."
    KINDS["hit"].validate(one.payload)


def test_hits_in_a_free_passage_stay() -> None:
    grid = replace(GRID, free_samples=np.array([[2 * BEAT, 3 * BEAT]]))
    late = made_hits([(BEAT + 672, 0, 0), (2 * BEAT + 672, 0, 1), (4 * BEAT, 1, 2)])
    proposed = propose_moves(_state(), late, grid, TimingSettings(), aligner=_nearest())
    assert _only(proposed).payload["onset_samples"] == BEAT + 672.0
    assert proposed.placed.shifts_of_hits.tolist() == [-672.0, 0.0, 0.0]


def test_a_stroke_on_the_grid_stays_and_says_where_the_slice_before_ends() -> None:
    proposed = _proposed(made_hits([(BEAT, 0, 0), (2 * BEAT - 480, 1, 1)]))
    one = _only(proposed)
    assert one.payload["after_samples"] == BEAT
    assert one.stop_samples == LENGTH
    assert one.reason == "The snare is 10 ms early for beat 3 of bar 1."
    assert proposed.sentence == "Proposed to move 1 of 2 hits"


def test_some_of_the_tracks_are_named() -> None:
    state = _state((*TRACKS, "vocals"))
    assert _only(_proposed(LATE, state)).tracks == TRACKS


def test_the_pad_never_reaches_back_to_the_stroke_before() -> None:
    close = made_hits([(2 * BEAT + 1_300, 0, 0), (2 * BEAT + 1_700, 1, 1)])
    first, second = _proposed(close, pad_ms=50.0, division="1/32").proposals
    assert second.start_samples == 2 * BEAT + 1_500
    assert first.stop_samples == second.start_samples
    assert _proposed(made_hits([(700, 0, 0)]), pad_ms=50.0).proposals[0].start_samples == 0


def test_a_grace_note_goes_with_its_main_hit() -> None:
    flam = made_hits(
        [(2 * BEAT - 200, 1, 0), (2 * BEAT + 960, 1, 1)], ornaments=[Ornament.FLAM, Ornament.NONE]
    )
    one = _only(_proposed(flam, aligner=_on_line(8)))
    assert one.start_samples == 2 * BEAT - 200 - 240
    assert (one.payload["by_samples"], one.payload["onset_samples"]) == (-960.0, 2 * BEAT - 200.0)


def _on_line(line: int) -> object:
    def align(hits: Hits, lines: Lines) -> Placement:
        count = len(hits.onsets_samples)
        moved = lines.positions_samples[line] - hits.onsets_samples[-1]
        late = np.full(count, np.nan)
        return Placement(np.full(count, line), hits.onsets_samples + moved, late, np.ones(count))

    return align


def test_alternatives_are_the_lines_beside_and_the_other_fills() -> None:
    one = _only(_proposed(made_hits([(2 * BEAT - 480, 0, 0)])))
    found = {each.label: each.payload for each in one.alternatives}
    assert found == {
        "To the line before, the fourth sixteenth of beat 2 of bar 1": {"by_samples": -5520.0, "line": 7},
        "To the line after, the second sixteenth of beat 3 of bar 1": {"by_samples": 6480.0, "line": 9},
        "Gap filled from before the hit": {"fill": "pre-roll"},
        "Gap filled by stretching": {"fill": "stretch"},
    }
    assert len(_only(_proposed(LATE)).alternatives) == 2


def test_a_voice_that_came_apart_is_a_proposal_of_its_own() -> None:
    hits = made_hits([(2 * BEAT, 0, 0), (2 * BEAT + 864, 1, 0), (3 * BEAT, 1, 1)])
    asked: list[int] = []

    def bleed_of(row: int) -> dict[str, list[float]]:
        asked.append(row)
        return {"overhead": [0.5] * 10}

    aligner = _nearest([np.nan, 864.0, np.nan])
    proposed = propose_moves(_state(), hits, GRID, TimingSettings(), bleed_of=bleed_of, aligner=aligner)
    one = _only(proposed)
    assert (one.kind, one.tracks, asked) == ("flam", ("snare",), [1])
    assert (one.start_samples, one.stop_samples) == (2 * BEAT + 864 - 240, 3 * BEAT - 240)
    assert one.payload["by_samples"] == -864.0
    assert one.reason == "The snare comes 18 ms after the kick on beat 3 of bar 1."
    KINDS["flam"].validate(one.payload)
    assert proposed.sentence == "Proposed to move 0 of 2 hits and 1 flam"
    assert proposed.placed.shifts_of_hits.tolist() == [0.0, -864.0, 0.0]


def test_scores_rank_by_how_far_off_a_hit_is() -> None:
    rows = [(number * BEAT + late, 0, number) for number, late in enumerate((960, 96, 2000, 480), 1)]
    proposed = _proposed(made_hits(rows)).proposals
    ranked = sorted(proposed, key=lambda one: one.score)
    assert [abs(one.payload["by_samples"]) for one in ranked] == [96, 480, 960, 2000]
    assert 0.0 < ranked[0].score < ranked[-1].score < 1.0


def test_shifts_are_whole_samples() -> None:
    one = _only(_proposed(made_hits([(2 * BEAT + 671.7, 0, 0)])))
    assert one.payload["by_samples"] == -672.0


def test_proposing_again_replaces_what_nobody_answered_and_asks_nothing_twice() -> None:
    rows = [(number * BEAT + 500, 0, number) for number in range(1, 5)]
    state = _state()
    first = _proposed(made_hits(rows), state)
    state = apply_rows(state, first.edit.changes)
    accepted, rejected, noted, left = [one.id for one in first.proposals]
    state = apply_rows(state, decide(state, [accepted], Verdict.ACCEPTED).changes)
    state = apply_rows(state, decide(state, [rejected], Verdict.REJECTED).changes)
    state = apply_rows(state, set_note(state, noted, "ask Ana").changes)
    found_again = made_hits([(onset + 30, track, stroke) for onset, track, stroke in rows])
    second = propose_moves(
        state, found_again, GRID, TimingSettings(strength=0.5), aligner=_nearest(shift=0.5)
    )
    state = apply_rows(state, second.edit.changes)
    assert {accepted, rejected, noted} < set(state.proposals)
    assert left not in state.proposals
    assert len(state.proposals) == 4
    assert (second.answered, len(second.proposals)) == (3, 1)
    assert second.sentence == "Proposed to move 1 of 4 hits; 3 answered before"
    assert timing_settings(state.settings).strength == 0.5


def test_cuts_and_edits_by_hand_stay() -> None:
    state = _state()
    cut = Proposal("cut-1", "cut", 0, BEAT, 0.9, "Odd.", "test")
    own = Proposal("hit-1", "hit", BEAT, 2 * BEAT, 1.0, "Made by hand.", "you", payload={"by_samples": 5.0})
    state = replace(state, proposals={one.id: one for one in (cut, own)})
    state = apply_rows(state, _proposed(LATE, state).edit.changes)
    assert {"cut-1", "hit-1"} < set(state.proposals)
    assert len(state.proposals) == 3


def test_what_is_not_sure_enough_does_not_count() -> None:
    unsure = replace(LATE, confidences=np.array([0.3, 0.9, 0.9], np.float32))
    assert _only(_proposed(unsure, sensitivity=0.5)).payload["voices"] == "hat"
    assert _only(_proposed(unsure, sensitivity=0.8)).payload["voices"] == "kick+hat"


@pytest.mark.parametrize(
    ("hits", "grid", "told"),
    [
        (made_hits([]), GRID, "There are no drum hits in the 4 microphones"),
        (made_hits([(5, 0, 0)], confidence=0.1), GRID, "No hit in the 4 microphones reaches"),
        (LATE, replace(GRID, beats_samples=GRID.beats_samples[:0]), "There are no beats"),
    ],
)
def test_without_hits_or_beats_it_says_so(hits: Hits, grid: object, told: str) -> None:
    with pytest.raises(TimingError, match=told):
        propose_moves(_state(), hits, grid, TimingSettings(), aligner=_nearest())


@pytest.mark.parametrize(
    "asked",
    [
        {"division": "1/5"},
        {"swing_percent": 80.0},
        {"strength": 1.5},
        {"strength": float("nan")},
        {"strength": "1"},
        {"strength": True},
        {"sensitivity": -0.1},
        {"pad_ms": 51.0},
        {"least_ms": 5.0, "most_ms": 4.0},
        {"own_feel": 1},
        {"fill": "music"},
        {"crossfade_ms": float("inf")},
    ],
)
def test_settings_outside_their_limits_are_refused(asked: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        timing_settings({"timing": asked})


def test_settings_are_stored_and_read_whatever_else_is_there() -> None:
    asked = TimingSettings(division="1/8", swing_percent=58.0, own_feel=True)
    assert timing_settings(asked.stored) == asked
    assert timing_settings({"timing": {**asked.stored["timing"], "more": 1}}, strength=0.5).strength == 0.5
    assert timing_settings({"timing": "nonsense"}) == TimingSettings()


def test_what_only_overheads_hear_is_called_a_cymbal() -> None:
    one = _only(_proposed(made_hits([(2 * BEAT - 480, 3, 0), (2 * BEAT - 470, 1, 0)])))
    assert one.payload["voices"] == "overhead+snare"
    assert one.reason == "The cymbal and snare are 10 ms early for beat 3 of bar 1."
