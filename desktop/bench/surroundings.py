"""Folders of a measured program: below one folder, separate from the user's."""

from __future__ import annotations

import os
from pathlib import Path

from desktop.bench.device import paced_device


def own_folders(folder: Path) -> dict[str, str]:
    """Return the part of an environment that has a program keep all it keeps below a folder."""
    names = ("CACHE", "CONFIG", "DATA", "STATE")
    return {f"XDG_{name}_HOME": str(folder / name.lower()) for name in names}


def live_in(folder: Path, rate_hz: int) -> None:
    """Keep all that this program keeps below a folder, and play on a paced device: before PortAudio loads."""
    os.environ.update(own_folders(folder))
    os.environ["ALSA_CONFIG_PATH"] = str(paced_device(folder, rate_hz, keep=False))
