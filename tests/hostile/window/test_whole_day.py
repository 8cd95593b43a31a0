"""Ten thousand proposals in a recording of 24 hours: opened, reviewed and zoomed, and no key waits."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.document import Document
from engine.document.edits.proposals import decide, replace_proposals, set_analyses
from engine.document.proposals import Proposal, Verdict
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.timing import slowness

pytestmark = pytest.mark.alone

RATE_HZ, LENGTH_S, COUNT = 4_000, 24 * 3600, 10_000
MOST_S = 0.3


def day(path: Path) -> Path:
    """A recording that takes no room on disk, but for a second of noise."""
    data_bytes = 2 * RATE_HZ * LENGTH_S
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", 16, 1, 1, RATE_HZ,
                       2 * RATE_HZ, 2, 16, b"data", data_bytes)  # fmt: skip
    with path.open("wb") as stream:
        stream.write(head)
        stream.write(np.random.default_rng(1).integers(-9_000, 9_000, RATE_HZ, "<i2").tobytes())
        stream.truncate(len(head) + data_bytes)
    return path


def document(folder: Path) -> Path:
    imported = import_audio(ImportRequest((day(folder / "day.wav"),)), SILENT)
    length, rng = RATE_HZ * LENGTH_S, np.random.default_rng(2)
    times = np.arange(0, length, RATE_HZ, dtype=np.int64)
    beats = np.arange(0, length, RATE_HZ // 2, dtype=np.int64)
    found = {
        "score": ScoreCurve(times, (0.5 + 0.5 * np.sin(times / 9_000)).astype(np.float32), "test"),
        "beats": BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "test"),
        "listening": Listening(beats, np.full(length // 256, -20.0, np.float32), 256, "test"),
    }
    step = length // COUNT
    scores = rng.uniform(0.95, 1.0, COUNT).tolist()
    cuts = [
        Proposal(
            f"p{k}", "cut", k * step, k * step + step // 3, score, "Odd.", "test", (), {"crossfade_ms": 20.0}
        )
        for k, score in enumerate(scores)
    ]
    path = folder / "day.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, imported))
        ids = {kind: f"{kind}-day" for kind in found}
        made.apply(set_analyses(made.state, ids, "Listened"), {ids[kind]: one for kind, one in found.items()})
        made.apply(replace_proposals(made.state, cuts, {"threshold": 0.6}, "Proposed"))
        made.apply(decide(made.state, [one.id for one in cuts[::5]], Verdict.ACCEPTED))
    return path


@pytest.mark.timeout(600)
def test_no_key_waits(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    window.session.open(document(tmp_path))
    hands.finish_work()
    window.review.choose("p5001")
    took_s: dict[str, float] = {}
    moved = window.queue.moved_edges
    for keys in (
        *("A", "X", "Down", "Up", "Ctrl+Down", "Alt+Right", "O", "Ctrl+Z", "F", "E", "Plus", "Plus", "Minus"),
        *("Q", "A", "Ctrl+Down", "Q", "Alt+S", "A", "Ctrl+Z", "Alt+S", "Alt+S", "Alt+G", "A"),
    ):
        began_s = time.thread_time()
        hands.press(keys)
        window.timeline.canvas.repaint()
        window.queue_panel.repaint()
        took_s[keys] = max(took_s.get(keys, 0.0), time.thread_time() - began_s)
        hands.qtbot.waitUntil(lambda: not moved.is_waiting and not window.review.calibrating.is_learning)
    most_s = MOST_S * slowness()
    assert {keys: round(taken, 3) for keys, taken in took_s.items() if taken > most_s} == {}
