"""``offcut edit PROJECT (place|take|trim|split|raise|duplicate|remove|lock|fade|level|join)``: clips.

``offcut tracks PROJECT``: list the tracks and their clips.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from engine.cli.documents import opened, opened_to_edit, tracks_named
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted, gain_text
from engine.document.edits.clips import (
    clip_name,
    duplicate_clips,
    join_tracks,
    nudge_clips,
    place_together,
    raise_clips,
    remove_clips,
    set_clips,
    split_clips,
    take_clips,
    trim_clip,
)
from engine.document.edits.takes import take_lanes
from engine.document.settings import Ripple, starts_at, time_of_day_at
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Clip, Track


def run_clip_edit(options: argparse.Namespace) -> VerbOutput:
    """Change clips, as one step of the document's history."""
    with opened_to_edit(options.project) as document:
        edit = CLIP_EDITS[options.kind](options, document.state)
        change = document.apply(edit)
        state = document.state
    moved = sorted(change.proposals & state.proposals.keys())
    removed = sorted(change.proposals - state.proposals.keys())
    summary = f"{edit.label}."
    if moved:
        summary += f" {counted(len(moved), 'proposal')} moved along."
    if removed:
        summary += f" Removed {counted(len(removed), 'proposal')} of removed sound."
    fields = {"tracks": track_rows(state), "moved_along": moved, "removed_along": removed}
    return VerbOutput(fields, summary)


def track_rows(state: DocumentState) -> list[dict[str, object]]:
    """Return the tracks with their clips as plain JSON values."""
    return [_track_row(state, track) for track in state.tracks]


def _track_row(state: DocumentState, track: Track) -> dict[str, object]:
    lanes = take_lanes(state, track)
    takes = {clip.id: number for number, lane in enumerate(lanes, 1) for clip in lane}
    return {
        "id": track.id,
        "name": track.name,
        "start_s": samples_to_s(track.start_samples, state.rate_hz),
        "stop_s": samples_to_s(track.stop_samples, state.rate_hz),
        "channels": state.channels(track),
        "role": track.role,
        "group": track.group,
        "takes": len(lanes),
        "clips": [_clip_row(state, clip, takes[clip.id]) for clip in track.clips],
    }


def _clip_row(state: DocumentState, clip: Clip, take: int) -> dict[str, object]:
    def seconds(samples: int) -> float:
        return samples_to_s(samples, state.rate_hz)

    at = time_of_day_at(state, clip.start_samples)
    return {
        "id": clip.id,
        "name": clip_name(state, clip),
        "source": state.sources[clip.source_id].path,
        "start_s": seconds(clip.start_samples),
        "stop_s": seconds(clip.stop_samples),
        "time_of_day": at.iso if at else None,
        "offset_s": seconds(clip.offset_samples),
        "gain_db": clip.gain_db,
        "fade_in_s": seconds(clip.fade_in_samples),
        "fade_out_s": seconds(clip.fade_out_samples),
        "is_locked": clip.is_locked,
        "take": take,
    }


def clip_line(state: DocumentState, clip: Clip) -> str:
    """Return a clip as a line of a list."""
    start_s, stop_s = (samples_to_s(edge, state.rate_hz) for edge in (clip.start_samples, clip.stop_samples))
    words = [f"{format_time(start_s)} – {format_time(stop_s)}", clip_name(state, clip)]
    if at := time_of_day_at(state, clip.start_samples):
        words.insert(1, at.text(3))
    if clip.offset_samples:
        words.append(f"from {format_time(samples_to_s(clip.offset_samples, state.rate_hz))}")
    if clip.gain_db:
        words.append(gain_text(clip.gain_db))
    if clip.is_locked:
        words.append("locked")
    return f"  {clip.id}  {'  '.join(words)}"


def _clips(options: argparse.Namespace, state: DocumentState) -> list[str]:
    """Return the ids of the clips that are named, by id or by name, and of those of named tracks."""
    tracks = tracks_named(state, options.tracks)
    found = [clip.id for track in state.tracks for clip in track.clips if track.id in tracks]
    found += _named_clips(options, state)
    if not found:
        raise UsageError(f"'edit {options.kind}' needs --clips or --tracks; 'offcut tracks' lists them.")
    return list(dict.fromkeys(found))


def _named_clips(options: argparse.Namespace, state: DocumentState) -> list[str]:
    """Return the ids of the clips that are named, by id or by name."""
    every = [clip for track in state.tracks for clip in track.clips]
    found: list[str] = []
    for name in options.clips or ():
        own = [clip.id for clip in every if name in (clip.id, clip_name(state, clip))]
        if not own:
            raise UsageError(f"No clip is called {name!r}: 'offcut tracks' lists them.")
        if len(own) > 1:
            raise UsageError(f"{len(own)} clips are called {name!r}: name one by its id, such as {own[0]}.")
        found += own
    return found


def _ripple(options: argparse.Namespace) -> Ripple:
    """Return the mode that is asked for; that of the window is not meant."""
    return Ripple(options.ripple or Ripple.OFF)


def _samples(state: DocumentState, seconds: float) -> int:
    return s_to_samples(seconds, state.rate_hz)


def _place(options: argparse.Namespace, state: DocumentState) -> Edit:
    keys = _clips(options, state)
    if (options.to_s is None) == (options.by_s is None):
        raise UsageError(
            "'edit place' needs --to-s, the new start of the first clip, or --by-s, and not both."
        )
    if options.by_s is not None:
        return nudge_clips(state, keys, _samples(state, options.by_s), ripple=_ripple(options))
    return place_together(state, keys, _samples(state, options.to_s), _ripple(options))


def _take(options: argparse.Namespace, state: DocumentState) -> Edit:
    if not options.clips or len(options.tracks) != 1:
        raise UsageError("'edit take' needs --clips, and --tracks with the name of the track that gets them.")
    (track,) = tracks_named(state, options.tracks)[:1]
    return take_clips(state, _named_clips(options, state), track)


def _trim(options: argparse.Namespace, state: DocumentState) -> Edit:
    keys = _clips(options, state)
    if len(keys) != 1:
        raise UsageError(f"To trim takes one clip, and {len(keys)} are named.")
    if (options.start_s, options.stop_s) == (None, None):
        raise UsageError("'edit trim' needs --start-s, --stop-s or both: the new edges on the timeline.")
    clip = next(clip for track in state.tracks for clip in track.clips if clip.id == keys[0])
    start = clip.start_samples if options.start_s is None else _samples(state, options.start_s)
    stop = clip.stop_samples if options.stop_s is None else _samples(state, options.stop_s)
    return trim_clip(state, clip.id, start, stop, ripple=_ripple(options))


def _split(options: argparse.Namespace, state: DocumentState) -> Edit:
    at, clips = _samples(state, options.at_s), _named_clips(options, state)
    return split_clips(state, at, tracks_named(state, options.tracks), clips)


def _raise(options: argparse.Namespace, state: DocumentState) -> Edit:
    keys, edges = _clips(options, state), (options.start_s, options.stop_s)
    if edges == (None, None):
        return raise_clips(state, keys)
    if None in edges or not 0 <= options.start_s < options.stop_s:
        raise UsageError(
            "'edit raise' needs --start-s and a later --stop-s for a part of a take; without both, it raises "
            "all of it."
        )
    return raise_clips(state, keys, (_samples(state, options.start_s), _samples(state, options.stop_s)))


def _duplicate(options: argparse.Namespace, state: DocumentState) -> Edit:
    keys, at = _clips(options, state), _samples(state, options.to_s)
    return duplicate_clips(state, keys, at, _ripple(options))


def _remove(options: argparse.Namespace, state: DocumentState) -> Edit:
    return remove_clips(state, _clips(options, state), _ripple(options))


def _lock(options: argparse.Namespace, state: DocumentState) -> Edit:
    return set_clips(state, _clips(options, state), is_locked=options.kind == "lock")


def _fade(options: argparse.Namespace, state: DocumentState) -> Edit:
    if (options.in_ms, options.out_ms) == (None, None):
        raise UsageError("'edit fade' needs --in-ms, --out-ms or both; 0 takes a fade away.")
    given = {"fade_in_samples": options.in_ms, "fade_out_samples": options.out_ms}
    fades = {name: _samples(state, ms / 1000) for name, ms in given.items() if ms is not None}
    return set_clips(state, _clips(options, state), **fades)


def _level(options: argparse.Namespace, state: DocumentState) -> Edit:
    return set_clips(state, _clips(options, state), gain_db=options.db)


def _join(options: argparse.Namespace, state: DocumentState) -> Edit:
    tracks: Sequence[str] = tracks_named(state, options.tracks)
    if len(tracks) < 2:
        raise UsageError(
            "'edit join' needs --tracks with the names of two or more: the first takes the clips."
        )
    return join_tracks(state, tracks[0], tracks[1:])


CLIP_EDITS: Mapping[str, Callable[[argparse.Namespace, DocumentState], Edit]] = MappingProxyType(
    {
        "place": _place,
        "take": _take,
        "trim": _trim,
        "split": _split,
        "raise": _raise,
        "duplicate": _duplicate,
        "remove": _remove,
        "lock": _lock,
        "unlock": _lock,
        "fade": _fade,
        "level": _level,
        "join": _join,
    }
)


def track_lines(state: DocumentState, track: Track) -> list[str]:
    """Return a track and its clips as lines of a list."""
    takes = len(take_lanes(state, track))
    name = f"{track.name}  {takes} takes" if takes > 1 else track.name
    return [name, *(clip_line(state, clip) for clip in track.clips)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:  # noqa: ARG001
    """List the tracks in their order, each with its clips from the bottom layer on."""
    with opened(options.project, to_read=True) as document:
        state = document.state
    start = starts_at(state)
    lines = [line for track in state.tracks for line in track_lines(state, track)]
    lines += [f"Time of day at the start: {start}"] if start else []
    fields = {"starts_at": start.iso if start else None, "tracks": track_rows(state)}
    yield VerbOutput(fields, "\n".join(lines) or "No track yet.")
