"""``offcut evaluate (anomaly|kept|beats)``: how well a part works, beside its baselines."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.cli.answer import Answer
from engine.progress import Progress

PARTS = ("anomaly", "kept", "beats")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of recordings")
    parser.add_argument(
        "--config", type=Path, metavar="F.yaml", help="anomaly: a recipe other than the default"
    )
    parser.add_argument("--short", action="store_true", help="one seed and little material")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:
    """Print a metric a line as it is measured."""
    for line in _lines(options, progress):
        yield Answer(line, "  ".join(f"{name} {_text(value)}" for name, value in line.items()))


def _lines(options: argparse.Namespace, progress: Progress) -> Iterator[Mapping[str, object]]:
    if options.part == "anomaly":
        from engine.anomaly.config import load_config
        from engine.anomaly.evaluate import evaluate as evaluate_anomaly

        config = None if options.config is None else load_config(options.config)
        return evaluate_anomaly(options.data, short=options.short, progress=progress, config=config)
    if options.part == "kept":
        from engine.anomaly.evaluate_kept import evaluate as evaluate_kept

        return evaluate_kept(options.data, short=options.short, progress=progress)
    from engine.beats.evaluate import evaluate as evaluate_beats

    return evaluate_beats(options.data, short=options.short, progress=progress)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
