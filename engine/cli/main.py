"""The command line: the module of a verb is imported when the verb is called.

Exit status: 0 done, 1 the work failed, 2 wrong use, 130 stopped by Ctrl+C, 141 output closed by its reader.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import NoReturn, Protocol, TextIO

from engine.cli.output import (
    ByteStream,
    Listing,
    ReaderGone,
    VerbOutput,
    in_verbs,
    own_errors,
    own_output,
    printed_warnings,
    write_bytes,
    write_text,
)
from engine.core.build import OWN, WITHOUT, is_bundle
from engine.core.errors import Cancelled, FileExistsAlreadyError, OffcutError, UsageError
from engine.core.extensions import unexpected_message
from engine.core.progress import Progress, ReportingProgress
from engine.core.remaining_time import RemainingTime

READER_GONE = 141
"""Conventional exit status after the reader closes the output: 128 and the number of SIGPIPE."""
LABORATORY = "Laboratory"
"""Section of the verbs that a bundle comes without; they alone lead from here to the laboratory, by name."""
SECTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Documents and edits": {
            "new": ("engine.cli.importing:NEW", "import recordings into a new document"),
            "import-audio": ("engine.cli.importing:IMPORT_AUDIO", "import recordings into a document"),
            "prepare": ("engine.cli.prepare:PREPARE", "find the songs and takes in the recordings of a day"),
            "propose": ("engine.cli.propose:PROPOSE", "propose edits in a document"),
            "tracks": ("engine.cli.clips", "list the tracks of a document and their clips"),
            "proposals": ("engine.cli.proposals", "list the proposals of a document"),
            "decide": ("engine.cli.decide", "accept, reject or reset proposals"),
            "edit": ("engine.cli.edit", "edit a span by hand"),
            "arrange": ("engine.cli.propose:ARRANGE", "propose the arrangement of a learned editor"),
            "align": ("engine.cli.align", "move the hits of drums onto a grid"),
            "match": ("engine.cli.propose:MATCH", "recover the edit list behind an edited file"),
            "import-edits": (
                "engine.cli.importing:IMPORT_EDITS",
                "read the edits of another program into a document",
            ),
            "export": ("engine.cli.export", "write the result, or the edit for another program"),
            "export-takes": (
                "engine.cli.export_takes:EXPORT_TAKES",
                "write the takes of a day as named files with playlists",
            ),
            "share": (
                "engine.cli.export_takes:SHARE",
                "write the takes of a day with a page that plays them",
            ),
        },
        "Sounds of a recording": {
            "beats": ("engine.cli.structure:BEATS", "find the beats of a recording"),
            "takes": ("engine.cli.structure:TAKES", "find repeated takes and false starts"),
            "structure": (
                "engine.cli.structure:STRUCTURE",
                "find sections such as verse and chorus, with labels",
            ),
            "words": ("engine.cli.words", "transcribe the speech of a recording"),
            "songs": ("engine.cli.songs:SONGS", "list, rename, merge or delete the known songs"),
            "find": ("engine.cli.songs:FIND", "find every take of a song in an archive"),
            "detect": ("engine.cli.named_sounds:DETECT", "detect named sounds in a recording"),
            "separate": (
                "engine.cli.named_sounds:SEPARATE",
                "keep or remove a sound that words name, within windows",
            ),
        },
        "Learning and scoring": {
            "learn": ("engine.cli.learn:LEARN", "learn a taste from edited recordings"),
            "learn-edits": (
                "engine.cli.learn:LEARN_EDITS",
                "learn an editor from recordings and their edits",
            ),
            "learn-timing": ("engine.cli.learn:LEARN_TIMING", "learn how an editor puts drums in time"),
            "score": ("engine.cli.score", "score recordings with a taste"),
            "embeddings": (
                "engine.cli.networks:EMBEDDINGS",
                "embed recordings ahead of time, and download encoders",
            ),
            "export-model": (
                "engine.cli.networks:EXPORT_MODEL",
                "write a network as ONNX, for another program",
            ),
        },
        LABORATORY: {
            "experiment": ("engine.lab.cli.experiment", "train, compare and search through networks"),
            "evaluate": ("engine.lab.cli.evaluate", "measure the quality of a part against baselines"),
            "bench": ("engine.lab.cli.bench", "measure the speed of a part against peers"),
        },
        "Pages and installation": {
            "serve": ("engine.cli.serve", "open the pages for a browser on this machine"),
            "doctor": ("engine.cli.doctor", "list installed and missing parts"),
        },
    }
)
"""Place and summary of each verb, by section; a place is a module, or "module:name" of its `Verb`."""
_ROWS = {name: row for verbs in SECTIONS.values() for name, row in verbs.items()}
VERBS: Mapping[str, str] = MappingProxyType({name: summary for name, (_, summary) in _ROWS.items()})
"""Summary of each verb."""


class _AnyVerb(Protocol):
    """A module that does one verb, or a `Verb`."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare the arguments of the verb."""

    def run(
        self, options: argparse.Namespace, progress: Progress, /
    ) -> Iterator[VerbOutput | Listing | ByteStream]:
        """Do the work; a verb with one result yields once."""


def verb_named(name: str) -> _AnyVerb:
    """Import the module of a verb, and return the verb."""
    module, _, record = _ROWS[name][0].partition(":")
    found = import_module(module)
    return getattr(found, record) if record else found


def main(argv: Sequence[str]) -> int:
    """Run ``offcut VERB ...`` and return its exit status."""
    name = argv[0]
    if name in SECTIONS[LABORATORY] and is_bundle():
        print(f"offcut {name}: the verb belongs to the laboratory; {WITHOUT}.", file=sys.stderr)
        return 1
    verb = verb_named(name)
    parser = _Parser(prog=f"offcut {name}", description=f"{VERBS[name][:1].upper()}{VERBS[name][1:]}.")
    verb.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    progress = ReportingProgress(ProgressLine() if sys.stderr.isatty() else None)
    try:
        with own_errors(), printed_warnings(name):
            options = parser.parse_args(argv[1:])
            with own_output() as output:
                for answer in verb.run(options, progress):
                    _write(answer, output, as_json=options.json)
    except ReaderGone:
        return READER_GONE
    except ModuleNotFoundError as error:
        if not (remedy := _remedy(name, error)):
            raise
        print(f"offcut {name}: {error.name} is missing; {remedy}.", file=sys.stderr)
        return 1
    except OffcutError as error:
        message = in_verbs(str(error))
        if isinstance(error, FileExistsAlreadyError) and hasattr(options, "force"):
            message = f"{error.name} already exists: choose another name, or add --force to replace it."
        print(f"offcut {name}: {message}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except (KeyboardInterrupt, Cancelled):
        print(f"offcut {name}: stopped; nothing was left half-written.", file=sys.stderr)
        return 130
    except Exception as error:
        if not (sentence := unexpected_message(error)):
            raise
        print(f"offcut {name}: {sentence}", file=sys.stderr)
        return 1
    return 0


def _remedy(verb: str, missing: ModuleNotFoundError) -> str:
    """Return the remedy for a missing package, "" if it should be present."""
    if is_bundle():
        return WITHOUT
    is_ours = str(missing.name).partition(".")[0] in OWN
    return "it comes with pip install 'offcut[lab]'" if verb in SECTIONS[LABORATORY] and not is_ours else ""


def _write(answer: VerbOutput | Listing | ByteStream, output: TextIO, *, as_json: bool) -> None:
    if isinstance(answer, ByteStream):
        for sound in answer.pieces:
            write_bytes(sound, output)
        return
    for piece in answer.json_pieces() if as_json else answer.text_pieces():
        write_text(piece, output)


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        verb = " ".join(self.prog.split()[:2])
        self.exit(2, f"{verb}: {message}; see '{self.prog} --help'.\n")


class ProgressLine:
    """Writes progress and the time left on one line of standard error."""

    def __init__(self) -> None:
        self._remaining = RemainingTime(time.monotonic())

    def __call__(self, fraction: float, text: str, figures: Mapping[str, float]) -> None:
        """Rewrite the line."""
        from engine.core.timebase import format_time  # numpy: only once a verb works

        now_s = time.monotonic()
        self._remaining.report(fraction, now_s)
        left_s = self._remaining.left_s(now_s)
        left = "" if left_s is None else f"{format_time(left_s, 0)} left  "
        values = "  ".join(f"{name} {value:.3g}" for name, value in figures.items())
        end = "\n" if fraction >= 1.0 else ""
        print(f"\r\x1b[K{fraction:4.0%}  {text}  {left}{values}", end=end, file=sys.stderr, flush=True)
