"""``offcut propose PROJECT --taste T.taste``: put cuts to review into a document, or other edits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.documents import analysing, listen, media_of, opened
from engine.cli.editing.repairs import propose_like, propose_repairs
from engine.cli.numbers import finite, proposal_row
from engine.cli.output import VerbOutput
from engine.document.analysis import Listening, NearestKept, ScoreCurve
from engine.document.document import Document
from engine.document.grid.recounted import grid_in_force
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.jobs.shorter_pauses import LEFT_S, LONGEST_S, shorten_pauses
from engine.jobs.told import told_of, told_rows, told_sentence
from engine.progress import Progress
from engine.settings import cut_settings
from engine.timebase import format_time, samples_to_s
from engine.wording import percent

if TYPE_CHECKING:
    from engine.jobs.propose import Proposed


_ANALYSES = ("listening", "score", "nearest", "hits", "sounds")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    by = parser.add_mutually_exclusive_group(required=True)
    by.add_argument("--taste", type=Path, metavar="T.taste")
    by.add_argument(
        "--recorders", action="store_true", help="recordings by another recorder, to stretch and move"
    )
    by.add_argument(
        "--tempo", action="store_true", help="other ways to count songs of which the tempo is not sure"
    )
    by.add_argument("--pauses", action="store_true", help="only where nobody plays, which needs no taste")
    by.add_argument("--talk", action="store_true", help="talk outside of songs, which become named regions")
    by.add_argument("--takes", action="store_true", help="all but the best take, and false starts")
    by.add_argument("--maker", metavar="NAME", help="what a maker finds, such as one of another package")
    by.add_argument("--sound", metavar="WORDS", help="wherever it is heard: cough, dog bark")
    by.add_argument(
        "--like", type=finite, nargs=2, metavar=("A", "B"), help="what sounds like A to B seconds, everywhere"
    )
    parser.add_argument(
        "--longer-than-s",
        type=finite,
        metavar="S",
        help=f"with --pauses: between words too, of which some is left ({LONGEST_S:g} unless told)",
    )
    parser.add_argument(
        "--leave-s", type=finite, metavar="S", help=f"so much is left of each ({LEFT_S:g} unless told)"
    )
    parser.add_argument("--cut", action="store_true", help="with --like: cut it, instead of taking it out")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--automatic", action="store_true", help="find the threshold from the scores (default)")
    how.add_argument("--keep", type=finite, metavar="SHARE", help="keep this share of the recording, 0 to 1")
    how.add_argument("--keep-minutes", type=finite, metavar="M", help="keep so many minutes of the recording")
    how.add_argument("--threshold-percentile", type=finite, metavar="P", help="cut what scores above it")
    how.add_argument("--threshold-score", type=finite, metavar="S", help="cut what scores above it, 0 to 1")
    parser.add_argument(
        "--minimum-kept-s",
        type=finite,
        metavar="S",
        help="no kept piece is shorter (two bars, or a second where there is no pulse)",
    )
    parser.add_argument("--no-snap", action="store_true", help="leave the edges where the score puts them")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Listen, score, and propose."""
    if options.cut and options.like is None:
        raise UsageError("--cut belongs to --like A B: say which span is the example.")
    shortens = options.longer_than_s is not None or options.leave_s is not None
    if shortens and not options.pauses:
        raise UsageError("--longer-than-s and --leave-s belong to --pauses: say that pauses are meant.")
    if options.sound is not None or options.like is not None:
        yield (propose_repairs if options.like is None else propose_like)(options, progress)
        return
    others = {"recorders": _recorders, "tempo": _tempo, "takes": _takes, "talk": _talk, "maker": _made}
    for name, by in others.items():
        if getattr(options, name):
            yield by(options, progress)
            return
    with opened(options.project) as document:
        settings = _settings(options, document.state)
        cut_settings({**document.state.settings, **settings})  # before minutes of listening, and any change
        listen(document, progress, options.taste)
        if shortens:
            yield _shorter_pauses(document, options)
            return
        proposed = _proposed(document, settings, pauses=options.pauses)
        document.apply(proposed.edit)
        state, plan = document.state, proposed.plan
        listening = document.analysis("listening")
    told = told_of(listening if isinstance(listening, Listening) else None, state)
    kept_s = samples_to_s(plan.kept_samples, state.rate_hz)
    yield VerbOutput(
        {
            "proposals": len(state.proposals),
            "threshold": plan.threshold,
            "kept_s": kept_s,
            "kept_share": plan.kept_share,
            "told": told_rows(told, state.rate_hz),
        },
        f"{proposed.cuts.sentence} proposed; with all of them {format_time(kept_s, 1)} "
        f"({percent(plan.kept_share)}) would be left" + (f"\n{told_sentence(told)}" if told else ""),
    )


def _shorter_pauses(document: Document, options: argparse.Namespace) -> VerbOutput:
    """Propose to leave less of pauses, in a document that was just listened to."""
    listening = document.analysis("listening")
    assert isinstance(listening, Listening)
    longest_s = LONGEST_S if options.longer_than_s is None else options.longer_than_s
    left_s = min(LEFT_S, longest_s) if options.leave_s is None else options.leave_s
    made = shorten_pauses(document.state, listening, longest_s, left_s)
    document.apply(made.put_into(document.state))
    rate_hz = document.state.rate_hz
    rows = [proposal_row(one, rate_hz, "reason") for one in made.proposals]
    figures = {"proposals": len(document.state.proposals), "cut_s": samples_to_s(made.cut_samples, rate_hz)}
    return VerbOutput({**figures, "pauses": rows}, made.sentence)


def _recorders(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Propose to line up what another recorder made."""
    from engine.jobs.drums.second_recorders import RecordersRequest, propose_recorders

    with opened(options.project) as document:
        with analysing(document):
            found = propose_recorders(RecordersRequest(document.state, media_of(document)), progress)
        document.apply(found.put_into(document.state))
        state = document.state
    names = {track.id: track.name for track in state.tracks}
    rows = [
        {
            "id": one.id,
            "tracks": [names[key] for key in one.tracks],
            "payload": one.payload,
            "reason": one.reason,
        }
        for one in found.proposals
    ]
    return VerbOutput({"proposals": len(state.proposals), "recorders": rows}, found.sentence)


def _tempo(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Propose how to count songs of which that is not sure."""
    from engine.jobs.listen import ListenRequest, weigh_tempo

    with opened(options.project) as document:
        with analysing(document, "beats"):
            found = weigh_tempo(ListenRequest(document.state, media_of(document)), progress)
        document.apply(*found.put_into(document.state))
        state = document.state
    rows = [
        {
            **proposal_row(one, state.rate_hz, "payload", "reason"),
            "alternatives": [{"label": other.label, "payload": other.payload} for other in one.alternatives],
        }
        for one in found.proposals
    ]
    return VerbOutput({"proposals": len(state.proposals), "tempo": rows}, found.sentence)


def _takes(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Propose to cut what was played again, but for the best of it."""
    from engine.jobs.takes.proposals import TakesRequest, propose_takes, takes_in_document
    from engine.jobs.takes.stored import store_takes

    with opened(options.project) as document:
        with analysing(document):
            found = takes_in_document(TakesRequest(document.state, media_of(document)), progress)
        document.apply(*store_takes(document.state, found))
        curve = document.analysis("score")
        made = propose_takes(document.state, found, curve if isinstance(curve, ScoreCurve) else None)
        document.apply(made.put_into(document.state))
        state = document.state
    rows = [proposal_row(one, state.rate_hz, "score", "reason") for one in made.proposals]
    return VerbOutput({"proposals": len(state.proposals), "takes": rows}, made.sentence)


def _talk(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Propose to cut talk outside of songs, and name the songs."""
    from engine.jobs.repairs.requests import SpanRequest
    from engine.jobs.sounds.talk import hear_talk

    with opened(options.project) as document:
        with analysing(document):
            found = hear_talk(SpanRequest(document.state, media_of(document)), progress)
        made = found.talk
        document.apply(*found.heard.put_into(document.state))
        for edit in made.put_into(document.state):
            document.apply(edit)
        state = document.state
    rows = [
        {**proposal_row(one, state.rate_hz, "score", "reason"), "evidence": one.evidence.value}
        for one in made.proposals
    ]
    songs = [
        {"start_s": samples_to_s(start, state.rate_hz), "stop_s": samples_to_s(stop, state.rate_hz)}
        for start, stop in made.songs
    ]
    return VerbOutput({"proposals": len(state.proposals), "songs": songs, "talk": rows}, made.sentence)


def _made(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Propose what a maker finds."""
    from engine.jobs.makers import make_proposals, request_of

    with opened(options.project) as document:
        found = {kind: document.analysis(kind) for kind in _ANALYSES}
        grid = grid_in_force(document.state, document.analysis("beats"))
        request = request_of(options.maker, document.state, media_of(document), {**found, "beats": grid})
        with analysing(document, *_ANALYSES, "beats"):
            made = make_proposals(request, progress)
        document.apply(made.put_into(document.state))
        state = document.state
    said = ("kind", "score", "payload", "reason")
    rows = [proposal_row(one, state.rate_hz, *said) for one in made.proposals]
    return VerbOutput(
        {"proposals": len(state.proposals), "maker": options.maker, "made": rows}, made.sentence
    )


def _proposed(document: Document, settings: Mapping[str, object], *, pauses: bool) -> Proposed:
    from engine.jobs.propose import propose, propose_pauses

    curve, listening, nearest = (document.analysis(kind) for kind in ("score", "listening", "nearest"))
    grid = grid_in_force(document.state, document.analysis("beats"))
    assert isinstance(listening, Listening)
    if pauses:
        return propose_pauses(document.state, listening)
    assert isinstance(curve, ScoreCurve)
    assert grid is not None
    assert isinstance(nearest, NearestKept)
    return propose(document.state, curve, grid, listening, settings, nearest=nearest)


def _settings(options: argparse.Namespace, state: DocumentState) -> dict[str, object]:
    from engine.jobs.propose import share_of_minutes

    given: dict[str, object] = {"threshold_mode": "automatic"} if options.automatic else {}
    keep = options.keep
    if options.keep_minutes is not None:
        length_s = samples_to_s(state.length_samples, state.rate_hz) if state.rate_hz else 0.0
        keep = share_of_minutes(options.keep_minutes, length_s)
    for mode, value in (
        ("keep", keep),
        ("percentile", options.threshold_percentile),
        ("score", options.threshold_score),
    ):
        if value is not None:
            given |= {"threshold_mode": mode, mode: value}
    if options.minimum_kept_s is not None:
        given["minimum_kept_s"] = options.minimum_kept_s
    if options.no_snap:
        given["snap"] = False
    return given
