"""``offcut detect AUDIO``: what sounds in a recording, in words."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.cli.numbers import finite
from engine.cli.output import VerbOutput
from engine.progress import Progress
from engine.timebase import convert_samples, s_to_samples
from engine.wording import percent

if TYPE_CHECKING:
    from engine.audio.reader import SourceReader

_MOST = 5
_SILENT_BELOW = 1e-5
"""-100 dB."""
_BLOCK_FRAMES = 1 << 18


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("audio", type=Path, metavar="AUDIO")
    parser.add_argument("--window", type=finite, nargs=2, metavar=("A", "B"), help="only from A to B seconds")
    parser.add_argument(
        "--text", action="append", default=[], metavar="T", help="compare these words; may be given again"
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Hear the recording and rank words."""
    from engine.audio.reader import SourceReader
    from engine.detection.detector import CONTEXT_S, detector, pooled
    from engine.detection.spectra import MEL
    from engine.features.mono import resampled
    from engine.separation.windows import joined
    from engine.words.text import text_encoder
    from engine.words.vocabulary import vocabulary

    texts = tuple(options.text) or tuple(vocabulary())
    words = np.stack([text_encoder().encode(text) for text in texts])
    with SourceReader(options.audio) as reader:
        span = (0, reader.frames)
        if options.window is not None:
            start_s, stop_s = options.window
            asked = s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz)
            (span,) = joined([asked], reader.frames, reader.rate_hz)
        around = s_to_samples(CONTEXT_S, reader.rate_hz)
        mono = (block.mean(axis=1, dtype=np.float32) for block in _blocks(reader, span, around, progress))
        loudest = _Loudest()
        heard = detector().heard(loudest.of(resampled(mono, reader.rate_hz, MEL.rate_hz)))
        count = convert_samples(span[1] - span[0], reader.rate_hz, MEL.rate_hz)
    if not loudest.sample > _SILENT_BELOW:
        yield VerbOutput({"labels": []}, f"{options.audio}: silence")
        return
    heard = heard.within(CONTEXT_S, count)
    labels = detector().labels(pooled(heard.vectors, heard.telling), texts, words)
    likeliest = ", ".join(f"{label.text} {percent(label.likelihood)}" for label in labels[:_MOST])
    yield VerbOutput(
        {
            "labels": [
                {"text": label.text, "similarity": label.similarity, "likelihood": label.likelihood}
                for label in labels
            ]
        },
        f"{options.audio}: {likeliest}",
    )


@dataclass(slots=True)
class _Loudest:
    """The largest absolute sample of what went by."""

    sample: float = 0.0

    def of(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            self.sample = max(self.sample, float(np.abs(block).max(initial=0.0)))
            yield block


def _blocks(
    reader: SourceReader, span: tuple[int, int], around: int, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    """Yield a span with as much around it, silence where the recording has none."""
    first, last = span[0] - around, span[1] + around
    for start in range(first, last, _BLOCK_FRAMES):
        progress.check_cancelled()
        progress.report((start - first) / (last - first), "Listening")
        stop = min(last, start + _BLOCK_FRAMES)
        block = np.zeros((stop - start, reader.channels), np.float32)
        begin, end = max(0, start), min(reader.frames, stop)
        if begin < end:
            block[begin - start : end - start] = reader.read(begin, end)
        yield block
