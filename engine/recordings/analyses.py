"""The registry of analyses of a recording: those of Offcut, and those that packages add.

An analysis is a row here or in the record of a feature, or an entry point of the group `offcut.analyses`.
Modules that compute are imported when an analysis runs; this one imports nothing heavy. The stored comparison
of tracks that pick up the same strokes is here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from engine.core.errors import Cancelled, OffcutError, UsageError
from engine.core.extensions import Extended, UnusableError, blamed, error_text, require_type
from engine.core.extensions.names import Extension
from engine.core.features import features_of
from engine.core.progress import Progress
from engine.document.analysis import (
    PICKUP,
    PICKUP_MAKER,
    SOUNDS,
    Analysis,
    Listening,
    StoredCurve,
    StrokePickup,
    analysis_id,
)
from engine.document.edits.analyses import LISTENING_MAKER, listening_ids, mix_inputs
from engine.document.edits.proposals import set_analyses
from engine.document.file.stored_analyses import FORMS, require_curve
from engine.document.grid_edits import is_edited
from engine.document.proposals import ADDED_MAKER
from engine.document.state import DocumentState, Edit
from engine.sound.edl.build import build

if TYPE_CHECKING:
    from engine.analysis.beats.listen import Song


Stored = Mapping[str, tuple[str, Analysis]]
"""Id and analysis by kind."""


@dataclass(frozen=True, slots=True, eq=False)
class AnalysisRequest:
    """A document to analyse.

    Attributes
    ----------
    media : where each source is now, by source id
    taste : the taste to score with; None for no scores
    analyses : stored analyses by kind, and those computed before this one
    """

    state: DocumentState
    media: Mapping[str, Path]
    taste: Path | None = None
    analyses: Mapping[str, Analysis] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FoundAnalyses:
    """New analyses by kind, and their ids; current ones are left out.

    Attributes
    ----------
    songs : the songs with the probability of each way to count them; empty if the beats were already stored
    notices : a sentence for each analysis of a package that failed
    """

    analyses: Mapping[str, Analysis]
    ids: Mapping[str, str]
    songs: tuple[Song, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def stored(self) -> Stored:
        """Id and analysis by kind."""
        return {kind: (self.ids[kind], analysis) for kind, analysis in self.analyses.items()}

    def __or__(self, later: FoundAnalyses) -> FoundAnalyses:
        analyses, ids = {**self.analyses, **later.analyses}, {**self.ids, **later.ids}
        return FoundAnalyses(analyses, ids, self.songs + later.songs, self.notices + later.notices)


@dataclass(frozen=True, slots=True)
class Analyser:
    """One analysis of a recording.

    Attributes
    ----------
    analyse : a function of `AnalysisRequest` and `Progress`, or its place as "module:name". It returns a
        `StoredCurve`, or `FoundAnalyses` if there is an `is_current`
    needs : names of analyses of Offcut that are computed before, where they are missing
    brings : names of analyses that it computes in the same pass, where they are missing
    lane : title of the lane that draws the curve; empty for none
    version : a higher one computes the analysis of each document again
    is_current : whether a stored analysis is the result for a request; None for a curve, which has the id of
        its name, its version and the analysed mix
    """

    analyse: str | Callable[[AnalysisRequest, Progress], FoundAnalyses | StoredCurve]
    needs: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    lane: str = ""
    version: int = 1
    is_current: Callable[[AnalysisRequest, Analysis | None], bool] | None = None

    def run(self, request: AnalysisRequest, progress: Progress) -> FoundAnalyses | StoredCurve:
        """Compute the analysis.

        Raises
        ------
        UsageError : it is of a package, and failed or returned an invalid result
        SourceError : a recording is missing or cannot be read
        Cancelled : the user asked for it
        """
        analyse = resolve_name(self.analyse) if isinstance(self.analyse, str) else self.analyse
        found: FoundAnalyses | StoredCurve = analyse(request, progress)
        return found


def missing_analyses(request: AnalysisRequest, names: Iterable[str]) -> list[str]:
    """Return the names of the analyses, and of those that they need, that are not current; in order.

    Those that an earlier one brings are left out.
    """

    def with_needs(some: Iterable[str]) -> Iterator[str]:
        for name in some:
            yield from with_needs(ANALYSES[name].needs)
            yield name

    missing: list[str] = []
    for name in dict.fromkeys(with_needs(names)):
        if any(name in ANALYSES[before].brings for before in missing):
            continue
        is_current = ANALYSES[name].is_current
        assert is_current is not None, "the registry adds it"
        if not is_current(request, request.analyses.get(name)):
            missing.append(name)
    return missing


def analysed(
    request: AnalysisRequest, names: Iterable[str], progress: Progress, *, leaves_out: bool = False
) -> FoundAnalyses:
    """Compute analyses one after the other; each has the results of those before.

    Parameters
    ----------
    leaves_out : whether an analysis of a package that fails is left out with a notice

    Raises
    ------
    UsageError, SourceError, Cancelled : see `Analyser.run`
    """
    found, wanted = FoundAnalyses({}, {}), list(names)
    for number, name in enumerate(wanted):
        known = replace(request, analyses={**request.analyses, **found.analyses})
        try:
            made = ANALYSES[name].run(known, progress.step(number, len(wanted)))
            assert isinstance(made, FoundAnalyses), "the registry makes them of curves"
            found |= made
        except OffcutError as error:
            if not leaves_out or name in ANALYSES.own:
                raise
            found |= FoundAnalyses({}, {}, notices=(str(error),))
    return found


def _is_listening(request: AnalysisRequest, found: Analysis | None) -> bool:
    """Return whether onsets and beats are of the mix as it is; an edited grid stays active."""
    state, wanted = request.state, listening_ids(request.state)
    if not isinstance(found, Listening) or found.maker != LISTENING_MAKER:
        return False
    has_beats = is_edited(state) or state.analyses.get("beats") == wanted["beats"]
    return has_beats and state.analyses.get("listening") == wanted["listening"]


def is_of_sound(kind: str, maker: str, request: AnalysisRequest, found: Analysis | None) -> bool:
    """Return whether a maker found an analysis in the mix as it is; an empty maker stands for any."""
    if found is None:
        return False
    return request.state.analyses.get(kind) == _id(kind, request.state, maker or found.maker)


def _id(kind: str, state: DocumentState, maker: str) -> str:
    return analysis_id(kind, mix_inputs(state), maker)


def _added(extension: Extension, made: object) -> Analyser:
    """Return an analysis of another package, whose results are checked and signed."""
    analyser, name = require_type(made, Analyser), extension.name
    if name in FORMS:
        raise UnusableError("has the name of an analysis that Offcut stores")
    if not (callable(analyser.analyse) or isinstance(analyser.analyse, str)):
        raise UnusableError("has something in the place of a function that cannot be called")
    if unknown := set(analyser.needs) - ANALYSES.own.keys():
        raise UnusableError(
            f"needs {min(unknown)!r}: an analysis needs some of {', '.join(sorted(ANALYSES.own))}"
        )
    signed = _signed(name, f"{ADDED_MAKER}{name} {analyser.version}", analyser)
    return replace(signed, analyse=partial(_named, extension, signed))


def _named(
    extension: Extension, analyser: Analyser, request: AnalysisRequest, progress: Progress
) -> FoundAnalyses | StoredCurve:
    """Compute an analysis of a package; an error names the package and the value."""
    try:
        return analyser.run(request, progress)
    except (Cancelled, OffcutError):
        raise
    except UnusableError as error:
        failed = f"{extension.words} failed: it {error}."
    except Exception as error:
        failed = blamed(error) or f"{extension.words} failed: it raises {error_text(error)}."
    raise UsageError(f"{failed} Its curve was left out: update or uninstall the package.")


def _signed(name: str, maker: str, analyser: Analyser) -> Analyser:
    """Return an analyser whose curves are checked, and signed by a maker."""

    def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
        made = analyser.run(request, progress)
        if not isinstance(made, StoredCurve):
            raise UnusableError(f"returns a {type(made).__name__} instead of a `StoredCurve`")
        curve = replace(made, title=analyser.lane, maker=maker)
        try:
            require_curve(curve)
        except ValueError as error:
            raise UnusableError(f"returns {error}") from error
        if len(curve.values) != (frames := -(-request.state.length_samples // curve.hop_samples)):
            raise UnusableError(f"returns {len(curve.values):,} values for {frames:,} frames")
        return FoundAnalyses({name: curve}, {name: _id(name, request.state, maker)})

    return replace(analyser, analyse=analyse, is_current=partial(is_of_sound, name, maker))


def _with_signature(name: str, row: Analyser) -> Analyser:
    return row if row.is_current else _signed(name, f"{name} {row.version}", row)


_ROWS = {
    "listening": Analyser("engine.recordings.listen:find_beats_and_onsets", is_current=_is_listening),
    SOUNDS: Analyser("engine.recordings.detect_sounds:analyse", is_current=partial(is_of_sound, SOUNDS, "")),
}
ANALYSES: Extended[Analyser] = Extended(
    "offcut.analyses",
    {name: _with_signature(name, row) for name, row in _ROWS.items()},
    _added,
    lambda: {
        name: _with_signature(name, resolve_name(place))
        for _, one in features_of("engine")
        for name, place in one.analyses.items()
    },
)
"""By the kind under which documents store them."""


def clocks_of(state: DocumentState, tracks: Sequence[str]) -> list[list[tuple[str, float, float]]]:
    """Return how far tracks are lined up and stretched, as a list in a list; empty where none is."""
    edits = build(state).patches
    found = ((key, edits[key].clock) for key in tracks if key in edits)
    clocks = [(key, clock.by_samples, clock.drift_ppm) for key, clock in found if clock is not None]
    return [clocks] if clocks else []


def pickup_id(state: DocumentState) -> str:
    """Return the id of the pickup that comparing the tracks of a document gives."""
    tracks = [(one.id, *state.recorded(one)) for one in state.tracks]
    return analysis_id(PICKUP, PICKUP_MAKER, tracks, *clocks_of(state, [one.id for one in state.tracks]))


def known_pickup(state: DocumentState, stored: Analysis | None) -> StrokePickup | None:
    """Return the stored pickup if it belongs to the tracks as they are; else None."""
    is_current = state.analyses.get(PICKUP) == pickup_id(state)
    return stored if is_current and isinstance(stored, StrokePickup) else None


def store_pickup(state: DocumentState, pickup: StrokePickup) -> tuple[Edit, Mapping[str, Analysis]]:
    """Return the edit that puts a pickup into a document, which is not a step of undo."""
    key = pickup_id(state)
    return set_analyses(state, {PICKUP: key}, "Compared the tracks", by_listening=True), {key: pickup}
