"""Every way to change the clips of a document: pure functions from its state to an `Edit`.

Proposals, decisions and markers inside moved clips move along, see `engine.document.edits.moved_along`. With
ripple, later clips follow, see `engine.document.edits.moved_along.following`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted, listed
from engine.document.edits.moved_along import following, moved_along, of_copies, of_move, of_removal, of_trim
from engine.document.edits.takes import (
    CROSSFADE_S,
    accepted_switches,
    is_covered,
    raised,
    switched,
    switches_of,
)
from engine.document.edits.tracks import require_few_clips, require_gain, track_of
from engine.document.limits import LONGEST_DOCUMENT_SAMPLES
from engine.document.proposals import Decision, Verdict
from engine.document.settings import Ripple
from engine.document.state import DocumentState, Edit, Row, row_changes
from engine.document.tracks import Clip, Track, free_id, source_length_samples, within


def clip_name(state: DocumentState, clip: Clip) -> str:
    """Return the name of a clip: its own, else that of its file."""
    return clip.name or state.sources[clip.source_id].path.replace("\\", "/").rpartition("/")[2]


def clip_of(state: DocumentState, clip_id: str) -> tuple[Track, Clip]:
    """Return a clip by its id, and its track.

    Raises
    ------
    UsageError : the id is unknown
    """
    for track in state.tracks:
        for clip in track.clips:
            if clip.id == clip_id:
                return track, clip
    raise UsageError(f"No clip of this document is called {clip_id!r}; 'offcut tracks' lists them.")


def clip_here(track: Track, at_samples: int) -> Clip | None:
    """Return the clip of a track at a position, the uppermost of several; None without any."""
    upwards = reversed(track.clips)
    return next((one for one in upwards if one.start_samples <= at_samples < one.stop_samples), None)


def emptied_by(state: DocumentState, clip_ids: Collection[str]) -> list[Track]:
    """Return the tracks that are left without a clip when clips are removed."""
    return [track for track in state.tracks if all(clip.id in clip_ids for clip in track.clips)]


def place_clips(
    state: DocumentState,
    starts_samples: Mapping[str, int],
    run: str = "",
    follow: Mapping[str, int] | None = None,
) -> Edit:
    """Put clips, by id, at other places of the timeline; a placed clip is above the others of its track.

    Parameters
    ----------
    starts_samples : where each begins
    run : consecutive moves with the same name become one step of undo
    follow : how far other clips move, see `engine.document.edits.moved_along.following`

    Raises
    ------
    UsageError : a clip is unknown, or a clip that moves is locked or would begin before the timeline does
    """
    for key, start in starts_samples.items():
        _unlocked(state, key, "moved")
        if start < 0:
            raise UsageError(f"A clip cannot begin at {_time(state, start)}: the timeline begins at 0.")

    def placed(clip: Clip) -> Clip:
        return replace(clip, start_samples=starts_samples.get(clip.id, clip.start_samples))

    def laid(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
        moved = [placed(clip) for clip in clips]
        pairs = zip(moved, clips, strict=True)
        return tuple(clip for clip, _ in sorted(pairs, key=lambda pair: pair[0] != pair[1]))

    what = _named(state, list(starts_samples))
    first = min(starts_samples.values(), default=0)
    label = f"Placed {what} at {_time(state, first)}"
    return _edit(state, label, laid, run and f"place of {what} {run}", follow)


def nudge_clips(
    state: DocumentState,
    clip_ids: Collection[str],
    by_samples: int,
    run: str = "",
    ripple: Ripple = Ripple.OFF,
) -> Edit:
    """Move clips by the same distance; the first of them stops at the beginning of the timeline.

    Raises
    ------
    UsageError : a clip is unknown, or a clip that moves is locked
    """
    first = min((clip_of(state, key)[1].start_samples for key in clip_ids), default=0)
    return _moved(state, clip_ids, max(by_samples, -first), run, ripple)


def place_together(
    state: DocumentState, clip_ids: Collection[str], at_samples: int, ripple: Ripple = Ripple.OFF
) -> Edit:
    """Put clips where the first of them begins at a position, the others as far from it as now.

    Raises
    ------
    UsageError : as `place_clips`
    """
    first = min(clip_of(state, key)[1].start_samples for key in clip_ids)
    return _moved(state, clip_ids, at_samples - first, "", ripple)


def _moved(state: DocumentState, clip_ids: Collection[str], by: int, run: str, ripple: Ripple) -> Edit:
    starts = {key: clip_of(state, key)[1].start_samples + by for key in clip_ids}
    return place_clips(state, starts, run, following(state, clip_ids, ripple, of_move(clip_ids, by)))


def take_clips(state: DocumentState, clip_ids: Collection[str], track_id: str, by_samples: int = 0) -> Edit:
    """Put clips onto another track, above its own; tracks that are left without a clip go.

    Parameters
    ----------
    by_samples : how much later they are placed; the first of them stops at the beginning of the timeline

    Raises
    ------
    UsageError : a clip is unknown or locked, or the track is unknown
    """
    target = track_of(state, track_id)
    clips = [_unlocked(state, key, "moved")[1] for key in dict.fromkeys(clip_ids)]
    by = max(by_samples, -min((clip.start_samples for clip in clips), default=0))
    taken = tuple(replace(clip, start_samples=clip.start_samples + by) for clip in clips)
    keys = {clip.id for clip in clips}
    after = []
    for track in state.tracks:
        left = tuple(clip for clip in track.clips if clip.id not in keys)
        after.append(replace(track, clips=(*left, *taken) if track is target else left))
    return _edit_of_tracks(state, f"Took {_named(state, list(keys))} to {target.name}", after)


def trim_clip(
    state: DocumentState,
    clip_id: str,
    start_samples: int,
    stop_samples: int,
    run: str = "",
    ripple: Ripple = Ripple.OFF,
) -> Edit:
    """Move the edges of a clip, within its source.

    The sound inside stays where it is. With ripple, the clip begins where it did instead, and later clips
    follow its end.

    Raises
    ------
    UsageError : it is unknown, nothing of it would be left, or a clip that changes is locked
    """
    _, clip = _unlocked(state, clip_id, "trimmed")
    length = source_length_samples(state.sources[clip.source_id], state.rate_hz)
    start = max(start_samples, clip.shift_samples, 0 if ripple is Ripple.OFF else clip.shift_samples)
    stop = min(stop_samples, clip.shift_samples + length)
    if stop <= start:
        raise UsageError(f"Nothing of {clip_name(state, clip)} would be left: move one edge only.")
    trimmed = within(clip, start, stop)
    if ripple is not Ripple.OFF:
        trimmed = replace(trimmed, start_samples=clip.start_samples)
    edges = trimmed.start_samples, trimmed.stop_samples
    label = f"Trimmed {clip_name(state, clip)} to {_span(state, edges)}"
    follow = following(state, [clip_id], ripple, of_trim(clip, trimmed.length_samples))
    merges_as = run and f"edges of {clip_id} {run}"

    def set_to(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
        return tuple(trimmed if one.id == clip_id else one for one in clips)

    return _edit(state, label, set_to, merges_as, follow)


def split_clips(
    state: DocumentState,
    at_samples: int,
    track_ids: Collection[str] = (),
    clip_ids: Collection[str] = (),
) -> Edit:
    """Split the clips at a position; the sound stays the same.

    Parameters
    ----------
    track_ids : only clips of these tracks are split; none are all
    clip_ids : only these clips of them are split; none are all

    Raises
    ------
    UsageError : a track or a clip is unknown, no clip plays there, all that do are locked, or one of
        `clip_ids` is locked or plays elsewhere
    """
    for key in clip_ids:
        _, clip = _unlocked(state, key, "split")
        if not clip.start_samples < at_samples < clip.stop_samples:
            span = _span(state, (clip.start_samples, clip.stop_samples))
            raise UsageError(
                f"{_named(state, [key])} does not play at {_time(state, at_samples)}: give a time in {span}."
            )
    wanted = {track_of(state, key).id for key in track_ids} or {track.id for track in state.tracks}
    taken = {clip.id for track in state.tracks for clip in track.clips}
    here = [
        clip
        for track in state.tracks
        if track.id in wanted
        for clip in track.clips
        if clip.start_samples < at_samples < clip.stop_samples and (not clip_ids or clip.id in clip_ids)
    ]
    parted = {clip.id: _halves(clip, at_samples, taken) for clip in here if not clip.is_locked}
    if not parted:
        why = "is locked: unlock it first" if here else "plays there: move the playhead into one"
        raise UsageError(f"{'The clip' if here else 'No clip'} at {_time(state, at_samples)} {why}.")

    def split(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
        return tuple(part for clip in clips for part in parted.get(clip.id, (clip,)))

    return _edit(state, f"Split {_named(state, list(parted))} at {_time(state, at_samples)}", split)


def raise_clips(
    state: DocumentState, clip_ids: Sequence[str], span_samples: tuple[int, int] | None = None
) -> Edit:
    """Put clips above the others of their tracks, so that they play where they were covered.

    Parameters
    ----------
    span_samples : only the parts inside are raised, with crossfades at their ends; None for whole clips

    Accepted switches to other takes there are undecided again, or they would be above the raised clips.

    Raises
    ------
    UsageError : a clip is unknown or locked, none reaches into the span, or they play there already
    """
    span = span_samples or (0, LONGEST_DOCUMENT_SAMPLES)
    clips = [_unlocked(state, key, "raised") for key in clip_ids]
    what, where = _named(state, clip_ids), "" if span_samples is None else f" at {_span(state, span)}"
    reaching = [
        (track, clip) for track, clip in clips if clip.start_samples < span[1] and clip.stop_samples > span[0]
    ]
    if not reaching:
        raise UsageError(f"{what} does not reach into {_span(state, span)}: select a span inside.")
    undone = _switches_away(state, reaching, span)
    if not undone and not any(_is_silenced(state, track, clip, span) for track, clip in reaching):
        raise UsageError(f"{what} plays already{where}: no other clip is over it.")
    taken = {clip.id for track in state.tracks for clip in track.clips}
    fade = s_to_samples(CROSSFADE_S, state.rate_hz)

    def new_id(clip_id: str) -> str:
        taken.add(key := free_id(clip_id, taken))
        return key

    def laid(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
        is_meant = any(clip.id in clip_ids for clip in clips)
        return raised(clips, clip_ids, span, fade, new_id) if is_meant else clips

    made = _edit(state, f"Chose {what} to play{where}", laid)
    if not undone:
        return made
    rows = ((one, replace(one, verdict=Verdict.UNDECIDED)) for one in undone)
    are = "is" if len(undone) == 1 else "are"
    label = f"{made.label}; {counted(len(undone), 'accepted take')} there {are} undecided again"
    return replace(made, label=label, changes=(*made.changes, *row_changes(rows)))


def _is_silenced(state: DocumentState, track: Track, clip: Clip, span: tuple[int, int]) -> bool:
    """Return whether other clips silence any of a clip inside a span, after accepted switches of takes."""
    played = switched(track.clips, switches_of(state, track.id), state.rate_hz)
    first, last = max(span[0], clip.start_samples), min(span[1], clip.stop_samples)
    parts = [one for one in played if one.take == clip.take]
    return any(
        is_covered(played, one, first, last)
        for one in parts
        if one.start_samples < last and one.stop_samples > first
    )


def _switches_away(
    state: DocumentState, raised_clips: Sequence[tuple[Track, Clip]], span: tuple[int, int]
) -> list[Decision]:
    """Return the decisions by which tracks of raised clips play other takes inside a span."""
    found: dict[str, Decision] = {}
    for key, one in accepted_switches(state):
        for track, clip in raised_clips:
            first, last = max(span[0], clip.start_samples), min(span[1], clip.stop_samples)
            is_other = clip.take not in one.takes
            is_here = one.start_samples < last and one.stop_samples > first
            if is_other and is_here and (not one.tracks or track.id in one.tracks):
                found[key] = state.decisions[key]
    return list(found.values())


def duplicate_clips(
    state: DocumentState, clip_ids: Sequence[str], at_samples: int, ripple: Ripple = Ripple.OFF
) -> Edit:
    """Place copies of clips on their tracks, the first at a position and the others as far from it as now.

    Raises
    ------
    UsageError : a clip is unknown, or one that follows is locked
    """
    clips = [clip_of(state, key)[1] for key in clip_ids]
    by = at_samples - min((clip.start_samples for clip in clips), default=0)
    taken = {clip.id for track in state.tracks for clip in track.clips}
    copies: dict[str, Clip] = {}
    for clip in clips:
        key = free_id(clip.id, taken)
        taken.add(key)
        copies[clip.id] = replace(clip, id=key, start_samples=clip.start_samples + by, is_locked=False)

    def doubled(own: tuple[Clip, ...]) -> tuple[Clip, ...]:
        return (*own, *(copies[clip.id] for clip in own if clip.id in copies))

    label = f"Duplicated {_named(state, clip_ids)} at {_time(state, at_samples)}"
    follow = following(state, clip_ids, ripple, of_copies(clip_ids, by), also_own=True)
    return _edit(state, label, doubled, "", follow)


def remove_clips(state: DocumentState, clip_ids: Collection[str], ripple: Ripple = Ripple.OFF) -> Edit:
    """Take clips off their tracks; a track without clips goes too, and so do sources that nothing plays.

    Raises
    ------
    UsageError : a clip is unknown or locked, or one that follows is locked
    """
    for key in clip_ids:
        _unlocked(state, key, "removed")

    def left(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
        return tuple(clip for clip in clips if clip.id not in clip_ids)

    follow = following(state, clip_ids, ripple, of_removal(clip_ids))
    label = f"Removed {_named(state, list(clip_ids))}"
    if emptied := [track.name for track in emptied_by(state, clip_ids)]:
        label += f" with {'its track' if len(emptied) == 1 else 'tracks'} {listed(emptied)}"
    edit = _edit(state, label, left, "", follow)
    played = {clip.source_id for track in state.tracks for clip in track.clips if clip.id not in clip_ids}
    gone = [(source, None) for key, source in state.sources.items() if key not in played]
    return replace(edit, changes=(*edit.changes, *row_changes(gone)))


def set_clips(state: DocumentState, clip_ids: Sequence[str], **values: Any) -> Edit:
    """Change fields of clips: `gain_db`, `fade_in_samples`, `fade_out_samples`, `name`, `is_locked`.

    Raises
    ------
    UsageError : a clip is unknown, a gain is out of reach, or fades do not fit
    """
    require_gain(values.get("gain_db", 0.0))
    changed = {key: replace(clip_of(state, key)[1], **values) for key in clip_ids}
    for clip in changed.values():
        fades = clip.fade_in_samples, clip.fade_out_samples
        if min(fades) < 0 or sum(fades) > clip.length_samples:
            longest = _time(state, clip.length_samples)
            raise UsageError(f"The fades of {clip_name(state, clip)} do not fit into its {longest}.")

    def set_to(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
        return tuple(changed.get(clip.id, clip) for clip in clips)

    field = next(iter(values), "")
    words = {"is_locked": "Locked" if values.get("is_locked") else "Unlocked", "name": "Renamed"}
    return _edit(state, f"{words.get(field, 'Changed')} {_named(state, clip_ids)}", set_to)


def join_tracks(state: DocumentState, track_id: str, other_ids: Sequence[str]) -> Edit:
    """Put the clips of other tracks onto a track, and take those tracks off; their edits come along.

    Raises
    ------
    UsageError : a track is unknown
    """
    track = track_of(state, track_id)
    others = [track_of(state, key) for key in dict.fromkeys(other_ids) if key != track_id]
    joined = replace(track, clips=(*track.clips, *(clip for one in others for clip in one.clips)))
    gone = {one.id for one in others}
    left = [one for one in state.tracks if one.id not in gone]
    rows: list[tuple[Row | None, Row | None]] = [(one, None) for one in others]
    rows += [
        (one, replace(joined if one is track else one, position=place)) for place, one in enumerate(left)
    ]
    for proposal in state.proposals.values():
        if gone.intersection(proposal.tracks):
            tracks = tuple(dict.fromkeys(track_id if key in gone else key for key in proposal.tracks))
            rows.append((proposal, replace(proposal, tracks=tracks)))
    return Edit(f"Joined {counted(len(others) + 1, 'track')} as {track.name}", row_changes(rows))


def _edit(
    state: DocumentState,
    label: str,
    change: Callable[[tuple[Clip, ...]], tuple[Clip, ...]],
    merges_as: str = "",
    follow: Mapping[str, int] | None = None,
) -> Edit:
    """Return the edit that changes the clips of tracks, moves those that follow, and the rows along."""
    later = follow or {}
    for key in later:
        _, clip = clip_of(state, key)
        if clip.is_locked:
            name = clip_name(state, clip)
            raise UsageError(f"{name} is locked and would move along: unlock it, or switch ripple off.")

    after = [replace(one, clips=_followed(change(one.clips), later)) for one in state.tracks]
    if later:
        label += f" and moved {counted(len(later), 'later clip')}"
    return _edit_of_tracks(state, label, after, merges_as, closes=follow is not None)


def _followed(clips: tuple[Clip, ...], later: Mapping[str, int]) -> tuple[Clip, ...]:
    """Return clips with those moved that follow; the same tuple if none does, which caches know again."""
    if later.keys().isdisjoint(clip.id for clip in clips):
        return clips
    return tuple(
        replace(clip, start_samples=clip.start_samples + later[clip.id]) if clip.id in later else clip
        for clip in clips
    )


def _edit_of_tracks(
    state: DocumentState, label: str, after: Sequence[Track], merges_as: str = "", *, closes: bool = False
) -> Edit:
    """Return the edit that gives all tracks other clips; those without any go."""
    for track in after:
        require_few_clips(track)
    last = max((clip.stop_samples for track in after for clip in track.clips), default=0)
    if last > LONGEST_DOCUMENT_SAMPLES:
        end = _time(state, LONGEST_DOCUMENT_SAMPLES)
        raise UsageError(
            f"A clip would end at {_time(state, last)}, and a timeline ends at {end}: place it earlier."
        )
    rows: list[tuple[Row | None, Row | None]] = []
    place = 0
    for before, track in zip(state.tracks, after, strict=True):
        rows.append((before, replace(track, position=place) if track.clips else None))
        place += bool(track.clips)
    return Edit(label, row_changes([*rows, *moved_along(state, after, closes=closes)]), merges_as)


def _unlocked(state: DocumentState, clip_id: str, done: str) -> tuple[Track, Clip]:
    track, clip = clip_of(state, clip_id)
    if clip.is_locked:
        raise UsageError(f"{clip_name(state, clip)} is locked and was not {done}: unlock it first.")
    return track, clip


def _halves(clip: Clip, at: int, taken: set[str]) -> tuple[Clip, Clip]:
    """Return the two parts of a clip; the second gets a new id."""
    key = free_id(clip.id, taken)
    taken.add(key)
    left = within(replace(clip, fade_out_samples=0), clip.start_samples, at)
    right = within(replace(clip, id=key, fade_in_samples=0), at, clip.stop_samples)
    return left, right


def _named(state: DocumentState, clip_ids: Sequence[str]) -> str:
    if len(clip_ids) != 1:
        return counted(len(clip_ids), "clip")
    return clip_name(state, clip_of(state, clip_ids[0])[1])


def _span(state: DocumentState, span_samples: tuple[int, int]) -> str:
    return " – ".join(_time(state, edge) for edge in span_samples)


def _time(state: DocumentState, position: int) -> str:
    return format_time(samples_to_s(position, state.rate_hz))
