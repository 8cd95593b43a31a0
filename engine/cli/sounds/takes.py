"""``offcut takes (AUDIO | PROJECT)``: find repeated passages and false starts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import Verb, VerbOutput
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import counted, percent

if TYPE_CHECKING:
    from engine.analysis.found_takes import FoundTakes, Take, TakeGroup


def add_takes_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("path", type=Path, metavar="AUDIO|PROJECT", help="a recording, or a document")


def run_takes(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Find takes and false starts."""
    found = _found_takes(options.path, progress)
    starts = found.likely_false_starts()
    lines = [line for group in found.groups for line in _group_lines(group)]
    lines += [
        f"{_span(one.start_s, one.stop_s)}  {one.reason} ({percent(one.likelihood)} likely)" for one in starts
    ]
    yield VerbOutput(
        {
            "groups": [asdict(group) for group in found.groups],
            "false_starts": [asdict(one) for one in starts],
        },
        "\n".join(lines) if lines else f"{options.path}: no repeated takes",
    )


TAKES = Verb(add_takes_arguments, run_takes)


def _found_takes(path: Path, progress: Progress) -> FoundTakes:
    from engine.sound.reader import SourceReader

    # A missing file is reported before torch is imported, which takes seconds.
    if path.suffix.lower() == ".offcut":
        from engine.cli.documents import media_of, opened

        with opened(path, to_read=True) as document:
            from engine.features.takes.finders.takes.proposals import takes_in_document
            from engine.recordings.analyses import AnalysisRequest

            media = media_of(document)
            return takes_in_document(AnalysisRequest(document.state, media), progress)
    with SourceReader(path) as reader:
        from engine.analysis.signal.mono import mono_of
        from engine.features.takes.find import find_takes

        return find_takes(mono_of(reader, reader.rate_hz), reader.rate_hz, reader.frames, progress)


def _group_lines(group: TakeGroup) -> Iterator[str]:
    yield f"{group.name}: {counted(len(group.takes), 'take')}"
    for number, take in enumerate(group.takes, start=1):
        yield f"  {number:2}  {_span(take.start_s, take.stop_s)}  {_words(take)}"


def _span(start_s: float, stop_s: float) -> str:
    return f"{format_time(start_s, 1):>9} to {format_time(stop_s, 1):>9}"


def _words(take: Take) -> str:
    said = ["complete" if take.complete else f"{percent(take.from_share)} to {percent(take.to_share)} of it"]
    if take.transposed_semitones:
        higher = "higher" if take.transposed_semitones > 0 else "lower"
        said.append(f"{counted(abs(take.transposed_semitones), 'semitone')} {higher}")
    if abs(take.speed - 1.0) >= 0.01:
        said.append(f"{percent(abs(take.speed - 1.0))} {'faster' if take.speed > 1.0 else 'slower'}")
    return ", ".join(said)
