"""``offcut align (PROJECT | AUDIO...) --bpm 120``: the finder timing, and aligned files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine.cli.arguments import add_grid_flags, check_grid, finite
from engine.cli.documents import opened, tracks_named
from engine.cli.output import VerbOutput
from engine.cli.propose import propose_in, request_in
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.document.document import Document
from engine.document.file.storage import apply_rows
from engine.document.kinds.timing import RECORDER
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.registry import request_of
from engine.features.timing.hits.membership import left_behind_sentence
from engine.recordings.import_audio import ImportRequest, import_edit
from engine.review.answers import weak_left_sentence
from engine.review.finders import Found

if TYPE_CHECKING:
    from engine.features.timing.finders.timing.aligned_files import AlignRequest

_PROJECT = ".offcut"
_NOTHING_WRITTEN = "Nothing was written: add --out DIR to write aligned files."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="PROJECT | AUDIO", help="a document, or one file a microphone"
    )
    add_grid_flags(parser, is_required=True)
    how = parser.add_argument_group("how hits are moved")
    how.add_argument("--division", metavar="1/16", help="1/4, 1/8, 1/16, 1/32, 1/8t or 1/16t")
    how.add_argument("--swing", type=finite, metavar="58", help="percent, 50 (straight) to 75")
    how.add_argument(
        "--groove", metavar="FILE", help="the feel of a MIDI file, a recording or a track, or T.groove"
    )
    how.add_argument("--strength", type=finite, metavar="1", help="0 to 1: share of the way to the line")
    how.add_argument(
        "--sensitivity", type=finite, metavar="0.5", help="0 to 1; higher detects weaker hits too"
    )
    how.add_argument("--pad-ms", type=finite, metavar="5", help="from the start of a slice to its hit")
    how.add_argument("--own-feel", action="store_true", help="keep the drummer's own push and pull")
    how.add_argument("--drum-feel", action="store_true", help="keep how early or late each drum mostly is")
    parser.add_argument(
        "--tracks", nargs="+", default=[], metavar="NAME", help="the microphones of the drums"
    )
    out = parser.add_mutually_exclusive_group()
    out.add_argument("--propose-only", action="store_true", help=argparse.SUPPRESS)  # of older scripts
    out.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write an aligned file for each microphone, and store nothing in the document",
    )
    parser.add_argument("--force", action="store_true", help="write over existing files")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Find the hits, and report, store or write their places."""
    if _is_project(options) and len(options.inputs) > 1:
        raise UsageError("Give one document, or recordings without a document.")
    check_grid(options)
    if _is_project(options):
        with opened(options.inputs[0], to_read=options.out is not None) as document:
            yield _of_document(options, document, progress)
        return
    from engine.features.timing.finders.timing.finder import align_request
    from engine.features.timing.kit import import_with_kit

    imported = import_with_kit(ImportRequest(tuple(options.inputs)), progress.part(0.0, 0.1))
    state = DocumentState()
    state = apply_rows(state, import_edit(state, imported).changes)
    media = {key: Path(source.path) for key, source in state.sources.items()}
    tracks = tracks_named(state, options.tracks)
    request = align_request(request_of("timing", state, media, {}, _settings(options), tracks))
    request = replace(request, pickup=imported.pickup)
    yield _answer(options, _aligned(options, request, progress.part(0.1, 1.0)), imported.warnings)


def _of_document(options: argparse.Namespace, document: Document, progress: Progress) -> VerbOutput:
    settings, tracks = _settings(options), tracks_named(document.state, options.tracks)
    if options.out is None:
        return _answer(options, _Done(propose_in(document, "timing", settings, progress, tracks).found))
    from engine.features.timing.finders.timing.finder import align_request

    request = request_in(document, "timing", settings, tracks)
    return _answer(options, _aligned(options, align_request(request), progress))


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    """The result of the finder timing, and the files that were written.

    Attributes
    ----------
    weak_left : proposals with weak evidence that the files are written without
    """

    found: Found
    files: tuple[Path, ...] = ()
    weak_left: tuple[Proposal, ...] = ()


def _aligned(options: argparse.Namespace, request: AlignRequest, progress: Progress) -> _Done:
    """Align recordings without storing anything, and write the files that are asked for."""
    from engine.features.timing.finders.timing.aligned_files import (
        align,
        check_files,
        with_pickup,
        write_files,
    )
    from engine.features.timing.finders.timing.finder import found_of

    if options.out is None:
        return _Done(found_of(align(request, progress), request.grid))
    # The files to read in addition to the recordings; a groove may be the name of a track instead.
    named = (options.click, options.midi, options.beats, options.groove, *options.inputs)
    reads = tuple(Path(one) for one in named if isinstance(one, str | Path) and one)
    request = with_pickup(request, progress.part(0.0, 0.05))
    check_files(request, options.out, overwrite=options.force, reads=reads)
    done = align(request, progress.part(0.05, 0.7))
    if done.recorders.proposals:
        lined_up = done.recorders.lined_up(request.state)
        request = replace(request, state=lined_up.state, hits=None, pickup=None)
        again = align(request, progress.part(0.5, 0.7))
        done = replace(again, notices=(*done.notices, *again.notices), weak_left=lined_up.weak_left)
    writing = progress.part(0.7, 1.0)
    done = write_files(request, done, options.out, overwrite=options.force, reads=reads, progress=writing)
    return _Done(found_of(done, request.grid), done.files, done.weak_left)


def _is_project(options: argparse.Namespace) -> bool:
    return any(path.suffix.lower() == _PROJECT for path in options.inputs)


def _settings(options: argparse.Namespace) -> dict[str, object]:
    """Return the settings of the finder timing that the flags give."""
    given = {
        "bpm": options.bpm,
        "first_beat_s": options.start_s,
        "beats_in_bar": options.beats_in_bar,
        "click": options.click,
        "midi": None if options.midi is None else str(options.midi),
        "beats": None if options.beats is None else str(options.beats),
        "division": options.division,
        "swing_percent": options.swing,
        "groove": options.groove,
        "strength": options.strength,
        "sensitivity": options.sensitivity,
        "pad_ms": options.pad_ms,
        "own_feel": options.own_feel or None,
        "drum_feel": options.drum_feel or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _answer(options: argparse.Namespace, done: _Done, warnings: Sequence[str] = ()) -> VerbOutput:
    figures = done.found.figures
    left_behind, own = (cast(list[str], figures[key]) for key in ("left_behind", "notices"))
    notices = [*warnings, *own]
    if left_behind:
        notices.append(f"{left_behind_sentence(left_behind)} Name them with --tracks to move them too.")
    if done.weak_left:
        notices.append(weak_left_sentence(done.weak_left))
    lines = [done.found.summary.splitlines()[0]]
    if options.out is None:
        is_stored = _is_project(options)
        lines.append(f"Stored in {shown(options.inputs[0])}" if is_stored else _NOTHING_WRITTEN)
    lines += [f"Wrote {shown(path)}" for path in done.files]
    fields = {
        "hits": figures["hits"],
        "grid": figures["grid"],
        "proposals": sum(one.kind != RECORDER.name for one in done.found.proposals),
        "files": [str(path) for path in done.files],
        "left_behind": left_behind,
        "weak_left": [one.id for one in done.weak_left],
        "notices": notices,
    }
    return VerbOutput(fields, "\n".join([*lines, *notices]))
