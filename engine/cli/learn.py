"""``offcut learn EDITED... --out T.taste``: learn a taste from edited recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from engine.cli.answer import Answer
from engine.progress import Progress
from engine.safe_write import shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("edited", type=Path, nargs="+", metavar="EDITED", help="recordings as you keep them")
    parser.add_argument(
        "--raw", type=Path, nargs="+", default=[], metavar="RAW", help="the same before you edited them"
    )
    parser.add_argument("--config", type=Path, metavar="F.yaml", help="a recipe other than the default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, metavar="T.taste")
    parser.add_argument("--force", action="store_true", help="write over an existing taste")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:
    """Learn and write the taste."""
    from engine.anomaly.config import default_config, load_config
    from engine.anomaly.diagnoses.material import check_material
    from engine.anomaly.examples import Examples
    from engine.anomaly.learn import LearnRequest, check_out, learn

    config = load_config(options.config) if options.config else default_config()
    request = LearnRequest(
        edited=tuple(options.edited),
        config=config,
        seed=options.seed,
        out=options.out,
        overwrite=options.force,
        raw=tuple(options.raw),
    )
    check_out(request)
    found = check_material(Examples(request.edited, request.raw), progress.part(0.0, 0.05))
    for finding in found:
        print(f"offcut learn: {finding.severity}: {shown(finding.sentence)}", file=sys.stderr)
    learned = learn(request, progress.part(0.05, 1.0))
    yield Answer(
        {
            "taste": str(learned.path),
            "epochs": learned.epochs,
            "loss": learned.best_loss,
            "findings": [asdict(finding) for finding in found],
        },
        f"{learned.path}: learned in {learned.epochs} epochs, loss {learned.best_loss:.4f}",
    )
