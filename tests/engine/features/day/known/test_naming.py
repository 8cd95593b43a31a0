"""Songs of a day are named by the user's library, and named songs go into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.analysis import DAY, StoredDay
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from engine.features.day.choices import rename_song
from engine.features.day.day import Day, DayKind, DaySong, SongTake
from engine.features.day.known.library import KnownTake, Library
from engine.features.day.known.naming import SongRequest, remember_song, with_known_names
from engine.features.takes.features import Frames, frames_of
from engine.recordings.media import locate_all
from tests.engine.features.day.known.songs_played import played
from tests.engine.features.takes.playing import RATE_HZ, joined, passage


@pytest.fixture(scope="module")
def evening() -> tuple[Frames, Day]:
    """Two songs and an unknown one, the first of them twice and higher the second time."""
    audio, at = joined(*(passage(seed, 40.0, semitones=up) for seed, up in ((1, 0), (2, 0), (3, 0), (1, 2))))
    takes = [SongTake(start, stop) for start, stop in at]
    songs = tuple(DaySong(f"Song {number}", (take,)) for number, take in enumerate(takes, 1))
    return frames_of([audio], RATE_HZ, len(audio)), Day(DayKind.REHEARSAL, songs)


def test_known_songs_get_their_names_and_become_one(evening: tuple[Frames, Day], tmp_path: Path) -> None:
    library = Library(tmp_path / "songs.sqlite")
    library.allow(True)
    for name, seed in (("Harbour", 1), ("Tide", 2)):
        library.add(name, [KnownTake(played(seed))])
    day = with_known_names(evening[1], evening[0], library)
    assert [(song.name, song.is_known, len(song.takes)) for song in day.songs] == [
        ("Harbour", True, 2),
        ("Tide", True, 1),
        ("Song 3", False, 1),
    ]
    assert [take.start_s for take in day.songs[0].takes] == pytest.approx([0.0, 126.0], abs=1.0)


def test_without_consent_nothing_is_compared(evening: tuple[Frames, Day], tmp_path: Path) -> None:
    assert with_known_names(evening[1], evening[0], Library(tmp_path / "songs.sqlite")) is evening[1]


def test_a_named_song_is_recognised_on_the_next_day(tmp_path: Path) -> None:
    Library().allow(True)
    for name, seeds in (("first", (1, 2)), ("second", (4, 1))):
        audio, _ = joined(*(passage(seed, 40.0) for seed in seeds))
        soundfile.write(tmp_path / f"{name}.wav", audio, RATE_HZ, "PCM_16")
    assert main(["prepare", str(tmp_path / "first.wav"), "--out", str(tmp_path / "first.offcut")]) == 0
    with Document.open(tmp_path / "first.offcut") as document:
        stored = known_day(document.state, document.analysis(DAY))
        assert stored is not None
        document.apply(*rename_song(document.state, stored, 0, "Harbour"))
        renamed, media = document.analysis(DAY), dict(locate_all(document.state, tmp_path))
        assert isinstance(renamed, StoredDay)
        request = SongRequest(document.state, media, renamed, 0, "Song 1", "first", "2026-11-30")
        assert remember_song(request, SILENT) == "Harbour"
    assert [(song.name, song.takes, song.last_day) for song in Library().songs()] == [
        ("Harbour", 1, "2026-11-30")
    ]
    assert main(["prepare", str(tmp_path / "second.wav"), "--out", str(tmp_path / "second.offcut")]) == 0
    with Document.open(tmp_path / "second.offcut", to_read=True) as document:
        found = known_day(document.state, document.analysis(DAY))
        assert found is not None
        assert list(found.names) == ["Song 1", "Harbour"]
        np.testing.assert_array_equal(found.are_known, [0, 1])


def test_a_song_is_named_by_a_shorter_take_where_the_longest_is_not_recognised(tmp_path: Path) -> None:
    """The longest take is of a song that the library does not have; two more are of one that it has."""
    audio, at = joined(passage(3, 60.0), passage(1, 40.0), passage(1, 40.0))
    song = DaySong("Song 1", tuple(SongTake(start, stop) for start, stop in at))
    library = Library(tmp_path / "songs.sqlite")
    library.allow(True)
    library.add("Harbour", [KnownTake(played(1))])
    day = with_known_names(Day(DayKind.REHEARSAL, (song,)), frames_of([audio], RATE_HZ, len(audio)), library)
    assert [(one.name, one.is_known) for one in day.songs] == [("Harbour", True)]
