"""Drum hits to sound: through the one-shots of sampled kits, and through drums that are made by formula."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.analysis.beats.activations import RATE_HZ

Floats = NDArray[np.float32]

HYDROGEN = Path("/usr/share/hydrogen/data/drumkits")
_LONGEST_S = 3.0

TESTED = ("The Black Pearl 1.0", "VariBreaks", "circAfrique v4", "rumpf_kit_z01_h2")
"""Kits of the test part: never rendered here."""
VALIDATION = ("BJA_Pacific",)


@dataclass(frozen=True, slots=True)
class DrumHit:
    """A hit in seconds, a General MIDI drum note and how hard, 0 to 1."""

    start_s: float
    note: int
    velocity: float


# Of each voice: the General MIDI notes it stands for, and what kits call it.
_VOICES: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("kick", (35, 36), r"kick|bass ?drum|^bd|thump"),
    ("rim", (37, 75, 76, 77), r"stick|rim click|rim$|clave|wood|click"),
    ("clap", (39,), r"clap|snap"),
    ("snare", (38, 40, 34), r"snare|slap|^sn"),
    ("open", (46, 26), r"open|oh|swish|op "),
    ("pedal", (44,), r"ped|foot|hat 1 pd"),
    ("hat", (42, 22), r"hat|hh|hi hat"),
    ("bell", (53, 56), r"bell|cup|agogo"),
    ("ride", (51, 59), r"ride"),
    ("crash", (49, 55, 57, 52), r"crash|splash|china|cymbal"),
    ("low tom", (41, 43, 45, 61, 64, 66), r"tom low|low tom|floor|bongo lo|conga 1|drum 1"),
    ("high tom", (47, 48, 50, 58, 60, 62, 63, 65), r"tom|bongo hi|conga 2|drum 2"),
    ("shaker", (54, 69, 70, 82), r"tambourine|maraca|shak"),
)
_STANDS_IN = {
    "rim": "snare", "clap": "snare", "open": "hat", "pedal": "hat", "bell": "ride", "ride": "hat",
    "crash": "open", "low tom": "high tom", "high tom": "low tom", "shaker": "hat", "hat": "shaker",
    "snare": "clap", "kick": "low tom",
}  # fmt: skip
VOICE_OF = {note: name for name, notes, _ in _VOICES for note in notes}

Kit = Mapping[str, Sequence[Floats]]
"""The sounds of each voice, from soft to loud."""


def kit_names() -> list[str]:
    """Return the kits that may be trained on or chosen by, in alphabetical order."""
    return sorted(path.name for path in HYDROGEN.iterdir() if path.name not in TESTED)


@cache
def read_kit(name: str) -> Kit:
    """Read a kit of Hydrogen.

    Raises
    ------
    OSError : it is not installed
    """
    folder = HYDROGEN / name
    kit: dict[str, list[Floats]] = {}
    for instrument in ElementTree.parse(folder / "drumkit.xml").iterfind(".//{*}instrument"):
        called = (instrument.findtext("{*}name") or "").lower()
        files = [node.text for node in instrument.iterfind(".//{*}filename") if node.text]
        voice = next((voice for voice, _, pattern in _VOICES if re.search(pattern, called)), None)
        if voice is None or voice in kit or not files:
            continue
        sounds = [_one_shot(folder / file) for file in files if (folder / file).is_file()]
        sounds = [sound for sound in sounds if len(sound) > 200]
        if sounds:
            kit[voice] = sorted(sounds, key=lambda sound: float(np.abs(sound).max()))
    return kit


def _one_shot(path: Path) -> Floats:
    """Read a sound from its rise on."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(axis=1)[: int(_LONGEST_S * rate_hz)], rate_hz, RATE_HZ)
    loud = np.abs(mono)
    if not loud.size or loud.max() < 1e-4:
        return np.zeros(0, np.float32)
    rise = int(np.argmax(loud > 0.1 * loud.max()))
    sound: Floats = mono[max(0, rise - 10) :].astype(np.float32)
    sound[-min(200, len(sound)) :] *= np.linspace(1.0, 0.0, min(200, len(sound)), dtype=np.float32)
    return sound


def formula_kit(rng: np.random.Generator) -> Kit:
    """Draw a kit of drum machines: sweeps, noise and rings."""
    noise = rng.standard_normal(RATE_HZ * 2)

    def time(length_s: float) -> NDArray[np.float64]:
        return np.arange(round(length_s * RATE_HZ)) / RATE_HZ

    def sweep(high_hz: float, low_hz: float, fall_s: float, decay_s: float) -> NDArray[np.float64]:
        t = time(min(1.5, 6 * decay_s))
        hz = low_hz + (high_hz - low_hz) * np.exp(-t / fall_s)
        return np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ) * np.exp(-t / decay_s)

    def hiss(decay_s: float, above: float) -> NDArray[np.float64]:
        t = time(min(1.9, 6 * decay_s))
        burst = noise[: len(t)] - above * np.concatenate([[0.0], noise[: len(t) - 1]])
        return 0.4 * burst * np.exp(-t / decay_s)

    def both(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros(max(len(one), len(other)))
        total[: len(one)] += one
        total[: len(other)] += other
        return total

    u = rng.uniform
    low = u(40, 70)
    sounds = {
        "kick": both(sweep(u(120, 400), low, u(0.005, 0.04), u(0.06, 0.35)), u(0, 0.4) * hiss(0.004, 0.5)),
        "snare": both(
            u(0.2, 1) * sweep(u(220, 350), u(160, 220), 0.02, u(0.04, 0.12)), hiss(u(0.05, 0.2), u(0, 0.7))
        ),
        "clap": hiss(u(0.04, 0.15), 0.5),
        "rim": sweep(u(700, 2000), u(500, 900), 0.003, u(0.008, 0.03)),
        "hat": hiss(u(0.015, 0.06), 0.95),
        "open": hiss(u(0.12, 0.4), 0.95),
        "pedal": hiss(u(0.02, 0.05), 0.9),
        "ride": hiss(u(0.2, 0.6), 0.9),
        "bell": sweep(u(500, 900), u(500, 600), 0.01, u(0.05, 0.2)),
        "crash": hiss(u(0.3, 0.3 + 0.5), 0.85),
        "low tom": sweep(u(120, 200), u(70, 110), 0.05, u(0.1, 0.3)),
        "high tom": sweep(u(220, 400), u(150, 220), 0.04, u(0.08, 0.25)),
        "shaker": hiss(u(0.02, 0.06), 0.97),
    }
    return {name: [(0.7 * sound).astype(np.float32)] for name, sound in sounds.items()}


def mix(rng: np.random.Generator) -> dict[str, float]:
    """Draw how loud each voice is in a mix; hats are mostly quieter."""
    levels = {voice: float(np.exp(rng.normal(0.0, 0.35))) for voice, _, _ in _VOICES}
    return levels | {"hat": levels["hat"] * float(rng.uniform(0.3, 1.0))}


def play(hits: Sequence[DrumHit], kit: Kit, length_s: float, levels: Mapping[str, float]) -> Floats:
    """Play hits through a kit, mono at `RATE_HZ`; a voice that the kit lacks is played by one like it.

    Parameters
    ----------
    levels : how loud each voice is in the mix; 1 where it is not named
    """
    total = np.zeros(round(length_s * RATE_HZ) + 1, np.float32)
    for hit in hits:
        voice = VOICE_OF.get(hit.note, "high tom")
        for _ in range(3):
            if voice in kit:
                break
            voice = _STANDS_IN.get(voice, "snare")
        if voice not in kit:
            continue
        layers = kit[voice]
        sound = layers[min(len(layers) - 1, int(hit.velocity * len(layers)))]
        loudest = float(np.abs(layers[-1]).max())
        gain = levels.get(voice, 1.0) * hit.velocity**1.5 / max(loudest, 1e-3) * 0.5
        start = round(hit.start_s * RATE_HZ)
        if start < 0:
            continue
        stop = min(len(total), start + len(sound))
        if stop > start:
            total[start:stop] += gain * sound[: stop - start]
    return total[:-1]
