"""Training material: edited recordings as input of a recipe, split into training and validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.loudness import Loudness, playing_level_db
from engine.analysis.signal.stft import log_mel_blocks
from engine.analysis.signal.streams import mono_of
from engine.core.errors import TasteError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import convert_samples
from engine.sound.reader import SourceReader

MINIMUM_S = 10.0
_SILENT_PEAK = 1e-4  # -80 dB full scale
_MOST_VALIDATION_BLOCKS = 6

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One edited recording.

    Attributes
    ----------
    level_db : the level it is played at, see `engine.analysis.signal.loudness.playing_level_db`
    heard : samples, shape (n,), or frames, shape (n, bands), as the recipe uses them
    """

    path: Path
    duration_s: float
    level_db: float
    heard: Array

    @property
    def name(self) -> str:
        """Name to display."""
        return shown(self.path.name)


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """Recordings brought to one level.

    Attributes
    ----------
    heard : samples or frames of each, relative to its level
    """

    recordings: tuple[Recording, ...]
    heard: tuple[Array, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Contiguous segments of the material; training and validation are disjoint."""

    training: tuple[Array, ...]
    validation: tuple[Array, ...]


def listen(
    paths: Sequence[Path], rate_hz: int, hear: Callable[[Iterator[Array]], Array], progress: Progress
) -> tuple[Recording, ...]:
    """Read and analyse the edited recordings.

    Parameters
    ----------
    hear : converts the mono blocks of one at `rate_hz`, each of shape (n,), to an array

    Raises
    ------
    TasteError : no recordings are given, one is silent, or all together are too short
    SourceError : one cannot be read
    """
    if not paths:
        raise TasteError("There is nothing to learn from: name at least one recording you have edited.")
    recordings = []
    for number, path in enumerate(paths):
        recordings.append(_listen(path, rate_hz, hear, progress.step(number, len(paths))))
    total_s = sum(recording.duration_s for recording in recordings)
    if total_s < MINIMUM_S:
        names = ", ".join(shown(path) for path in paths)
        raise TasteError(
            f"{names}: {total_s:.1f} s is too short to learn from: add recordings "
            f"until there are {MINIMUM_S:.0f} s or more."
        )
    return tuple(recordings)


def levelled_frames(paths: Sequence[Path], mel: MelSettings, progress: Progress) -> Levelled:
    """Return recordings as log-mel in dB, each (frames, n_mels), at one level; raises as `listen` does."""

    def hear(blocks: Iterator[Array]) -> Array:
        return np.concatenate(list(log_mel_blocks(blocks, mel)))

    recordings = listen(paths, mel.rate_hz, hear, progress)
    return Levelled(recordings, tuple(one.heard - np.float32(one.level_db) for one in recordings))


def _listen(
    path: Path, rate_hz: int, hear: Callable[[Iterator[Array]], Array], progress: Progress
) -> Recording:
    heard_samples = 0
    peak = 0.0
    loudness = Loudness()

    def watched(reader: SourceReader) -> Iterator[Array]:
        nonlocal heard_samples, peak
        total_samples = convert_samples(reader.frames, reader.rate_hz, rate_hz)
        for block in mono_of(reader, rate_hz):
            progress.check_cancelled()
            heard_samples += block.size
            loudness.push(block)
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            progress.report(heard_samples / max(total_samples, 1), f"Analysing {shown(path.name)}")
            yield block

    with SourceReader(path) as reader:
        heard = hear(watched(reader))
    if peak < _SILENT_PEAK:
        raise TasteError(f"{shown(path)} is silent: learn from recordings that sound the way you want.")
    return Recording(path, heard_samples / rate_hz, playing_level_db(loudness.finish()), heard)


def split(heard: Sequence[Array], share: float, least: int) -> Split:
    """Set a share aside for validation: whole recordings if several are given, else blocks of the one.

    Of several recordings the shortest ones are taken, at least one, as long as they stay below the share. One
    recording yields up to six blocks spread evenly over it, since one block could be all bridge or all intro.

    Parameters
    ----------
    heard : samples or frames of each recording, along its first axis
    least : a recording or block shorter than this is of no use for validation

    Raises
    ------
    TasteError : no recording is long enough to be split
    """
    by_length = sorted(heard, key=len)
    usable = [one for one in by_length if len(one) >= least]
    if len(usable) < 2:
        if len(by_length[-1]) < 2 * least:
            raise TasteError("Each recording on its own is too short to learn from: add longer ones.")
        return _split_one(by_length[-1], share, least)
    budget = share * sum(len(one) for one in usable)
    taken = 1
    while taken < len(usable) - 1 and sum(len(one) for one in usable[: taken + 1]) <= budget:
        taken += 1
    return Split(training=tuple(usable[taken:]), validation=tuple(usable[:taken]))


def _split_one(heard: Array, share: float, least: int) -> Split:
    total = round(len(heard) * share)
    count = max(1, min(_MOST_VALIDATION_BLOCKS, total // (4 * least)))
    length = max(total // count, least)
    stride = len(heard) // count
    training, validation, at = [], [], 0
    for index in range(count):
        start = index * stride + (stride - length) // 2
        training.append(heard[at:start])
        validation.append(heard[start : start + length])
        at = start + length
    training.append(heard[at:])
    return Split(tuple(training), tuple(validation))
