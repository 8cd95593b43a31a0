"""Plan an export and write it: all files of all formats are checked before the first is written.

A format is a module with a `write`, chosen by the suffix. Programs that do not edit sound play it from WAV
files next to the project (`placing.stretches` gives their segments), which are written first. Progress runs
evenly over the parts of an export, by the time that each of them takes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ExportError
from engine.core.files.safe_write import check_room, check_target, is_taken, require_unread, shown, target_key
from engine.core.progress import SILENT, Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.proposals import Verdict
from engine.document.tracks import Track, audible
from engine.exchange.export.audio_plan import LEAST_S, SAMPLES_A_S, planned_audio
from engine.exchange.export.formats import AUDIO_SUFFIXES, FORMATS, Format
from engine.exchange.export.placing.media_files import (
    Collected,
    TrackFile,
    copies_sentence,
    copy_media,
    track_files_sentence,
    with_copies,
    write_track_files,
)
from engine.exchange.export.placing.stretches import Consolidated
from engine.exchange.export.request import Beside, Exported, ExportRequest, left_out_kinds
from engine.sound.edl.tracks.patches import lone_gains
from engine.sound.edl.tracks.voice import Voice, media_path, open_voice
from engine.sound.opening import require_file
from engine.sound.reader import read_unchanged, stamped
from engine.sound.writer import write_audio

_HEAD_BYTES = 4_096
_BLOCK_FRAMES = 1 << 16
_COPIED_BYTES_A_S = 400_000_000


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


class Writer(Protocol):
    """A module that writes one format."""

    def write(self, request: ExportRequest, progress: Progress) -> Exported:
        """Write the files of a request."""


def plan(request: ExportRequest) -> tuple[PlannedFile, ...]:
    """Return the files that a request would write, without writing.

    Raises
    ------
    ExportError : the suffix is unknown, a name is that of a recording, or the request is empty
    """
    check_names(request)
    return _planned(request)


def _planned(request: ExportRequest) -> tuple[PlannedFile, ...]:
    found = []
    for path, size_bytes, length_s in _sizes(request):
        form = FORMATS[path.suffix.lower()]
        is_most = form.is_packed and not form.is_coded
        found.append(PlannedFile(path, size_bytes, length_s, is_taken(path), is_most, form.is_coded))
    return tuple(found)


def files_written(request: ExportRequest) -> tuple[Path, ...]:
    """Return the files that an export would write, so that the user can be asked about those that exist."""
    if request.out.suffix.lower() not in AUDIO_SUFFIXES:
        return (request.out, *(one.path for one in request.beside if not one.is_there))
    return tuple(file.path for file in planned_audio(request).files)


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
        for file in _planned(request):
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
    shares = _shares(progress, [_export_cost_s(request) for request in requests])
    there: list[Beside] = []
    for request, share in zip(requests, shares, strict=True):
        try:
            done.append(export(request, share, there))
        except Exception as error:
            if not done or not isinstance(error, ExportError | OSError):
                raise
            raise ExportError(f"{error} {written_before(done)}") from error
        there += request.beside
    return tuple(done)


def written_before(done: Sequence[Exported]) -> str:
    """List the complete files."""
    names = [shown(part.path.name) for one in done for part in (one.parts or (one,))]
    listed = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return f"Written before that: {', '.join(listed)}."


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
    is_of_videos = FORMATS[request.out.suffix.lower()].has_frames and request.options.frame_rate is None
    notice = request.picture_rate.notice if is_of_videos else ""
    return replace(done, sentence=_joined(done.sentence, notice, *left_out_kinds(request.state)))


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _written(request: ExportRequest, progress: Progress, there: Collection[Beside]) -> Exported:
    """Write the companion files that are not there yet, then the file itself."""
    writer = cast(Writer, import_module(FORMATS[request.out.suffix.lower()].module))
    if not request.beside:
        return writer.write(request, progress)
    fresh = {one.path for one in request.beside if not os.path.lexists(one.path)}
    wanted = [one for one in request.beside if one not in there and not one.is_there]
    copies = [one for one in wanted if isinstance(one, Collected)]
    tracks = [one for one in wanted if isinstance(one, TrackFile)]
    edited = [one for one in wanted if isinstance(one, Consolidated)]
    costs_s = [_beside_cost_s(copies), _beside_cost_s(tracks), _beside_cost_s(edited), _write_cost_s(request)]
    copying, extracting, consolidating, writing = _shares(progress, costs_s)
    collected, beside = request.collected, list[Path]()
    try:
        copy_media(copies, beside, copying, overwrite=request.overwrite)
        write_track_files(tracks, beside, extracting, overwrite=request.overwrite)
        request = replace(request, media=with_copies(request.media, collected))
        left_out = _consolidate(request, edited, beside, consolidating)
        done = writer.write(request, writing)
    except BaseException:
        for path in fresh.intersection(beside):  # of no use without the project
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    further = track_files_sentence(request.track_files), *left_out, copies_sentence(collected)
    return replace(done, sentence=_joined(done.sentence, _edited_sentence(request), *further))


def _shares(progress: Progress, costs_s: Sequence[float]) -> list[Progress]:
    """Return the share of each part of an export, by the time that it takes."""
    ends_s = [*accumulate(costs_s, initial=0.0)]
    return [progress.part(start_s / ends_s[-1], stop_s / ends_s[-1]) for start_s, stop_s in pairwise(ends_s)]


def _consolidate(
    request: ExportRequest, wanted: Sequence[Consolidated], written: list[Path], progress: Progress
) -> list[str]:
    """Write files with edited sound, add each complete one to `written`, and return notices of lost audio."""
    tracks = {track.id: track for track in request.state.tracks}
    left_out = []
    for number, one in enumerate(wanted):
        share = progress.step(number, len(wanted))
        left_out.append(_write_edited(request, tracks[one.track_id], one, share))
        written.append(one.path)
    return left_out


def _edited_sentence(request: ExportRequest) -> str:
    """Report the parts that play from companion files; "" without any."""
    files = request.consolidated
    if not files:
        return ""
    names = ", ".join(repr(track.name) for track in request.state.tracks if track.id in files)
    parts = sum(len(one.stretches) for one in files.values())
    listed = ", ".join(shown(one.path.name) for one in files.values())
    return (
        f"Such files cannot hold edited sound: {counted(parts, 'part')} of {names} "
        f"{'plays' if parts == 1 else 'play'} from {listed} next to it."
    )


def _write_edited(request: ExportRequest, track: Track, one: Consolidated, progress: Progress) -> str:
    """Write one file and return notices of its unreadable audio."""
    state = request.state
    stamps = [
        stamped(media_path(state, track, key, request.media), state.sources[key].content_hash)
        for key in track.source_ids
    ]
    patches = request.edit_list.patches.get(track.id)
    played = request.edit_list.as_played(track)
    with closing(open_voice(state, played, request.media, np.float32, progress, patches)) as voice:
        write_audio(
            one.path,
            read_unchanged(_blocks(voice, one, progress), stamps),
            rate_hz=state.rate_hz,
            channels=voice.channels,
            container="WAV",
            subtype=one.source.subtype,
            total_frames=one.source.frames,
            overwrite=request.overwrite,
        )
        return voice.left_out


def _blocks(voice: Voice, one: Consolidated, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of a file: the segments with their margins, and silence between them."""
    first, margin, at = voice.track.start_samples, one.margin_samples, 0
    for stretch in one.stretches:
        start, stop = stretch.start_samples - margin, stretch.stop_samples + margin
        begins_at = start - first + stretch.shift_samples
        yield np.zeros((begins_at - at, voice.channels), np.float32)
        for begin in range(start, stop, _BLOCK_FRAMES):
            progress.check_cancelled()
            end = min(begin + _BLOCK_FRAMES, stop)
            yield voice.read(begin, end).astype(np.float32)
            at = begins_at + end - start
            progress.report(at / one.source.frames, f"Writing {shown(one.path.name)}")


def _sizes(request: ExportRequest) -> Iterator[tuple[Path, int, float | None]]:
    suffix = request.out.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        for file in planned_audio(request).files:
            yield file.path, file.size_bytes, samples_to_s(file.frames, file.state.rate_hz)
        return
    form = FORMATS[suffix]
    # The largest possible number of edits: overlapping ones are fewer.
    edits = sum(answer.verdict is Verdict.ACCEPTED for answer in request.state.decisions.values())
    yield request.out, form.head_bytes + edits * form.edit_bytes + _timeline_bytes(request, form), None
    for one in request.beside:
        if not one.is_there:
            if isinstance(one, Collected):
                source, head_bytes = request.state.sources[one.source_id], 0
            else:
                source, head_bytes = one.source, _HEAD_BYTES
            yield one.path, head_bytes + one.size_bytes, samples_to_s(source.frames, source.rate_hz)


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
    played = audible(tracks) if form.is_audio else ()
    for track in tracks:
        named = form.listens or track.id in request.consolidated or bool(request.collected)
        named = named or any(one.source.id in track.source_ids for one in request.track_files)
        if named or track in played:
            for source_id in track.source_ids:
                require_file(media_path(request.state, track, source_id, request.media))


def _export_cost_s(request: ExportRequest) -> float:
    """Estimate the duration of a whole export in seconds, companion files included."""
    wanted = [one for one in request.beside if isinstance(one, TrackFile) or not one.is_there]
    return _beside_cost_s(wanted) + _write_cost_s(request)


def _beside_cost_s(files: Collection[Beside]) -> float:
    """Estimate the duration of copying recordings, and of writing edited sound and tracks of videos."""
    copied_bytes = sum(one.size_bytes for one in files if isinstance(one, Collected))
    frames = sum(one.source.frames for one in files if not isinstance(one, Collected))
    return copied_bytes / _COPIED_BYTES_A_S + frames / SAMPLES_A_S


def _write_cost_s(request: ExportRequest) -> float:
    """Estimate the duration of writing the file itself."""
    suffix = request.out.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        return planned_audio(request).cost_s
    state = request.state
    channels = sum(len(track.clips) * state.channels(track) for track in state.tracks)
    joints = sum(2 * len(one.stretches) * one.source.channels for one in request.consolidated.values())
    clips = channels * max(1, len(request.edit_list.starts_samples)) + joints
    return LEAST_S + clips * FORMATS[suffix].clip_s
