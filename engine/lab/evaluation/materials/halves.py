"""Halves of one piece: one is learned from, faults are planted in the other.

No second is in both, but the recording is the same; so this is an extra, easier than the other materials.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.lab.evaluation.materials.case import Case, Faults, MaterialKind
from engine.lab.simulated.recordings import Excerpt, drawn_clips, pieces_in, whole

_MOST_PIECES = 3


def _case(data_dir: Path, seed: int) -> Case:
    rng = np.random.default_rng([seed, 4])
    pieces = pieces_in(data_dir)[:_MOST_PIECES]
    path = pieces[seed % len(pieces)]
    audio, rate_hz = whole(path)
    mono = audio.mean(axis=1)
    half = len(mono) // 2
    halves = [Excerpt(path.stem, mono[:half], rate_hz), Excerpt(path.stem, mono[half:], rate_hz)]
    kept, clean = halves if seed // len(pieces) % 2 == 0 else halves[::-1]
    faults, raw_faults = map(Faults, drawn_clips(data_dir, rng, rate_hz))
    return Case(
        group=path.stem,
        kept=(kept,),
        tested=(faults.planted(clean, rng),),
        raw_of=lambda one: raw_faults.planted(one, rng).audio,
    )


HALVES = MaterialKind(
    "halves",
    "halves of one piece, an easier extra",
    ("music", "esc50"),
    _case,
    is_extra=True,
    is_asked_for=True,
)
