"""``offcut structure (AUDIO | PROJECT)``: sections such as verse and chorus, with labels."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import Verb, VerbOutput
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import percent

if TYPE_CHECKING:
    from engine.features.takes.structure.find import Section


def add_structure_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("path", type=Path, metavar="AUDIO|PROJECT", help="a recording, or a document")


def run_structure(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Find sections, or list those that the document stores."""
    sections = _found_sections(options.path, progress)
    lines = [
        f"{format_time(one.start_s, 1):>9} to {format_time(one.stop_s, 1):>9}  {one.label}"
        f"  ({percent(one.confidence)} confident)"
        for one in sections
    ]
    if sections and len({one.label for one in sections}) == len(sections):
        lines.append("no section repeats another")
    yield VerbOutput(
        {"sections": [asdict(one) for one in sections]},
        "\n".join(lines) if lines else f"{options.path}: no sections",
    )


STRUCTURE = Verb(add_structure_arguments, run_structure)


def _found_sections(path: Path, progress: Progress) -> tuple[Section, ...]:
    # A missing file is reported before torch is imported, which takes seconds.
    if path.suffix.lower() == ".offcut":
        return _sections_of_document(path, progress)
    from engine.sound.reader import SourceReader

    with SourceReader(path) as reader:
        from engine.analysis.beats.listen import listen
        from engine.analysis.signal.mono import mono_of
        from engine.features.takes.structure.find import find_structure

        rate_hz, length = reader.rate_hz, reader.frames
        grid = listen(mono_of(reader, rate_hz), rate_hz, length, progress.part(0.0, 0.7)).grid
    with SourceReader(path) as reader:
        blocks = mono_of(reader, rate_hz)
        return find_structure(blocks, rate_hz, length, grid, progress.part(0.7, 1.0)).sections


def _sections_of_document(path: Path, progress: Progress) -> tuple[Section, ...]:
    """Return the sections that a document stores; without any, find and store them."""
    from engine.cli.documents import analysing, media_of, opened
    from engine.document.marks.section_edits import known_sections
    from engine.document.marks.sections import SECTIONS
    from engine.features.takes.structure.find import Section

    with opened(path, to_read=True) as document:
        state = document.state
        stored = known_sections(state, document.analysis(SECTIONS))
    if stored is None:
        from engine.features.takes.structure.find import find_sections
        from engine.recordings.analyses import AnalysisRequest

        with opened(path) as document:
            with analysing(document, "beats"):
                beats = document.analysis("beats")
                known = {} if beats is None else {"beats": beats}
                request = AnalysisRequest(document.state, media_of(document), analyses=known)
                found = find_sections(request, progress)
            document.apply(*found.put_into(document.state))
        return found.structure.sections
    rows = zip(stored.in_seconds(state.rate_hz), stored.confidences.tolist(), strict=True)
    return tuple(Section(*section, confidence) for section, confidence in rows)
