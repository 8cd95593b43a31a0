"""Bands that tune between performances: plucked strings and recorded bass notes that glide into tune.

It shares no code with the detector, nor with the tuning of `engine.lab.evaluation.arranging`. Strings: K.
Karplus and A. Strong, "Digital synthesis of plucked-string and drum timbres", Computer Music J. 7, 1983.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.analysis.found_takes import FoundTakes
from engine.features.taste.anomaly.planting import Samples, active_rms
from engine.lab.simulated.recordings import HEARD_RATE_HZ, converted, sound_files, whole
from engine.lab.simulated.rehearsals.sessions import Performed, Session

_GUITARS_HZ = (
    (82.41, 110.0, 146.83, 196.0, 246.94, 329.63),
    (73.42, 110.0, 146.83, 196.0, 246.94, 329.63),
    (77.78, 103.83, 138.59, 185.0, 233.08, 311.13),
)
_BASSES_HZ = ((41.20, 55.0, 73.42, 98.0), (38.89, 51.91, 69.30, 92.50))
_RECORDED_HZ = 65.41
"""The pitch of the recorded bass notes."""
_RECORDED = ("bass_woodsy_c", "bass_thick_c", "bass_hard_c")
_MOST_CENTS = 60.0
_LASTS_S = (5.0, 16.0)
_APART_S = (0.5, 2.8)
_TIMES = (2, 7)
_TOGETHER, _HARMONIC, _TWO_PLAYERS, _TUNED = 0.25, 0.15, 0.3, 0.6
_QUIETER_DB = (-16.0, -4.0)
_ROOM_DB = -50.0
_SILENT_S = (0.8, 2.5)
_MOSTLY = 0.5

Span = tuple[float, float]
String = Callable[[float, float, np.random.Generator], Samples]
"""Pluck a string: the pitch, how far it is out of tune in cents at first, and chance."""


@dataclass(frozen=True, slots=True)
class Player:
    """A player with an instrument.

    Attributes
    ----------
    strings_hz : the open strings, from low to high
    pluck : how a string sounds
    """

    strings_hz: tuple[float, ...]
    pluck: String


@dataclass(slots=True)
class TuningCounts:
    """Number of listed takes and false starts that are mostly tuning."""

    takes: int = 0
    false_starts: int = 0
    tunings: int = 0

    def add(self, found: FoundTakes, spans_s: Sequence[Span]) -> None:
        """Count the detections in a recording with tuning in some spans."""
        takes = [(take.start_s, take.stop_s) for group in found.groups for take in group.takes]
        starts = [(one.start_s, one.stop_s) for one in found.likely_false_starts()]
        self.takes += sum(_is_within(one, spans_s) for one in takes)
        self.false_starts += sum(_is_within(one, spans_s) for one in starts)
        self.tunings += len(spans_s)

    def lines(self, about: str) -> Iterator[dict[str, object]]:
        """Yield the counts, a line each."""
        for metric, value in (
            ("tuning_listed_as_takes", self.takes),
            ("tuning_listed_as_false_starts", self.false_starts),
        ):
            yield {"metric": metric, "about": about, "value": float(value), "baseline": {}, "n": self.tunings}


def _is_within(one: Span, spans_s: Sequence[Span]) -> bool:
    shared_s = sum(max(0.0, min(one[1], stop_s) - max(one[0], start_s)) for start_s, stop_s in spans_s)
    return shared_s > _MOSTLY * (one[1] - one[0])


def players(data_dir: Path, rng: np.random.Generator) -> tuple[Player, Player]:
    """Return the guitarist and the bass player of a band."""
    guitar = Player(_GUITARS_HZ[int(rng.integers(len(_GUITARS_HZ)))], _plucked(float(rng.uniform(0.2, 0.8))))
    basses_hz = _BASSES_HZ[int(rng.integers(len(_BASSES_HZ)))]
    notes = [path for path in sound_files(data_dir / "loops" / "sonicpi") if path.stem in _RECORDED]
    if not notes:
        return guitar, Player(basses_hz, _plucked(float(rng.uniform(0.2, 0.8))))
    audio, rate_hz = whole(notes[int(rng.integers(len(notes)))])
    return guitar, Player(basses_hz, _recorded(converted(audio.mean(axis=1), rate_hz, HEARD_RATE_HZ)))


def tuned(band: Sequence[Player], rng: np.random.Generator) -> Samples:
    """Return one time that a band tunes, one or two players at once."""
    length = round(rng.uniform(*_LASTS_S) * HEARD_RATE_HZ)
    first = int(rng.integers(len(band)))
    out = _tuning(band[first], length, rng)
    if rng.random() < _TWO_PLAYERS:
        other = _tuning(band[1 - first], length, rng)
        out += other * np.float32(10.0 ** (rng.uniform(-6.0, 3.0) / 20.0))
    return out


def tuning_only(band: Sequence[Player], lasts_s: float, rng: np.random.Generator) -> Samples:
    """Return a recording in which a band does nothing but tune, with pauses."""
    pieces: list[Samples] = []
    while sum(map(len, pieces)) < lasts_s * HEARD_RATE_HZ:
        pieces += [tuned(band, rng), np.zeros(round(rng.uniform(1.5, 6.0) * HEARD_RATE_HZ), np.float32)]
    audio = np.concatenate(pieces)
    return audio + _room(audio, len(audio), rng)


def with_tuning(session: Session, band: Sequence[Player], seed: int) -> tuple[Session, tuple[Span, ...]]:
    """Return a rehearsal with tuning in most of its pauses, and where that is in seconds."""
    rng = np.random.default_rng([seed, 27])
    pieces: list[Samples] = []
    spans: list[Span] = []
    put_in: list[tuple[float, float]] = []
    at = 0
    for pause in session.waited:
        if rng.random() >= _TUNED:
            continue
        middle = round((pause.start_s + pause.stop_s) / 2.0 * HEARD_RATE_HZ)
        piece, (start_s, stop_s) = _between(session.audio, band, rng)
        begins_s = middle / HEARD_RATE_HZ + sum(length_s for _, length_s in put_in)
        spans.append((begins_s + start_s, begins_s + stop_s))
        put_in.append((middle / HEARD_RATE_HZ, len(piece) / HEARD_RATE_HZ))
        pieces += [session.audio[at:middle], piece]
        at = middle
    audio = np.concatenate([*pieces, session.audio[at:]])
    performed = tuple(_later(one, put_in) for one in session.performed)
    return replace(session, audio=audio, performed=performed, waited=()), tuple(spans)


def _later(one: Performed, put_in: Sequence[tuple[float, float]]) -> Performed:
    """Return a performance after pieces, (place, length) each, were put in before it."""
    by_s = sum(length_s for place_s, length_s in put_in if place_s < one.start_s)
    return replace(one, start_s=one.start_s + by_s, stop_s=one.stop_s + by_s)


def _between(audio: Samples, band: Sequence[Player], rng: np.random.Generator) -> tuple[Samples, Span]:
    """Return tuning between two silences in the room of a rehearsal, and where in it the strings sound."""
    loud = active_rms(audio[:, None], HEARD_RATE_HZ)
    played = tuned(band, rng)
    gain = loud * 10.0 ** (rng.uniform(*_QUIETER_DB) / 20.0) / max(float(np.sqrt(np.mean(played**2))), 1e-9)
    before, after = (np.zeros(round(rng.uniform(*_SILENT_S) * HEARD_RATE_HZ), np.float32) for _ in range(2))
    piece = np.concatenate([before, played * np.float32(gain), after])
    start_s = len(before) / HEARD_RATE_HZ
    return piece + _room(audio, len(piece), rng), (start_s, start_s + len(played) / HEARD_RATE_HZ)


def _room(audio: Samples, length: int, rng: np.random.Generator) -> Samples:
    level = np.float32(active_rms(audio[:, None], HEARD_RATE_HZ) * 10.0 ** (_ROOM_DB / 20.0))
    return level * rng.standard_normal(length).astype(np.float32)


def _tuning(player: Player, length: int, rng: np.random.Generator) -> Samples:
    """Return strings one after the other, each plucked several times until it is in tune."""
    out = np.zeros(length, np.float32)
    at = 0
    for string in _strings_in_turn(len(player.strings_hz), rng):
        cents = float(rng.uniform(-_MOST_CENTS, _MOST_CENTS))
        for _ in range(int(rng.integers(_TIMES[0], _TIMES[1] + 1))):
            if at >= length:
                return out
            _sound(out, at, _pluck(player, string, cents, rng), rng)
            at += round(rng.uniform(*_APART_S) * HEARD_RATE_HZ)
            cents *= float(rng.uniform(0.2, 0.9))
    return out


def _strings_in_turn(count: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield strings without end: from low to high, or as they come."""
    at = 0 if rng.random() < 0.6 else int(rng.integers(count))
    while True:
        yield at % count
        at += 1 if rng.random() < 0.8 else int(rng.integers(count))


def _pluck(player: Player, string: int, cents: float, rng: np.random.Generator) -> Samples:
    """Return one pluck: of a string, of its octave harmonic, or of two strings that are compared."""
    pitch_hz = player.strings_hz[string]
    chance = rng.random()
    if chance < _HARMONIC:
        return player.pluck(2.0 * pitch_hz, cents, rng)
    note = player.pluck(pitch_hz, cents, rng)
    if chance > 1.0 - _TOGETHER and string:
        # On the fifth fret the string below has the same pitch: both beat until they are in tune.
        other = player.pluck(pitch_hz, 0.0, rng)
        longer, shorter = (note, other) if len(note) >= len(other) else (other, note)
        longer = longer.copy()
        longer[: len(shorter)] += shorter
        return longer
    return note


def _sound(out: Samples, at: int, note: Samples, rng: np.random.Generator) -> None:
    """Add a note; the plucking hand damps earlier notes."""
    damped = round(0.05 * HEARD_RATE_HZ)
    if rng.random() < 0.7:
        out[at : at + damped] *= np.linspace(1.0, 0.0, damped, dtype=np.float32)[: len(out) - at]
        out[at + damped :] = 0.0
    out[at : at + len(note)] += note[: len(out) - at]


def _plucked(brightness: float) -> String:
    """Return the sound of a plucked string."""

    def pluck(pitch_hz: float, cents: float, rng: np.random.Generator) -> Samples:
        from scipy.signal import lfilter

        length, period = round(3.0 * HEARD_RATE_HZ), max(2, round(HEARD_RATE_HZ / pitch_hz - 0.5))
        burst = np.zeros(length)
        burst[:period] = rng.uniform(-1.0, 1.0, period)
        burst = lfilter([brightness], [1.0, brightness - 1.0], burst)
        loop = np.zeros(period + 2)
        loop[0], loop[period], loop[period + 1] = 1.0, -0.498, -0.498
        note = lfilter([1.0], loop, burst)
        off_cents = 1200.0 * np.log2(pitch_hz / (HEARD_RATE_HZ / (period + 0.5)))
        return _glided(np.asarray(note / np.abs(note).max(), np.float32), off_cents, cents, rng)

    return pluck


def _recorded(note: Samples) -> String:
    """Return the sound of a recorded note at other pitches."""

    def pluck(pitch_hz: float, cents: float, rng: np.random.Generator) -> Samples:
        return _glided(
            note / np.float32(np.abs(note).max()), 1200.0 * np.log2(pitch_hz / _RECORDED_HZ), cents, rng
        )

    return pluck


def _glided(note: Samples, to_cents: float, off_cents: float, rng: np.random.Generator) -> Samples:
    """Return a note at another pitch; from some moment on a peg is turned, and it glides by `off_cents`."""
    times_s = np.arange(len(note)) / HEARD_RATE_HZ
    turned = 1.0 / (1.0 + np.exp(-(times_s - rng.uniform(0.3, 2.0)) / rng.uniform(0.05, 0.3)))
    speed = 2.0 ** ((to_cents + off_cents * (1.0 - turned)) / 1200.0)
    places = np.cumsum(speed)
    places = places[places < len(note) - 1]
    return np.interp(places, np.arange(len(note)), note).astype(np.float32)
