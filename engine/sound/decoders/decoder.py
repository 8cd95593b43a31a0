"""The protocol of a decoder: open a file, describe it, and fill arrays with its samples in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.sound.decoders.tracks import Tracks


class UnsupportedError(SourceError):
    """A decoder does not read this format; another one may."""


def _is_there() -> str:
    return ""


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
    missing: Callable[[], str] = _is_there
