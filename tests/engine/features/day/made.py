"""A document with a small day: two songs with two takes each, talk, and idle time, on two tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.cli.main import main
from engine.document.analysis import StoredDay
from engine.document.document import Document
from engine.document.edits.analyses import known_day, set_day, sound_key
from engine.features.day.handed_on.export_takes import DayToExport
from engine.recordings.media import locate_all

RATE_HZ = 44_100
LENGTH_S = 24
TAKES_S = ((1.0, 6.0), (7.0, 11.0), (12.0, 17.0), (18.0, 22.0))
"""Two of the first song, then two of the second."""
NAMES = ("Blue: Moon", "Über")
RETAINED = (-1, 1, 1, -1)
STARS = (2, 5, 4, 0)


ALIKE_DB = (0.0, 0.0, 0.0, 0.0)


def sound(
    rng: np.random.Generator, hz: float, level: float, gains_db: Sequence[float] = ALIKE_DB
) -> NDArray[np.float64]:
    """Return a mono recording with a tone in the takes, each with a gain, and a little noise everywhere."""
    at = np.arange(LENGTH_S * RATE_HZ) / RATE_HZ
    plays = np.zeros(len(at))
    for (start_s, stop_s), gain_db in zip(TAKES_S, gains_db, strict=True):
        plays[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = 10.0 ** (gain_db / 20.0)
    return level * plays * np.sin(2 * np.pi * hz * at) + 1e-4 * rng.standard_normal(len(at))


def made_day(folder: Path, gains_db: Sequence[float] = ALIKE_DB) -> Path:
    """Write two recordings and a document with their day; return the path of the document."""
    rng = np.random.default_rng(61)
    for name, hz, level in (("keys", 220.0, 0.3), ("bass", 110.0, 0.03)):
        soundfile.write(folder / f"{name}.wav", sound(rng, hz, level, gains_db), RATE_HZ, "PCM_24")
    path = folder / "Rehearsal.offcut"
    assert main(["new", str(path), str(folder / "keys.wav"), str(folder / "bass.wav")]) == 0
    with Document.open(path) as document:
        document.apply(*set_day(document.state, day_of(sound_key(document.state)), "Found songs"))
    return path


def day_of(of_sound: str) -> StoredDay:
    """Return the songs and takes of the recordings."""
    return StoredDay(
        kind="rehearsal",
        names=NAMES,
        are_known=np.array([0, 1], np.int8),
        songs=np.array([0, 0, 1, 1], np.int64),
        spans_samples=np.rint(np.array(TAKES_S) * RATE_HZ).astype(np.int64),
        are_complete=np.array([1, 1, 1, 0], np.int8),
        semitones=np.array([0, 2, 0, 0], np.int64),
        speeds=np.array([1.0, 1.02, 1.0, 0.98]),
        stars=np.array(STARS, np.int8),
        retained=np.array(RETAINED, np.int8),
        talk_samples=np.array([[6 * RATE_HZ, 7 * RATE_HZ]], np.int64),
        idle_samples=np.array([[11 * RATE_HZ, 12 * RATE_HZ]], np.int64),
        of_sound=of_sound,
    )


def source_of(path: Path) -> DayToExport:
    """Return the day of a document as exports take it."""
    with Document.open(path, to_read=True) as document:
        day = known_day(document.state, document.analysis("day"))
        assert day is not None
        media = dict(locate_all(document.state, path.parent))
        return DayToExport(document.state, media, day, path.stem, (path,))


def with_retained(source: DayToExport, *retained: int) -> DayToExport:
    """Return the day with other choices of the user."""
    return replace(source, day=replace(source.day, retained=np.array(retained, np.int8)))
