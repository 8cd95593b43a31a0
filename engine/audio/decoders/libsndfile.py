"""The decoder for WAV, AIFF, CAF, AU, FLAC, Ogg and MP3: libsndfile, which comes with soundfile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import soundfile
from numpy.typing import NDArray

from engine.audio.decoders.decoder import Decoder, UnsupportedError
from engine.audio.decoders.signature import is_coded_wav, may_be_mp3
from engine.audio.headers.encoder_delay import encoder_delay_samples
from engine.audio.opening import (
    DECODING_ERRORS,
    explained,
    frames_that_decode,
    not_audio_sentence,
    open_shortened,
    open_sound,
    require_file,
)
from engine.errors import SourceError
from engine.files.safe_write import shown

_UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's, of a FLAC file that was streamed


class LibsndfileStream:
    """See `engine.audio.decoders.decoder.AudioStream`."""

    notice = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_placed = False
        self._file: soundfile.SoundFile = open_sound(path)
        self.rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self.promised_frames = int(self._file.frames)
        self.container = str(self._file.format)
        self.subtype = str(self._file.subtype)
        self.seeks_exactly = bool(self._file.seekable())
        try:
            self.frames = frames_that_decode(path, self._file)
            if self.frames <= 0:
                raise SourceError(f"{shown(path)} holds no readable samples: copy or record it again.")
            if self.seeks_exactly and self.frames < self.promised_frames:
                self._file.close()
                self._file = open_shortened(path)
            if self.promised_frames == _UNKNOWN_FRAMES:
                self.promised_frames = self.frames
            # One frame is rounding. The length of an MP3 is an estimate: measured on 31 whole files, up to
            # 0.7 % and 12,000 frames too long.
            self.tolerance_frames = 4_096 + self.promised_frames // 100 if self.container == "MP3" else 1
        except SourceError:
            self._file.close()
            raise

    @property
    def delay_samples(self) -> int:
        """See `engine.audio.headers.encoder_delay`."""
        with explained(self._path):
            return encoder_delay_samples(self._path, self.rate_hz)

    def read(self, start: int, out: NDArray[Any]) -> int:
        """See `AudioStream.read`."""
        try:
            # Where the sound begins is where a seek to 0 leads: after a damaged head, opening ends elsewhere.
            if self.seeks_exactly and (not self._is_placed or self._file.tell() != start):
                self._file.seek(start)
                self._is_placed = True
            return len(self._file.read(len(out), out=out))
        except DECODING_ERRORS:
            return 0

    def rewind(self) -> None:
        """See `AudioStream.rewind`."""
        self._file.close()
        self._file = open_sound(self._path)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _opened(path: Path, _track: int) -> LibsndfileStream:
    require_file(path)
    with explained(path):
        # libmpg123 writes to stderr about what is MP3 by its name alone; libsndfile misreads MP3 inside WAV.
        is_read = may_be_mp3(path) and not is_coded_wav(path)
    if not is_read:
        raise UnsupportedError(not_audio_sentence(path))
    return LibsndfileStream(path)


LIBSNDFILE = Decoder(
    "libsndfile",
    frozenset(
        {
            ".wav",
            ".w64",
            ".rf64",
            ".aif",
            ".aiff",
            ".aifc",
            ".caf",
            ".au",
            ".flac",
            ".ogg",
            ".oga",
            ".opus",
            ".mp3",
        }
    ),
    _opened,
)
