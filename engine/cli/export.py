"""``offcut export PROJECT --out FILE...``: write the result, or the edit for another program."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.cli.arguments import finite, require_loudness, whole
from engine.cli.documents import media_of, opened
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import listed
from engine.document.grid_readings import grid_in_force
from engine.document.state import DocumentState
from engine.exchange.export import ExportOptions, ExportRequest
from engine.exchange.export.audio_plan import written_range
from engine.exchange.export.formats import (
    AUDIO_SUFFIXES,
    CODED_SUFFIXES,
    FORMATS,
    FRAME_SUFFIXES,
    SAMPLE_SUFFIXES,
)
from engine.exchange.export.interchange.chapters import write_chapters
from engine.exchange.export.levels import lowered
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.plan import export_all
from engine.exchange.export.request import LONGEST_FADE_S, MOST_GAIN_DB, RATES_HZ, Depth
from engine.sound.codecs import Quality
from engine.sound.writer import Dither

_SLACK_S = 0.001
"""Lengths are printed in milliseconds, so a given end may be this much late."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("--out", type=Path, nargs="+", required=True, metavar="FILE", help="format by suffix")
    parser.add_argument("--force", action="store_true", help="write over existing files")
    audio = parser.add_argument_group(f"audio files ({', '.join(AUDIO_SUFFIXES)})")
    audio.add_argument("--stems", action="store_true", help="one file a track instead of the mix")
    audio.add_argument("--regions", action="store_true", help="one file a region instead of the whole")
    audio.add_argument("--removed", action="store_true", help="removed audio instead of the result")
    audio.add_argument(
        "--range", type=finite, nargs=2, metavar=("A", "B"), help="seconds of the result to write"
    )
    audio.add_argument("--start-s", type=finite, metavar="A", help="only the result from A of the recording")
    audio.add_argument("--stop-s", type=finite, metavar="B", help="only the result up to B, with --start-s")
    audio.add_argument("--fade-in-s", type=finite, metavar="S", help="of each file, from silence")
    audio.add_argument("--fade-out-s", type=finite, metavar="S", help="of each file, to silence")
    audio.add_argument("--gain-db", type=finite, metavar="DB", help="change of level, such as -1.2")
    audio.add_argument("--lower", action="store_true", help="lower the level until no sample clips")
    audio.add_argument("--loudness", type=finite, metavar="LUFS", help="normalise, such as to -16")
    audio.add_argument(
        "--rate-hz",
        type=whole,
        choices=RATES_HZ,
        help=f"sample rate, {', '.join(AUDIO_SUFFIXES)}; default: the document's",
    )
    audio.add_argument(
        "--bits",
        choices=[depth.value for depth in Depth],
        help=f"sample format, {', '.join(SAMPLE_SUFFIXES)}",
    )
    audio.add_argument(
        "--dither",
        choices=[dither.value for dither in Dither],
        help="default: tpdf where --bits takes bits away or the sample rate changes",
    )
    audio.add_argument(
        "--quality",
        choices=[quality.value for quality in Quality],
        help=f"of {', '.join(CODED_SUFFIXES)}; default: good",
    )
    audio.add_argument(
        "--plain", action="store_true", help="WAV without bext, iXML and cue points, MP3 without chapters"
    )
    audio.add_argument(
        "--chapters", type=Path, metavar="F.json", help="also write the regions as chapters of a podcast"
    )
    projects = parser.add_argument_group("formats that name the recordings")
    projects.add_argument(
        "--collect", action="store_true", help="copy the recordings next to the file, to move them together"
    )
    frames = parser.add_argument_group(f"formats with a timecode ({', '.join(FRAME_SUFFIXES)})")
    frames.add_argument(
        "--frame-rate",
        choices=[rate.value for rate in FrameRate],
        help="default: that of the videos, else 25",
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Write every file asked for."""
    with opened(options.project, to_read=True) as document:
        state, media = document.state, media_of(document)
        beats = grid_in_force(state, document.analysis("beats"))
    chosen = _options(options, state.rate_hz)
    span = _span_of_recording(options, state)
    whole = ExportRequest(
        state, media, options.out[0], options.force, options.project.stem, chosen, beats, (options.project,)
    )
    if span is not None:
        whole = replace(whole, options=replace(chosen, range_samples=written_range(whole, span)))
    requests = [replace(whole, out=out) for out in options.out]
    chapters = [] if options.chapters is None else [write_chapters(whole, options.chapters)]
    if options.lower:
        requests = lowered(requests, progress.part(0.0, 0.4))
    written = export_all(requests, progress.part(0.4 if options.lower else 0.0, 1.0))
    files = [*(part for one in written for part in (one.parts or (one,))), *chapters]
    yield VerbOutput(
        {"files": [{"path": str(one.path), **one.figures} for one in files]},
        "\n".join(one.sentence for one in files),
    )


def _span_of_recording(options: argparse.Namespace, state: DocumentState) -> tuple[int, int] | None:
    """Return the requested span of the recording, None for all of it."""
    start_s, stop_s = options.start_s, options.stop_s
    if start_s is None and stop_s is None:
        return None
    if start_s is None or stop_s is None:
        raise UsageError("--start-s and --stop-s name a span of the recording together: give both.")
    if options.range is not None:
        raise UsageError("--range counts in the result, --start-s and --stop-s in the recording: give one.")
    length_s = samples_to_s(state.length_samples, state.rate_hz) if state.rate_hz else 0.0
    if not 0 <= start_s < stop_s <= length_s + _SLACK_S:
        raise UsageError(
            f"--start-s {start_s:g} --stop-s {stop_s:g} is not a span of the recording, which ends at "
            f"{format_time(length_s)}: give its start, then its end."
        )
    return s_to_samples(start_s, state.rate_hz), s_to_samples(stop_s, state.rate_hz)


def _options(options: argparse.Namespace, rate_hz: int) -> ExportOptions:
    """Return the export options of the flags."""
    _check_flags(options)
    span = None
    if options.range is not None:
        start_s, stop_s = options.range
        if not 0 <= start_s < stop_s:
            raise UsageError(f"--range {start_s:g} {stop_s:g} is not a span: give its start, then its end.")
        span = (s_to_samples(start_s, rate_hz), s_to_samples(stop_s, rate_hz))
    if options.chapters is not None and (options.removed or options.regions):
        raise UsageError("--chapters is for a file of the whole result: leave --regions and --removed out.")
    require_loudness(options.loudness)
    if options.loudness is not None and (options.lower or options.gain_db is not None):
        raise UsageError("--loudness sets the gain by itself: leave --gain-db and --lower out.")
    if options.gain_db is not None and abs(options.gain_db) > MOST_GAIN_DB:
        raise UsageError(
            f"--gain-db {options.gain_db:g} is not between -{MOST_GAIN_DB} and {MOST_GAIN_DB}: -1 is usual."
        )
    for flag, fade_s in (("--fade-in-s", options.fade_in_s), ("--fade-out-s", options.fade_out_s)):
        if fade_s is not None and not 0 <= fade_s <= LONGEST_FADE_S:
            raise UsageError(f"{flag} {fade_s:g} is not between 0 and {LONGEST_FADE_S} seconds: 2 is usual.")
    return ExportOptions(
        stems=options.stems,
        regions=options.regions,
        removed=options.removed,
        range_samples=span,
        gain_db=options.gain_db or 0.0,
        loudness_lufs=options.loudness,
        rate_hz=options.rate_hz,
        depth=None if options.bits is None else Depth(options.bits),
        dither=None if options.dither is None else Dither(options.dither),
        quality=Quality.GOOD if options.quality is None else Quality(options.quality),
        fade_in_s=options.fade_in_s or 0.0,
        fade_out_s=options.fade_out_s or 0.0,
        broadcast=not options.plain,
        collect=options.collect,
        frame_rate=None if options.frame_rate is None else FrameRate(options.frame_rate),
    )


_AUDIO_FLAGS = (
    "stems regions removed range start_s stop_s fade_in_s fade_out_s gain_db lower loudness rate_hz chapters"
)
_FLAGS = (
    *((name, AUDIO_SUFFIXES) for name in _AUDIO_FLAGS.split()),
    ("bits", SAMPLE_SUFFIXES),
    ("dither", SAMPLE_SUFFIXES),
    ("quality", CODED_SUFFIXES),
    ("plain", AUDIO_SUFFIXES),
    ("frame_rate", FRAME_SUFFIXES),
)
"""Which files a flag applies to."""


def _check_flags(options: argparse.Namespace) -> None:
    """Check that each flag applies to one of the files."""
    suffixes = {out.suffix.lower() for out in options.out}
    namers = [suffix for suffix, form in FORMATS.items() if form.names_media]
    if options.collect and suffixes.intersection(FORMATS) and not suffixes.intersection(namers):
        raise UsageError(
            f"--collect is for formats that name the recordings: add a file of {listed(namers, 'or')}."
        )
    for name, holders in _FLAGS:
        is_given = getattr(options, name) is not None and getattr(options, name) is not False
        if is_given and not suffixes.intersection(holders):
            flag, media = f"--{name.replace('_', '-')}", "timecode" if holders is FRAME_SUFFIXES else "audio"
            raise UsageError(
                f"{flag} is for {media}, and --out names no {listed(holders, 'or')} file: add one."
            )
