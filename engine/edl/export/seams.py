"""Where the result was joined, and what was taken out there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.document.kinds import Drop
from engine.document.state import DocumentState
from engine.edl.build import EDGE_FADE_MS, cut
from engine.edl.edit_list import EditList
from engine.edl.export.request import accepted_cuts


@dataclass(frozen=True, slots=True)
class Seam:
    """A cut as it is heard.

    Attributes
    ----------
    position_samples : in the result
    label : the kind and the reason of every accepted proposal that took part
    """

    position_samples: int
    label: str


def seams(state: DocumentState, edit_list: EditList) -> tuple[Seam, ...]:
    """Return the cuts inside the result; one at its start or its end joins nothing and is left out."""
    positions = edit_list.seams_samples[1:].tolist()
    spans = zip(
        edit_list.kept_stops_samples[:-1].tolist(), edit_list.kept_starts_samples[1:].tolist(), strict=True
    )
    labels = _labels(state, list(spans))
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def removed_edit_list(state: DocumentState, edit_list: EditList) -> EditList:
    """Return the edit list that plays what another one leaves out, piece after piece."""
    kept = zip(edit_list.kept_starts_samples.tolist(), edit_list.kept_stops_samples.tolist(), strict=True)
    drops = [Drop(start, stop, EDGE_FADE_MS) for start, stop in kept]
    return cut(drops, length_samples=state.length_samples, rate_hz=state.rate_hz)


def removed_pieces(state: DocumentState, removed: EditList) -> tuple[Seam, ...]:
    """Return where each removed piece begins in the file of the removed parts."""
    spans = zip(removed.kept_starts_samples.tolist(), removed.kept_stops_samples.tolist(), strict=True)
    labels = _labels(state, list(spans))
    positions = removed.seams_samples.tolist()
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def _labels(state: DocumentState, spans: list[tuple[int, int]]) -> list[str]:
    """Return the words for each removed source span [start, stop): ascending and apart."""
    said: list[dict[str, None]] = [{} for _ in spans]
    starts = np.array([start for start, _ in spans], np.int64)
    stops = np.array([stop for _, stop in spans], np.int64)
    for accepted in accepted_cuts(state):
        first = int(np.searchsorted(stops, accepted.start_samples, side="right"))
        last = int(np.searchsorted(starts, accepted.stop_samples, side="left"))
        for index in range(first, last):
            said[index][f"{accepted.proposal.kind}: {accepted.proposal.reason}"] = None
    return [" ".join("; ".join(words).split()) for words in said]
