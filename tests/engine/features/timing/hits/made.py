"""Hits made by hand, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role

ROLES = (Role.KICK, Role.SNARE, Role.HAT, Role.OVERHEAD)


def made_hits(
    rows: Sequence[tuple[float, int, int]],
    *,
    confidence: float = 0.9,
    ornaments: Sequence[Ornament] = (),
    track_ids: Sequence[str] = ("kick", "snare", "hat", "overhead"),
) -> Hits:
    """Return hits of (onset in samples, microphone, stroke), of microphones as `ROLES` has them."""
    onsets, tracks, strokes = np.array(rows, np.float64).reshape(-1, 3).T
    codes = [ORNAMENTS.index(one) for one in ornaments] or [0] * len(rows)
    return Hits(
        onsets,
        tracks.astype(np.int16),
        np.full(len(rows), -12.0, np.float32),
        strokes.astype(np.int32),
        np.array(codes, np.int8),
        np.full(len(rows), confidence, np.float32),
        tuple(track_ids),
        ROLES[: len(track_ids)],
        np.zeros(len(track_ids)),
        "made by hand",
    )
