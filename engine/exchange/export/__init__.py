"""Files for the next program: one module a format, chosen by the suffix of the file."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from engine.core.errors import ExportError
from engine.core.files.safe_write import require_unread, shown
from engine.core.progress import SILENT, Progress
from engine.exchange.export.audio_files.audio_plan import planned_audio
from engine.exchange.export.costs import consolidate_cost_s, copy_cost_s, write_cost_s
from engine.exchange.export.formats import AUDIO_SUFFIXES, FORMATS
from engine.exchange.export.placing.consolidated import consolidate, said_of
from engine.exchange.export.placing.media_files import (
    copies_sentence,
    copy_media,
    track_files_sentence,
    with_copies,
    write_track_files,
)
from engine.exchange.export.placing.stretches import Consolidated
from engine.exchange.export.request import Beside, Exported, ExportOptions, ExportRequest, left_out_kinds

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


class Writer(Protocol):
    """A module that writes one format."""

    def write(self, request: ExportRequest, progress: Progress) -> Exported:
        """Write the files of a request."""


def files_written(request: ExportRequest) -> tuple[Path, ...]:
    """Return the files that an export would write, so that the user can be asked about those that exist."""
    if request.out.suffix.lower() not in AUDIO_SUFFIXES:
        others = [one for one in request.beside if isinstance(one, Consolidated) or not one.is_there]
        return (request.out, *(one.path for one in others))
    return tuple(file.path for file in planned_audio(request))


def export(
    request: ExportRequest,
    progress: Progress = SILENT,
    there: Collection[Beside] = (),
) -> Exported:
    """Write the result or the list of edits to one file, with edited sound in files next to it.

    No file appears under its name until it is complete.

    Parameters
    ----------
    there : companion files that the same export wrote for another format

    Raises
    ------
    ExportError : the suffix is unknown, the file exists and may not be replaced, the export reads it, or it
        cannot be written
    SourceError : a source is missing or cannot be read
    Cancelled : the user asked for it
    """
    check_names(request)
    done = _written(request, progress, there)
    sentences = filter(None, (done.sentence, _rate_notice(request), *left_out_kinds(request.state)))
    return replace(done, sentence=" ".join(sentences))


def _rate_notice(request: ExportRequest) -> str:
    is_of_videos = FORMATS[request.out.suffix.lower()].has_frames and request.options.frame_rate is None
    return request.picture_rate.notice if is_of_videos else ""


def _written(request: ExportRequest, progress: Progress, there: Collection[Beside]) -> Exported:
    form = FORMATS[request.out.suffix.lower()]
    writer = cast(Writer, import_module(form.module))
    if not request.beside:
        return writer.write(request, progress)
    copies = request.collected
    fresh = {one.path for one in request.beside if not os.path.lexists(one.path)}
    wanted = [one for one in copies if one not in there and not one.is_there]
    tracks = [one for one in request.track_files if one not in there and not one.is_there]
    beside: list[Path] = []
    copied_s = copy_cost_s(wanted)
    consolidated = [one for one in request.consolidated.values() if one not in there]
    shares_s = [copied_s, consolidate_cost_s(tracks), consolidate_cost_s(consolidated), write_cost_s(request)]
    whole_s = sum(shares_s)
    copying, extracting, consolidating, writing = (
        progress.part(sum(shares_s[:number]) / whole_s, sum(shares_s[: number + 1]) / whole_s)
        for number in range(len(shares_s))
    )
    try:
        copy_media(wanted, beside, copying, overwrite=request.overwrite)
        write_track_files(tracks, beside, extracting, overwrite=request.overwrite)
        request = replace(request, media=with_copies(request.media, copies))
        left_out = consolidate(request, there, beside, consolidating)
        done = writer.write(request, writing)
    except BaseException:
        for path in fresh.intersection(beside):  # of no use without the project
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    edited = said_of(request) if request.consolidated else ""
    further = track_files_sentence(request.track_files)
    sentences = filter(None, (done.sentence, edited, further, *left_out, copies_sentence(copies)))
    return replace(done, sentence=" ".join(sentences))


def check_names(request: ExportRequest) -> None:
    """Check the names of the files that an export would write.

    Raises
    ------
    ExportError : the suffix is unknown, or a file is one that the export reads
    """
    if request.out.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise ExportError(
            f"{shown(request.out)} names no format that Offcut writes: end it in one of {known}."
        )
    for path in files_written(request):
        require_unread(path, (*request.media.values(), *request.reads))
