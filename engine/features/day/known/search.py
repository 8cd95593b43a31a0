"""The search of an archive for a song as one job: its folders are indexed, then all takes are found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.core.side_by_side import usable_cores
from engine.core.wording import counted, quoted
from engine.features.day.known.archive import FoundTake, archive_path, fingerprint_of, takes_of_song, update
from engine.features.day.known.library import Library
from engine.features.day.known.matching import Song
from engine.features.day.known.passages import Sought
from engine.features.taste.archive_workers import begin

_READ, _INDEXED = 0.05, 0.9


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A song to find, and the folder to search.

    Attributes
    ----------
    song : the name of a known song, or the path of a recording of one
    folder : searched with all folders below it
    """

    song: str
    folder: Path


@dataclass(frozen=True, slots=True)
class SearchedArchive:
    """The takes of a song, by the path of their recordings.

    Attributes
    ----------
    song : its name
    recordings : number of recordings in the folder
    refusals : a sentence for each file or folder that cannot be read
    """

    song: str
    takes: tuple[FoundTake, ...]
    recordings: int
    refusals: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return a message to the user."""
        found = (
            f"{counted(len(self.takes), 'take')} of {self.song} in {counted(self.recordings, 'recording')}"
        )
        more = f" And {counted(len(self.refusals) - 1, 'other')}." if len(self.refusals) > 1 else ""
        return f"{found}. {self.refusals[0]}{more}" if self.refusals else f"{found}."


def search_archive(request: SearchRequest, progress: Progress = SILENT) -> SearchedArchive:
    """Index the folder where it changed, with a process for each core, and find the takes of a song.

    Raises
    ------
    UsageError : no consent, an unknown or too short song, or a folder without recordings
    OffcutError : the index cannot be used, or the recording of the song cannot be read
    Cancelled : the user asked for it; recordings that are indexed stay so
    """
    require_consent()
    if (workers := usable_cores()) > 1:
        begin()
    song = song_to_find(request.song, progress.part(0.0, _READ))
    sought = Sought.of(song)
    indexed = update([request.folder], archive_path(), progress.part(_READ, _INDEXED), workers=workers)
    takes = takes_of_song(sought, archive_path(), [request.folder], progress.part(_INDEXED, 1.0))
    return SearchedArchive(song.name, tuple(takes), indexed.files, indexed.refusals)


def require_consent() -> None:
    """Refuse without consent.

    Raises
    ------
    UsageError : the user has not allowed stored fingerprints
    """
    if not Library().is_allowed():
        raise UsageError(
            "The index of a folder is stored only with your consent: allow it (offcut songs --allow yes)."
        )


def song_to_find(wanted: str, progress: Progress = SILENT) -> Song:
    """Return the known song of a name, or the song of a recording.

    Raises
    ------
    UsageError : no song has the name, and it is not a file
    SourceError : the recording cannot be read
    Cancelled : the user asked for it
    """
    if Path(wanted).is_file():
        return Song("", Path(wanted).name, (fingerprint_of(Path(wanted), progress),))
    library = Library()
    try:
        return library.known(library.find(wanted).id)[0]
    except UsageError as error:
        raise UsageError(
            f"{error} Or give a recording of the song; {quoted(wanted)} is not a file."
        ) from error
