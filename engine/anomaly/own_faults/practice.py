"""Make what the network practises on: kept audio with faults planted in it, heard and labelled.

It would be easy to learn the trace of the processing instead of the fault. So a good part of what stays clean
goes through the same stretching, repitching and filtering, by amounts that nobody would mind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.anomaly.faults.kinds import MAKERS
from engine.anomaly.faults.material import Maker, Samples, repitched
from engine.anomaly.faults.parts import PART_OF_KIND
from engine.anomaly.faults.planting import Planted, plant
from engine.anomaly.faults.practice_kinds import PRACTICE_MAKERS, made_up_clips
from engine.anomaly.own_faults.hearing import STEP_FRAMES, Heard, hear, joined
from engine.anomaly.own_faults.settings import OwnFaultsConfig
from engine.anomaly.stretch import stretched
from engine.progress import Progress

_STRETCH, _CENTS, _TILT_HZ = 0.03, 12.0, (200.0, 4000.0)


@dataclass(frozen=True, slots=True, eq=False)
class Practice:
    """A piece to practise on.

    Attributes
    ----------
    targets : float32, shape (steps, 1 + parts), 1 where it is damaged: in any way, then as each part means it
    """

    heard: Heard
    targets: NDArray[np.float32]

    @property
    def is_fault(self) -> NDArray[np.bool_]:
        """Where it is damaged, shape (steps,)."""
        return self.targets[:, 0] > 0.0


def kinds_of(config: OwnFaultsConfig) -> dict[str, Maker]:
    """Return the makers of the faults that are practised on."""
    every = {**MAKERS, **PRACTICE_MAKERS}
    return {kind: make for kind, make in every.items() if kind not in config.leave_out}


def parts_of(config: OwnFaultsConfig) -> tuple[str, ...]:
    """Return the parts that the faults practised on belong to, each once."""
    return tuple(dict.fromkeys(PART_OF_KIND[kind] for kind in kinds_of(config)))


def make_practice(
    kept: Sequence[Samples], config: OwnFaultsConfig, total_s: float, seed: int, progress: Progress
) -> tuple[Practice, ...]:
    """Make at least `total_s` of practice from kept audio, mono at the analysis rate, each of shape (n,)."""
    rng = np.random.default_rng(seed)
    clips = made_up_clips(config.mel.rate_hz, rng)
    makers = kinds_of(config)
    made: list[Practice] = []
    done_s = 0.0
    while done_s < total_s:
        progress.check_cancelled()
        clean = _as_kept(_excerpt(kept, config, rng), config.mel.rate_hz, rng)
        planted = plant(
            clean[:, None],
            config.mel.rate_hz,
            list(makers),
            config.fault_share,
            rng,
            clips,
            config.fault_length_s,
            makers,
        )
        made.append(_practice(planted, config))
        done_s += len(planted.audio) / config.mel.rate_hz
        progress.report(min(done_s / total_s, 1.0), "Making faults to practise on")
    return tuple(made)


def _excerpt(kept: Sequence[Samples], config: OwnFaultsConfig, rng: np.random.Generator) -> Samples:
    """Return a stretch of one of the recordings, longer ones more often.

    A short one is turned round, and repeated until it fills a crop.
    """
    lengths = np.array([len(one) for one in kept], np.float64)
    one = kept[int(rng.choice(len(kept), p=lengths / lengths.sum()))]
    wanted = round(config.excerpt_s * config.mel.rate_hz)
    start = int(rng.integers(0, len(one)))
    if len(one) <= wanted:
        least = config.crop_steps * STEP_FRAMES * config.mel.hop_samples
        return np.resize(np.roll(one, -start), max(len(one), least))
    start = min(start, len(one) - wanted)
    return one[start : start + wanted]


def _as_kept(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return kept audio as it is, or after a little of the processing that faults go through."""
    way = rng.random()
    if way < 0.3:
        return audio
    if way < 0.5:
        factor = float(rng.uniform(1.0 - _STRETCH, 1.0 + _STRETCH))
        return stretched(audio[:, None], factor, rate_hz)[:, 0]
    if way < 0.7:
        return repitched(audio, float(rng.uniform(-_CENTS, _CENTS)), rate_hz)
    low = sosfilt(butter(1, rng.uniform(*_TILT_HZ), fs=rate_hz, output="sos"), audio)
    return np.asarray(audio + rng.uniform(-0.3, 0.5) * low, np.float32)


def _practice(planted: Planted, config: OwnFaultsConfig) -> Practice:
    heard = joined(hear([planted.audio[:, 0]], config.mel), config.mel.n_mels)
    step_samples = STEP_FRAMES * config.mel.hop_samples
    parts = parts_of(config)
    targets = np.zeros((len(heard), 1 + len(parts)), np.float32)
    for fault in planted.faults:
        first, last = (-(-edge // step_samples) for edge in (fault.start_samples, fault.stop_samples))
        targets[first:last, 0] = 1.0
        targets[first:last, 1 + parts.index(PART_OF_KIND[fault.kind])] = 1.0
    return Practice(heard, targets)
