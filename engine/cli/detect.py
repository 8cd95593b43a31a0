"""``offcut detect AUDIO``: what sounds in a recording, in words."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.cli.numbers import finite
from engine.cli.output import VerbOutput
from engine.progress import Progress
from engine.timebase import s_to_samples
from engine.wording import percent

_MOST = 5


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
    from engine.detection.detector import detector, pooled
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
            window = [tuple(s_to_samples(each, reader.rate_hz) for each in options.window)]
            (span,) = joined([(window[0][0], window[0][1])], reader.frames, reader.rate_hz)
        step = 4 * reader.rate_hz
        mono = (
            reader.read(start, min(span[1], start + step)).mean(axis=1, dtype=np.float32)
            for start in _told(range(span[0], span[1], step), progress)
        )
        heard = detector().heard(resampled(mono, reader.rate_hz, MEL.rate_hz))
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


def _told(starts: range, progress: Progress) -> Iterator[int]:
    for number, start in enumerate(starts):
        progress.check_cancelled()
        progress.report(number / len(starts), "Listening")
        yield start
