"""A comp in a document: one take stays, a row for each switch, and every answer leaves whole bars."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import TAKES, BeatGrid
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.markers import MOST_STARS, rate
from engine.document.file.storage import apply_rows
from engine.document.kinds import KINDS
from engine.document.kinds.order import CUT, KEEP, covered
from engine.document.proposals import BY_COMPING, BY_TAKES, Decision, Proposal, Verdict, edited
from engine.document.state import DocumentState
from engine.features.registry import FINDERS, request_of
from engine.features.takes.finders.takes_that_play import stored_takes
from engine.review.finders import Found
from engine.sound.edl.build import build
from engine.sound.edl.conflicts import in_conflict
from tests.engine.features.takes.made_takes import RATE_HZ, rehearsed
from tests.engine.sound.edl.recordings import Recording, recording

NEAR = round(0.02 * RATE_HZ)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, FoundTakes, np.ndarray]:
    sound, spans, lines = rehearsed(3, 1, 4)
    folder = tmp_path_factory.mktemp("rehearsal")
    takes = tuple(Take(a / RATE_HZ, b / RATE_HZ, True, 0, 1.0, 0.0, 1.0) for a, b in spans)
    found = FoundTakes(
        (TakeGroup("passage at 0:00", takes),), played_s=tuple((one.start_s, one.stop_s) for one in takes)
    )
    return recording(folder, [sound[:, None]], rate_hz=RATE_HZ), found, lines


def comped(one: Recording, found: FoundTakes, lines: np.ndarray, **settings: object) -> Found:
    beats = np.sort(np.concatenate([lines[:, :-1].ravel()]))
    grid = BeatGrid(beats, np.ones(len(beats), np.int64), 120.0, 1.0, "test")
    known = {TAKES: stored_takes(found), "beats": grid}
    request = request_of("comp", one.state, one.media, known, settings)
    return FINDERS["comp"].find(request, SILENT)


def accepted(state: DocumentState, found: Found, *left_out: str, **ways: int) -> DocumentState:
    proposals = {one.id: one for one in found.proposals}
    decisions = {
        key: Decision(key, Verdict.ACCEPTED, ways.get("alternative", 0) if one.kind == "comp" else 0)
        for key, one in proposals.items()
        if key not in left_out
    }
    return replace(state, proposals=proposals, decisions=decisions)


def played(state: DocumentState) -> list[tuple[int, int]]:
    return [(one.start_samples, one.stop_samples) for one in build(state).segments]


def plays(state: DocumentState, take: int, bar: int, lines: np.ndarray) -> bool:
    start, stop = int(lines[take, bar]) + NEAR, int(lines[take, bar + 1]) - NEAR
    return any(first <= start and stop <= last for first, last in played(state))


def test_every_bar_is_played_once_and_none_with_a_fault(
    made: tuple[Recording, FoundTakes, np.ndarray],
) -> None:
    one, takes, lines = made
    found = comped(one, takes, lines)
    assert {proposal.maker for proposal in found.proposals} == {BY_COMPING}
    assert sorted(proposal.kind for proposal in found.proposals) == ["comp", "cut", "cut"]
    state = accepted(one.state, found)
    assert not in_conflict(state).any()
    for bar in range(lines.shape[1] - 1):
        assert sum(plays(state, take, bar, lines) for take in range(3)) == 1
    for take, bar in ((0, 3), (1, 1), (2, 4)):
        assert not plays(state, take, bar, lines)


def test_a_rejected_switch_leaves_the_bars_of_the_take_that_stays(
    made: tuple[Recording, FoundTakes, np.ndarray],
) -> None:
    one, takes, lines = made
    found = comped(one, takes, lines)
    switch = next(proposal for proposal in found.proposals if proposal.kind == "comp")
    state = accepted(one.state, found, switch.id)
    base = next(take for take in range(3) if plays(state, take, 0, lines))
    assert all(plays(state, base, bar, lines) for bar in range(lines.shape[1] - 1))


def test_another_take_plays_the_same_bars(made: tuple[Recording, FoundTakes, np.ndarray]) -> None:
    one, takes, lines = made
    found = comped(one, takes, lines)
    switch = next(proposal for proposal in found.proposals if proposal.kind == "comp")
    assert len(switch.alternatives) == 1
    state, other = accepted(one.state, found), accepted(one.state, found, alternative=1)
    was, now = ({(t, b) for t in range(3) for b in range(6) if plays(s, t, b, lines)} for s in (state, other))
    assert len(now) == len(was) == 6
    assert {bar for _, bar in now - was} == {bar for _, bar in was - now} != set()


def test_edges_move_in_both_takes(made: tuple[Recording, FoundTakes, np.ndarray]) -> None:
    one, takes, lines = made
    found = comped(one, takes, lines)
    state = accepted(one.state, found)
    switch = next(proposal for proposal in found.proposals if proposal.kind == "comp")
    decision = replace(state.decisions[switch.id], start_samples=switch.start_samples - 1_000)
    moved = replace(state, decisions={**state.decisions, switch.id: decision})
    assert build(moved).length_samples == build(state).length_samples
    assert played(moved) != played(state)


def test_a_high_price_leaves_one_take(made: tuple[Recording, FoundTakes, np.ndarray]) -> None:
    one, takes, lines = made
    found = comped(one, takes, lines, seam_price=100.0)
    assert [proposal.kind for proposal in found.proposals] == ["cut", "cut"]


def test_what_cannot_be_comped_is_reported(made: tuple[Recording, FoundTakes, np.ndarray]) -> None:
    one, takes, lines = made
    with pytest.raises(UsageError, match="no passage 2"):
        comped(one, takes, lines, passage=2)
    keep = Proposal("keep", KEEP.name, 0, round(takes.groups[0].takes[0].stop_s * RATE_HZ), 0.6, "", BY_TAKES)
    kept = replace(
        one.state, proposals={"keep": keep}, decisions={"keep": Decision("keep", Verdict.ACCEPTED)}
    )
    with pytest.raises(UsageError, match="keep take 1"):
        comped(replace(one, state=kept), takes, lines, passage=1)


def test_bars_of_an_accepted_switch_are_not_proposed_again_in_longer_pieces(
    made: tuple[Recording, FoundTakes, np.ndarray],
) -> None:
    """Whatever the settings are: the choice holds until it is taken back."""
    one, takes, lines = made
    switch = next(row for row in comped(one, takes, lines).proposals if row.kind == "comp")
    decided = replace(
        one.state, proposals={switch.id: switch}, decisions={switch.id: Decision(switch.id, Verdict.ACCEPTED)}
    )
    bars = covered(edited(switch, None))
    for settings in ({"bars": 2}, {"bars": 4}, {"bars": 1, "seam_price": 0.1}):
        again = comped(replace(one, state=decided), takes, lines, **settings).proposals
        spans = [covered(edited(row, None)) for row in again if row.kind == "comp" and row.id != switch.id]
        assert not [span for span in spans if span[0] + NEAR < bars[1] and bars[0] + NEAR < span[1]]
        taken = replace(one, state=replace(decided, decisions={}))
        assert comped(taken, takes, lines, **settings).proposals, "proposed again once it is reset"


def test_a_passage_comped_by_cuts_of_the_user_is_not_comped_again(
    made: tuple[Recording, FoundTakes, np.ndarray],
) -> None:
    one, takes, lines = made
    state = one.state
    half = lines.shape[1] // 2 + 1
    for span in ((lines[0, half], lines[0, -1]), (lines[1, 0], lines[1, half])):
        edit, _ = edit_by_hand(state, CUT.name, int(span[0]), int(span[1]), {})
        state = apply_rows(state, edit.changes)
    cut = replace(one, state=state)
    assert not comped(cut, takes, lines).proposals
    with pytest.raises(UsageError, match="passage 1 by cuts of your own"):
        comped(cut, takes, lines, passage=1)
    taken = replace(state, decisions={})
    assert comped(replace(one, state=taken), takes, lines, passage=1).proposals


def test_the_verb(made: tuple[Recording, FoundTakes, np.ndarray], tmp_path: Path) -> None:
    from engine.cli.main import main

    one, _, _ = made
    project = tmp_path / "jam.offcut"
    assert main(["new", str(project), *map(str, one.media.values())]) == 0
    assert main(["propose", str(project), "comp", "--bars", "2", "--json"]) == 0


def test_a_switch_of_the_first_bar_stays_within_the_recording(tmp_path: Path) -> None:
    sound, spans, lines = rehearsed(0, None, 4)
    first = int(lines[0, 0]) - 20  # lines lie before attacks, here before the recording
    spans = [(max(0, start - first), stop - first) for start, stop in spans]
    takes = tuple(Take(a / RATE_HZ, b / RATE_HZ, True, 0, 1.0, 0.0, 1.0) for a, b in spans)
    found = FoundTakes((TakeGroup("passage at 0:00", takes),), played_s=((0.0, len(sound) / RATE_HZ),))
    one = recording(tmp_path, [sound[first:, None]], rate_hz=RATE_HZ)
    away = Proposal("away", CUT.name, spans[1][0], spans[1][1], 1.0, "", BY_TAKES)
    gone = Decision("away", Verdict.ACCEPTED)
    one = replace(one, state=replace(one.state, proposals={"away": away}, decisions={"away": gone}))
    for proposal in comped(one, found, lines - first).proposals:
        KINDS[proposal.kind].validate(proposal.payload)
        assert 0 <= proposal.start_samples < proposal.stop_samples <= one.state.length_samples


def rated(state: DocumentState, lines: np.ndarray, take: int, bar: int, by: int, times: int) -> DocumentState:
    for _ in range(times):
        state = apply_rows(state, rate(state, (int(lines[take, bar]), int(lines[take, bar + 1])), by).changes)
    return state


def test_stars_choose_the_bar_of_a_take_and_bars_to_be_avoided_are_left_out(
    made: tuple[Recording, FoundTakes, np.ndarray],
) -> None:
    one, takes, lines = made
    before = accepted(one.state, comped(one, takes, lines))
    bars = range(lines.shape[1] - 1)
    was = {bar: next(take for take in range(3) if plays(before, take, bar, lines)) for bar in bars}
    wanted = next(take for take in range(3) if take != was[0])
    liked = replace(one, state=rated(one.state, lines, wanted, 0, 1, MOST_STARS))
    found = comped(liked, takes, lines)
    assert plays(accepted(liked.state, found), wanted, 0, lines)
    avoided = replace(one, state=rated(one.state, lines, was[5], 5, -1, 1))
    assert not plays(accepted(avoided.state, comped(avoided, takes, lines)), was[5], 5, lines)


def test_answers_of_before_count_when_a_comp_is_proposed_again(
    made: tuple[Recording, FoundTakes, np.ndarray],
) -> None:
    one, takes, lines = made
    found = comped(one, takes, lines)
    switch = next(proposal for proposal in found.proposals if proposal.kind == "comp")
    for verdict, plays_on in ((Verdict.ACCEPTED, True), (Verdict.REJECTED, False)):
        decided = replace(
            one.state,
            proposals={switch.id: switch},
            decisions={switch.id: Decision(switch.id, verdict, alternative=0)},
        )
        again = comped(replace(one, state=decided), takes, lines)
        assert (switch.id in {proposal.id for proposal in again.proposals}) is plays_on
