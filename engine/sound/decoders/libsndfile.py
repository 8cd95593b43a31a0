"""The decoder for WAV, AIFF, CAF, AU, FLAC, Ogg and MP3: libsndfile, which comes with soundfile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.sound.decoders.decoder import AudioStream, Decoder, UnsupportedError
from engine.sound.decoders.pcm24 import Pcm24File
from engine.sound.decoders.signature import is_coded_wav, may_be_mp3
from engine.sound.file_part import Part, mogg_start, ogg_links
from engine.sound.headers.mp3 import MpegFrames, encoder_delay_samples, mpeg_frames
from engine.sound.opening import (
    DECODING_ERRORS,
    explained,
    flac_block_samples,
    frames_that_decode,
    not_audio_sentence,
    open_sound,
    open_unchecked,
    require_file,
)

_WAV = frozenset({"WAV", "WAVEX", "RF64"})
_UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's, of a FLAC file that was streamed
_MOST_LOST_BLOCKS = 2_000
"""Of a FLAC file; more are not skipped one by one, which would take minutes."""
_MOST_DELAY_SAMPLES = 8_192
"""Largest difference between the frames of an MP3 file and its length: encoder delay and padding."""


class LibsndfileStream(AudioStream):
    """See `engine.sound.decoders.decoder.AudioStream`."""

    def __init__(self, path: Path, part: Part | None = None) -> None:
        self._path, self._part = path, part
        self._is_placed, self._is_broken = False, False
        self._lost_blocks: set[int] = set()
        self._lost_in_read: list[tuple[int, int]] = []
        self._file: soundfile.SoundFile = open_sound(path, part)
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.promised_frames = int(self._file.frames)
        self.container = str(self._file.format)
        self.subtype = str(self._file.subtype)
        self.seeks_exactly = bool(self._file.seekable())
        self._block_frames = 0
        self._pcm24: Pcm24File | None = None
        try:
            self._require_plain()
            self.frames = frames_that_decode(path, self._file)
            if self.frames <= 0:
                raise SourceError(f"{shown(path)} holds no readable samples: copy or record it again.")
            if self.seeks_exactly and self.frames < self.promised_frames:
                self._file.close()
                self._file = open_unchecked(path)
            if self.promised_frames == _UNKNOWN_FRAMES:
                self.promised_frames = self.frames
            if self.container == "FLAC":
                with explained(path):
                    self._block_frames = flac_block_samples(path)
            if self.subtype == "PCM_24" and part is None and self.container in _WAV:
                with explained(path):
                    self._pcm24 = Pcm24File.of(path, self.frames, self.channels)
            # One frame is rounding. The length of an MP3 is an estimate: measured on 31 whole files, up to
            # 0.7 % and 12,000 frames too long.
            self.tolerance_frames = 4_096 + self.promised_frames // 100 if self.container == "MP3" else 1
        except SourceError:
            self._file.close()
            raise

    def _require_plain(self) -> None:
        """Leave an MP3 file to FFmpeg if libsndfile would end within it, or at a length that is a guess."""
        with explained(self._path):
            found = mpeg_frames(self._path) if self.container == "MP3" else None
        if found is not None and not _is_read_whole(found, self.promised_frames):
            raise UnsupportedError(not_audio_sentence(self._path))

    @property
    def delay_samples(self) -> int:
        """See `engine.sound.headers.mp3`."""
        with explained(self._path):
            return encoder_delay_samples(self._path, self.rate_hz)

    @property
    def lost_in_read(self) -> Sequence[tuple[int, int]]:
        """See `AudioStream.lost_in_read`."""
        return self._lost_in_read

    def read(self, start: int, out: NDArray[Any]) -> int:
        """See `AudioStream.read`."""
        self._lost_in_read = []
        done = self._read(start, out)
        if done < len(out) and self.seeks_exactly and self._block_frames:
            return self._read_around_damage(start, out)
        return done

    def _read(self, start: int, out: NDArray[Any]) -> int:
        if self._pcm24 is not None and out.dtype == np.float32 and out.flags.c_contiguous:
            with suppress(OSError):
                return self._pcm24.read(start, out)
        if self._is_broken:  # libFLAC's decoder is unusable after a failure
            self._file.close()
            self._file = open_unchecked(self._path)
            self._is_placed = self._is_broken = False
        try:
            # Where the sound begins is where a seek to 0 leads: after a damaged head, opening ends elsewhere.
            if self.seeks_exactly and (not self._is_placed or self._file.tell() != start):
                self._file.seek(start)
                self._is_placed = True
            got = len(self._file.read(len(out), out=out))
        except DECODING_ERRORS:
            got = 0
        self._is_broken = got < len(out) and self._block_frames > 0
        return got

    def _read_around_damage(self, start: int, out: NDArray[Any]) -> int:
        """Read a FLAC file block by block, with silence in place of those that do not decode."""
        size, done = self._block_frames, 0
        while done < len(out):
            number = (start + done) // size
            count = min((number + 1) * size - start - done, len(out) - done)
            piece = out[done : done + count]
            if number in self._lost_blocks or self._read(start + done, piece) < count:
                self._lost_blocks.add(number)
                if len(self._lost_blocks) > _MOST_LOST_BLOCKS:
                    return done
                piece[:] = 0
                self._lost_in_read.append((start + done, start + done + count))
            done += count
        return done

    def rewind(self) -> None:
        """See `AudioStream.rewind`."""
        self._file.close()
        self._file = open_sound(self._path, self._part)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._pcm24 is not None:
            self._pcm24.close()


def _is_read_whole(found: MpegFrames, promised_frames: int) -> bool:
    """Return whether libsndfile reads an MP3 file to its end, at the length that its frames have."""
    if not found.is_plain:
        return False
    if found.stated_samples is None:  # an estimate, of a constant bit rate within a frame
        return abs(promised_frames - found.samples) <= found.frame_samples
    return found.samples - promised_frames <= _MOST_DELAY_SAMPLES


class ChainedStream(AudioStream):
    """The links of a chained Ogg file one after the other, as long as they have the form of the first."""

    seeks_exactly = False

    def __init__(self, path: Path, links: tuple[Part, ...]) -> None:
        self._path, self._links, self._notice = path, [links[0]], ""
        self._stream = LibsndfileStream(path, links[0])
        first = self._stream
        self.rate_hz, self.channels = first.rate_hz, first.channels
        self.container, self.subtype, self.tolerance_frames = first.container, first.subtype, 1
        self._stops = [first.frames]
        for link in links[1:]:
            try:
                stream = LibsndfileStream(path, link)
            except SourceError:
                self._end("cannot be read on from")
                break
            stream.close()
            if (stream.rate_hz, stream.channels) != (self.rate_hz, self.channels):
                self._end("changes its rate or its channels at")
                break
            self._links.append(link)
            self._stops.append(self._stops[-1] + stream.frames)
        self.frames = self.promised_frames = self._stops[-1]
        self._number = 0

    def _end(self, what: str) -> None:
        at = format_time(self._stops[-1] / self.rate_hz)
        self._notice = f"{shown(self._path)} {what} {at}: the rest of it is left out."

    @property
    def notice(self) -> str:
        """See `AudioStream.notice`."""
        return self._notice

    @property
    def delay_samples(self) -> int:
        """See `AudioStream.delay_samples`."""
        return self._stream.delay_samples

    def read(self, start: int, out: NDArray[Any]) -> int:
        """See `AudioStream.read`."""
        done = 0
        while done < len(out):
            left = self._stops[self._number] - start - done
            if left <= 0:
                if self._number + 1 == len(self._links):
                    break
                self._open(self._number + 1)
                continue
            count = min(left, len(out) - done)
            got = self._stream.read(start + done, out[done : done + count])
            done += got
            if got < count:
                break
        return done

    def _open(self, number: int) -> None:
        self._stream.close()
        self._number = number
        self._stream = LibsndfileStream(self._path, self._links[number])

    def rewind(self) -> None:
        """See `AudioStream.rewind`."""
        self._open(0)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _opened(path: Path, _track: int) -> AudioStream:
    require_file(path)
    with explained(path):
        with path.open("rb") as stream:
            head = stream.read(8)
        start = mogg_start(head)
        # libmpg123 writes to stderr about what is MP3 by its name alone; libsndfile misreads MP3 inside WAV.
        is_read = may_be_mp3(path) and not is_coded_wav(path)
        is_ogg = head[:4] == b"OggS" or start
        links = ogg_links(path, start or 0) if is_ogg else ()
    if start == 0:
        raise SourceError(f"{shown(path)} is an encrypted .mogg: choose one that its game has not locked.")
    if not is_read:
        raise UnsupportedError(not_audio_sentence(path))
    if len(links) > 1:
        return ChainedStream(path, links)
    return LibsndfileStream(path, links[0] if start else None)


LIBSNDFILE = Decoder(
    "libsndfile",
    frozenset(
        (
            *(".wav", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".caf", ".au"),
            *(".flac", ".ogg", ".oga", ".opus", ".mogg", ".mp3"),
        )
    ),
    _opened,
)
