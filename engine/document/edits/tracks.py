"""Every way to change the tracks of a document: pure functions from its state to an `Edit`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from engine.core.errors import UsageError
from engine.core.wording import counted, gain_text, listed, pan_text
from engine.document.limits import LONGEST_DOCUMENT_SAMPLES, MOST_CLIPS
from engine.document.state import DocumentState, Edit, Row, Setting, row_changes
from engine.document.tracks import Clip, Picture, Source, Track, whole_clip

QUIETEST_DB, LOUDEST_DB = -60.0, 24.0
DRUM_ROLES = ("kick", "snare", "hat", "tom", "cymbal", "overhead", "room")
"""Drum roles of microphones, as in `engine.document.analysis.Role`."""
ROLES = ("vocals", "speech", "drums", *DRUM_ROLES, "bass", "guitar", "keys", "click")
"""Suggested roles; any other word is valid."""
KIT = "Drums"
"""The group of the microphones of a drum kit."""
NO_ROLES: Mapping[str, str] = MappingProxyType({})

_COLOR = re.compile("#[0-9a-f]{6}")
_CHANNEL = re.compile("#ch[0-9]+$")
"""End of the path of a channel, see `engine.sound.opening.Address`."""


@dataclass(frozen=True, slots=True)
class NewTrack:
    """A track to add: whole sources, each at its place.

    Attributes
    ----------
    starts_samples : of each source on the timeline, at the document's rate; of one that begins before the
        timeline does, the beginning is left out
    track_id : of a track of the document, to which the sources are added as clips; "" for a new track
    """

    name: str
    sources: tuple[Source, ...]
    starts_samples: tuple[int, ...] = (0,)
    track_id: str = ""


def add_tracks(
    state: DocumentState,
    added: Sequence[NewTrack],
    rate_hz: int = 0,
    kit: Mapping[str, str] = NO_ROLES,
) -> Edit:
    """Add tracks below the others, and clips to tracks that are there.

    Parameters
    ----------
    rate_hz : of a document that has none yet; 0 for the highest of the sources, so that none loses anything
    kit : the roles of those that are microphones of one drum kit, by source id; they become one group

    Raises
    ------
    UsageError : a source is in the document already, a track is unknown or has no room for more clips
    """
    sources = [source for one in added for source in one.sources]
    for one in added:
        if any(source.id in state.sources for source in one.sources):
            raise UsageError(f"{one.name} is in the document already; nothing was imported.")
    rows: list[tuple[Row | None, Row | None]] = []
    if not state.rate_hz:
        rate_hz = rate_hz or max(source.rate_hz for source in sources)
        rows.append((None, Setting("rate_hz", rate_hz)))
    rate_hz, position, group = state.rate_hz or rate_hz, len(state.tracks), _free_group(state)
    mics = 0
    for one in added:
        clips = _clips_of(one, rate_hz)
        rows += [(None, source) for source in one.sources]
        if one.track_id:
            before = track_of(state, one.track_id)
            after = replace(before, clips=(*before.clips, *clips))
            require_few_clips(after)
            rows.append((before, after))
            continue
        track = Track(new_track_id(state, one.sources[0]), one.name, position, clips=clips)
        position += 1
        role = next((kit[source.id] for source in one.sources if source.id in kit), None)
        if role is not None:
            track, mics = replace(track, group=group, role=role), mics + 1
        rows.append((None, track))
    is_onto = any(one.track_id for one in added)
    files = len({_CHANNEL.sub("", source.path) for source in sources})
    what = added[0].name if len(sources) == 1 and not is_onto else counted(files, "recording")
    on = f" on {counted(len(added), 'track')}" if is_onto or len(added) != files else ""
    if is_onto and len(added) == 1:
        on = f" onto {added[0].name}"
    grouped = f", {mics} as group {group}" if 0 < mics < len(added) else f" as group {group}" if mics else ""
    return Edit(f"Imported {what}{on}{grouped}", row_changes(rows))


def new_track_id(state: DocumentState, source: Source) -> str:
    """Return the id of a new track that begins with a source; the first one may hold other clips now."""
    taken, number, key = {track.id for track in state.tracks}, 2, f"track-{source.id}"
    while key in taken:
        key, number = f"track-{source.id}~{number}", number + 1
    return key


def _clips_of(added: NewTrack, rate_hz: int) -> tuple[Clip, ...]:
    """Return a clip of each source, within the timeline."""
    clips = []
    for source, start in zip(added.sources, added.starts_samples, strict=True):
        clip, before = whole_clip(source, rate_hz, max(start, 0)), max(-start, 0)
        if before >= clip.length_samples:
            raise UsageError(f"{added.name} would end before the timeline begins: place its files later.")
        if clip.stop_samples > LONGEST_DOCUMENT_SAMPLES:
            raise UsageError(f"{added.name} would end beyond the longest timeline: place its files earlier.")
        clips.append(replace(clip, offset_samples=before, length_samples=clip.length_samples - before))
    return tuple(clips)


def require_few_clips(track: Track) -> None:
    """Refuse more clips than a track holds.

    Raises
    ------
    UsageError : there are more
    """
    if len(track.clips) > MOST_CLIPS:
        raise UsageError(f"A track holds {MOST_CLIPS:,} clips at most.")


def _free_group(state: DocumentState) -> str:
    """Return a name for the group of another drum kit."""
    taken, number, name = {track.group for track in state.tracks}, 2, KIT
    while name in taken:
        name, number = f"{KIT} {number}", number + 1
    return name


def remove_track(state: DocumentState, *track_ids: str) -> Edit:
    """Take tracks and their sources off the document; the files on disk are not touched."""
    gone = [track_of(state, key) for key in dict.fromkeys(track_ids)]
    left = [track for track in state.tracks if track not in gone]
    rows: list[tuple[Row | None, Row | None]] = [(track, None) for track in gone]
    used = {key for track in left for key in track.source_ids}
    unused = dict.fromkeys(key for track in gone for key in track.source_ids if key not in used)
    rows += [(state.sources[key], None) for key in unused]
    rows += [(track, replace(track, position=place)) for place, track in enumerate(left)]
    names = listed([track.name for track in gone])
    return Edit(f"Removed {'track' if len(gone) == 1 else 'tracks'} {names}", row_changes(rows))


def move_track(state: DocumentState, track_id: str, position: int, run: str = "") -> Edit:
    """Move a track to another position from the top, from 0; the others make room.

    Parameters
    ----------
    position : its new position, clipped to the document
    run : consecutive moves with the same name become one step of undo
    """
    track = track_of(state, track_id)
    others = [other for other in state.tracks if other is not track]
    place = min(max(position, 0), len(others))
    ordered = [*others[:place], track, *others[place:]]
    rows = [(one, replace(one, position=number)) for number, one in enumerate(ordered)]
    where = f"below {others[place - 1].name}" if place else "to the top"
    return Edit(f"Moved {track.name} {where}", row_changes(rows), run and f"order of {track_id} {run}")


def set_track(state: DocumentState, track_id: str, *, run: str = "", **values: Any) -> Edit:
    """Change fields of a track, such as ``mute=True`` or ``gain_db=-3.0``.

    A colour applies to the whole group; a track that joins a group takes its colour, one that leaves it gets
    a colour of its own.

    Parameters
    ----------
    run : consecutive changes of the same fields with the same name become one step of undo

    Raises
    ------
    UsageError : a value is invalid; the message has the reason
    """
    track = track_of(state, track_id)
    for name, value in values.items():
        _require(name, value)
    changed = [track]
    if "group" in values:
        mates = _group(state, values["group"])
        values = {"color": mates[0].color if mates else "" if track.group else track.color, **values}
    elif "color" in values and track.group:
        changed = _group(state, track.group)
    rows = [(one, replace(one, **values)) for one in changed]
    field = _label_field(track, values)
    merges_as = run and f"{field} of {track_id} {run}"
    return Edit(_label(track, field, values[field]), row_changes(rows), merges_as)


def set_group(state: DocumentState, track_id: str, **values: Any) -> Edit:
    """Change the same fields, such as ``mute=True``, on every track of a track's group; one step of undo."""
    track = track_of(state, track_id)
    if not track.group:
        return set_track(state, track_id, **values)
    rows = [(one, replace(one, **values)) for one in _group(state, track.group)]
    field = _label_field(track, values)
    label = _label(replace(track, name=f"group {track.group}"), field, values[field])
    return Edit(label, row_changes(rows))


def set_tracks(state: DocumentState, track_ids: Sequence[str], **values: Any) -> Edit:
    """Change the same fields of several tracks, such as ``mute=True``, as one step of undo.

    A track named twice counts once.

    Raises
    ------
    UsageError : a track is unknown, or a value is invalid
    """
    keys = tuple(dict.fromkeys(track_ids))
    if len(keys) == 1:
        return set_track(state, keys[0], **values)
    for name, value in values.items():
        _require(name, value)
    tracks = [track_of(state, key) for key in keys]
    field = _label_field(tracks[0], values)
    label = _label(replace(tracks[0], name=counted(len(tracks), "track")), field, values[field])
    return Edit(label, row_changes((one, replace(one, **values)) for one in tracks))


def track_of(state: DocumentState, track_id: str) -> Track:
    """Return a track by its id.

    Raises
    ------
    UsageError : the id is unknown
    """
    for track in state.tracks:
        if track.id == track_id:
            return track
    raise UsageError(f"There is no track {track_id!r} in this document.")


def _group(state: DocumentState, name: str) -> list[Track]:
    return [track for track in state.tracks if name and track.group == name]


def require_gain(gain_db: float) -> None:
    """Refuse a gain that neither a track nor a clip can have.

    Raises
    ------
    UsageError : it is out of reach
    """
    if not QUIETEST_DB <= gain_db <= LOUDEST_DB:
        limits = " to ".join(gain_text(limit) for limit in (QUIETEST_DB, LOUDEST_DB))
        raise UsageError(f"A gain of {gain_text(gain_db)} is out of reach; choose {limits}.")


def _require(field: str, value: Any) -> None:
    """Refuse an invalid value of a track."""
    if field == "name" and not value.strip():
        raise UsageError("A track needs a name; type one, or press Esc to keep the old one.")
    if field == "gain_db":
        require_gain(value)
    if field == "pan" and not -1.0 <= value <= 1.0:
        raise UsageError(f"A pan of {100 * value:.0f} is out of reach; choose 100 left to 100 right.")
    if field == "color" and value and not _COLOR.fullmatch(value):
        raise UsageError(f"{value!r} is not a colour; write it as #rrggbb.")
    if field == "height_px" and value < 0:
        raise UsageError(f"A lane cannot be {value} px high; choose 0 for its share of the window.")


_LABELS: Mapping[str, Callable[[Track, Any], str]] = MappingProxyType(
    {
        "name": lambda track, name: f"Renamed {track.name} to {name}",
        "mute": lambda track, on: f"{'Muted' if on else 'Unmuted'} {track.name}",
        "solo": lambda track, on: f"{'Soloed' if on else 'Unsoloed'} {track.name}",
        "gain_db": lambda track, gain_db: f"Gain of {track.name}: {gain_text(gain_db)}",
        "pan": lambda track, pan: f"Pan of {track.name}: {pan_text(pan)}",
        "group": lambda track, group: (
            f"Put {track.name} into group {group}"
            if group
            else f"Took {track.name} out of group {track.group}"
        ),
        "color": lambda track, _: f"Coloured {f'group {track.group}' if track.group else track.name}",
        "role": lambda track, role: f"Role of {track.name}: {role or 'none'}",
        "height_px": lambda track, height_px: (
            f"Lane of {track.name}: {f'{height_px} px high' if height_px else 'automatic height'}"
        ),
        "is_collapsed": lambda track, on: f"{'Collapsed' if on else 'Expanded'} {track.name}",
        "channels_open": lambda track, on: (
            f"Opened the channels of {track.name}" if on else f"Closed {track.name} into one row"
        ),
        "picture": lambda track, picture: f"{track.name} drawn as {picture}",
    }
)


def _label_field(track: Track, values: Mapping[str, Any]) -> str:
    """Return the field that an edit is named after: of those that change, the first of `_LABELS`."""
    fields = sorted(values, key=list(_LABELS).index if values.keys() <= _LABELS.keys() else None)
    changed = (field for field in fields if getattr(track, field) != values[field])
    return next(changed, fields[0])


def _label(track: Track, field: str, value: Any) -> str:
    made = _LABELS.get(field)
    return made(track, value) if made else f"Set {field.replace('_', ' ')} of {track.name}"


def set_pictures(state: DocumentState, track_ids: Collection[str], picture: Picture) -> Edit:
    """Show tracks as waveforms or as spectrograms; one step of undo.

    Raises
    ------
    UsageError : one of the tracks is not in the document
    """
    tracks = [track_of(state, track_id) for track_id in track_ids]
    if len(tracks) == 1:
        return set_track(state, tracks[0].id, picture=picture)
    rows = [(track, replace(track, picture=picture)) for track in tracks]
    return Edit(f"{counted(len(tracks), 'track')} drawn as {picture}s", row_changes(rows))
