"""Seams of the result, and the material removed there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.spans import outside, united
from engine.document.decisions import Verdict
from engine.document.kinds.operations import Drop, Insert, Operation, Order, Replace
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.document.table import Positions, table_of
from engine.sound.edl.build import cut
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.inserts import INSERTED_FROM
from engine.sound.edl.names import beginning_of
from engine.sound.edl.own_programmes import without_rest
from engine.sound.edl.programme import EDGE_FADE_MS
from engine.sound.edl.tracks.patches import patches_by_track

LONGEST_LABEL = 80
"""Characters of a marker's name: more are cut off by the lists of most programs."""


@dataclass(frozen=True, slots=True)
class Seam:
    """A cut in the result.

    Attributes
    ----------
    position_samples : in the result
    label : the kind and the reason of the accepted proposal that made it, on one line
    """

    position_samples: int
    label: str

    @property
    def title(self) -> str:
        """The kind alone, such as "Cut"."""
        return self.label.partition(":")[0].capitalize()


def seams(state: DocumentState, edit_list: EditList) -> tuple[Seam, ...]:
    """Return the cuts inside the result; one at its start or its end joins nothing and is left out."""
    edit_list = without_rest(edit_list)
    positions = edit_list.seams_samples[1:].tolist()
    spans = zip(
        edit_list.kept_stops_samples[:-1].tolist(), edit_list.kept_starts_samples[1:].tolist(), strict=True
    )
    labels = _labels(state, list(spans))
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def removed_edit_list(state: DocumentState, edit_list: EditList) -> EditList:
    """Return the edit list of the removed material, piece after piece.

    A piece that is not removed from all tracks is silent on the others.
    """
    length = state.length_samples
    removed = {key: edit_list.of_track(key).removed_spans for key in (track.id for track in state.tracks)}
    of_any = united([*edit_list.removed_spans, *(span for spans in removed.values() for span in spans)])
    drops = [Drop(start, stop, EDGE_FADE_MS) for start, stop in outside(of_any, 0, length).tolist()]
    pieces = cut(drops, length_samples=length, rate_hz=state.rate_hz)
    if not edit_list.own:
        return pieces
    silent = [
        Replace(start, stop, (key,), crossfade_ms=EDGE_FADE_MS)
        for key, spans in removed.items()
        for start, stop in outside(spans, 0, length).tolist()
    ]
    return replace(pieces, patches=patches_by_track(silent, tuple(removed), state.rate_hz))


def removed_pieces(state: DocumentState, removed: EditList) -> tuple[Seam, ...]:
    """Return where each removed piece begins in the file of the removed parts."""
    spans = zip(removed.kept_starts_samples.tolist(), removed.kept_stops_samples.tolist(), strict=True)
    labels = _labels(state, list(spans))
    positions = removed.seams_samples.tolist()
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def _labels(state: DocumentState, spans: list[tuple[int, int]]) -> list[str]:
    """Return the words for each seam, given as the source positions (stops, goes on).

    They are those of the edit whose edges it has; of several, of one that lays a block elsewhere before one
    that drops, then of the one that drops the most there, then of the first.
    """
    stops, starts = np.array(spans, np.int64).reshape(-1, 2).T
    best, found = np.zeros(len(spans)), np.full(len(spans), -1)
    table = table_of(state)
    accepted = np.flatnonzero(table.are(Verdict.ACCEPTED) & table.made.is_known).tolist()
    for place in accepted:
        for operation in table.effect(place):
            fit = _fit(operation, stops, starts)
            better = fit > best
            best[better], found[better] = fit[better], place
    rows = table.made.rows
    return [_words(rows[place]) if place >= 0 else "" for place in found.tolist()]


def _fit(operation: Operation, stops: Positions, starts: Positions) -> NDArray[np.float64]:
    """Return the confidence that an operation makes each seam, shape (n,); 0 if it does not."""
    match operation:
        case Drop(first, last):
            gaps = np.maximum(starts - stops, 1)
            shares = np.clip(np.minimum(starts, last) - np.maximum(stops, first), 0, None) / gaps
            edges = (stops == first).astype(float) + (starts == last)
            return np.where(shares > 0, 3.0 * edges + shares, 0.0)
        case Order(first, last, at):
            jumps = [(at, first), (last, at), (last, first)] + ([] if operation.stays else [(first, last)])
            edges = np.max([(stops == one).astype(float) + (starts == other) for one, other in jumps], axis=0)
            return np.where(edges > 0, 3.0 * edges + 2.0, 0.0)
        case Insert(at):
            is_there = (starts >= INSERTED_FROM) | (stops >= INSERTED_FROM)
            edges = (stops == at).astype(float) + (starts == at)
            return np.where(is_there & (edges > 0), 3.0 * edges + 2.0, 0.0)
    return np.zeros(len(stops))


def _words(proposal: Proposal) -> str:
    """Return the kind and the reason, shortened at a word where a list of markers has no room for more."""
    words = " ".join(f"{proposal.kind}: {proposal.reason}".split())
    if len(words) <= LONGEST_LABEL:
        return words
    beginning = beginning_of(words, LONGEST_LABEL - 1)
    whole = beginning.rpartition(" ")[0]
    return f"{whole if len(whole) > LONGEST_LABEL // 2 else beginning}…"
