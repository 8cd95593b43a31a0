"""``offcut align (PROJECT | AUDIO...) --bpm 120``: move the hits of drums onto a grid."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from engine.alignment.division import read_division
from engine.alignment.timing_settings import timing_settings
from engine.cli.documents import media_of, opened, tracks_named
from engine.cli.numbers import finite
from engine.cli.output import VerbOutput
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.drums.hits import Hits
from engine.document.drums.pickup import PICKUP
from engine.document.edits import set_analyses
from engine.document.file.storage import apply_rows
from engine.document.grid.edits import USUAL_BEATS_IN_BAR
from engine.document.grid.recounted import grid_in_force
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.hits.membership import left_behind_sentence
from engine.jobs.drums.stored_pickup import known_pickup
from engine.jobs.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.progress import Progress
from engine.review.bulk import weak_left_sentence
from engine.timebase import samples_to_s_array

if TYPE_CHECKING:
    from engine.jobs.drums.aligned_files import Aligned, AlignRequest
    from engine.jobs.drums.hit_proposals import Placed

_PROJECT = ".offcut"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "inputs",
        type=Path,
        nargs="+",
        metavar="PROJECT | AUDIO",
        help="a document, or one file a microphone",
    )
    grid = parser.add_mutually_exclusive_group(required=True)
    grid.add_argument("--bpm", type=finite, metavar="X", help="an even grid")
    grid.add_argument(
        "--click",
        nargs="?",
        const="",
        metavar="FILE",
        help="a click track, or the name of one of the tracks; without a name the one that is a click",
    )
    grid.add_argument("--midi", type=Path, metavar="FILE", help="the tempo map of a MIDI file")
    grid.add_argument("--beats", type=Path, metavar="F.json", help='as "offcut beats --json" prints them')
    grid.add_argument("--auto", action="store_true", help="the document's own grid, or what is heard")
    parser.add_argument(
        "--start-s", type=finite, metavar="S", help="of the first beat, with --bpm or --midi; 0 unless told"
    )
    parser.add_argument("--beats-in-bar", type=int, metavar="N", help="with --bpm; 4 unless told")
    how = parser.add_argument_group("how hits are moved")
    how.add_argument("--division", metavar="1/16", help="1/4, 1/8, 1/16, 1/32, 1/8t or 1/16t")
    how.add_argument("--swing", type=finite, metavar="58", help="percent, 50 (straight) to 75")
    how.add_argument("--groove", metavar="FILE", help="the feel of a MIDI file, a recording or a track")
    how.add_argument("--strength", type=finite, metavar="1", help="0 to 1, how much of the way")
    how.add_argument("--sensitivity", type=finite, metavar="0.5", help="0 to 1, how unsure a hit may be")
    how.add_argument("--pad-ms", type=finite, metavar="5", help="how long before a hit its slice begins")
    how.add_argument("--own-feel", action="store_true", help="keep the drummer's own push and pull")
    how.add_argument("--drum-feel", action="store_true", help="keep how early or late each drum mostly is")
    parser.add_argument(
        "--tracks", nargs="+", default=[], metavar="NAME", help="the microphones of the drums"
    )
    out = parser.add_mutually_exclusive_group()
    out.add_argument(
        "--propose-only",
        action="store_true",
        help="write no audio; store the proposals where a document is given",
    )
    out.add_argument("--out", type=Path, metavar="DIR", help="write an aligned file for each microphone")
    parser.add_argument("--force", action="store_true", help="write over existing files")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Find hits and lines, and say, store or write where the hits go."""
    _check_options(options)
    if _is_project(options):
        with opened(options.inputs[0], to_read=not options.propose_only) as document:
            yield _of_document(options, document, progress)
    else:
        from engine.jobs.drums.kit import with_kit

        imported = import_audio(ImportRequest(tuple(options.inputs)), progress.part(0.0, 0.08))
        imported = with_kit(imported, progress.part(0.08, 0.1))
        state = DocumentState()
        state = apply_rows(state, import_edit(state, imported).changes)
        media = {key: Path(source.path) for key, source in state.sources.items()}
        request = replace(_request(options, state, media), pickup=imported.pickup)
        yield _answer(options, _aligned(options, request, progress.part(0.1, 1.0)), imported.warnings)


def _of_document(options: argparse.Namespace, document: Document, progress: Progress) -> VerbOutput:
    state = document.state
    media = media_of(document)
    known, promoted = (document.analysis(kind) for kind in ("hits", "promoted"))
    grid = grid_in_force(state, document.analysis("beats"))
    request = _request(
        options,
        state,
        media,
        grid,
        known if isinstance(known, Hits) else None,
        promoted if isinstance(promoted, Hits) else None,
    )
    request = replace(request, pickup=known_pickup(state, document.analysis(PICKUP)))
    done = _aligned(options, request, progress)
    if options.propose_only:
        from engine.jobs.drums.aligned_files import proposing

        listened = set_analyses(state, done.ids, "Found the drum hits", by_listening=True)
        document.apply(listened, {done.ids[kind]: one for kind, one in done.analyses.items()})
        document.apply(*proposing(done, document.state, grid))
    return _answer(options, done, ())


def _aligned(options: argparse.Namespace, request: AlignRequest, progress: Progress) -> Aligned:
    from engine.jobs.drums.aligned_files import align, check_files, differing_rates, with_pickup, write_files

    if options.out is not None:
        request = with_pickup(request, progress.part(0.0, 0.05))
        check_files(request, options.out, overwrite=options.force, reads=_reads(options))
    done = align(request, progress.part(0.05, 0.7 if options.out else 1.0))
    if options.out is not None and done.recorders.proposals:
        lined_up = done.recorders.lined_up(request.state)
        request = replace(request, state=lined_up.state, hits=None, pickup=None)
        again = align(request, progress.part(0.5, 0.7))
        notices = (*done.notices, *again.notices)
        done = replace(again, notices=notices, weak_left=lined_up.weak_left)
    done = replace(done, notices=(*done.notices, *differing_rates(done)))
    if options.out is None:
        return done
    return write_files(
        request,
        done,
        options.out,
        overwrite=options.force,
        reads=_reads(options),
        progress=progress.part(0.7, 1.0),
    )


def _reads(options: argparse.Namespace) -> tuple[Path, ...]:
    """Return the files that are read besides the recordings; a groove may be the name of a track instead."""
    named = (options.click, options.midi, options.beats, options.groove, *options.inputs)
    return tuple(Path(one) for one in named if isinstance(one, str | Path) and one)


def _is_project(options: argparse.Namespace) -> bool:
    return any(path.suffix.lower() == _PROJECT for path in options.inputs)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse options that say nothing together.

    Raises
    ------
    UsageError : there are some
    """
    if _is_project(options) and len(options.inputs) > 1:
        raise UsageError("Give one document, or recordings without a document.")
    if options.start_s is not None and options.bpm is None and options.midi is None:
        raise UsageError("--start-s goes with --bpm or --midi.")
    if options.beats_in_bar is not None and options.bpm is None:
        raise UsageError("--beats-in-bar goes with --bpm: any other grid says so itself.")


def _request(
    options: argparse.Namespace,
    state: DocumentState,
    media: Mapping[str, Path],
    grid: BeatGrid | None = None,
    hits: Hits | None = None,
    promoted: Hits | None = None,
) -> AlignRequest:
    from engine.jobs.drums.aligned_files import AlignRequest
    from engine.jobs.drums.find_grid import WantedGrid

    wanted = WantedGrid(
        options.bpm,
        options.start_s or 0.0,
        USUAL_BEATS_IN_BAR if options.beats_in_bar is None else options.beats_in_bar,
        options.click,
        options.midi,
        options.beats,
    )
    chosen = tracks_named(state, options.tracks)
    settings = timing_settings(state.settings, **_settings(options))
    return AlignRequest(state, media, wanted, settings, chosen, options.groove, grid, hits, promoted)


def _settings(options: argparse.Namespace) -> dict[str, object]:
    division = None if options.division is None else read_division(options.division)
    given = {
        "division": None if division is None else division.name,
        "swing_percent": division.swing_percent if division is not None and division.is_swung else None,
        "strength": options.strength,
        "sensitivity": options.sensitivity,
        "pad_ms": options.pad_ms,
        "own_feel": options.own_feel or None,
        "drum_feel": options.drum_feel or None,
    }
    if options.swing is not None:
        given["swing_percent"] = options.swing
    return {name: value for name, value in given.items() if value is not None}


def _answer(options: argparse.Namespace, done: Aligned, warnings: Sequence[str]) -> VerbOutput:
    placed, grid, rate_hz = done.proposed.placed, done.found.grid, done.state.rate_hz
    notices = [*warnings, *done.notices]
    if done.left_behind:
        notices.append(f"{left_behind_sentence(done.left_behind)} Name them with --tracks to move them too.")
    if done.weak_left:
        notices.append(weak_left_sentence(done.weak_left))
    lines = [f"{done.proposed.sentence}; {grid.tempo_bpm:.2f} BPM, {placed.settings.divided.words}"]
    if options.propose_only and _is_project(options):
        lines.append(f"Stored in {shown(options.inputs[0])}")
    lines += [f"Wrote {shown(path)}" for path in done.files]
    fields = {
        "hits": list(_rows(placed)),
        "grid": {
            "tempo_bpm": grid.tempo_bpm,
            "beats_s": samples_to_s_array(grid.beats_samples, rate_hz).tolist(),
            "downbeats_s": samples_to_s_array(grid.downbeats_samples, rate_hz).tolist(),
            "confidence": grid.confidence,
            "division": placed.settings.divided.words,
        },
        "proposals": len(done.proposed.proposals),
        "files": [str(path) for path in done.files],
        "left_behind": list(done.left_behind),
        "weak_left": [one.id for one in done.weak_left],
        "notices": notices,
    }
    return VerbOutput(fields, "\n".join([*lines, *notices]))


def _rows(placed: Placed) -> Iterator[dict[str, object]]:
    """Yield where each hit is, where it goes and what is wrong with its voice, in seconds."""
    hits, rate_hz = placed.hits, placed.rate_hz
    shifts, flams = placed.shifts_of_hits, placed.placement.flams_samples
    for row, voice in enumerate(hits.voices):
        onset, shift, flam = float(hits.onsets_samples[row]), float(shifts[row]), float(flams[row])
        yield {
            "onset_s": onset / rate_hz,
            "target_s": (onset + shift) / rate_hz,
            "shift_s": shift / rate_hz,
            "voice": voice.value,
            "flam_s": None if isnan(flam) else flam / rate_hz,
        }
