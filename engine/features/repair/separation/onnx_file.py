"""Networks as ONNX files for other programs (extra `offcut[onnx]`), compared with torch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from engine.analysis.detection.detector import FRAMES_EACH, detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.sound_names.prompts import SIZE
from engine.core.build import how_to_add
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import replacing, shown
from engine.features.repair.separation.network import VIEW_FRAMES, NetworkInput, listened, network_separator

TOLERANCE = 1e-4
"""Greatest difference from torch that a file may have."""
_FREE = "MIT: learned from recordings under free licences, see resources/models/CREDITS.md"
_VIEWS = 3


class Shares(nn.Module):
    """Both networks of the separator, plain tensors in and shares out."""

    def __init__(self) -> None:
        super().__init__()
        separator = network_separator()
        self.network, self.ears = separator.network, separator.ears

    def forward(
        self,
        power: Tensor,
        inside: Tensor,
        around: Tensor,
        surrounded: Tensor,
        prompt: Tensor,
        example: Tensor,
    ) -> Tensor:
        """Return shares within [0, 1], shape (batch, VIEW_FRAMES, bands)."""
        features, likeness = listened(self.ears, power, prompt)
        heard = NetworkInput(power, inside, around, surrounded, prompt, example, features, likeness)
        return torch.sigmoid(self.network(heard)[0])


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A network that can be written.

    Attributes
    ----------
    make : loads it
    inputs, output : names of its tensors, and of the first output
    drawn : inputs of a number of views, by a seed
    about : properties that the file states
    """

    make: Callable[[], nn.Module]
    inputs: tuple[str, ...]
    output: str
    drawn: Callable[[int, int], tuple[Tensor, ...]]
    about: Mapping[str, str]


def _drawn_levels(count: int, seed: int) -> tuple[Tensor, ...]:
    drawn = torch.Generator().manual_seed(seed)
    return (torch.randn(count, 16 * FRAMES_EACH, MEL.n_mels, generator=drawn) * 4.5 - 9.0,)


def _drawn_views(count: int, seed: int) -> tuple[Tensor, ...]:
    drawn = torch.Generator().manual_seed(seed)
    bands = MEL.n_mels
    return (
        torch.rand(count, VIEW_FRAMES, bands, generator=drawn) ** 4,
        (torch.rand(count, VIEW_FRAMES, generator=drawn) > 0.5).float(),
        torch.randn(count, 2, bands, generator=drawn).abs() - torch.tensor([6.0, 0.0])[:, None],
        torch.ones(count),
        nn.functional.normalize(torch.randn(count, SIZE, generator=drawn), dim=1),
        torch.zeros(count),
    )


_SPECTRUM = {"rate_hz": str(MEL.rate_hz), "hop_samples": str(MEL.hop_samples), "bands": str(MEL.n_mels)}
MODELS: Mapping[str, OnnxModel] = MappingProxyType(
    {
        "sounds": OnnxModel(
            lambda: detector().network,
            ("levels",),
            "vectors",
            _drawn_levels,
            MappingProxyType(
                {
                    **_SPECTRUM,
                    "licence": _FREE,
                    "inputs": f"levels (batch, {16 * FRAMES_EACH} frames, bands): "
                    "engine.analysis.detection.spectra",
                    "outputs": f"vectors (batch, frames / {FRAMES_EACH}, {SIZE}); weights (batch, the same)",
                }
            ),
        ),
        "separation": OnnxModel(
            Shares,
            ("power", "inside", "around", "surrounded", "prompt", "example"),
            "shares",
            _drawn_views,
            MappingProxyType(
                {
                    **_SPECTRUM,
                    "licence": _FREE,
                    "inputs": f"the first six of separation.network.NetworkInput, of {VIEW_FRAMES} frames",
                    "outputs": f"shares (batch, {VIEW_FRAMES}, bands), 0 to 1",
                }
            ),
        ),
    }
)
"""By name; the number of views is free, their length is not."""


def write_onnx(model: OnnxModel, path: Path, *, overwrite: bool = False) -> float | None:
    """Write a network as an ONNX file and return its greatest difference from torch; None if not compared.

    It is compared where onnxruntime is installed, and not written if it differs by more than `TOLERANCE`.

    Raises
    ------
    UsageError : the packages that write ONNX are not installed
    OffcutError : the outputs of the file would differ from torch's
    ExportError : see `engine.core.files.safe_write.replacing`
    """
    try:
        import_module("onnxscript")
    except ImportError as error:
        raise UsageError(f"ONNX needs more packages: {how_to_add('onnx')}.") from error
    network = model.make().eval()
    views = torch.export.Dim("views")
    with replacing(path, overwrite=overwrite) as part:
        # torch deprecates parts that its own exporter uses, and logs that torchvision is not installed
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network,
                model.drawn(2, 0),
                input_names=list(model.inputs),
                output_names=[model.output],
                dynamic_shapes=tuple({0: views} for _ in model.inputs),
                dynamo=True,
                verbose=False,
            )
        assert program is not None
        program.model.metadata_props.update(model.about)
        program.save(part)
        difference = _difference(network, model, part)
        if difference is not None and not difference <= TOLERANCE:
            raise OffcutError(
                f"{shown(path)} was not written: it would differ from torch by {difference:.2g}. "
                "Report this with the versions of torch and onnxruntime that 'offcut doctor' prints."
            )
    return difference


def _difference(network: nn.Module, model: OnnxModel, path: Path) -> float | None:
    if find_spec("onnxruntime") is None:
        return None
    runtime = import_module("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = model.drawn(_VIEWS, 1)
    with torch.inference_mode():
        answered = network(*inputs)
    expected = answered if isinstance(answered, Tensor) else answered[0]
    named = {name: value.numpy() for name, value in zip(model.inputs, inputs, strict=True)}
    (found,) = session.run([model.output], named)
    return float(np.max(np.abs(found - expected.numpy())))
