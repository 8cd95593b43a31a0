"""How to count, asked in the queue: looked at, another way taken, accepted, undone, and the grid follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.recordings.recordings import UNSURE_TEMPO
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.document.proposals import Verdict
from engine.lab.simulated.clicks import click_track
from tests.desktop.conftest import Hands

RATE_HZ = 22_050


@pytest.fixture
def clicks(hands: Hands, tmp_path: Path) -> Hands:
    """The window on clicks without an accent: how many of them are a bar nobody can tell."""
    soundfile.write(
        tmp_path / "Clicks.wav", click_track(200, RATE_HZ, length_s=24.0).samples, RATE_HZ, "FLOAT"
    )
    made = tmp_path / "clicks.offcut"
    assert main(["new", str(made), str(tmp_path / "Clicks.wav")]) == 0
    hands.window.session.open(made)
    hands.finish_work()
    return hands


def test_a_tempo_is_answered_by_the_keys_of_the_queue(clicks: Hands) -> None:
    window, session = clicks.window, clicks.window.session
    assert any(UNSURE_TEMPO in said for said in clicks.said), "listening tells"
    assert not session.state.proposals
    clicks.press("Alt+Shift+C")
    clicks.finish_work()
    (proposal,) = session.state.proposals.values()
    assert proposal.kind == "tempo"
    assert window.review.current == proposal.id
    heard = session.grid
    assert heard is not None
    ways = [proposal.payload, *(one.payload for one in proposal.alternatives)]
    half = next(number for number, way in enumerate(ways) if way["reading"] == "half")
    for _ in range(half):
        clicks.press("V")
    assert session.grid is heard, "nothing is counted otherwise before it is accepted"
    clicks.press("A")
    assert session.state.decisions[proposal.id].verdict is Verdict.ACCEPTED
    counted = session.grid
    assert counted is not None
    assert counted.tempo_bpm == pytest.approx(100.0, rel=0.01)
    assert window.timeline.canvas.shown.beats is not None
    drawn = window.timeline.canvas.shown.beats.positions
    assert drawn.tolist() == counted.beats_samples.tolist(), "what is seen is what is in force"
    clicks.press("Ctrl+Z")
    assert session.grid is heard
    assert window.timeline.canvas.shown.beats.positions.tolist() == heard.beats_samples.tolist()
    clicks.press("Ctrl+Shift+Z")
    path = session.path
    assert path is not None
    session.open(path)
    clicks.finish_work()
    again = session.grid
    assert again is not None
    assert again.beats_samples.tolist() == counted.beats_samples.tolist(), "it survives a restart"
    with pytest.raises(UsageError, match="You set"):
        window.finders.run("tempo")


def test_talk_has_no_ambiguous_tempo(hands: Hands, data_dir: Path, tmp_path: Path) -> None:
    """No grid is drawn over talk, so no sentence tells of its tempo."""
    (sentence,) = sorted((data_dir / "speech").rglob("*.flac"))
    samples, rate_hz = soundfile.read(sentence)
    again = np.concatenate([samples, np.zeros(rate_hz // 3)])
    soundfile.write(tmp_path / "Talk.wav", np.tile(again, 10), rate_hz, "PCM_16")
    made = tmp_path / "talk.offcut"
    assert main(["new", str(made), str(tmp_path / "Talk.wav")]) == 0
    hands.window.session.open(made)
    hands.finish_work()
    assert not any(UNSURE_TEMPO in said for said in hands.said)
