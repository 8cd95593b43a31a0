"""The demo from the command line and by keys in the window: the same bytes, with the default recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from desktop.demo import open_demo
from desktop.demo_files import DEMO_FOLDER, edited_examples
from engine.cli.main import main
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands, fill

EPOCHS = 6
"""Of some thirty: weights are compared to the last bit, and two ways that differ do so from the first on."""


@pytest.mark.long
def test_the_demo_gives_the_same_bytes_by_keys_and_by_verbs(
    hands: Hands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window = hands.window
    open_demo(window)
    hands.finish_work()
    assert len(window.session.state.proposals) >= 3, "the shipped taste proposes at the first start"

    hands.press_and_answer("Ctrl+L", fill(Name="Mine", Epochs=str(EPOCHS), Seed="0"))
    hands.qtbot.waitUntil(lambda: not window.work.is_busy, timeout=120_000)
    assert not hands.refused
    hands.press_and_answer("Ctrl+R", fill(**{"Keep, percent": "53"}))
    while Verdict.UNDECIDED in {window.session.state.verdict(key) for key in window.session.state.proposals}:
        hands.press("A")
    hands.press_and_answer("Ctrl+E", fill(Folder=str(tmp_path), File="by keys"))
    hands.finish_work()

    raw = sorted((DEMO_FOLDER / "raw").iterdir())
    project, taste, mix = tmp_path / "demo.offcut", tmp_path / "Mine.taste", tmp_path / "by verbs.wav"
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"epochs: {EPOCHS}\n")
    steps = (
        ("new", project, *raw),
        ("learn", *edited_examples(), "--config", recipe, "--seed", 0, "--out", taste),
        ("propose", project, "cuts", "--taste", taste, "--keep", 0.53),
        ("decide", project, "accept", "--all"),
        ("export", project, "--out", mix),
    )
    for step in steps:
        assert main([str(word) for word in step]) == 0, capsys.readouterr().err
    by_keys, by_verbs = load_file(window.session.folder / taste.name), load_file(taste)
    assert by_keys.keys() == by_verbs.keys()
    for name, learned in by_verbs.items():
        np.testing.assert_array_equal(by_keys[name], learned)
    assert mix.read_bytes() == (tmp_path / "by keys.wav").read_bytes()
    assert mix.stat().st_size > 10_000_000
