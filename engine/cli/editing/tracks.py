"""``offcut tracks PROJECT``: list the tracks and their clips."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.documents import opened
from engine.cli.editing.clips import track_lines, track_rows
from engine.cli.output import VerbOutput
from engine.core.progress import Progress
from engine.document.marks.time_of_day import starts_at


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:  # noqa: ARG001
    """List the tracks in their order, each with its clips from the bottom layer on."""
    with opened(options.project, to_read=True) as document:
        state = document.state
    start = starts_at(state)
    lines = [line for track in state.tracks for line in track_lines(state, track)]
    lines += [f"Time of day at the start: {start}"] if start else []
    fields = {"starts_at": start.iso if start else None, "tracks": track_rows(state)}
    yield VerbOutput(fields, "\n".join(lines) or "No track yet.")
