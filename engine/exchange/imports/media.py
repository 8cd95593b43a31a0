"""Which recording of a document a medium of imported edits is: found by content, place, name and length."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path, PurePath

from engine.core.errors import EditsError, SourceError
from engine.core.wording import listed, quoted
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.exchange.export.placing.media_files import audio_track, track_file_name
from engine.exchange.imports.described import Medium
from engine.sound.opening import address_of
from engine.sound.reader import content_hash

_NEAR_S = Fraction(1, 10)
_REEL_LETTERS = 8


class Media:
    """The recordings of a document, looked up by the media that imported edits name.

    Parameters
    ----------
    places : where each source is now, by source id
    near_s : largest difference of a length
    folder : of the edits; None opens no file that they name
    """

    def __init__(
        self, state: DocumentState, places: Mapping[str, Path], near_s: Fraction, folder: Path | None = None
    ) -> None:
        self._sources = tuple(state.sources.values())
        self._places = {one.id: places.get(one.id, Path(one.path)) for one in self._sources}
        own = (path.absolute().parent for path in (*self._places.values(), *places.values()))
        self._folders = () if folder is None else tuple(dict.fromkeys((folder.absolute(), *own)))
        self._near_s = max(near_s, _NEAR_S)
        self._known: dict[Medium, Source | None] = {}

    def find(self, medium: Medium) -> Source | None:
        """Return the recording of a medium; None if it is another file.

        Raises
        ------
        EditsError : several recordings could be meant
        """
        if medium not in self._known:
            self._known[medium] = self._found(medium)
        return self._known[medium]

    def _found(self, medium: Medium) -> Source | None:
        if medium.content_hash:
            same = [one for one in self._sources if one.content_hash == medium.content_hash]
            if same:
                return self._only(medium, same)
        if medium.path:
            there = [
                one
                for one in self._sources
                if medium.path in (str(self._places[one.id].absolute()), one.path)
            ]
            if len(there) == 1:
                return there[0]
        for name in (medium.name, *medium.names):
            for part in (_full_name, _stem):
                named = [one for one in self._sources if part(name) in self._names(one, part)]
                fitting = [
                    one
                    for one in named
                    if medium.length_s is None
                    or abs(medium.length_s - Fraction(one.frames, one.rate_hz)) <= self._near_s
                ]
                if fitting:
                    return self._only(medium, fitting)
        if not PurePath(medium.name).suffix and (reel := _reel(medium.name)):
            reels = [one for one in self._sources if reel in self._names(one, _reel)]
            if reels:
                return self._only(medium, reels)
        return self._by_content(medium)

    def _names(self, source: Source, part: object) -> tuple[str, ...]:
        assert callable(part)
        places = (self._places[source.id], Path(source.path))
        names = [place.name for place in places]
        names += [
            track_file_name(place, number)
            for place in places
            if (number := audio_track(place)) > 1 or address_of(place).channel
        ]
        return tuple(part(name) for name in names)

    def _by_content(self, medium: Medium) -> Source | None:
        """Return the recording with the content of a renamed file, if that file is near the document."""
        path = near_file(medium.path, self._folders)
        if path is None:
            return None
        try:
            own = content_hash(path)
        except (SourceError, OSError, ValueError):
            return None
        return next((one for one in self._sources if one.content_hash == own), None)

    def _only(self, medium: Medium, found: Sequence[Source]) -> Source:
        if len(found) > 1:
            places = listed([quoted(str(self._places[one.id])) for one in found[:3]])
            raise EditsError(
                f"{quoted(medium.name)} could be {len(found)} recordings of this document, {places}: "
                "rename one of the files and export the edits again."
            )
        return found[0]


def near_file(named: str, folders: Sequence[Path]) -> Path | None:
    """Return a file that edits name if it is below one of some folders.

    Others are not opened: edits come from anyone, and the name of a share would connect to its computer.
    """
    if not named or _is_share(named):
        return None
    for folder in folders:
        whole = Path(os.path.normpath(folder / named))
        if _is_share(str(folder)) or not whole.is_relative_to(folder):
            continue
        with suppress(OSError, ValueError):
            path = Path(os.path.realpath(whole))  # a link must not lead elsewhere
            if path.is_relative_to(os.path.realpath(folder)) and path.is_file():
                return path
    return None


def _is_share(path: str) -> bool:
    return path.replace("\\", "/").startswith("//")


def _full_name(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _stem(name: str) -> str:
    return _full_name(PurePath(name).stem)


def _reel(name: str) -> str:
    """Shorten a name as lists with short reel names do."""
    stem = PurePath(name).stem.upper()
    return "".join(sign for sign in stem if sign.isascii() and sign.isalnum())[:_REEL_LETTERS]
