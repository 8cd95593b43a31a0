"""YAML configs, results in JSON, and what the window keeps in JSON between two starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from desktop.commands import COMMANDS
from desktop.shell.user_settings.keymap import Keymap
from desktop.shell.user_settings.remembered import Recents
from engine.features.taste.anomaly.recipes.config import load_config
from engine.lab.evaluation.results import Key, Measured, Results, Trial
from engine.lab.experiments.settings import load_experiment
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, JSON, done

_ROOT = Path(__file__).parents[4] / "resources"
_CONFIGS = tuple(sorted(_ROOT.glob("recipes/*.yaml")))
_EXPERIMENTS = tuple(sorted(_ROOT.glob("experiments/*.yaml")))
_KEPT = {
    "keys": {"transport.toggle": ["Space"], "edit.undo": ["Ctrl+Z", "U"]},
    "recent": ["a.offcut", "b.offcut"],
}


def prepare_configs(_folder: Path) -> dict[str, str]:
    """Read the recipes and experiments that are shipped."""
    return {path.name: path.read_text(encoding="utf-8") for path in (*_CONFIGS, *_EXPERIMENTS)}


def attempt_config(sound: dict[str, str], changes: tuple[str, tuple[Any, ...], bool], folder: Path) -> None:
    """Load a recipe or an experiment with other text, or other values."""
    name, edits, is_text = changes
    for other, text in sound.items():
        (folder / other).write_text(text, encoding="utf-8")
    if is_text:
        content: bytes = done(edits, sound[name].encode())
    else:
        content = yaml.safe_dump(done(edits, yaml.safe_load(sound[name]))).encode("utf-8", "surrogatepass")
    (folder / name).write_bytes(content)
    if name in {path.name for path in _CONFIGS}:
        load_config(folder / name)
    else:
        load_experiment(folder / name)


def prepare_results(folder: Path) -> bytes:
    """Write results of an evaluation."""
    results = Results(folder / "sound.jsonl")
    for seed in range(3):
        key = Key("default", "0123abcd", "band", "beef0000", seed)
        results.add(Trial(key, "drummer", 12.5, (Measured("take", {"auc": 0.9}, {"talk": 1.0}),)))
    return (folder / "sound.jsonl").read_bytes()


def attempt_results(sound: bytes, changes: tuple[tuple[Any, ...], bool], folder: Path) -> None:
    """Go on from results with other bytes, or whose last line says other things."""
    edits, is_text = changes
    *lines, last = sound.splitlines(keepends=True)
    said = done(edits, sound) if is_text else json.dumps(done(edits, json.loads(last))).encode() + b"\n"
    (folder / "trials.jsonl").write_bytes(said if is_text else b"".join(lines) + said)
    assert Results(folder / "trials.jsonl").trials() is not None


def prepare_kept(_folder: Path) -> dict[str, Any]:
    """Say what the window keeps."""
    return _KEPT


def attempt_kept(sound: dict[str, Any], changes: tuple[tuple[Any, ...], bool], folder: Path) -> None:
    """Start with other keys and other recent documents."""
    edits, is_text = changes
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    for name, value in sound.items():
        text = json.dumps(value)
        broken = done(edits, text.encode()).decode("latin-1") if is_text else json.dumps(done(edits, value))
        settings.setValue(name, broken)
    settings.sync()
    again = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    assert Keymap(again, COMMANDS).commands
    Recents(again).look()


_EITHER = st.tuples(BYTES, st.just(True)) | st.tuples(JSON, st.just(False))
_NAMES = st.sampled_from([path.name for path in (*_CONFIGS, *_EXPERIMENTS)])

CONFIG = Kind("config", prepare_configs, st.builds(lambda name, either: (name, *either), _NAMES, _EITHER),
              attempt_config)  # fmt: skip
RESULTS = Kind("results", prepare_results, _EITHER, attempt_results)
KEPT = Kind("window settings", prepare_kept, _EITHER, attempt_kept)
