"""Editors and the weights of separators: changed bytes, and a head that says other things."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.analysis.learning.loop import with_weights
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.editor import Editor, arrangements, load_editor, save_editor, shipped_network
from engine.features.arrangement.editor_files import card_of
from engine.features.arrangement.network import Adapter, Pair
from engine.features.arrangement.steps import order_of
from engine.features.repair.separation.network import WEIGHTS, SeparationNetwork
from tests.engine.features.arrangement import made
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, JSON, done

_KEY = "offcut"


def prepare_editor(folder: Path) -> bytes:
    """Write an editor of two small edits."""
    rng = np.random.default_rng(2)
    pairs = tuple(
        Pair(name, made.heard(rng, [(6, True), (3, False), (5, True)]), order_of([(0, 6), (9, 14)]))
        for name in ("one", "two")
    )
    save_editor(Editor("mine", pairs, Adapter()), folder / "sound.editor")
    return (folder / "sound.editor").read_bytes()


def load_and_arrange(path: Path) -> None:
    """Read the card of an editor, load it, and have it arrange a few steps."""
    card_of(path)
    editor = load_editor(path)
    heard = made.heard(np.random.default_rng(1), [(4, True), (2, False), (4, True)])
    found = arrangements(shipped_network(), heard, Bounds.none(len(heard)), editor=editor)[0]
    assert np.isfinite(found.score), "a score that is no number"


def attempt_editor(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Load an editor with other bytes."""
    path = folder / "mine.editor"
    path.write_bytes(done(changes, sound))
    load_and_arrange(path)


def attempt_facts(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Load an editor whose facts are others."""
    path = folder / "mine.editor"
    path.write_bytes(_with_head(sound, changes))
    load_and_arrange(path)


def _with_head(sound: bytes, changes: tuple[object, ...]) -> bytes:
    length = struct.unpack("<Q", sound[:8])[0]
    head: dict[str, Any] = json.loads(sound[8 : 8 + length])
    head["__metadata__"][_KEY] = json.dumps(done(changes, json.loads(head["__metadata__"][_KEY])))
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + sound[8 + length :]


def prepare_separator(_folder: Path) -> bytes:
    """Return the weights that ship."""
    return WEIGHTS.read_bytes()


def attempt_separator(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Load the weights of a separator with other bytes; what is taken holds numbers alone."""
    path = folder / "weights.safetensors"
    path.write_bytes(done(changes, sound))
    network = with_weights(SeparationNetwork(), path, "named sounds")
    assert all(bool(torch.isfinite(one).all()) for one in network.state_dict().values())


EDITOR = Kind("editor", prepare_editor, BYTES, attempt_editor)
EDITOR_FACTS = Kind("editor facts", prepare_editor, JSON, attempt_facts)
SEPARATOR = Kind("separator", prepare_separator, BYTES, attempt_separator)
