"""``offcut export PROJECT --out FILE...``: write the result, or the edit for another program."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.answer import Answer
from engine.document.document import Document
from engine.edl.export import ExportRequest, export
from engine.jobs.media import locate_all
from engine.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("--out", type=Path, nargs="+", required=True, metavar="FILE", help="format by suffix")
    parser.add_argument("--force", action="store_true", help="write over existing files")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:
    """Write every file asked for."""
    with Document.open(options.project) as document:
        state, folder = document.state, document.path.absolute().parent
    media = locate_all(state, folder)
    written = []
    for number, out in enumerate(options.out):
        share = progress.part(
            0.1 + 0.9 * number / len(options.out), 0.1 + 0.9 * (number + 1) / len(options.out)
        )
        request = ExportRequest(state, media, out, options.force, options.project.stem)
        written.append(export(request, share))
    yield Answer(
        {"files": [{"path": str(one.path), **one.figures} for one in written]},
        "\n".join(one.sentence for one in written),
    )
