"""An interview: two voices in a room; an editor removes noises, long pauses and restarts.

The voices are made by espeak-ng (`speech`), the room by rule. The training data is four minutes of
edited speech; hardly any test sentence is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from engine.features.taste.anomaly.planting import Fault, Samples, active_rms, edges
from engine.features.taste.anomaly.practice_kinds import coloured_noise
from engine.lab.evaluation.materials.case import PAUSE, Case, HeldOut, MaterialKind
from engine.lab.evaluation.materials.speech import Voice, question, say, sentence
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips, Excerpt, drawn_clips

KEPT_S, _KEPT_PARTS, _TESTED_S = 240.0, 3, 240.0
_NOISES: Mapping[str, tuple[str, ...]] = {
    "noise": ("door_wood_knock", "door_wood_creaks", "glass_breaking", "dog", "car_horn", "siren",
              "keyboard_typing", "engine"),
}  # fmt: skip
_VOICES = (
    (Voice("en-gb", 50, 160), Voice("en-us", 30, 150)),
    (Voice("en-us", 75, 170), Voice("en-gb-scotland", 40, 155)),
    (Voice("en-gb-x-rp", 60, 150), Voice("en-us", 45, 175)),
    (Voice("en-gb-x-gbcwmd", 35, 160), Voice("en-gb", 80, 165)),
    (Voice("en-us", 55, 145), Voice("en-gb-x-rp", 25, 165)),
    (Voice("en-gb-scotland", 65, 165), Voice("en-gb", 35, 150)),
    (Voice("en-us", 85, 160), Voice("en-gb-x-gbcwmd", 55, 170)),
)
_GAP_S, _TURN_S = (0.15, 0.7), (0.4, 1.1)
_PAUSE_S = (3.2, 12.0)
_EVERY = 4
"""One of this number of sentences is followed by a passage that an editor removes."""


class _Room:
    """Two places in a room with its noise; the same through a whole interview."""

    def __init__(self, rng: np.random.Generator) -> None:
        length = round(0.35 * HEARD_RATE_HZ)
        decay = np.exp(-np.arange(length) / (rng.uniform(0.04, 0.09) * HEARD_RATE_HZ))
        self._tails = [0.15 * decay * rng.standard_normal(length) for _ in range(3)]
        for tail in self._tails:
            tail[0] = 1.0
        self._rng = rng
        self._floor_db = rng.uniform(-62.0, -48.0)

    def heard(self, dry: Samples, place: int) -> Samples:
        """Return a sound at the microphone from a place, at a level of its own."""
        wet = fftconvolve(dry, self._tails[place])[: len(dry)]
        level = 0.05 * 10.0 ** (self._rng.uniform(-2.0, 2.0) / 20.0)
        return np.asarray(wet * level / max(active_rms(wet[:, None], HEARD_RATE_HZ), 1e-9), np.float32)

    def with_noise(self, sound: Samples) -> Samples:
        """Return a recording with the noise of the room under it."""
        noise = coloured_noise(len(sound), HEARD_RATE_HZ, np.random.default_rng(len(sound)))
        return sound + noise * np.float32(0.05 * 10.0 ** (self._floor_db / 20.0))


def _between(rng: np.random.Generator, low_high_s: tuple[float, float]) -> Samples:
    return np.zeros(round(rng.uniform(*low_high_s) * HEARD_RATE_HZ), np.float32)


def conversation(
    room: _Room, voices: tuple[Voice, Voice], least_s: float, clips: Clips | None, rng: np.random.Generator
) -> tuple[Samples, tuple[Fault, ...]]:
    """Return a conversation, shape (n,), and the spans that an editor would remove; empty without clips."""
    pieces: list[Samples] = []
    faults: list[Fault] = []
    kinds: list[str] = []
    total = sentences = 0

    def add(sound: Samples, kind: str = "") -> None:
        nonlocal total
        if kind:
            faults.append(Fault(kind, total, total + len(sound)))
        pieces.append(sound)
        total += len(sound)

    while total < least_s * HEARD_RATE_HZ:
        add(room.heard(say(voices[0], question(rng)), 0))
        add(_between(rng, _TURN_S))
        for _ in range(int(rng.integers(2, 6))):
            text = sentence(rng)
            sentences += 1
            kind = ""
            if clips is not None and sentences % _EVERY == 0:
                kinds = kinds or [str(one) for one in rng.permutation([PAUSE, "noise", "restart"])]
                kind = kinds.pop()
            if kind == "restart":
                words = text.split()
                begun = " ".join(words[: int(rng.integers(2, 5))])
                add(np.concatenate([room.heard(say(voices[1], begun), 1), _between(rng, (0.3, 0.9))]), kind)
            add(room.heard(say(voices[1], text), 1))
            if kind == "noise":
                assert clips is not None
                add(_between(rng, _GAP_S))
                add(_noise(room, clips, rng), kind)
            if kind == PAUSE:
                add(_between(rng, _PAUSE_S), kind)
            add(_between(rng, _GAP_S))
        add(_between(rng, _TURN_S))
    return room.with_noise(np.concatenate(pieces)), tuple(faults)


def _noise(room: _Room, clips: Clips, rng: np.random.Generator) -> Samples:
    """Return a room sound of one to four seconds."""
    clip = clips["noise"][int(rng.integers(len(clips["noise"])))]
    sounding = np.flatnonzero(np.abs(clip) > 0.02 * np.abs(clip).max())
    heard = clip[sounding[0] : sounding[-1] + 1][: round(rng.uniform(1.0, 4.0) * HEARD_RATE_HZ)]
    return room.heard(heard * edges(len(heard), HEARD_RATE_HZ), 2)


def interview_case(data_dir: Path, voices: tuple[Voice, Voice], seed: int) -> Case:
    """Make a case of two voices."""
    rng = np.random.default_rng([seed, 7])
    clips, raw_clips = drawn_clips(data_dir, rng, HEARD_RATE_HZ, _NOISES)
    room = _Room(rng)
    name = f"{voices[0].name} and {voices[1].name}"
    kept = tuple(
        Excerpt(f"{name}, part {part}", conversation(room, voices, KEPT_S / _KEPT_PARTS, None, rng)[0],
                HEARD_RATE_HZ)
        for part in range(1, _KEPT_PARTS + 1)
    )  # fmt: skip
    return Case(
        group=name,
        kept=kept,
        tested=(
            HeldOut(name, *conversation(room, voices, _TESTED_S, clips, rng)),
            HeldOut(f"{name}, sound throughout", *conversation(room, voices, _TESTED_S / 2, None, rng)),
        ),
        raw_of=lambda _: conversation(room, voices, KEPT_S / _KEPT_PARTS, raw_clips, rng)[0],
    )


def _case(data_dir: Path, seed: int) -> Case:
    return interview_case(data_dir, _VOICES[seed % 5], seed)


INTERVIEW = MaterialKind("interview", "two voices in a room", ("esc50",), _case, is_extra=True)
