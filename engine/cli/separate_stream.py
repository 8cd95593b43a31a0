"""``offcut separate --stream``: WAV from standard input to standard output, at a constant delay."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.cli.output import ByteStream, VerbOutput
from engine.core.errors import SourceError, UsageError
from engine.core.wording import counted, listed, quoted
from engine.features.repair.separation.checks import understood_prompts
from engine.features.repair.separation.registry import streaming_separator
from engine.features.repair.separation.separate import LATENCY_S, SeparationStream
from engine.features.repair.separation.separator import Mode, Prompt, Separator, floor_of
from engine.sound.wav_stream import WavStreamReader, encoded


@dataclass(frozen=True, slots=True)
class _Request:
    """Settings of every stream in any format.

    Attributes
    ----------
    as_json : whether standard error gets JSON, a line at the start and one at the end
    """

    separator: Separator
    name: str
    prompts: tuple[Prompt, ...]
    mode: Mode
    floor_db: float
    as_json: bool


def separated_stream(options: argparse.Namespace) -> ByteStream:
    """Return standard input, separated, as a stream of bytes.

    Raises
    ------
    UsageError : no sound is named or a name is unknown, the separator cannot stream, or nothing is piped
    """
    if not options.text:
        raise UsageError("A stream has no surroundings to compare with: name a sound with --text.")
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("Standard input is empty: pipe a WAV stream into it.")
    if sys.__stdout__ is not None and sys.__stdout__.isatty():
        raise UsageError("Standard output is a terminal: pipe it into a file or a program.")
    prompts = understood_prompts(options.text, options.separator)
    separator = streaming_separator(options.separator)
    floor_db = floor_of(options.strength_db)
    request = _Request(separator, options.separator, prompts, Mode(options.mode), floor_db, options.json)
    return ByteStream(_pieces(cast(BufferedIOBase, sys.stdin.buffer), request))


def _pieces(stream: BufferedIOBase, request: _Request) -> Iterator[bytes]:
    reader = WavStreamReader(stream)
    form = reader.format
    separating = SeparationStream(
        request.separator,
        request.prompts,
        request.mode,
        rate_hz=form.rate_hz,
        channels=form.channels,
        floor_db=request.floor_db,
    )
    _report(_beginning(reader, request), request)
    clipped, took_s, has_head = 0, 0.0, False
    for samples, seconds in _separated(separating, reader.blocks()):
        if reader.frames and not has_head:  # nothing is written of a stream without samples
            yield form.head()
            has_head = True
        took_s += seconds
        data, outside = encoded(samples, form.encoding)
        clipped += outside
        yield data
    if fault := reader.fault():
        raise SourceError(fault)
    yield form.tail()
    _report(_end(reader, clipped, took_s), request)


def _separated(
    stream: SeparationStream, blocks: Iterator[NDArray[np.float32]]
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Yield the separated audio, and the seconds its computation took."""
    for block in blocks:
        begun_s = time.perf_counter()
        samples = stream.block(block)
        yield samples, time.perf_counter() - begun_s
    begun_s = time.perf_counter()
    samples = stream.rest()
    yield samples, time.perf_counter() - begun_s


def _beginning(reader: WavStreamReader, request: _Request) -> VerbOutput:
    form, texts = reader.format, [prompt.text for prompt in request.prompts]
    done = "keeps" if request.mode is Mode.KEEP else "removes"
    return VerbOutput(
        {
            "latency_s": LATENCY_S,
            "rate_hz": form.rate_hz,
            "channels": form.channels,
            "encoding": form.encoding.value,
            "separator": request.name,
            "mode": request.mode.value,
            "texts": texts,
        },
        f"{done} {listed([quoted(text) for text in texts])} in {counted(form.channels, 'channel')} at "
        f"{form.rate_hz:,} Hz; latency {LATENCY_S:.2f} s and the computing time.",
    )


def _end(reader: WavStreamReader, clipped: int, took_s: float) -> VerbOutput:
    duration_s = reader.frames / reader.format.rate_hz
    factor = took_s / duration_s
    clips = f"; {counted(clipped, 'sample')} clipped" if clipped else ""
    return VerbOutput(
        {"duration_s": duration_s, "clipped_samples": clipped, "real_time_factor": factor},
        f"separated {duration_s:.2f} s; computing took {factor:.2f} s for each second{clips}.",
    )


def _report(output: VerbOutput, request: _Request) -> None:
    """Print facts to standard error, since standard output holds the sound."""
    pieces = output.json_pieces() if request.as_json else output.text_pieces()
    text = "".join(pieces)
    print(text if request.as_json else f"offcut separate: {text}", end="", file=sys.stderr, flush=True)
