"""A verb, and its output: the same facts for people and programs.

Standard output is reserved for the verb; messages and warnings go to standard error.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TextIO

from engine.core.errors import OffcutError
from engine.core.files.safe_write import shown
from engine.core.files.text import strict_json
from engine.core.progress import Progress
from engine.core.wording import reason_of

_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_COMMAND = re.compile(r" ?\u2039([a-z_]+\.[a-z0-9_]+)\u203a")
_VERB_OF: Mapping[str, str] = MappingProxyType({"file.import": "import-audio", "sections.find": "structure"})
"""Verbs by the command of the window that they stand for."""


@contextmanager
def own_output() -> Iterator[TextIO]:
    """Yield the stream for the output of a verb; prints of libraries do not reach it.

    libsndfile prints messages about some damaged files to file descriptor 1, in the middle of our JSON. That
    descriptor is redirected to nowhere meanwhile, here and in child processes. If `sys.stdout` is not the
    standard output of the process, as in a test, it is used as it is.
    """
    standard = sys.__stdout__
    if standard is None or sys.stdout is not standard or _number(standard) != _STANDARD_OUTPUT:
        yield sys.stdout
        return
    standard.flush()
    with _silenced(_STANDARD_OUTPUT) as copy:
        own = open(  # noqa: SIM115 - closed below, whatever that says
            copy, "w", encoding=standard.encoding, errors=standard.errors, closefd=False
        )
        try:
            yield own
        finally:
            with suppress(OSError):  # `write_text` has written and reported everything
                own.close()


@contextmanager
def own_errors() -> Iterator[None]:
    """Keep prints of libraries out of standard error; our own messages go there through `sys.stderr`.

    libmpg123 prints lines about damaged frames to file descriptor 2. As in `own_output`, that descriptor is
    redirected to nowhere meanwhile, unless `sys.stderr` is not the standard error of the process.
    """
    standard = sys.__stderr__
    if standard is None or sys.stderr is not standard or _number(standard) != _STANDARD_ERROR:
        yield
        return
    standard.flush()
    with _silenced(_STANDARD_ERROR) as copy:
        try:
            with open(
                copy, "w", 1, encoding=standard.encoding, errors=standard.errors, closefd=False
            ) as sys.stderr:
                yield
        finally:
            sys.stderr = standard


@contextmanager
def _silenced(number: int) -> Iterator[int]:
    """Redirect a file descriptor to nowhere, and yield a copy of what it was."""
    copy, nowhere = os.dup(number), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, number)
        yield copy
    finally:
        with suppress(OSError, AttributeError):  # buffered output of C would come out later
            ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
        os.dup2(copy, number)
        os.close(copy)
        os.close(nowhere)


def in_verbs(sentence: str) -> str:
    """Write the verb of each named command of the window into a sentence, and remove other names."""

    def verb_of(named: re.Match[str]) -> str:
        return f" (offcut {_VERB_OF[named[1]]})" if named[1] in _VERB_OF else ""

    return _COMMAND.sub(verb_of, sentence)


class ReaderGone(Exception):  # noqa: N818 - no error, as Cancelled is none
    """The reader closed the output, as `head` does after its lines."""


def write_text(piece: str, output: TextIO) -> None:
    """Write a part of an answer.

    Raises
    ------
    ReaderGone : the reader closed the output
    OffcutError : it cannot be written, as on a full disk
    """
    with _reported():
        print(shown(in_verbs(piece)), end="", file=output, flush=True)


def write_bytes(piece: bytes, output: TextIO) -> None:
    """Write a part of an output that is bytes, at once.

    Raises
    ------
    ReaderGone, OffcutError : see `write_text`
    """
    with _reported():
        output.buffer.write(piece)
        output.buffer.flush()


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None
    except OSError as error:
        raise OffcutError(f"Standard output cannot be written to: {reason_of(error)}.") from error


@contextmanager
def printed_warnings(verb: str) -> Iterator[None]:
    """Print each warning that the engine logs to standard error, one line, once."""
    handler = _PrintsOnce(verb)
    logger = logging.getLogger("engine")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _PrintsOnce(logging.Handler):
    def __init__(self, verb: str) -> None:
        super().__init__(logging.WARNING)
        self._verb = verb
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning that was not printed before."""
        sentence = shown(in_verbs(record.getMessage()))
        if sentence not in self._printed:
            self._printed.add(sentence)
            print(f"offcut {self._verb}: {sentence}", file=sys.stderr, flush=True)


def _number(stream: TextIO) -> int:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return -1


@dataclass(frozen=True, slots=True)
class VerbOutput:
    """One output of a verb.

    Attributes
    ----------
    fields : what ``--json`` prints as one object, in `engine.core.files.text`: a number that is none
        is null
    text : printed without ``--json``
    """

    fields: Mapping[str, object]
    text: str

    def json_pieces(self) -> Iterator[str]:
        """Yield the object as JSON."""
        yield strict_json(self.fields) + "\n"

    def text_pieces(self) -> Iterator[str]:
        """Yield the text."""
        yield self.text + "\n"


@dataclass(frozen=True, slots=True)
class Listing:
    """An output of many entries, printed while they come, so that none has to be held.

    Attributes
    ----------
    name : of the only field of the object that ``--json`` prints: a list of the entries' fields
    entries : the fields and the text of each
    """

    name: str
    entries: Iterator[VerbOutput]

    def json_pieces(self) -> Iterator[str]:
        """Yield the object as JSON, an entry at a time."""
        before = f"{{{strict_json(self.name)}: ["
        for entry in self.entries:
            yield before + strict_json(entry.fields)
            before = ", "
        yield ("" if before == ", " else before) + "]}\n"

    def text_pieces(self) -> Iterator[str]:
        """Yield the text of one entry after the other."""
        for entry in self.entries:
            yield entry.text + "\n"


@dataclass(frozen=True, slots=True)
class ByteStream:
    """An audio output, written while it is computed; messages go to standard error.

    Attributes
    ----------
    pieces : bytes that follow each other, each of whole frames
    """

    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of a module that holds several; a module of one verb has these two functions itself.

    Attributes
    ----------
    add_arguments : declares the arguments
    run : does the work; a verb with one result yields once
    """

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Progress], Iterator[VerbOutput | Listing | ByteStream]]
