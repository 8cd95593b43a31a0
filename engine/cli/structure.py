"""``offcut structure (AUDIO | PROJECT)``: sections such as verse and chorus, with labels.

``offcut takes (AUDIO | PROJECT)``: find repeated passages and false starts.

``offcut beats AUDIO``: the pulse of a recording.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import Verb, VerbOutput
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s_array
from engine.core.wording import counted, percent

if TYPE_CHECKING:
    from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
    from engine.features.takes.structure.find import Section


def add_beats_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("audio", type=Path, metavar="AUDIO")


def run_beats(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Find tempo, beats and downbeats."""
    from engine.analysis.beats.listen import listen
    from engine.analysis.signal.streams import mono_of
    from engine.sound.reader import SourceReader

    with SourceReader(options.audio) as reader:
        blocks = mono_of(reader, reader.rate_hz)
        grid = listen(blocks, reader.rate_hz, reader.frames, progress).grid
        beats_s = samples_to_s_array(grid.beats_samples, reader.rate_hz)
        downbeats_s = samples_to_s_array(grid.downbeats_samples, reader.rate_hz)
    yield VerbOutput(
        {
            "tempo_bpm": grid.tempo_bpm,
            "beats_s": beats_s.tolist(),
            "downbeats_s": downbeats_s.tolist(),
            "free_s": samples_to_s_array(grid.free_samples, reader.rate_hz).tolist(),
            "confidence": grid.confidence,
        },
        f"{options.audio}: {grid.tempo_bpm:.1f} BPM, {counted(len(beats_s), 'beat')}, "
        f"confidence {grid.confidence:.2f}"
        if len(beats_s)
        else f"{options.audio}: no steady pulse was found",
    )


BEATS = Verb(add_beats_arguments, run_beats)


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
            from engine.features.takes.finders.take_proposals import takes_in_document
            from engine.recordings.analyses import AnalysisRequest

            media = media_of(document)
            return takes_in_document(AnalysisRequest(document.state, media), progress)
    with SourceReader(path) as reader:
        from engine.analysis.signal.streams import mono_of
        from engine.features.takes.find import find_takes

        return find_takes(mono_of(reader, reader.rate_hz), reader.rate_hz, reader.frames, progress)


def _group_lines(group: TakeGroup) -> Iterator[str]:
    yield f"{group.name}: {counted(len(group.takes), 'take')}"
    for number, take in enumerate(group.takes, start=1):
        yield f"  {number:2}  {_span(take.start_s, take.stop_s)}  {_words(take)}"


def _span(start_s: float, stop_s: float) -> str:
    return f"{format_time(start_s, 1):>9} to {format_time(stop_s, 1):>9}"


def _words(take: Take) -> str:
    parts = ["complete" if take.complete else f"{percent(take.from_share)} to {percent(take.to_share)} of it"]
    if take.transposed_semitones:
        higher = "higher" if take.transposed_semitones > 0 else "lower"
        parts.append(f"{counted(abs(take.transposed_semitones), 'semitone')} {higher}")
    if abs(take.speed - 1.0) >= 0.01:
        parts.append(f"{percent(abs(take.speed - 1.0))} {'faster' if take.speed > 1.0 else 'slower'}")
    return ", ".join(parts)


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
        from engine.analysis.signal.streams import mono_of
        from engine.features.takes.structure.find import find_structure

        rate_hz, length = reader.rate_hz, reader.frames
        grid = listen(mono_of(reader, rate_hz), rate_hz, length, progress.part(0.0, 0.7)).grid
    with SourceReader(path) as reader:
        blocks = mono_of(reader, rate_hz)
        return find_structure(blocks, rate_hz, length, grid, progress.part(0.7, 1.0)).sections


def _sections_of_document(path: Path, progress: Progress) -> tuple[Section, ...]:
    """Return the sections that a document stores; without any, find and store them."""
    from engine.cli.documents import analysing, media_of, opened
    from engine.document.analysis import SECTIONS
    from engine.document.edits.analyses import known_sections
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
