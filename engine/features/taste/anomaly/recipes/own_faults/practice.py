"""Make training data: clean audio with injected faults, as labelled features.

It would be easy to learn the trace of the processing instead of the fault. So a good part of the clean audio
goes through the same stretching, repitching and filtering, by inaudibly small amounts. A network trained at
one level only takes every soft passage for a fault: so the audio sometimes has soft passages, fades and
rests. Rests are few, since pauses indicate broken-off attempts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.core.progress import Progress
from engine.features.taste.anomaly.planting import (
    MAKERS,
    Maker,
    Material,
    Planted,
    Samples,
    plant,
    repitched,
    stretched,
)
from engine.features.taste.anomaly.practice_kinds import (
    CUT,
    PRACTICE_MAKERS,
    WAYS,
    excerpt_of_clips,
    made_up_clips,
    quiet_room,
    ringing,
)
from engine.features.taste.anomaly.recipes.own_faults.network import (
    STEP_FRAMES,
    FrameFeatures,
    frame_features,
    joined,
)
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig

PART_OF_KIND: Mapping[str, str] = {
    "talk": "talk",
    "noise": "noise",
    "under_noise": "noise",
    "detune": "out-of-tune",
    "wrong_speed": "out-of-tune",
    "dropout": "dropout",
    "hush": "dropout",
    "false_start": "false-start",
    "broken_off": "false-start",
    "rings_out": "false-start",
    "drops_out": "false-start",
    "trails_off": "false-start",
    "called_off": "false-start",
    "counted_in": "false-start",
    "idle_room": "dead-air",
    "mains_hum": "dead-air",
    "noodling": "noodling",
    "fragments": "noodling",
    "wrong_tempo": "wrong-tempo",
    "unsteady": "wrong-tempo",
    "bad_join": "bad-join",
    "stutter": "bad-join",
    "reversed": "altered",
    "two_at_once": "altered",
    "muffled": "altered",
    "voice_over": "talk",
    "knocks_over": "noise",
    "tones_over": "noise",
    "bursts_over": "noise",
    "cut": "cut-before",
}
"""The part of the score each kind belongs to."""


_TURNS = 3
_STRETCH, _CENTS, _TILT_HZ = 0.03, 12.0, (200.0, 4000.0)


@dataclass(frozen=True, slots=True, eq=False)
class Practice:
    """A piece to practise on.

    Attributes
    ----------
    targets : float32, shape (steps, 1 + parts), 1 where it is damaged: in any way, then as each part means it
    """

    features: FrameFeatures
    targets: NDArray[np.float32]

    @property
    def is_fault(self) -> NDArray[np.bool_]:
        """Where it is damaged, shape (steps,)."""
        return self.targets[:, 0] > 0.0


def kinds_of(config: OwnFaultsConfig) -> dict[str, Maker]:
    """Return the makers of the faults that are made by rule."""
    every = {**MAKERS, **PRACTICE_MAKERS}
    return {kind: make for kind, make in every.items() if kind not in config.leave_out}


@dataclass(frozen=True, slots=True, eq=False)
class Workshop:
    """Makes training data: synthetic faults, and the user's cuts if available.

    Attributes
    ----------
    cut : mono at the analysis rate, each of shape (n,)
    """

    config: OwnFaultsConfig
    cut: Sequence[Samples] = ()

    @property
    def makers(self) -> dict[str, Maker]:
        """How each kind is made."""
        return {**kinds_of(self.config), **({CUT: excerpt_of_clips(CUT)} if self.cut else {})}

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of a score that the faults belong to, each once."""
        return tuple(dict.fromkeys(PART_OF_KIND[kind] for kind in self.makers))

    @property
    def turns(self) -> list[str]:
        """Kinds as often as they take turns: the ways of one fault together about as often as another."""
        kinds = kinds_of(self.config)
        by_rule = [kind for kind in kinds for _ in range(1 if kind in WAYS else _TURNS)]
        share = self.config.cut_share
        times = max(1, round(len(by_rule) * share / (1.0 - share)))
        return by_rule + [CUT] * (times if self.cut else 0)

    def practice(
        self, edits: Sequence[Samples], total_s: float, seed: int, progress: Progress
    ) -> tuple[Practice, ...]:
        """Make at least `total_s` of training data from clean audio, each mono at the analysis rate."""
        config, rng = self.config, np.random.default_rng(seed)
        rate_hz = config.mel.rate_hz
        clips = {**made_up_clips(rate_hz, rng), CUT: self.cut}
        made: list[Practice] = []
        done_s = 0.0
        while done_s < total_s:
            progress.check_cancelled()
            excerpt = _processed(_excerpt(edits, config, rng), rate_hz, rng)
            clean = with_dynamics(excerpt, rate_hz, rng)[:, None]
            share, length_s = config.fault_share, config.fault_length_s
            planted = plant(clean, rate_hz, self.turns, share, rng, clips, length_s, self.makers)
            made.append(self._labelled(planted))
            done_s += len(planted.audio) / rate_hz
            progress.report(min(done_s / total_s, 1.0), "Making training faults")
        return tuple(made)

    def _labelled(self, planted: Planted) -> Practice:
        mel = self.config.mel
        features = joined(frame_features([planted.audio[:, 0]], mel), mel.n_mels)
        targets = np.zeros((len(features), 1 + len(self.parts)), np.float32)
        for fault in planted.faults:
            edges = (fault.start_samples, fault.stop_samples)
            first, last = (-(-edge // (STEP_FRAMES * mel.hop_samples)) for edge in edges)
            targets[first:last, [0, 1 + self.parts.index(PART_OF_KIND[fault.kind])]] = 1.0
        return Practice(features, targets)


def _excerpt(edits: Sequence[Samples], config: OwnFaultsConfig, rng: np.random.Generator) -> Samples:
    """Return an excerpt of a recording, choosing longer ones more often, and often its very start or end.

    A short one is, half of the time, turned round, and repeated until it fills a crop.
    """
    lengths = np.array([len(one) for one in edits], np.float64)
    one = edits[int(rng.choice(len(edits), p=lengths / lengths.sum()))]
    wanted = round(config.excerpt_s * config.mel.rate_hz)
    if len(one) <= wanted:
        turned = np.roll(one, -int(rng.integers(0, len(one)))) if rng.random() < 0.5 else one
        least = config.crop_steps * STEP_FRAMES * config.mel.hop_samples
        return np.resize(turned, max(len(one), least))
    last = len(one) - wanted
    start = int(np.clip(rng.integers(-wanted // 8, last + wanted // 8 + 1), 0, last))
    return one[start : start + wanted]


def _processed(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return clean audio unchanged, or after a little of the processing of faults."""
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


_SOFT_SHARE, _FADE_SHARE, _REST_SHARE = 0.6, 0.3, 0.12
_SOFT_DB, _SOFT_S, _RAMP_S = (-28.0, -6.0), (2.0, 14.0), (0.05, 3.0)
_DULL_HZ = (500.0, 6000.0)
_FADE_S, _AT_END = (1.5, 10.0), 0.7
_MOST_RESTS, _REST_S, _RINGS = 2, (0.3, 2.2), 0.7


def with_dynamics(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return mono audio, shape (n,), more often than not with a soft passage, a fade or a rest in it."""
    if rng.random() < _SOFT_SHARE:
        audio = _softened(audio, rate_hz, rng)
    if rng.random() < _FADE_SHARE:
        audio = _faded(audio, rate_hz, rng)
    return _rested(audio, rate_hz, rng) if rng.random() < _REST_SHARE else audio


def _softened(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return audio with a passage that is played softly: quieter, and half of the time duller as well."""
    length = min(len(audio) // 2, round(rng.uniform(*_SOFT_S) * rate_hz))
    start = int(rng.integers(-length // 2, len(audio) - length // 2))
    ramp = rng.uniform(*_RAMP_S) * rate_hz
    at = np.arange(len(audio))
    share = np.clip(np.minimum(at - start, start + length - at) / ramp, 0.0, 1.0).astype(np.float32)
    gain = np.float32(10.0 ** (rng.uniform(*_SOFT_DB) / 20.0))
    soft = audio
    if rng.random() < 0.5:
        soft = sosfilt(butter(1, rng.uniform(*_DULL_HZ), fs=rate_hz, output="sos"), audio)
    return np.asarray(audio + share * (gain * soft - audio), np.float32)


def _faded(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return audio that fades out at its end, or now and then in at its start."""
    length = min(len(audio) // 2, round(rng.uniform(*_FADE_S) * rate_hz))
    ramp = np.linspace(1.0, 0.0, length, dtype=np.float32) ** np.float32(rng.uniform(1.0, 3.0))
    out = audio.copy()
    if rng.random() < _AT_END:
        out[len(out) - length :] *= ramp
    else:
        out[:length] *= ramp[::-1]
    return out


def _rested(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return audio with one or two general pauses, mostly with the ringing of the music before."""
    music = Material(audio[:, None], rate_hz, {})
    count = int(rng.integers(1, _MOST_RESTS + 1))
    places = np.sort(rng.integers(len(audio) // 8, 7 * len(audio) // 8, count))
    pieces: list[Samples] = []
    for piece in np.split(audio, places)[:-1]:
        rest = quiet_room(music, round(rng.uniform(*_REST_S) * rate_hz), rng)[:, 0]
        if rng.random() < _RINGS and len(piece) > rate_hz:
            ring = ringing(music, piece[:, None], rng)[len(piece) :, 0][: len(rest)]
            rest[: len(ring)] += ring
        pieces += [piece, rest]
    return np.concatenate([*pieces, audio[places[-1] :]])
