"""Every decoder: a new one of Offcut is one module and one row here; packages add theirs by entry point.

Also one channel of a file as a stream (`take.wav#ch3` is the third channel of `take.wav`), and the audio
files in a folder, found by their names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError, UsageError
from engine.core.extensions import Extended, UnusableError, require_type
from engine.core.extensions.names import Extension
from engine.core.files.safe_write import shown
from engine.core.wording import counted, reason_of
from engine.sound.decoders.decoder import AudioStream, Decoder, UnsupportedError
from engine.sound.decoders.ffmpeg_program import FFMPEG_PROGRAM, ProgramDecoding
from engine.sound.decoders.forward import MediaTrack, media_track
from engine.sound.decoders.libsndfile import LIBSNDFILE
from engine.sound.decoders.pyav import PYAV, PyAvDecoding
from engine.sound.decoders.signature import signature_of
from engine.sound.opening import Address, address_of, explained, not_audio_sentence, require_file


class OneChannel(AudioStream):
    """See `engine.sound.decoders.decoder.AudioStream`; the samples are those of the file, unchanged.

    Raises
    ------
    SourceError : the file has fewer channels
    """

    channels = 1

    def __init__(self, stream: AudioStream, address: Address) -> None:
        channel = address.channel
        if channel > stream.channels:
            stream.close()
            raise SourceError(
                f"{shown(address.file)} has {counted(stream.channels, 'channel')}, and channel {channel} was "
                "asked for: name one that is there."
            )
        self._stream, self._channel = stream, channel
        self.rate_hz, self.frames = stream.rate_hz, stream.frames
        self.promised_frames, self.tolerance_frames = stream.promised_frames, stream.tolerance_frames
        self.container, self.subtype = stream.container, stream.subtype
        self.seeks_exactly = stream.seeks_exactly

    @property
    def lost_in_read(self) -> Sequence[tuple[int, int]]:
        """See `AudioStream.lost_in_read`."""
        return self._stream.lost_in_read

    @property
    def notice(self) -> str:
        """See `AudioStream.notice`."""
        return self._stream.notice

    @property
    def delay_samples(self) -> int:
        """See `AudioStream.delay_samples`."""
        return self._stream.delay_samples

    def read(self, start: int, out: NDArray[Any]) -> int:
        """See `AudioStream.read`."""
        every = np.zeros((len(out), self._stream.channels), out.dtype)
        got = self._stream.read(start, every)
        out[:, 0] = every[:, self._channel - 1]
        return got

    def rewind(self) -> None:
        """See `AudioStream.rewind`."""
        self._stream.rewind()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


_BY_FFMPEG = (PYAV, FFMPEG_PROGRAM)
_ROWS = (LIBSNDFILE, *_BY_FFMPEG)
WITH_PICTURES = frozenset({"mov", "matroska", "mpegts", "mxf", "avi", "flv", "asf"})
"""Containers that may have a picture and several audio tracks, by the names of FFmpeg's demuxers."""
_INSTALL = {"win32": "winget install ffmpeg", "darwin": "brew install ffmpeg"}


def _added(extension: Extension, made: object) -> Decoder:
    """Return a decoder of another package; raise `UnusableError` for another type, or without a suffix."""
    decoder = require_type(made, Decoder)
    if decoder.name != extension.name:
        raise UnusableError(f"is named {decoder.name!r}, not {extension.name!r}")
    if not decoder.suffixes or any(one != one.lower() or one[:1] != "." for one in decoder.suffixes):
        raise UnusableError("names no suffixes such as '.abc'")
    return decoder


DECODERS: Extended[Decoder] = Extended("offcut.decoders", {each.name: each for each in _ROWS}, _added)
"""By name. A file is offered to libsndfile, to added decoders of its suffix, then to Offcut's others."""

AUDIO_SUFFIXES = frozenset().union(*(each.suffixes for each in _ROWS))
"""Of the files that Offcut's own decoders read."""


def audio_suffixes() -> frozenset[str]:
    """Return the suffixes of all files that a decoder reads, those of added decoders included."""
    return AUDIO_SUFFIXES.union(*(each.suffixes for each in DECODERS.added.values()))


def open_stream(named: Path) -> AudioStream:
    """Open an audio file with the first decoder that reads it.

    Parameters
    ----------
    named : the file, or one of its audio tracks or channels (`engine.sound.opening.Address`)

    Raises
    ------
    SourceError : it is missing, unreadable, empty, not audio, damaged, without samples or beyond the limits
    """
    require_file(named)
    address, reasons = address_of(named), []
    for decoder in _in_order(address.file):
        if decoder.missing():
            continue
        try:
            stream = decoder.open(address.file, address.track)
            return OneChannel(stream, address) if address.channel else stream
        except UnsupportedError as error:
            reasons.append(str(error))
    raise SourceError(_refusal(address.file, reasons[-1] if len(reasons) > 1 else ""))


def media_track_of(named: Path) -> MediaTrack | None:
    """Return an audio track of a video or a movie by the head of its file; None of another file.

    Raises
    ------
    SourceError : the file is missing or unreadable
    """
    require_file(named)
    address = address_of(named)
    with explained(address.file):
        status, signature = address.file.stat(), signature_of(address.file)
    if signature is None or signature.demuxer not in WITH_PICTURES:
        return None
    return _media_track(address, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(256)
def _media_track(address: Address, *_status: int) -> MediaTrack | None:
    """Look into an unchanged file once: forms ask again at every key."""
    for decoder, begin in ((PYAV, PyAvDecoding), (FFMPEG_PROGRAM, ProgramDecoding)):
        if not decoder.missing():
            with suppress(SourceError):
                return media_track(address.file, address.track, begin)
    return None


def _in_order(path: Path) -> tuple[Decoder, ...]:
    suffix = path.suffix.lower()
    is_own = suffix in LIBSNDFILE.suffixes
    added = [] if is_own else [each for each in DECODERS.added.values() if suffix in each.suffixes]
    own = [each for each in _ROWS[1:] if each not in _BY_FFMPEG and suffix in each.suffixes]
    return LIBSNDFILE, *own, *added, *_BY_FFMPEG


def _refusal(path: Path, reason: str) -> str:
    with explained(path):
        found = signature_of(path)
    if found is None:
        return not_audio_sentence(path)
    if not all(each.missing() for each in _BY_FFMPEG):
        return reason
    command = _INSTALL.get(sys.platform, "sudo apt install ffmpeg")
    return (
        f"{shown(path)} holds {found.name}, which Offcut reads with FFmpeg: install it ({command}), or "
        "convert the file to WAV or FLAC."
    )


def audio_files(path: Path, unreadable: Callable[[OSError], object]) -> Iterator[Path]:
    """Yield the audio files in a folder and the folders below it, in the order of their names.

    A path that is not a folder is yielded as it is, with any suffix. Hidden files and folders, such as those
    of other systems, are skipped, and linked folders are not followed.

    Parameters
    ----------
    unreadable : called for each folder that cannot be listed
    """
    if not os.path.isdir(path):  # noqa: PTH112 - what may not be looked at is refused when it is read
        yield path
        return
    suffixes = audio_suffixes()
    for folder, below, names in os.walk(path, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(folder, name)


def recordings_in(path: Path, remedy: str) -> tuple[Path, ...]:
    """Return a file, or the audio files in a folder and the folders below it.

    Parameters
    ----------
    remedy : for a folder without recordings, such as "drop audio files"

    Raises
    ------
    UsageError : a folder cannot be listed, or holds no recordings
    """

    def refuse(error: OSError) -> None:
        raise UsageError(f"{shown(Path(error.filename))} cannot be listed: {reason_of(error)}.") from error

    found = tuple(audio_files(path, refuse))
    if not found:
        raise UsageError(f"{shown(path)} holds no recordings: {remedy}.")
    return found
