"""``offcut separate AUDIO --text T --window A B --mode remove --out FILE``: take a sound out, only there.

``offcut separate --stream --text T`` does so in a stream, all the time (`engine.cli.separate_stream`).

``offcut detect (AUDIO | PROJECT)``: name the sounds in a recording, or find all named sounds in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import finite
from engine.cli.output import ByteStream, Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import listed, percent
from engine.features.repair.separation.settings import ABOUT, DEFAULT, mute_offer, refused_words

if TYPE_CHECKING:
    from engine.document.analysis import DetectedSounds
    from engine.features.repair.separation.separate import Asked
    from engine.sound.reader import SourceReader


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
    from engine.analysis.detection.naming import labels_within
    from engine.features.repair.separation.windows import joined
    from engine.sound.reader import SourceReader

    with SourceReader(options.audio) as reader:
        span = (0, reader.frames)
        if options.window is not None:
            start_s, stop_s = options.window
            window = s_to_samples(start_s, reader.rate_hz), s_to_samples(stop_s, reader.rate_hz)
            (span,) = joined([window], reader.frames, reader.rate_hz)
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
    from engine.recordings.track_audio import SpanRequest

    with opened(path) as document:
        with analysing(document):
            found = detect_sounds(SpanRequest(document.state, media_of(document)), progress)
        document.apply(*found.put_into(document.state))
        return _events_output(path, found.sounds, document.state.rate_hz)


def _events_of_recording(path: Path, progress: Progress) -> VerbOutput:
    from engine.analysis.detection.naming import sounds_of_recording
    from engine.sound.reader import SourceReader

    with SourceReader(path) as reader:
        return _events_output(path, sounds_of_recording(reader, progress), reader.rate_hz)


def _events_output(path: Path, sounds: DetectedSounds, rate_hz: int) -> VerbOutput:
    rows, lines = [], []
    spans = sounds.spans_samples.tolist()
    for (start, stop), word, likelihood in zip(spans, sounds.words, sounds.likelihoods.tolist(), strict=True):
        start_s, stop_s = samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)
        rows.append({"start_s": start_s, "stop_s": stop_s, "text": word, "likelihood": likelihood})
        lines.append(f"{format_time(start_s, 1)} – {format_time(stop_s, 1)}  {percent(likelihood)}  {word}")
    nothing = f"{path}: no sounds detected"
    return VerbOutput({"events": rows}, "\n".join(lines) or nothing)


def add_separate_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("audio", type=Path, nargs="?", metavar="AUDIO")
    parser.add_argument(
        "--stream",
        action="store_true",
        help="read WAV from standard input and write it to standard output while it comes in, 0.77 s of "
        "sound behind; without AUDIO, --like, --window, --fade-ms, --out and --force; by the separators "
        "blend and network",
    )
    parser.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="T",
        help='name of the sound, or of one that stays: "not speech"; can be repeated',
    )
    parser.add_argument(
        "--like",
        type=finite,
        nargs=2,
        action="append",
        default=[],
        metavar=("A", "B"),
        help="the sound is similar to this one, from A to B seconds",
    )
    parser.add_argument(
        "--window",
        type=finite,
        nargs=2,
        action="append",
        default=[],
        metavar=("A", "B"),
        help="from A to B seconds; can be repeated; required without --stream",
    )
    parser.add_argument("--mode", choices=["keep", "remove"], default="remove", help="default remove")
    parser.add_argument("--fade-ms", type=finite, metavar="MS", help="length of the fades; default 70")
    parser.add_argument(
        "--strength-db", type=finite, metavar="DB", help="lower it by up to this many dB; default: no limit"
    )
    parser.add_argument(
        "--separator",
        default=DEFAULT,
        metavar="NAME",
        help=f"{listed(tuple(ABOUT), 'or')}, or a file of weights",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="required without --stream")
    parser.add_argument("--force", action="store_true", help="write over an existing file")


def run_separate(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput | ByteStream]:
    """Separate a file or a stream.

    Raises
    ------
    UsageError : something is missing, or does not go with a stream
    """
    given = {
        "AUDIO": options.audio is not None,
        "--window": bool(options.window),
        "--out": options.out is not None,
        "--like": bool(options.like),
        "--fade-ms": options.fade_ms is not None,
        "--force": options.force,
    }
    if options.stream:
        if wrong := [name for name, is_given in given.items() if is_given]:
            raise UsageError(
                f"--stream reads standard input and writes standard output: leave out {listed(wrong)}."
            )
        from engine.cli.separate_stream import separated_stream

        yield separated_stream(options)
    else:
        if missing := [name for name in ("AUDIO", "--window", "--out") if not given[name]]:
            raise UsageError(f"To separate a file, give {listed(missing)}; to separate a stream, --stream.")
        yield _file(options, progress)


SEPARATE = Verb(add_separate_arguments, run_separate)


def _file(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Write the recording with its windows changed and all else as it was."""
    from engine.features.repair.separation.in_file import separate_in_file
    from engine.features.repair.separation.windows import joined
    from engine.sound.reader import SourceReader

    with SourceReader(options.audio) as reader:
        rate_hz = reader.rate_hz
        windows = joined(
            [(s_to_samples(a, rate_hz), s_to_samples(b, rate_hz)) for a, b in options.window],
            reader.frames,
            rate_hz,
        )
        separation = _separation_of(options, reader)
        done = separate_in_file(
            options.out, reader, windows, separation, options.separator, progress, overwrite=options.force
        )
    spans = [
        [samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)] for start, stop in done.windows_samples
    ]
    texts = [prompt.text for prompt in separation.prompts]
    by = "" if options.separator == DEFAULT else f" Separated by {done.separator}."
    places = ", ".join(f"{start:g}-{stop:g} s" for start, stop in spans)
    return VerbOutput(
        {
            "path": str(options.out),
            "windows_s": spans,
            "mode": options.mode,
            "texts": texts,
            "separator": done.separator,
            "clipped_samples": done.clipped_samples,
            **done.change.fields(),
            "refused_places": done.refused,
        },
        f"{shown(options.out)}, {places}: {done.change.words}{refused_words(done.refused)}. "
        f"{done.change.levels_words}.{by}{mute_offer(done.change)}",
    )


def _separation_of(options: argparse.Namespace, reader: SourceReader) -> Asked:
    from engine.features.repair.separation.checks import understood_prompts
    from engine.features.repair.separation.in_file import example_in_file
    from engine.features.repair.separation.separate import Asked
    from engine.features.repair.separation.separator import Mode, floor_of
    from engine.features.repair.separation.windows import FADE_MS

    examples = tuple(example_in_file(reader, start_s, stop_s) for start_s, stop_s in options.like)
    prompts = understood_prompts(options.text, options.separator) if options.text or not examples else ()
    floor_db = floor_of(options.strength_db)
    fade_ms = FADE_MS if options.fade_ms is None else max(0.0, options.fade_ms)
    return Asked(examples + prompts, Mode(options.mode), fade_ms, floor_db)
