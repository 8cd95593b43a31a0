"""The songs of the user: names and fingerprints of takes, in one file of the user's data folder.

Fingerprints are stored only with consent, which is asked for once; withdrawing it deletes them. They cannot
be turned into sound again. Each method is one transaction, so several programs can use the file at once.
"""

from __future__ import annotations

import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import Any

from engine.core.errors import OffcutError, UsageError
from engine.core.files.places import data_folder
from engine.core.files.safe_write import replacing, shown
from engine.core.files.text import parse_json, strict_json
from engine.core.wording import counted, listed, one_line, quoted, reason_of
from engine.features.day.known.fingerprints import VERSION, Fingerprint
from engine.features.day.known.matching import Song
from engine.features.day.known.sqlite_file import StoredFile, remove

MOST_TAKES = 5
"""Of a song; complete takes stay before others, and later ones before earlier ones."""
LONGEST_NAME = 200
_FORMAT, _FORMAT_VERSION = "offcut-songs", 1
_LONGEST_S = 3600.0
_LARGEST_BYTES = 1_000_000_000
_ALLOWED = "is allowed"
_FILE = StoredFile(
    "known songs",
    "Songs are collected from now on again; an export brings the earlier ones back (offcut songs --import).",
    0x4F534F4E,
    1,
    (
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
        "CREATE TABLE songs (id TEXT PRIMARY KEY, name TEXT NOT NULL)",
        "CREATE TABLE takes (digest BLOB PRIMARY KEY, song TEXT NOT NULL, version INTEGER NOT NULL, "
        "day TEXT NOT NULL, source TEXT NOT NULL, start_s REAL NOT NULL, length_s REAL NOT NULL, "
        "is_complete INTEGER NOT NULL, rows BLOB NOT NULL)",
        "CREATE INDEX takes_of_songs ON takes (song)",
    ),
)
_COLUMNS = "digest, song, version, day, source, start_s, length_s, is_complete, rows"


@dataclass(frozen=True, slots=True)
class KnownTake:
    """A take to remember a song by.

    Attributes
    ----------
    day : its date in ISO 8601; "" if not known
    source : the name of its file or document; a later take of the same span of it replaces this one
    start_s : where it begins there
    is_complete : whether it plays the song from its start to its end
    """

    fingerprint: Fingerprint
    day: str = ""
    source: str = ""
    start_s: float = 0.0
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class StoredSong:
    """A song as it is listed.

    Attributes
    ----------
    takes : number of stored takes
    length_s : of the longest one
    last_day : the latest date of its takes; "" if not known
    """

    id: str
    name: str
    takes: int
    length_s: float
    last_day: str


def library_path() -> Path:
    """Return the path of the user's songs; their folder is made."""
    return data_folder("songs") / "songs.sqlite"


class Library:
    """The songs in one file.

    Parameters
    ----------
    path : None for the user's own
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = library_path() if path is None else path

    def is_allowed(self) -> bool | None:
        """Return whether the user consents to stored songs; None if the user has not been asked.

        Raises
        ------
        OffcutError : the file cannot be used, here as in all other methods
        """
        if not self.path.exists():
            return None
        with _FILE.reading(self.path) as connection:
            return _consent(connection)

    def allow(self, is_allowed: bool) -> None:
        """Store the answer of the user; a refusal deletes all songs and the index of the archive."""
        if not is_allowed:
            remove(self.path)
            remove(self.path.with_name("archive.sqlite"))
        with _FILE.writing(self.path) as connection:
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_ALLOWED, int(is_allowed)))

    def songs(self) -> tuple[StoredSong, ...]:
        """Return all songs by name."""
        if not self.path.exists():
            return ()
        with _FILE.reading(self.path) as connection:
            rows = connection.execute(
                "SELECT songs.id, name, count(digest), max(length_s), max(day) FROM songs "
                "JOIN takes ON song = songs.id GROUP BY songs.id ORDER BY name COLLATE NOCASE, songs.id"
            ).fetchall()
        return tuple(StoredSong(*row) for row in rows)

    def known(self, only: str | None = None) -> tuple[Song, ...]:
        """Return the songs with their fingerprints of this version, or only one by its id."""
        if not self.path.exists():
            return ()
        with _FILE.reading(self.path) as connection:
            rows = connection.execute(
                "SELECT songs.id, name, rows FROM songs JOIN takes ON song = songs.id "
                "WHERE version = ? AND (? IS NULL OR songs.id = ?) "
                "ORDER BY name COLLATE NOCASE, songs.id, is_complete DESC, day DESC, digest",
                (VERSION, only, only),
            ).fetchall()
        names: dict[str, str] = {}
        takes: dict[str, list[Fingerprint]] = {}
        for song, name, content in rows:
            names[song] = name
            takes.setdefault(song, []).append(Fingerprint.from_bytes(content))
        return tuple(Song(song, names[song], tuple(some)) for song, some in takes.items())

    def add(self, name: str, takes: Iterable[KnownTake], song: str | None = None) -> str:
        """Store takes of a song and retain the best `MOST_TAKES`; return its id.

        Parameters
        ----------
        name : of the song; takes join a song that has it already
        song : the id of a recognised one, which takes this name

        Raises
        ------
        UsageError : the user has not allowed it, or the name is empty or too long
        """
        wanted = _checked_name(name)
        with _FILE.writing(self.path) as connection:
            _require_consent(connection)
            return _add(connection, wanted, takes, song)

    def find(self, wanted: str) -> StoredSong:
        """Return the song with an id or a name.

        Raises
        ------
        UsageError : the song is unknown; the sentence has the most similar names
        """
        songs = self.songs()
        folded = wanted.strip().casefold()
        for one in songs:
            if one.id == wanted or one.name.casefold() == folded:
                return one
        names = {one.name.casefold(): one.name for one in songs}
        near = [quoted(names[each]) for each in get_close_matches(folded, names, n=3)]
        hint = f" Similar: {listed(near)}." if near else ""
        raise UsageError(f"No song is called {quoted(wanted)}.{hint} 'offcut songs' lists all.")

    def rename(self, wanted: str, name: str) -> StoredSong:
        """Rename a song, found by name or id; return it.

        Raises
        ------
        UsageError : the song is unknown, or another one has the name
        """
        new = _checked_name(name)
        one = self.find(wanted)
        with _FILE.writing(self.path) as connection:
            if _named(connection, new) not in (None, one.id):
                raise UsageError(
                    f"Another song is called {quoted(new)}: merge both (offcut songs --merge), or choose "
                    "another name."
                )
            connection.execute("UPDATE songs SET name = ? WHERE id = ?", (new, one.id))
        return self.find(one.id)

    def merge(self, wanted: str, into: str) -> StoredSong:
        """Move the takes of a song into another one, whose name stays; return that.

        Raises
        ------
        UsageError : a song is unknown, or both are the same
        """
        one, other = self.find(wanted), self.find(into)
        if one.id == other.id:
            raise UsageError(f"{quoted(wanted)} and {quoted(into)} are the same song: name two.")
        with _FILE.writing(self.path) as connection:
            connection.execute("UPDATE takes SET song = ? WHERE song = ?", (other.id, one.id))
            _tidy(connection, other.id)
        return self.find(other.id)

    def delete(self, wanted: str) -> StoredSong:
        """Delete a song and its fingerprints; return the deleted song.

        Raises
        ------
        UsageError : the song is unknown
        """
        one = self.find(wanted)
        with _FILE.writing(self.path) as connection:
            connection.execute("DELETE FROM takes WHERE song = ?", (one.id,))
            _tidy(connection, one.id)
        return one

    def export(self, path: Path, *, overwrite: bool = False) -> int:
        """Write all songs as JSON, for a backup or another machine; return their number.

        Raises
        ------
        ExportError : the file exists or cannot be written
        """
        songs: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            with _FILE.reading(self.path) as connection:
                names = dict(connection.execute("SELECT id, name FROM songs ORDER BY name, id"))
                songs = {song: {"id": song, "name": name, "takes": []} for song, name in names.items()}
                for row in connection.execute(f"SELECT {_COLUMNS} FROM takes ORDER BY day, digest"):
                    songs[row[1]]["takes"].append(_exported(row))
        whole = {"format": _FORMAT, "version": _FORMAT_VERSION, "songs": list(songs.values())}
        with replacing(path, overwrite=overwrite, reads=[self.path]) as part:
            part.write_text(strict_json(whole, indent=1), "utf-8")
        return len(songs)

    def load(self, path: Path) -> int:
        """Add the songs of an exported file; those with a known id or name are joined. Return their number.

        Raises
        ------
        UsageError : the user has not allowed stored songs
        OffcutError : the file is missing or not as `export` writes it; nothing is added
        """
        read = _imported(path)
        with _FILE.writing(self.path) as connection:
            _require_consent(connection)
            for song, name, takes in read:
                own = connection.execute("SELECT name FROM songs WHERE id = ?", (song,)).fetchone()
                _add(connection, name if own is None else own[0], takes, song)
        return len(read)


def _consent(connection: sqlite3.Connection) -> bool | None:
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (_ALLOWED,)).fetchone()
    return None if row is None else bool(row[0])


def _require_consent(connection: sqlite3.Connection) -> None:
    if not _consent(connection):
        raise UsageError(
            "Songs are stored only with your consent: allow it first (offcut songs --allow yes)."
        )


def _checked_name(name: str) -> str:
    found = one_line(name)
    if not found or len(found) > LONGEST_NAME:
        raise UsageError(f"A song cannot be called {quoted(name)}: give 1 to {LONGEST_NAME} characters.")
    return found


def _named(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the id of the song with a name in upper or lower case."""
    rows = connection.execute("SELECT id, name FROM songs")
    return next((str(song) for song, other in rows if other.casefold() == name.casefold()), None)


def _add(connection: sqlite3.Connection, name: str, takes: Iterable[KnownTake], song: str | None) -> str:
    own = _named(connection, name)
    if own is None:
        own = song or token_hex(8)
    elif song is not None and own != song:  # both names are one song now
        connection.execute("UPDATE takes SET song = ? WHERE song = ?", (own, song))
    connection.execute("INSERT OR REPLACE INTO songs VALUES (?, ?)", (own, name))
    for take in takes:
        length_s, content = take.fingerprint.length_s, take.fingerprint.to_bytes()
        if take.source:
            connection.execute(
                "DELETE FROM takes WHERE source = ? AND day = ? AND "
                "min(start_s + length_s, ?) - max(start_s, ?) > 0.5 * min(length_s, ?)",
                (take.source, take.day, take.start_s + length_s, take.start_s, length_s),
            )
        row = (VERSION, take.day, take.source, take.start_s, length_s, int(take.is_complete), content)
        connection.execute(
            "INSERT OR REPLACE INTO takes VALUES (?,?,?,?,?,?,?,?,?)", (_digest(content), own, *row)
        )
    _tidy(connection, own)
    return own


def _tidy(connection: sqlite3.Connection, song: str) -> None:
    """Delete the surplus takes of a song, and songs without takes."""
    connection.execute(
        "DELETE FROM takes WHERE song = ? AND digest NOT IN (SELECT digest FROM takes WHERE song = ? "
        "ORDER BY version = ? DESC, is_complete DESC, day DESC, length_s DESC, digest LIMIT ?)",
        (song, song, VERSION, MOST_TAKES),
    )
    connection.execute("DELETE FROM songs WHERE id NOT IN (SELECT song FROM takes)")


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _exported(row: tuple[Any, ...]) -> dict[str, object]:
    _, _, version, day, source, start_s, _, is_complete, content = row
    return {
        "version": version,
        "day": day,
        "source": source,
        "start_s": start_s,
        "is_complete": bool(is_complete),
        "fingerprint": b64encode(content).decode("ascii"),
    }


def _imported(path: Path) -> list[tuple[str, str, list[KnownTake]]]:
    """Read an exported file as ids, names and takes of this version.

    Raises
    ------
    OffcutError : it is missing or not as `Library.export` writes it
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError("it is too large")
        whole = parse_json(path.read_bytes())
        if whole["format"] != _FORMAT:
            raise ValueError("it has another format")
        if whole["version"] != _FORMAT_VERSION:
            raise OffcutError(f"A newer Offcut wrote {shown(path)}: update Offcut, then import it again.")
        return [_read_song(one) for one in whole["songs"]]
    except OSError as error:
        raise OffcutError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise OffcutError(
            f"{shown(path)} is not a whole export of songs ({quoted(str(error))}): nothing was imported. "
            "Export the songs again (offcut songs --export)."
        ) from error


def _read_song(one: Any) -> tuple[str, str, list[KnownTake]]:
    song = one["id"]
    if not (isinstance(song, str) and len(song) == 16 and not set(song) - set("0123456789abcdef")):
        raise ValueError(f"invalid id {quoted(song)}")
    takes = [_read_take(take) for take in one["takes"] if take["version"] == VERSION]
    return song, _checked_name(one["name"]), takes


def _read_take(one: Any) -> KnownTake:
    found = Fingerprint.from_bytes(b64decode(one["fingerprint"], validate=True))
    day, source, start_s = one["day"], one["source"], float(one["start_s"])
    if not 0.0 < found.length_s <= _LONGEST_S or not (isinstance(day, str) and isinstance(source, str)):
        raise ValueError(f"invalid take of {counted(len(found), 'frame')}")
    return KnownTake(found, day[:10], source[:LONGEST_NAME], start_s, bool(one["is_complete"]))
