"""``offcut detect AUDIO``: what sounds in a recording, in words."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

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
    from engine.detection.span_labels import labels_within
    from engine.separation.windows import joined
    from engine.words.vocabulary import vocabulary

    texts = tuple(options.text) or tuple(vocabulary())
    with SourceReader(options.audio) as reader:
        span = (0, reader.frames)
        if options.window is not None:
            start_s, stop_s = options.window
            asked = s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz)
            (span,) = joined([asked], reader.frames, reader.rate_hz)
        labels = labels_within(reader, span, texts, progress)
    if not labels:
        yield VerbOutput({"labels": []}, f"{options.audio}: silence")
        return
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
