"""``offcut decide PROJECT (accept|reject|reset) ...``: answer proposals."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.arguments import finite
from engine.cli.documents import analyses_of, opened
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.document.analysis import PICKUP, TAKES
from engine.document.document import Document
from engine.document.edits.proposals import move_edges
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.features.takes.finders.takes_that_play import known_takes, lost_between, lost_sentence
from engine.features.taste.document_cuts import answer
from engine.features.timing.hits.membership import left_behind, left_behind_sentence, tracks_of_moves
from engine.recordings.analyses import known_pickup
from engine.review.answers import BulkAccept, accept_in_bulk
from engine.review.queue import at_or_above

_VERDICTS = {"accept": Verdict.ACCEPTED, "reject": Verdict.REJECTED, "reset": Verdict.UNDECIDED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("answer", choices=tuple(_VERDICTS))
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--all", action="store_true", help="every proposal")
    parser.add_argument("--above", type=finite, metavar="SCORE", help="undecided ones from this score on")
    parser.add_argument("--nudge-start-ms", type=finite, default=0.0, metavar="X", help="moves start edges")
    parser.add_argument("--nudge-stop-ms", type=finite, default=0.0, metavar="X", help="moves stop edges")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:  # noqa: ARG001
    """Nudge the edges where asked, then answer, all in the document's history."""
    if bool(options.ids) + options.all + (options.above is not None) != 1:
        raise UsageError("Name proposals by their ids, or give --all or --above SCORE.")
    with opened(options.project) as document:
        state, verdict = document.state, _VERDICTS[options.answer]
        bulk = _requested(options, state, verdict)
        ids = bulk.ids
        answered = answer(state, ids, verdict, analyses_of(document))
        if options.nudge_start_ms or options.nudge_stop_ms:
            _nudge(document, ids, options.nudge_start_ms, options.nudge_stop_ms)
            answered = answer(document.state, ids, verdict, analyses_of(document))
        document.apply(answered)
        lost = lost_between(state, document.state, known_takes(state, document.analysis(TAKES)))
        outside = _left_behind(document, ids) if verdict is Verdict.ACCEPTED else ()
    fields = {
        "decided": len(ids),
        "state": str(verdict),
        "ids": list(ids),
        "weak_left": list(bulk.left),
        "left_behind": list(outside),
        "lost_passages": list(lost),
    }
    sentences = (bulk.after(answered.label), left_behind_sentence(outside), lost_sentence(lost))
    yield VerbOutput(fields, "\n".join(filter(None, sentences)))


def _requested(options: argparse.Namespace, state: DocumentState, verdict: Verdict) -> BulkAccept:
    """Return the proposals that the options name; named ids are accepted with any evidence."""
    if options.ids:
        return BulkAccept(tuple(dict.fromkeys(options.ids)))
    ids = tuple(state.proposals) if options.all else at_or_above(state, options.above)
    return accept_in_bulk(state, ids) if verdict is Verdict.ACCEPTED else BulkAccept(ids)


def _left_behind(document: Document, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the tracks recorded with those whose hits were accepted, which stay."""
    state = document.state
    pickup = known_pickup(state, document.analysis(PICKUP))
    return left_behind(state, pickup, tracks_of_moves(state, ids))


def _nudge(document: Document, ids: tuple[str, ...], start_ms: float, stop_ms: float) -> None:
    """Move the edges of all, or of none where one of them cannot go there."""
    state = document.state
    start_by, stop_by = (s_to_samples(moved_ms / 1000, state.rate_hz) for moved_ms in (start_ms, stop_ms))
    moves = []
    for proposal_id in ids:
        start, stop = state.span(proposal_id)
        moves.append(move_edges(state, proposal_id, start + start_by, stop + stop_by))
    for move in moves:
        document.apply(move)
