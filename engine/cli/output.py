"""A verb, and its output: the same facts for people and programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.core.files.strict_json import strict_json
from engine.core.progress import Progress


@dataclass(frozen=True, slots=True)
class VerbOutput:
    """One output of a verb.

    Attributes
    ----------
    fields : what ``--json`` prints as one object, in `engine.core.files.strict_json`: a number that is none
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
