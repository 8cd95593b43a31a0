"""``offcut arrange PROJECT [--editor E.editor]``: propose what an editor would do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.documents import analysing, listen, media_of, opened
from engine.cli.numbers import finite, proposal_row
from engine.cli.output import VerbOutput
from engine.document.analysis import ScoreCurve
from engine.document.grid.recounted import grid_in_force
from engine.progress import Progress
from engine.timebase import samples_to_s


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("--editor", type=Path, metavar="E.editor", help="as whom; see learn-edits")
    parser.add_argument(
        "--like",
        type=Path,
        nargs=2,
        metavar=("RAW", "EDITED"),
        help="make it like this edit of another recording",
    )
    parser.add_argument("--minutes", type=finite, metavar="M", help="how long the result is to be")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="0 for the likeliest, others for others"
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Listen, arrange, and propose."""
    with opened(options.project) as document:
        # What is missing is told before torch is imported, which takes seconds.
        from engine.jobs.arrangements.arrange import arrange
        from engine.jobs.arrangements.requests import ArrangeRequest, require_arranging

        require_arranging(document.state, options.minutes)
        _require_named(options)
        listen(document, progress.part(0.0, 0.5))
        grid = grid_in_force(document.state, document.analysis("beats"))
        assert grid is not None
        curve = document.analysis("score")
        request = ArrangeRequest(
            document.state,
            media_of(document),
            grid,
            curve if isinstance(curve, ScoreCurve) else None,
            options.editor,
            None if options.like is None else (options.like[0], options.like[1]),
            options.minutes,
            options.seed,
        )
        with analysing(document, "beats", "score"):
            made = arrange(request, progress.part(0.5, 1.0))
        document.apply(made.put_into(document.state))
        rate_hz = document.state.rate_hz
    rows = [
        {
            **proposal_row(one, rate_hz, "kind", "score", "payload", "reason"),
            "alternatives": [other.label for other in one.alternatives],
            "evidence": str(one.evidence),
        }
        for one in made.proposals
    ]
    yield VerbOutput(
        {
            "result_s": made.result_s,
            "recording_s": made.recording_s,
            "others_s": list(made.others_s),
            "references": [
                {"start_s": samples_to_s(start, rate_hz), "stop_s": samples_to_s(stop, rate_hz)}
                for start, stop in made.references_samples
            ],
            "arrangement": rows,
        },
        made.sentence,
    )


def _require_named(options: argparse.Namespace) -> None:
    """Refuse what was named and cannot be used, before an hour is listened to, which takes minutes."""
    from engine.arranging.editor import load_editor
    from engine.jobs.arrangements.learn_edits_requests import RawAndEdited, require_files

    if options.editor is not None:
        load_editor(options.editor)
    if options.like is not None:
        raw, edited = options.like
        require_files(RawAndEdited((raw,), edited))
