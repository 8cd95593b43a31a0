"""Human drum performances: the Groove MIDI Dataset.

Played to a click that begins with the file (J. Gillick et al., "Learning to Groove with Inverse Sequence
Transformations", 2019).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.lab.simulated.performances.pieces import PIECE_OF_NOTE, Piece

_MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class GrooveFile:
    """A row of the table of performances.

    Attributes
    ----------
    beats_in_bar : beats in a bar; in 5/8 and 6/8 a beat is an eighth
    """

    path: Path
    drummer: str
    style: str
    beats_in_bar: int
    beat_unit: int
    duration_s: float
    is_beat: bool
    """Whether it is a groove and no lone fill."""

    @property
    def name(self) -> str:
        """The drummer and the name of the file."""
        return f"{self.drummer}/{self.path.parent.name}/{self.path.stem}"

    @property
    def example_name(self) -> str:
        """Name of an example made from it: drummer, session and number."""
        return f"{self.drummer}_{self.path.parent.name}_{self.path.stem.partition('_')[0]}"


@dataclass(frozen=True, slots=True, eq=False)
class Groove:
    """Played notes, in temporal order.

    Attributes
    ----------
    beat_s : of the click, which begins at 0
    times_s : float64, shape (n,)
    pieces : the struck pieces, length n
    velocities : float32, shape (n,), 0 to 1
    """

    file: GrooveFile
    beat_s: float
    times_s: NDArray[np.float64]
    pieces: tuple[Piece, ...]
    velocities: NDArray[np.float32]


def read_table(data_dir: Path) -> list[GrooveFile]:
    """Return all performances, by name.

    Raises
    ------
    UsageError : the table of performances cannot be read
    """
    folder = data_dir / "multimic" / "midi"
    try:
        rows = list(csv.DictReader((folder / "info.csv").read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UsageError(
            f"{shown(folder / 'info.csv')} cannot be read: name the folder that holds multimic/."
        ) from error
    found = []
    for row in rows:
        beats, unit = row["time_signature"].split("-")
        found.append(
            GrooveFile(
                path=folder / row["midi_filename"],
                drummer=row["drummer"],
                style=row["style"],
                beats_in_bar=int(beats),
                beat_unit=int(unit),
                duration_s=float(row["duration"]),
                is_beat=row["beat_type"] == "beat",
            )
        )
    return sorted(found, key=lambda file: file.path)


def notes_of(path: Path) -> Iterator[tuple[float, Piece, int]]:
    """Yield when each piece of a kit is struck, in seconds, and how hard, 1 to 127."""
    time_s = 0.0
    for message in mido.MidiFile(path):
        time_s += message.time
        if message.type == "note_on" and message.velocity and message.note in PIECE_OF_NOTE:
            yield time_s, PIECE_OF_NOTE[message.note], message.velocity


def read_groove(file: GrooveFile) -> Groove:
    """Read the played notes.

    Raises
    ------
    UsageError : the file is not a MIDI file
    """
    try:
        quarter_s = _quarter_s(mido.MidiFile(file.path))
        notes = list(notes_of(file.path))
    except (OSError, EOFError, ValueError) as error:
        raise UsageError(f"{shown(file.path)} is no MIDI file: copy the recordings again.") from error
    return Groove(
        file=file,
        beat_s=quarter_s * 4 / file.beat_unit,
        times_s=np.array([time_s for time_s, _, _ in notes]),
        pieces=tuple(piece for _, piece, _ in notes),
        velocities=np.array([velocity / 127 for _, _, velocity in notes], np.float32),
    )


def _quarter_s(file: mido.MidiFile) -> float:
    tempi = [message.tempo for track in file.tracks for message in track if message.type == "set_tempo"]
    return float(tempi[0]) / _MICROSECONDS if tempi else 0.5
