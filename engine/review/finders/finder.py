"""The parts of a finder: the settings, the request, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.analysis.found_takes import FoundTakes
from engine.core.progress import Progress
from engine.document.analysis import SOUNDS, Analysis, BeatGrid
from engine.document.drums.edits import PROMOTED
from engine.document.drums.pickup import PICKUP
from engine.document.file.stored_audio import StoredAudio
from engine.document.marks.edits import NamedSpan
from engine.document.proposals import Proposal, proposal_id
from engine.document.state import DocumentState
from engine.document.takes import TAKES
from engine.review.finders.settings import FinderSettings

KNOWN = ("beats", "listening", "score", "nearest", "hits", PROMOTED, PICKUP, SOUNDS, TAKES)
"""Kinds of analyses of a request: `BeatGrid`, `Listening`, `ScoreCurve`, `NearestReference`, `Hits` (all, and
those that the user confirmed), `StrokePickup`, `DetectedSounds` and `StoredTakes`."""


@dataclass(frozen=True, slots=True)
class FinderRequest:
    """A document to find edits in; all of it is frozen.

    Attributes
    ----------
    name : of the finder, as it is registered
    maker : the maker of its proposals
    media : where each source is now, by source id
    analyses : analyses of the document by kind, of Offcut (`KNOWN`) and of packages (`StoredCurve`); those
        that the finder needs are there
    settings : of the class that the finder declares
    tracks : ids of the selected tracks; none for all
    """

    name: str
    maker: str
    state: DocumentState
    media: Mapping[str, Path]
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    settings: FinderSettings = field(default_factory=FinderSettings)
    tracks: tuple[str, ...] = ()

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
        """Return a proposal of the finder.

        Parameters
        ----------
        kind : of `engine.document.kinds.KINDS`
        start_samples, stop_samples : the span [start, stop) in samples of the document
        score : the confidence, 0 to 1
        reason : one sentence that a musician understands
        payload : the values that the kind needs in addition to the span
        tracks : ids of the tracks that it edits; none for all
        """
        values = dict(payload or {})
        key = proposal_id(kind, start_samples, stop_samples, self.maker, tracks, values)
        return Proposal(
            key, kind, start_samples, stop_samples, score, reason, self.maker, (), values, None, tuple(tracks)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The result of a finder.

    Attributes
    ----------
    summary : one sentence about the result; empty for a count of the proposals
    analyses : id and analysis by kind, found on the way and stored in the document
    regions : spans that the document names
    figures : more about the result, as values of JSON
    label : the step in the history; empty for a count of the proposals
    stored_settings : settings of the document that led to the proposals, stored with them
    audio : audio that the proposals play, stored with them
    grid : a grid that the user brought, which becomes active with the proposals
    takes : passages played more than once, found on the way; without, those of the document
    """

    proposals: Sequence[Proposal]
    summary: str = ""
    analyses: Mapping[str, tuple[str, Analysis]] = field(default_factory=dict)
    regions: Sequence[NamedSpan] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    label: str = ""
    stored_settings: Mapping[str, object] = field(default_factory=dict)
    audio: Sequence[StoredAudio] = ()
    grid: BeatGrid | None = None
    takes: FoundTakes | None = None


def _accepts(request: FinderRequest) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Finder:
    """One way to find edits.

    Attributes
    ----------
    title : its name in lists
    about : one sentence about its proposals
    find : returns the result for a request, whose proposals `FinderRequest.proposal` makes
    settings : the class of its settings; forms, flags and help texts are made from its fields
    needs : names of analyses that are computed before where they are missing (`engine.recordings.analyses`)
    reads : kinds of analyses that the result depends on; where another program changes one of them meanwhile,
        the result is refused
    is_quick : whether the form of its settings shows the result of each value at once
    check : raises `UsageError` for a request that is refused before anything is computed
    maker : the maker of its proposals, or one name for several; if it is empty, the maker is "added:" and the
        name of the finder, and no other finder replaces its proposals
    replaces : kinds of undecided proposals that are replaced, in addition to the kinds
        found; empty for those kinds that the finder proposed before
    adds : whether its proposals are added to those of before, and replace none
    is_listed : whether a panel lists its proposals, so that none is left out that another finder made as well
    accepts : whether its proposals are accepted at once, in the place of all that was accepted before
    """

    title: str
    about: str
    find: Callable[[FinderRequest, Progress], Found]
    settings: type[FinderSettings] = FinderSettings
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = KNOWN
    is_quick: bool = False
    check: Callable[[FinderRequest], None] = _accepts
    maker: str = ""
    replaces: tuple[str, ...] = ()
    adds: bool = False
    is_listed: bool = False
    accepts: bool = False
