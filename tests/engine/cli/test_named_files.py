"""Of several recordings that are named, one that is gone is told before the first is read."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from engine.cli.main import verb_named
from engine.core.errors import SourceError
from engine.core.progress import ReportingProgress
from tests.hostile.bad_files import good

TASTE = Path(__file__).resolve().parents[3] / "resources" / "demo" / "demo.taste"


@pytest.mark.parametrize("name", ["learn", "score"])
def test_one_that_is_gone_is_told_before_another_is_read(name: str, tmp_path: Path) -> None:
    verb = verb_named(name)
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    recordings = [str(good(tmp_path / "take.wav", 12.0)), str(tmp_path / "gone.wav")]
    words = ["--out", str(tmp_path / "ours.taste")] if name == "learn" else [str(TASTE)]
    told: list[object] = []
    options = parser.parse_args([*words, *recordings])
    with pytest.raises(SourceError, match=r"gone\.wav is not there"):
        list(verb.run(options, ReportingProgress(lambda *report: told.append(report))))
    assert not told
