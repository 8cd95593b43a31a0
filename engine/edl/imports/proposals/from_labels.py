"""Labels as edits: each label is a cut, or each gap between labels is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np

from engine.document.kinds import KINDS
from engine.document.kinds.operations import Drop, Hold
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.marks.edits import NamedSpan
from engine.document.state import DocumentState
from engine.edl.accepting import accepted_effect
from engine.edl.build import build
from engine.edl.imports.described import ImportedEdits, LabelsAs
from engine.edl.imports.proposals.wanted import WantedEdits, WantedOnTracks
from engine.errors import EditsError
from engine.spans import united
from engine.wording import counted

_CUT = "cut"


def from_labels(imported: ImportedEdits, state: DocumentState) -> WantedEdits:
    """Return the cuts that labels mark, and the markers among them.

    Labels of no length are markers. Offcut's own labels begin with their kind: those of other kinds than cuts
    have too little information to be restored. Regions that the document names are not cuts.

    As markers, spans become regions, and nothing is cut.

    Raises
    ------
    EditsError : no label marks a span
    """
    length = state.length_samples
    named = {(one.start_samples, one.stop_samples, one.name) for one in state.markers.values()}
    labels = [
        NamedSpan(min(one.start_samples, length), min(one.stop_samples, length), one.name)
        for one in imported.labels
        if (one.start_samples, one.stop_samples, one.name) not in named
    ]
    if imported.labels_as is LabelsAs.MARKERS:
        return WantedEdits((), (), tuple(labels), not_understood=imported.not_understood)
    spans = [one for one in labels if one.start_samples < one.stop_samples]
    others = [one for one in spans if _kind(one) not in (_CUT, None)]
    marked = [one for one in spans if _kind(one) in (_CUT, None)]
    if not marked and not others:
        raise EditsError(
            f"{imported.file_name} marks no span of this recording: choose labels that have a length."
        )
    if imported.labels_as is LabelsAs.CUTS:
        edits = tuple(_cut(one.start_samples, one.stop_samples, _reason(one)) for one in marked)
    else:
        edits = tuple(_between(marked, length))
    markers = tuple(one for one in labels if one.start_samples == one.stop_samples)
    near = ceil(imported.rounding_s * state.rate_hz)
    if _is_cut_already(edits, state, near) and not imported.not_understood:
        return WantedEdits(
            (), (Drop, Hold), markers, stays=frozenset(_of_cuts(state)) | _of_some_tracks(state)
        )
    own = _matching(edits, state, near)
    edits = tuple(one for one, key in zip(edits, own, strict=True) if key is None)
    left_out = (f"{counted(len(others), 'label')} of edits that are not cuts left out.",) if others else ()
    return WantedEdits(
        edits,
        (Drop, Hold),
        markers,
        left_out=left_out,
        stays=frozenset(filter(None, own)) | _of_some_tracks(state),
        not_understood=imported.not_understood,
    )


def _of_cuts(state: DocumentState) -> dict[str, tuple[int, int]]:
    """Return the spans of the accepted edits that cut or hold on all tracks, by id."""
    return {
        key: state.span(key)
        for key, one in state.proposals.items()
        if any(isinstance(each, Drop | Hold) for each in accepted_effect(one, state.decisions.get(key)))
        and not one.tracks
    }


def _of_some_tracks(state: DocumentState) -> frozenset[str]:
    """Return the ids of edits of some tracks, which labels cannot hold."""
    return frozenset(key for key, one in state.proposals.items() if one.tracks)


def _is_cut_already(edits: Sequence[WantedOnTracks], state: DocumentState, near: int) -> bool:
    """Return whether a document leaves out exactly these spans: labels do not state crossfades."""
    own = build(state)
    kept = np.stack([own.kept_starts_samples, own.kept_stops_samples], axis=1)[~own.inserted]
    played = united(kept[kept[:, 0] < kept[:, 1]])
    edges = np.concatenate([[0], played.ravel(), [state.length_samples]]).reshape(-1, 2)
    gaps = edges[edges[:, 0] < edges[:, 1]]
    wanted = united([(one.start_samples, one.stop_samples) for one in edits]) if edits else gaps[:0]
    return gaps.shape == wanted.shape and bool((np.abs(gaps - wanted) <= near).all())


def _matching(edits: Sequence[WantedOnTracks], state: DocumentState, near: int) -> list[str | None]:
    """Return the accepted edit with the span of each wanted cut; None without one."""
    rows = sorted((*span, key) for key, span in _of_cuts(state).items())
    found: list[str | None] = []
    for one in edits:
        first = bisect_left(rows, (one.start_samples - near,))
        last = bisect_left(rows, (one.start_samples + near + 1,))
        keys = (key for _, stop, key in rows[first:last] if abs(stop - one.stop_samples) <= near)
        found.append(next(keys, None))
    return found


def _kind(label: NamedSpan) -> str | None:
    """Return the kind with which a label of Offcut's begins."""
    word, colon, _ = label.name.partition(":")
    return word if colon and word in KINDS.own else None


def _reason(label: NamedSpan) -> str:
    return label.name.partition(":")[2].strip() if _kind(label) else label.name.strip()


def _between(kept: list[NamedSpan], length: int) -> Iterator[WantedOnTracks]:
    spans = united([(one.start_samples, one.stop_samples) for one in kept])
    edges = [0, *spans.ravel().tolist(), length]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if start < stop:
            yield _cut(start, stop, "")


def _cut(start: int, stop: int, reason: str) -> WantedOnTracks:
    return WantedOnTracks(_CUT, start, stop, {CROSSFADE_MS: HAND_CROSSFADE_MS}, reason=reason)
