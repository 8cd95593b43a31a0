"""``offcut import-audio PROJECT AUDIO...``: import into a document, next to the clips that it has."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.documents import analysing, media_at_hand, opened
from engine.cli.editing.new import add_audio_arguments, imported_output, split_of
from engine.cli.output import Verb, VerbOutput
from engine.core.progress import Progress
from engine.recordings.import_audio import ImportRequest, import_edit, stated_start
from engine.recordings.stated.placements import Mode


def add_import_audio_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    add_audio_arguments(parser, Mode.AUTO)


def run_import_audio(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Place the files relative to the clips of the document, which stay; one step of its history."""
    from engine.features.timing.kit import import_with_kit

    with opened(options.project) as document:
        before = document.state
        request = ImportRequest(
            tuple(options.audio),
            before.rate_hz,
            before,
            Mode(options.place),
            media_at_hand(document),
            split_of(options),
        )
        with analysing(document):
            imported = import_with_kit(request, progress)
        start = stated_start(document.state, imported)
        document.apply(import_edit(document.state, imported))
        state = document.state
    yield imported_output(options.project, state, imported, start)


IMPORT_AUDIO = Verb(add_import_audio_arguments, run_import_audio)
