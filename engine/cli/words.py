"""``offcut words (AUDIO | PROJECT) [--srt F] [--vtt F] [--txt F]``: transcribe the speech of a recording."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import replacing, shown
from engine.core.own_process import run_in_own_process
from engine.core.progress import Progress
from engine.core.wording import counted

if TYPE_CHECKING:
    from engine.document.analysis import Transcript
    from engine.document.state import DocumentState

_DOCUMENT = ".offcut"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("audio", type=Path, metavar="AUDIO | PROJECT")
    parser.add_argument(
        "--model", type=Path, metavar="FOLDER", help="a model of faster-whisper; default: the installed one"
    )
    parser.add_argument("--language", default="", metavar="L", help="code, such as en; default: detected")
    parser.add_argument(
        "--subtitles", type=Path, metavar="F", help="take the words of an SRT or VTT file in place of a model"
    )
    parser.add_argument("--result", action="store_true", help="words of the result, at its times")
    for suffix, name in (("srt", "SubRip subtitles"), ("vtt", "WebVTT subtitles"), ("txt", "plain text")):
        parser.add_argument(f"--{suffix}", type=Path, metavar="F", help=f"write {name}")
    parser.add_argument("--force", action="store_true", help="write over existing files")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Transcribe the recording, store the transcript in a document, and write the chosen files."""
    if options.subtitles is not None and (options.model is not None or options.language):
        raise UsageError("--subtitles takes the place of a model: leave out --model and --language.")
    if options.audio.suffix.lower() == _DOCUMENT:
        found, rate_hz = _of_document(options, progress)
    else:
        found, rate_hz = _of_recording(options, progress)
    yield _output(options, found, rate_hz)


def _of_document(options: argparse.Namespace, progress: Progress) -> tuple[Transcript, int]:
    from engine.cli.documents import analysing, media_of, opened
    from engine.document.analysis import WORDS, require_recording
    from engine.document.edits.analyses import known_transcript, set_transcript
    from engine.features.words.imported import words_for_document
    from engine.features.words.model import require_model
    from engine.features.words.transcribe import transcribe_document

    with opened(options.audio) as document:
        require_recording(document.state, "transcribe")
        known = known_transcript(document.state, document.analysis(WORDS))
        if known is not None and not (options.model or options.language or options.subtitles):
            return _shown(options, known, document.state), document.state.rate_hz
        if options.subtitles is not None:
            found = words_for_document(options.subtitles, document.state)
        else:
            with analysing(document):
                model = require_model(options.model)
                arguments = (document.state, media_of(document), model, options.language)
                found = run_in_own_process(transcribe_document, arguments, progress)
        edit, analyses = set_transcript(document.state, found, f"Transcribed {counted(len(found), 'word')}")
        document.apply(edit, analyses)
        return _shown(options, found, document.state), document.state.rate_hz


def _shown(options: argparse.Namespace, found: Transcript, state: DocumentState) -> Transcript:
    """Return the words of the recording, or those of the result."""
    from engine.features.words.result import in_result
    from engine.sound.edl.build import build

    return in_result(found, build(state)) if options.result else found


def _of_recording(options: argparse.Namespace, progress: Progress) -> tuple[Transcript, int]:
    from engine.features.words.imported import words_of_subtitles
    from engine.features.words.model import require_model
    from engine.features.words.transcribe import transcribe_recording
    from engine.sound.reader import SourceReader

    with SourceReader(options.audio) as reader:  # a file that cannot be read is refused first
        rate_hz, length_samples = reader.rate_hz, reader.frames
    if options.subtitles is not None:
        return words_of_subtitles(options.subtitles, length_samples, rate_hz), rate_hz
    if options.result:
        raise UsageError(f"{shown(options.audio)} is a recording: --result is for documents.")
    arguments = (options.audio, require_model(options.model), options.language)
    return run_in_own_process(transcribe_recording, arguments, progress), rate_hz


def _output(options: argparse.Namespace, found: Transcript, rate_hz: int) -> VerbOutput:
    from engine.exchange.captions import Caption, srt, vtt
    from engine.features.words.captions import captions

    words = [
        Caption(start / rate_hz, stop / rate_hz, text)
        for (start, stop), text in zip(found.spans_samples.tolist(), found.texts, strict=True)
    ]
    lines = captions(words)
    text = "\n".join(one.text for one in lines)
    written = []
    for path, content in ((options.srt, srt(lines)), (options.vtt, vtt(lines)), (options.txt, f"{text}\n")):
        if path is not None:
            with replacing(path, overwrite=options.force, reads=[options.audio]) as part:
                part.write_text(content, encoding="utf-8")
            written.append(str(path))
    rows = [
        {
            "text": word.text,
            "start_s": word.start_s,
            "stop_s": word.stop_s,
            "probability": round(probability, 3),
            "speaker": found.names[speaker] if speaker >= 0 else None,
        }
        for word, probability, speaker in zip(
            words, found.probabilities.tolist(), found.speakers.tolist(), strict=True
        )
    ]
    figures = {"words": rows, "language": found.language, "model": found.model, "files": written}
    return VerbOutput(figures, text or f"{shown(options.audio)}: no words recognised")
