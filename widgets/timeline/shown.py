"""Content of the cached layers, and the segments that change after a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ScoreCurve
from widgets.timeline.clips.bars import NO_CLIPS, ShownClips
from widgets.timeline.edits.arrangement import NO_SLABS, Slabs
from widgets.timeline.edits.spans import NO_SPANS, Spans
from widgets.timeline.marks.clock import NO_CLOCK, ClockTimes
from widgets.timeline.marks.curves import NO_CURVES, CurveLanes
from widgets.timeline.marks.grid import NO_LINES, Beats
from widgets.timeline.marks.hits import NO_HITS, HitMarks
from widgets.timeline.marks.markers import NO_MARKS, Marks
from widgets.timeline.marks.sections import NO_SECTIONS, SectionLane
from widgets.timeline.marks.sounds import NO_SOUNDS, SoundLane
from widgets.timeline.ruler import RulerMode
from widgets.timeline.sound.lanes import Lane
from widgets.timeline.sound.masks import NO_MASKS, MaskLayer
from widgets.timeline.time_map import TimeMap

Stretch = tuple[float, float]
"""Span in view positions."""
_RETIMED = ("masks", "sounds", "curves", "sections", "clock")
"""Content in source positions, with a map to those of the view."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Content of the layers, in view positions.

    Attributes
    ----------
    lanes : the tracks in their order
    current : id of the current proposal
    lines : the divisions of the beats that hits are moved to, ascending
    hits : drum hits with targets
    masks : mask of the current repair
    sounds : detected sounds
    curves : curves of packages
    sections : sections such as verse and chorus
    clips : clips with bars
    clock : times of day
    length_samples : of the source or of the result, whichever is shown
    keys : key caps in hints, by command id
    """

    lanes: tuple[Lane, ...] = ()
    spans: Spans = NO_SPANS
    current: str | None = None
    curve: ScoreCurve | None = None
    threshold: float | None = None
    beats: Beats | None = None
    lines: NDArray[np.int64] = field(default_factory=lambda: NO_LINES)
    hits: HitMarks = NO_HITS
    masks: MaskLayer = NO_MASKS
    sounds: SoundLane = NO_SOUNDS
    curves: CurveLanes = NO_CURVES
    sections: SectionLane = NO_SECTIONS
    marks: Marks = NO_MARKS
    slabs: Slabs = NO_SLABS
    clips: ShownClips = NO_CLIPS
    clock: ClockTimes = NO_CLOCK
    ruler_mode: RulerMode = RulerMode.TIME
    length_samples: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)

    def retimed(self, times: TimeMap) -> dict[str, object]:
        """Return the content in source positions, drawn at other positions."""
        return {one: replace(getattr(self, one), times=times) for one in _RETIMED}

    def changed_since(self, before: Shown) -> list[Stretch] | None:
        """Return the changed segments, if only decisions differ; else None."""
        if self is before:
            return []
        if self.lanes != before.lanes or any(
            getattr(self, name) is not getattr(before, name) for name in _STANDING
        ):
            return None
        spans, hits = self.spans.changed_since(before.spans), self.hits.changed_since(before.hits)
        if spans is None or hits is None:
            return None
        places = set(spans.tolist())
        if self.current != before.current:
            places |= {self.spans.place(one) for one in (self.current, before.current)} - {-1}
        found = [stretch for place in sorted(places) for stretch in _beside(self.spans, before.spans, place)]
        for marks in (self.hits, before.hits):
            ends = np.stack([marks.onsets[hits], marks.targets[hits]])
            found += zip(ends.min(axis=0).tolist(), ends.max(axis=0).tolist(), strict=True)
        return found


_STANDING = tuple(one.name for one in fields(Shown) if one.name not in {"lanes", "spans", "current", "hits"})


def _beside(now: Spans, before: Spans, place: int) -> list[Stretch]:
    """Return the segments of a span, now and before, each with all spans that touch it.

    Their text may be shorter below it.
    """
    made = []
    for spans in (now, before):
        start, stop = int(spans.starts[place]), int(spans.stops[place])
        beside = spans.within(start - 1, stop + 1)
        first, last = spans.starts[beside].min(initial=start), spans.stops[beside].max(initial=stop)
        made.append((float(first), float(last)))
    return made
