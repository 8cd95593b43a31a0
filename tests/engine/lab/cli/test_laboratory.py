"""Verbs of the laboratory where it, or what it measures with, is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.cli.main import main


@pytest.mark.parametrize("verb", ["evaluate", "bench", "experiment"])
@pytest.mark.parametrize("rest", [(), ("--help",)], ids=["alone", "help"])
def test_a_bundle_says_where_its_verbs_are(
    verb: str, rest: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert main([verb, *rest]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"offcut {verb}: ")
    assert "source" in err


def test_a_package_that_is_missing_is_told_with_its_extra(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mir_eval", None)
    assert main(["evaluate", "timing", "beats", "--data", str(data_dir), "--short"]) == 1
    assert capsys.readouterr().err == (
        "offcut evaluate: mir_eval is missing; it comes with pip install 'offcut[lab]'.\n"
    )
