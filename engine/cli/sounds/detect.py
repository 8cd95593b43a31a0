"""``offcut detect (AUDIO | PROJECT)``: name the sounds in a recording, or find all named sounds in it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.numbers import finite
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import percent

if TYPE_CHECKING:
    from engine.document.analysis import DetectedSounds

_MOST = 5
_DOCUMENT = ".offcut"


def add_detect_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("audio", type=Path, metavar="AUDIO | PROJECT")
    parser.add_argument("--window", type=finite, nargs=2, metavar=("A", "B"), help="only from A to B seconds")
    parser.add_argument(
        "--text", action="append", default=[], metavar="T", help="compare these words; can be repeated"
    )
    parser.add_argument(
        "--events",
        action="store_true",
        help="every detected sound with its time; stored in the document for a PROJECT",
    )


def run_detect(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Analyse the recording and rank words, or list its sounds."""
    if options.events and (options.text or options.window is not None):
        raise UsageError(
            "--events detects all known sounds in the whole recording: leave out --text and --window."
        )
    if options.audio.suffix.lower() == _DOCUMENT:
        if not options.events:
            raise UsageError(f"'{options.audio}' is a document: add --events to detect its sounds.")
        yield _events_of_document(options.audio, progress)
    elif options.events:
        yield _events_of_recording(options.audio, progress)
    else:
        yield _labels(options, progress)


DETECT = Verb(add_detect_arguments, run_detect)


def _labels(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    from engine.analysis.detection.span_labels import labels_within
    from engine.features.repair.separation.windows import joined
    from engine.sound.reader import SourceReader

    with SourceReader(options.audio) as reader:
        span = (0, reader.frames)
        if options.window is not None:
            start_s, stop_s = options.window
            asked = s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz)
            (span,) = joined([asked], reader.frames, reader.rate_hz)
        labels = labels_within(reader, span, options.text, progress)
    if not labels:
        return VerbOutput({"labels": []}, f"{options.audio}: silence")
    likeliest = ", ".join(f"{label.text} {percent(label.likelihood)}" for label in labels[:_MOST])
    return VerbOutput(
        {
            "labels": [
                {"text": label.text, "similarity": label.similarity, "likelihood": label.likelihood}
                for label in labels
            ]
        },
        f"{options.audio}: {likeliest}",
    )


def _events_of_document(path: Path, progress: Progress) -> VerbOutput:
    """Detect the sounds of a document, and store them in it."""
    from engine.cli.documents import analysing, media_of, opened
    from engine.recordings.detect_sounds import detect_sounds
    from engine.recordings.spans import SpanRequest

    with opened(path) as document:
        with analysing(document):
            found = detect_sounds(SpanRequest(document.state, media_of(document)), progress)
        document.apply(*found.put_into(document.state))
        return _told(path, found.sounds, document.state.rate_hz)


def _events_of_recording(path: Path, progress: Progress) -> VerbOutput:
    from engine.analysis.detection.span_labels import sounds_of_recording
    from engine.sound.reader import SourceReader

    with SourceReader(path) as reader:
        return _told(path, sounds_of_recording(reader, progress), reader.rate_hz)


def _told(path: Path, sounds: DetectedSounds, rate_hz: int) -> VerbOutput:
    rows, lines = [], []
    spans = sounds.spans_samples.tolist()
    for (start, stop), word, likelihood in zip(spans, sounds.words, sounds.likelihoods.tolist(), strict=True):
        start_s, stop_s = samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)
        rows.append({"start_s": start_s, "stop_s": stop_s, "text": word, "likelihood": likelihood})
        lines.append(f"{format_time(start_s, 1)} – {format_time(stop_s, 1)}  {percent(likelihood)}  {word}")
    nothing = f"{path}: no sounds detected"
    return VerbOutput({"events": rows}, "\n".join(lines) or nothing)
