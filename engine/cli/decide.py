"""``offcut decide PROJECT (accept|reject|reset) ...``: answer proposals."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.answer import Answer
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.document.edits import decide, move_edges
from engine.errors import UsageError
from engine.progress import Progress
from engine.review.queue import at_or_above
from engine.timebase import s_to_samples

_VERDICTS = {"accept": Verdict.ACCEPTED, "reject": Verdict.REJECTED, "reset": Verdict.UNDECIDED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("answer", choices=tuple(_VERDICTS))
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--all", action="store_true", help="every proposal")
    parser.add_argument("--above", type=float, metavar="SCORE", help="every undecided one at or above it")
    parser.add_argument("--nudge-start-ms", type=float, default=0.0, metavar="X")
    parser.add_argument("--nudge-stop-ms", type=float, default=0.0, metavar="X")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:  # noqa: ARG001
    """Nudge the edges where asked, then answer, all in the document's history."""
    if bool(options.ids) + options.all + (options.above is not None) != 1:
        raise UsageError("Say which proposals: their ids, or --all, or --above SCORE.")
    with Document.open(options.project) as document:
        state = document.state
        if options.all:
            ids = tuple(state.proposals)
        else:
            ids = at_or_above(state, options.above) if options.above is not None else tuple(options.ids)
        verdict = _VERDICTS[options.answer]
        answer = decide(state, ids, verdict)
        if options.nudge_start_ms or options.nudge_stop_ms:
            _nudge(document, ids, options.nudge_start_ms, options.nudge_stop_ms)
            answer = decide(document.state, ids, verdict)
        document.apply(answer)
    yield Answer({"decided": len(ids), "state": str(verdict), "ids": list(ids)}, answer.label)


def _nudge(document: Document, ids: tuple[str, ...], start_ms: float, stop_ms: float) -> None:
    rate_hz = document.state.rate_hz
    for proposal_id in ids:
        start, stop = document.state.span(proposal_id)
        start += s_to_samples(start_ms / 1000, rate_hz)
        stop += s_to_samples(stop_ms / 1000, rate_hz)
        document.apply(move_edges(document.state, proposal_id, start, stop))
