"""Jams that break off in several ways, with intended rests, fades and quiet passages.

The same bands and the same takes to learn from as in `band`. Attempts break off after some seconds, with a
pause and another attempt, which can differ from the previous one. Intended audio contains general
pauses of up to two seconds, passages 15 to 25 dB softer, and a fade.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.features.taste.anomaly.planting import MAKERS, Material, Samples
from engine.features.taste.anomaly.practice_kinds import FALSE_STARTS, quiet_room, ringing
from engine.lab.evaluation.materials.band import Band, chosen_band
from engine.lab.evaluation.materials.case import Case, Faults, HeldOut, MaterialKind
from engine.lab.simulated.recordings import Excerpt, drawn_clips

BREAKS = {"false_start": MAKERS["false_start"], **FALSE_STARTS}
_SHARE = 0.3
_LENGTH_S = (8.0, 20.0)
_MORE_TAKES = 1
_REST_S, _QUIET_S, _QUIET_DB, _FADE_S = (0.6, 2.0), (6.0, 12.0), (-25.0, -15.0), (3.0, 6.0)


def with_rests(clean: Excerpt, rng: np.random.Generator) -> Excerpt:
    """Return a take with two general pauses, a softer passage and a fade at its end; all of it is meant."""
    music, rate_hz = clean.audio.copy(), clean.rate_hz
    material = Material(music[:, None], rate_hz)
    length = round(rng.uniform(*_QUIET_S) * rate_hz)
    start = int(rng.integers(0, max(1, len(music) - length)))
    turns = [start, start + length // 6, start + length * 5 // 6, start + length]
    dip = np.interp(np.arange(len(music)), turns, [0.0, 1.0, 1.0, 0.0])
    music *= 10.0 ** (dip * rng.uniform(*_QUIET_DB) / 20.0).astype(np.float32)
    fade = round(rng.uniform(*_FADE_S) * rate_hz)
    music[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32) ** 2
    pieces: list[Samples] = []
    for piece in np.split(music, np.sort(rng.integers(len(music) // 5, 4 * len(music) // 5, 2))):
        rest = quiet_room(material, round(rng.uniform(*_REST_S) * rate_hz), rng)[:, 0]
        ring = ringing(material, piece[:, None], rng)[len(piece) :, 0][: len(rest)]
        rest[: len(ring)] += ring
        pieces += [piece, rest]
    return Excerpt(clean.name, np.concatenate(pieces[:-1]), rate_hz)


def breaks_case(data_dir: Path, band: Band, seed: int) -> Case:
    """Make a case of one band."""
    kept, tested = band.divided(data_dir, np.random.default_rng([seed, 1]), _MORE_TAKES)
    rng = np.random.default_rng([seed, 6])
    clips, raw_clips = drawn_clips(data_dir, rng, kept[0].rate_hz)
    faults, raw_faults = (Faults(one, _LENGTH_S, BREAKS, _SHARE) for one in (clips, raw_clips))
    meant = [with_rests(take, rng) for take in tested]
    return Case(
        group=band.name,
        kept=kept,
        tested=(
            *(faults.planted(take, rng) for take in meant),
            *(HeldOut(f"{take.name}, as it was meant", take.heard(), ()) for take in meant),
        ),
        raw_of=lambda one: raw_faults.planted(one, rng).audio,
    )


def _case(data_dir: Path, seed: int) -> Case:
    return breaks_case(data_dir, chosen_band(seed), seed)


BREAKING_OFF = MaterialKind(
    "breaks",
    "a band's jams that break off, beside rests and fades that belong",
    ("music", "mdbdrums", "multimic", "esc50"),
    _case,
    is_extra=True,
)
