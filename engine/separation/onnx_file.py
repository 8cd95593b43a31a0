"""Write the separator as ONNX: `python -m engine.separation.onnx_file OUT.onnx` (extra `offcut[onnx]`).

Its inputs are the first six of `engine.separation.network.Heard`, its output the shares of each band; the
number of views is free, their length is not.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.detection.spectra import MEL
from engine.errors import UsageError
from engine.files.safe_write import replacing
from engine.own_program import how_to_add
from engine.separation.network import VIEW_FRAMES, Heard, listened
from engine.separation.networked import NetworkSeparator, network_separator
from engine.words.text import SIZE

INPUTS = ("power", "inside", "around", "surrounded", "prompt", "example")
OUTPUT = "shares"


class Shares(nn.Module):
    """Both networks, plain tensors in and shares out."""

    def __init__(self, separator: NetworkSeparator) -> None:
        super().__init__()
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
        heard = Heard(power, inside, around, surrounded, prompt, example, features, likeness)
        return torch.sigmoid(self.network(heard)[0])


def drawn_inputs(count: int, seed: int) -> tuple[Tensor, ...]:
    """Return inputs that could be heard, in the order of `INPUTS`."""
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


def write_onnx(separator: NetworkSeparator, path: Path, *, overwrite: bool = False) -> None:
    """Write a separator as an ONNX file.

    Raises
    ------
    UsageError : the packages that write ONNX are not installed
    ExportError : see `engine.files.safe_write.replacing`
    """
    try:
        import_module("onnxscript")
    except ImportError as error:
        raise UsageError(f"ONNX needs more packages: {how_to_add('onnx')}.") from error
    views = torch.export.Dim("views")
    program = torch.onnx.export(
        Shares(separator).eval(),
        drawn_inputs(2, 0),
        input_names=list(INPUTS),
        output_names=[OUTPUT],
        dynamic_shapes=tuple({0: views} for _ in INPUTS),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    with replacing(path, overwrite=overwrite) as part:
        program.save(part)


def main() -> None:
    """Write the separator that comes with Offcut."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m engine.separation.onnx_file OUT.onnx")
    write_onnx(network_separator(), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
