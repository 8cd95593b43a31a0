"""From decisions to what remains to be heard.

The edit list depends only on which cuts are accepted, never on their order: overlapping and touching cuts are
united first, then crossfades are fitted to what lies between them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.kinds import Drop, kind_of
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.edl.edit_list import EditList
from engine.timebase import s_to_samples

EDGE_FADE_MS = 5.0
"""Length of the fade where a cut leaves the start or the end of the result exposed."""

SHORTEST_KEPT_MS = 1.0
"""A piece left between two cuts that is shorter than this goes with them: it would be a click."""


def build(state: DocumentState) -> EditList:
    """Return what remains to be heard once the accepted proposals are applied."""
    return _build(state, table_of(state).are(Verdict.ACCEPTED))


def preview(state: DocumentState, proposal_id: str) -> EditList:
    """Return what would remain if this proposal were accepted beside those that are."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[table.made.places[proposal_id]] = True
    return _build(state, chosen)


def whole(state: DocumentState) -> EditList:
    """Return the edit list that cuts nothing: the recording as it came."""
    return cut([], length_samples=state.length_samples, rate_hz=state.rate_hz)


def removed_only(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list that plays only the span of a proposal, faded at both ends."""
    start, stop = state.span(proposal_id)
    length = state.length_samples
    outside = [Drop(0, start, EDGE_FADE_MS), Drop(stop, length, EDGE_FADE_MS)]
    return cut(outside, length_samples=length, rate_hz=state.rate_hz)


def cut(drops: Iterable[Drop], *, length_samples: int, rate_hz: int) -> EditList:
    """Return what remains of a timeline of `length_samples` once the drops are taken out.

    A crossfade is centred on its cut and uses material from inside it, so it shortens nothing. It is clipped
    to what the cut holds and to half of either neighbour; united cuts take the longest crossfade among them.
    """
    listed = [(drop.start_samples, drop.stop_samples, drop.crossfade_ms) for drop in drops]
    starts, stops, fades_ms = np.array(listed, np.float64).reshape(-1, 3).T
    return _cut(starts.astype(np.int64), stops.astype(np.int64), fades_ms, length_samples, rate_hz)


def _cut(
    drop_starts: NDArray[np.int64],
    drop_stops: NDArray[np.int64],
    crossfades_ms: NDArray[np.float64],
    length_samples: int,
    rate_hz: int,
) -> EditList:
    fades = np.rint(crossfades_ms * rate_hz / 1000).astype(np.int64)
    starts, stops, fades = _united(drop_starts, drop_stops, fades, length_samples, rate_hz)
    kept_starts = np.concatenate([np.zeros(1, np.int64), stops])
    kept_stops = np.concatenate([starts, np.full(1, length_samples, np.int64)])
    lengths = kept_stops - kept_starts
    half_room = lengths // 2
    edge = s_to_samples(EDGE_FADE_MS / 1000, rate_hz)

    inner = np.minimum(stops - starts, np.minimum(half_room[:-1], half_room[1:]))
    fade_in = np.concatenate([np.zeros(1, np.int64), np.minimum(fades, 2 * inner)])
    fade_out = np.concatenate([fade_in[1:], np.zeros(1, np.int64)])
    kept = lengths > 0  # a cut at the very start or end leaves an empty piece there
    if not kept.any():
        return EditList.of((), rate_hz, 0, length_samples)
    if len(fades) and not kept[0]:
        fade_in[1] = min(edge, int(fades[0]), int(half_room[1]))
    if len(fades) and not kept[-1]:
        fade_out[-2] = min(edge, int(fades[-1]), int(half_room[-2]))
    return _overlapping(
        kept_starts[kept], kept_stops[kept], fade_in[kept], fade_out[kept], length_samples, rate_hz
    )


def _united(
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    fades: NDArray[np.int64],
    length_samples: int,
    rate_hz: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the starts, stops and crossfade lengths of the united drops, ascending and apart."""
    starts, stops = np.clip(starts, 0, length_samples), np.clip(stops, 0, length_samples)
    order = np.argsort(starts, kind="stable")
    order = order[starts[order] < stops[order]]
    starts, stops, fades = starts[order], stops[order], fades[order]
    if not len(starts):
        return starts, stops, fades

    shortest_kept = max(1, round(SHORTEST_KEPT_MS / 1000 * rate_hz))
    reached = np.maximum.accumulate(stops)
    apart = np.flatnonzero(starts[1:] - reached[:-1] >= shortest_kept) + 1
    first = np.concatenate([[0], apart])
    starts, fades = starts[first], np.maximum.reduceat(fades, first)
    stops = reached[np.concatenate([apart, [len(reached)]]) - 1]
    if starts[0] < shortest_kept:
        starts[0] = 0
    if length_samples - stops[-1] < shortest_kept:
        stops[-1] = length_samples
    return starts, stops, fades


def _overlapping(
    kept_starts: NDArray[np.int64],
    kept_stops: NDArray[np.int64],
    fade_in: NDArray[np.int64],
    fade_out: NDArray[np.int64],
    length_samples: int,
    rate_hz: int,
) -> EditList:
    """Return the edit list of the kept spans, each lengthened by its share of the crossfades."""
    lengths = kept_stops - kept_starts
    before, after = fade_in // 2, fade_out - fade_out // 2
    before[0] = after[-1] = 0  # an exposed edge fades within itself
    result_starts = np.cumsum(lengths) - lengths - before
    return EditList(
        kept_starts - before,
        kept_stops + after,
        result_starts,
        fade_in,
        fade_out,
        rate_hz,
        int(lengths.sum()),
        length_samples,
    )


def _build(state: DocumentState, chosen: NDArray[np.bool_]) -> EditList:
    """Return what remains once the chosen proposals, shape (n,), are applied."""
    table = table_of(state)
    made = table.made
    spelt_out = chosen & np.isnan(made.crossfades_ms)
    drops: list[Drop] = []
    for place in np.flatnonzero(spelt_out):
        proposal = made.rows[place]
        span = int(table.starts_samples[place]), int(table.stops_samples[place])
        drops.extend(kind_of(proposal).effect(proposal, span))
    spans = chosen & ~spelt_out
    return _cut(
        np.append(table.starts_samples[spans], [drop.start_samples for drop in drops]).astype(np.int64),
        np.append(table.stops_samples[spans], [drop.stop_samples for drop in drops]).astype(np.int64),
        np.append(made.crossfades_ms[spans], [drop.crossfade_ms for drop in drops]),
        state.length_samples,
        state.rate_hz,
    )
