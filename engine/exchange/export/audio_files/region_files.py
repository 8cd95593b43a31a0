"""The regions of a document as files of their own: the songs of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.core.errors import ExportError
from engine.core.files.safe_write import shown
from engine.core.wording import listed
from engine.document.marks.markers import Marker
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.placed_markers import placed_markers

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class PlannedRegion:
    """The remainder of a region, as [start, stop) in samples of the result."""

    name: str
    span: tuple[int, int]


def planned_regions(
    request: ExportRequest, edit_list: EditList, span: tuple[int, int]
) -> tuple[PlannedRegion, ...]:
    """Return the regions within a span of the result, in its order.

    A region that plays twice is listed twice; overlapping regions share their common part.

    Raises
    ------
    ExportError : no region is left
    """
    regions, name = _regions(request), shown(request.out)
    if not regions:
        raise ExportError(
            f"{name} would have no files because no region is named: name a span first, or write it whole."
        )
    start, stop = span
    placed = placed_markers(regions, edit_list, onto_seams=False)
    inside = [
        PlannedRegion(one.name, (max(one.start_samples, start), min(one.stop_samples, stop)))
        for one in placed
        if one.start_samples < stop and one.stop_samples > start
    ]
    if not inside:
        raise ExportError(
            f"{name} would have no files because the result contains no region: choose another range, or "
            "write it whole."
        )
    return tuple(sorted(inside, key=lambda one: one.span))


def unheard_sentence(request: ExportRequest, edit_list: EditList) -> str:
    """List the regions that have no file because none of their audio is in the result; "" if all have one."""
    regions = _regions(request)
    heard = {one.id for one in placed_markers(regions, edit_list, onto_seams=False)}
    names = [one.name or "a region without a name" for one in _ordered(regions) if one.id not in heard]
    if not names:
        return ""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    return f"The result contains nothing of {listed(names)}: no file was written for it."


def _regions(request: ExportRequest) -> tuple[Marker, ...]:
    return _ordered(marker for marker in request.state.markers.values() if marker.is_region)


def _ordered(markers: Iterable[Marker]) -> tuple[Marker, ...]:
    return tuple(sorted(markers, key=lambda one: (one.start_samples, one.stop_samples, one.id)))
