"""Mixtures of unseen sounds over unseen backgrounds of every class, drawn independently of training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.lab.evaluation.separation.unseen_sources import (
    RATE_HZ,
    Background,
    Bed,
    Clip,
    Part,
    Samples,
    beds,
    by_name,
    clips,
    read,
)

_LEVELS_DB = (-5.0, 10.0)
_EVENT_S = (0.3, 3.0)
_MARGIN_S = (0.05, 0.3)
_LEAST_AROUND_S = 0.8
_RECORDING_S = (5.0, 20.0)
_ENVELOPE_S = 0.01
_SOUNDING_DB, _ENDED_DB = -20.0, -35.0
_RESTING_DB = -12.0
"""A background that rests in the window by more than this, compared with elsewhere, is drawn again."""
_ROOM_PEAK = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class UnseenMixture:
    """A recording with known parts.

    Attributes
    ----------
    meant, rest : float32, shape (frames, 2); their sum is the recording
    window_samples : [start, stop)
    name : of the sound that is meant
    absent : name of an absent sound
    others : names of other possible sounds
    kind : class of the background
    level_db : level of the sound relative to the rest, within the window
    """

    meant: Samples
    rest: Samples
    window_samples: tuple[int, int]
    name: str
    absent: str
    others: tuple[str, ...]
    kind: Background
    level_db: float

    @property
    def rate_hz(self) -> int:
        """Sample rate, the same for all."""
        return RATE_HZ

    @property
    def whole(self) -> Samples:
        """Recording as a user has it, shape (frames, 2)."""
        return self.meant + self.rest


def unseen_mixtures(
    data_dir: Path, part: Part, count: int, seed: int, *, is_crowded: bool = False
) -> Iterator[UnseenMixture]:
    """Yield mixtures: classes of backgrounds in turn, names of sounds equally often.

    Parameters
    ----------
    data_dir : folder with `esc50`, `ambience`, `music`, `loops` and `speech`
    is_crowded : whether the window holds a second new sound, which is not meant
    """
    groups = by_name(clips(data_dir, part))
    names = sorted(groups)
    sources = {kind: beds(data_dir, part, kind) for kind in Background}
    kinds = [kind for kind, found in sources.items() if found]
    order = np.random.default_rng(seed).permutation(np.arange(count) % len(names))
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        name = names[order[number]]
        usable = [kind for kind in kinds if any(name not in bed.holds for bed in sources[kind])]
        mixture = _mixture(groups, name, sources[usable[number % len(usable)]], names, rng)
        yield _crowded(mixture, groups, rng) if is_crowded else mixture


def _crowded(
    mixture: UnseenMixture, groups: dict[str, list[Clip]], rng: np.random.Generator
) -> UnseenMixture:
    """Add a sound of another name to the window, 5 dB quieter to 5 dB louder than the one that is meant."""
    taken = (mixture.name, mixture.absent, *mixture.others)
    names = [name for name in sorted(groups) if name not in taken]
    name = names[int(rng.integers(len(names)))]
    event = _event(groups[name][int(rng.integers(len(groups[name])))].samples(), rng)
    start, stop = mixture.window_samples
    event = event[: stop - start]
    at = start + int(rng.integers(0, stop - start - len(event) + 1))
    inside = slice(start, stop)
    level = _power(mixture.meant[inside]) * 10 ** (float(rng.uniform(-5.0, 5.0)) / 10)
    second = np.zeros_like(mixture.rest)
    second[at : at + len(event)] = _faded(event, 0.005, 0.05)[:, None]
    second *= np.float32(np.sqrt(level / max(_power(second[inside]), 1e-12)))
    rest = mixture.rest + second
    level_db = 10.0 * float(np.log10(_power(mixture.meant[inside]) / _power(rest[inside])))
    return replace(mixture, rest=rest, others=(*mixture.others, name), level_db=level_db)


def _mixture(
    groups: dict[str, list[Clip]],
    name: str,
    sources: tuple[Bed, ...],
    names: list[str],
    rng: np.random.Generator,
) -> UnseenMixture:
    usable = [bed for bed in sources if name not in bed.holds]
    while True:
        clip = groups[name][int(rng.integers(len(groups[name])))]
        bed = usable[int(rng.integers(len(usable)))]
        event = _event(clip.samples(), rng)
        rest = _background(bed, rng)
        margins = [round(rng.uniform(*_MARGIN_S) * RATE_HZ) for _ in range(2)]
        around = round(_LEAST_AROUND_S * RATE_HZ)
        span = len(event) + sum(margins)
        if span + 2 * around > len(rest):
            continue
        start = int(rng.integers(around, len(rest) - around - span + 1))
        window = (start, start + span)
        resting = _power(rest[slice(*window)]) < 10 ** (_RESTING_DB / 10) * _power(rest)
        if resting or _power(event[:, None]) < 1e-9:
            continue
        return _placed(event, rest, start + margins[0], window, name, bed, names, rng)


def _placed(
    event: Samples,
    rest: Samples,
    at: int,
    window: tuple[int, int],
    name: str,
    bed: Bed,
    names: list[str],
    rng: np.random.Generator,
) -> UnseenMixture:
    pan = rng.uniform(0.25, 0.75) * np.pi / 2
    meant = np.zeros_like(rest)
    meant[at : at + len(event)] = event[:, None] * np.array([np.cos(pan), np.sin(pan)], np.float32)
    level_db = float(rng.uniform(*_LEVELS_DB))
    inside = slice(*window)
    meant *= np.float32(np.sqrt(_power(rest[inside]) / _power(meant[inside]) * 10 ** (level_db / 10)))
    gain = np.float32(min(1.0, _ROOM_PEAK / float(np.abs(meant + rest).max())))
    absent = [other for other in names if other != name and other not in (*bed.holds, *bed.may_hold)]
    return UnseenMixture(
        meant * gain,
        rest * gain,
        window,
        name,
        absent[int(rng.integers(len(absent)))],
        bed.holds,
        bed.kind,
        level_db,
    )


def _power(samples: NDArray[np.floating]) -> float:
    return float(np.mean(samples.astype(np.float64) ** 2))


def _event(samples: Samples, rng: np.random.Generator) -> Samples:
    """Cut one occurrence from a clip: from a natural onset to where it has ended, or is faded out.

    An occurrence begins where the envelope rises above `_SOUNDING_DB` of its peak; one that sounds from the
    start of the clip on is faded in, as a car that approaches.
    """
    hop = round(_ENVELOPE_S * RATE_HZ)
    blocks = samples[: len(samples) // hop * hop].reshape(-1, hop).astype(np.float64)
    level_db = 10.0 * np.log10((blocks**2).mean(axis=1) + 1e-12)
    level_db -= level_db.max()
    is_loud = level_db > _SOUNDING_DB
    onsets = np.flatnonzero(is_loud[1:] & ~is_loud[:-1]) + 1
    onsets = onsets[[bool((level_db[each : each + 20] > -6.0).any()) for each in onsets]]
    longest = round(float(np.exp(rng.uniform(*np.log(_EVENT_S)))) / _ENVELOPE_S)
    if len(onsets):
        first = max(0, int(onsets[int(rng.integers(len(onsets)))]) - 2)
        fade_in_s = 0.005
    else:
        loud = np.flatnonzero(level_db > -10.0)
        first = max(0, min(int(loud[int(rng.integers(len(loud)))]), len(level_db) - longest))
        fade_in_s = float(rng.uniform(0.02, 0.2))
    stop = min(len(level_db), first + longest)
    ended = np.flatnonzero(np.convolve(level_db[first:stop] > _ENDED_DB, np.ones(15), mode="valid") == 0)
    is_over = len(ended) > 0 and ended[0] > 5
    stop = first + int(ended[0]) + 8 if is_over else stop
    event = samples[first * hop : stop * hop].copy()
    return _faded(event, fade_in_s, 0.02 if is_over else float(rng.uniform(0.05, 0.25)))


def _faded(samples: Samples, in_s: float, out_s: float) -> Samples:
    for reach_s, part in ((in_s, samples), (out_s, samples[::-1])):
        count = min(round(reach_s * RATE_HZ), len(samples) // 2)
        part[:count] *= np.sin(np.linspace(0.0, np.pi / 2, count, dtype=np.float32)) ** 2
    return samples


def _background(bed: Bed, rng: np.random.Generator) -> Samples:
    """Return a segment of a background in stereo, 5 to 20 s where it is long enough."""
    length_s = float(rng.uniform(*_RECORDING_S))
    if bed.kind is Background.SPEECH:
        joined = _conversation(bed, length_s, rng)
    else:
        long_s = soundfile.info(bed.paths[0]).duration
        length_s = min(length_s, long_s)
        joined = read(bed.paths[0], float(rng.uniform(0.0, long_s - length_s)), length_s)
    if joined.shape[1] == 1:
        balance = rng.uniform(0.8, 1.0, 2).astype(np.float32)
        joined = joined * balance
    return np.asarray(joined[:, :2] * np.float32(0.1 / np.sqrt(max(_power(joined), 1e-12))), np.float32)


def _conversation(bed: Bed, length_s: float, rng: np.random.Generator) -> Samples:
    """Return sentences of some voices in turn, with short pauses and equal levels."""
    parts: list[Samples] = []
    for number in rng.permutation(len(bed.paths)):
        voice = read(bed.paths[number]).mean(axis=1, keepdims=True, dtype=np.float32)
        parts += [
            voice * np.float32(0.1 / np.sqrt(max(_power(voice), 1e-12))),
            np.zeros((round(rng.uniform(0.05, 0.4) * RATE_HZ), 1), np.float32),
        ]
    whole = np.concatenate(parts)
    length = min(len(whole), round(length_s * RATE_HZ))
    first = int(rng.integers(len(whole) - length + 1))
    return whole[first : first + length] + 1e-4 * rng.standard_normal((length, 1)).astype(np.float32)
