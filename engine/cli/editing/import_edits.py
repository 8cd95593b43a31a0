"""``offcut import-edits PROJECT FILE``: read the edits of another program, or of Offcut, into a document."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.documents import analysing, media_at_hand, opened
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import listed
from engine.exchange.export.placing.frame_rates import FrameRate
from engine.exchange.imports import asks_labels
from engine.exchange.imports.described import LabelsAs
from engine.exchange.imports.formats import IMPORTS

if TYPE_CHECKING:
    from engine.document.document import Document
    from engine.exchange.imports.proposals.edit import ImportedEdit


def add_import_edits_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    known = listed([*IMPORTS.own], "or")
    parser.add_argument("file", type=Path, metavar="FILE", help=f"format by suffix: {known}")
    parser.add_argument(
        "--labels",
        choices=[one.value for one in LabelsAs],
        help="meaning of the spans in a .txt, .csv, .llc, .srt or .vtt file",
    )
    parser.add_argument(
        "--frame-rate", choices=[one.value for one in FrameRate], help="of a list without a frame rate"
    )
    parser.add_argument("--dry-run", action="store_true", help="report the changes without making them")


def run_import_edits(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Read a file, compare it with the document and accept its edits there."""
    if options.labels is None and asks_labels(options.file):
        raise UsageError(
            f"{options.file.suffix} files hold labels: add --labels cuts, --labels keeps or --labels markers."
        )
    with opened(options.project, to_read=options.dry_run) as document:
        if options.dry_run:
            made = _compared(document, options, progress)
        else:
            with analysing(document):
                made = _compared(document, options, progress)
            if not made.is_empty:
                document.apply(made.put_into(document.state))
    yield VerbOutput(_fields(made, options), "\n".join((*made.notes, made.sentence)))


IMPORT_EDITS = Verb(add_import_edits_arguments, run_import_edits)


def _compared(document: Document, options: argparse.Namespace, progress: Progress) -> ImportedEdit:
    from engine.exchange.imports.proposals.read import read_into
    from engine.exchange.imports.proposals.requests import ReadEditsRequest

    request = ReadEditsRequest(
        document.state,
        media_at_hand(document),
        options.file,
        None if options.labels is None else LabelsAs(options.labels),
        None if options.frame_rate is None else FrameRate(options.frame_rate),
    )
    return read_into(request, progress)


def _fields(made: ImportedEdit, options: argparse.Namespace) -> dict[str, object]:
    return {
        "path": str(options.file),
        "is_stored": not (options.dry_run or made.is_empty),
        "is_accepted": made.is_accepted,
        "edits": dict(made.counts),
        "ids": [one.id for one in made.proposals],
        "unchanged": len(made.stays),
        "returned": made.returned,
        "markers": len(made.markers),
        "gains_db": dict(made.gains_db),
        "longer_s": samples_to_s(made.longer_samples, made.rate_hz),
        "left_out": list(made.left_out),
        "premises": list(made.premises),
        "not_understood": [
            {"part": one.noun, "start_s": float(one.start_s), "stop_s": float(one.stop_s), "track": one.track}
            for one in made.not_understood
        ],
        "summary": made.sentence,
    }
