"""Convert the published DeepFilterNet3 to the weights that Offcut loads.

python packaging/deep_filter.py DeepFilterNet3_onnx.tar.gz resources/deep_filter/deep_filter.safetensors
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.torch import save_file

PUBLISHED = "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616"
"""Checksum of the archive in the repository Rikorose/DeepFilterNet, folder models."""
_Arrays = list[NDArray[np.float32]]
_ENCODER = (
    *("bands.0.weight", "bands.0.bias"),
    *(f"bands.{level}.{part}" for level in (1, 2, 3) for part in ("0.weight", "1.weight", "1.bias")),
    *(f"bins.{level}.{part}" for level in (0, 1) for part in ("0.weight", "1.weight", "1.bias")),
    *("gather.weight", "deepest.into.weight", "deepest.over_time.0", "deepest.out.weight"),
)
_GAINS = (
    *("gains.into.weight", "gains.over_time.0", "gains.over_time.1", "gains.out.weight"),
    *("beside.0.weight", "beside.0.bias", "up.0.0.weight", "up.0.1.weight", "up.0.1.bias"),
    *("beside.1.weight", "beside.1.bias", "up.1.0.weight", "up.1.1.weight", "up.1.1.bias"),
    *("beside.2.weight", "beside.2.bias", "up.2.0.weight", "up.2.1.weight", "up.2.1.bias"),
    *("beside.3.weight", "beside.3.bias", "gain.weight", "gain.bias"),
)
_FILTERS = (
    *("filters.into.weight", "filters.over_time.0", "filters.over_time.1", "around.weight"),
    *("taps.0.weight", "taps.1.weight", "taps.1.bias", "filter.weight"),
)


def converted(archive: Path) -> dict[str, torch.Tensor]:
    """Return the weights by the names of `engine.analysis.detection.deep_filter`, at half precision."""
    weights: dict[str, torch.Tensor] = {}
    with tarfile.open(archive) as files:
        for name, names in (("enc", _ENCODER), ("erb_dec", _GAINS), ("df_dec", _FILTERS)):
            stream = files.extractfile(f"tmp/export/{name}.onnx")
            assert stream is not None
            layers = _layers(onnx.load_model_from_string(stream.read()).graph)
            places = iter(names)
            for arrays in layers:
                for array in arrays if isinstance(arrays, list) else ():
                    weights[next(places)] = torch.tensor(array).half()
                if isinstance(arrays, dict):
                    place = next(places)
                    stem, layer = place.rsplit(".", 1)
                    weights |= {
                        f"{stem}.{part}_l{layer}": torch.tensor(array).half()
                        for part, array in arrays.items()
                    }
            assert not list(places), name
    return weights


def _layers(graph: onnx.GraphProto) -> list[_Arrays | Mapping[str, NDArray[np.float32]]]:
    """Return the weights of each layer in the order of the graph; local SNR and mixing ratio are left out."""
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    stored |= {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in graph.node
        if node.op_type == "Constant"
    }
    found: list[_Arrays | Mapping[str, NDArray[np.float32]]] = []
    for node in graph.node:
        arrays = [stored[name] for name in node.input if name in stored]
        if node.op_type in {"Conv", "ConvTranspose", "Einsum"}:
            found.append(arrays)
        elif node.op_type == "GRU":
            inward, across, offsets = (array[0] for array in arrays[:3])
            half = len(offsets) // 2
            parts = (inward, across, offsets[:half], offsets[half:])
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            found.append({name: _as_in_torch(part) for name, part in zip(names, parts, strict=True)})
    return found


def _as_in_torch(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return gates in the order reset, update, new; ONNX has update first."""
    update, reset, new = np.split(gates, 3)
    return np.concatenate([reset, update, new])


def main(archive: Path, out: Path) -> None:
    """Convert an archive, whose checksum is that of the published one."""
    if sha256(archive.read_bytes()).hexdigest() != PUBLISHED:
        sys.exit(f"{archive} is not the published DeepFilterNet3: download it again.")
    save_file({name: value.contiguous() for name, value in converted(archive).items()}, out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
