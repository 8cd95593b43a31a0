"""The proposals that move hits, as arrays: position, target and verdict of each hit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once, found_once_of
from engine.document.analysis import Hits
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.proposals import Verdict, edited
from engine.document.state import DocumentState
from engine.document.table import VERDICTS, Made, ProposalTable, table_of

ONSET_SAMPLES, VOICES, BLEED = "onset_samples", "voices", "bleed"
BETWEEN_VOICES = "+"
STAYS = -1
"""The verdict of a hit that nothing is proposed for."""
SAME_S = 0.003
"""Tolerance for finding the onset of a voice that is moved by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """A row for each proposal whose payload names the hit it moves, in the order of their spans.

    Attributes
    ----------
    ids : length n
    places : int64, shape (n,), their rows in the table of the document
    onsets_samples : float64, shape (n,), onset of the hit
    starts_samples, stops_samples : int64, shape (n,), the slice that is moved with it
    by_samples : float64, shape (n,), shift, with the user's changes
    verdicts : int8, shape (n,), indices into `VERDICTS`
    voices : the drums in it, such as ("kick", "hat"), length n
    tracks : the track of a single moved voice, length n; empty if all microphones move
    """

    ids: tuple[str, ...]
    places: NDArray[np.int64]
    onsets_samples: NDArray[np.float64]
    starts_samples: NDArray[np.int64]
    stops_samples: NDArray[np.int64]
    by_samples: NDArray[np.float64]
    verdicts: NDArray[np.int8]
    voices: tuple[tuple[str, ...], ...]
    tracks: tuple[str, ...]

    def are(self, verdict: Verdict) -> NDArray[np.bool_]:
        """Return which have this verdict, shape (n,)."""
        found: NDArray[np.bool_] = self.verdicts == VERDICTS.index(verdict)
        return found

    def within(self, start_samples: float, stop_samples: float) -> NDArray[np.bool_]:
        """Return which hits are in [start, stop), shape (n,)."""
        found: NDArray[np.bool_] = (self.onsets_samples >= start_samples) & (
            self.onsets_samples < stop_samples
        )
        return found

    def go_as(self, others: Moves) -> bool:
        """Return whether the same hits move to the same places, regardless of verdicts."""
        columns = ("onsets_samples", "starts_samples", "stops_samples", "by_samples")
        return self.ids == others.ids and all(
            np.array_equal(getattr(self, name), getattr(others, name)) for name in columns
        )

    def sounding(self, voice: str) -> NDArray[np.bool_]:
        """Return in which hits a drum sounds, shape (n,)."""
        return _sounding(self.voices, voice)

    def row_of(self, proposal_id: str | None) -> int | None:
        """Return the row of a proposal, None if it moves no hit."""
        return self.ids.index(proposal_id) if proposal_id in self.ids else None

    def chosen(self, rows: NDArray[np.bool_]) -> tuple[str, ...]:
        """Return the ids of some rows."""
        return tuple(self.ids[row] for row in np.flatnonzero(rows).tolist())


def moves_of(state: DocumentState) -> Moves:
    """Return the moves of hits of a document as the user has them."""
    return _of_table(table_of(state))


def shifts_of(hits: Hits, moves: Moves, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return the shift of each hit and its verdict, shape (n,) each.

    A hit moves with its slice, and the shift of a separately moved voice is added.

    Returns
    -------
    by_samples : 0 without a proposal
    verdicts : indices into `VERDICTS`, `STAYS` without a proposal
    """
    onsets = hits.onsets_samples
    by, verdicts = np.zeros(len(onsets)), np.full(len(onsets), STAYS, np.int8)
    of_all = np.array([not track for track in moves.tracks], bool)
    starts, stops = moves.starts_samples[of_all], moves.stops_samples[of_all]
    if len(starts):
        row = np.maximum(np.searchsorted(starts, onsets, "right") - 1, 0)
        within = (onsets >= starts[row]) & (onsets < stops[row])
        by[within] = moves.by_samples[of_all][row[within]]
        verdicts[within] = moves.verdicts[of_all][row[within]]
    ids = list(hits.track_ids)
    for alone in np.flatnonzero(~of_all).tolist():  # voices moved by themselves are few
        place = ids.index(moves.tracks[alone]) if moves.tracks[alone] in ids else -1
        away = np.abs(onsets - moves.onsets_samples[alone])
        found = (hits.tracks == place) & (away <= SAME_S * rate_hz)
        by[found] += moves.by_samples[alone]
        verdicts[found] = moves.verdicts[alone]
    return by, verdicts


def offsets_of(
    hits: Hits, moves: Moves, lines_samples: NDArray[np.float64], strength: float, rate_hz: int
) -> dict[str, NDArray[np.float64]]:
    """Return the timing error of the hits of each drum, in milliseconds, negative if early.

    Moved hits are compared with the grid line next to their target, which is the target unless the player's
    own push and pull is preserved; all others with the nearest line.

    Parameters
    ----------
    lines_samples : ascending, of the grid; if empty, only moved hits count
    strength : strength of quantisation, 0 to 1
    """
    by, verdicts = shifts_of(hits, moves, rate_hz)
    late = -by / max(strength, 1e-9)
    stays = (verdicts == STAYS) | (by == 0)
    known = ~stays
    if len(lines_samples) > 1:
        retained = _from_nearest(hits.onsets_samples - late, lines_samples)
        late = np.where(np.abs(retained) > 1.0, late + retained, late)
        late = np.where(stays, _from_nearest(hits.onsets_samples, lines_samples), late)
        known = np.ones(len(late), bool)
    late_ms = late / rate_hz * 1000
    return {voice: late_ms[own & known] for voice, own in _rows_of_drums(hits).items()}


def retained_pulls_of(
    hits: Hits, moves: Moves, lines_samples: NDArray[np.float64], strength: float, rate_hz: int
) -> dict[str, float]:
    """Return the push and pull retained for each drum, in milliseconds, positive if late.

    It is the median of the moved hits. Drums without moved hits are left out.
    """
    by, verdicts = shifts_of(hits, moves, rate_hz)
    moved = (verdicts != STAYS) & (by != 0)
    if len(lines_samples) < 2 or not moved.any():
        return {}
    placed = hits.onsets_samples + by / max(strength, 1e-9)
    retained_ms = _from_nearest(placed, lines_samples) / rate_hz * 1000
    rows = {voice: own & moved for voice, own in _rows_of_drums(hits).items()}
    return {voice: float(np.median(retained_ms[own])) for voice, own in rows.items() if own.any()}


def _rows_of_drums(hits: Hits) -> dict[str, NDArray[np.bool_]]:
    """Return which hits are of each drum that has a close microphone, shape (n,) each."""
    voices = np.array([str(voice) for voice in hits.voices])
    return {str(role): voices == str(role) for role in dict.fromkeys(hits.roles) if role.is_close}


def _from_nearest(
    positions_samples: NDArray[np.float64], lines_samples: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of each position from the nearest line, positive if later."""
    after = np.clip(np.searchsorted(lines_samples, positions_samples), 1, len(lines_samples) - 1)
    before = lines_samples[after - 1]
    nearer = positions_samples - before < lines_samples[after] - positions_samples
    found: NDArray[np.float64] = positions_samples - np.where(nearer, before, lines_samples[after])
    return found


@found_once_of(4)
def _sounding(voices: tuple[tuple[str, ...], ...], voice: str) -> NDArray[np.bool_]:
    return np.array([voice in each for each in voices], bool)


@found_once
def _of_table(table: ProposalTable) -> Moves:
    made = _made(table.made)
    places, by_samples = made.places, made.by_samples
    changed = np.flatnonzero(table.changed[places])
    if len(changed):
        by_samples = by_samples.copy()
        for row in changed.tolist():
            proposal = table.made.rows[int(places[row])]
            payload = edited(proposal, table.decisions.get(proposal.id)).payload
            by_samples[row] = _number(payload.get(BY_SAMPLES))
    return replace(
        made,
        starts_samples=table.starts_samples[places],
        stops_samples=table.stops_samples[places],
        by_samples=by_samples,
        verdicts=table.verdicts[places],
    )


@found_once
def _made(made: Made) -> Moves:
    """Return the moves as they were proposed."""
    places = [place for place, proposal in enumerate(made.rows) if ONSET_SAMPLES in proposal.payload]
    rows = [made.rows[place] for place in places]
    where = np.array(places, np.int64)
    return Moves(
        ids=tuple(proposal.id for proposal in rows),
        places=where,
        onsets_samples=np.array([_number(one.payload[ONSET_SAMPLES]) for one in rows], np.float64),
        starts_samples=made.starts_samples[where],
        stops_samples=made.stops_samples[where],
        by_samples=np.array([_number(one.payload.get(BY_SAMPLES)) for one in rows], np.float64),
        verdicts=np.zeros(len(rows), np.int8),
        voices=tuple(_voices(one.payload.get(VOICES)) for one in rows),
        tracks=tuple(one.tracks[0] if BLEED in one.payload and len(one.tracks) == 1 else "" for one in rows),
    )


def _number(value: object) -> float:
    """Return a number of a payload; 0 for an invalid one, which is refused on use."""
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else 0.0


def _voices(value: object) -> tuple[str, ...]:
    return tuple(filter(None, value.split(BETWEEN_VOICES))) if isinstance(value, str) else ()
