"""Performances whose candidates are stored, since rendering takes most of the time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import Drum, drums_of

_HALVED = ("levels_db", "before_db")


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """The rises of a performance that may be hits, and its hits.

    Attributes
    ----------
    roles : of the microphones
    onsets_samples : float64, shape (hits,), true
    microphones : int16, shape (hits,), of the drum of each hit; -1 without one
    """

    candidates: Candidates
    roles: tuple[Role, ...]
    rate_hz: int
    onsets_samples: NDArray[np.float64]
    microphones: NDArray[np.int16]

    @property
    def drums(self) -> tuple[Drum, ...]:
        """Return the drums of its kit."""
        return drums_of(self.roles, self.candidates, self.rate_hz)


def write_analysed(path: Path, analysed: Analysed) -> None:
    """Store a performance, whole or not at all."""
    fields = {name: getattr(analysed.candidates, name) for name in Candidates.__slots__}
    halved = {name: fields[name].astype(np.float16) for name in _HALVED}
    # Named so that numpy adds no suffix of its own.
    partial = path.with_suffix(".part.npz")
    np.savez(
        partial,
        **{**fields, **halved},
        roles=np.array([role.value for role in analysed.roles]),
        rate_hz=analysed.rate_hz,
        onsets_samples=analysed.onsets_samples,
        microphones=analysed.microphones,
    )
    partial.replace(path)


def read_analysed(path: Path) -> Analysed:
    """Read a stored performance."""
    with np.load(path) as stored:
        fields = {name: stored[name] for name in Candidates.__slots__}
        whole = {name: fields[name].astype(np.float32) for name in _HALVED}
        return Analysed(
            Candidates(**{**fields, **whole}),
            tuple(Role(value) for value in stored["roles"].tolist()),
            int(stored["rate_hz"]),
            stored["onsets_samples"],
            stored["microphones"],
        )
