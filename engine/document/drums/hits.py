"""The hits of a drum performance, found over all of its microphones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

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
