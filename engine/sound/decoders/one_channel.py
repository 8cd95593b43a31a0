"""One channel of a file as a stream of its own: `take.wav#ch3` is the third channel of `take.wav`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.wording import counted
from engine.sound.decoders.decoder import AudioStream


class OneChannel(AudioStream):
    """See `engine.sound.decoders.decoder.AudioStream`; the samples are those of the file, unchanged.

    Raises
    ------
    SourceError : the file has fewer channels
    """

    channels = 1

    def __init__(self, stream: AudioStream, path: Path, channel: int) -> None:
        if channel > stream.channels:
            stream.close()
            raise SourceError(
                f"{shown(path)} has {counted(stream.channels, 'channel')}, and channel {channel} was asked "
                "for: name one that is there."
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
