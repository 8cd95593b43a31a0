"""A comp in the window: a row for each switch, another take by key, and its seam in the result."""

from __future__ import annotations

from pathlib import Path

import soundfile

from engine.cli.main import main
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.tracks import visible_in_time
from engine.sound.edl.build import build, played_tracks
from tests.desktop.conftest import Hands
from tests.engine.features.takes.playing import RATE_HZ, joined, passage


def test_a_switch_is_played_changed_and_accepted_by_keys(hands: Hands, tmp_path: Path) -> None:
    takes = [passage(1, 16.0).copy() for _ in range(3)]
    for take, fault_s in zip(takes, (3.0, 8.0, 13.0), strict=True):
        take[round(fault_s * RATE_HZ) : round((fault_s + 0.4) * RATE_HZ)] = 0.0
    audio, _ = joined(*takes)
    soundfile.write(tmp_path / "jam.wav", audio, RATE_HZ, "PCM_16")
    project = tmp_path / "jam.offcut"
    assert main(["new", str(project), str(tmp_path / "jam.wav")]) == 0
    assert main(["propose", str(project), "comp"]) == 0
    window, session = hands.window, hands.window.session
    session.open(project)
    hands.finish_work()
    switch = next(one for one in session.state.proposals.values() if one.kind == "comp")
    for _ in session.state.proposals:
        if window.review.here() != switch.id:
            hands.press("Down")
    assert window.review.here() == switch.id
    hands.press("C")
    hands.press("V")
    decision = session.state.decisions[switch.id]
    assert decision.alternative == 1
    hands.press("A")
    assert session.state.verdict(switch.id) is Verdict.ACCEPTED
    other = switch.alternatives[0]
    spans_played = [(one.start_samples, one.stop_samples) for one in build(session.state).segments]
    near = RATE_HZ // 50
    assert any(
        first <= other.start_samples + near and other.stop_samples - near <= last
        for first, last in spans_played
    )


def test_takes_on_lanes_are_switched_by_keys(hands: Hands, tmp_path: Path) -> None:
    takes = [passage(1, 16.0).copy() for _ in range(4)]
    for take, fault_s in zip(takes, (3.0, 6.0, 13.0, 9.0), strict=True):
        take[round(fault_s * RATE_HZ) : round((fault_s + 0.4) * RATE_HZ)] = 0.0
    files = [tmp_path / f"take {number}.wav" for number in range(1, 5)]
    for file, take in zip(files, takes, strict=True):
        soundfile.write(file, take, RATE_HZ, "PCM_16")
    project = tmp_path / "loop.offcut"
    assert main(["new", str(project), *map(str, files)]) == 0
    assert main(["edit", str(project), "join", "--tracks", *(file.stem for file in files)]) == 0
    assert main(["propose", str(project), "comp"]) == 0
    window, session = hands.window, hands.window.session
    session.open(project)
    hands.finish_work()
    (track,) = session.state.tracks
    fault, top = round(9.2 * RATE_HZ), track.clips[-1].source_id
    switch = next(
        one for one in session.state.proposals.values() if one.start_samples < fault < one.stop_samples
    )
    assert switch.kind == "take"
    for _ in session.state.proposals:
        if window.review.here() != switch.id:
            hands.press("Down")
    hands.press("C")
    hands.press("V")
    assert session.state.decisions[switch.id].alternative == 1
    assert played_at(session.state, fault) == top
    hands.press("A")
    source_id = switch.alternatives[0].payload["takes"][0][0]  # type: ignore[index]
    assert played_at(session.state, fault) == source_id != top
    hands.press("Ctrl+Z")
    assert played_at(session.state, fault) == top


def played_at(state: DocumentState, at_samples: int) -> str:
    """Return the source that the first track plays at a position."""
    (track,) = played_tracks(state)
    shown = visible_in_time(track.clips)
    return next(one.clip.source_id for one in shown if one.start_samples <= at_samples < one.stop_samples)
