"""Loops of one style: some are training data, others are test data against other styles.

Whole files are normal or anomalous. For scores over time, a loop repeated for most of a minute is damaged and
interrupted by passages of other styles.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.features.taste.anomaly.planting import MAKERS, Material, Samples
from engine.lab.evaluation.materials.case import Case, Faults, MaterialKind, WholeFile
from engine.lab.simulated.recordings import Excerpt, drawn_clips, excerpt, sound_files

STYLES = ("EDM-HSE", "HH-TRP", "JAZ-DRM", "POP-ROK", "WRLD-SMB")
_ONLY_ODD = ("RGTM-PNO",)
_LONGEST_S = 20.0
_TAKE_S = 45.0
_TESTED = 2
_LENGTH_S = (2.0, 8.0)
_OTHER_STYLE = "other_style"


def _case(data_dir: Path, seed: int) -> Case:
    rng = np.random.default_rng([seed, 2])
    style = STYLES[seed % len(STYLES)]
    loops = _read(data_dir, style)
    order = [loops[k] for k in rng.permutation(len(loops))]
    tested, kept = order[:_TESTED], order[_TESTED:]
    others = [loop for name in (*STYLES, *_ONLY_ODD) if name != style for loop in _read(data_dir, name)]
    clips, raw_clips = drawn_clips(data_dir, rng, loops[0].rate_hz)
    passages = {_OTHER_STYLE: [one.audio for one in others]}
    faults = Faults({**clips, **passages}, _LENGTH_S, {**MAKERS, _OTHER_STYLE: _other_style})
    damage, raw_damage = Faults(clips, _LENGTH_S), Faults(raw_clips, _LENGTH_S)
    return Case(
        group=style,
        kept=tuple(kept),
        tested=tuple(faults.planted(_take(loop), rng) for loop in tested),
        raw_of=lambda loop: raw_damage.planted(loop, rng).audio,
        files=(
            *(WholeFile(loop.name, loop.heard(), is_odd=False) for loop in tested),
            *(
                WholeFile(loop.name, damage.planted(loop, rng).audio, is_odd=False, is_altered=True)
                for loop in tested
            ),
            *(WholeFile(loop.name, loop.heard(), is_odd=True) for loop in others),
        ),
    )


def _read(data_dir: Path, style: str) -> list[Excerpt]:
    return [excerpt(path, _LONGEST_S) for path in sound_files(data_dir / "loops" / style)]


def _take(loop: Excerpt) -> Excerpt:
    """Repeat a loop until there is room for faults."""
    times = -(-round(_TAKE_S * loop.rate_hz) // len(loop.audio))
    return Excerpt(loop.name, np.tile(loop.audio, times), loop.rate_hz)


def _other_style(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A passage of another style."""
    clips = material.clips[_OTHER_STYLE]
    other = clips[int(rng.integers(len(clips)))]
    passage: Samples = np.resize(np.roll(other, -int(rng.integers(len(other)))), (length, 1))
    return passage


LOOPS = MaterialKind("loops", "loops of one style against others", ("loops", "esc50"), _case)
