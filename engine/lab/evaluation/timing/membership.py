"""How many microphones of a drum kit are found by what they pick up, and which other tracks with them.

Drummers, kits and rooms are others than those that settings were chosen on: kits of Hydrogen in image-source
rooms, and a recorded kit with its own bleed, unchanged and resampled to a smaller one. With each performance
play a bass that follows the kick and a voice, which pick up no drums, and an amplifier in the same room.
Microphones, bass and voice are aligned as well, once found by what they pick up and once named: is what is
written the same, sample for sample?
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.document.analysis import Role, StrokePickup
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.timing.aligned_files import AlignRequest, align, write_files
from engine.features.timing.finders.timing.find_grid import WantedGrid
from engine.features.timing.hits.find import HeldMicrophones
from engine.features.timing.hits.membership import kit_roles, largest_kit, recorded_with
from engine.features.timing.hits.stroke_pickup import measure_pickup
from engine.features.timing.kit import import_with_kit
from engine.lab.evaluation.timing.kit_rooms import Sound, room_kit
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.grooves import read_groove
from engine.lab.simulated.performances.hydrogen import found_kits
from engine.lab.simulated.performances.kits import RATE_HZ, Kit, Shot
from engine.lab.simulated.performances.muldjord import read_muldjord
from engine.lab.simulated.performances.parts import grooves_of, take_through
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.recordings import converted, whole
from engine.recordings.import_audio import ImportRequest, import_edit

CHOSEN_ON = ("Audiophob", "BJA_Pacific", "ElectricEmpireKit", "ForzeeStereo")
"""Kits of Hydrogen with which the settings were chosen."""
RECORDED, SMALLER = "kit_muldjord", "kit_muldjord, smaller"
_SMALLER_BY = (17, 20)
_MICROPHONES, _NAMED = 7, 4
_PERFORMANCES, _LONGEST_S, _SHORT_S = 10, 30.0, 15.0
_LEAST = "confidence of the least sure microphone"
_BASS, _VOICE, _AMPLIFIER = "Audio 08", "Audio 09", "Audio 10"

Line = Mapping[str, str | float | int]


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    """Recordings of one performance by name; the first are the microphones of the kit."""

    sounds: Mapping[str, Sound]
    microphones: tuple[str, ...]
    bpm: float


def evaluate(
    data_dir: Path, *, short: bool = False, chosen_on: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield a line for each kit.

    Parameters
    ----------
    data_dir : holds `multimic`, `mdbdrums` and `speech`
    chosen_on : the kits that settings are chosen on, in the place of those that are reported

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    kits = CHOSEN_ON if chosen_on else (*sorted(set(found_kits()) - set(CHOSEN_ON)), RECORDED, SMALLER)
    count = 2 if short else _PERFORMANCES
    for number, name in enumerate(kits):
        share, found = progress.step(number, len(kits)), []
        for performance in range(count):
            share.check_cancelled()
            share.report(performance / count, f"Comparing microphones of {name}")
            rng = np.random.default_rng((performance, number, 3 if chosen_on else 35))
            found.append(_figures(_session(data_dir, name, rng, _SHORT_S if short else _LONGEST_S), rng))
        every = {key: int(sum(one[key] for one in found)) for key in found[0] if key != _LEAST}
        yield {"kit": name, "n": count, **every, _LEAST: min(one[_LEAST] for one in found)}


def _figures(session: _Session, rng: np.random.Generator) -> dict[str, float]:
    pickup = measure_pickup(HeldMicrophones(session.sounds, RATE_HZ))
    microphones = set(session.microphones)
    unnamed = set(largest_kit(pickup))
    named = {key: key for key in session.sounds}
    named |= dict(zip(session.microphones, ("Kick", "Snare", "OH", "Room"), strict=False))
    joined = set(kit_roles(named, pickup))
    chosen = set(rng.permutation(sorted(microphones))[:_NAMED].tolist())
    behind = set(recorded_with(pickup, chosen))
    return {
        "microphones": len(microphones),
        "found": len(microphones & unnamed),
        "complete": float(microphones <= unnamed),
        "amplifier moved unless its name tells": float(_AMPLIFIER in unnamed),
        "joined the named": len(microphones & joined),
        "warned of": len(microphones & behind),
        "of": len(microphones) - _NAMED,
        "bass moved": float(_BASS in unnamed | joined),
        "voice moved": float(_VOICE in unnamed | joined),
        "bass or voice warned of": float(bool({_BASS, _VOICE} & behind)),
        "amplifier reported": float(_AMPLIFIER in behind),
        "written as the named": float(_written_as_the_named(session)),
        _LEAST: _least(pickup, session.microphones),
    }


def _written_as_the_named(session: _Session) -> bool:
    """Align all but the amplifier; return whether just the microphones change, and as when they are named."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{name}.wav") for name in session.sounds if name != _AMPLIFIER]
        for path in paths:
            soundfile.write(path, session.sounds[path.stem], RATE_HZ, subtype="PCM_24")
        imported = import_with_kit(ImportRequest(tuple(paths)), SILENT)
        state = DocumentState(RATE_HZ)
        state = apply_rows(state, import_edit(state, imported).changes)
        media = {key: Path(source.path) for key, source in state.sources.items()}
        named = tuple(track.id for track in state.tracks if track.name in session.microphones)
        written = []
        for tracks in ((), named):
            request = AlignRequest(state, media, WantedGrid(bpm=session.bpm), TimingSettings(), tracks)
            out = Path(folder, "named" if tracks else "found")
            done = write_files(request, align(request, SILENT), out, overwrite=False, progress=SILENT)
            written.append({path.stem: soundfile.read(path, dtype="int32")[0] for path in done.files})
        found, expected = written
        return set(found) == set(session.microphones) == set(expected) and all(
            np.array_equal(found[name], expected[name]) for name in found
        )


def _least(pickup: StrokePickup, microphones: tuple[str, ...]) -> float:
    """Return the lowest confidence of a microphone, given all others."""
    sure = []
    for one in microphones:
        others = [key for key in microphones if key != one]
        sure.append(recorded_with(pickup, others).get(one, 0.0))
    return min(sure)


def _session(data_dir: Path, name: str, rng: np.random.Generator, longest_s: float) -> _Session:
    """Play one performance through a kit, with a bass, a voice and an amplifier."""
    performance = _performance(data_dir, name, rng, longest_s)
    called = [f"Audio {number:02d}" for number in range(1, len(performance.microphones) + 1)]
    microphones = dict(zip(called, performance.microphones.values(), strict=True))
    length = len(next(iter(microphones.values())))
    kick = list(performance.roles.values()).index(Role.KICK)
    truth = performance.truth
    kicks_s = truth.onsets_samples[truth.microphones == kick] / RATE_HZ
    guitar = _part(_songs(data_dir), "guitar", length, rng)
    microphones, amplifier = _with_amplifier(microphones, guitar, rng)
    sounds = {
        **{key: _preamplified(sound, rng) for key, sound in microphones.items()},
        _BASS: _bass(kicks_s, length, rng),
        _VOICE: _voice(data_dir, length, rng),
        _AMPLIFIER: _preamplified(amplifier, rng),
    }
    return _Session(sounds, tuple(called), performance.grid.tempo_bpm)


def _performance(data_dir: Path, name: str, rng: np.random.Generator, longest_s: float) -> Performance:
    files = grooves_of(data_dir, "test")
    groove = read_groove(files[int(rng.integers(len(files)))])
    kit = _kit(data_dir, name, rng)
    take = take_through(groove, kit, Displacement(own_timing=1.0), longest_s, rng)
    return take.rendered()


def _kit(data_dir: Path, name: str, rng: np.random.Generator) -> Kit:
    if name not in (RECORDED, SMALLER):
        return room_kit(name, _MICROPHONES, rng)
    every = list(read_muldjord(data_dir).roles)
    always = ["KdrumR", "Snare_top", "OHL"]
    others = rng.permutation([one for one in every if one not in always])[: _MICROPHONES - len(always)]
    kit = read_muldjord(data_dir, (*always, *others.tolist()))
    return kit if name == RECORDED else _smaller(kit)


def _smaller(kit: Kit) -> Kit:
    """Return a kit that sounds higher, and whose microphones are nearer by as much."""
    shorter, longer = _SMALLER_BY

    @cache
    def read(piece: Piece, layer: int) -> Shot:
        shot = kit.read(piece, layer)
        sound = resample_poly(shot.sound, shorter, longer, axis=1).astype(np.float32)
        return Shot(sound, round(shot.rise_samples * shorter / longer))

    return replace(kit, name=SMALLER, read=read)


def _with_amplifier(
    microphones: Mapping[str, Sound], guitar: Sound, rng: np.random.Generator
) -> tuple[dict[str, Sound], Sound]:
    """Add an amplifier to the room: its microphone picks up the kit, and the others pick up the guitar."""
    loudest = float(np.max([np.std(one) for one in microphones.values()]))
    guitar = guitar * np.float32(loudest / max(1e-6, float(np.std(guitar))))
    kit: Sound = np.sum([one / max(1e-6, float(np.std(one))) for one in microphones.values()], axis=0)
    bleed = fftconvolve(kit, _decay(rng))[: len(guitar)]
    bleed *= loudest * 10 ** (rng.uniform(-24.0, -12.0) / 20) / max(1e-6, float(np.std(bleed)))
    amplifier: Sound = (guitar + bleed).astype(np.float32)
    there = {}
    for key, one in microphones.items():
        spilled = fftconvolve(guitar, _decay(rng))[: len(guitar)]
        spilled *= np.std(one) * 10 ** (rng.uniform(-30.0, -15.0) / 20) / max(1e-6, float(np.std(spilled)))
        there[key] = (one + spilled).astype(np.float32)
    return there, amplifier


def _decay(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the room response some metres away."""
    at_s = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
    response: NDArray[np.float64] = 0.05 * rng.standard_normal(len(at_s)) * np.exp(-6.9 * at_s / 0.25)
    begin = int(rng.integers(220, 700))
    response[:begin] = 0.0
    response[begin] = 1.0
    return response


def _preamplified(sound: Sound, rng: np.random.Generator) -> Sound:
    loudest = max(1e-6, float(np.abs(sound).max()))
    return (sound * (10 ** (rng.uniform(-18.0, -1.0) / 20) / loudest)).astype(np.float32)


def _bass(kicks_s: NDArray[np.float64], length: int, rng: np.random.Generator) -> Sound:
    """Pluck a string at each kick, as early or late as a bass player is (K. Karplus and A. Strong, 1983)."""
    out = np.zeros(length + RATE_HZ, np.float32)
    spread_s = rng.uniform(0.003, 0.012)
    for kick_s in kicks_s:
        at = max(0, round((kick_s + rng.normal(0.0, spread_s)) * RATE_HZ))
        if at < length:
            period = round(RATE_HZ / (41.2 * 2 ** (rng.integers(0, 12) / 12)))
            note = _string(period, rng)
            out[at : at + len(note)] += note[: len(out) - at]
    return _preamplified(out[:length] + 1e-4 * rng.standard_normal(length).astype(np.float32), rng)


def _string(period: int, rng: np.random.Generator) -> Sound:
    note = np.zeros(round(0.45 * RATE_HZ), np.float32)
    note[:period] = rng.standard_normal(period)
    for start in range(period, len(note), period - 1):
        size = min(period - 1, len(note) - start)
        before = note[start - period : start - period + size + 1]
        note[start : start + size] = 0.498 * (before[:-1] + before[1:]) if len(before) > size else 0.0
    return note


def _voice(data_dir: Path, length: int, rng: np.random.Generator) -> Sound:
    """Return a voice: sung where a song has one, else sentences that are spoken."""
    if rng.random() < 0.5:
        return _preamplified(_part(_songs(data_dir), "singer", length, rng), rng)
    files = sorted((data_dir / "speech" / "commands").glob("*.flac"))
    if not files:
        raise UsageError(f"{data_dir} holds no speech: name the folder that holds speech/commands.")
    spoken: list[Sound] = []
    while sum(map(len, spoken)) < length:
        sound, rate_hz = whole(files[int(rng.integers(len(files)))])
        spoken.append(converted(sound.mean(axis=1, dtype=np.float32), rate_hz, RATE_HZ))
    return _preamplified(np.concatenate(spoken)[:length], rng)


@cache
def _songs(data_dir: Path) -> tuple[tuple[str, Path], ...]:
    """Return the tracks of all songs, each with its instrument.

    Raises
    ------
    UsageError : the recordings are missing
    """
    found = []
    for table in sorted((data_dir / "mdbdrums").glob("*/*_METADATA.yaml")):
        instruments = re.findall(r"instrument: (.*)", table.read_text(encoding="utf-8"))[::2]
        tracks = sorted(table.parent.glob("*_RAW_*.ogg"))
        found += list(zip(instruments, tracks, strict=False))
    if not found:
        raise UsageError(f"{data_dir} holds no songs: name the folder that holds mdbdrums.")
    return tuple(found)


def _part(
    songs: tuple[tuple[str, Path], ...], instrument: str, length: int, rng: np.random.Generator
) -> Sound:
    """Return a track of some song, played again until it is long enough."""
    tracks = [path for name, path in songs if instrument in name]
    sound, rate_hz = whole(tracks[int(rng.integers(len(tracks)))])
    mono = converted(sound.mean(axis=1, dtype=np.float32), rate_hz, RATE_HZ)
    return np.resize(mono, length).astype(np.float32)
