"""``offcut new PROJECT.offcut AUDIO...``: import into a new document."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from engine.cli.documents import opened
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import DocumentError
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, listed
from engine.document.document import Document
from engine.document.file.storage import exists_already
from engine.document.state import DocumentState
from engine.features.timing.hits.kit.membership import left_behind, left_behind_sentence
from engine.recordings.import_audio import Imported, ImportRequest, import_edit, stated_start
from engine.recordings.poly import Split
from engine.recordings.stated.placements import Mode, Placements
from engine.recordings.stated.start_time import StartTime
from engine.recordings.stored_pickup import store_pickup


def add_new_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT.offcut")
    add_audio_arguments(parser, Mode.ZERO)


def add_audio_arguments(parser: argparse.ArgumentParser, usual: Mode) -> None:
    """Declare the recordings and how they are placed."""
    parser.add_argument(
        "audio", type=Path, nargs="+", metavar="AUDIO", help="one file a track, unless placed"
    )
    parser.add_argument(
        "--place",
        choices=tuple(mode.value for mode in Mode),
        default=usual.value,
        help="where files begin: by sound and stated times (auto), by one of these, one after another, or "
        f"all at the start (zero); default {usual}",
    )
    parser.add_argument(
        "--split",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="a track for each channel of a file; by default of files with three or more named channels",
    )


def split_of(options: argparse.Namespace) -> Split:
    """Return which files become a track a channel."""
    if options.split is None:
        return Split.NAMED
    return Split.EVERY if options.split else Split.NONE


def run_new(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Import first, so that a file that cannot be read leaves no empty document behind."""
    from engine.features.timing.kit import import_with_kit

    is_there = _is_new_document(options.project)
    request = ImportRequest(tuple(options.audio), place=Mode(options.place), split=split_of(options))
    imported = import_with_kit(request, progress)

    def fill(document: Document) -> None:
        document.apply(import_edit(document.state, imported))
        if imported.pickup is not None:
            document.apply(*store_pickup(document.state, imported.pickup))

    start = stated_start(DocumentState(), imported)
    with opened(options.project) if is_there else Document.create(options.project, fill) as document:
        if is_there:
            fill(document)
        state = document.state
    yield imported_output(options.project, state, imported, start)


NEW = Verb(add_new_arguments, run_new)


def _is_new_document(path: Path) -> bool:
    """Return whether an empty document without a history has the name; it is filled, not replaced.

    Raises
    ------
    DocumentError : something else has the name
    """
    if not os.path.lexists(path):
        return False
    try:
        with Document.open(path, to_read=True) as document:
            is_new = document.is_new
    except DocumentError:
        is_new = False
    if not is_new:
        raise exists_already(path)
    return True


def imported_output(
    project: Path, state: DocumentState, imported: Imported, start: StartTime | None
) -> VerbOutput:
    """Return the document after an import, with the places of the files."""
    kit = [track for track in state.tracks if track.group]
    outside = left_behind(state, imported.pickup, [track.id for track in kit])
    length_s = samples_to_s(state.length_samples, state.rate_hz)
    tracks = counted(len(state.tracks), "track")
    lines = [f"{project}: {tracks}, {format_time(length_s)} at {state.rate_hz} Hz"]
    lines += [f"Drum kit: {listed([track.name for track in kit])}"] if kit else []
    lines += [left_behind_sentence(outside)] if outside else []
    lines += [start.sentence] if start else []
    lines += [*(place_lines(imported.places) if imported.places else ()), *imported.warnings]
    return VerbOutput(
        {
            "project": str(project),
            "rate_hz": state.rate_hz,
            "length_s": length_s,
            "tracks": [
                {"name": track.name, "source": state.sources[track.clips[0].source_id].path}
                for track in state.tracks
            ],
            "kit": [track.name for track in kit],
            "left_behind": list(outside),
            "starts_at": start.at.iso if start else None,
            "starts_at_by": {"file": str(start.path), "field": str(start.field)} if start else None,
            "places": [] if imported.places is None else place_rows(imported.places),
            "warnings": list(imported.warnings),
        },
        "\n".join(lines),
    )


def place_rows(places: Placements) -> list[dict[str, object]]:
    """Return proposed places as plain JSON values."""
    return [
        {
            "file": str(one.path),
            "track": places.tracks[one.track].name,
            "start_s": one.start_samples / places.rate_hz,
            "drift_ppm": one.drift_ppm,
            "basis": str(one.basis),
            "confidence": one.confidence,
            "is_certain": one.is_certain,
            "reason": str(one.reason),
            "contradictions": [str(other.code) for other in one.contradictions],
            "alternatives": [
                {
                    "start_s": other.start_samples / places.rate_hz,
                    "basis": str(other.basis),
                    "confidence": other.confidence,
                }
                for other in one.alternatives
            ],
        }
        for one in places.files
    ]


def place_lines(places: Placements) -> list[str]:
    """Return proposed places as lines of text, uncertain ones marked."""
    lines = []
    for one in places.files:
        start = format_time(one.start_samples / places.rate_hz)
        said = " ".join([one.sentence, *(other.sentence for other in one.contradictions)])
        mark = "" if one.is_certain else "?"
        lines.append(f"{start:>12} {mark:1} {places.tracks[one.track].name}: {one.path.name}. {said}")
    return lines
