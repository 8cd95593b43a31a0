"""Of takes the best stays; the others and false starts are proposed to be cut, by verbs as well."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import ScoreCurve
from engine.document.document import Document
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.file.storage import apply_rows
from engine.document.proposals import BY_ARRANGING, BY_TAKES, Proposal, Verdict
from engine.document.state import DocumentState, Edit
from engine.features.registry import FoundEdits, request_of
from engine.features.takes.finders.take_proposals import (
    keep_take,
    kept_takes,
    propose_takes,
    take_facts,
    takes_in_document,
)
from engine.features.takes.finders.takes_that_play import lost_passages
from engine.recordings.analyses import AnalysisRequest
from engine.review.finders import Found
from tests.engine.features.takes.playing import RATE_HZ, joined, passage
from tests.engine.sound.edl.recordings import timeline_state

STATE = timeline_state(400_000, 1_000)


def take(start_s: float, stop_s: float, *, complete: bool = True, to_share: float = 1.0) -> Take:
    return Take(start_s, stop_s, complete, 0, 1.0, 0.0, to_share)


TAKES = (take(10.0, 30.0), take(40.0, 60.0), take(70.0, 80.0, complete=False, to_share=0.5))
PLAYED = ((10.0, 30.0), (40.0, 60.0), (70.0, 80.0), (100.0, 104.0))
FOUND = FoundTakes(
    (TakeGroup("passage at 0:10", TAKES),),
    (FalseStart(100.0, 104.0, 110.0, 0.9, "Begins."), FalseStart(120.0, 121.0, 130.0, 0.2, "Perhaps.")),
    PLAYED,
)


def spans(found: FoundTakes, curve: ScoreCurve | None = None) -> list[tuple[int, int]]:
    return [(one.start_samples, one.stop_samples) for one in propose_takes(STATE, found, curve).proposals]


def test_the_last_complete_take_stays_where_nothing_is_scored() -> None:
    made = propose_takes(STATE, FOUND)
    assert spans(FOUND) == [(10_000, 30_000), (70_000, 80_000), (100_000, 104_000)]
    assert [one.reason for one in made.proposals] == [
        "Take 1 of 3 of the passage at 0:10; take 2 (0:40) was played later.",
        "Take 3 of 3 of the passage at 0:10; take 2 (0:40) is complete.",
        "Begins.",
    ]
    assert made.sentence == "1 passage played more than once and 1 false start; 3 cuts proposed."
    middle = made.proposals[1]
    assert [(way.label, way.start_samples, way.stop_samples) for way in middle.alternatives] == [
        ("With the pause after it", 70_000, 100_000),
        ("With the pause before it", 60_000, 80_000),
    ]


def test_a_take_after_the_best_one_is_not_called_earlier() -> None:
    parts = (take(10.0, 20.0, complete=False, to_share=0.5), take(40.0, 58.0, complete=False, to_share=0.9))
    group = TakeGroup("passage at 0:10", (*parts, take(70.0, 84.0, complete=False, to_share=0.7)))
    made = propose_takes(STATE, FoundTakes((group,), (), ((10.0, 20.0), (40.0, 58.0), (70.0, 84.0))))
    said = [one.reason.partition("; ")[2] for one in made.proposals]
    assert said == ["take 2 (0:40) was played later.", "take 2 (0:40) plays more of it."]


def test_a_taste_ranks() -> None:
    times = np.arange(0, 400_000, 500)
    scores = np.where((times >= 40_000) & (times < 60_000), 0.9, 0.4).astype(np.float32)
    made = propose_takes(STATE, FOUND, ScoreCurve(times, scores, "test")).proposals
    assert made[0].start_samples == 40_000
    assert made[0].reason.endswith("take 1 (0:10) has fewer high scores.")
    assert made[0].score == pytest.approx(0.9)


def test_what_is_part_of_something_longer_is_not_cut() -> None:
    longer = FoundTakes(FOUND.groups, (), ((5.0, 35.0), *PLAYED[1:]))
    assert spans(longer) == [(70_000, 80_000)]


def proposing(state: DocumentState) -> Edit:
    """Return the edit of the finder that puts the cuts into a document."""
    request = request_of("takes", state, {}, {})
    return FoundEdits(request, Found(propose_takes(state, FOUND).proposals), {}).proposing(state)


def test_cuts_by_scores_and_by_takes_leave_each_other() -> None:
    by_score = Proposal("cut-1", "cut", 0, 500, 0.8, "Odd.", "slicer")
    state = timeline_state(400_000, 1_000)
    scored = replace_proposals(state, (by_score,), {}, "Proposed", kinds=("cut",))
    both = {change.after.id for change in scored.changes if isinstance(change.after, Proposal)}
    assert both == {"cut-1"}
    state = replace(state, proposals={"cut-1": by_score})
    made = proposing(state)
    assert not [change for change in made.changes if change.before is by_score]
    of_takes = propose_takes(state, FOUND).proposals[0]
    state = replace(state, proposals={"cut-1": by_score, of_takes.id: of_takes})
    again = replace_proposals(state, (), {}, "Proposed", kinds=("cut",))
    assert [change.before for change in again.changes] == [by_score]
    assert of_takes.maker == BY_TAKES


def test_a_take_that_is_kept_stays_and_the_others_are_proposed_anew() -> None:
    state = replace(STATE, proposals={"cut-1": Proposal("cut-1", "cut", 0, 500, 0.8, "Odd.", "slicer")})
    state = applied(state, proposing(state))
    (first, third, start) = propose_takes(state, FOUND).proposals
    state = applied(state, decide(state, [first.id, third.id], Verdict.ACCEPTED))
    state = applied(state, keep_take(state, FOUND, None, {0: 0}, 0))
    assert "cut-1" in state.proposals, "what others proposed stays"
    assert first.id not in state.proposals, "what stays is not cut, though that was accepted"
    assert (state.verdict(third.id), state.verdict(start.id)) == (Verdict.ACCEPTED, Verdict.UNDECIDED)
    kept = next(one for one in state.proposals.values() if one.kind == "keep")
    assert (kept.start_samples, kept.stop_samples) == (10_000, 30_000)
    assert state.verdict(kept.id) is Verdict.ACCEPTED
    assert kept_takes(state, FOUND) == {0: 0}
    second = next(one for one in state.proposals.values() if one.start_samples == 40_000)
    assert second.reason == "Take 2 of 3 of the passage at 0:10; take 1 (0:10) is the one you keep."
    again = applied(state, proposing(state))
    assert again == state, "looking again leaves the choice"
    facts = take_facts(state, FOUND)[0]
    assert [(one.is_kept, one.is_best, one.verdict) for one in facts] == [
        (True, False, None),
        (False, True, Verdict.UNDECIDED),
        (False, False, Verdict.ACCEPTED),
    ]
    assert [one.words for one in facts] == ["", "", "50 % of the passage"]
    state = applied(state, keep_take(state, FOUND, None, {0: 1}, 0))
    assert kept_takes(state, FOUND) == {0: 1}
    assert kept.id not in state.proposals


def with_cuts(*spans: tuple[int, int]) -> DocumentState:
    """Return a document in which an arrangement cut these spans."""
    cuts = [
        Proposal(f"cut-{start}", "cut", start, stop, 0.8, "Arranged.", BY_ARRANGING) for start, stop in spans
    ]
    state = replace(STATE, proposals={one.id: one for one in cuts})
    return applied(state, decide(state, [one.id for one in cuts], Verdict.ACCEPTED))


def test_a_cut_take_is_neither_the_best_nor_proposed() -> None:
    state = with_cuts((40_000, 60_000))  # the best one
    assert [one.start_samples for one in propose_takes(state, FOUND).proposals] == [70_000, 100_000]
    facts = take_facts(state, FOUND)[0]
    assert [(one.is_best, one.is_cut) for one in facts] == [(True, False), (False, True), (False, False)]


@pytest.mark.parametrize("left", range(3))
def test_the_last_playing_take_is_never_proposed(left: int) -> None:
    spans = [(round(1_000 * one.start_s), round(1_000 * one.stop_s)) for one in TAKES]
    state = with_cuts(*(span for number, span in enumerate(spans) if number != left))
    assert [one.start_samples for one in propose_takes(state, FOUND).proposals] == [100_000]
    assert not propose_takes(with_cuts(*spans, (100_000, 104_000)), FOUND).proposals


def test_a_false_start_stays_where_its_repetition_is_cut() -> None:
    state = with_cuts((110_000, 130_000))
    assert 100_000 not in [one.start_samples for one in propose_takes(state, FOUND).proposals]


def test_proposals_that_lose_every_take_of_a_passage_are_found() -> None:
    state = with_cuts((10_000, 30_000))
    rest = [
        Proposal(f"rest-{start}", "cut", start, stop, 0.8, "Arranged.", BY_ARRANGING)
        for start, stop in ((40_000, 52_000), (69_000, 90_000))
    ]
    assert lost_passages(state, FOUND, rest) == ("passage at 0:10",)
    assert lost_passages(state, FOUND, rest[:1]) == ()
    assert lost_passages(with_cuts(*((one.start_samples, one.stop_samples) for one in rest)), FOUND, ()) == ()
    found = FoundEdits(request_of("takes", state, {}, {}), Found(rest), {}, ("passage at 0:10",))
    assert "passage at 0:10" in found.warning


def applied(state: DocumentState, edit: Edit) -> DocumentState:
    return apply_rows(state, edit.changes)


def test_nothing_to_listen_to_is_told() -> None:
    with pytest.raises(UsageError, match="import a recording first"):
        takes_in_document(AnalysisRequest(DocumentState(), {}), SILENT)


def test_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = passage(1, 16.0)
    audio, at = joined(whole[: 4 * RATE_HZ], whole, passage(2, 8.0), passage(1, 16.0))
    soundfile.write(tmp_path / "jam.wav", audio, RATE_HZ)
    project = tmp_path / "jam.offcut"
    assert main(["takes", str(tmp_path / "jam.wav"), "--json"]) == 0
    of_audio = json.loads(capsys.readouterr().out)
    assert main(["new", str(project), str(tmp_path / "jam.wav")]) == 0
    capsys.readouterr()
    assert main(["takes", str(project), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == of_audio
    assert list(of_audio) == ["groups", "false_starts"]
    assert main(["takes", str(project)]) == 0
    assert "breaks off after 4 s" in capsys.readouterr().out
    assert main(["propose", str(project), "takes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["start_s"] for row in told["found"]] == pytest.approx([at[0][0], at[1][0]], abs=0.5)
    with Document.open(project) as document:
        assert {one.maker for one in document.state.proposals.values()} == {BY_TAKES}
    assert main(["takes", str(tmp_path / "none.wav")]) == 1
    assert "none.wav" in capsys.readouterr().err
