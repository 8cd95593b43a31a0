"""The finders of Offcut and of other packages, and the job that runs one.

The job computes the analyses that the finder needs and the document does not have, and checks its proposals.
They replace the undecided ones that the same finder made before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType

from engine.core.errors import DocumentError, UsageError
from engine.core.extensions import Extended, UnusableError, require_type
from engine.core.extensions.names import Extension
from engine.core.progress import Progress
from engine.core.wording import counted, listed, quoted
from engine.document.analysis import TAKES, Analysis, require_recording
from engine.document.edits.markers import add_all
from engine.document.edits.proposals import add_proposals, replace_proposals, set_analyses
from engine.document.file.stored_audio import StoredAudio
from engine.document.grid_edits import keeping_edited, set_grid
from engine.document.grid_readings import grid_in_force
from engine.document.kinds import KINDS, not_available
from engine.document.proposals import ADDED_MAKER, Alternative, Decision, Proposal, edited, only_it_replaces
from engine.document.state import DocumentState, Edit
from engine.features.own import OWN
from engine.features.takes.finders.takes_that_play import known_takes, lost_passages
from engine.recordings import analyses
from engine.recordings.analyses import ANALYSES, AnalysisRequest, Stored
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found, settings_from
from engine.review.overlaps import proposed_already
from engine.sound.edl.edits_that_play import accept_instead


def completed(
    request: FinderRequest, needs: Sequence[str], progress: Progress
) -> tuple[FinderRequest, Stored]:
    """Return a request that has the analyses it needs, and those that were missing.

    Raises
    ------
    UsageError : an analysis of a package failed
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    found = analyses.analysed(_analysis_request(request), missing_analyses(request, needs), progress)
    in_force = keeping_edited(request.state, found.ids)
    known = {**request.analyses, **{kind: found.analyses[kind] for kind in in_force}}
    if "beats" in in_force and (grid := grid_in_force(request.state, known["beats"])) is not None:
        known["beats"] = grid
    return replace(request, analyses=MappingProxyType(known)), found.stored


def missing_analyses(request: FinderRequest, needs: Sequence[str]) -> list[str]:
    """Return the analyses that a request needs and does not have, in the order to compute them."""
    return analyses.missing_analyses(_analysis_request(request), needs)


def _analysis_request(request: FinderRequest) -> AnalysisRequest:
    """Return the request for analyses, with the taste that the settings name."""
    named = getattr(request.settings, "taste", "")
    return AnalysisRequest(request.state, request.media, Path(named) if named else None, request.analyses)


_ANALYSED = 0.9
"""The share of the progress of missing analyses."""


Applied = tuple[Edit, Mapping[str, Analysis], Sequence[StoredAudio]]
"""An edit with the analyses that it refers to, by id, and the audio that it plays."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundEdits:
    """The result of a finder, to be put into the document.

    Attributes
    ----------
    analysed : analyses that the finder needed and that were missing
    lost : names of passages that lose their last playing take if all proposals are accepted
    """

    request: FinderRequest
    found: Found
    analysed: Stored
    lost: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """Name the passages that would be lost with all proposals accepted; empty without any."""
        if not self.lost:
            return ""
        return f"Accepting everything removes every take of the {listed(self.lost)}. Keep one take of each."

    @property
    def sentence(self) -> str:
        """Summarise the result."""
        if self.found.summary:
            return self.found.summary
        title, count = FINDERS[self.request.name].title, len(self.found.proposals)
        return f"{title}: {counted(count, 'edit')} proposed." if count else f"{title}: nothing to propose."

    @property
    def report(self) -> str:
        """The result in sentences, a line each, for the document that it was asked of."""
        return "\n".join(filter(None, (self.sentence, self.known_sentence(self.request.state), self.warning)))

    def edits(self, state: DocumentState, merges_as: str = "") -> list[Applied]:
        """Return the edits that put it into a document, which may have been answered meanwhile.

        Each comes with the analyses that it refers to, by id, and with the audio that it plays, as
        `Document.apply` takes them; edits that change nothing are left out.

        Parameters
        ----------
        merges_as : makes one step of undo of edits with the same name; see `Edit.merges_as`

        Raises
        ------
        UsageError : the finder refuses the document as it is by now
        """
        FINDERS[self.request.name].check(replace(self.request, state=state))
        put = self.proposing(state)
        grids: Mapping[str, Analysis] = {}
        if self.found.grid is not None:
            gridded, grids = set_grid(state, self.found.grid, put.label)
            put = replace(put, changes=(*gridded.changes, *put.changes))
        put = replace(put, merges_as=merges_as)
        spans = self.found.regions
        noun = "region" if any(one.stop_samples > one.start_samples for one in spans) else "marker"
        named = add_all(state, spans, f"Named {counted(len(spans), noun)}")
        regions = replace(named, merges_as=merges_as)
        made: list[Applied] = [self.analysing(state), (put, grids, self.found.audio), (regions, {}, ())]
        return [one for one in made if one[0].changes]

    def analysing(self, state: DocumentState) -> Applied:
        """Return the edit that stores the analyses alone."""
        stored = {**self.analysed, **self.found.analyses}
        ids = keeping_edited(state, {kind: key for kind, (key, _) in stored.items()})
        return set_analyses(state, ids, "Recording analysed", by_listening=True), dict(stored.values()), ()

    def fresh(self, state: DocumentState) -> tuple[Proposal, ...]:
        """Return the proposals without cuts that another finder proposed in a document at the same place."""
        finder, maker = FINDERS[self.request.name], self.request.maker
        if finder.accepts or finder.is_listed:
            return tuple(self.found.proposals)
        known = proposed_already(state, maker, self.found.proposals, adds=finder.adds)
        return tuple(one for one in self.found.proposals if one.id not in known)

    def known_sentence(self, state: DocumentState) -> str:
        """Return how many of the proposals the queue of a document has already; empty for none."""
        known = len(self.found.proposals) - len(self.fresh(state))
        if not known:
            return ""
        return f"{counted(known, 'proposal')} of these {'is' if known == 1 else 'are'} in the queue already."

    def proposing(self, state: DocumentState) -> Edit:
        """Return the edit that puts the proposals alone into a document."""
        finder, maker, proposals = FINDERS[self.request.name], self.request.maker, self.fresh(state)
        label = self.found.label or f"{finder.title}: proposed {counted(len(proposals), 'edit')}"
        if finder.accepts:
            return Edit(label, accept_instead(state, proposals, self.request.state.decisions, maker))
        if finder.adds:
            return add_proposals(state, proposals, label)
        before = {one.kind for one in state.proposals.values() if one.maker == maker}
        kinds = {one.kind for one in proposals} | set(finder.replaces or before)
        if not kinds:
            return Edit(label, ())
        makers = (maker,) if only_it_replaces(maker) else ()
        stored = self.found.stored_settings
        return replace_proposals(state, proposals, stored, label, kinds=kinds, makers=makers)


def require_finder(name: str) -> Finder:
    """Return a finder by name.

    Raises
    ------
    UsageError : the name is unknown
    """
    finder = FINDERS.get(name)
    if finder is None:
        raise UsageError(f"There is no finder {quoted(name)}: use {listed(tuple(FINDERS), 'or')}.")
    return finder


def request_of(
    name: str,
    state: DocumentState,
    media: Mapping[str, Path],
    known: Mapping[str, Analysis | None],
    settings: Mapping[str, object] = MappingProxyType({}),
    tracks: tuple[str, ...] = (),
) -> FinderRequest:
    """Return the request for a finder, checked as far as that is quick.

    Parameters
    ----------
    known : the analyses of the document by kind; None for those that it does not have
    settings : those that differ from the defaults

    Raises
    ------
    UsageError : the finder is unknown or refuses, the document is empty, or a setting is out of range
    """
    finder = require_finder(name)
    require_recording(state, "analyse")
    analyses = {kind: analysis for kind, analysis in known.items() if analysis is not None}
    request = FinderRequest(
        name,
        finder.maker or f"{ADDED_MAKER}{name}",
        state,
        media,
        MappingProxyType(analyses),
        settings_from(finder.settings, settings),
        tracks,
    )
    finder.check(request)
    return request


def find_edits(request: FinderRequest, progress: Progress) -> FoundEdits:
    """Have a finder find edits; analyses that it needs are computed first.

    Raises
    ------
    UsageError : a result of the finder cannot be proposed
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    finder, name = require_finder(request.name), quoted(request.name)
    completed_request, analysed = completed(request, finder.needs, progress.part(0.0, _ANALYSED))
    found = finder.find(completed_request, progress.part(_ANALYSED if analysed else 0.0, 1.0))
    if not isinstance(found, Found):
        raise UsageError(f"The finder {name} failed: it returns a {type(found).__name__} instead of `Found`.")
    for number, one in enumerate(found.proposals, 1):
        if trouble := _trouble(request, one):
            raise UsageError(f"The finder {name} failed: its proposal {number} {trouble}.")
    if len({one.id for one in found.proposals}) < len(found.proposals):
        raise UsageError(f"The finder {name} failed: it proposes the same twice.")
    takes = found.takes or known_takes(request.state, completed_request.analyses.get(TAKES))
    lost = lost_passages(request.state, takes, found.proposals) if takes and found.proposals else ()
    return FoundEdits(request, found, analysed, lost)


def _trouble(request: FinderRequest, one: object) -> str:
    """Return why something cannot be proposed, or nothing."""
    if not isinstance(one, Proposal):
        return f"is a {type(one).__name__}"
    length = request.state.length_samples
    ways: tuple[Proposal | Alternative, ...] = (one, *one.alternatives)
    spans = [(each.start_samples, each.stop_samples) for each in ways]
    if not all(type(edge) is int for span in spans for edge in span):
        return "has edges that are not whole samples"
    if not all(0 <= start < stop <= length for start, stop in spans):
        return f"is not a span within the recording, which has {length:,} samples"
    if not (isinstance(one.score, int | float) and isfinite(one.score) and 0 <= one.score <= 1):
        return f"has the score {quoted(one.score)}, which is not from 0 to 1"
    if request.maker.startswith(ADDED_MAKER) and one.maker != request.maker:
        return f"is made in the name of {quoted(one.maker)}"
    if not isinstance(one.reason, str) or not one.reason.strip():
        return "has no reason"
    if unknown := set(one.tracks) - {track.id for track in request.state.tracks}:
        return f"is about a track {quoted(min(unknown))}, which is missing"
    # Payloads of Offcut's own finders are tested; checking those of 5,000 hits would hold a slider up.
    return _trouble_of_kind(one) if request.maker.startswith(ADDED_MAKER) else ""


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
        return f"is not one of its kind: {error}".rstrip(".")
    return ""


def _added(extension: Extension, made: object) -> Finder:
    """Return a finder of another package."""
    finder = require_type(made, Finder)
    if not callable(finder.find) or not callable(finder.check):
        raise UnusableError("has something in the place of a function that cannot be called")
    if not all(isinstance(one, str) and one.strip() for one in (finder.title, finder.about)):
        raise UnusableError("has no title or no description")
    if not (isinstance(finder.settings, type) and issubclass(finder.settings, FinderSettings)):
        raise UnusableError("has settings that are not `FinderSettings`")
    if taken := {"help", "json", "tracks"} & set(finder.settings.model_fields):
        raise UnusableError(f"has the setting {min(taken)!r}, which is an option of every finder")
    if unknown := [one for one in finder.needs if one not in ANALYSES]:
        raise UnusableError(f"needs {min(unknown)!r}: an analysis is one of {', '.join(sorted(ANALYSES))}")
    if finder.accepts:
        raise UnusableError("accepts its proposals: leave that to the user")
    if finder.maker:
        raise UnusableError(f"has the maker {finder.maker!r}: leave that out, its name is {extension.name!r}")
    return finder


def _own() -> Mapping[str, Finder]:
    return {name: resolve_name(row.place) for name, row in OWN.items()}


FINDERS: Extended[Finder] = Extended("offcut.finders", {}, _added, _own)
