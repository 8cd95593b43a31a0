"""The clips of a track, read as one recording.

A clip that plays unchanged gives the samples of its source bit for bit; between clips there is silence, which
reads no file. Fades have equal power and depend on the position alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.document.tracks.clip import SILENT_DB, Clip, Visible, visible
from engine.document.tracks.track import Track
from engine.sound.edl.crossfade import Block
from engine.sound.edl.tracks.patched_reader import Reads
from engine.sound.reader import SourceReader

FILES_OPEN = 8
"""Files of one track that stay open: neighbouring blocks read the same few."""


class ClipReader:
    """Reads a track from its first clip to its last; used by one thread at a time.

    Parameters
    ----------
    channels : of the track; a mono clip plays on all of them, any other on the first ones
    open_source : opens the source of an id at the document's rate
    """

    def __init__(self, track: Track, channels: int, open_source: Callable[[str], Reads]) -> None:
        self.channels = channels
        self._start = track.start_samples
        self._open_source = open_source
        self._visible = visible(track.clips)
        spans = [(one.start_samples, one.stop_samples) for one in self._visible]
        self._starts, self._stops = np.array(spans, np.int64).reshape(-1, 2).T
        self._readers: OrderedDict[str, Reads] = OrderedDict()
        self._left_out: dict[str, str] = {}

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        """Return samples [start, stop) from the start of the track, shape (frames, channels)."""
        first, last = start + self._start, stop + self._start
        block: Block = np.zeros((stop - start, self.channels), dtype)
        for place in np.flatnonzero((self._starts < last) & (self._stops > first)).tolist():
            self._lay(self._visible[place], block, first)
        return block

    def _lay(self, one: Visible, block: Block, first: int) -> None:
        """Lay a clip over the clips below it."""
        clip = one.clip
        begin, end = max(one.start_samples, first), min(one.stop_samples, first + len(block))
        played = self._played(clip, begin, end, block.dtype)
        width = self.channels if played.shape[1] == 1 else played.shape[1]
        here = block[begin - first : end - first]
        opaque_start, opaque_stop = clip.opaque
        if opaque_start <= begin and end <= opaque_stop:
            here[:, :width], here[:, width:] = played, 0.0
            return
        power = fade_powers(clip, np.arange(begin, end, dtype=np.float64))[:, None]
        here *= np.sqrt(1.0 - power).astype(block.dtype)
        here[:, :width] += played * np.sqrt(power).astype(block.dtype)

    def _played(self, clip: Clip, begin: int, end: int, dtype: DTypeLike) -> Block:
        """Return a span of the timeline as a clip plays it, without its fades."""
        if clip.gain_db == SILENT_DB:
            return np.zeros((end - begin, 1), dtype)
        source = self._reader(clip.source_id)
        played = source.read(begin - clip.shift_samples, end - clip.shift_samples, dtype=dtype)
        return played * np.asarray(10.0 ** (clip.gain_db / 20.0), dtype) if clip.gain_db else played

    def _reader(self, source_id: str) -> Reads:
        if source_id not in self._readers:
            if len(self._readers) >= FILES_OPEN:
                self._close(*self._readers.popitem(last=False))
            self._readers[source_id] = self._open_source(source_id)
        self._readers.move_to_end(source_id)
        return self._readers[source_id]

    def _close(self, source_id: str, reader: Reads) -> None:
        self._left_out[source_id] = _left_out(reader)
        reader.close()

    @property
    def left_out(self) -> str:
        """Notices of invalid samples read so far, or ""."""
        found = {**self._left_out, **{key: _left_out(reader) for key, reader in self._readers.items()}}
        return " ".join(filter(None, found.values()))

    def close(self) -> None:
        """Close the sources."""
        while self._readers:
            self._close(*self._readers.popitem())


def _left_out(reader: Reads) -> str:
    return reader.left_out if isinstance(reader, SourceReader) else ""


def fade_powers(clip: Clip, positions_samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of power, 0 to 1, that a clip has at positions of the timeline, shape (n,).

    The clip below has the rest. Square roots give gains with the same bits for any block size, sines do not.
    """
    powers = np.ones(len(positions_samples))
    for length, from_edge in (
        (clip.fade_in_samples, positions_samples - clip.start_samples + 0.5),
        (clip.fade_out_samples, clip.stop_samples - positions_samples - 0.5),
    ):
        if length:
            powers = np.minimum(powers, np.clip(from_edge / length, 0.0, 1.0))
    return powers
