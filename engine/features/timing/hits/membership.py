"""Which tracks are the microphones of one drum kit: the audio decides, names only suggest.

`engine.features.timing.hits.stroke_pickup` measures which tracks pick up the same strokes. Names count
where the audio cannot decide: stems of sampled drums have no bleed, and an amplifier's microphone in the same
room picks up the kit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.wording import counted, listed
from engine.document.analysis import Hits, Role, StrokePickup
from engine.document.edits.analyses import DRUMS, role_of
from engine.document.kinds.timing import HIT
from engine.document.state import DocumentState
from engine.recordings.stated.names import is_mix, is_other_instrument, kit_of_names, role_of_name

_SURE, _UNCERTAIN, _UNKNOWN = "Guessed by sound", "Uncertain", "Not recognised by sound"
SURE_OF_A_ROLE = 0.7
"""Of less confident guesses of a drum by sound, fewer than half are right."""


def guessed_roles_sentence(state: DocumentState, hits: Hits | None) -> str:
    """Report the roles that neither the user nor a name gave; empty without any.

    Uncertain guesses are named as such, and so are microphones that were not recognised.
    """
    groups: dict[str, dict[Role, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, role, confidence in _by_sound(state, hits):
        kind = _UNKNOWN if role is Role.OTHER else _SURE if confidence >= SURE_OF_A_ROLE else _UNCERTAIN
        groups[kind][role].append(name)
    sentences = [
        f"{kind}: {_words(groups[kind])}." for kind in (_SURE, _UNCERTAIN, _UNKNOWN) if kind in groups
    ]
    return " ".join([*sentences, "Change a role in the menu of its track."] if sentences else [])


def _by_sound(state: DocumentState, hits: Hits | None) -> Iterator[tuple[str, Role, float]]:
    """Yield the name, role and confidence of each microphone that only its sound describes."""
    if hits is None or len(hits.track_ids) < 2:
        return
    tracks = {track.id: track for track in state.tracks}
    for key, role, confidence in zip(hits.track_ids, hits.roles, hits.role_confidences, strict=True):
        track = tracks.get(key)
        if track is None or role_of(track.role) is not None or is_other_instrument(track.name):
            continue
        if role_of_name(track.name) is None:
            yield track.name, role, float(confidence)


def _words(names: Mapping[Role, list[str]]) -> str:
    """Return "Side and Window (room); Bottom (snare)"."""
    return "; ".join(
        listed(of_role) + ("" if role is Role.OTHER else f" ({role})") for role, of_role in names.items()
    )


LEAST_SHARE = 0.3
"""A track that picks up this share of the strokes of a kit was recorded with it."""


def recorded_with(pickup: StrokePickup, microphones: Collection[str]) -> Mapping[str, float]:
    """Find the tracks that were recorded together with some microphones.

    A track counts that picks up the strokes of two of them, or whose own strokes half of them pick up. One
    alone is not evidence: a rough mix picks up every instrument.

    Returns
    -------
    confidences : by track id, the share of the strokes; without the microphones themselves
    """
    ids = list(pickup.track_ids)
    rows = [row for row, key in enumerate(ids) if key in microphones]
    confidences = _confidences(np.asarray(pickup.shares), rows)
    found = np.flatnonzero(confidences >= LEAST_SHARE).tolist()
    return {ids[row]: float(confidences[row]) for row in found if row not in rows}


def largest_kit(pickup: StrokePickup) -> tuple[str, ...]:
    """Return the ids of the largest group of tracks that were recorded together; empty where no two were."""
    shares = np.asarray(pickup.shares)
    both_ways = np.minimum(shares, shares.T) >= LEAST_SHARE
    np.fill_diagonal(both_ways, val=False)
    if not both_ways.any():
        return ()
    middle = int(np.lexsort((shares.sum(axis=1), both_ways.sum(axis=1)))[-1])
    rows = [middle, *np.flatnonzero(both_ways[middle]).tolist()]
    group = np.flatnonzero(_confidences(shares, rows) >= LEAST_SHARE)
    return tuple(pickup.track_ids[row] for row in group.tolist())


def _confidences(shares: NDArray[np.float32], rows: Sequence[int]) -> NDArray[np.float64]:
    """Return how surely each track was recorded with those of some rows, shape (tracks,)."""
    found = np.zeros(len(shares))
    for track in range(len(shares)):
        others = [row for row in rows if row != track]
        if others:
            second_most = float(np.sort(shares[track, others])[-2:][0])
            picked_up_by_half = float(np.median(shares[others, track])) if len(others) > 1 else 0.0
            found[track] = max(second_most, picked_up_by_half)
    return found


def kit_roles(names: Mapping[str, str], pickup: StrokePickup) -> Mapping[str, str]:
    """Return the roles of a kit's microphones according to their names, by track id.

    Tracks without such a name join it that were recorded with it, unless they are called after another
    instrument.

    Parameters
    ----------
    names : of all tracks, by id
    """
    by_name = kit_of_names(tuple(names.values()))
    roles = {key: by_name[name].value for key, name in names.items() if name in by_name}
    joined = {key for key in recorded_with(pickup, roles) if not is_other_instrument(names[key])}
    return {key: roles.get(key, DRUMS) for key in names if key in roles or key in joined}


def unnamed_kit(state: DocumentState, pickup: StrokePickup | None) -> tuple[str, ...]:
    """Return the ids of the microphones of a document in which no track has a role.

    Those that were recorded together and those called after a drum, without other instruments; where no two
    were recorded together, all that are not called after another instrument; empty where that leaves none.
    """
    group = () if pickup is None else largest_kit(pickup)
    return tuple(
        track.id
        for track in state.tracks
        if not is_other_instrument(track.name)
        and (not group or track.id in group or role_of_name(track.name) is not None)
    )


def holds_drums(state: DocumentState, ids: Collection[str]) -> bool:
    """Return whether a role or a name shows that some tracks are those of drums.

    Rooms do not count, nor does sound that several tracks picked up: microphones of any band have both.
    """
    tracks = [track for track in state.tracks if track.id in ids]
    roles = {role_of(track.role) or role_of_name(track.name) for track in tracks} - {None, Role.ROOM}
    return bool(roles) or any(track.role == DRUMS for track in tracks)


def microphones_words(state: DocumentState, ids: Collection[str], noun: str = "microphone") -> str:
    """Count drum tracks; rooms and mixes are named as such: "5 microphones, 2 room microphones, 1 mix"."""
    tracks = [track for track in state.tracks if track.id in ids]
    mixes = [track for track in tracks if not role_of(track.role) and is_mix(track.name)]
    rooms = [
        track
        for track in tracks
        if track not in mixes and (role_of(track.role) or role_of_name(track.name)) is Role.ROOM
    ]
    close = len(tracks) - len(mixes) - len(rooms)
    words = [counted(close, noun)] if close or not tracks else []
    words += [counted(len(rooms), "room microphone")] if rooms else []
    return ", ".join([*words, *([f"{len(mixes)} mix{'es' * (len(mixes) > 1)}"] if mixes else [])])


def left_behind(state: DocumentState, pickup: StrokePickup | None, moved: Collection[str]) -> tuple[str, ...]:
    """Return the names of the tracks recorded with those that are moved, which stay where they are."""
    if pickup is None:
        return ()
    found = recorded_with(pickup, moved)
    return tuple(track.name for track in state.tracks if track.id in found)


def tracks_of_moves(state: DocumentState, ids: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the tracks that some proposals move hits on; empty where they move none."""
    hits = [state.proposals[key] for key in ids if state.proposals[key].kind == HIT.name]
    if any(not one.tracks for one in hits):
        return tuple(track.id for track in state.tracks)
    moved = {key for one in hits for key in one.tracks}
    return tuple(track.id for track in state.tracks if track.id in moved)


def left_behind_sentence(names: Sequence[str]) -> str:
    """Report which tracks recorded with those that move stay; empty where none does."""
    if not names:
        return ""
    stay = "stays where it is" if len(names) == 1 else "stay where they are"
    return f"{counted(len(names), 'track')} recorded with these {stay}: {listed(names)}."
