"""Drummers of the Groove MIDI data set: their hits, and the beats that they played to.

J. Gillick et al., "Learning to groove with inverse sequence transformations", ICML 2019.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

TESTED = ("drummer7",)
VALIDATION = ("drummer6", "drummer10")
MUSIC = ("drummer1", "drummer2", "drummer3", "drummer4", "drummer9")
"""Whose performances are among the pieces of music."""
LEARNED = (*MUSIC, "drummer5", "drummer8")
"""Whose performances are learned from, mostly as drums alone."""
_SHORTEST_S = 12.0
_SLOWEST_DOTTED_BPM = 50.0
"""Six-eight is counted in two dotted beats, as drummers count it; slower than this in six."""


@dataclass(frozen=True, slots=True, eq=False)
class Groove:
    """One performance: hits as (beat, note, velocity), beats counted as they are labelled.

    Attributes
    ----------
    beats, notes, velocities : shape (n,); places in beats from the first bar on
    late_beats : median delay of strokes after their beats
    has_bars : whether the drums agree with the bars of the click; some players came in on another beat
    """

    name: str
    tempo_bpm: float
    metre: int
    beats: NDArray[np.float64]
    notes: NDArray[np.int64]
    velocities: NDArray[np.float64]
    late_beats: float
    has_bars: bool


def grooves(folder: Path, drummers: Sequence[str]) -> list[Groove]:
    """Read the performances of at least 12 s of some drummers.

    Session 1 of drummer1 is never read: an example of the tests was made of it.

    Raises
    ------
    OSError : the data set is not there
    """
    with (folder / "info.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    read = []
    for row in rows:
        is_long = float(row["duration"]) >= _SHORTEST_S
        if row["drummer"] in drummers and is_long and row["session"] != "drummer1/session1":
            read.append(_groove(folder / row["midi_filename"], row))
    return read


def counted(numerator: int, denominator: int, tempo_bpm: float) -> tuple[int, float]:
    """Return the metre a bar is counted in, and how many counted beats a quarter note is.

    Quarters are beats; three and more eighths that go by threes are counted in dotted beats unless these are
    slower than `_SLOWEST_DOTTED_BPM`; other eighths are counted one by one.
    """
    if denominator != 8:
        return numerator, 1.0
    if numerator % 3 == 0 and tempo_bpm / 1.5 >= _SLOWEST_DOTTED_BPM:
        return numerator // 3, 1.0 / 1.5
    return numerator, 2.0


def _late(beats: NDArray[np.float64]) -> float:
    """Return the median delay of strokes after their beats, in beats; computed in two rounds."""
    late = 0.0
    for reach in (0.17, 0.1):
        off = beats - late - np.round(beats - late)
        near = np.abs(off) < reach
        if near.sum() >= 8:
            late += float(np.median(off[near]))
    return late


def _groove(path: Path, row: dict[str, str]) -> Groove:
    file = mido.MidiFile(path)
    hits = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                hits.append((tick / file.ticks_per_beat, message.note, message.velocity / 127.0))
    table = np.array(sorted(hits))
    numerator, denominator = (int(part) for part in row["time_signature"].split("-"))
    tempo_bpm = float(row["bpm"])
    metre, per_quarter = counted(numerator, denominator, tempo_bpm)
    beats = table[:, 0] * per_quarter
    late = _late(beats)
    name = f"groove {row['id']} {row['style']} {row['bpm']}"
    notes = table[:, 1].astype(np.int64)
    agree = metre != 4 or bars_agree(beats - late, notes, table[:, 2])
    return Groove(name, tempo_bpm * per_quarter, metre, beats, notes, table[:, 2], late, agree)


def bars_agree(beats: NDArray[np.float64], notes: NDArray[np.int64], velocities: NDArray[np.float64]) -> bool:
    """Return whether kicks, crashes and back beats support the bars of four in a file.

    Kicks and crashes belong on the first beat rather than on the third (a crash counts as four kicks), back
    beats on the second and fourth; small differences count as support.
    """
    number = np.round(beats).astype(np.int64)
    near = (np.abs(beats - number) < 0.15) & (velocities > 0.35)

    def on(chosen: tuple[int, ...]) -> NDArray[np.int64]:
        return np.bincount(number[near & np.isin(notes, chosen)] % 4, minlength=4)

    low = on((35, 36)) + 4 * on((49, 52, 55, 57))
    back = on((37, 38, 40))
    late_half = low[2] > 1.4 * low[0] + 4
    off = low[1] + low[3] > 1.4 * (low[0] + low[2]) + 4 and back[1] + back[3] < back[0] + back[2]
    return bool(not (late_half or off))
