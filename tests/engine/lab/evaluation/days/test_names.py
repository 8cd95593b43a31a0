"""Names of songs over the days of a band: recognised from the day before, and not before."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import numpy as np

from engine.features.day.day import Day, DayKind, DaySong, SongTake
from engine.lab.evaluation.days.day import MadeDay
from engine.lab.evaluation.days.names import library_of, recognised_names
from engine.lab.evaluation.days.planning import Kind
from engine.lab.evaluation.days.session import PlayedTake
from tests.engine.features.takes.playing import RATE_HZ, joined, passage


def names_of(folder: Path, number: int, *songs: tuple[str, int, int]) -> dict[str, float]:
    """Return the figures of a day, each song as its name, its notes and its key."""
    audio, at = joined(*(passage(notes, 40.0, semitones=key) for _, notes, key in songs))
    played = tuple(
        PlayedTake(name, start_s, stop_s, True, 0, 1.0, Kind.WHOLE)
        for (name, _, _), (start_s, stop_s) in zip(songs, at, strict=True)
    )
    made = MadeDay(folder / f"day {number}.wav", number, RATE_HZ, len(audio) / RATE_HZ, played, (), {})
    found = tuple(DaySong(f"Song {place}", (SongTake(*span_s),)) for place, span_s in enumerate(at, 1))
    library = library_of(folder, number)
    return recognised_names(made, Day(DayKind.REHEARSAL, found), library, [audio.astype(np.float32)])


def test_songs_are_recognised_on_the_next_day(tmp_path: Path) -> None:
    first = names_of(tmp_path, 0, ("Harbour", 1, 0), ("Tide", 2, 0))
    assert isnan(first["known"])
    assert first["wrong_names"] == 0.0
    for _ in range(2):  # a run that is stopped measures the day again
        second = names_of(tmp_path, 1, ("Harbour", 1, 2), ("New", 3, 0))
        assert second == {"known": 1.0, "wrong_names": 0.0}


def test_another_band_has_a_library_of_its_own(tmp_path: Path) -> None:
    names_of(tmp_path, 2, ("Harbour", 1, 0))
    assert library_of(tmp_path, 3).songs() == ()


def test_a_wrong_name_counts(tmp_path: Path) -> None:
    names_of(tmp_path, 0, ("Harbour", 1, 0))
    second = names_of(tmp_path, 1, ("Not the harbour", 1, 0))
    assert isnan(second["known"])
    assert second["wrong_names"] == 1.0
