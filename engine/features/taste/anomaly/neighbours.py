"""Nearest training segment of each segment of sound, to play next to a proposal.

A segment of two seconds becomes four spectra on the mel scale, one after another, in cube roots of power: the
perceived loudness of a power (S. S. Stevens, "The measurement of loudness", 1955; H. Hermansky, "Perceptual
linear predictive analysis of speech", 1990). All four are scaled to length 1 together, so that neither the
gain of a recording nor a hiss below the music moves it far. docs/decisions/0023 has the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import running_sums

if TYPE_CHECKING:
    from engine.analysis.signal.bands import MelSettings

PARTS = 4
PART_S = 0.5
REFERENCE_HOP_S = 0.5
ANALYSED_HOP_S = 0.19
"""Smaller than the hop of the training segments, so that one of the new segments aligns with each."""

MOST_EXAMPLES = 20_000
"""2.8 hours of edited audio, 10 MB in a taste of the default recipe; a random sample of this size is used."""

_AUDIBLE_DB = 40.0
_BLOCK = 256

Embeddings = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """An edited recording that a taste was learned from.

    Attributes
    ----------
    path : relative to the folder of the taste if inside it, with "/" between parts; else absolute
    content_hash : `engine.sound.reader.content_hash` of the file
    """

    path: str
    content_hash: str
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceSegments:
    """Segments of the training data.

    Attributes
    ----------
    embeddings : float32, shape (n, PARTS * n_mels), each of length 1; stored in half precision
    recording : int32, shape (n,), index of the segment's recording in `recordings`
    frame : int32, shape (n,), the log-mel frame it begins at
    """

    embeddings: Embeddings
    recording: NDArray[np.int32]
    frame: NDArray[np.int32]
    recordings: tuple[ReferenceRecording, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The nearest training segment of each segment of a stream of frames.

    Attributes
    ----------
    frames : int64, shape (n,), first frame of each segment of the stream
    references : int64, shape (n,), an index into the examples
    distances : float32, shape (n,), Euclidean, between embeddings
    """

    frames: NDArray[np.int64]
    references: NDArray[np.int64]
    distances: NDArray[np.float32]


NO_EXAMPLES = ReferenceSegments(
    np.zeros((0, 0), np.float32), np.zeros(0, np.int32), np.zeros(0, np.int32), ()
)
NO_NEAREST = Nearest(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))


def part_frames(mel: MelSettings) -> int:
    """Return the number of frames in a part of a segment."""
    return max(1, round(PART_S * mel.rate_hz / mel.hop_samples))


def keep_examples(
    frames_db: Sequence[NDArray[np.float32]],
    recordings: Sequence[ReferenceRecording],
    mel: MelSettings,
    seed: int,
) -> ReferenceSegments:
    """Return the audible segments of edited recordings: a random sample of up to `MOST_EXAMPLES`.

    Parameters
    ----------
    frames_db : log-mel in dB of each recording, shape (frames, n_mels)
    """
    hop = max(1, round(REFERENCE_HOP_S * mel.rate_hz / mel.hop_samples))
    embeddings, recording, frame = [np.zeros((0, PARTS * mel.n_mels), np.float32)], [], []
    for number, frames in enumerate(frames_db):
        found, levels_db = [], []
        for block in _segments(np.array_split(frames, range(_BLOCK, len(frames), _BLOCK)), mel, hop):
            embedded, norms = _embedded(block)
            found.append(embedded)
            levels_db.append(30.0 * np.log10(norms))
        if found:
            level_db = np.concatenate(levels_db)
            audible = np.flatnonzero(level_db >= level_db.max() - _AUDIBLE_DB)
            embeddings.append(np.concatenate(found)[audible])
            recording.append(np.full(len(audible), number, np.int32))
            frame.append((audible * hop).astype(np.int32))
    all_of_them = np.concatenate(embeddings)
    chosen = np.arange(len(all_of_them))
    if len(chosen) > MOST_EXAMPLES:
        chosen = np.sort(np.random.default_rng(seed).choice(len(chosen), MOST_EXAMPLES, replace=False))
    none = [np.zeros(0, np.int32)]
    return ReferenceSegments(
        all_of_them[chosen].astype(np.float16).astype(np.float32),
        np.concatenate(none + recording)[chosen],
        np.concatenate(none + frame)[chosen],
        tuple(recordings),
    )


class NearestSearch:
    """Finds the nearest training segment of each segment in a stream that is being scored.

    The search is exhaustive; memory is that of one block of segments, independent of the stream's length.
    """

    def __init__(self, examples: ReferenceSegments, mel: MelSettings) -> None:
        self._examples = examples
        self._mel = mel
        self._hop = max(1, round(ANALYSED_HOP_S * mel.rate_hz / mel.hop_samples))
        self._references: list[NDArray[np.int64]] = []
        self._distances: list[NDArray[np.float32]] = []

    def passing(self, frame_blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks as they come, log-mel in dB of shape (frames, n_mels)."""
        if not len(self._examples.frame):
            yield from frame_blocks
            return
        window = _Window(self._mel, self._hop)
        for block in frame_blocks:
            for segments in window.push(block):
                self._compare(_embedded(segments)[0])
            yield block

    def _compare(self, segments: Embeddings) -> None:
        """Store the largest product, since all embeddings have length 1."""
        import torch  # only once something is to be compared; numpy would take every core for the product

        products = torch.from_numpy(segments) @ torch.from_numpy(self._examples.embeddings).T
        best = products.numpy().argmax(axis=1)
        nearest = segments - self._examples.embeddings[best]
        self._references.append(best)
        self._distances.append(np.sqrt(np.einsum("ij,ij->i", nearest, nearest)).astype(np.float32))

    def finish(self) -> Nearest:
        """Return the nearest segments; empty for a stream shorter than a segment."""
        references = np.concatenate([np.zeros(0, np.int64), *self._references])
        distances = np.concatenate([np.zeros(0, np.float32), *self._distances])
        return Nearest(np.arange(len(references), dtype=np.int64) * self._hop, references, distances)


class _Window:
    """Overlapping segments of a stream of frames."""

    def __init__(self, mel: MelSettings, hop: int) -> None:
        self._part = part_frames(mel)
        self._hop = hop
        self._waiting = np.zeros((0, mel.n_mels), np.float32)

    def push(self, frames_db: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Add frames; yield the segments now complete, shape (k, PARTS, n_mels), k <= 256."""
        roots = np.exp(frames_db * np.float32(np.log(10.0) / 30.0))
        self._waiting = np.concatenate([self._waiting, roots])
        length = PARTS * self._part
        count = max(0, (len(self._waiting) - length) // self._hop + 1)
        if not count:
            return
        sums = running_sums(self._waiting)
        for first in range(0, count, _BLOCK):
            starts = np.arange(first, min(first + _BLOCK, count)) * self._hop
            parts = starts[:, None] + self._part * np.arange(PARTS)
            yield ((sums[parts + self._part] - sums[parts]) / self._part).astype(np.float32)
        self._waiting = self._waiting[count * self._hop :]


def _segments(
    frame_blocks: Iterable[NDArray[np.float32]], mel: MelSettings, hop: int
) -> Iterator[NDArray[np.float32]]:
    window = _Window(mel, hop)
    for block in frame_blocks:
        yield from window.push(block)


def embedded_segments(
    frame_blocks: Iterable[NDArray[np.float32]], mel: MelSettings, hop_frames: int
) -> Iterator[Embeddings]:
    """Yield the embeddings of segments, shape (k, d), of log-mel frames in dB, shape (frames, n_mels)."""
    for segments in _segments(frame_blocks, mel, hop_frames):
        yield _embedded(segments)[0]


def _embedded(parts: NDArray[np.float32]) -> tuple[Embeddings, NDArray[np.float32]]:
    """Scale segments, shape (k, PARTS, n_mels), to length 1; also return how long they were, shape (k,)."""
    flat = parts.reshape(len(parts), -1)
    norms = np.maximum(np.sqrt(np.einsum("ij,ij->i", flat, flat)), np.float32(1e-9))
    return flat / norms[:, None], norms
