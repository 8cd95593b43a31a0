"""Comp: the best bars of several takes as one arrangement, a row for each switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.analysis import TAKES, BeatGrid, ScoreCurve, StoredTakes, require_recording
from engine.document.kinds.order import COMP as COMP_KIND
from engine.document.kinds.order import CUT, covered
from engine.document.kinds.sounding import TAKE
from engine.document.proposals import BY_COMPING, Proposal, edited
from engine.document.state import DocumentState
from engine.features.takes.finders.lanes import (
    LanePassage,
    chosen_switches,
    common_samples,
    lane_passages,
    wishes_of,
)
from engine.features.takes.finders.takes_that_play import (
    comped_by_hand,
    do_play,
    span_of,
    takes_from,
    without_answers_to,
)
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

_BEGINS = 0.05
"""A take that begins later in the passage is not comped."""
_TOUCHES = 0.1
"""Share of accepted bars that a switch next to them may overlap: edges follow attacks."""

_NO_TAKES = (
    "No passage has takes to choose from: record it several times, one take after the other, or put takes "
    "over each other on a track."
)


class CompSettings(FinderSettings):
    """Which passage, how many bars in a piece, and how much a seam costs."""

    passage: int = Field(
        0,
        ge=0,
        title="Passage (0 for all)",
        description="its number in the list of takes; 0 takes those on lanes, or every passage without lanes",
    )
    bars: int = Field(
        1, ge=1, le=64, title="Bars", description="bars in a piece: 1 for bars, 4 or 8 for phrases"
    )
    seam_price: float = Field(
        1.0,
        ge=0.0,
        le=100.0,
        title="Avoid switches",
        description="2: fewer switches between takes than usual; 0.5: more",
    )


def _settings(request: FinderRequest) -> CompSettings:
    """Return the settings of a request for this finder."""
    assert isinstance(request.settings, CompSettings)
    return request.settings


def _check(request: FinderRequest) -> None:
    require_recording(request.state, "analyse")


def _find(request: FinderRequest, progress: Progress) -> Found:
    lanes = () if _settings(request).passage else lane_passages(request.state, request.tracks)
    if lanes:
        return _on_lanes(request, lanes, progress)
    stored = request.analyses.get(TAKES)
    assert isinstance(stored, StoredTakes), "the finder needs it"
    found = takes_from(stored)
    proposals: list[Proposal] = []
    switches = passages = 0
    wanted = _passages(request, found)
    for number, group in enumerate(wanted):
        made = _of_passage(request, found, group, progress.step(number, len(wanted)))
        proposals += made
        switches += sum(one.kind == COMP_KIND.name for one in made)
        passages += bool(made)
    ways = "switch of takes" if switches == 1 else "switches of takes"
    summary = f"{switches} {ways} in {counted(passages, 'passage')} proposed."
    figures = {"switches": switches, "passages": passages}
    unique = {one.id: one for one in proposals}
    return Found(
        sorted(unique.values(), key=lambda one: one.start_samples),
        summary if proposals else _NO_TAKES,
        figures=figures,
        label=f"Proposed a comp of {counted(passages, 'passage')}",
    )


def _on_lanes(request: FinderRequest, lanes: Sequence[LanePassage], progress: Progress) -> Found:
    """Return switches to other takes on lanes: takes after each other are another way to record."""
    from engine.features.takes.finders.lane_proposals import proposals_of

    settings, grid = _settings(request), request.analyses.get("beats")
    downbeats = grid.downbeats_samples if isinstance(grid, BeatGrid) else np.zeros(0, np.int64)
    found: list[Proposal] = []
    for number, passage in enumerate(lanes):
        part = progress.step(number, len(lanes))
        found += proposals_of(request, passage, downbeats, settings.bars, settings.seam_price, part)
    count, of = len(found), counted(len(lanes), "passage")
    ways = "switch to another take" if count == 1 else "switches to other takes"
    best = f"The takes that play in {of} with takes on lanes have no bar that another take plays better."
    return Found(
        sorted({one.id: one for one in found}.values(), key=lambda one: one.start_samples),
        f"{count} {ways} in {of} with takes on lanes proposed." if found else best,
        figures={"switches": count, "passages": len(lanes)},
        label=f"Proposed a comp of {of} with takes on lanes",
    )


def _passages(request: FinderRequest, found: FoundTakes) -> Sequence[TakeGroup]:
    from engine.features.takes.finders.take_proposals import kept_takes

    number = _settings(request).passage
    if number > len(found.groups):
        raise UsageError(
            f"There is no passage {number}: this recording has {counted(len(found.groups), 'passage')} with "
            "several takes."
        )
    kept = kept_takes(request.state, found)
    if number and number - 1 in kept:
        raise UsageError(
            f"You keep take {kept[number - 1] + 1} of this passage as a whole: undo that first, then comp it."
        )
    by_hand = comped_by_hand(request.state, found)
    if number and number - 1 in by_hand:
        raise UsageError(
            f"You comped passage {number} by cuts of your own: undo or reject those first, then comp it."
        )
    if number:
        return (found.groups[number - 1],)
    return [group for place, group in enumerate(found.groups) if place not in kept and place not in by_hand]


def _of_passage(
    request: FinderRequest, found: FoundTakes, group: TakeGroup, progress: Progress
) -> list[Proposal]:
    """Return the proposals for one passage; none if it has no takes that can be compared."""
    from engine.features.takes.comp import CompRequest, comp_of
    from engine.features.takes.finders.comp_proposals import CompProposals, lines_in
    from engine.recordings.track_audio import Microphones

    state, settings = request.state, _settings(request)
    takes = _playing(state, [take for take in group.takes if _can_be_comped(take)])
    if len(takes) < 2:
        return []
    spans = [span_of(state, take) for take in takes]
    reference = max(range(len(takes)), key=lambda one: takes[one].to_share - takes[one].from_share)
    chosen = chosen_switches(state)
    stay = [any(common_samples(span, one) for one in chosen.values()) for span in spans]
    bases = np.flatnonzero(do_play(state, spans) & (np.array(stay) | (not any(stay)))).tolist()
    if not bases:
        return []
    grid, curve = request.analyses.get("beats"), request.analyses.get("score")
    downbeats = grid.downbeats_samples if isinstance(grid, BeatGrid) else np.zeros(0, np.int64)
    lines = lines_in(downbeats, spans[reference], state.rate_hz, settings.bars)
    ids = [track.id for track in state.tracks if not request.tracks or track.id in request.tracks]
    with Microphones(state, request.media, [track.id for track in state.tracks]) as microphones:

        def mix(start_samples: int, stop_samples: int) -> NDArray[np.float32]:
            heard: NDArray[np.float32] = microphones.read(start_samples, stop_samples).sum(axis=0)
            return heard

        rows = [microphones.track_ids.index(key) for key in ids]
        tracks = [partial(microphones.read_one, row) for row in rows]
        asked = CompRequest(
            mix, tracks, spans, reference, lines, state.rate_hz, settings.seam_price, wishes_of(state)
        )
        comp = comp_of(asked, bases, progress)
    scores = curve if isinstance(curve, ScoreCurve) else None
    made = CompProposals(state, found, group, takes, comp, settings.bars, scores)
    return [one for one in made if not _is_decided(one, chosen)]


def _is_decided(proposal: Proposal, chosen: Mapping[str, tuple[int, int]]) -> bool:
    """Return whether a switch is of bars for which the user accepted another switch."""
    if proposal.kind != COMP_KIND.name:
        return False
    bars = covered(edited(proposal, None))
    return any(
        key != proposal.id and common_samples(bars, one) > _TOUCHES * (one[1] - one[0])
        for key, one in chosen.items()
    )


def _can_be_comped(take: Take) -> bool:
    from engine.features.takes.following import FASTEST

    is_same = not take.transposed_semitones and abs(take.speed - 1.0) <= FASTEST
    return is_same and take.from_share <= _BEGINS


def _playing(state: DocumentState, takes: Sequence[Take]) -> list[Take]:
    """Return the takes that other edits than accepted comps let play."""
    others = without_answers_to(state, BY_COMPING)
    plays = do_play(others, [span_of(state, take) for take in takes])
    return [take for take, is_played in zip(takes, plays, strict=True) if is_played]


COMP = Finder(
    "Comp",
    "Plays each bar of a passage from the take that has no fault there.",
    _find,
    CompSettings,
    needs=("listening", TAKES),
    check=_check,
    maker=BY_COMPING,
    replaces=(COMP_KIND.name, TAKE.name, CUT.name),
)
