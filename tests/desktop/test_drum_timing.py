"""Drums put in time by keys: groups accepted at once, single hits corrected, sliders, before and after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.document.change import Edit, row_changes
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.document.edits import set_analyses
from engine.jobs.import_audio import ImportRequest, import_audio, import_edit
from engine.progress import SILENT
from engine.review.moves import moves_of
from tests.desktop.conftest import Hands
from tests.engine.hits.played import EIGHTH, MICROPHONES, RATE_HZ, played, sound_of

COUNT = 48


@pytest.fixture
def drums(tmp_path: Path) -> Path:
    """Six bars through four microphones in a document that knows their hits and proposes where each goes."""
    hits, state, grid = played(COUNT)
    paths = []
    for name, sound in sound_of(hits, (COUNT + 2) * EIGHTH).items():
        paths.append(tmp_path / f"{name}.wav")
        soundfile.write(paths[-1], sound, RATE_HZ, "PCM_16")
    path = tmp_path / "drums.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(tuple(paths)), SILENT)))
        ids = {track.name: track.id for track in made.state.tracks}
        found = replace(hits, track_ids=tuple(ids[name] for name, _ in MICROPHONES))
        analyses = {"beats": "beats-0", "hits": "hits-0"}
        made.apply(set_analyses(made.state, analyses, "Heard"), {"beats-0": grid, "hits-0": found})
        made.apply(Edit("Proposed", row_changes([(None, one) for one in state.proposals.values()])))
    return path


@pytest.fixture
def timing(hands: Hands, drums: Path) -> Hands:
    hands.window.session.open(drums)
    hands.finish_work()
    return hands


def verdicts(hands: Hands) -> list[str]:
    state = hands.window.session.state
    return [state.verdict(key).value for key in state.proposals]


def test_an_opened_performance_shows_its_hits_and_the_panel(timing: Hands) -> None:
    window = timing.window
    assert window.timing_panel.isVisible()
    assert list(window.timing_panel.histogram._offsets) == ["kick", "snare", "hat"]
    marks = window.timeline.canvas.shown.hits
    assert len(marks.onsets) == len(window.session.hits.onsets_samples)
    assert {track.group for track in window.session.state.tracks} == {"Drums"}
    assert [track.role for track in window.session.state.tracks] == ["kick", "snare", "hat", "overhead"]
    timing.press("F3")
    assert not window.timing_panel.isVisible()


def test_a_bar_a_drum_and_the_rest_are_accepted_by_keys(timing: Hands) -> None:
    window = timing.window
    assert window.review.current == "hit-00000"
    timing.press("Down")
    timing.press("Alt+B")
    moves = moves_of(window.session.state)
    accepted = np.flatnonzero(moves.are(Verdict.ACCEPTED))
    goes_to = (moves.onsets_samples + moves.by_samples)[accepted]
    downbeats = window.session.grid.downbeats_samples
    assert len(accepted) == 8
    assert goes_to.min() >= downbeats[0] - 1
    assert goes_to.max() < downbeats[1] - 1
    assert window.review.current not in {moves.ids[row] for row in accepted}, "went on"
    timing.press("Ctrl+Z")
    assert verdicts(timing) == ["undecided"] * COUNT
    window.review.choose("hit-00000")
    timing.press("Alt+D")
    moves = moves_of(window.session.state)
    assert {
        voices[0] for voices, on in zip(moves.voices, moves.are(Verdict.ACCEPTED), strict=True) if on
    } == {"kick"}
    timing.press("Alt+E")
    assert verdicts(timing) == ["accepted"] * COUNT
    timing.press("Alt+E")
    assert "undecided" in timing.refused[-1]


def test_a_hit_is_nudged_by_milliseconds_and_by_samples(timing: Hands) -> None:
    window = timing.window
    before = moves_of(window.session.state).by_samples[0]
    timing.press("Alt+Right")
    assert moves_of(window.session.state).by_samples[0] == before + 48
    timing.press("Alt+Shift+Left")
    timing.press("Ctrl+Alt+Left")
    assert moves_of(window.session.state).by_samples[0] == before + 48 - 480 - 1
    shown = window.timeline.canvas.shown.hits
    assert shown.targets[0] - shown.onsets[0] == before + 48 - 480 - 1
    timing.press("A")
    assert window.session.state.verdict("hit-00000") is Verdict.ACCEPTED
    assert window.review.current == "hit-00001"
    timing.press("X")
    assert window.session.state.verdict("hit-00001") is Verdict.REJECTED


def test_before_and_after_are_one_key_apart(timing: Hands) -> None:
    window = timing.window
    timing.press("Alt+E")
    assert window.transport.patches
    timing.press("Shift+Q")
    assert not window.transport.patches
    timing.press("Q")
    assert not window.transport.edit_list.patches
    timing.press("Shift+Q")
    assert window.transport.edit_list.patches


def test_a_slider_shows_at_once_what_it_leads_to(timing: Hands) -> None:
    window = timing.window
    panel, canvas = window.timing_panel, window.timeline.canvas
    full = canvas.shown.hits.targets - canvas.shown.hits.onsets
    panel.strength.setFocus()
    for _ in range(5):
        QTest.keyClick(panel.strength, Qt.Key.Key_PageDown)
    half = canvas.shown.hits.targets - canvas.shown.hits.onsets
    np.testing.assert_allclose(half, full / 2)
