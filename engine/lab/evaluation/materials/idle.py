"""Realistic days of recording: takes of a band between long segments without music.

The same bands and the same takes to learn from as in `band`; other takes are broken into by dead air, talk
and tuning until these are 30 to 90 % of all, in stretches of 20 to 110 s. One recording has none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.features.taste.anomaly.planting import Fault, Samples, active_rms, edges, repitched
from engine.features.taste.anomaly.practice_kinds import coloured_noise
from engine.lab.evaluation.materials.band import Band, chosen_band
from engine.lab.evaluation.materials.case import Case, HeldOut, MaterialKind
from engine.lab.evaluation.materials.speech import Voice, spoken
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips, drawn_clips, excerpt, sound_files

SHARES = (0.0, 0.3, 0.5, 0.7, 0.9)
_LONGEST_S = 480.0
_STRETCH_S = (20.0, 110.0)
_LEAST_MUSIC_S = 8.0
_EDGE_S = 0.03
_MORE_TAKES = 3
_SMALL_NOISES: Mapping[str, tuple[str, ...]] = {
    "small": ("footsteps", "door_wood_creaks", "mouse_click", "keyboard_typing", "can_opening", "coughing")
}
_VOICES = (Voice("en-gb", 45, 165), Voice("en-us", 70, 150))

Stretch = Callable[[int, float, Clips, np.random.Generator], Samples]
"""Makes idle audio, shape (length,), from (length in samples, RMS of the music, clips)."""


def _zero(length: int, rms: float, clips: Clips, rng: np.random.Generator) -> Samples:  # noqa: ARG001
    return np.zeros(length, np.float32)


def _hiss(length: int, rms: float, clips: Clips, rng: np.random.Generator) -> Samples:  # noqa: ARG001
    """The noise of an open preamplifier."""
    white = rng.standard_normal(length).astype(np.float32)
    return white * np.float32(rms * 10.0 ** (rng.uniform(-55.0, -35.0) / 20.0))


def _hum(length: int, rms: float, clips: Clips, rng: np.random.Generator) -> Samples:  # noqa: ARG001
    """Mains in a cable, over a little hiss."""
    time_s = np.arange(length) / HEARD_RATE_HZ
    mains_hz = rng.choice([50.0, 60.0])
    partials = [rng.uniform(0.1, 1.0) / k * np.sin(2 * np.pi * k * mains_hz * time_s + rng.uniform(0, 6.28))
                for k in range(1, 9)]  # fmt: skip
    hum = np.sum(partials, axis=0)
    level = rms * 10.0 ** (rng.uniform(-45.0, -18.0) / 20.0)
    hiss = 1e-3 * rms * rng.standard_normal(length)
    return np.asarray(level * hum / np.sqrt(np.square(hum).mean()) + hiss, np.float32)


def _room(length: int, rms: float, clips: Clips, rng: np.random.Generator) -> Samples:
    """A room with people, without music."""
    out = _floor(length, rms, rng)
    _scatter(out, clips["small"], rms, (-35.0, -12.0), 4.0, rng)
    return out


def _talk(length: int, rms: float, clips: Clips, rng: np.random.Generator) -> Samples:
    out = _floor(length, rms, rng)
    _scatter(out, clips["speech"], rms, (-25.0, -3.0), 1.0, rng)
    return out


def _tuning(length: int, rms: float, clips: Clips, rng: np.random.Generator) -> Samples:
    """Single notes of a guitar or a bass, now a little flat and now a little sharp."""
    out = _floor(length, rms, rng)
    source = clips["notes"][int(rng.integers(len(clips["notes"])))]
    notes = [repitched(source, float(rng.uniform(-60.0, 60.0)), HEARD_RATE_HZ) for _ in range(6)]
    _scatter(out, notes, rms, (-20.0, -3.0), 0.8, rng)
    return out


STRETCHES: Mapping[str, Stretch] = {
    "zero": _zero,
    "hiss": _hiss,
    "hum": _hum,
    "room": _room,
    "talk": _talk,
    "tuning": _tuning,
}


def _floor(length: int, rms: float, rng: np.random.Generator) -> Samples:
    noise = coloured_noise(length, HEARD_RATE_HZ, rng)
    return noise * np.float32(rms * 10.0 ** (rng.uniform(-60.0, -38.0) / 20.0))


def _scatter(
    out: Samples,
    clips: Sequence[Samples],
    rms: float,
    levels_db: tuple[float, float],
    pause_s: float,
    rng: np.random.Generator,
) -> None:
    """Mix clips over audio, at levels relative to the music, with pauses between them."""
    level = rms * 10.0 ** (rng.uniform(*levels_db) / 20.0)
    at = round(rng.exponential(pause_s) * HEARD_RATE_HZ)
    while at < len(out):
        clip = clips[int(rng.integers(len(clips)))][: len(out) - at]
        gain = np.float32(level / max(active_rms(clip[:, None], HEARD_RATE_HZ), 1e-9))
        out[at : at + len(clip)] += gain * clip * edges(len(clip), HEARD_RATE_HZ)
        at += len(clip) + round(rng.exponential(pause_s) * HEARD_RATE_HZ)


def recorded_day(
    name: str, takes: Sequence[Samples], share: float, clips: Clips, rng: np.random.Generator
) -> HeldOut:
    """Join takes with idle segments between and inside them.

    Parameters
    ----------
    takes : mono at the rate of the evaluation, each of shape (n,)
    share : of the result without music
    """
    music = np.concatenate(takes)[: round((1.0 - share) * _LONGEST_S * HEARD_RATE_HZ)]
    if share == 0.0:
        return HeldOut(f"{name}, nothing but music", music, ())
    rms = active_rms(music[:, None], HEARD_RATE_HZ)
    lengths = _stretch_lengths(round(len(music) * share / (1.0 - share)), rng)
    kinds = [
        kind for _ in range(len(lengths) // len(STRETCHES) + 1) for kind in rng.permutation([*STRETCHES])
    ]
    places = _places(len(music), len(lengths), rng)
    pieces, faults, total = [], [], 0
    for piece, kind, length in zip(np.split(music, places), kinds, lengths, strict=False):
        pieces += [_faded(piece), STRETCHES[kind](length, rms, clips, rng)]
        faults.append(Fault(str(kind), total + len(piece), total + len(piece) + length))
        total += len(piece) + length
    pieces.append(_faded(np.split(music, places)[-1]))
    return HeldOut(f"{name}, {share:.0%} idle", np.concatenate(pieces), tuple(faults))


def _stretch_lengths(total: int, rng: np.random.Generator) -> list[int]:
    lengths: list[int] = []
    while sum(lengths) < total:
        lengths.append(round(rng.uniform(*_STRETCH_S) * HEARD_RATE_HZ))
    lengths[-1] -= sum(lengths) - total
    return [length for length in lengths if length >= HEARD_RATE_HZ]


def _places(length: int, count: int, rng: np.random.Generator) -> list[int]:
    """Choose where the music is broken into, some way apart and from its ends."""
    gap = min(round(_LEAST_MUSIC_S * HEARD_RATE_HZ), length // (count + 1))
    free = np.sort(rng.integers(0, length - gap * (count + 1) + 1, count))
    return [int(place) for place in free + gap * np.arange(1, count + 1)]


def _faded(piece: Samples) -> Samples:
    return piece * edges(len(piece), HEARD_RATE_HZ, _EDGE_S)


def idle_clips(data_dir: Path, rng: np.random.Generator) -> Clips:
    """Read idle sounds: small noises, speech (made by espeak-ng) and single notes.

    Raises
    ------
    UsageError : the data or espeak-ng are not there
    """
    small, _ = drawn_clips(data_dir, rng, HEARD_RATE_HZ, _SMALL_NOISES)
    notes = [excerpt(path, 4.0).heard() for path in sound_files(data_dir / "loops" / "sonicpi")
             if path.stem.startswith(("guit", "bass"))]  # fmt: skip
    speech = [spoken(voice, rng) for voice in _VOICES for _ in range(8)]
    return {**small, "notes": [note for note in notes if len(note) > HEARD_RATE_HZ // 4], "speech": speech}


def idle_case(data_dir: Path, band: Band, seed: int) -> Case:
    """Make a case of one band: a recording for each share."""
    kept, tested = band.divided(data_dir, np.random.default_rng([seed, 1]), _MORE_TAKES)
    rng = np.random.default_rng([seed, 5])
    clips = idle_clips(data_dir, rng)
    takes = [take.heard() for take in tested]
    return Case(
        group=band.name,
        kept=kept,
        tested=tuple(recorded_day(band.name, takes, share, clips, rng) for share in SHARES),
        raw_of=lambda one: recorded_day(one.name, [one.heard()], 0.5, clips, rng).audio,
    )


def _case(data_dir: Path, seed: int) -> Case:
    return idle_case(data_dir, chosen_band(seed), seed)


IDLE = MaterialKind(
    "idle",
    "a band's days of recording, with long stretches in which nobody plays",
    ("music", "mdbdrums", "multimic", "loops", "esc50"),
    _case,
    is_extra=True,
)
