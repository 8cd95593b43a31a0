"""``offcut doctor``: what is installed, which audio devices there are, what is missing and what to do."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.cli.answer import Answer
from engine.places import cache_folder, data_folder
from engine.progress import Progress

PACKAGES = (
    "offcut",
    "numpy",
    "soundfile",
    "soxr",
    "torch",
    "librosa",
    "PySide6-Essentials",
    "pyqtgraph",
    "sounddevice",
    "safetensors",
    "pydantic",
    "rpp",
)

# PortAudio opens every driver it knows when it starts, and a broken one can take the process with it.
_LIST_DEVICES = """
import json, sounddevice
print(json.dumps([[d["name"], d["max_output_channels"], d["default_samplerate"]]
                  for d in sounddevice.query_devices() if d["max_output_channels"]]))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb takes nothing."""


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:  # noqa: ARG001
    """Look at everything once."""
    packages = {name: _version(name) for name in PACKAGES}
    devices, device_trouble = _devices()
    missing = [f"{name} is not installed; run 'python3 packaging/bootstrap.py setup'." for name in packages]
    missing = [sentence for name, sentence in zip(packages, missing, strict=True) if not packages[name]]
    missing += [device_trouble] if device_trouble else []
    cache = cache_folder()
    facts: dict[str, object] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": packages,
        "audio_devices": devices,
        "cache": {"folder": str(cache), "bytes": _size_bytes(cache)},
        "data_folder": str(data_folder()),
        "missing": missing,
    }
    yield Answer(facts, _text(facts, packages, devices, missing))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _devices() -> tuple[list[str], str]:
    """Return the names of the output devices, and a sentence where there are none."""
    try:
        listed = subprocess.run(
            [sys.executable, "-c", _LIST_DEVICES], capture_output=True, text=True, timeout=20, check=False
        )
    except subprocess.TimeoutExpired:
        return [], "The audio drivers do not answer; restart the sound system."
    if listed.returncode:
        reason = (listed.stderr.strip().splitlines() or ["PortAudio ended"])[-1]
        return (
            [],
            f"No sound can be played ({reason}); install PortAudio (Debian: apt install libportaudio2).",
        )
    names = [f"{name} ({channels} channels)" for name, channels, _ in json.loads(listed.stdout)]
    return names, "" if names else "No audio device; the transport moves, but nothing is heard."


def _size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _text(facts: dict[str, object], packages: dict[str, str], devices: list[str], missing: list[str]) -> str:
    lines = [f"Python {facts['python']} on {facts['system']}"]
    lines += [f"  {name} {found or 'missing'}" for name, found in packages.items()]
    lines += ["Audio devices: " + (", ".join(devices) or "none")]
    lines += [f"Data: {facts['data_folder']}"]
    lines += ["Missing:", *(f"  {sentence}" for sentence in missing)] if missing else ["Nothing is missing."]
    return "\n".join(lines)
