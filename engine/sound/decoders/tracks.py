"""Parts of a file by name: `film.mkv#2` is its second audio track, `take.wav#ch3` its third channel."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.wording import counted, listed

_NAMED = re.compile(r"(.+)#(ch)?([1-9][0-9]?)", re.DOTALL)
_MOST_LISTED = 6


def file_and_track(path: Path) -> tuple[Path, int]:
    """Return the file that a path means and the number of its audio track, from 1.

    A file whose own name ends with such a number is that file.
    """
    named = _NAMED.fullmatch(path.name)
    if named is None or os.path.lexists(path):
        return path, 1
    return path.with_name(named[1]), 1 if named[2] else int(named[3])


def channel_of(path: Path) -> int:
    """Return the number of the channel that a path means, from 1; 0 for all channels."""
    named = _NAMED.fullmatch(path.name)
    return int(named[3]) if named is not None and named[2] and not os.path.lexists(path) else 0


def of_channel(path: Path, channel: int) -> Path:
    """Return the path that means a channel of a file."""
    return path.with_name(f"{path.name}#ch{channel}")


def track_words(title: str, language: str, codec: str, channels: int) -> str:
    """Return how a track is described, such as "eng, aac, 2 channels"."""
    coded = f"{codec}, {counted(channels, 'channel')}" if codec else ""
    words = (title, "" if language == "und" else language, coded)
    return ", ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Tracks:
    """The audio tracks of one file.

    Attributes
    ----------
    words : description of each, such as "eng, aac, 2 channels"
    chosen : number of the selected track, from 1
    unread : numbers of those with a codec that is not decoded, such as the spatial sound of a phone
    title : of the selected track; empty without one
    """

    path: Path
    words: tuple[str, ...]
    chosen: int = 1
    unread: tuple[int, ...] = ()
    title: str = ""

    def require(self, format_name: str) -> None:
        """Refuse a missing track.

        Raises
        ------
        SourceError : the file has no audio track, or fewer than the chosen number
        """
        if not self.words:
            raise SourceError(
                f"{shown(self.path)} ({format_name}) holds no audio track: choose a file with sound."
            )
        if self.chosen > len(self.words):
            raise SourceError(
                f"{shown(self.path)} has {counted(len(self.words), 'audio track')}, and track {self.chosen} "
                "was asked for: name one that is there."
            )

    @property
    def notice(self) -> str:
        """One sentence about the tracks that are not read; empty without any."""
        return self.notice_beside((self.chosen,))

    def notice_beside(self, read: Collection[int]) -> str:
        """Return one sentence about the tracks that are not among those that are read; empty without any."""
        numbers = range(1, len(self.words) + 1)
        others = [number for number in numbers if number not in (*read, *self.unread)]
        named = [f"{number} ({self.words[number - 1]})" for number in others[:_MOST_LISTED]]
        tracks, were = ("track", "was") if len(read) == 1 else ("tracks", "were")
        which = listed([str(number) for number in sorted(read)])
        said = f"{shown(self.path)} has {len(self.words)} audio tracks, and {tracks} {which} {were} read"
        if others:
            said += (
                f": for {listed(named, 'or')}, import {shown(f'{self.path.name}#{others[0]}')}"
                f"{' and so on' if len(others) > 1 else ''}"
            )
        if unread := [str(number) for number in self.unread if number not in read]:
            said += f"; Offcut does not decode {'track' if len(unread) == 1 else 'tracks'} {listed(unread)}"
        return f"{said}." if others or unread else ""
