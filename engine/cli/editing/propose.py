"""``offcut propose PROJECT --taste T.taste``: put cuts to review into a document, or other edits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.documents import analysing, listen, media_of, opened
from engine.cli.editing.repairs import propose_like, propose_repairs
from engine.cli.numbers import finite, proposal_row, span_s
from engine.cli.output import VerbOutput
from engine.document.analysis import Listening, NearestKept, ScoreCurve
from engine.document.document import Document
from engine.document.grid.recounted import grid_in_force
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.finders.finder import KNOWN
from engine.finders.registry import FINDERS, find_edits, request_of
from engine.jobs.told import told_of, told_sentence
from engine.progress import Progress
from engine.settings import cut_settings
from engine.timebase import format_time, samples_to_s
from engine.wording import percent

if TYPE_CHECKING:
    from engine.jobs.propose import Proposed


_FLAGS = ("takes", "talk", "recorders", "tempo")
"""Finders that have a flag of their own name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    names = ", ".join(FINDERS.own)
    parser.add_argument("finder", nargs="?", metavar="FINDER", help=f"{names}, or one of a package")
    by = parser.add_mutually_exclusive_group()
    by.add_argument("--taste", type=Path, metavar="T.taste", help="cuts, by the scores of a taste")
    by.add_argument("--sound", metavar="WORDS", help="a repair wherever it sounds: cough, dog bark")
    by.add_argument(
        "--like", type=finite, nargs=2, metavar=("A", "B"), help="what sounds like A to B seconds, everywhere"
    )
    by.add_argument("--pauses", action="store_true", help="the finder dead-air, or pauses with its settings")
    for name in _FLAGS:
        by.add_argument(f"--{name}", action="store_true", help=f"the finder {name}")
    by.add_argument("--maker", metavar="FINDER", help="a finder by its name")
    for name, finder in FINDERS.own.items():
        for setting, about in finder.settings.model_fields.items():
            parser.add_argument(
                _flag(setting),
                type=finite,
                metavar="S" if setting.endswith("_s") else "X",
                help=f"with {name}: {about.description} ({about.default:g} by default)",
            )
    parser.add_argument(
        "--set", nargs=2, action="append", default=[], metavar=("NAME", "X"), help="a setting of any finder"
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
    """Analyse, and propose."""
    if options.cut and options.like is None:
        raise UsageError("--cut belongs to --like A B: say which span is the example.")
    settings = _finder_settings(options)
    name, key = _finder_asked(options, settings)
    if name:
        yield _found(options.project, (name, key), settings, progress)
    elif settings:
        raise UsageError(f"{_flag(next(iter(settings)))} is a setting of a finder: name the finder.")
    elif options.taste is None:
        yield (propose_repairs if options.like is None else propose_like)(options, progress)
    else:
        yield _cuts(options, progress)


def _flag(setting: str) -> str:
    return f"--{setting.replace('_', '-')}"


def _finder_settings(options: argparse.Namespace) -> dict[str, object]:
    """Return the settings that were given, by name."""
    names = (name for finder in FINDERS.own.values() for name in finder.settings.model_fields)
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    return {**given, **{name.replace("-", "_"): text for name, text in options.set}}


def _finder_asked(options: argparse.Namespace, settings: Mapping[str, object]) -> tuple[str, str]:
    """Return the name of the finder, and the key of its proposals in JSON; empty where none is meant.

    Raises
    ------
    UsageError : nothing is named, or two things are
    """
    flags = [name for name in _FLAGS if getattr(options, name)]
    asked = [(name, name) for name in flags]
    if options.maker is not None:
        asked.append((options.maker, "made"))
    if options.pauses:
        asked.append(("pauses" if settings else "dead-air", "pauses"))
    if options.finder is not None:
        asked.append((options.finder, "found"))
    others = sum(one is not None for one in (options.taste, options.sound, options.like))
    if len(asked) + others != 1:
        raise UsageError(
            f"One finder is asked at a time: name one of {', '.join(FINDERS.own)}, or give --taste, --sound "
            "or --like."
        )
    return asked[0] if asked else ("", "")


def _found(
    project: Path, asked: tuple[str, str], settings: Mapping[str, object], progress: Progress
) -> VerbOutput:
    """Have a finder find edits, and put them into the document."""
    name, key = asked
    with opened(project) as document:
        known = {kind: document.analysis(kind) for kind in KNOWN}
        known["beats"] = grid_in_force(document.state, known["beats"])
        request = request_of(name, document.state, media_of(document), known, settings)
        with analysing(document, *KNOWN):
            found = find_edits(request, progress)
        for edit, analyses in found.edits(document.state):
            document.apply(edit, analyses)
        state = document.state
    rows = [_row(one, state) for one in found.found.proposals]
    figures = {"proposals": len(state.proposals), "finder": name, **found.found.figures}
    return VerbOutput({**figures, key: rows}, found.sentence)


def _row(one: Proposal, state: DocumentState) -> dict[str, object]:
    names = {track.id: track.name for track in state.tracks}
    return {
        **proposal_row(one, state.rate_hz, "kind", "score", "payload", "reason"),
        "evidence": one.evidence.value,
        "tracks": [names[key] for key in one.tracks],
        "alternatives": [
            {"label": other.label, **span_s(other, state.rate_hz), "payload": other.payload}
            for other in one.alternatives
        ],
    }


def _cuts(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Propose cuts by the scores of a taste."""
    with opened(options.project) as document:
        settings = _settings(options, document.state)
        cut_settings({**document.state.settings, **settings})  # before minutes of analysis, and any change
        listen(document, progress, options.taste)
        proposed = _proposed(document, settings)
        document.apply(proposed.edit)
        state, plan = document.state, proposed.plan
        listening = document.analysis("listening")
    told = told_of(listening if isinstance(listening, Listening) else None, state)
    kept_s = samples_to_s(plan.kept_samples, state.rate_hz)
    return VerbOutput(
        {"proposals": len(state.proposals), **proposed.figures(told, state.rate_hz)},
        f"{proposed.cuts.sentence} proposed; with all of them {format_time(kept_s, 1)} "
        f"({percent(plan.kept_share)}) would be left" + (f"\n{told_sentence(told)}" if told else ""),
    )


def _proposed(document: Document, settings: Mapping[str, object]) -> Proposed:
    from engine.jobs.propose import propose

    curve, listening, nearest = (document.analysis(kind) for kind in ("score", "listening", "nearest"))
    grid = grid_in_force(document.state, document.analysis("beats"))
    assert isinstance(listening, Listening)
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
