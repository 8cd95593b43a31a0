"""Tastes: changed bytes, and a head that says other things."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.progress import SILENT
from engine.features.taste.anomaly.neighbours import PARTS, ReferenceRecording, ReferenceSegments
from engine.features.taste.anomaly.score import score_blocks
from engine.features.taste.anomaly.taste import load_taste, save_taste
from engine.features.taste.anomaly.taste_header import KEY
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, JSON, done

_OLD = Path(__file__).parents[3] / "engine" / "lab" / "recipes" / "slicer" / "of_version_0_1.taste"
_RATE_HZ = 8_000


def prepare(folder: Path) -> bytes:
    """Bring a small old taste to this version, with an example that was kept."""
    taste = load_taste(_OLD)
    numbers = np.zeros(3, np.int32)
    examples = np.ones((3, PARTS * taste.config.mel.n_mels), np.float32)
    kept = ReferenceSegments(examples, numbers, numbers, (ReferenceRecording("take.wav", "00", 10.0),))
    path = folder / "sound.taste"
    save_taste(path, replace(taste, kept=kept), overwrite=True)
    return path.read_bytes()


def load_and_score(path: Path) -> None:
    """Load a taste and hear a second with it."""
    taste = load_taste(path)
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, _RATE_HZ).astype(np.float32)
    found = score_blocks(taste, [noise], _RATE_HZ, len(noise), SILENT, level_db=0.0)
    assert np.isfinite(found.scores).all(), "invalid scores"


def attempt_bytes(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Load a taste with other bytes."""
    path = folder / "band.taste"
    path.write_bytes(done(changes, sound))
    load_and_score(path)


def attempt_facts(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Load a taste whose facts are others."""
    length = struct.unpack("<Q", sound[:8])[0]
    head: dict[str, Any] = json.loads(sound[8 : 8 + length])
    facts = done(changes, json.loads(head["__metadata__"][KEY]))
    head["__metadata__"][KEY] = json.dumps(facts)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    path = folder / "band.taste"
    path.write_bytes(struct.pack("<Q", len(text)) + text + sound[8 + length :])
    load_and_score(path)


TASTE = Kind("taste", prepare, BYTES, attempt_bytes)
FACTS = Kind("taste facts", prepare, JSON, attempt_facts)
