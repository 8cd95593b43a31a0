"""Networks as ONNX files answer as they do in torch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cli.main import main
from engine.cli.networks import NAMES
from engine.features.repair.separation.onnx_file import MODELS, TOLERANCE

ROOT = Path(__file__).resolve().parents[5]


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_the_file_answers_as_torch_does(name: str, tmp_path: Path) -> None:
    """Written by the verb in a process of its own, since the exporter leaves threads; one view and three."""
    onnxruntime = pytest.importorskip("onnxruntime")
    path = tmp_path / f"{name}.onnx"
    verb = "import sys; from engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", verb, "export-model", name, "--out", str(path), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, text=True)
    assert done.stderr == ""
    said = json.loads(done.stdout)
    assert 0.0 <= said["difference"] <= TOLERANCE
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    stated = session.get_modelmeta().custom_metadata_map
    assert stated["licence"] == said["licence"]
    assert stated["rate_hz"] == "16000"
    model, network = MODELS[name], MODELS[name].make().eval()
    for count in (1, 3):
        inputs = model.drawn(count, count)
        named = {each: value.numpy() for each, value in zip(model.inputs, inputs, strict=True)}
        with torch.inference_mode():
            expected = network(*inputs)
        first = expected if isinstance(expected, torch.Tensor) else expected[0]
        np.testing.assert_allclose(session.run([model.output], named)[0], first.numpy(), atol=TOLERANCE)


def test_every_model_can_be_named() -> None:
    assert tuple(MODELS) == NAMES


def test_nothing_is_written_over_or_under_another_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.onnx").write_bytes(b"mine")
    assert main(["export-model", "sounds", "--out", str(tmp_path / "m.bin")]) == 2
    assert "m.bin" in capsys.readouterr().err
    assert main(["export-model", "sounds", "--out", str(tmp_path / "m.onnx")]) == 1
    assert (tmp_path / "m.onnx").read_bytes() == b"mine"
    assert [one.name for one in tmp_path.iterdir()] == ["m.onnx"]
