"""``offcut songs``: list, rename, merge, delete, export and import the songs that Offcut knows.

``offcut find SONG|AUDIO [--in FOLDER]...``: every take of a song in an archive.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import whole
from engine.cli.output import Listing, Verb, VerbOutput
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.side_by_side import usable_cores
from engine.core.timebase import format_time
from engine.core.wording import counted, quoted

if TYPE_CHECKING:
    from engine.features.day.known.archive import FoundTake
    from engine.features.day.known.library import Library, StoredSong


def add_songs_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--rename", nargs=2, metavar=("SONG", "NAME"), help="give a song another name")
    doing.add_argument(
        "--merge", nargs=2, metavar=("SONG", "INTO"), help="move the takes of a song into another one"
    )
    doing.add_argument("--delete", metavar="SONG", help="delete a song and its fingerprints")
    doing.add_argument("--export", type=Path, metavar="F.json", help="write all songs into a file")
    doing.add_argument(
        "--import", type=Path, metavar="F.json", dest="load", help="add the songs of such a file"
    )
    doing.add_argument(
        "--allow",
        choices=("yes", "no"),
        help="whether Offcut may store fingerprints of songs on this machine; no deletes them all",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file, with --export")


def run_songs(options: argparse.Namespace, _progress: Progress) -> Iterator[VerbOutput]:
    """Change the known songs, then list them."""
    from engine.features.day.known.library import Library

    library = Library()
    done = _change(options, library)
    songs, is_allowed = library.songs(), library.is_allowed()
    lines = [done] if done else [_line(song) for song in songs] or ["No songs are known yet."]
    if is_allowed is None:
        lines.append("Offcut stores fingerprints of songs only if you allow it: offcut songs --allow yes")
    yield VerbOutput(
        {"is_allowed": is_allowed, "songs": [asdict(song) for song in songs], "path": str(library.path)},
        "\n".join(lines),
    )


SONGS = Verb(add_songs_arguments, run_songs)


def _change(options: argparse.Namespace, library: Library) -> str:
    """Apply the requested change; return a sentence about it, "" for none."""
    if options.rename:
        return f"Renamed {quoted(options.rename[0])} to {quoted(library.rename(*options.rename).name)}."
    if options.merge:
        song = library.merge(*options.merge)
        return f"Merged {quoted(options.merge[0])} into {quoted(song.name)}: {counted(song.takes, 'take')}."
    if options.delete is not None:
        return f"Deleted {quoted(library.delete(options.delete).name)}."
    if options.export is not None:
        count = library.export(options.export, overwrite=options.force)
        return f"{shown(options.export)}: {counted(count, 'song')}"
    if options.load is not None:
        return f"Imported {counted(library.load(options.load), 'song')}."
    if options.allow is not None:
        library.allow(options.allow == "yes")
        stores = "stores fingerprints of songs in" if options.allow == "yes" else "deleted all songs of"
        return f"Offcut {stores} {shown(library.path.parent)}."
    return ""


def _line(song: StoredSong) -> str:
    length = format_time(song.length_s, 0)
    return f"{song.name}  {length}  {counted(song.takes, 'take')}  {song.last_day}".rstrip()


def add_find_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument(
        "song", metavar="SONG|AUDIO", help="the name of a known song, or a recording of one song"
    )
    parser.add_argument(
        "--in",
        type=Path,
        action="append",
        default=[],
        dest="folders",
        metavar="FOLDER",
        help="search this folder and those below it, after new recordings are analysed; default: "
        "all folders that were searched before",
    )
    parser.add_argument(
        "--workers", type=whole, metavar="N", help="processes that analyse recordings; default: one per core"
    )
    parser.add_argument(
        "--cluster",
        metavar="tcp://HOST:PORT",
        help="analyse with the workers of a dask cluster (offcut[cluster])",
    )


def run_find(options: argparse.Namespace, progress: Progress) -> Iterator[Listing]:
    """Bring the index up to date, and list the takes as they are found."""
    if options.workers is not None and options.workers < 1:
        raise UsageError(f"{options.workers} processes cannot analyse: choose 1 or more.")
    if options.workers is not None and options.cluster is not None:
        raise UsageError("A cluster has workers of its own: leave out --workers or --cluster.")
    from engine.features.day.known.archive import archive_path, takes_of_song
    from engine.features.day.known.passages import Sought
    from engine.features.day.known.search import song_to_find

    sought = Sought.of(song_to_find(options.song, progress.part(0.0, 0.05)))
    refused = _update(options, progress.part(0.05, 0.9)) if options.folders else 0
    if not archive_path().exists():
        raise UsageError("No folder has been searched before: name one (--in FOLDER).")
    found = takes_of_song(sought, archive_path(), options.folders, progress.part(0.9, 1.0))
    yield Listing("takes", (VerbOutput(_fields(take), _line_of(take)) for take in found))
    if refused:
        raise OffcutError(f"{counted(refused, 'recording')} could not be analysed; see above.")


FIND = Verb(add_find_arguments, run_find)


def _update(options: argparse.Namespace, progress: Progress) -> int:
    """Bring the index up to date; print why files were refused, and return their number."""
    from engine.features.day.known.archive import archive_path, update
    from engine.features.day.known.search import require_consent
    from engine.features.taste.archive_workers import begin

    require_consent()
    workers = options.workers or usable_cores()
    if workers > 1 and not options.cluster:
        begin()
    done = update(options.folders, archive_path(), progress, workers=workers, address=options.cluster)
    for sentence in done.refusals:
        print(f"offcut find: {shown(sentence)}", file=sys.stderr, flush=True)
    return len(done.refusals)


def _fields(take: FoundTake) -> dict[str, object]:
    one = take.found
    return {
        "path": str(take.path),
        "document": None if take.document is None else str(take.document),
        "date": take.day,
        "start_s": one.start_s,
        "stop_s": one.stop_s,
        "from_s": one.from_s,
        "to_s": one.to_s,
        "tempo_ratio": one.speed,
        "semitones": one.semitones,
        "probability": round(one.probability, 4),
    }


def _line_of(take: FoundTake) -> str:
    return f"{take.day}  {shown(take.document or take.path)}  {take.words}"
