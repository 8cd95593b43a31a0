"""``offcut new PROJECT.offcut AUDIO...``: import into a new document.

``offcut import-audio PROJECT AUDIO...``: import into a document, next to the clips that it has.

``offcut import-edits PROJECT FILE``: read the edits of another program, or of Offcut, into a document.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.documents import analysing, media_at_hand, opened
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import DocumentError, UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, listed
from engine.document.document import Document
from engine.document.file.storage import exists_already
from engine.document.state import DocumentState
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports import asks_labels
from engine.exchange.imports.described import LabelsAs
from engine.exchange.imports.formats import IMPORTS, ReadEditsRequest
from engine.features.timing.hits.membership import left_behind, left_behind_sentence
from engine.recordings.analyses import store_pickup
from engine.recordings.import_audio import Imported, ImportRequest, Split, import_edit, stated_start
from engine.recordings.stated.placements import Mode, Placements
from engine.recordings.stated.start_time import StartTime

if TYPE_CHECKING:
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
    from engine.exchange.imports.proposals.edit import read_into

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
    fill = partial(put_imported, imported)
    start = stated_start(DocumentState(), imported)
    with opened(options.project) if is_there else Document.create(options.project, fill) as document:
        if is_there:
            fill(document)
        state = document.state
    yield imported_output(options.project, state, imported, start)


NEW = Verb(add_new_arguments, run_new)


def put_imported(imported: Imported, document: Document) -> None:
    """Add the tracks of an import, and the comparison of the tracks where they are the first."""
    is_first = not document.state.tracks
    document.apply(import_edit(document.state, imported))
    if is_first and imported.pickup is not None:
        document.apply(*store_pickup(document.state, imported.pickup))


def _is_new_document(path: Path) -> bool:
    """Return whether an empty document without a history has the name; it is filled, not replaced."""
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
        sentences = " ".join([one.sentence, *(other.sentence for other in one.contradictions)])
        mark = "" if one.is_certain else "?"
        lines.append(f"{start:>12} {mark:1} {places.tracks[one.track].name}: {one.path.name}. {sentences}")
    return lines


def add_import_audio_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    add_audio_arguments(parser, Mode.AUTO)


def run_import_audio(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Place the files relative to the clips of the document, which stay; one step of its history."""
    from engine.features.timing.kit import import_with_kit

    with opened(options.project) as document:
        before = document.state
        request = ImportRequest(
            tuple(options.audio),
            before.rate_hz,
            before,
            Mode(options.place),
            media_at_hand(document),
            split_of(options),
        )
        with analysing(document):
            imported = import_with_kit(request, progress)
        start = stated_start(document.state, imported)
        document.apply(import_edit(document.state, imported))
        state = document.state
    yield imported_output(options.project, state, imported, start)


IMPORT_AUDIO = Verb(add_import_audio_arguments, run_import_audio)
