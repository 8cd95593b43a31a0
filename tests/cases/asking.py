"""The verbs of the program, asked as a user would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main

RATE_HZ = 48_000


def told(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    """Return the JSON answer of a verb that must succeed."""
    capsys.readouterr()
    status = main([*map(str, words), "--json"])
    found = capsys.readouterr()
    assert status == 0, (words, found.err)
    return json.loads(found.out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Return the one sentence of a verb that must fail."""
    capsys.readouterr()
    assert main([*map(str, words)]) != 0, words
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    assert "Traceback" not in said
    return said


def noise(path: Path, seconds: float, channels: int = 1) -> Path:
    """Write noise."""
    samples = np.random.default_rng(1).normal(0, 0.05, (round(seconds * RATE_HZ), channels))
    soundfile.write(path, samples, RATE_HZ, "PCM_16")
    return path
