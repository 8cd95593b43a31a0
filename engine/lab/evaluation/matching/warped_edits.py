"""Edits that play at another speed or pitch, as a whole or piece by piece, with known truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import soxr
from scipy.signal import butter, sosfilt

from engine.lab.evaluation.matching.stretchers import Samples, installed, stretched
from engine.lab.simulated.recordings import sound_files, whole

CHOSEN_ON = ("Ripper", "Jonathan", "Hungarian", "GoGetTheBag", "80sRock", "Beatles")
"""Recordings that settings were chosen on; of talk, every second file, from the second on."""
RATE_HZ = 44_100
_LONGEST_S, _WORDS, _FOREIGN_S = 120.0, 240, 60.0
_LEAST_LENGTH_S = 15.0
_PIECES = 8
_LEAST_S, _MOST_S = 2.0, 9.0
_WIDEST, _HIGHEST = 1.2, 4.0
_QUIET, _QUIET_S = 0.01, 0.08
_FADE_S = (0.2, 1.0)


class Warp(StrEnum):
    """Which parts of an edit are stretched."""

    WHOLE = "whole file"
    PIECES = "piece by piece"
    MIXED = "among plain cuts"


@dataclass(frozen=True, slots=True)
class WarpedPiece:
    """A piece of an edit, in samples of the edited file and, where it plays the recording, of that.

    Attributes
    ----------
    raw_start : the place that plays at its start, None for foreign sound
    speed, semitones : 1 and 0 where nothing is changed
    tool : "" for none
    """

    start: int
    stop: int
    raw_start: float | None
    speed: float
    semitones: float
    tool: str


@dataclass(frozen=True, slots=True, eq=False)
class WarpedEdit:
    """A recording and an edit of it; audio of shape (n, 2)."""

    name: str
    kind: str
    warp: Warp
    raw: Samples
    edited: Samples
    pieces: tuple[WarpedPiece, ...]


@dataclass(frozen=True, slots=True)
class _Setting:
    tool: str
    speed: float
    semitones: float


def warped_edits(data_dir: Path, *, is_chosen: bool = False, short: bool = False) -> Iterator[WarpedEdit]:
    """Yield edits of music, drums and talk, each with the next recording of its kind as foreign sound.

    Parameters
    ----------
    is_chosen : of the recordings that settings were chosen on
    short : of one recording alone
    """
    materials = _materials(data_dir, is_chosen=is_chosen)
    for kind, sounds in list(materials.items())[: 1 if short else None]:
        for number, (name, raw) in enumerate(sounds[:1] if short else sounds):
            foreign = sounds[(number + 1) % len(sounds)][1][: round(_FOREIGN_S * RATE_HZ)]
            for turn, warp in enumerate(Warp):
                rng = np.random.default_rng([number, turn, int(is_chosen), 717])
                yield _edit((name, kind, warp), raw, foreign, rng)


def _materials(data_dir: Path, *, is_chosen: bool) -> dict[str, list[tuple[str, Samples]]]:
    def wanted(name: str) -> bool:
        return any(one in name for one in CHOSEN_ON) == is_chosen

    found: dict[str, list[tuple[str, Samples]]] = {}
    songs = [path for path in sound_files(data_dir / "music") if wanted(path.stem)]
    found["music"] = [(path.stem, _stereo(path)[: round(_LONGEST_S * RATE_HZ)]) for path in songs]
    drums = data_dir / "mdbdrums"
    folders = sorted(one for one in drums.iterdir() if one.is_dir()) if drums.is_dir() else []
    found["drums"] = [(one.name, _mixed(one)) for one in folders if wanted(one.name)]
    words = sound_files(data_dir / "speech" / "commands") if (data_dir / "speech").is_dir() else []
    spoken = [_without_pauses(_stereo(path)) for path in words[int(is_chosen) :: 2][:_WORDS]]
    halves = [spoken[: len(spoken) // 2], spoken[len(spoken) // 2 :]]
    found["talk"] = [(f"words {n}", np.concatenate(half)) for n, half in enumerate(halves) if half]
    least = _LEAST_LENGTH_S * RATE_HZ
    return {
        kind: kept for kind, every in found.items() if (kept := [one for one in every if len(one[1]) > least])
    }


def _stereo(path: Path) -> Samples:
    audio, rate_hz = whole(path)
    if rate_hz != RATE_HZ:
        audio = np.asarray(soxr.resample(audio, rate_hz, RATE_HZ), np.float32)
    return np.ascontiguousarray(np.broadcast_to(audio[:, :2], (len(audio), 2)))


def _mixed(folder: Path) -> Samples:
    microphones = [_stereo(path) for path in sound_files(folder) if "_RAW_" in path.name]
    length = min(map(len, microphones))
    total = np.sum([one[:length] for one in microphones], axis=0)
    return np.asarray(0.9 * total / max(1e-9, float(np.abs(total).max())), np.float32)


def _without_pauses(word: Samples) -> Samples:
    """Return a word without the silence around it: talk that goes on."""
    loud = np.flatnonzero(np.abs(word).max(axis=1) > _QUIET)
    if not len(loud):
        return word[:0]
    margin = round(_QUIET_S * RATE_HZ)
    return word[max(0, loud[0] - margin) : loud[-1] + margin]


def _edit(
    named: tuple[str, str, Warp], raw: Samples, foreign: Samples, rng: np.random.Generator
) -> WarpedEdit:
    warp = named[2]
    usual = _drawn(rng)
    parts: list[Samples] = []
    pieces: list[WarpedPiece] = []
    at = 0
    foreign_at = {int(rng.integers(1, _PIECES // 2)), int(rng.integers(_PIECES // 2, _PIECES - 1))}
    for number in range(_PIECES):
        is_foreign = number in foreign_at
        source = foreign if is_foreign else raw
        length = round(RATE_HZ * float(np.exp(rng.uniform(np.log(_LEAST_S), np.log(_MOST_S)))))
        length = min(length, len(source) // 2)
        first = int(rng.integers(len(source) - length))
        setting = {Warp.WHOLE: None, Warp.PIECES: _drawn(rng), Warp.MIXED: _drawn(rng)}[warp]
        if warp is Warp.MIXED and rng.random() < 0.5:
            setting = None
        part = _treated(source[first : first + length], rng)
        raw_start: float | None = None if is_foreign else float(first)
        if setting is not None:
            part, late = _stretched(part, setting)
            raw_start = None if raw_start is None else raw_start - late * setting.speed
        speed, semitones, tool = (1.0, 0.0, "") if setting is None else _values(setting)
        pieces.append(WarpedPiece(at, at + len(part), raw_start, speed, semitones, tool))
        parts.append(part)
        at += len(part)
    edited = np.concatenate(parts)
    if warp is Warp.WHOLE:
        edited, late = _stretched(edited, usual)
        pieces = [_after_all(one, usual, late) for one in pieces]
    return WarpedEdit(*named, raw, edited.astype(np.float32), tuple(pieces))


def _values(setting: _Setting) -> tuple[float, float, str]:
    return setting.speed, setting.semitones, setting.tool


def _drawn(rng: np.random.Generator) -> _Setting:
    """Draw a tool, a speed within 20 % and a pitch within 4 semitones: the same, in semitones, or any."""
    tools = installed()
    tool = tools[int(rng.integers(len(tools)))]
    speed = float(np.round(np.exp(rng.uniform(-1.0, 1.0) * np.log(_WIDEST)), 4))
    semitones = (0.0, float(rng.integers(-4, 5)), float(np.round(rng.uniform(-_HIGHEST, _HIGHEST), 2)))
    chosen = semitones[int(rng.integers(3))]
    if tool == "tape":
        chosen = float(12.0 * np.log2(speed))
    elif chosen and rng.random() < 0.3:
        speed = 1.0
    return _Setting(tool, speed, chosen)


def _stretched(samples: Samples, setting: _Setting) -> tuple[Samples, float]:
    """Return audio at a setting, cut to length, and by how many samples it is late."""
    out, late = stretched(setting.tool, samples, RATE_HZ, setting.speed, setting.semitones)
    return out[: min(len(out), round(len(samples) / setting.speed))], late


def _after_all(piece: WarpedPiece, setting: _Setting, late: float) -> WarpedPiece:
    """Return a piece after the whole edit was stretched."""
    start, stop = (round(edge / setting.speed + late) for edge in (piece.start, piece.stop))
    lost = max(0, -start) * setting.speed  # of the first piece, where the tool plays too early
    return replace(
        piece,
        start=max(0, start),
        stop=stop,
        raw_start=None if piece.raw_start is None else piece.raw_start + lost,
        speed=setting.speed,
        semitones=setting.semitones,
        tool=setting.tool,
    )


def _treated(samples: Samples, rng: np.random.Generator) -> Samples:
    """Return a piece at another level, half of them faded, and half of them through a shelf."""
    out = samples * np.float32(10.0 ** (rng.uniform(-8.0, 4.0) / 20.0))
    if rng.random() < 0.5:
        edge_hz, gain = rng.uniform(300.0, 3000.0), 10.0 ** (rng.uniform(-8.0, 8.0) / 20.0)
        sections = butter(1, edge_hz, "high", fs=RATE_HZ, output="sos")
        out = (out + (gain - 1.0) * sosfilt(sections, out, axis=0)).astype(np.float32)
    for is_end in (False, True):
        if rng.random() < 0.25:
            count = min(len(out) // 3, round(rng.uniform(*_FADE_S) * RATE_HZ))
            ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]
            if is_end:
                out[-count:] *= ramp[::-1]
            else:
                out[:count] *= ramp
    return out
