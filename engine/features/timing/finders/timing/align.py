"""From hits and a grid to proposals in the document, as one edit; quick enough for a slider that moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import TimingError
from engine.core.wording import counted
from engine.document.analysis import BeatGrid, Hits, sure_enough
from engine.document.edits.proposals import is_held, replace_proposals
from engine.document.kinds.timing import FLAM, HIT, ONSET_SAMPLES
from engine.document.proposals import Proposal, edited
from engine.document.pulse import is_free
from engine.document.state import DocumentState, Edit
from engine.features.timing.alignment.lines import Aligner, Groove, Lines, lines_of, staying
from engine.features.timing.alignment.moves import whole_performance
from engine.features.timing.alignment.settings import AlignmentSettings, TimingSettings
from engine.features.timing.alignment.strokes import moved_strokes
from engine.features.timing.finders.timing.hit_proposals import Placed, Shares, flam_proposals, hit_proposals

_What = tuple[str, tuple[str, ...]]

ALIGNER = "whole performance"
_MOST_LINES = 0.6
"""Farther off, three of four strokes of human playing are on the wrong line: a learned groove leaves them."""
SAME_HIT_S = 0.005
"""An answer about a hit applies to proposals for hits within this time."""


@dataclass(frozen=True, slots=True, eq=False)
class ProposedMoves:
    """Positions of hits, the proposals to move them, and the edit that adds the proposals to the document.

    Attributes
    ----------
    answered : number left out because the user already answered a proposal for the same hit
    """

    placed: Placed
    proposals: tuple[Proposal, ...]
    edit: Edit
    answered: int = 0

    @property
    def sentence(self) -> str:
        """Summarize the proposals."""
        moves = sum(one.kind == HIT.name for one in self.proposals)
        flams = len(self.proposals) - moves
        text = f"Proposed to move {moves:,} of {counted(len(self.placed.strokes), 'hit')}"
        if flams:
            text += f" and {counted(flams, 'flam')}"
        return f"{text}; {self.answered:,} answered before" if self.answered else text


def no_bleed(_row: int) -> Shares:
    """Return no bleed into any other microphone."""
    return {}


def propose_moves(
    state: DocumentState,
    hits: Hits,
    grid: BeatGrid,
    settings: TimingSettings,
    *,
    groove: Groove | None = None,
    bleed_of: Callable[[int], Shares] = no_bleed,
    aligner: Aligner | None = None,
) -> ProposedMoves:
    """Propose to move hits to the lines of a grid; decisions stay.

    Parameters
    ----------
    hits : all detected hits, with the user's confirmations
    bleed_of : how much of other microphones a voice is, see `hit_proposals.flam_proposals`
    aligner : places the hits; None for the best measured one

    Raises
    ------
    TimingError : the document has no hits or no beats
    UsageError : the groove does not fit the division
    """
    placed = place(state, hits, grid, settings, groove, aligner)
    found = (*hit_proposals(placed), *flam_proposals(placed, bleed_of))
    fresh = _unanswered(state, found)
    label = f"Proposed to move {counted(len(fresh), 'hit')}"
    edit = replace_proposals(state, fresh, settings.stored, label, kinds=(HIT.name, FLAM.name))
    return ProposedMoves(placed, fresh, edit, len(found) - len(fresh))


def place(
    state: DocumentState,
    hits: Hits,
    grid: BeatGrid,
    settings: TimingSettings,
    groove: Groove | None = None,
    aligner: Aligner | None = None,
) -> Placed:
    """Return the position of each hit that is confident enough; see `propose_moves`.

    Raises
    ------
    TimingError : the document has no hits or no beats
    UsageError : the groove does not fit the division
    """
    if not len(grid.beats_samples):
        raise TimingError("There are no beats to move hits to: tap the tempo or set it first.")
    counting = sure_enough(hits, settings.sensitivity)
    if not len(counting.onsets_samples):
        raise TimingError(_no_hits(state, hits))
    lines = lines_of(grid, settings.divided, state.rate_hz, groove)
    played = lines
    if groove is not None and groove.is_edited:
        played = lines_of(grid, settings.divided, state.rate_hz)
    placement = (aligner or default_aligner(settings, groove, played))(counting, lines)
    placement = staying(placement, counting, is_free(grid, counting.onsets_samples))
    own = set(hits.track_ids)
    is_all = all(track.id in own for track in state.tracks)
    stops = [track.stop_samples for track in state.tracks if track.id in own]
    return Placed(
        counting,
        placement,
        moved_strokes(counting, placement, state.rate_hz),
        grid,
        lines,
        settings,
        () if is_all else tuple(hits.track_ids),
        max(stops, default=state.length_samples),
        f"{ALIGNER}, {settings.divided.words}",
    )


def default_aligner(
    settings: TimingSettings, groove: Groove | None = None, played: Lines | None = None
) -> Aligner:
    """Return the best measured aligner, with the limits of the settings and the drums of a groove.

    Parameters
    ----------
    played : see `whole_performance`
    """
    is_edited = groove is not None and groove.is_edited
    return whole_performance(
        AlignmentSettings(
            strength=settings.strength,
            exclude_within_ms=settings.exclude_within_ms,
            least_ms=settings.least_ms,
            most_ms=settings.most_ms,
            own_feel=settings.own_feel,
            drum_feel=settings.drum_feel,
            drums_ms={} if groove is None else groove.drums_ms,
            by_carriers=is_edited,
            most_lines=_MOST_LINES if is_edited else float("inf"),
            fix_flams=settings.fix_flams,
        ),
        played=played,
    )


def _no_hits(state: DocumentState, hits: Hits) -> str:
    names = [track.name for track in state.tracks if track.id in set(hits.track_ids)]
    where = names[0] if len(names) == 1 else f"the {counted(len(names), 'microphone')}"
    if len(hits.onsets_samples):
        return (
            f"No hit in {where} reaches the confidence limit, of {counted(len(hits.onsets_samples), 'hit')}: "
            "raise the sensitivity."
        )
    return f"There are no drum hits in {where}: choose the microphones of the drums."


def _what(one: Proposal) -> _What:
    """Return the target of a move: all microphones, or one voice."""
    return one.kind, one.tracks if one.kind == FLAM.name else ()


def _unanswered(state: DocumentState, found: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Leave out proposals for hits whose earlier proposals the user answered."""
    answered: dict[_What, list[float]] = {}
    for key, one in state.proposals.items():
        decision = state.decisions.get(key)
        if one.kind in (HIT.name, FLAM.name) and is_held(decision):
            onset = edited(one, decision).payload.get(ONSET_SAMPLES, one.start_samples)
            answered.setdefault(_what(one), []).append(float(str(onset)))
    places = {what: np.sort(onsets) for what, onsets in answered.items()}
    within = SAME_HIT_S * state.rate_hz
    return tuple(one for one in found if one.id in state.proposals or not _is_near(one, places, within))


def _is_near(one: Proposal, places: Mapping[_What, NDArray[np.float64]], within: float) -> bool:
    onsets = places.get(_what(one), np.zeros(0))
    if not len(onsets):
        return False
    onset = float(str(one.payload[ONSET_SAMPLES]))
    after = int(np.searchsorted(onsets, onset))
    return bool((np.abs(onsets[max(0, after - 1) : after + 1] - onset) <= within).any())
