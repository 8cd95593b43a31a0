"""Name the sounds in a span of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.naming import Label, Part, naming
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import sounds_in
from engine.analysis.signal.mono import resampled
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.document.analysis import DetectedSounds
from engine.sound.reader import SourceReader

_SILENT_BELOW = 1e-5
"""-100 dB."""
_BLOCK_FRAMES = 1 << 18


def labels_within(
    reader: SourceReader, span: tuple[int, int], texts: Sequence[str], progress: Progress = SILENT
) -> tuple[Label, ...]:
    """Return the match of each word with a span, the likeliest first; empty for silence.

    Parameters
    ----------
    span : [start, stop) in samples of the recording
    texts : the words; all known ones if empty

    Raises
    ------
    UsageError : words are empty, too long or unknown, or the checkpoint of CLAP is damaged
    SourceError : the recording is damaged there
    """
    names = naming()
    around = s_to_samples(names.around_s, reader.rate_hz)
    mono = (block.mean(axis=1, dtype=np.float32) for block in _blocks(reader, span, around, progress))
    loudest = _Loudest()
    part = Part(
        loudest.of(resampled(mono, reader.rate_hz, names.rate_hz)),
        convert_samples(span[1] - span[0], reader.rate_hz, names.rate_hz),
    )
    labels = names.labels([part], tuple(texts) or names.known)
    return labels if loudest.sample > _SILENT_BELOW else ()


def sounds_of_recording(reader: SourceReader, progress: Progress = SILENT) -> DetectedSounds:
    """Return the named sounds of a whole recording, in samples of it.

    Raises
    ------
    SourceError : the recording is damaged
    """
    mono = (
        block.mean(axis=1, dtype=np.float32) for block in _blocks(reader, (0, reader.frames), 0, progress)
    )
    blocks = resampled(mono, reader.rate_hz, MEL.rate_hz)
    return sounds_in(detector(), blocks, reader.rate_hz, reader.frames)


@dataclass(slots=True)
class _Loudest:
    """The largest absolute sample of a stream."""

    sample: float = 0.0

    def of(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for block in blocks:
            self.sample = max(self.sample, float(np.abs(block).max(initial=0.0)))
            yield block


def _blocks(
    reader: SourceReader, span: tuple[int, int], around: int, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    """Yield a span with as much around it, silence where the recording has none."""
    first, last = span[0] - around, span[1] + around
    for start in range(first, last, _BLOCK_FRAMES):
        progress.check_cancelled()
        progress.report((start - first) / (last - first), "Analysing")
        stop = min(last, start + _BLOCK_FRAMES)
        block = np.zeros((stop - start, reader.channels), np.float32)
        begin, end = max(0, start), min(reader.frames, stop)
        if begin < end:
            block[begin - start : end - start] = reader.read(begin, end)
        yield block
