"""The separator as an ONNX file answers as it does in torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.separation.networked import network_separator
from engine.separation.onnx_file import INPUTS, OUTPUT, Shares, drawn_inputs

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
def test_the_file_answers_as_torch_does(tmp_path: Path) -> None:
    """Written by its command; within 1e-4, for one view and for three."""
    onnxruntime = pytest.importorskip("onnxruntime")
    path = tmp_path / "separation.onnx"
    command = [sys.executable, "-m", "engine.separation.onnx_file", str(path)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    both = Shares(network_separator())
    for count in (1, 3):
        inputs = drawn_inputs(count, seed=count)
        named = {name: value.numpy() for name, value in zip(INPUTS, inputs, strict=True)}
        with torch.inference_mode():
            expected = both(*inputs).numpy()
        np.testing.assert_allclose(session.run([OUTPUT], named)[0], expected, atol=1e-4)
