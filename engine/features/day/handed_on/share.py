"""A page for the band: one HTML file with a player, waveforms and marks, and the takes next to it.

The page needs neither a server nor a network: style, script and data are inside it, and audio files are
addressed relative to it. `resources/share` holds its parts; colours and small functions come from
`resources/web`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import isnan
from pathlib import Path
from string import Template

import numpy as np
import soundfile

from engine.core.build import RESOURCES
from engine.core.files.safe_write import check_target, replacing
from engine.core.files.text import strict_json
from engine.core.progress import SILENT, Progress
from engine.core.timebase import samples_to_s
from engine.document.edits.markers import rating_of
from engine.document.state import Marker
from engine.features.day.figures import tempi_bpm
from engine.features.day.handed_on.export_takes import (
    DayToExport,
    ExportedTakes,
    TakeFile,
    TakesOptions,
    export_takes,
    folder_for,
)
from engine.sound.codecs import MOST_CHANNELS
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import placed_markers
from engine.sound.edl.render import mix_channels
from engine.sound.pictures.peaks import BASE_SAMPLES, build_peaks

PAGE = "index.html"
MOST_COLUMNS = 600
"""Columns of a waveform: enough for a wide window, and a few kB."""
LOUDEST = 255
"""Level of full scale in the data of the page."""
_EXPORTED = 0.9
_FONT = re.compile(r"^@font-face .*\n", re.MULTILINE)
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shared:
    """A written page, and the takes next to it."""

    page: Path
    takes: ExportedTakes
    sentence: str


def playable_suffix(source: DayToExport) -> str:
    """Return the suffix of the smallest audio files that every browser plays: MP3 if it can be written."""
    is_coded = "MP3" in soundfile.available_formats() and mix_channels(source.state) <= MOST_CHANNELS
    return ".mp3" if is_coded else ".wav"


def share_day(source: DayToExport, options: TakesOptions, progress: Progress = SILENT) -> Shared:
    """Write the takes of a day and a page that plays them.

    Parameters
    ----------
    options : the band is the title of the page; its suffix and pattern apply

    Raises
    ------
    UsageError, ExportError, SourceError, Cancelled : see `export_takes`; the page exists
    """
    page = options.folder / PAGE
    with folder_for(options.folder):
        check_target(page, overwrite=options.overwrite, reads=source.reads)
        exported = export_takes(source, options, progress.part(0.0, _EXPORTED))
        drawing = progress.part(_EXPORTED, 1.0)
        files = exported.plan.files
        tempi = tempi_bpm(source.day, source.grid, source.state.rate_hz).tolist()
        rows = [_fields(source, one, tempi, drawing.step(at, len(files))) for at, one in enumerate(files)]
        title = options.band or source.document_name
        date = exported.plan.album if exported.plan.album != title else ""
        with replacing(page, overwrite=options.overwrite) as part:
            part.write_text(html({"title": title, "date": date, "takes": rows}), "utf-8", newline="\n")
    return Shared(page, exported, f"{exported.sentence} Open {PAGE} there to play them.")


def html(data: dict[str, object]) -> str:
    """Return the page as one text.

    Parameters
    ----------
    data : title, date and takes, as `resources/share/share.js` reads them
    """
    web, share = RESOURCES / "web", RESOURCES / "share"
    style = _FONT.sub("", _text(web / "style.css")) + _text(share / "share.css")
    script = _EXPORT.sub("", _text(web / "page.js")) + _IMPORT.sub("", _text(share / "share.js"))
    return Template(_text(share / "share.html")).substitute(
        title=escape(f"{data['title']} {data['date']}".strip()),
        style=style,
        data=strict_json(data, ensure_ascii=False).replace("<", "\\u003c"),  # no name ends the script
        script=script,
    )


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _fields(source: DayToExport, file: TakeFile, tempi: list[float], progress: Progress) -> dict[str, object]:
    """Return the data of a take for the page."""
    day, row, tempo_bpm = source.day, file.row, tempi[file.row]
    return {
        "song": file.song,
        "song_number": int(day.songs[row]),
        "take": file.take,
        "file": file.path.name,
        "length_s": round(file.length_s, 3),
        "stars": int(day.stars[row]),
        "semitones": int(day.semitones[row]),
        "tempo_bpm": 0.0 if isnan(tempo_bpm) else round(tempo_bpm, 1),
        "is_complete": bool(day.are_complete[row]),
        "marks": list(_marks(source, file)),
        **_levels(file.path, progress),
    }


def _marks(source: DayToExport, file: TakeFile) -> Iterator[dict[str, object]]:
    """Yield the named markers and sections inside a take, in seconds from its start.

    Regions that hold the whole take, such as its song, are left out.
    """
    state, (start, stop) = source.state, file.span_samples
    named = [one for one in state.markers.values() if one.name and not rating_of(one)]
    sections = source.sections.regions() if source.sections is not None else ()
    placed = placed_markers([*named, *sections], build(state), onto_seams=False)
    for one in sorted(placed, key=lambda one: (one.start_samples, one.stop_samples, one.id)):
        if _is_inside(one, start, stop):
            edges = max(one.start_samples, start) - start, min(one.stop_samples, stop) - start
            start_s, stop_s = (round(samples_to_s(edge, state.rate_hz), 3) for edge in edges)
            yield {"start_s": start_s, "stop_s": stop_s, "name": one.name}


def _is_inside(one: Marker, start: int, stop: int) -> bool:
    if not one.is_region:
        return start <= one.start_samples < stop
    holds_it = one.start_samples <= start and stop <= one.stop_samples
    return not holds_it and one.start_samples < stop and one.stop_samples > start


def _levels(path: Path, progress: Progress) -> dict[str, list[int]]:
    """Return the waveform of a written file: peak and mean level of each column, 0 to `LOUDEST`."""
    peaks = build_peaks(path, progress)
    columns = max(1, min(MOST_COLUMNS, peaks.frames // BASE_SAMPLES))
    drawn = [
        peaks.columns(channel, 0.0, peaks.frames / columns, columns) for channel in range(peaks.channels)
    ]
    peak = np.max([np.maximum(-one.minimum, one.maximum) for one in drawn], axis=0)
    rms = np.sqrt(np.mean([np.square(one.rms) for one in drawn], axis=0))
    return {
        name: np.rint(LOUDEST * np.minimum(values, 1.0)).astype(int).tolist()
        for name, values in (("peaks", peak), ("rms", rms))
    }
