"""Fingerprints of playing: the features of takes as small integers, to be stored and compared later.

A minute takes 7 kB. Chroma and the movement of broad bands are relative to the seconds around them, so that
level, microphone and room change them little; another key rolls the chroma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.takes.features import BROAD_BANDS, FRAMES_PER_S, PITCH_CLASSES, STEPS_PER_S, Frames

Bytes = NDArray[np.int8]

VERSION = 1
"""Of the features and their coding; fingerprints of two versions are not compared."""
_STEPS = round(STEPS_PER_S / FRAMES_PER_S)
_ROW = PITCH_CLASSES + BROAD_BANDS + _STEPS
_SCALE = 127.0


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """The fingerprint of a span of a recording.

    Attributes
    ----------
    rows : int8, shape (n, 24), one for each frame of `FRAMES_PER_S`: pitch classes, movement of broad bands
        (both in 1/127), and the levels of its two steps in dB full scale
    """

    rows: Bytes

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def length_s(self) -> float:
        """Return the length of the span in seconds."""
        return len(self.rows) / FRAMES_PER_S

    @classmethod
    def of(cls, frames: Frames, start_s: float = 0.0, stop_s: float | None = None) -> Fingerprint:
        """Return the fingerprint of analysed frames, or of a span of them in seconds."""
        last = len(frames) if stop_s is None else min(len(frames), round(stop_s * FRAMES_PER_S))
        part = frames.part(max(0, round(start_s * FRAMES_PER_S)), last)
        tonal = np.concatenate([part.chroma, part.broad], axis=1) * _SCALE
        levels = part.levels_db[: _STEPS * len(part)].reshape(-1, _STEPS)
        rows = np.concatenate([tonal, levels], axis=1)
        return cls(np.clip(np.rint(rows), -128, 127).astype(np.int8))

    def part(self, start_s: float, stop_s: float) -> Fingerprint:
        """Return the fingerprint of a span, in seconds from the start of this one."""
        return Fingerprint(
            self.rows[max(0, round(start_s * FRAMES_PER_S)) : max(0, round(stop_s * FRAMES_PER_S))]
        )

    def frames(self) -> Frames:
        """Return the features, rounded as stored."""
        values = self.rows.astype(np.float32)
        broad = PITCH_CLASSES + BROAD_BANDS
        return Frames(
            values[:, :PITCH_CLASSES] / np.float32(_SCALE),
            values[:, PITCH_CLASSES:broad] / np.float32(_SCALE),
            values[:, broad:].reshape(-1),
        )

    def to_bytes(self) -> bytes:
        """Return the rows one after another."""
        return self.rows.tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> Fingerprint:
        """Return the fingerprint that `to_bytes` wrote.

        Raises
        ------
        ValueError : the length is not that of whole rows
        """
        return cls(np.frombuffer(content, np.int8).reshape(-1, _ROW))
