"""Kills while an edit stores its audio: both are in the document, or neither."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.document.document import Document
from engine.document.edits.tracks import add_tracks
from engine.document.file.stored_audio import stored
from tests.engine.document.conftest import a_source
from tests.sources import each_alone

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")

# Dies before its n-th statement; says when the edit is on disk.
PROGRAM = """
import os, signal, sqlite3, sys
from pathlib import Path
import numpy as np
from engine.document.document import Document
from engine.document.edits.by_hand import repair
from engine.document.file.stored_audio import stored
from tests.sources import each_alone

path, last = Path(sys.argv[1]), int(sys.argv[2])
audio = stored(np.linspace(-1, 1, 300_000, dtype=np.float32)[:, None], 48_000)
with Document.open(path) as document:
    edit, _ = repair(document.state, audio, (0, 300_000), [], at_samples=0, maker="test", reason="")
    seen = 0
    def count(_statement):
        global seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)
    document._connection.set_trace_callback(count)
    document.apply(edit, audio=[audio])
    print("done", flush=True)
"""


def test_a_kill_at_each_statement_leaves_the_edit_with_its_audio_or_neither(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([a_source("one")], ["Kick"])))
    content = path.read_bytes()
    key = stored(np.linspace(-1, 1, 300_000, dtype=np.float32)[:, None], 48_000).key
    outcomes = set()
    for last in range(1, 60, 1 if pytestconfig.getoption("--long") else 4):
        path.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), str(last)],
            capture_output=True,
            text=True,
            cwd=Path(__file__).resolve().parents[3],
            check=False,
        )
        with Document.open(path) as document:
            is_there = bool(document.state.proposals)
            assert is_there == (key in document.audio_files)
            assert is_there or "done" not in done.stdout
            if is_there:
                assert document.stored_audio(key).frames == 300_000
        outcomes.add(is_there)
        if done.returncode == 0:
            break
    assert outcomes == {True, False}
    assert done.returncode == 0, done.stderr
