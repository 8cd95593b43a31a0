"""A second recorder lined up by keys: asked for, looked at, accepted, undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands
from tests.engine.features.timing.finders.test_second_recorders import (
    RATE_HZ,
    by_another_clock,
    by_another_microphone,
    drums,  # noqa: F401
)


@pytest.fixture
def recorders(hands: Hands, drums: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> Hands:  # noqa: F811
    """The window on a mix, and on what a small recorder in the room made of it that began earlier."""
    _, desk = drums
    heard = by_another_clock(by_another_microphone(desk), 60.0, 9_000)
    for name, sound in (("Desk", desk), ("Room", heard)):
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE_HZ, "FLOAT")
    made = tmp_path / "two.offcut"
    assert main(["new", str(made), str(tmp_path / "Desk.wav"), str(tmp_path / "Room.wav")]) == 0
    hands.window.session.open(made)
    hands.finish_work()
    return hands


def test_a_recorder_is_lined_up_and_that_is_undone(recorders: Hands) -> None:
    window = recorders.window
    recorders.press("Alt+Shift+R")
    recorders.finish_work()
    (proposal,) = window.session.state.proposals.values()
    assert proposal.kind == "recorder"
    assert window.review.current == proposal.id
    assert proposal.payload["drift_ppm"] == pytest.approx(60.0, abs=1.0)
    assert proposal.payload["by_samples"] == pytest.approx(-9_000.0, abs=4.0)
    recorders.press("A")
    assert window.session.state.decisions[proposal.id].verdict is Verdict.ACCEPTED
    recorders.press("Ctrl+Z")
    assert proposal.id not in window.session.state.decisions
    recorders.press("Ctrl+Z")
    assert not window.session.state.proposals
