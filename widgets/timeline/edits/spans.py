"""All proposals as arrays in time order: visible ones and hits of the mouse are found by bisection.

The coverage of time by spans is computed once, then read for any columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import VERDICTS, ProposalTable, changed_decisions, table_of
from engine.sound.edl.conflicts import in_conflict
from widgets.edit_words import flag_words


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Cumulative coverage by spans up to any position; overlaps count once.

    Attributes
    ----------
    positions : int64, shape (m,), ascending borders of covered time
    lengths : int64, shape (m,), covered length up to each of them
    """

    positions: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Covered:
        """Add up half-open spans in the order of their starts, shape (n,) each."""
        if not len(starts):
            return NOTHING
        reach = np.maximum.accumulate(stops)
        before = np.append(starts[:1], reach[:-1])  # what those before a span have covered already
        borders = np.stack([np.maximum(starts, before), np.maximum(stops, before)], axis=1)
        lengths = np.stack([np.zeros(len(starts), np.int64), borders[:, 1] - borders[:, 0]], axis=1)
        return cls(borders.ravel(), np.cumsum(lengths.ravel()))

    @property
    def total_samples(self) -> int:
        """Total coverage."""
        return int(self.lengths[-1])

    def shares(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covered share of each column between borders, 0 to 1: shape (n + 1,) to (n,)."""
        if not self.total_samples:
            return np.zeros(len(edges) - 1)
        covered = np.diff(np.interp(edges, self.positions, self.lengths))
        shares: NDArray[np.float64] = np.clip(covered / np.diff(edges), 0.0, 1.0)
        shares[shares < LEAST] = 0.0  # what is left of differences between large numbers
        return shares


LEAST = 1e-6
NOTHING = Covered(np.zeros(1, np.int64), np.zeros(1, np.int64))


CACHED_COVERS = 48
"""Number of cached coverage sums: each zoom level uses three."""


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Proposals with the edges the user gave them, ordered by start.

    Attributes
    ----------
    rows, places : int64, shape (n,), the row of each in `table`, and the index here of each row
    starts, stops : int64, shape (n,), half-open spans in samples
    verdicts : int8, shape (n,), indices into `VERDICTS`
    reach : int64, shape (n,), the latest stop up to here; ascending, which `stops` need not be
    lengths : int64, shape (n,), source length of each, independent of its position in the view
    drops : shape (n,), whether each takes its span out of the result, on all tracks or on its own
    track_sets : the tracks that any of them are about; the first is empty, which is all
    tracks : int64, shape (n,), the place of each one's tracks in `track_sets`
    conflicts : shape (n,), whether each is accepted and in conflict with another
    slices : shape (n,), whether each is one of many side by side, whose edges are drawn quietly
    table : source of their texts
    """

    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    verdicts: NDArray[np.int8]
    reach: NDArray[np.int64]
    lengths: NDArray[np.int64]
    drops: NDArray[np.bool_]
    track_sets: tuple[tuple[str, ...], ...]
    tracks: NDArray[np.int64]
    conflicts: NDArray[np.bool_]
    slices: NDArray[np.bool_]
    table: ProposalTable
    _words: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict, repr=False)
    _covers: dict[tuple[object, ...], Covered] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, state: DocumentState) -> Spans:
        """Return the spans of a document."""
        table = table_of(state)
        rows = np.arange(len(table.made.ids))
        starts, stops, verdicts = table.starts_samples, table.stops_samples, table.verdicts
        drops = table.made.closes
        reach, lengths = np.maximum.accumulate(stops), stops - starts
        # a cut is of all tracks, whatever it names
        tracks = np.where(table.made.drops, 0, table.made.track_set_places)
        sets, conflicts = table.made.track_sets, in_conflict(state)
        columns = (verdicts, reach, lengths, drops, sets, tracks, conflicts, table.made.is_slice)
        made = cls(rows, rows, starts, stops, *columns, table)
        # An edge may have been moved past another proposal.
        return made if _ascend(starts, stops) else made.reordered(starts, stops)

    def place(self, proposal_id: str | None) -> int:
        """Return the index of a proposal, -1 for none."""
        row = -1 if proposal_id is None else self.table.made.places.get(proposal_id, -1)
        return row if row < 0 else int(self.places[row])

    def id(self, index: int) -> str:
        """Return the id of one."""
        return self.table.made.ids[int(self.rows[index])]

    def kind(self, index: int) -> str:
        """Return the name of the kind of one."""
        return self.table.made.kinds[int(self.rows[index])]

    def closed(self, index: NDArray[np.int64] | slice) -> NDArray[np.bool_]:
        """Return which of them are only a seam: entirely cut from the view."""
        closed: NDArray[np.bool_] = self.starts[index] == self.stops[index]
        return closed

    def moved(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Spans:
        """Return the same spans at other places that keep their order."""
        return replace(self, starts=starts, stops=stops, reach=np.maximum.accumulate(stops))

    def reordered(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Spans:
        """Return the same spans at other places, in the order of these."""
        order = np.lexsort((stops, starts))
        rows = self.rows[order]
        starts, stops = starts[order], stops[order]
        reach = np.maximum.accumulate(stops)
        return replace(
            self,
            rows=rows,
            places=np.argsort(rows),
            starts=starts,
            stops=stops,
            reach=reach,
            verdicts=self.verdicts[order],
            lengths=self.lengths[order],
            drops=self.drops[order],
            tracks=self.tracks[order],
            conflicts=self.conflicts[order],
            slices=self.slices[order],
        )

    def changed_since(self, before: Spans) -> NDArray[np.int64] | None:
        """Return the indices of those with another appearance; None if the set of proposals differs."""
        same = self.table.made is before.table.made and np.array_equal(self.rows, before.rows)
        if not same:
            return None
        other = (self.starts != before.starts) | (self.stops != before.stops)
        other |= (self.verdicts != before.verdicts) | (self.conflicts != before.conflicts)
        for key in changed_decisions(before.table.decisions, self.table.decisions):
            if (place := self.place(key)) >= 0:
                other[place] = True  # its flag may say something else
        return np.flatnonzero(other)

    def words(self, index: int, rate_hz: int) -> tuple[str, ...]:
        """Return the texts for the flag of one, longest first; cached."""
        proposal = self.table.made.rows[self.rows[index]]
        key = proposal.id, rate_hz
        if key not in self._words:
            self._words[key] = flag_words(proposal, self.table.decisions.get(proposal.id), rate_hz)
        return self._words[key]

    def of_track(self, track_id: str) -> NDArray[np.bool_]:
        """Return which of `track_sets` contain a track, shape (sets,)."""
        return np.array([not tracks or track_id in tracks for tracks in self.track_sets])

    def seams(
        self, start_samples: float, stop_samples: float, *, of_points: bool = False
    ) -> NDArray[np.int64]:
        """Return the seams of accepted spans within [start, stop], ascending and unique.

        Parameters
        ----------
        of_points : those of edits at one position instead, which take nothing out
        """
        return each_once(self.starts[self._seams(start_samples, stop_samples, of_points)])

    def seams_by_tracks(
        self, start_samples: float, stop_samples: float, *, of_points: bool = False
    ) -> list[tuple[tuple[str, ...], NDArray[np.int64]]]:
        """Return the same apart for each set of tracks; an empty set is all tracks."""
        index = self._seams(start_samples, stop_samples, of_points)
        sets = self.tracks[index]
        return [
            (self.track_sets[place], each_once(self.starts[index[sets == place]]))
            for place in np.unique(sets).tolist()
        ]

    def _seams(self, start_samples: float, stop_samples: float, of_points: bool) -> NDArray[np.int64]:
        first = int(np.searchsorted(self.starts, start_samples, "left"))
        last = int(np.searchsorted(self.starts, stop_samples, "right"))
        here = slice(first, last)
        accepted = self.verdicts[here] == VERDICTS.index(Verdict.ACCEPTED)
        is_point = self.lengths[here] == 0
        return first + np.flatnonzero(accepted & self.closed(here) & (is_point == of_points))

    def within(self, start_samples: float, stop_samples: float) -> NDArray[np.int64]:
        """Return the indices of spans that overlap [start, stop), ascending."""
        first = int(np.searchsorted(self.reach, start_samples, "right"))
        last = int(np.searchsorted(self.starts, stop_samples, "left"))
        return first + np.flatnonzero(self.stops[first:last] > start_samples)

    def hit(
        self,
        position_samples: float,
        slack_samples: float = 0.0,
        prefer: str | None = None,
        track_id: str | None = None,
    ) -> str | None:
        """Return the id of the span at a position: the preferred one if present, else the shortest.

        Parameters
        ----------
        track_id : only those that are about this track
        """
        found = self.within(position_samples - slack_samples, position_samples + max(slack_samples, 0.5))
        if track_id is not None:
            found = found[self.of_track(track_id)[self.tracks[found]]]
        if not len(found):
            return None
        if prefer is not None and self.place(prefer) in found:
            return prefer
        lengths = self.stops[found] - self.starts[found]
        return self.id(int(found[int(np.argmin(lengths))]))

    def shares(
        self,
        edges: NDArray[np.float64],
        without: str | None = None,
        *,
        sets: tuple[bool, ...] | None = None,
        drops: bool = False,
        below_samples: float = np.inf,
    ) -> NDArray[np.float64]:
        """Return the share of each column between borders covered by each verdict, shape (3, n_columns).

        Parameters
        ----------
        sets : which of `track_sets` count; None for all
        drops : whether only those count that take their span out of the result
        below_samples : only shorter ones count
        """
        left_out = self.place(without)
        chosen = (left_out, sets, drops, below_samples)
        return np.stack([self._covered(code, *chosen).shares(edges) for code in range(len(VERDICTS))])

    def _covered(
        self, verdict: int, left_out: int, sets: tuple[bool, ...] | None, drops: bool, below_samples: float
    ) -> Covered:
        """Return the coverage by those of a verdict, computed once for all frames."""
        key = (verdict, left_out, sets, drops, below_samples)
        if key not in self._covers:
            if len(self._covers) >= CACHED_COVERS:
                self._covers.clear()
            chosen = self.verdicts == verdict
            if left_out >= 0:
                chosen[left_out] = False
            if sets is not None:
                chosen &= np.array(sets)[self.tracks]
            if drops:
                chosen &= self.drops
            if below_samples < np.inf:
                chosen &= self.stops - self.starts < below_samples
            self._covers[key] = Covered.of(self.starts[chosen], self.stops[chosen])
        return self._covers[key]

    def touched(
        self, edges: NDArray[np.float64], found: NDArray[np.int64], rows: NDArray[np.int64], n_rows: int
    ) -> NDArray[np.bool_]:
        """Return the columns between borders touched by each span, in a row of its choice.

        Parameters
        ----------
        found, rows : shape (m,), indices of spans and the row of each

        Returns
        -------
        touched : shape (n_rows, n_columns)
        """
        n_columns = len(edges) - 1
        first = np.clip(np.searchsorted(edges, self.starts[found], "right") - 1, 0, n_columns - 1)
        last = np.clip(np.searchsorted(edges, self.stops[found], "left"), first + 1, n_columns)
        cells, row = n_rows * (n_columns + 1), rows * (n_columns + 1)
        change = np.bincount(row + first, minlength=cells) - np.bincount(row + last, minlength=cells)
        covered: NDArray[np.bool_] = np.cumsum(change.reshape(n_rows, -1), axis=1)[:, :-1] > 0
        return covered


def each_once(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ascending positions without repeats, without sorting."""
    return ascending[np.flatnonzero(np.diff(ascending, prepend=ascending[:1] - 1))]


def _ascend(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> bool:
    later = starts[1:] > starts[:-1]
    return bool(np.all(later | ((starts[1:] == starts[:-1]) & (stops[1:] >= stops[:-1]))))


NO_SPANS = Spans.of(DocumentState())
