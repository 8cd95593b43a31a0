"""Files for the next program: one module a format, chosen by the suffix of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.edl.export import audio, cmx3600, edit_json, fcpxml, labels, xmeml
from engine.edl.export.audio_plan import planned_audio
from engine.edl.export.request import Exported, ExportOptions, ExportRequest
from engine.errors import ExportError
from engine.progress import SILENT, Progress
from engine.safe_write import shown

__all__ = [
    "AUDIO_SUFFIXES",
    "FORMATS",
    "ExportOptions",
    "ExportRequest",
    "Exported",
    "check_names",
    "export",
    "files_written",
]

AUDIO_SUFFIXES = (".wav", ".flac")


# These wait for libraries that take up to a quarter of a second to load, which nobody should feel who only
# wants to know what there is to export.
def _write_reaper(request: ExportRequest, progress: Progress) -> Exported:
    from engine.edl.export import reaper

    return reaper.write(request, progress)


def _write_otio(request: ExportRequest, progress: Progress) -> Exported:
    from engine.edl.export import otio

    return otio.write(request, progress)


def _write_midi(request: ExportRequest, progress: Progress) -> Exported:
    from engine.edl.export import midi

    return midi.write(request, progress)


def _write_aaf(request: ExportRequest, progress: Progress) -> Exported:
    from engine.edl.export import aaf

    return aaf.write(request, progress)


FORMATS: Mapping[str, Callable[[ExportRequest, Progress], Exported]] = MappingProxyType(
    {
        ".wav": audio.write,
        ".flac": audio.write,
        ".json": edit_json.write,
        ".txt": labels.write,
        ".rpp": _write_reaper,
        ".otio": _write_otio,
        ".mid": _write_midi,
        ".edl": cmx3600.write,
        ".fcpxml": fcpxml.write,
        ".xml": xmeml.write,
        ".aaf": _write_aaf,
    }
)


def files_written(request: ExportRequest) -> tuple[Path, ...]:
    """Return the files that an export would write, so that the user can be asked about those that exist."""
    if request.out.suffix.lower() not in AUDIO_SUFFIXES:
        return (request.out,)
    return tuple(file.path for file in planned_audio(request))


def export(request: ExportRequest, progress: Progress = SILENT) -> Exported:
    """Write what remains to be heard, or the list of edits, to one file.

    Nothing appears under the name before the whole file is there.

    Raises
    ------
    ExportError : the suffix is unknown, the file exists and may not be replaced, it is one of the sources, or
        it cannot be written
    SourceError : a source is missing or cannot be read
    Cancelled : the user asked for it
    """
    check_names(request)
    return FORMATS[request.out.suffix.lower()](request, progress)


def check_names(request: ExportRequest) -> None:
    """Look at the names of what an export would write.

    Raises
    ------
    ExportError : the suffix is unknown, or a file is one of the sources
    """
    if request.out.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise ExportError(
            f"{shown(request.out)} names no format that Offcut writes: end it in one of {known}."
        )
    recordings = {path.resolve() for path in request.media.values()}
    for path in files_written(request):
        if path.resolve() in recordings:
            raise ExportError(
                f"{shown(path)} is one of the recordings of this document: export under another name."
            )
