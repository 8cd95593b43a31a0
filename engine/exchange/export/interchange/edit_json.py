"""The edit list as versioned JSON, described in `docs/formats/edit-list.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, TypeVar

from engine.core.files.safe_write import replacing, shown
from engine.core.files.text import strict_json
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.kinds import KINDS
from engine.document.proposals import edited
from engine.document.state import DocumentState, Marker
from engine.document.tracks import Clip, Track
from engine.exchange.export.placing.stretches import Consolidated, Stretch
from engine.exchange.export.request import (
    AcceptedEdit,
    Exported,
    ExportRequest,
    accepted_edits,
    counted_edits,
    edit_figures,
)
from engine.sound.edl.edit_list import INSERTED_FROM, EditList, Segment
from engine.sound.reader import content_hash

VERSION, WITH_CLIPS, WITH_INSERTS, WITH_OWN_TIMING = 2, 3, 4, 5
"""The second where a track is more than one whole recording, the third where the result has inserts, the
fourth where tracks have segments of their own: readers of the one before would play them wrong."""

Spanning = TypeVar("Spanning", Segment, Stretch)

_LOOKS = ("height_px", "is_collapsed", "channels_open", "picture")
"""Display settings of a track, which other programs do not need."""


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the sources, tracks, segments and edits of the document."""
    progress.check_cancelled()
    content = edit_list_content(request)
    text = strict_json(content, indent=1, ensure_ascii=False) + "\n"
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing the edit list")
    segments, edits = len(content["segments"]), accepted_edits(request.state)
    sentence = (
        f"Wrote {counted(segments, 'segment')} and {counted_edits(edits)} to {shown(request.out.name)}."
    )
    return Exported(request.out, sentence, {"segments": float(segments), **edit_figures(edits)})


def edit_list_content(request: ExportRequest) -> dict[str, Any]:
    """Return the edit list as plain JSON values."""
    state = request.state
    edit_list, edits = request.edit_list, accepted_edits(state)
    files = [
        replace(one.source, content_hash=content_hash(one.path)) for one in request.consolidated.values()
    ]
    return {
        "version": _version(state, edit_list),
        "document": request.document_name,
        "rate_hz": state.rate_hz,
        "length_samples": edit_list.length_samples,
        "source_length_samples": edit_list.source_length_samples,
        "sources": [
            {**asdict(one), "path": str(request.media.get(one.id, one.path))}
            for one in (*state.sources.values(), *files)
        ],
        "tracks": [_track(track, request) for track in state.tracks],
        "segments": _segments(edit_list),
        "cuts": [_edit(edit, state) for edit in edits if KINDS[edit.proposal.kind].drops_span],
        "edits": [_full_edit(edit, state) for edit in edits],
        "markers": [_timed(one, state.rate_hz, "start", "stop") for one in state.markers.values()],
    }


def _segments(edit_list: EditList) -> list[dict[str, Any]]:
    length_samples, rate_hz = edit_list.source_length_samples, edit_list.rate_hz
    placed = (_placed(one, length_samples) for one in edit_list.segments)
    return [_timed(one, rate_hz, "start", "stop", "result_start") for one in placed]


def _version(state: DocumentState, edit_list: EditList) -> int:
    if edit_list.own:
        return WITH_OWN_TIMING
    if edit_list.inserted.any():
        return WITH_INSERTS
    return VERSION if all(map(state.is_one_source, state.tracks)) else WITH_CLIPS


def _track(track: Track, request: ExportRequest) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(track).items() if name not in _LOOKS}
    played = request.edit_list.as_played(track).clips
    fields["clips"] = [_timed(clip, request.state.rate_hz, "start", "offset", "length") for clip in played]
    own = request.consolidated.get(track.id)
    if track.id in request.edit_list.own:
        fields["segments"] = _segments(request.edit_list.of_track(track.id))
    return {
        **fields,
        "source_id": played[0].source_id,
        "start_samples": track.start_samples,
        "start_s": samples_to_s(track.start_samples, request.state.rate_hz),
        "stretches": [] if own is None else list(_stretches(track, own, request.state.length_samples)),
    }


def _timed(one: Clip | Segment | Marker, rate_hz: int, *names: str) -> dict[str, Any]:
    """Return the fields of an object, and named positions of it in seconds."""
    fields = asdict(one)
    return {**fields, **{f"{name}_s": samples_to_s(fields[f"{name}_samples"], rate_hz) for name in names}}


def _stretches(track: Track, own: Consolidated, length_samples: int) -> Iterator[dict[str, Any]]:
    """Yield where a track plays from another source, and from where in it."""
    rate_hz = own.source.rate_hz
    for held in own.stretches:
        offset = held.start_samples - track.start_samples + held.shift_samples
        one = _placed(held, length_samples)
        yield {
            "source_id": own.source.id,
            "start_samples": one.start_samples,
            "stop_samples": one.stop_samples,
            "offset_samples": offset,
            "start_s": samples_to_s(one.start_samples, rate_hz),
            "stop_s": samples_to_s(one.stop_samples, rate_hz),
            "offset_s": samples_to_s(offset, rate_hz),
        }


def _placed(one: Spanning, length_samples: int) -> Spanning:
    """Return a segment with an insert right beyond the end of the recordings."""
    if one.start_samples < INSERTED_FROM:
        return one
    by = INSERTED_FROM - length_samples
    return replace(one, start_samples=one.start_samples - by, stop_samples=one.stop_samples - by)


def _edit(edit: AcceptedEdit, state: DocumentState) -> dict[str, Any]:
    return {
        "id": edit.proposal.id,
        "kind": edit.proposal.kind,
        "start_s": samples_to_s(edit.start_samples, state.rate_hz),
        "stop_s": samples_to_s(edit.stop_samples, state.rate_hz),
        "start_samples": edit.start_samples,
        "stop_samples": edit.stop_samples,
        "reason": edit.proposal.reason,
        "score": edit.proposal.score,
    }


def _full_edit(edit: AcceptedEdit, state: DocumentState) -> dict[str, Any]:
    """Return an edit with all that its kind needs; no tracks are all of them."""
    found = edited(edit.proposal, state.decisions.get(edit.proposal.id))
    return {
        **_edit(edit, state),
        "maker": edit.proposal.maker,
        "tracks": list(found.tracks),
        "payload": dict(found.payload),
    }
