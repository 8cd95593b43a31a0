"""A folder of short recordings, one of which is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from tests.engine.conftest import RATE_HZ, music

RECORDINGS = ("01.wav", "02.FLAC", "takes/03.ogg", "takes/late/04.aiff")
BAD = "takes/broken.wav"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with four recordings, a broken one, and files that are no recordings."""
    made = tmp_path / "archive"
    for number, name in enumerate(RECORDINGS):
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, music(2.0 + 0.5 * number, seed=number), RATE_HZ)
    (made / BAD).write_text("no audio")
    (made / "notes.txt").write_text("take 3 is the one")
    (made / "._01.wav").write_bytes(b"what a Mac leaves beside a file")
    (made / ".trash").mkdir()
    soundfile.write(made / ".trash" / "old.wav", music(1.0), RATE_HZ)
    return made
