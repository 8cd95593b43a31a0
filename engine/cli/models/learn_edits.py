"""``offcut learn-edits --raw RAW... --edited EDITED... --out E.editor``: learn an editing style."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from engine.cli.numbers import whole_from_0
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress

_SUFFIX = ".editor"


def add_learn_edits_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("--raw", type=Path, nargs="+", required=True, metavar="RAW", help="recordings")
    parser.add_argument(
        "--edited", type=Path, nargs="+", required=True, metavar="EDITED", help="their edited files"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="E.editor", help="the new editor")
    parser.add_argument("--seed", type=whole_from_0, default=0, metavar="N", help="default 0")
    parser.add_argument("--force", action="store_true", help="replace an existing editor")


def run_learn_edits(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Match, learn, and write the editor."""
    if options.out.suffix.lower() != _SUFFIX:
        raise UsageError(f"{shown(options.out)} is not the name of an editor file: use the suffix {_SUFFIX}.")
    from engine.features.arrangement.editor_files import learn_editor_file
    from engine.features.arrangement.finder.requests import (
        LearnEditsRequest,
        RawAndEdited,
        told_lines,
    )

    pairs = tuple(RawAndEdited(tuple(options.raw), edited) for edited in options.edited)
    request = LearnEditsRequest(pairs, options.out.stem, options.seed)
    written = learn_editor_file(request, options.out, options.force, progress)
    yield VerbOutput(
        {
            "editor": str(options.out),
            "pairs": [
                {**asdict(one), "raw": str(one.raw), "edited": str(one.edited)} for one in written.pairs
            ],
            "habits": {**written.habits.facts(), "words": list(written.habits.words())},
        },
        "\n".join(
            [*told_lines(written.pairs), f"Learned into {shown(options.out)}", *written.habits.words()]
        ),
    )


LEARN_EDITS = Verb(add_learn_edits_arguments, run_learn_edits)
