"""``offcut prepare FOLDER|FILE... --out DAY.offcut``: from the recordings of a day to named songs and takes.

Each step is stored once it is done: after an interruption, the same command goes on with the next one. Files
that were added to the folder meanwhile are imported next to those that the document has.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from engine.cli.documents import analysing, media_at_hand, media_of, opened
from engine.cli.importing import place_rows, put_imported
from engine.cli.output import Verb, VerbOutput
from engine.cli.propose import propose_in
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.document.analysis import DAY, StoredDay
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from engine.document.edits.proposals import set_analyses
from engine.document.grid_edits import keeping_edited
from engine.features.day.choices import change_kind
from engine.features.day.day import IMPORTED, Day, DayKind
from engine.features.day.finder import song_rows
from engine.features.day.stored import day_of
from engine.recordings.analyses import AnalysisRequest, analysed, missing_analyses
from engine.recordings.import_audio import Imported, ImportRequest
from engine.recordings.stated.placements import Mode
from engine.sound.decoders.registry import recordings_in

_REMEDY = "name audio files, or a folder with some"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("audio", type=Path, nargs="+", metavar="FOLDER|FILE", help="recordings of one day")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DAY.offcut", help="the document; one that exists goes on"
    )
    parser.add_argument(
        "--kind", choices=tuple(map(str, DayKind)), help="of the day, if another was recognised"
    )
    parser.add_argument("--taste", type=Path, metavar="T.taste", help="score the recordings with a taste")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Import new files, analyse, score and propose; nothing is decided."""
    seconds: dict[str, float] = {}
    paths = tuple(dict.fromkeys(path for one in options.audio for path in recordings_in(one, _REMEDY)))
    imported = _import(options.out, paths, progress.part(0.0, IMPORTED), seconds)
    with opened(options.out) as document:
        with _timed(seconds, "analyse"):
            _analyse(document, None, ["day"], progress.part(IMPORTED, 0.9 if options.taste else 0.98))
        if options.kind is not None:
            _take_for(document, DayKind(options.kind))
        if options.taste is not None:
            with _timed(seconds, "score"):
                _analyse(document, options.taste, ["score"], progress.part(0.9, 0.98))
        with _timed(seconds, "propose"):
            found = propose_in(document, "day", {}, progress.part(0.98, 1.0))
        state, stored = document.state, known_day(document.state, document.analysis(DAY))
    assert isinstance(stored, StoredDay), "the finder needs it"
    day = day_of(stored, state.rate_hz)
    places = [] if imported is None or imported.places is None else place_rows(imported.places)
    fields = {
        "project": str(options.out),
        "kind": str(day.kind),
        "songs": song_rows(day),
        "talk": [list(one) for one in day.talk],
        "idle": [list(one) for one in day.idle],
        "files": places,
        "proposals": len(state.proposals),
        "seconds": seconds,
    }
    yield VerbOutput(fields, "\n".join([f"{shown(options.out)}: {found.sentence}", *_lines(day)]))


PREPARE = Verb(add_arguments, run)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    seconds[step] = round(time.monotonic() - begun, 3)


def _import(
    out: Path, paths: tuple[Path, ...], progress: Progress, seconds: dict[str, float]
) -> Imported | None:
    """Import the files that the document does not have; None if it has all."""
    from engine.features.timing.kit import import_with_kit

    if not os.path.lexists(out):
        with _timed(seconds, "import"):
            imported = import_with_kit(ImportRequest(paths, place=Mode.AUTO), progress)
            with Document.create(out, partial(put_imported, imported)):
                return imported
    with opened(out) as document:
        known = {os.path.realpath(path) for path in media_at_hand(document).values()}
        fresh = tuple(path for path in paths if os.path.realpath(path) not in known)
        if not fresh:
            return None
        with _timed(seconds, "import"):
            before = document.state
            request = ImportRequest(fresh, before.rate_hz, before, Mode.AUTO, media_at_hand(document))
            with analysing(document):
                imported = import_with_kit(request, progress)
            put_imported(imported, document)
            return imported


def _analyse(document: Document, taste: Path | None, names: list[str], progress: Progress) -> None:
    """Compute analyses that are missing, and store them."""
    known = {kind: document.analysis(kind) for kind in tuple(document.state.analyses)}
    stored = {kind: one for kind, one in known.items() if one is not None}
    request = AnalysisRequest(document.state, media_of(document), taste, stored)
    missing = missing_analyses(request, names)
    if not missing:
        return
    with analysing(document, *known):
        found = analysed(request, missing, progress)
    ids = keeping_edited(document.state, found.ids)
    edit = set_analyses(document.state, ids, "Recording analysed", by_listening=True)
    document.apply(edit, {found.ids[kind]: one for kind, one in found.analyses.items()})


def _take_for(document: Document, kind: DayKind) -> None:
    stored = known_day(document.state, document.analysis(DAY))
    if stored is not None and stored.kind != kind:
        document.apply(*change_kind(document.state, stored, kind))


def _lines(day: Day) -> Iterator[str]:
    for song in day.songs:
        yield f"{song.name}: {counted(len(song.takes), 'take')}"
        for number, take in enumerate(song.takes, 1):
            span = f"{format_time(take.start_s, 0):>8} to {format_time(take.stop_s, 0):>8}"
            yield f"  {number:2}  {span}  {'' if take.is_complete else 'a part'}".rstrip()
