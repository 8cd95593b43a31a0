"""``offcut export-takes DAY --out FOLDER``: one file for each take of a day, with playlists.

``offcut share DAY --out FOLDER``: the same, with a page that plays them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from engine.cli.arguments import finite, require_loudness
from engine.cli.documents import media_of, opened
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.document.analysis import DAY, SECTIONS
from engine.document.edits.analyses import known_day, known_sections
from engine.document.grid_readings import grid_in_force
from engine.document.settings import read_day
from engine.exchange.export.formats import AUDIO_SUFFIXES
from engine.features.day.handed_on.export_takes import (
    FIELDS,
    PATTERN,
    DayToExport,
    TakesOptions,
    TakesPlan,
    export_takes,
    plan_takes,
)
from engine.features.day.handed_on.share import playable_suffix, share_day

_RETAINED, _ALL = "retained", "all"


def add_share_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb, which both have."""
    parser.add_argument("project", type=Path, metavar="DAY", help="a document with songs and takes")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="created if it is missing")
    parser.add_argument("--force", action="store_true", help="write over existing files")
    parser.add_argument("--takes", choices=(_RETAINED, _ALL), default=_RETAINED, help="default: retained")
    parser.add_argument("--band", default="", metavar="NAME", help="artist of the tags")
    parser.add_argument("--loudness", type=finite, metavar="LUFS", help="match every take, such as to -16")


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    add_share_arguments(parser)
    fields = ", ".join(f"{{{name}}}" for name in FIELDS)
    parser.add_argument(
        "--pattern",
        default=PATTERN,
        metavar="P",
        help=f"of the names, with {fields}; default: {PATTERN}".replace("%", "%%"),
    )
    parser.add_argument("--format", choices=AUDIO_SUFFIXES, default=".wav", help="default: .wav")
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="default: that of the recordings")
    parser.add_argument(
        "--quick-mix", action="store_true", help="also each take with automatic levels of its tracks"
    )
    parser.add_argument("--dry-run", action="store_true", help="list the files without writing them")


def run_export(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Write the takes, or list their files."""
    if options.date is not None and read_day(options.date) is None:
        raise UsageError(f"--date {options.date} is not a date: write it as 2026-11-30.")
    source = _source(options.project)
    wanted = replace(
        _options(options),
        pattern=options.pattern,
        suffix=options.format,
        date=options.date or "",
        adds_quick_mix=options.quick_mix,
    )
    if options.dry_run:
        plan = plan_takes(source, wanted)
        lines = [f"{format_time(file.length_s, 1):>9}  {shown(file.path.name)}" for file in plan.files]
        yield VerbOutput(_fields(source, wanted, plan), "\n".join(lines))
        return
    done = export_takes(source, wanted, progress)
    figures = [one.figures for one in done.written]
    fields = _fields(source, wanted, done.plan, figures)
    yield VerbOutput({**fields, "summary": done.sentence}, done.sentence)


def run_share(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Write the takes and the page."""
    source = _source(options.project)
    wanted = replace(_options(options), suffix=playable_suffix(source))
    done = share_day(source, wanted, progress)
    figures = [one.figures for one in done.takes.written]
    fields = _fields(source, wanted, done.takes.plan, figures)
    yield VerbOutput({"page": str(done.page), **fields, "summary": done.sentence}, done.sentence)


EXPORT_TAKES = Verb(add_export_arguments, run_export)
SHARE = Verb(add_share_arguments, run_share)


def _source(path: Path) -> DayToExport:
    """Return the day of a document.

    Raises
    ------
    UsageError : it has none for its recordings as they are
    """
    with opened(path, to_read=True) as document:
        state = document.state
        day = known_day(state, document.analysis(DAY))
        if day is None:
            raise UsageError(
                f"{shown(path)} has no songs and takes of its recordings as they are: "
                "prepare it first (offcut prepare)."
            )
        return DayToExport(
            state,
            media_of(document),
            day,
            path.stem,
            (path,),
            grid_in_force(state, document.analysis("beats")),
            known_sections(state, document.analysis(SECTIONS)),
        )


def _options(options: argparse.Namespace) -> TakesOptions:
    """Return the options that the flags of both verbs give."""
    require_loudness(options.loudness)
    return TakesOptions(
        options.out,
        band=options.band,
        loudness_lufs=options.loudness,
        all_takes=options.takes == _ALL,
        overwrite=options.force,
    )


def _fields(
    source: DayToExport,
    options: TakesOptions,
    plan: TakesPlan,
    figures: list[Mapping[str, float]] | None = None,
) -> dict[str, object]:
    """Return the files of an export; `figures` of each, if they are written."""
    rate_hz, spans = source.state.rate_hz, source.day.spans_samples.tolist()
    files = [
        {
            "path": str(file.path),
            "number": file.number,
            "song": file.song,
            "take": file.take,
            "start_s": samples_to_s(spans[file.row][0], rate_hz),
            "stop_s": samples_to_s(spans[file.row][1], rate_hz),
            "is_quick_mix": file.is_quick_mix,
            **({"length_s": file.length_s} if figures is None else figures[number]),
        }
        for number, file in enumerate(plan.files)
    ]
    return {
        "folder": str(options.folder),
        "is_written": figures is not None,
        "files": files,
        "playlists": [str(path) for path in plan.playlists],
        "left_out": list(plan.left_out),
    }
