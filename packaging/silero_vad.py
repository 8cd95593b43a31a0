"""Convert the published Silero VAD to the weights that Offcut loads.

python packaging/silero_vad.py silero_vad-6.2.3-py3-none-any.whl resources/silero_vad/silero_vad.safetensors
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import torch
from safetensors.torch import load, save_file

PUBLISHED = "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1"
"""Checksum of `_FILE` in the package silero-vad 6.2.3."""
_FILE = "silero_vad/data/silero_vad_16k.safetensors"
_SPECTRUM = "stft_conv."
"""A Fourier transform with a Hann window, which is computed."""
_CELL, _PARTS = "lstm_cell.", ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def converted(stored: bytes) -> dict[str, torch.Tensor]:
    """Return the weights by the names of `engine.analysis.detection.silero_vad`, at half precision."""
    weights = {
        name: value.half().contiguous()
        for name, value in load(stored).items()
        if not name.startswith(_SPECTRUM)
    }
    recurrent = {f"lstm.{part}_l0": weights.pop(f"{_CELL}{part}") for part in _PARTS}
    return weights | recurrent


def main(wheel: Path, out: Path) -> None:
    """Convert the weights of a wheel, whose checksum is that of the published ones."""
    stored = ZipFile(wheel).read(_FILE)
    if sha256(stored).hexdigest() != PUBLISHED:
        sys.exit(f"{wheel} does not have the published weights: download silero-vad 6.2.3 again.")
    save_file(converted(stored), out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
