"""``offcut export-model NAME --out M.onnx``: write a network for another program."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress

NAMES = ("sounds", "separation")
"""Of `engine.features.repair.separation.onnx_file.MODELS`, which loads torch."""
_SUFFIX = ".onnx"


def add_export_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("model", choices=NAMES, help="the detector of named sounds, or the separator")
    parser.add_argument("--out", type=Path, required=True, metavar=f"M{_SUFFIX}", help="the new file")
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def run_export_model(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:  # noqa: ARG001
    """Write the file, and report how far its answers are from those of torch."""
    if options.out.suffix.lower() != _SUFFIX:
        raise UsageError(f"{shown(options.out)} is not the name of a model: use the suffix {_SUFFIX}.")
    from engine.features.repair.separation.onnx_file import MODELS, write_onnx

    model = MODELS[options.model]
    difference = write_onnx(model, options.out, overwrite=options.force)
    compared = (
        "Not compared with torch: onnxruntime is not installed"
        if difference is None
        else f"Differs from torch by {difference:.1e} at most"
    )
    yield VerbOutput(
        {"path": str(options.out), "model": options.model, "difference": difference, **model.about},
        f"{shown(options.out)}: {options.model}. {compared}. Licence: {model.about['licence']}.",
    )


EXPORT_MODEL = Verb(add_export_model_arguments, run_export_model)
