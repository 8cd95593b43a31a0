"""Field recordings: an editor keeps one kind of ambience; intruding sounds are anomalous.

A recording is the clips of one fold of ESC-50, joined. No source recording is in two folds, so none is both
learned from and tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.features.taste.anomaly.planting import MAKERS, Maker, Material, Samples, active_rms, edges
from engine.lab.evaluation.materials.case import Case, Faults, MaterialKind
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Excerpt, clip, clip_rows, drawn_clips

AMBIENCES = ("rain", "crickets", "sea_waves", "crackling_fire", "chirping_birds")
_INTRUDERS: Mapping[str, tuple[str, ...]] = {
    "coughing": ("coughing",),
    "footsteps": ("footsteps",),
    "car_horn": ("car_horn",),
    "door": ("door_wood_knock", "door_wood_creaks"),
    "dog": ("dog",),
}
_PLANTINGS = 2
_JOIN_S = 0.25
_RMS = 0.05


def _case(data_dir: Path, seed: int) -> Case:
    rng = np.random.default_rng([seed, 3])
    ambience = AMBIENCES[seed % len(AMBIENCES)]
    rows = [row for row in clip_rows(data_dir) if row["category"] == ambience]
    folds = sorted({row["fold"] for row in rows})
    tested_fold = folds[seed % len(folds)]
    joined = {
        fold: _joined(f"{ambience}, fold {fold}", [clip(data_dir, r) for r in rows if r["fold"] == fold])
        for fold in folds
    }
    faults, raw_faults = (
        Faults(clips, (2.0, 8.0), FIELD_MAKERS)
        for clips in drawn_clips(data_dir, rng, HEARD_RATE_HZ, _INTRUDERS)
    )
    return Case(
        group=ambience,
        kept=tuple(joined[fold] for fold in folds if fold != tested_fold),
        tested=tuple(
            faults.planted(
                Excerpt(f"{joined[tested_fold].name}, planting {number}", joined[tested_fold].audio,
                        HEARD_RATE_HZ),
                rng,
            )
            for number in range(1, _PLANTINGS + 1)
        ),
        raw_of=lambda kept: raw_faults.planted(kept, rng).audio,
    )  # fmt: skip


def _joined(name: str, clips: list[Samples]) -> Excerpt:
    """Join clips by crossfades, all at one level and without the digital silence that fills some up."""
    fade = round(_JOIN_S * HEARD_RATE_HZ)
    rise = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    out = np.zeros(fade, np.float32)
    for one in clips:
        sounding = np.flatnonzero(np.abs(one) > 1e-3 * np.abs(one).max())
        trimmed = one[sounding[0] : sounding[-1] + 1]
        if len(trimmed) < 4 * fade:
            continue
        levelled = trimmed * np.float32(_RMS / active_rms(trimmed[:, None], HEARD_RATE_HZ))
        levelled[:fade] *= rise
        levelled[-fade:] *= rise[::-1]
        out[-fade:] += levelled[:fade]
        out = np.concatenate([out, levelled[fade:]])
    return Excerpt(name, out[fade:-fade], HEARD_RATE_HZ)


def _intrusion(name: str) -> Maker:
    def make(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
        """The ambience continues, with a foreign sound over it."""
        out = material.passage(length, rng).copy()
        level = active_rms(material.clean, material.rate_hz) * 10.0 ** (rng.uniform(0.0, 10.0) / 20.0)
        clips, at = material.clips[name], 0
        while at < length:
            one = clips[int(rng.integers(len(clips)))]
            sounding = np.flatnonzero(np.abs(one) > 0.02 * np.abs(one).max())
            heard = one[sounding[0] : sounding[-1] + 1][: length - at]
            gain = np.float32(level / max(active_rms(heard[:, None], material.rate_hz), 1e-9))
            out[at : at + len(heard)] += (gain * heard * edges(len(heard), material.rate_hz))[:, None]
            at += len(heard) + material.samples(rng.uniform(0.1, 0.8))
        return out

    return make


def _level(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """The gain changes, up and down by 6 to 20 dB."""
    count = max(2, round(length / material.samples(1.0)))
    turns = np.arange(count) % 2 * rng.uniform(6.0, 20.0)
    gain_db = np.interp(np.arange(length), np.linspace(0, length, count), -turns)
    return np.asarray(material.passage(length, rng) * 10.0 ** (gain_db[:, None] / 20.0), np.float32)


FIELD_MAKERS: Mapping[str, Maker] = {
    **{name: _intrusion(name) for name in _INTRUDERS},
    "dropout": MAKERS["dropout"],
    "bad_join": MAKERS["bad_join"],
    "level": _level,
}

FIELD = MaterialKind("field", "field recordings of one ambience, with intrusions", ("esc50",), _case)
