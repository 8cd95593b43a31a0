"""Name the sounds in a span of a recording, by the network that comes with Offcut or by CLAP.

CLAP is used if its checkpoint is installed (`offcut embeddings add`, `download`), since it knows more sounds
than fifty. The network still finds the sounds: its thresholds are fitted to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import (
    CONTEXT_S,
    Detector,
    Words,
    analysed_versions,
    detector,
    joined,
    log_shares,
    name_words,
    pooled,
    within,
)
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import sounds_in
from engine.analysis.embeddings.clap import (
    TOKENIZER,
    Clap,
    ClapText,
    has_clap_text,
    load_clap,
    load_clap_text,
)
from engine.analysis.embeddings.registry import clap_folder
from engine.analysis.signal.streams import overlapping_pieces, resampled
from engine.analysis.sound_names.prompts import require_understood, require_words, text_encoder
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.document.analysis import DetectedSounds
from engine.sound.reader import SourceReader

Samples = NDArray[np.float32]
_AT_ONCE_S = 10.0
"""Maximum input of CLAP; a longer segment is the mean of its parts."""
_SILENT_BELOW = 1e-5
"""-100 dB."""
_BLOCK_FRAMES = 1 << 18
_MORE_NAMES = (
    *("speech", "singing", "music", "drums", "electric guitar", "acoustic guitar", "bass guitar", "piano"),
    *("hum", "hiss", "a microphone being touched", "a chair creaking"),
)


@dataclass(frozen=True, slots=True)
class Label:
    """A sound by name.

    Attributes
    ----------
    similarity : cosine between the sound and the words
    likelihood : that the words match the sound, 0 to 1
    """

    text: str
    similarity: float
    likelihood: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A segment to be named.

    Attributes
    ----------
    blocks : mono, at `Naming.rate_hz`, with `Naming.around_s` before and after the segment
    length_samples : of the segment alone
    """

    blocks: Iterable[Samples]
    length_samples: int


class Naming(Protocol):
    """Rates names for a sound."""

    @property
    def rate_hz(self) -> int:
        """The rate of the samples it takes."""

    @property
    def around_s(self) -> float:
        """Context before and after a segment, in seconds."""

    @property
    def known(self) -> tuple[str, ...]:
        """The names that are tried where none are asked for."""

    def labels(self, parts: Iterable[Part], texts: Sequence[str]) -> tuple[Label, ...]:
        """Return the match of each name with all parts together, the likeliest first.

        Raises
        ------
        UnknownPromptError : a text does not name a known sound
        UsageError : a text is empty or too long
        """


@dataclass(frozen=True, slots=True, eq=False)
class NetworkNaming:
    """The network that comes with Offcut."""

    hearing: Detector
    rate_hz: int = MEL.rate_hz
    around_s: float = CONTEXT_S

    @property
    def known(self) -> tuple[str, ...]:
        """The sounds it learned."""
        return tuple(vocabulary())

    def labels(self, parts: Iterable[Part], texts: Sequence[str]) -> tuple[Label, ...]:
        """See `Naming.labels`."""
        for text in texts:
            require_understood(text)
        words = np.stack([text_encoder().encode(text) for text in texts])
        vectors = self.vectors(parts)
        similarities, odds = (vectors @ words.T).mean(axis=0), self.odds(vectors, words)
        return tuple(
            Label(texts[each], float(similarities[each]), float(1.0 / (1.0 + np.exp(-odds[each]))))
            for each in np.argsort(-odds, kind="stable")
        )

    def vectors(self, parts: Iterable[Part]) -> NDArray[np.float32]:
        """Return a vector of length 1 of all parts together by each version, shape (versions, SIZE)."""
        analysed = [
            within(analysed_versions(self.hearing, part.blocks), self.around_s, part.length_samples)
            for part in parts
        ]
        versions = [joined(same) for same in zip(*analysed, strict=True)]
        return np.stack([pooled(one.vectors, one.pooling) for one in versions])

    def odds(self, vectors: NDArray[np.float32], words: Words) -> NDArray[np.float32]:
        """Return log odds of words for the analysed sound, shape (prompts,).

        They are the mean over versions, and the logarithm of the share in those of all known sounds.
        """
        odds = self.hearing.odds(vectors, np.concatenate([words, name_words()])).mean(axis=0)
        own, names = odds[: len(words)], odds[len(words) :]
        return np.asarray(own + log_shares(own, names, list(words[:, None])), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ClapNaming:
    """CLAP: likelihoods are relative to all known names, since a cosine alone is not calibrated."""

    hearing: Clap
    text: ClapText
    around_s: float = 0.0

    @property
    def rate_hz(self) -> int:
        """The rate of its checkpoint."""
        return self.hearing.rate_hz

    @property
    def known(self) -> tuple[str, ...]:
        """The fifty sounds of Offcut, and further ones common in music and speech editing."""
        return (*vocabulary(), *_MORE_NAMES)

    def labels(self, parts: Iterable[Part], texts: Sequence[str]) -> tuple[Label, ...]:
        """See `Naming.labels`."""
        for text in texts:
            require_words(text)
        at_once = round(_AT_ONCE_S * self.rate_hz)
        total = np.zeros(self.hearing.size)
        for part in parts:
            for window, _, _ in overlapping_pieces(part.blocks, at_once):
                total += len(window) * self.hearing.embed(window[None])[0].astype(np.float64)
        vector = np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)
        names = tuple(dict.fromkeys((*self.known, *texts)))
        similarities = _encoded(self.text, names) @ vector
        shares = np.exp(self.text.scale * (similarities - similarities.max()).astype(np.float64))
        shares /= shares.sum()
        labels = [
            Label(text, float(similarities[names.index(text)]), float(shares[names.index(text)]))
            for text in texts
        ]
        return tuple(sorted(labels, key=lambda label: -label.similarity))


def naming() -> Naming:
    """Return CLAP where it is here, its text half included, else the network that comes with Offcut.

    Raises
    ------
    UsageError : the checkpoint is damaged
    OffcutError : the network's weights are missing or damaged
    """
    folder = clap_folder()
    if not has_clap_text(folder):
        return NetworkNaming(detector())
    changed_ns = (folder / TOKENIZER).stat().st_mtime_ns
    return _clap_naming(folder, changed_ns)


@lru_cache(maxsize=1)
def _clap_naming(folder: Path, _changed_ns: int) -> ClapNaming:
    return ClapNaming(load_clap(folder), load_clap_text(folder))


@lru_cache(maxsize=2)
def _encoded(text: ClapText, names: tuple[str, ...]) -> NDArray[np.float32]:
    """Return the vectors of names, mostly the known ones again."""
    return text.encode(names)


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
    loudest = 0.0

    def blocks() -> Iterator[Samples]:
        nonlocal loudest
        for block in resampled(_mono(reader, span, around, progress), reader.rate_hz, names.rate_hz):
            loudest = max(loudest, float(np.abs(block).max(initial=0.0)))
            yield block

    part = Part(blocks(), convert_samples(span[1] - span[0], reader.rate_hz, names.rate_hz))
    labels = names.labels([part], tuple(texts) or names.known)
    return labels if loudest > _SILENT_BELOW else ()


def sounds_of_recording(reader: SourceReader, progress: Progress = SILENT) -> DetectedSounds:
    """Return the named sounds of a whole recording, in samples of it.

    Raises
    ------
    SourceError : the recording is damaged
    """
    blocks = resampled(_mono(reader, (0, reader.frames), 0, progress), reader.rate_hz, MEL.rate_hz)
    return sounds_in(detector(), blocks, reader.rate_hz, reader.frames)


def _mono(reader: SourceReader, span: tuple[int, int], around: int, progress: Progress) -> Iterator[Samples]:
    """Yield a span, folded to mono, with as much around it; silence where the recording has none."""
    first, last = span[0] - around, span[1] + around
    for start in range(first, last, _BLOCK_FRAMES):
        progress.check_cancelled()
        progress.report((start - first) / (last - first), "Analysing")
        stop = min(last, start + _BLOCK_FRAMES)
        block = np.zeros((stop - start, reader.channels), np.float32)
        begin, end = max(0, start), min(reader.frames, stop)
        if begin < end:
            block[begin - start : end - start] = reader.read(begin, end)
        yield block.mean(axis=1, dtype=np.float32)
