"""``offcut arrange PROJECT [--editor E.editor]``: the finder arrangement under a name of its own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.documents import opened
from engine.cli.editing.propose import propose_in
from engine.cli.numbers import finite, proposal_row, whole_from_0
from engine.cli.output import Verb, VerbOutput
from engine.core.progress import Progress


def add_arrange_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("--editor", type=Path, metavar="E.editor", help="a learned editor; see learn-edits")
    parser.add_argument(
        "--like",
        type=Path,
        nargs=2,
        metavar=("RAW", "EDITED"),
        help="an edit of another recording as the example",
    )
    parser.add_argument("--minutes", type=finite, metavar="M", help="length of the result")
    parser.add_argument(
        "--seed",
        type=whole_from_0,
        default=0,
        metavar="N",
        help="0: the most probable arrangement; any other number: a random one",
    )


def run_arrange(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Have the finder arrangement propose edits."""
    settings = {"minutes": options.minutes, "seed": options.seed}
    settings |= {"editor": str(options.editor)} if options.editor is not None else {}
    if options.like is not None:
        settings |= zip(("like_raw", "like_edited"), map(str, options.like), strict=True)
    with opened(options.project) as document:
        found = propose_in(document, "arrangement", settings, progress)
        state = document.state
    rows = [
        {
            **proposal_row(one, state.rate_hz, "kind", "score", "payload", "reason"),
            "alternatives": [other.label for other in one.alternatives],
            "evidence": str(one.evidence),
        }
        for one in found.found.proposals
        if one.id in state.proposals
    ]
    yield VerbOutput({**found.found.figures, "arrangement": rows}, found.report)


ARRANGE = Verb(add_arrange_arguments, run_arrange)
