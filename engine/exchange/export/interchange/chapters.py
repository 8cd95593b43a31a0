"""Chapters of a podcast: the regions of the result, for MP3 files and in the JSON of the podcast namespace.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/chapters/jsonChapters.md
"""

from __future__ import annotations

import json
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.files.safe_write import replacing, shown
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.edits.markers import rating_of
from engine.exchange.export.request import Exported, ExportRequest
from engine.sound.codecs import Chapter
from engine.sound.edl.edit_list import placed_markers

_VERSION = "1.2.0"


def chapters_of(request: ExportRequest, span: tuple[int, int] | None = None) -> tuple[Chapter, ...]:
    """Return a chapter for each region that plays in a part of the result, at the times of that part.

    Parameters
    ----------
    span : [start, stop) in samples of the result; None for all of it
    """
    state, edit_list = request.state, request.edit_list
    begin, end = span or (0, edit_list.length_samples)
    regions = (one for one in state.markers.values() if one.is_region and not rating_of(one))
    chapters = (
        Chapter(
            _time_s(max(one.start_samples, begin) - begin, state.rate_hz),
            _time_s(min(one.stop_samples, end) - begin, state.rate_hz),
            one.name,
        )
        for one in placed_markers(regions, edit_list)
        if max(one.start_samples, begin) < min(one.stop_samples, end)
    )
    return tuple(sorted(chapters, key=lambda one: one.start_s))


def write_chapters(request: ExportRequest, out: Path) -> Exported:
    """Write the chapters of the exported audio, at the times of that file.

    Parameters
    ----------
    request : of the audio; its range limits the chapters

    Raises
    ------
    UsageError : no region plays there, or the file exists
    """
    chapters = [
        {"startTime": one.start_s, "endTime": one.stop_s, "title": one.title}
        for one in chapters_of(request, request.options.range_samples)
    ]
    if not chapters:
        raise UsageError("No region of the document plays in the result: add regions, which become chapters.")
    content = json.dumps({"version": _VERSION, "chapters": chapters}, indent=2, ensure_ascii=False)
    with replacing(out, overwrite=request.overwrite, reads=request.reads) as part:
        part.write_text(f"{content}\n", encoding="utf-8", newline="\n")
    sentence = f"Wrote {counted(len(chapters), 'chapter')} to {shown(out.name)}."
    return Exported(out, sentence, {"chapters": float(len(chapters))})


def _time_s(samples: int, rate_hz: int) -> float:
    return round(samples_to_s(samples, rate_hz), 3)
