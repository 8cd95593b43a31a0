"""Makers of proposals: Offcut's own that need nothing but a document, and those that other packages add.

A maker is a function of a frozen request that returns proposals. What it returns is looked at before any of
it goes into a document, and replaces what the same maker proposed before and nobody answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from types import MappingProxyType

from engine.document.analysis import Analysis, ScoreCurve
from engine.document.change import Edit
from engine.document.decisions import Decision, edited
from engine.document.edits import replace_proposals
from engine.document.kinds import KINDS, not_available
from engine.document.proposals import ADDED_MAKER, BY_TAKES, Alternative, Proposal, proposal_id
from engine.document.recorded import require_recording
from engine.document.state import DocumentState
from engine.errors import DocumentError, UsageError
from engine.extensions import Extended, UnusableError, require_type
from engine.extensions.names import Extension
from engine.progress import Progress
from engine.wording import counted, listed, quoted


@dataclass(frozen=True, slots=True)
class MakerRequest:
    """What a maker is asked with; all of it is frozen.

    Attributes
    ----------
    name : of the maker, as it is registered
    media : where each source is now, by source id
    analyses : what was heard of the document before, as far as anybody listened: "beats" (`BeatGrid`),
        "listening" (`Listening`), "score" (`ScoreCurve`), "nearest" (`NearestKept`), "hits" (`Hits`),
        "sounds" (`HeardSounds`)
    """

    name: str
    state: DocumentState
    media: Mapping[str, Path]
    analyses: Mapping[str, Analysis] = field(default_factory=dict)

    def proposal(
        self,
        kind: str,
        start_samples: int,
        stop_samples: int,
        score: float,
        reason: str,
        payload: Mapping[str, object] | None = None,
        tracks: Sequence[str] = (),
    ) -> Proposal:
        """Return a proposal in the name of the maker.

        Parameters
        ----------
        kind : of `engine.document.kinds.KINDS`
        start_samples, stop_samples : the span [start, stop) in samples of the document
        score : 0 to 1, how sure it is
        reason : one sentence that a musician understands
        payload : what the kind needs beside the span
        tracks : ids of those it is about; none for all
        """
        maker, said = self.signature, dict(payload or {})
        key = proposal_id(kind, start_samples, stop_samples, maker, tracks, said)
        return Proposal(
            key, kind, start_samples, stop_samples, score, reason, maker, (), said, None, tuple(tracks)
        )

    @property
    def signature(self) -> str:
        """What the maker is called in its proposals."""
        own = MAKERS.own.get(self.name)
        return f"{ADDED_MAKER}{self.name}" if own is None else own.signature


@dataclass(frozen=True, slots=True)
class Maker:
    """One way to find what to propose.

    Attributes
    ----------
    title : what a list calls it
    about : one sentence on what it proposes
    propose : the proposals of a request, each made by `MakerRequest.proposal`
    signature : what those of Offcut are called in proposals; others are `ADDED_MAKER` and their name
    """

    title: str
    about: str
    propose: Callable[[MakerRequest, Progress], Sequence[Proposal]]
    signature: str = ""


@dataclass(frozen=True, slots=True)
class MadeProposals:
    """What a maker came to."""

    request: MakerRequest
    proposals: tuple[Proposal, ...]

    @property
    def sentence(self) -> str:
        """Say what was found."""
        title, count = MAKERS[self.request.name].title, len(self.proposals)
        return f"{title}: {counted(count, 'edit')} proposed." if count else f"{title}: nothing to propose."

    def put_into(self, state: DocumentState) -> Edit:
        """Return the edit that puts them into a document, which may have been answered meanwhile."""
        maker, label = self.request.signature, f"Proposed {counted(len(self.proposals), 'edit')}"
        kinds = {one.kind for one in (*state.proposals.values(), *self.proposals) if one.maker == maker}
        if not kinds:
            return Edit(label, ())
        return replace_proposals(state, self.proposals, {}, label, kinds=kinds, makers=(maker,))


def request_of(
    name: str, state: DocumentState, media: Mapping[str, Path], found: Mapping[str, Analysis | None]
) -> MakerRequest:
    """Return what a maker is asked with of a document; `found` holds None for what nobody listened for."""
    known = {kind: analysis for kind, analysis in found.items() if analysis is not None}
    return MakerRequest(name, state, media, MappingProxyType(known))


def make_proposals(request: MakerRequest, progress: Progress) -> MadeProposals:
    """Have a maker propose.

    Raises
    ------
    UsageError : there is no such maker, no recording, or what it returns cannot be proposed
    Cancelled : the user asked for it
    """
    maker = MAKERS.get(request.name)
    if maker is None:
        raise UsageError(f"There is no maker {quoted(request.name)}: use {listed(tuple(MAKERS), 'or')}.")
    require_recording(request.state, "listen to")
    made = tuple(maker.propose(request, progress))
    for number, one in enumerate(made, 1):
        if trouble := _trouble(request, one):
            raise UsageError(f"The maker {quoted(request.name)} failed: its proposal {number} {trouble}.")
    if len({one.id for one in made}) < len(made):
        raise UsageError(f"The maker {quoted(request.name)} failed: it proposes the same twice.")
    return MadeProposals(request, made)


def _trouble(request: MakerRequest, one: object) -> str:
    """Return why something cannot be proposed, or nothing."""
    if not isinstance(one, Proposal):
        return f"is a {type(one).__name__}"
    length = request.state.length_samples
    ways: tuple[Proposal | Alternative, ...] = (one, *one.alternatives)
    spans = [(each.start_samples, each.stop_samples) for each in ways]
    if not all(type(edge) is int for span in spans for edge in span):
        return "has edges that are no whole samples"
    if not all(0 <= start < stop <= length for start, stop in spans):
        return f"is not a span within the recording, which has {length:,} samples"
    if not (isinstance(one.score, int | float) and isfinite(one.score) and 0 <= one.score <= 1):
        return f"has the score {quoted(one.score)}, which is not from 0 to 1"
    if one.maker != request.signature:
        return f"is made in the name of {quoted(one.maker)}"
    if not isinstance(one.reason, str) or not one.reason.strip():
        return "has no reason"
    if unknown := set(one.tracks) - {track.id for track in request.state.tracks}:
        return f"is about a track {quoted(min(unknown))}, and there is none"
    return _trouble_of_kind(one)


def _trouble_of_kind(one: Proposal) -> str:
    kind = KINDS.get(one.kind)
    if kind is None:
        return f"cannot be made. {not_available(one.kind)}".rstrip(".")
    try:
        json.dumps(one.payload, allow_nan=False)
        for alternative in range(len(one.alternatives) + 1):
            asked = edited(one, Decision(one.id, alternative=alternative))
            kind.validate(asked.payload)
            kind.effect(asked)
    except (DocumentError, TypeError, ValueError) as error:
        return f"is none of its kind: {error}".rstrip(".")
    return ""


def _recorders(request: MakerRequest, progress: Progress) -> Sequence[Proposal]:
    from engine.jobs.drums.second_recorders import RecordersRequest, propose_recorders

    return propose_recorders(RecordersRequest(request.state, request.media), progress).proposals


def _takes(request: MakerRequest, progress: Progress) -> Sequence[Proposal]:
    from engine.jobs.takes.proposals import TakesRequest, propose_takes, takes_in_document

    curve = request.analyses.get("score")
    found = takes_in_document(TakesRequest(request.state, request.media), progress)
    return propose_takes(request.state, found, curve if isinstance(curve, ScoreCurve) else None).proposals


def _added(extension: Extension, made: object) -> Maker:
    """Return a maker of another package.

    Raises
    ------
    UnusableError : it is none, or not one that can be used
    """
    maker = require_type(made, Maker)
    if not callable(maker.propose):
        raise UnusableError("has something in the place of its function that cannot be called")
    if not all(isinstance(one, str) and one.strip() for one in (maker.title, maker.about)):
        raise UnusableError("has no title, or does not say what it is about")
    if maker.signature:
        raise UnusableError(f"signs as {maker.signature!r}: leave that out, its name is {extension.name!r}")
    return maker


MAKERS: Extended[Maker] = Extended(
    "offcut.makers",
    {
        "recorders": Maker(
            "Other recorders", "Lines up what another recorder made.", _recorders, signature="clocks"
        ),
        "takes": Maker("Takes", "Cuts all but the best take, and false starts.", _takes, signature=BY_TAKES),
    },
    _added,
)
