"""Differences between takes of a passage: tempo, key, other players.

Tempo and key are changed by the phase vocoder of librosa (J. L. Flanagan and R. M. Golden, 1966), which is
not part of the measured code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.features.taste.anomaly.planting import Samples, active_rms, repitched
from engine.lab.simulated.recordings import HEARD_RATE_HZ

_OVER_DB = -6.0
_TILT_DB = 4.0


@dataclass(frozen=True, slots=True)
class Change:
    """How a take differs.

    Attributes
    ----------
    most_tempo : how much faster or slower it may be, as a share
    most_semitones : how much higher or lower
    is_over : whether another recording is mixed into it, 6 dB below
    """

    name: str
    most_tempo: float = 0.0
    most_semitones: int = 0
    is_over: bool = False


AGAIN = Change("again")
TEMPO = Change("tempo", most_tempo=0.08)
KEY = Change("key", most_semitones=5)
PLAYERS = Change("players", is_over=True)
ALL = Change("all", most_tempo=0.08, most_semitones=5, is_over=True)


def changed(take: Samples, change: Change, other: Samples, rng: np.random.Generator) -> Samples:
    """Return another take of a passage, shape (n,); every one has another place in the room."""
    played = take
    speed = 1.0 + float(rng.uniform(-change.most_tempo, change.most_tempo))
    semitones = int(rng.integers(-change.most_semitones, change.most_semitones + 1))
    if change.most_tempo or change.most_semitones:
        import librosa

        ratio = 2.0 ** (semitones / 12.0)
        # Played as a tape, it is higher and faster; what is left of the speed is stretched first.
        slower = librosa.effects.time_stretch(played, rate=speed / ratio)
        played = repitched(slower[:, None], 100.0 * semitones, HEARD_RATE_HZ)[:, 0]
    if change.is_over:
        played = played + _other(played, other, rng)
    return _elsewhere(played, rng)


def _other(played: Samples, other: Samples, rng: np.random.Generator) -> Samples:
    start = int(rng.integers(0, max(1, len(other) - len(played))))
    piece = np.resize(other[start:], len(played))
    rms = active_rms(played[:, None], HEARD_RATE_HZ) * 10.0 ** (_OVER_DB / 20.0)
    return piece * np.float32(rms / max(active_rms(piece[:, None], HEARD_RATE_HZ), 1e-9))


def _elsewhere(played: Samples, rng: np.random.Generator) -> Samples:
    spectrum = np.fft.rfft(played)
    octaves = np.log2(np.maximum(np.arange(len(spectrum)) * HEARD_RATE_HZ / len(played), 50.0) / 1000.0)
    tilt_db = rng.uniform(-_TILT_DB, _TILT_DB) / 3.0 * octaves + rng.uniform(-3.0, 3.0)
    heard = np.fft.irfft(spectrum * 10.0 ** (tilt_db / 20.0), len(played))
    loud: Samples = heard.astype(np.float32)
    return loud
