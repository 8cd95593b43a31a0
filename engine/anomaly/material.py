"""What is learned from: the log-mel frames of edited recordings, split into training and validation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.config import LearnConfig
from engine.anomaly.taste import Standardisation
from engine.audio.reader import SourceReader
from engine.errors import TasteError
from engine.features.loudness import Loudness, playing_level_db
from engine.features.mel import log_mel_blocks
from engine.features.mono import mono_of
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import convert_samples

MINIMUM_S = 10.0
_SILENT_PEAK = 1e-4  # -80 dB full scale
_RANGE_DB = 80.0  # librosa's top_db
_LEAST_STD_DB = 1.0  # a band that never moves (above a codec's cutoff) must not outweigh all others
_MOST_VALIDATION_BLOCKS = 6

Frames = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One edited recording as the model hears it: `frames_db`, float32, shape (frames, n_mels).

    They are relative to the level it is played at, so that its gain does not matter.
    """

    path: Path
    duration_s: float
    frames_db: Frames

    @property
    def name(self) -> str:
        """What people call it."""
        return shown(self.path.name)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Stretches of frames, each contiguous; no frame is in both parts."""

    training: tuple[Frames, ...]
    validation: tuple[Frames, ...]


def listen(paths: Sequence[Path], config: LearnConfig, progress: Progress) -> tuple[Recording, ...]:
    """Hear the edited recordings: 80 MB an hour at the defaults, so all of them are kept in memory.

    Raises
    ------
    TasteError : there are none, one is silent, or all together are too short
    SourceError : one cannot be read
    """
    if not paths:
        raise TasteError("There is nothing to learn from: name at least one recording you have edited.")
    recordings = []
    for number, path in enumerate(paths):
        recordings.append(_listen(path, config, progress.step(number, len(paths))))
    total_s = sum(recording.duration_s for recording in recordings)
    if total_s < MINIMUM_S:
        names = ", ".join(shown(path) for path in paths)
        raise TasteError(
            f"{names}: {total_s:.1f} s is too short to learn from: add edited recordings "
            f"until there are {MINIMUM_S:.0f} s or more."
        )
    return tuple(recordings)


def _listen(path: Path, config: LearnConfig, progress: Progress) -> Recording:
    rate_hz = config.mel.rate_hz
    heard_samples = 0
    peak = 0.0
    loudness = Loudness()

    def watched(reader: SourceReader) -> Iterator[Frames]:
        nonlocal heard_samples, peak
        total_samples = convert_samples(reader.frames, reader.rate_hz, rate_hz)
        for block in mono_of(reader, rate_hz):
            progress.check_cancelled()
            heard_samples += block.size
            loudness.push(block)
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            progress.report(heard_samples / max(total_samples, 1), f"Listening to {shown(path.name)}")
            yield block

    with SourceReader(path) as reader:
        frames_db = np.concatenate(list(log_mel_blocks(watched(reader), config.mel)))
    if peak < _SILENT_PEAK:
        raise TasteError(f"{shown(path)} is silent: learn from recordings that sound the way you want.")
    frames_db -= np.float32(playing_level_db(loudness.finish()))
    return Recording(path, heard_samples / rate_hz, frames_db)


def split(recordings: Sequence[Recording], config: LearnConfig) -> Split:
    """Set a share aside for validation: whole recordings where there are several, else blocks of the one.

    Of several recordings the shortest ones are taken, at least one, as long as they stay below the share. One
    recording gives up to six blocks spread evenly over it, since one block could be all bridge or all intro.
    """
    by_length = sorted((r.frames_db for r in recordings), key=len)
    usable = [frames for frames in by_length if len(frames) >= config.segment_frames]
    if len(usable) < 2:
        longest = by_length[-1]
        return _split_one(longest, config)
    budget = config.validation_share * sum(len(frames) for frames in usable)
    taken = 1
    while taken < len(usable) - 1 and sum(len(frames) for frames in usable[: taken + 1]) <= budget:
        taken += 1
    return Split(training=tuple(usable[taken:]), validation=tuple(usable[:taken]))


def _split_one(frames: Frames, config: LearnConfig) -> Split:
    total = round(len(frames) * config.validation_share)
    count = max(1, min(_MOST_VALIDATION_BLOCKS, total // (4 * config.segment_frames)))
    length = max(total // count, config.segment_frames)
    stride = len(frames) // count
    training, validation, at = [], [], 0
    for index in range(count):
        start = index * stride + (stride - length) // 2
        training.append(frames[at:start])
        validation.append(frames[start : start + length])
        at = start + length
    training.append(frames[at:])
    return Split(tuple(training), tuple(validation))


def standardisation(training: Sequence[Frames]) -> Standardisation:
    """Measure each band's mean and standard deviation over the training frames."""
    floor_db = float(max(frames.max() for frames in training if len(frames))) - _RANGE_DB
    frames = np.maximum(np.concatenate(training), np.float32(floor_db))
    mean_db = frames.mean(axis=0, dtype=np.float64)
    std_db = np.maximum(frames.std(axis=0, dtype=np.float64), _LEAST_STD_DB)
    return Standardisation(mean_db.astype(np.float32), std_db.astype(np.float32), floor_db)
