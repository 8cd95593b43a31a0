"""Labels as edits: each label is a cut, or each gap between labels is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from math import ceil

import numpy as np

from engine.core.errors import EditsError
from engine.core.spans import common, outside, united
from engine.core.wording import counted
from engine.document.decisions import Verdict
from engine.document.kinds import KINDS
from engine.document.kinds.hold import KEEP
from engine.document.kinds.operations import Drop, Hold
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.marks.edits import NamedSpan
from engine.document.state import DocumentState
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from engine.exchange.imports.proposals.wanted import WantedEdits, WantedOnTracks
from engine.sound.edl.accepting import accepted_effect
from engine.sound.edl.build import build

_CUT = "cut"
_GIVES_WAY = (Drop, Hold)


def from_labels(imported: ImportedEdits, state: DocumentState) -> WantedEdits:
    """Return the cuts that labels mark, and the markers among them.

    Labels of no length are markers. Offcut's own labels begin with their kind: cuts and keeps are restored,
    edits of other kinds stay where the document has them, and are left out where it has not. Regions that the
    document names are not cuts in such a file.

    As markers, spans become regions, and nothing is cut.

    Raises
    ------
    EditsError : no label marks a span
    """
    length = state.length_samples
    is_marker = imported.has_own_labels or imported.labels_as is LabelsAs.MARKERS
    regions = state.markers.values() if is_marker else ()
    named = {(one.start_samples, one.stop_samples, one.name) for one in regions}
    labels = [
        NamedSpan(min(one.start_samples, length), min(one.stop_samples, length), one.name)
        for one in imported.labels
        if (one.start_samples, one.stop_samples, one.name) not in named
    ]
    if imported.labels_as is LabelsAs.MARKERS:
        return WantedEdits((), (), tuple(labels), not_understood=imported.not_understood)
    spans = [one for one in labels if one.start_samples < one.stop_samples]
    is_list = imported.labels_as is LabelsAs.CUTS
    keeps = [one for one in spans if is_list and _kind(one) == KEEP.name]
    marked = [one for one in spans if _kind(one) in (_CUT, None)]
    others = [one for one in labels if _kind(one) not in (_CUT, None) and one not in keeps]
    if not marked and not keeps and all(one.start_samples == one.stop_samples for one in others):
        raise EditsError(
            f"{imported.file_name} marks no span of this recording: choose labels that have a length."
        )
    if is_list:
        edits = tuple(_cut(one.start_samples, one.stop_samples, _reason(one)) for one in marked)
        edits += tuple(
            WantedOnTracks(KEEP.name, one.start_samples, one.stop_samples, reason=_reason(one))
            for one in keeps
        )
    else:
        edits = tuple(_between(marked, length))
    markers = tuple(one for one in labels if one.start_samples == one.stop_samples and _kind(one) is None)
    near = ceil(imported.rounding_s * state.rate_hz)
    known = _accepted(state)
    if _is_cut_already(edits, state, near) and not imported.not_understood:
        return WantedEdits((), _GIVES_WAY, markers, stays=frozenset(known))
    own = _matching(edits, known, near)
    stays = {key for key, (kind, *_) in known.items() if kind not in (_CUT, KEEP.name)}
    missing = sum(not _is_accepted(one, state, near) for one in others)
    return WantedEdits(
        tuple(one for one, key in zip(edits, own, strict=True) if key is None),
        _GIVES_WAY,
        markers,
        left_out=(f"{counted(missing, 'label')} of edits that are not cuts left out.",) if missing else (),
        stays=frozenset(filter(None, own)) | stays,
        not_understood=imported.not_understood,
    )


_Accepted = Mapping[str, tuple[str, int, int]]
"""Kind and span of accepted edits, by id."""


def _accepted(state: DocumentState) -> _Accepted:
    """Return the accepted edits that cut or hold."""
    return {
        key: (one.kind, *state.span(key))
        for key, one in state.proposals.items()
        if any(isinstance(each, _GIVES_WAY) for each in accepted_effect(one, state.decisions.get(key)))
    }


def _is_cut_already(edits: Sequence[WantedOnTracks], state: DocumentState, near: int) -> bool:
    """Return whether a document leaves out exactly these spans: labels do not state crossfades."""
    own = build(state)
    kept = np.stack([own.kept_starts_samples, own.kept_stops_samples], axis=1)[~own.inserted]
    played = united(kept[kept[:, 0] < kept[:, 1]])
    edges = np.concatenate([[0], played.ravel(), [state.length_samples]]).reshape(-1, 2)
    gaps = edges[edges[:, 0] < edges[:, 1]]
    cuts, keeps = (
        united([(one.start_samples, one.stop_samples) for one in edits if (one.kind == _CUT) is is_cut])
        for is_cut in (True, False)
    )
    wanted = common(cuts, outside(keeps, 0, state.length_samples))
    return gaps.shape == wanted.shape and bool((np.abs(gaps - wanted) <= near).all())


def _matching(edits: Sequence[WantedOnTracks], known: _Accepted, near: int) -> list[str | None]:
    """Return the accepted edit of the kind and the span of each wanted one; None without one."""
    rows = sorted((start, stop, kind, key) for key, (kind, start, stop) in known.items())
    found: list[str | None] = []
    for one in edits:
        first = bisect_left(rows, (one.start_samples - near,))
        last = bisect_left(rows, (one.start_samples + near + 1,))
        keys = (
            key
            for _, stop, kind, key in rows[first:last]
            if kind == one.kind and abs(stop - one.stop_samples) <= near
        )
        found.append(next(keys, None))
    return found


def _is_accepted(label: NamedSpan, state: DocumentState, near: int) -> bool:
    """Return whether the document has the edit of a label of its own."""
    return any(
        one.kind == _kind(label)
        and state.verdict(key) is Verdict.ACCEPTED
        and abs(state.span(key)[0] - label.start_samples) <= near
        for key, one in state.proposals.items()
    )


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
