"""``offcut separate AUDIO --text T --window A B --mode remove --out FILE``: take a sound out, only there."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.cli.numbers import finite
from engine.cli.output import VerbOutput
from engine.files.safe_write import shown
from engine.progress import Progress
from engine.timebase import convert_samples, s_to_samples, samples_to_s

if TYPE_CHECKING:
    from engine.audio.reader import SourceReader
    from engine.separation.separate import Asked
    from engine.separation.separator import Prompt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("audio", type=Path, metavar="AUDIO")
    parser.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="T",
        help='what is meant, in a few words, or what is not: "not speech"; may be given again',
    )
    parser.add_argument(
        "--like",
        type=finite,
        nargs=2,
        action="append",
        default=[],
        metavar=("A", "B"),
        help="what is meant sounds like this, from A to B seconds",
    )
    parser.add_argument(
        "--window",
        type=finite,
        nargs=2,
        action="append",
        required=True,
        metavar=("A", "B"),
        help="where, in seconds; may be given again",
    )
    parser.add_argument("--mode", choices=["keep", "remove"], default="remove")
    parser.add_argument("--fade-ms", type=finite, default=70.0, metavar="MS")
    parser.add_argument(
        "--strength-db", type=finite, metavar="DB", help="lower it by so much at most; entirely unless told"
    )
    parser.add_argument("--separator", default="network", metavar="NAME")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Separate, and write the recording with its windows changed and all else as it was."""
    from engine.audio.reader import SourceReader
    from engine.separation.registry import separator_named
    from engine.separation.windows import joined
    from engine.separation.written import write_separated

    with SourceReader(options.audio) as reader:
        rate_hz = reader.rate_hz
        windows = joined(
            [(s_to_samples(a, rate_hz), s_to_samples(b, rate_hz)) for a, b in options.window],
            reader.frames,
            rate_hz,
        )
        asked = _asked(options, reader)
        separator = separator_named(options.separator)
        written = write_separated(
            options.out, reader, windows, asked, separator, progress, overwrite=options.force
        )
    spans = [[samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)] for start, stop in windows]
    texts = [prompt.text for prompt in asked.prompts]
    said = ", ".join(f"{start:g}-{stop:g} s" for start, stop in spans)
    yield VerbOutput(
        {
            "path": str(options.out),
            "windows_s": spans,
            "mode": options.mode,
            "texts": texts,
            "clipped_samples": written.clipped_samples,
        },
        f"{shown(options.out)}: {options.mode} {', '.join(texts)} in {said}",
    )


def _asked(options: argparse.Namespace, reader: SourceReader) -> Asked:
    from engine.separation.mask import Mode, floor_of
    from engine.separation.prompts import prompts_of
    from engine.separation.separate import Asked

    examples = tuple(_example(reader, start_s, stop_s) for start_s, stop_s in options.like)
    prompts = prompts_of(options.text) if options.text or not examples else ()
    floor_db = floor_of(options.strength_db)
    return Asked(examples + prompts, Mode(options.mode), max(0.0, options.fade_ms), floor_db)


def _example(reader: SourceReader, start_s: float, stop_s: float) -> Prompt:
    import soxr

    from engine.detection.detector import CONTEXT_S
    from engine.detection.spectra import MEL
    from engine.separation.networked import like_span
    from engine.separation.windows import joined

    spans = [(s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz))]
    ((start, stop),) = joined(spans, reader.frames, reader.rate_hz)
    around = s_to_samples(CONTEXT_S, reader.rate_hz)
    first = max(0, start - around)
    mono = reader.read(first, min(reader.frames, stop + around)).mean(axis=1, dtype=np.float32)
    heard = np.asarray(soxr.resample(mono, reader.rate_hz, MEL.rate_hz), np.float32)
    span = (
        convert_samples(start - first, reader.rate_hz, MEL.rate_hz),
        convert_samples(stop - first, reader.rate_hz, MEL.rate_hz),
    )
    return like_span(heard, span, f"like {start_s:g}-{stop_s:g} s")
