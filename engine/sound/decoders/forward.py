"""Common code of the FFmpeg decoders: a stream decoded from its start, whose exact length is known.

A header often only estimates the length. It is counted once while the file is unchanged, by the times of the
packets where these are exact, else by decoding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.sound.decoders.decoder import AudioStream, Tracks, UnsupportedError
from engine.sound.decoders.signature import Signature, signature_of
from engine.sound.headers.mp3 import encoder_delay_samples
from engine.sound.headers.video import movie_timescale
from engine.sound.opening import (
    address_of,
    explained,
    not_audio_sentence,
    refused_rate_or_channels,
    require_file,
)

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
        sentences = []
        if self.lost:
            at = format_time(self.first_lost_samples / self.rate_hz)
            sentences.append(
                f"{shown(path)} is damaged: {counted(self.lost, 'packet')} cannot be decoded and "
                f"{'is' if self.lost == 1 else 'are'} played as silence, the first at {at}."
            )
        elif self.is_incomplete:
            sentences.append(f"{shown(path)} is damaged: parts of it cannot be decoded and are left out.")
        if self.changed_samples >= 0:
            at = format_time(self.changed_samples / self.rate_hz)
            sentences.append(
                f"{shown(path)} changes its rate or its channels at {at}: the rest of it is left out."
            )
        return " ".join(sentences)


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
        return found or self.store(path, track, decoded())

    def notice(self, path: Path, track: int) -> str:
        """Return a sentence about damage in a track that is known; empty without any."""
        with suppress(SourceError), self._lock:
            if (known := self._known.get(_key(path, track))) is not None:
                return known.notice(path)
        return ""

    def store(self, path: Path, track: int, decoded: Decoded) -> Decoded:
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


SUFFIXES = frozenset(
    (
        *(".m4a", ".m4b", ".aac", ".mp4", ".m4v", ".mov", ".qta", ".mts", ".m2ts", ".mxf", ".3gp", ".webm"),
        *(".mka", ".mkv", ".avi", ".flv", ".wma", ".amr", ".ac3", ".eac3", ".wv", ".ape", ".tta"),
    )
)
"""Of the formats that have a signature in `engine.sound.decoders.signature`."""

LENGTHS = KnownLengths()


class Decoding(Protocol):
    """One pass over one track of a file, from its start.

    Attributes
    ----------
    tracks : of the file
    codec : FFmpeg's name
    subtype : as in `AudioStream`
    delay_samples : of the encoder, as exactly as packets are timed; left out of the blocks
    packet_samples : samples per packet
    lag_s : how long after the picture the track begins, in seconds; 0 without a picture
    claimed_s : length in the header, in seconds; None if missing
    counts_samples : whether the header counts that length in samples
    lost, first_lost_samples, changed_samples, is_incomplete : so far, see
        `engine.sound.decoders.forward.Decoded`
    """

    tracks: Tracks
    codec: str
    subtype: str
    rate_hz: int
    channels: int
    delay_samples: int
    packet_samples: int
    lag_s: Fraction
    claimed_s: Fraction | None
    counts_samples: bool
    lost: int
    first_lost_samples: int
    changed_samples: int

    @property
    def is_incomplete(self) -> bool: ...

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the samples in order, shape (n, channels); always the same iterator."""
        ...

    def length_by_packets(self) -> int:
        """Return the length in samples by `decoders.ffmpeg_codecs`; no block was taken before."""
        ...

    def count(self) -> int:
        """Decode a track from its start, before any block is read, and return its samples per channel."""
        ...

    def close(self) -> None: ...


Begin = Callable[[Path, Signature, int], Decoding]
"""Opens one track of a file and decodes its first block, so that its form is known.

Raises `UnsupportedError` for a codec that is not read, `SourceError` for a damaged file or a missing track.
"""


class ForwardStream(AudioStream):
    """See `engine.sound.decoders.decoder.AudioStream`."""

    seeks_exactly = False

    def __init__(self, path: Path, track: int, begin: Begin) -> None:
        size_bytes = require_file(path)
        with explained(path):
            signature = signature_of(path)
        if signature is None:
            raise UnsupportedError(not_audio_sentence(path))
        self._path, self._track, self._begin, self._signature = path, track, begin, signature
        self._decoding = begin(path, signature, track)
        try:
            self._describe(size_bytes)
        except BaseException:
            self._decoding.close()
            raise
        self._held: NDArray[np.float32] = np.zeros((0, self.channels), np.float32)

    def _describe(self, size_bytes: int) -> None:
        decoding = self._decoding
        self.rate_hz, self.channels = decoding.rate_hz, decoding.channels
        if problem := refused_rate_or_channels(self.rate_hz, self.channels):
            raise SourceError(f"{shown(self._path)} {problem}")
        self.container, self.subtype = self._signature.demuxer, decoding.subtype
        self._delay_samples = decoding.delay_samples
        if self.subtype == "OPUS":  # its header is exact where packets are timed in milliseconds
            with explained(self._path):
                self._delay_samples = encoder_delay_samples(self._path, self.rate_hz) or self._delay_samples
        self._decoded = LENGTHS.get(self._path, self._track, self._length)
        self.frames = self._decoded.frames
        if self.frames <= 0:
            raise SourceError(f"{shown(self._path)} holds no readable samples: copy or record it again.")
        if self.frames > size_bytes * _MOST_PER_BYTE + _BLOCK_SAMPLES:
            raise SourceError(
                f"{shown(self._path)} decodes to {format_time(self.frames / self.rate_hz)}, and its "
                f"{size_bytes:,} bytes cannot hold that: copy it again, or export it again from where "
                "it was made."
            )
        claimed_s = decoding.claimed_s if self._signature.has_length else None
        self.promised_frames = max(self.frames, round((claimed_s or 0) * self.rate_hz))
        self.tolerance_frames = 4_096 + self.promised_frames // 100

    def _length(self) -> Decoded:
        """Count the samples of the track by the times of its packets; else by decoding."""
        decoding = self._decoding
        is_movie = self._signature.demuxer == "mov"
        if is_movie and (frames := decoding.length_by_packets()):
            found = Decoded(frames, self.rate_hz)
        else:
            found = _damage(Decoded(decoding.count(), self.rate_hz), decoding)
            decoding.close()
            self._decoding = self._begin(self._path, self._signature, self._track)
        rounding = self._rounding_samples() if is_movie else 0 if decoding.counts_samples else _UNKNOWN
        claimed = round((decoding.claimed_s or 0) * self.rate_hz)
        # a length that the header states leaves out the encoder's padding, of up to two packets
        is_padded = rounding < found.frames - claimed < 2 * decoding.packet_samples
        return replace(found, frames=claimed) if is_padded else found

    def _rounding_samples(self) -> int:
        """Return the error of the length in the edit list of a movie, in coarser units than samples."""
        with explained(self._path):
            timescale = movie_timescale(self._path)
        if not timescale:
            return _UNKNOWN
        return 0 if timescale % self.rate_hz == 0 else math.ceil(self.rate_hz / timescale)

    @property
    def delay_samples(self) -> int:
        """See `AudioStream.delay_samples`."""
        return self._delay_samples

    @property
    def tracks(self) -> Tracks:
        """See `AudioStream.tracks`."""
        return self._decoding.tracks

    @property
    def notice(self) -> str:
        """Sentences about damage and about other tracks; empty without any."""
        known = LENGTHS.get(self._path, self._track, lambda: self._decoded)
        return " ".join(filter(None, (known.notice(self._path), self._decoding.tracks.notice)))

    def read(self, start: int, out: NDArray[Any]) -> int:
        """See `AudioStream.read`."""
        done = 0
        while done < len(out):
            if not len(self._held):
                block = next(self._decoding.blocks(), None)
                if block is None:
                    return self._padded(start, done, out)
                self._held = block
            piece = self._held[: len(out) - done]
            out[done : done + len(piece)] = piece
            self._held = self._held[len(piece) :]
            done += len(piece)
        return done

    def _padded(self, start: int, done: int, out: NDArray[Any]) -> int:
        """Complete the last packet with silence where its times promise more than it decodes to."""
        missing = len(out) - done
        if start + len(out) == self.frames and missing <= 2 * self._decoding.packet_samples:
            out[done:] = 0
            return len(out)
        return done

    def rewind(self) -> None:
        """See `AudioStream.rewind`."""
        self.close()
        self._decoding = self._begin(self._path, self._signature, self._track)
        self._held = self._held[:0]

    def close(self) -> None:
        """Close the file, and store the damage found."""
        decoding = self._decoding
        found = _damage(self._decoded, decoding)
        if found != self._decoded:
            self._decoded = found
            with suppress(SourceError):  # it is gone, and so is what is known of it
                LENGTHS.store(self._path, self._track, found)
        decoding.close()


@dataclass(frozen=True, slots=True)
class MediaTrack:
    """An audio track of a file that may have a picture and several tracks.

    Attributes
    ----------
    number : from 1, among the audio tracks
    lag_s : how long after the picture it begins, in seconds
    """

    number: int
    lag_s: Fraction


def media_track(path: Path, track: int, begin: Begin) -> MediaTrack | None:
    """Return an audio track by the head of its file; None if FFmpeg does not read that.

    Raises
    ------
    SourceError : the file is missing, damaged or beyond the limits
    """
    require_file(path)
    with explained(path):
        signature = signature_of(path)
    if signature is None:
        return None
    decoding = begin(path, signature, track)
    try:
        return MediaTrack(decoding.tracks.chosen, decoding.lag_s)
    finally:
        decoding.close()


def _damage(known: Decoded, decoding: Decoding) -> Decoded:
    """Return the known facts of a track with the damage that a pass has found."""
    has_more = decoding.lost > known.lost
    return Decoded(
        known.frames,
        known.rate_hz,
        decoding.lost if has_more else known.lost,
        decoding.first_lost_samples if has_more else known.first_lost_samples,
        max(known.changed_samples, decoding.changed_samples),
        known.is_incomplete or decoding.is_incomplete,
    )


def damage_notice(path: Path, reported: str) -> str:
    """Return a message about damage found while decoding; empty if it was reported before."""
    address = address_of(path)
    notice = LENGTHS.notice(address.file, address.track)
    return "" if notice in reported else notice


def damaged(path: Path, signature: Signature) -> SourceError:
    """Return the error about a file without readable audio."""
    return SourceError(
        f"{shown(path)} begins as {signature.name} and is damaged or cut short: copy it again, or export it "
        "again from where it was made."
    )


def undecodable(path: Path, reason: str) -> SourceError:
    """Return the error about a file that FFmpeg cannot decode; the reason continues after "FFmpeg"."""
    return SourceError(
        f"{shown(path)} cannot be decoded, FFmpeg {reason}: copy the file again, or convert it to WAV or "
        "FLAC."
    )


def unread_codec(path: Path, codec: str, signature: Signature) -> UnsupportedError:
    """Return the error about a codec that no decoder of Offcut reads; FFmpeg may have no name for it."""
    return UnsupportedError(
        f"{shown(path)} holds {codec or 'an unknown codec'} in {signature.name}, which Offcut does not "
        "decode: convert it to WAV or FLAC."
    )
