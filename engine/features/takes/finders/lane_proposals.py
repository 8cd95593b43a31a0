"""Proposals to play other takes on lanes: a switch for each run of bars that another take plays better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.core.wording import begun, listed
from engine.document.edits.takes import accepted_switches
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.order import bars_in_words
from engine.document.kinds.sounding import AT_SAMPLES, NUMBER, TAKE, TAKES
from engine.document.proposals import BY_COMPING, Alternative, Evidence, Proposal, proposal_id
from engine.document.state import DocumentState
from engine.features.takes.comp import Comp, CompRequest, OnLanes, Run, comp_of, runs_of
from engine.features.takes.finders.comp_proposals import (
    WEAK,
    lines_in,
    numbers_of,
    probability_of,
    way_of,
    why_not,
)
from engine.features.takes.finders.lanes import (
    LanePassage,
    is_there,
    lane_track,
    lane_wishes,
    pairs_in,
    playing,
)
from engine.features.timing.notes.onsets import ReadMono
from engine.recordings.track_audio import Microphones
from engine.review.finders import FinderRequest
from engine.sound.edl.build import build

_AROUND_S = 2.0
"""Sound before and after a passage that alignment and spectra may read."""
_NOWHERE = -1


def proposals_of(
    request: FinderRequest,
    passage: LanePassage,
    downbeats_samples: NDArray[np.int64],
    bars: int,
    seam_price: float,
    progress: Progress,
) -> list[Proposal]:
    """Return the switches of one passage.

    Parameters
    ----------
    bars : in a piece
    seam_price : relative to the usual one

    Raises
    ------
    Cancelled : the user asked for it
    """
    state = request.state
    span = passage.start_samples, passage.stop_samples
    lines = lines_in(downbeats_samples, span, state.rate_hz, bars)
    lines[0], lines[-1] = span  # a pickup belongs to the first piece
    edit_list = build(state)
    played = [edit_list.as_played(track) for track in passage.tracks]
    now = playing(state, passage, played, lines)
    there = is_there(state, passage, lines)
    reference = int(there.sum(axis=1).argmax())
    takes = {
        (track, take): lane_track(state, passage.tracks[track], lanes[take])
        for track, lanes in enumerate(passage.lanes)
        for take in range(passage.count)
    }
    same = np.where((now == now[0]).all(axis=0), now[0], _NOWHERE)
    around = round(_AROUND_S * state.rate_hz)
    laid = _Laid(passage, around)
    alone = DocumentState(state.rate_hz, state.sources, tuple(takes.values()))
    with Microphones(alone, request.media, [one.id for one in takes.values()]) as microphones:
        rows = {key: row for row, key in enumerate(takes)}
        tracks = [
            laid.one_after_the_other(
                [partial(microphones.read_one, rows[track, take]) for take in range(passage.count)]
            )
            for track in range(len(passage.tracks))
        ]
        asked = CompRequest(
            _sum_of(tracks),
            tracks,
            [laid.span(take) for take in range(passage.count)],
            reference,
            laid.there(lines, reference),
            state.rate_hz,
            seam_price,
            [laid.rating(one) for one in lane_wishes(state, passage, played)],
            on_lanes=OnLanes(there & _undecided(state, passage, now, lines), same),
        )
        comp = comp_of(asked, progress=progress)
    edges = _common_edges(comp, laid, span)
    return list(LaneProposals(state, passage, comp, edges, now, bars))


@dataclass(frozen=True, slots=True)
class _Laid:
    """Takes of a passage, read as if they followed each other."""

    passage: LanePassage
    around: int

    @property
    def _every(self) -> int:
        return self.passage.stop_samples - self.passage.start_samples + 2 * self.around

    def _shift(self, take: int) -> int:
        return take * self._every + self.around - self.passage.start_samples

    def span(self, take: int) -> tuple[int, int]:
        """Return where a take is, [start, stop)."""
        shift = self._shift(take)
        return self.passage.start_samples + shift, self.passage.stop_samples + shift

    def rating(self, wish: tuple[int, int, int, int]) -> tuple[int, int, int]:
        """Return the rating of a take on the timeline as one of the span where the take is."""
        take, start, stop, stars = wish
        return start + self._shift(take), stop + self._shift(take), stars

    def there(self, timeline: NDArray[np.int64], take: int) -> NDArray[np.int64]:
        """Return positions of the timeline in a take."""
        return timeline + self._shift(take)

    def back(self, edges: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return positions in takes on the timeline, shape (takes, n)."""
        shifts = np.array([self._shift(take) for take in range(len(edges))])
        found: NDArray[np.int64] = edges - shifts[:, None]
        return found

    def one_after_the_other(self, takes: Sequence[ReadMono]) -> ReadMono:
        """Return a reader of takes that are read by positions of the timeline."""

        def read(start_samples: int, stop_samples: int) -> NDArray[np.float32]:
            found = np.zeros(stop_samples - start_samples, np.float32)
            first, last = start_samples // self._every, (stop_samples - 1) // self._every
            for take in range(max(first, 0), min(last, len(takes) - 1) + 1):
                begin = max(start_samples, take * self._every)
                end = min(stop_samples, (take + 1) * self._every)
                shift = self._shift(take)
                here = max(begin - shift, 0)  # before the timeline there is silence
                if here < end - shift:
                    at = here + shift - start_samples
                    found[at : end - start_samples] = takes[take](here, end - shift)
            return found

        return read


def _sum_of(tracks: Sequence[ReadMono]) -> ReadMono:
    def read(start_samples: int, stop_samples: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = np.sum([one(start_samples, stop_samples) for one in tracks], axis=0)
        return found

    return read if len(tracks) > 1 else tracks[0]


def _common_edges(comp: Comp, laid: _Laid, span: tuple[int, int]) -> NDArray[np.int64]:
    """Return one line for all takes at each beginning of a bar, before the first attack of any of them.

    So no seam doubles or loses an attack, and any take fits to any other one.
    """
    edges = laid.back(comp.bars.edges_samples)
    played = np.pad(comp.bars.is_played, ((0, 0), (1, 1)))
    is_near = played[:, 1:] | played[:, :-1]
    lines = np.where(is_near, edges, edges.max()).min(axis=0)
    lines[0], lines[-1] = span
    return np.maximum.accumulate(np.clip(lines, *span))


def _undecided(
    state: DocumentState, passage: LanePassage, now: NDArray[np.int64], lines: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which takes may be chosen for pieces, shape (takes, pieces): one where the user chose it."""
    found = np.ones((passage.count, len(lines) - 1), np.bool_)
    tracks = {track.id for track in passage.tracks}
    middles = (lines[:-1] + lines[1:]) // 2
    for _, one in accepted_switches(state):
        if one.tracks and tracks.isdisjoint(one.tracks):
            continue
        here = (one.start_samples <= middles) & (middles < one.stop_samples) & (now[0] >= 0)
        found[:, here] = np.arange(passage.count)[:, None] == now[0, here]
    chosen = _chosen_by_hand(state, passage, lines) & (now[0] >= 0)
    found[:, chosen] = np.arange(passage.count)[:, None] == now[0, chosen]
    return found


def _chosen_by_hand(
    state: DocumentState, passage: LanePassage, lines: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return the pieces that the user raised from other takes than most of the passage, shape (pieces,).

    A take ends by hand where it and the following one play on below. The longest run between such ends is the
    take that plays by itself.
    """
    own, there = playing(state, passage, passage.tracks, lines)[0], is_there(state, passage, lines)
    ends = [0]
    for piece in np.flatnonzero(own[1:] != own[:-1]).tolist():
        takes = [take for take in own[piece : piece + 2].tolist() if take >= 0]
        if takes and there[takes, piece : piece + 2].all():
            ends.append(piece + 1)
    ends.append(len(own))
    lengths = np.diff(ends)
    longest = int(lengths.argmax())
    chosen = np.ones(len(own), np.bool_)
    chosen[ends[longest] : ends[longest + 1]] = False
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class LaneProposals:
    """Makes the proposals of a passage.

    Attributes
    ----------
    edges : of pieces, on the timeline, shape (pieces + 1,)
    now : the take that each track plays in each piece, shape (tracks, pieces); -1 for parts of several
    bars : bars in a piece
    """

    state: DocumentState
    passage: LanePassage
    comp: Comp
    edges: NDArray[np.int64]
    now: NDArray[np.int64]
    bars: int

    def __iter__(self) -> Iterator[Proposal]:
        """Yield a switch for each run of bars in which another take plays than the best one."""
        path = self.comp.takes
        is_cut = (self.now < 0).any(axis=0)  # by hand, in the middle of a bar
        is_other = (self.now != path).any(axis=0) & ~is_cut
        is_other &= self.comp.bars.is_played[path, np.arange(len(path))]
        now = np.where((self.now == self.now[0]).all(axis=0), self.now[0], len(self.comp.costs.costs))
        key = np.where(is_other, path * (now.max() + 1) + now, _NOWHERE)
        for run in runs_of(key):
            if run.take != _NOWHERE:
                yield self._switch(Run(int(path[run.first]), run.first, run.last))

    def _switch(self, run: Run) -> Proposal:
        start, stop = self.edges[[run.first, run.last]].tolist()
        tracks = tuple(track.id for track in self.passage.tracks)
        payload: dict[str, object] = {
            AT_SAMPLES: start,
            CROSSFADE_MS: HAND_CROSSFADE_MS,
            **self._takes(run, run.take),
        }
        now = set(self.now[:, run.first].tolist())
        others = [take for take in self.comp.others(run) if {take} != now]
        ways = tuple(
            Alternative(self._way(run, take), start, stop, self._takes(run, take)) for take in others
        )
        likely = probability_of(self.comp, run, int(self.now[0, run.first]))
        return Proposal(
            proposal_id(TAKE.name, start, stop, BY_COMPING, tracks, payload),
            TAKE.name,
            start,
            stop,
            likely,
            self._reason(run),
            BY_COMPING,
            ways,
            payload,
            None,
            tracks,
            evidence=Evidence.STRONG if likely >= WEAK else Evidence.WEAK,
        )

    def _takes(self, run: Run, take: int) -> dict[str, object]:
        start, stop = self.edges[[run.first, run.last]].tolist()
        pairs = [
            [source_id, start - shift]
            for track, lanes in zip(self.passage.tracks, self.passage.lanes, strict=True)
            for source_id, shift in pairs_in(self.state, track, lanes[take], start, stop)
        ]
        return {TAKES: [list(one) for one in dict.fromkeys(map(tuple, pairs))], NUMBER: self._number(take)}

    def _number(self, take: int) -> int:
        return self.passage.lanes[0][take] + 1

    def _way(self, run: Run, take: int) -> str:
        return way_of(f"take {self._number(take)}", probability_of(self.comp, run, take))

    def _reason(self, run: Run) -> str:
        own = int(self.now[0, run.first])
        if len(set(self.now[:, run.first].tolist())) > 1:
            why = f"{listed([track.name for track in self.passage.tracks])} play different takes"
        else:
            why = why_not(self.comp, run, own, f"take {self._number(own)}", self.bars)
        bars = begun(bars_in_words(*numbers_of(run, self.bars)))
        return f"{bars} from take {self._number(run.take)}: {why}."
