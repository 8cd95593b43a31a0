"""Several files at once: all are checked before the first one is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import ExportError
from engine.core.files.safe_write import check_room, check_target, is_taken, shown, target_key
from engine.core.progress import SILENT, Progress
from engine.core.timebase import samples_to_s
from engine.document.proposals import Verdict
from engine.document.tracks import audible
from engine.exchange.export import check_names, export
from engine.exchange.export.audio_files.audio_plan import planned_audio
from engine.exchange.export.costs import export_cost_s
from engine.exchange.export.formats import AUDIO_SUFFIXES, FORMATS, Format
from engine.exchange.export.placing.consolidated import consolidated_bytes
from engine.exchange.export.request import Beside, Exported, ExportRequest
from engine.sound.edl.tracks.patches import lone_gains
from engine.sound.edl.tracks.voice import media_path
from engine.sound.opening import require_file

_HEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that an export will write.

    Attributes
    ----------
    size_bytes : of a WAV file to within its chunks; of FLAC the most it can be; of others a guess
    is_guess : whether it is one for sound, which may take more or less
    is_most : whether it may be smaller by far
    length_s : how long it sounds; None for a file without sound
    exists : whether there is one of that name
    """

    path: Path
    size_bytes: int
    length_s: float | None
    exists: bool
    is_most: bool = False
    is_guess: bool = False


def plan(request: ExportRequest) -> tuple[PlannedFile, ...]:
    """Return the files that a request would write, without writing.

    Raises
    ------
    ExportError : the suffix is unknown, a name is that of a recording, or the request is empty
    """
    check_names(request)
    found = []
    for path, size_bytes, length_s in _sizes(request):
        form = FORMATS[path.suffix.lower()]
        is_most = form.is_packed and not form.is_coded
        found.append(PlannedFile(path, size_bytes, length_s, is_taken(path), is_most, form.is_coded))
    return tuple(found)


def check(requests: Sequence[ExportRequest]) -> None:
    """Check that all files can be written, before the first one is.

    The checks cover names, limits of formats, recordings, existing files, folders and, where the system
    reports it, free space.

    Raises
    ------
    ExportError : one of the files cannot be written
    SourceError : a recording is missing
    """
    named: dict[object, Beside | None] = {}
    needed: dict[Path, int] = {}
    for request in requests:
        check_names(request)
        _check_media(request)
        beside = {one.path: one for one in request.beside}
        for file in plan(request):
            key, own = target_key(file.path), beside.get(file.path)
            if own is not None and named.get(key) == own:
                continue  # formats share it
            if key in named:
                raise ExportError(
                    f"{shown(file.path)} would be written twice: give every file a name of its own."
                )
            named[key] = own
            check_target(file.path, overwrite=request.overwrite)
            folder = Path(os.path.realpath(file.path.parent))
            needed[folder] = needed.get(folder, 0) + (0 if file.is_most or file.is_guess else file.size_bytes)
    for folder, size_bytes in needed.items():
        check_room(folder, size_bytes)


def export_all(
    requests: Sequence[ExportRequest], progress: Progress = SILENT, written: list[Exported] | None = None
) -> tuple[Exported, ...]:
    """Check everything, then write one file after the other.

    Parameters
    ----------
    written : receives each finished request, for reports after a cancel

    Raises
    ------
    ExportError, SourceError : see `check` and `export`; the sentence names files that were already written
    Cancelled : the user asked for it; the files that were whole stay
    """
    check(requests)
    done: list[Exported] = [] if written is None else written
    costs_s = [export_cost_s(request) for request in requests]
    whole_s, before_s = sum(costs_s), 0.0
    there: list[Beside] = []
    for request, cost_s in zip(requests, costs_s, strict=True):
        share = progress.part(before_s / whole_s, (before_s + cost_s) / whole_s)
        try:
            done.append(export(request, share, there))
        except Exception as error:
            if not done or not isinstance(error, ExportError | OSError):
                raise
            raise ExportError(f"{error} {written_before(done)}") from error
        there += request.beside
        before_s += cost_s
    return tuple(done)


def written_before(done: Sequence[Exported]) -> str:
    """List the complete files."""
    names = [shown(part.path.name) for one in done for part in (one.parts or (one,))]
    listed = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return f"Written before that: {', '.join(listed)}."


def _sizes(request: ExportRequest) -> Iterator[tuple[Path, int, float | None]]:
    suffix = request.out.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        for file in planned_audio(request):
            yield file.path, file.size_bytes, samples_to_s(file.frames, file.state.rate_hz)
        return
    form = FORMATS[suffix]
    in_edits = _edits(request) * form.edit_bytes
    yield request.out, form.head_bytes + in_edits + _timeline_bytes(request, form), None
    for one in request.consolidated.values():
        length_s = samples_to_s(one.source.frames, one.source.rate_hz)
        yield one.path, _HEAD_BYTES + consolidated_bytes(one), length_s
    for own in request.track_files:
        if not own.is_there:
            length_s = samples_to_s(own.source.frames, own.source.rate_hz)
            yield own.path, _HEAD_BYTES + own.size_bytes, length_s
    for copy in request.collected:
        if not copy.is_there:
            source = request.state.sources[copy.source_id]
            yield copy.path, copy.size_bytes, samples_to_s(source.frames, source.rate_hz)


def _edits(request: ExportRequest) -> int:
    """Return the largest possible number of edits; overlapping ones are fewer."""
    return sum(answer.verdict is Verdict.ACCEPTED for answer in request.state.decisions.values())


def _timeline_bytes(request: ExportRequest, form: Format) -> int:
    """Return the approximate size of the clips of all tracks."""
    found = 0
    for track in request.state.tracks:
        edit_list = request.edit_list.of_track(track.id)
        fades = int(np.count_nonzero(edit_list.fades_in_samples))
        channels = request.state.channels(track) if form.splits_channels else 1
        own = request.consolidated.get(track.id)
        count = max(1, len(edit_list.starts_samples)) * len(edit_list.as_played(track).clips) + (
            0 if own is None else 2 * len(own.stretches)
        )
        is_joined = form.joins_stereo and channels == 2 and not track.pan
        is_linked = is_joined or (channels > 1 and not form.joins_stereo)
        clip_bytes = form.clip_bytes + (channels * form.link_bytes if is_linked else 0)
        gains = len(lone_gains(edit_list.patches.get(track.id))) if form.varies_gain else 0
        gain_bytes = gains * form.gain_bytes + min(gains, count) * form.effect_bytes
        slot_bytes = count * clip_bytes + fades * form.fade_bytes + gain_bytes
        found += (1 if is_joined else channels) * slot_bytes
    return found


def _check_media(request: ExportRequest) -> None:
    form, tracks = FORMATS[request.out.suffix.lower()], request.state.tracks
    heard = audible(tracks) if form.is_audio else ()
    for track in tracks:
        named = form.listens or track.id in request.consolidated or bool(request.collected)
        named = named or any(one.source.id in track.source_ids for one in request.track_files)
        if named or track in heard:
            for source_id in track.source_ids:
                require_file(media_path(request.state, track, source_id, request.media))
