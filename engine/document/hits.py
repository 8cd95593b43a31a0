"""The hits of a drum performance, detected on all its microphones, and those that the user confirmed.

Confirmed hits outlive the next detection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Role(StrEnum):
    """Role of a microphone."""

    KICK = "kick"
    SNARE = "snare"
    HAT = "hat"
    TOM = "tom"
    CYMBAL = "cymbal"
    OVERHEAD = "overhead"
    ROOM = "room"
    OTHER = "other"

    @property
    def is_close(self) -> bool:
        """Whether it is placed at one drum, so that a hit in it has a voice and a time."""
        return self not in (Role.OVERHEAD, Role.ROOM, Role.OTHER)


class Ornament(StrEnum):
    """Relation of a hit to its neighbours: an intended ornament, or a mistake."""

    NONE = "none"
    GHOST = "ghost"
    FLAM = "flam"
    DRAG = "drag"
    LATE_VOICE = "late voice"
    """A voice of one stroke that came early or late by mistake: a faulty flam."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The hits of one group of microphones: a row for each drum that sounds, in the order of time.

    Attributes
    ----------
    onsets_samples : float64, shape (n,), ascending: where the sound rises at the microphone of its drum
    tracks : int16, shape (n,), index of that microphone in `track_ids`
    strengths_db : float32, shape (n,), the peak of the hit there, in dB full scale
    strokes : int32, shape (n,), ascending from 0: hits of one stroke, meant to sound together, share a number
    ornaments : int8, shape (n,), indices into `ORNAMENTS`
    confidences : float32, shape (n,), 0 to 1, that it is a hit of that drum and not bleed
    track_ids : of all microphones of the group
    roles : of the same
    delays_samples : float64, shape (len(track_ids),), delay of a hit relative to its own drum; preserved
    unsure_samples : float32, shape (n,), uncertainty of each onset; 0 if it rises clearly, and if unknown
    role_confidences : float32, shape (len(track_ids),), 0 to 1, of each role; 1 from the user, and if unknown
    """

    onsets_samples: NDArray[np.float64]
    tracks: NDArray[np.int16]
    strengths_db: NDArray[np.float32]
    strokes: NDArray[np.int32]
    ornaments: NDArray[np.int8]
    confidences: NDArray[np.float32]
    track_ids: Sequence[str]
    roles: Sequence[Role]
    delays_samples: NDArray[np.float64]
    maker: str = ""
    unsure_samples: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    role_confidences: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        """Accept roles as plain words, as documents store them, and stored hits without the last two arrays.

        Raises
        ------
        ValueError : a role is unknown
        """
        object.__setattr__(self, "roles", tuple(Role(role) for role in self.roles))
        if not len(self.unsure_samples):
            object.__setattr__(self, "unsure_samples", np.zeros(len(self.onsets_samples), np.float32))
        if not len(self.role_confidences):
            object.__setattr__(self, "role_confidences", np.ones(len(self.roles), np.float32))

    @property
    def voices(self) -> tuple[Role, ...]:
        """The role of each hit's microphone, length n."""
        return tuple(self.roles[track] for track in self.tracks)


ORNAMENTS = tuple(Ornament)
"""In the order of their codes."""

SAME_HIT_S = 0.010
"""A hit found again is the one that was confirmed on its microphone within this time."""
_SAME_STROKE_S = 0.010
_OF_HITS = ("onsets_samples", "tracks", "strengths_db", "ornaments", "confidences", "unsure_samples")
"""The arrays with a row for each hit, without `strokes`."""


def taken(hits: Hits, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Hits:
    """Return some rows of hits, with strokes renumbered."""
    _, strokes = np.unique(hits.strokes[rows], return_inverse=True)
    arrays = {name: getattr(hits, name)[rows] for name in _OF_HITS}
    return replace(hits, strokes=strokes.astype(np.int32), **arrays)


def sure_enough(hits: Hits, sensitivity: float) -> Hits:
    """Return the hits with a confidence of at least 1 - `sensitivity`; see `confirmed`.

    Parameters
    ----------
    sensitivity : 0 to 1; at 1 all detected hits count, at 0 only those the user confirmed
    """
    return taken(hits, hits.confidences >= 1.0 - sensitivity)


def confirmed(found: Hits, promoted: Hits | None, rate_hz: int) -> Hits:
    """Return detected hits merged with those the user confirmed, which get full confidence.

    A confirmed hit that was not detected again is restored; hits of missing microphones wait for them.
    """
    if promoted is None or not len(promoted.onsets_samples):
        return found
    places = {track: place for place, track in enumerate(found.track_ids)}
    own = np.array([places.get(track, -1) for track in promoted.track_ids], np.int64)
    tracks = own[promoted.tracks]
    confidences = found.confidences.copy()
    lost = []
    for row, (track, onset) in enumerate(zip(tracks, promoted.onsets_samples, strict=True)):
        if track < 0:
            continue
        away = np.where(found.tracks == track, np.abs(found.onsets_samples - onset), np.inf)
        nearest = int(np.argmin(away)) if len(away) else -1
        if nearest >= 0 and away[nearest] <= SAME_HIT_S * rate_hz:
            confidences[nearest] = 1.0
        else:
            lost.append(row)
    sure = replace(found, confidences=confidences)
    return _with_rows(sure, promoted, np.array(lost, np.int64), tracks, rate_hz) if lost else sure


def with_microphones_of(hits: Hits, others: Hits) -> Hits:
    """Return hits with the microphones of others added to their own."""
    more = [place for place, track in enumerate(others.track_ids) if track not in hits.track_ids]
    return replace(
        hits,
        track_ids=(*hits.track_ids, *(others.track_ids[place] for place in more)),
        roles=(*hits.roles, *(others.roles[place] for place in more)),
        delays_samples=np.concatenate([hits.delays_samples, others.delays_samples[more]]),
        role_confidences=np.concatenate([hits.role_confidences, others.role_confidences[more]]),
    )


def _with_rows(
    found: Hits, promoted: Hits, lost: NDArray[np.int64], tracks: NDArray[np.int64], rate_hz: int
) -> Hits:
    """Return hits with the rows of confirmed ones that were not detected; one joins a stroke close before."""
    order = np.argsort(np.concatenate([found.onsets_samples, promoted.onsets_samples[lost]]), kind="stable")
    more = {name: getattr(promoted, name)[lost] for name in _OF_HITS}
    more |= {"tracks": tracks[lost].astype(np.int16), "confidences": np.ones(len(lost), np.float32)}
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(found, name), some])[order] for name, some in more.items()
    }
    strokes, onsets = np.concatenate([found.strokes, np.full(len(lost), -1)])[order], arrays["onsets_samples"]
    begins = np.ones(len(onsets), bool)
    begins[1:] = np.where(
        (strokes[1:] < 0) | (strokes[:-1] < 0),
        np.diff(onsets) > _SAME_STROKE_S * rate_hz,
        strokes[1:] != strokes[:-1],
    )
    return replace(found, strokes=(np.cumsum(begins) - 1).astype(np.int32), **arrays)
