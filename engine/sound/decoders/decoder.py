"""The protocol of a decoder: open a file, describe it, and fill arrays with its samples in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.wording import counted, listed

_MOST_LISTED = 6


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
        notice = f"{shown(self.path)} has {len(self.words)} audio tracks, and {tracks} {which} {were} read"
        if others:
            notice += (
                f": for {listed(named, 'or')}, import {shown(f'{self.path.name}#{others[0]}')}"
                f"{' and so on' if len(others) > 1 else ''}"
            )
        if unread := [str(number) for number in self.unread if number not in read]:
            notice += f"; Offcut does not decode {'track' if len(unread) == 1 else 'tracks'} {listed(unread)}"
        return f"{notice}." if others or unread else ""


class UnsupportedError(SourceError):
    """A decoder does not read this format; another one may."""


@runtime_checkable
class AudioStream(Protocol):
    """One open audio file, used by one thread at a time; a class that inherits from it gets the defaults.

    Attributes
    ----------
    rate_hz, channels : of every sample that is read
    frames : samples per channel that decode, exactly; the encoder's delay and padding are not among them
    promised_frames : the length that the header gives, at least `frames`
    tolerance_frames : largest shortfall of an intact file from `promised_frames`
    container, subtype : libsndfile's names in upper case, such as "WAV" and "PCM_16"; other decoders name the
        container in lower case ("mov"), and the samples "PCM_16", "PCM_24" or "PCM_32" if they are exact
    seeks_exactly : whether `read` takes any position; if not, reads are sequential
    notice : message about damage known so far, or about other tracks; empty without either
    """

    rate_hz: int
    channels: int
    frames: int
    promised_frames: int
    tolerance_frames: int
    container: str
    subtype: str
    seeks_exactly: bool

    @property
    def notice(self) -> str:
        return ""

    @property
    def lost_in_read(self) -> Sequence[tuple[int, int]]:
        """Spans of the last read that do not decode and are filled with silence."""
        return ()

    @property
    def tracks(self) -> Tracks | None:
        """The audio tracks of the file, where it may have several."""
        return None

    @property
    def delay_samples(self) -> int:
        """Samples at `rate_hz` that the encoder put before the first one, and that are left out."""
        return 0

    def read(self, start: int, out: NDArray[Any]) -> int:
        """Fill an array, shape (n, channels), from a position; return the number of frames read.

        Fewer than n mean that the file is damaged there. Floats have full scale 1.0; int16 is asked for
        only of streams that seek exactly.
        """
        ...

    def rewind(self) -> None:
        """Have the next read begin at 0, with the same samples as after opening.

        Raises
        ------
        SourceError : the file cannot be opened again
        """
        return

    def close(self) -> None:
        """Close the file."""
        return


@dataclass(frozen=True, slots=True)
class Decoder:
    """Opens files of some formats.

    Attributes
    ----------
    name : its name in `offcut doctor`
    suffixes : lower case, such as ".m4a"; dialogs and folders offer files with these names
    open : takes the file and the number of its audio track, from 1; raises `UnsupportedError` if another
        decoder may read the file, and `SourceError` if it is damaged or beyond the limits
    missing : returns the missing dependency, empty if the decoder is available
    """

    name: str
    suffixes: frozenset[str]
    open: Callable[[Path, int], AudioStream]
    missing: Callable[[], str] = str
