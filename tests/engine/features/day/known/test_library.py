"""The songs of the user: stored with consent only, and never lost."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.errors import ExportError, OffcutError, UsageError
from engine.features.day.known.library import MOST_TAKES, KnownTake, Library
from tests.engine.features.day.known.songs_played import played

ADDS = """
import sys
from pathlib import Path
import numpy as np
from engine.features.day.known.fingerprints import Fingerprint
from engine.features.day.known.library import KnownTake, Library
library, own = Library(Path(sys.argv[1])), int(sys.argv[2])
for number in range(20):
    rows = np.full((100, 24), number, np.int8)
    rows[0] = own
    library.add(f"Song {number}", [KnownTake(Fingerprint(rows), f"2026-01-{own + 1:02}")])
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "songs.sqlite")
    made.allow(True)
    return made


def test_nothing_is_stored_without_consent(tmp_path: Path) -> None:
    library = Library(tmp_path / "songs.sqlite")
    assert library.is_allowed() is None
    assert library.songs() == ()
    assert not library.path.exists()
    with pytest.raises(UsageError, match="--allow yes"):
        library.add("Golden", [KnownTake(played(1))])
    assert library.songs() == ()


def test_withdrawn_consent_deletes_everything(library: Library, tmp_path: Path) -> None:
    library.add("Golden", [KnownTake(played(1))])
    index = tmp_path / "archive.sqlite"
    index.write_bytes(b"fingerprints")
    (tmp_path / "songs.sqlite.damaged-20260101-000000-000000").write_bytes(b"fingerprints")
    library.allow(False)
    assert library.is_allowed() is False
    assert library.songs() == ()
    assert [path.name for path in tmp_path.iterdir()] == ["songs.sqlite"]
    assert played(1).to_bytes()[:64] not in library.path.read_bytes()


def test_songs_are_stored_and_come_back(library: Library) -> None:
    song = library.add("Golden", [KnownTake(played(1), "2026-03-01", "day.wav", 12.0)])
    again = library.add("golden", [KnownTake(played(1, 2), "2026-04-01", "later.wav", 3.0)])
    assert again == song
    [stored] = library.songs()
    assert (stored.id, stored.name, stored.takes, stored.last_day) == (song, "golden", 2, "2026-04-01")
    [known] = library.known()
    assert [one.to_bytes() for one in known.references] == [played(1, 2).to_bytes(), played(1).to_bytes()]


def test_the_same_span_of_a_file_is_stored_once(library: Library) -> None:
    take = KnownTake(played(1), "2026-03-01", "day.wav", 12.0)
    library.add("Golden", [take])
    library.add("Golden", [take])
    library.add("Golden", [KnownTake(played(1).part(1.0, 39.0), "2026-03-01", "day.wav", 13.0)])
    [stored] = library.songs()
    assert stored.takes == 1
    assert stored.length_s == pytest.approx(38.0, abs=0.5)


def test_the_best_takes_stay(library: Library) -> None:
    broken = KnownTake(played(1).part(0.0, 20.0), "2026-12-31", is_complete=False)
    whole = [
        KnownTake(played(1).part(number, 40.0), f"2026-01-{number + 1:02}")
        for number in range(MOST_TAKES + 1)
    ]
    library.add("Golden", [broken, *whole])
    [known] = library.known()
    stored = [one.to_bytes() for one in known.references]
    assert stored == [take.fingerprint.to_bytes() for take in reversed(whole[1:])]


def test_songs_are_renamed_merged_and_deleted(library: Library) -> None:
    first = library.add("passage at 0:12", [KnownTake(played(1))])
    library.add("Golden", [KnownTake(played(1, 1))])
    library.add("Rain", [KnownTake(played(2))])
    assert library.rename("Passage at 0:12", "Gold").id == first
    with pytest.raises(UsageError, match="merge"):
        library.rename("Gold", "golden")
    merged = library.merge("Gold", "Golden")
    assert (merged.name, merged.takes) == ("Golden", 2)
    with pytest.raises(UsageError, match="the same song"):
        library.merge("Golden", merged.id)
    with pytest.raises(UsageError, match="'Golden'"):
        library.find("Goldn")
    assert library.delete("RAIN").name == "Rain"
    assert [song.name for song in library.songs()] == ["Golden"]
    for name in ("", " \n", "x" * 300):
        with pytest.raises(UsageError):
            library.rename("Golden", name)


def test_a_recognised_song_takes_the_new_name(library: Library) -> None:
    song = library.add("passage at 0:12", [KnownTake(played(1))])
    assert library.add("Golden", [KnownTake(played(1, 1))], song) == song
    assert [(one.name, one.takes) for one in library.songs()] == [("Golden", 2)]
    rain = library.add("Rain", [KnownTake(played(2))])
    assert library.add("Golden", [KnownTake(played(2, 1))], rain) == song
    assert [(one.name, one.takes) for one in library.songs()] == [("Golden", 4)]


def test_an_export_brings_songs_to_another_machine(library: Library, tmp_path: Path) -> None:
    library.add("Golden", [KnownTake(played(1), "2026-03-01", "day.wav", 12.0), KnownTake(played(1, 2))])
    library.add("Rain", [KnownTake(played(2), is_complete=False)])
    out = tmp_path / "songs.json"
    assert library.export(out) == 2
    with pytest.raises(ExportError):
        library.export(out)
    other = Library(tmp_path / "other" / "songs.sqlite")
    other.path.parent.mkdir()
    with pytest.raises(UsageError, match="--allow yes"):
        other.load(out)
    other.allow(True)
    other.add("rain", [KnownTake(played(2, 1))])
    assert other.load(out) == 2
    assert other.load(out) == 2
    assert [(song.name, song.takes) for song in other.songs()] == [("Golden", 2), ("Rain", 2)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"format": "offcut-songs", "version": 1}',
        b'{"format": "other", "version": 1, "songs": []}',
        b'{"format": "offcut-songs", "version": 1, "songs": [{"id": "../x", "name": "a", "takes": []}]}',
        b'{"format": "offcut-songs", "version": 1, "songs": [{"id": "0123456789abcdef", "name": "a", '
        b'"takes": [{"version": 1, "fingerprint": "AAA", "day": "", "source": "", "start_s": 0, '
        b'"is_complete": true}]}]}',
    ],
)
def test_a_file_that_is_no_export_adds_nothing(library: Library, tmp_path: Path, content: bytes) -> None:
    library.add("Golden", [KnownTake(played(1))])
    bad = tmp_path / "bad.json"
    bad.write_bytes(content)
    with pytest.raises(OffcutError, match=r"bad\.json"):
        library.load(bad)
    assert [song.name for song in library.songs()] == ["Golden"]


def test_a_half_written_song_in_an_export_adds_nothing(library: Library, tmp_path: Path) -> None:
    library.add("Golden", [KnownTake(played(1))])
    library.add("Rain", [KnownTake(played(2))])
    out = tmp_path / "songs.json"
    library.export(out)
    whole = json.loads(out.read_text("utf-8"))
    whole["songs"][1]["takes"][0]["fingerprint"] = "%%%"
    out.write_text(json.dumps(whole), "utf-8")
    library.delete("Golden")
    with pytest.raises(OffcutError):
        library.load(out)
    assert [song.name for song in library.songs()] == ["Rain"]


def test_a_damaged_file_is_renamed_and_work_goes_on(
    library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library.add("Golden", [KnownTake(played(1))])
    content = b"no database" + library.path.read_bytes()[11:]
    library.path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert library.songs() == ()
    [aside] = tmp_path.glob("songs.sqlite.damaged-*")
    assert aside.read_bytes() == content
    assert aside.name in caplog.text
    assert library.is_allowed() is None
    library.allow(True)
    library.add("Rain", [KnownTake(played(2))])
    assert [song.name for song in library.songs()] == ["Rain"]


def test_damage_within_is_reported_once_and_work_goes_on(library: Library, tmp_path: Path) -> None:
    for seed in range(1, 4):
        library.add(f"Song {seed}", [KnownTake(played(seed))])
    content = bytearray(library.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    library.path.write_bytes(content)
    with pytest.raises(OffcutError, match=r"damaged-"):
        library.songs()
    [aside] = tmp_path.glob("songs.sqlite.damaged-*")
    assert aside.read_bytes() == content
    assert library.songs() == ()


def test_a_file_of_a_newer_version_stays(library: Library) -> None:
    content = bytearray(library.path.read_bytes())
    content[60:64] = (9).to_bytes(4, "big")  # the user version, in the head of the file
    library.path.write_bytes(content)
    with pytest.raises(OffcutError, match="newer Offcut"):
        library.songs()
    assert library.path.read_bytes() == content


def test_two_programs_add_at_once(library: Library) -> None:
    command = [sys.executable, "-c", ADDS, str(library.path)]
    both = [subprocess.Popen([*command, str(own)]) for own in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    songs = library.songs()
    assert {song.name for song in songs} == {f"Song {number}" for number in range(20)}
    assert all(song.takes == 2 for song in songs)
