"""The demo from the command line and by keys in the window: the same bytes, with the default recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.demo import DEMO_FOLDER, edited_examples, open_demo
from engine.cli.main import main
from engine.document.decisions import Verdict
from tests.desktop.conftest import Hands, fill


@pytest.mark.slow
@pytest.mark.timeout(1800)  # the default recipe learns twice, in four minutes where other work runs
def test_the_demo_gives_the_same_bytes_by_keys_and_by_verbs(
    hands: Hands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window = hands.window
    open_demo(window)
    hands.finish_work()
    assert len(window.session.state.proposals) >= 3, "the shipped taste proposes at the first start"

    hands.press_and_answer("Ctrl+L", fill(Name="Mine", Seed="0"))
    hands.qtbot.waitUntil(lambda: not window.work.is_busy, timeout=1_200_000)
    assert not hands.refused
    hands.press_and_answer("Ctrl+R", fill(**{"Keep, percent": "53"}))
    while Verdict.UNDECIDED in {window.session.state.verdict(key) for key in window.session.state.proposals}:
        hands.press("A")
    hands.press_and_answer("Ctrl+E", fill(Folder=str(tmp_path), File="by keys"))
    hands.finish_work()

    raw = sorted((DEMO_FOLDER / "raw").iterdir())
    project, taste, mix = tmp_path / "demo.offcut", tmp_path / "Mine.taste", tmp_path / "by verbs.wav"
    steps = (
        ("new", project, *raw),
        ("learn", *edited_examples(), "--seed", 0, "--out", taste),
        ("propose", project, "--taste", taste, "--keep", 0.53),
        ("decide", project, "accept", "--all"),
        ("export", project, "--out", mix),
    )
    for step in steps:
        assert main([str(word) for word in step]) == 0, capsys.readouterr().err
    assert mix.read_bytes() == (tmp_path / "by keys.wav").read_bytes()
    assert mix.stat().st_size > 10_000_000
