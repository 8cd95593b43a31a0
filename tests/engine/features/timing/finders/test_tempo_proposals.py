"""Proposals of kind `tempo`: asked where it is not sure, with every likely way, and answered by verbs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.beats.listen import Song
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.analyses import listening_ids
from engine.document.grid_edits import halved
from engine.document.grid_readings import grid_in_force
from engine.document.kinds.timing import HEARD, OFF_BEAT
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.features.registry import FoundEdits, request_of
from engine.features.timing.finders.tempo_proposals import ProposedTempo, proposed_of
from engine.lab.simulated.clicks import click_track
from engine.review.finders import Found
from tests.engine.sound.edl.recordings import timeline_state

BEATS = np.arange(40, dtype=np.int64) * 500
GRID = BeatGrid(BEATS, np.arange(40) % 4 + 1, 120.0, 0.6, "heard")
STATE = timeline_state(20_000, 1_000)
ALIKE = np.array([0.97, 0.01, 0.01, 0.01])


def song(bars: np.ndarray = ALIKE, **likely: float) -> Song:
    named = {HEARD if name == "heard" else name: share for name, share in likely.items()}
    ordered = dict(sorted(named.items(), key=lambda one: -one[1]))
    return Song(0, 20_000, 120.0, ordered, bars)


def only(one: Song) -> Proposal:
    (proposal,) = proposed_of(STATE, GRID, [one]).proposals
    return proposal


def found_edits(made: ProposedTempo) -> FoundEdits:
    """The result as the finder returns it."""
    found = Found(made.proposals, made.sentence, {"beats": (made.key, made.grid)})
    return FoundEdits(request_of("tempo", STATE, {}, {}), found, {})


def test_nothing_is_asked_where_it_is_sure() -> None:
    made = proposed_of(STATE, GRID, [song(heard=0.9, half=0.1)])
    assert made.proposals == ()
    assert made.sentence == "The tempo of 120.0 BPM is clear: no alternatives proposed."
    assert found_edits(made).edits(replace(STATE, analyses=listening_ids(STATE))) == []


def test_every_likely_way_is_offered_the_likeliest_first() -> None:
    proposal = only(song(heard=0.3, half=0.5, off=0.15, triple=0.01))
    assert proposal.reason == "Half tempo, 60.0 BPM is more probable (50 %) than the present one (29 %)."
    ways = [proposal.payload, *(one.payload for one in proposal.alternatives)]
    assert [way["reading"] for way in ways] == ["half", HEARD, OFF_BEAT, "double"]
    assert [way["tempo_bpm"] for way in ways] == [60.0, 120.0, 120.0, 240.0]
    assert proposal.alternatives[0].label == "As detected, 120.0 BPM, 29 % likely"
    assert proposal.score == pytest.approx(0.709)
    assert (proposal.start_samples, proposal.stop_samples) == (0, 20_000)


def test_unsure_bars_are_asked_about() -> None:
    proposal = only(song(np.array([0.4, 0.02, 0.5, 0.08]), heard=1.0))
    assert proposal.payload["bars_later_beats"] == 2
    assert proposal.reason == "Bars may begin 2 beats later (50 %) than now (40 %)."
    unsure = only(song(heard=0.6, half=0.4))
    assert unsure.reason == "The tempo of 120.0 BPM is ambiguous (58 %)."
    assert unsure.payload["reading"] == HEARD


def test_accepted_it_is_the_grid_and_is_not_asked_again() -> None:
    made = proposed_of(STATE, GRID, [song(heard=0.3, half=0.7)])
    (proposal,) = made.proposals
    assert proposed_of(STATE, GRID, [song(heard=0.3, half=0.7)]).proposals == made.proposals, "the same id"
    accepted = replace(
        STATE,
        analyses={"beats": made.key},
        proposals={proposal.id: proposal},
        decisions={proposal.id: Decision(proposal.id, Verdict.ACCEPTED)},
    )
    found = grid_in_force(accepted, GRID)
    assert found is not None
    assert found.beats_samples.tolist() == halved(GRID).beats_samples.tolist()
    with pytest.raises(UsageError, match="You set this tempo interpretation"):
        found_edits(made).edits(accepted)
    with pytest.raises(UsageError, match="nothing to count yet"):
        found_edits(made).edits(DocumentState())


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    """A document of clicks without an accent: how many of them are a bar nobody can tell."""
    sound = click_track(200, 22_050, length_s=24.0).samples
    soundfile.write(tmp_path / "Clicks.wav", sound, 22_050, "FLOAT")
    made = tmp_path / "clicks.offcut"
    assert main(["new", str(made), str(tmp_path / "Clicks.wav")]) == 0
    return made


def test_it_is_proposed_listed_and_answered_on_the_command_line(
    clicks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> dict[str, object]:
        capsys.readouterr()
        assert main([words[0], str(clicks), *words[1:], "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert isinstance(found, dict)
        return found

    (asked,) = said("propose", "tempo")["found"]
    (listed,) = said("proposals")["proposals"]
    assert (listed["id"], listed["kind"], listed["state"]) == (asked["id"], "tempo", "undecided")
    assert listed["payload"] == asked["payload"]
    with Document.open(clicks) as document:
        before = document.analysis("beats")
    said("decide", "accept", asked["id"])
    with Document.open(clicks) as document:
        found = grid_in_force(document.state, document.analysis("beats"))
        assert found is not None
        assert isinstance(before, BeatGrid)
        assert found.tempo_bpm == pytest.approx(asked["payload"]["tempo_bpm"], rel=0.01)
    assert main(["propose", str(clicks), "tempo"]) != 0
    assert "You set this tempo interpretation" in capsys.readouterr().err
