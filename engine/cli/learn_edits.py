"""``offcut learn-edits --raw RAW... --edited EDITED... --out E.editor``: learn how somebody edits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.output import VerbOutput
from engine.errors import UsageError
from engine.progress import Progress
from engine.safe_write import check_target, shown

_SUFFIX = ".editor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("--raw", type=Path, nargs="+", required=True, metavar="RAW", help="recordings")
    parser.add_argument(
        "--edited", type=Path, nargs="+", required=True, metavar="EDITED", help="what was made of them"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="E.editor")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--force", action="store_true", help="replace an editor that is there")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Match, learn, and write the editor."""
    if options.out.suffix.lower() != _SUFFIX:
        raise UsageError(f"{shown(options.out)} is no name of an editor: let it end in {_SUFFIX}.")
    check_target(options.out, overwrite=options.force)  # before minutes of listening
    from engine.arranging.editor import save_editor
    from engine.jobs.arrangements.learn_edits import LearnEditsRequest, learn_edits, told_lines

    request = LearnEditsRequest(tuple(options.raw), tuple(options.edited), options.out.stem, options.seed)
    learned = learn_edits(request, progress)
    save_editor(learned.editor, options.out, overwrite=options.force)
    yield VerbOutput(
        {
            "editor": str(options.out),
            "pairs": [
                {
                    "raw": str(one.raw),
                    "edited": str(one.edited),
                    "matched_share": one.matched_share,
                    "residual_db": one.residual_db,
                    "kept_s": one.kept_s,
                    "raw_s": one.raw_s,
                }
                for one in learned.pairs
            ],
        },
        "\n".join([*told_lines(learned.pairs), f"Learned into {shown(options.out)}"]),
    )
