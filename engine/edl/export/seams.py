"""Where the result was joined, and what was taken out there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.document.kinds import Drop
from engine.document.state import DocumentState
from engine.edl.build import cut
from engine.edl.edit_list import EditList
from engine.edl.export.request import accepted_edits
from engine.edl.programme import EDGE_FADE_MS


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
    edges = [0, *(edge for span in edit_list.removed_spans for edge in span), state.length_samples]
    drops = [Drop(start, stop, EDGE_FADE_MS) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return cut(drops, length_samples=state.length_samples, rate_hz=state.rate_hz)


def removed_pieces(state: DocumentState, removed: EditList) -> tuple[Seam, ...]:
    """Return where each removed piece begins in the file of the removed parts."""
    spans = zip(removed.kept_starts_samples.tolist(), removed.kept_stops_samples.tolist(), strict=True)
    labels = _labels(state, list(spans))
    positions = removed.seams_samples.tolist()
    return tuple(Seam(position, label) for position, label in zip(positions, labels, strict=True))


def _labels(state: DocumentState, spans: list[tuple[int, int]]) -> list[str]:
    """Return the words for each seam, given as the source positions (stops, goes on).

    They are those of every accepted proposal that lies in what is left out there, or has an edge at it.
    """
    said: list[dict[str, None]] = [{} for _ in spans]
    stops, starts = np.array(spans, np.int64).reshape(-1, 2).T
    for accepted in accepted_edits(state):
        first, last = accepted.start_samples, accepted.stop_samples
        beside = np.isin(stops, (first, last)) | np.isin(starts, (first, last))
        for index in np.flatnonzero(((stops < last) & (starts > first)) | beside).tolist():
            said[index][f"{accepted.proposal.kind}: {accepted.proposal.reason}"] = None
    return [" ".join("; ".join(words).split()) for words in said]
