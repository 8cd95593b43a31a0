"""How odd each moment of a recording is: the reconstruction error of overlapping segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.anomaly.config import LearnConfig
from engine.anomaly.model import segment_errors
from engine.anomaly.neighbours import Nearest, NearestSearch
from engine.anomaly.taste import ErrorStatistics, Standardisation, Taste
from engine.audio.reader import SourceReader
from engine.features.loudness import level_of
from engine.features.mel import log_mel_blocks
from engine.features.mono import mono_of, resampled
from engine.learning.torch_threads import few_threads
from engine.progress import Progress
from engine.timebase import convert_samples

_BATCH = 32  # some 30 ms on one thread, so that a cancel is heard
_LEAST_ERROR = 1e-8
_LINEAR_Z = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A score curve.

    Attributes
    ----------
    times_s : float64, shape (n,), the middle of each scored segment
    scores : float32, shape (n,), 0 to 1: 0.5 is typical of what was kept, higher is odder
    hop_s : distance between two times
    nearest : what was kept that each stretch is most like; None where the taste keeps no examples
    """

    times_s: NDArray[np.float64]
    scores: NDArray[np.float32]
    hop_s: float
    nearest: Nearest | None = None


def score_file(taste: Taste, path: Path, progress: Progress) -> Scores:
    """Score an audio file; see `score_blocks`.

    Raises
    ------
    SourceError : the file cannot be read
    """
    rate_hz = taste.config.mel.rate_hz
    with SourceReader(path) as reader:
        level_db = level_of(_watched(mono_of(reader, reader.rate_hz), progress))
        total_samples = convert_samples(reader.frames, reader.rate_hz, rate_hz)
        blocks = mono_of(reader, rate_hz)
        return score_blocks(taste, blocks, rate_hz, total_samples, progress, level_db=level_db)


def score_blocks(
    taste: Taste,
    blocks: Iterable[NDArray[np.float32]],
    rate_hz: int,
    total_samples: int,
    progress: Progress,
    *,
    level_db: float,
) -> Scores:
    """Score a mono stream, the same however it is cut into blocks.

    Parameters
    ----------
    blocks : float32, each of shape (n,), at `rate_hz`; read as they are needed and never held whole
    total_samples : how many samples will come, for the progress only
    level_db : the level the stream is played at, `engine.features.loudness.playing_level_db`; a taste that
        knows no levels (`Taste.is_levelled`) does not ask

    Returns
    -------
    Scores : one for each segment, the last filled up; a stream shorter than one segment is repeated to fill
        it, and an empty stream has none
    """
    config, mel = taste.config, taste.config.mel
    heard = _Heard(resampled(blocks, rate_hz, mel.rate_hz), total_samples * mel.rate_hz / rate_hz, progress)
    search = None if taste.kept is None else NearestSearch(taste.kept, mel)
    with few_threads():
        frames = log_mel_blocks(heard.blocks(), mel)
        if taste.is_levelled:
            frames = (block - np.float32(level_db) for block in frames)
        frames = frames if search is None else search.passing(frames)
        errors = list(log_errors(taste.model, taste.standardisation, frames, config, progress))
    log_mse = np.concatenate(errors) if errors and heard.samples else np.zeros(0)
    hop_s = config.score_hop_frames * mel.hop_samples / mel.rate_hz
    segment_samples = (config.segment_frames - 1) * mel.hop_samples
    middle_s = min(segment_samples, heard.samples) / 2 / mel.rate_hz
    times_s = middle_s + hop_s * np.arange(log_mse.size, dtype=np.float64)
    nearest = None if search is None else search.finish()
    return Scores(times_s, normalised(log_mse, taste.errors), hop_s, nearest)


def normalised(log_mse: NDArray[np.float64], kept: ErrorStatistics) -> NDArray[np.float32]:
    """Place log errors, shape (n,), against those of kept material: 0.5 is its mean, rising with the error.

    Far from the mean the standard score is bent to a logarithm, since a plain logistic would call everything
    past 17 standard deviations exactly 1 in float32, and the oddest moments could not be told apart.
    """
    z = (log_mse - kept.mean) / kept.std
    bent = _LINEAR_Z * np.arcsinh(z / _LINEAR_Z)
    return (1.0 / (1.0 + np.exp(-bent))).astype(np.float32)


@torch.no_grad()
def log_errors(
    model: nn.Module,
    standardisation: Standardisation,
    frame_blocks: Iterable[NDArray[np.float32]],
    config: LearnConfig,
    progress: Progress,
) -> Iterator[NDArray[np.float64]]:
    """Yield the log mean squared error of overlapping segments, in blocks of shape (n,).

    Parameters
    ----------
    frame_blocks : log-mel in dB, each of shape (frames, n_mels)
    """
    for segments in _segments(frame_blocks, config):
        for start in range(0, len(segments), _BATCH):
            progress.check_cancelled()
            batch = torch.tensor(standardisation.apply(segments[start : start + _BATCH]))
            errors = segment_errors(model, batch.transpose(1, 2).unsqueeze(1))
            yield np.log(np.maximum(errors.double().numpy(), _LEAST_ERROR))


def _segments(
    frame_blocks: Iterable[NDArray[np.float32]], config: LearnConfig
) -> Iterator[NDArray[np.float32]]:
    """Yield overlapping segments as they become complete, in blocks of shape (n, segment_frames, n_mels).

    What remains at the end, less than a hop, is filled up with its mirror image, so that it is scored too.
    """
    length, hop = config.segment_frames, config.score_hop_frames
    waiting = np.zeros((0, config.mel.n_mels), np.float32)
    none_yet = True
    for block in frame_blocks:
        waiting = np.concatenate([waiting, block])
        count = (len(waiting) - length) // hop + 1
        if count > 0:
            starts = np.arange(count) * hop
            yield waiting[starts[:, None] + np.arange(length)]
            waiting = waiting[count * hop :]
            none_yet = False
    if none_yet and len(waiting):
        yield np.pad(waiting, ((0, length - len(waiting)), (0, 0)), mode="wrap")[None]
    elif len(waiting) > max(0, length - hop):
        yield np.pad(waiting, ((0, length - len(waiting)), (0, 0)), mode="symmetric")[None]


def _watched(blocks: Iterable[NDArray[np.float32]], progress: Progress) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        progress.check_cancelled()
        yield block


class _Heard:
    """Blocks passed on, counted and reported."""

    def __init__(
        self, source: Iterable[NDArray[np.float32]], expected_samples: float, progress: Progress
    ) -> None:
        self.samples = 0
        self._source = source
        self._expected_samples = max(expected_samples, 1.0)
        self._progress = progress

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for block in self._source:
            self._progress.check_cancelled()
            self.samples += block.size
            self._progress.report(self.samples / self._expected_samples, "Scoring")
            yield block
