"""The exact length of a file whose header only estimates it, counted once while the file is unchanged."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.sound.headers.movie import movie_timescale
from engine.sound.opening import explained

_MOST_KNOWN = 1_000
_MOST_PER_BYTE = 4_096  # silence costs the densest codec, ALAC, about a byte for so many samples
_BLOCK_SAMPLES = 1 << 20
_UNKNOWN = 1 << 62

_Key = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The outcome of decoding a track from start to end.

    Attributes
    ----------
    frames, rate_hz : samples per channel that came out, and their rate
    lost : packets that did not decode; silence is in their place
    first_lost_samples : position of the first of them
    changed_samples : position where the rate or the channels change, and decoding stops; -1 without
    is_incomplete : whether parts that do not decode are left out, without a place that is known
    """

    frames: int
    rate_hz: int
    lost: int = 0
    first_lost_samples: int = 0
    changed_samples: int = -1
    is_incomplete: bool = False

    def notice(self, path: Path) -> str:
        """Return sentences about damage; empty without any."""
        said = []
        if self.lost:
            at = format_time(self.first_lost_samples / self.rate_hz)
            said.append(
                f"{shown(path)} is damaged: {counted(self.lost, 'packet')} cannot be decoded and "
                f"{'is' if self.lost == 1 else 'are'} played as silence, the first at {at}."
            )
        elif self.is_incomplete:
            said.append(f"{shown(path)} is damaged: parts of it cannot be decoded and are left out.")
        if self.changed_samples >= 0:
            at = format_time(self.changed_samples / self.rate_hz)
            said.append(
                f"{shown(path)} changes its rate or its channels at {at}: the rest of it is left out."
            )
        return " ".join(said)


class KnownLengths:
    """Results of decoding, by file, size and time of change."""

    def __init__(self) -> None:
        self._known: dict[_Key, Decoded] = {}
        self._lock = Lock()

    def get(self, path: Path, track: int, decoded: Callable[[], Decoded]) -> Decoded:
        """Return the result for a track, decoding it if it is unknown."""
        key = _key(path, track)
        with self._lock:
            found = self._known.get(key)
        return found or self.keep(path, track, decoded())

    def notice(self, path: Path, track: int) -> str:
        """Return a sentence about damage in a track that is known; empty without any."""
        with suppress(SourceError), self._lock:
            if (known := self._known.get(_key(path, track))) is not None:
                return known.notice(path)
        return ""

    def keep(self, path: Path, track: int, decoded: Decoded) -> Decoded:
        """Store the result for a track, and return it."""
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[_key(path, track)] = decoded
        return decoded


def _key(path: Path, track: int) -> _Key:
    with explained(path):
        status = path.stat()
    return str(path.absolute()), status.st_ino, status.st_size, status.st_mtime_ns, track


def without_padding(frames: int, claimed: int, rounding_samples: int, packet_samples: int) -> int:
    """Return a length without the encoder's padding of up to two packets, as stated in the header.

    Parameters
    ----------
    claimed : length in the header or the edit list, in samples; 0 if missing
    rounding_samples : error of that length, which may be in coarser units
    """
    padding = frames - claimed
    return claimed if rounding_samples < padding < 2 * packet_samples else frames


def rounding_samples(path: Path, rate_hz: int) -> int:
    """Return the error, in samples, of the length in the edit list of an MP4 or QuickTime file."""
    with explained(path):
        timescale = movie_timescale(path)
    if not timescale:
        return _UNKNOWN
    return 0 if timescale % rate_hz == 0 else math.ceil(rate_hz / timescale)


def require_possible(path: Path, size_bytes: int, frames: int, rate_hz: int) -> None:
    """Refuse a file that decodes to far more sound than its bytes can hold.

    Raises
    ------
    SourceError : it does
    """
    if frames > size_bytes * _MOST_PER_BYTE + _BLOCK_SAMPLES:
        raise SourceError(
            f"{shown(path)} decodes to {format_time(frames / rate_hz)}, and its {size_bytes:,} bytes cannot "
            "hold that: copy it again, or export it again from where it was made."
        )
