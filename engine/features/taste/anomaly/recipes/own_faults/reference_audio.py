"""Training audio: up to an hour of samples stays in memory, the rest is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.analysis.signal.mel import log_mel_blocks
from engine.analysis.signal.mono import mono_of
from engine.core.errors import TasteError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Array, Recording, Split, listen
from engine.features.taste.anomaly.recipes.own_faults.settings import OwnFaultsConfig
from engine.sound.reader import SourceReader

MOST_HELD_S = 3600.0
"""230 MB of samples; of more, stretches of two minutes are held, spread evenly over all."""

STRETCH_S = 120.0
_LEAST_PIECE_S = 2.0
_LEAST_CUT_S = 0.5
_FOLDS_OF_ONE = 4
"""A single network trains on all but one of these folds."""

_MOST_OF_ALL = 0.6
"""A longer share of the edits is held out in blocks: little would be left to learn from."""


@dataclass(frozen=True, slots=True)
class Block:
    """A contiguous part of a recording, in samples."""

    recording: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class Fold(Split):
    """Training and validation data of a network.

    Attributes
    ----------
    recordings : number of the recording that each piece of the validation data comes from
    """

    recordings: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceAudio:
    """Edited recordings at one level.

    Attributes
    ----------
    frames_db : log-mel of each recording, all of it, shape (frames, n_mels)
    samples : retained samples of each, shape (n,): in segments of `stretch_samples`, or without gaps
    stretch_samples : None where all is held
    """

    recordings: tuple[Recording, ...]
    frames_db: tuple[Array, ...]
    samples: tuple[Array, ...]
    stretch_samples: int | None

    @property
    def pieces(self) -> tuple[Array, ...]:
        """All retained samples, in contiguous pieces."""
        return self._pieces(self.samples)

    def folds(self, config: OwnFaultsConfig) -> tuple[Fold, ...]:
        """Divide the edits so that every second of them is held out from some networks; one fold for each.

        Whole recordings are held out where there are several, else contiguous blocks as long as possible. Of
        a recording that is most of the edits, blocks are held out as well.

        Raises
        ------
        TasteError : no recording is long enough to be divided
        """
        least = round(_LEAST_PIECE_S * config.mel.rate_hz)
        lengths = [len(one) for one in self.samples]
        count = config.members if config.members > 1 else _FOLDS_OF_ONE
        groups = _divided(self._blocks(lengths, count, least), count)
        if len(groups) < 2:
            raise TasteError("Each recording on its own is too short to learn from: add longer ones.")
        every = [self._fold(held, lengths, least) for held in groups]
        return tuple(every[k % len(every)] for k in range(config.members))

    def _blocks(self, lengths: Sequence[int], count: int, least: int) -> list[Block]:
        """Return recordings, or blocks of those that are most of the edits: each is held out as a whole."""
        blocks = []
        for number, length in enumerate(lengths):
            parts = count if length > _MOST_OF_ALL * sum(lengths) else 1
            each = -(-length // parts)
            if self.stretch_samples is not None:  # separate stretches stay separate
                each = -(-each // self.stretch_samples) * self.stretch_samples
            spans = [(at, min(at + each, length)) for at in range(0, length, each)]
            blocks += [Block(number, *span) for span in spans if span[1] - span[0] >= least]
        return blocks

    def _fold(self, held: Sequence[Block], lengths: Sequence[int], least: int) -> Fold:
        training: list[Array] = []
        for number, length in enumerate(lengths):
            at = 0
            left_out = [(one.start, one.stop) for one in held if one.recording == number]
            for start, stop in (*left_out, (length, length)):
                training += self._pieces([self.samples[number][at:start]])
                at = stop
        usable = tuple(piece for piece in training if len(piece) >= least)
        pieces = [
            (one.recording, piece)
            for one in held
            for piece in self._pieces([self.samples[one.recording][one.start : one.stop]])
            if len(piece) >= least
        ]
        return Fold(usable, tuple(piece for _, piece in pieces), tuple(number for number, _ in pieces))

    def _pieces(self, held: Sequence[Array]) -> tuple[Array, ...]:
        if self.stretch_samples is None:
            return tuple(held)
        each = self.stretch_samples
        return tuple(one[at : at + each] for one in held for at in range(0, len(one), each))


def _divided(blocks: Sequence[Block], count: int) -> list[list[Block]]:
    """Divide blocks into at most `count` groups of about the same length."""
    groups: list[list[Block]] = [[] for _ in range(min(count, len(blocks)))]
    for one in sorted(blocks, key=lambda block: block.start - block.stop):
        min(groups, key=lambda group: sum(block.stop - block.start for block in group)).append(one)
    return [sorted(group, key=lambda block: (block.recording, block.start)) for group in groups]


def read_references(paths: Sequence[Path], config: OwnFaultsConfig, progress: Progress) -> ReferenceAudio:
    """Read edited recordings; frames take 46 MB an hour, samples at most `MOST_HELD_S`.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    rate_hz = config.mel.rate_hz
    share = min(1.0, MOST_HELD_S / max(_total_s(paths), 1.0))
    stretch = round(STRETCH_S * rate_hz)
    frames_db: list[Array] = []

    def listening(blocks: Iterator[Array]) -> Array:
        held: list[Array] = []
        passing = _watched(blocks, share, stretch, held)
        frames_db.append(np.concatenate(list(log_mel_blocks(passing, config.mel))))
        return np.concatenate(held)

    recordings = listen(paths, rate_hz, listening, progress)
    levels_db = [np.float32(one.level_db) for one in recordings]
    return ReferenceAudio(
        recordings,
        tuple(one - level_db for one, level_db in zip(frames_db, levels_db, strict=True)),
        tuple(
            one.heard * np.float32(10.0 ** (-level_db / 20.0))
            for one, level_db in zip(recordings, levels_db, strict=True)
        ),
        stretch if share < 1.0 else None,
    )


def _total_s(paths: Sequence[Path]) -> float:
    total_s = 0.0
    for path in paths:
        with SourceReader(path) as reader:
            total_s += reader.frames / reader.rate_hz
    return total_s


def _watched(blocks: Iterator[Array], share: float, stretch: int, held: list[Array]) -> Iterator[Array]:
    """Pass blocks on, and hold the share of them: the first `stretch` samples of every `stretch` / share."""
    at, every = 0, round(stretch / share)
    for block in blocks:
        place = (at + np.arange(len(block))) % every if share < 1.0 else None
        held.append(block if place is None else block[place < stretch])
        at += len(block)
        yield block


def hear_cut(paths: Sequence[Path], config: OwnFaultsConfig, progress: Progress) -> tuple[Array, ...]:
    """Read the user's cuts, limited to the length retained of the training audio; each of shape (n,).

    Raises
    ------
    TasteError : all of it together is shorter than half a second
    SourceError : a recording cannot be read
    """
    rate_hz = config.mel.rate_hz
    share = min(1.0, MOST_HELD_S / max(_total_s(paths), 1.0))
    found = []
    for number, path in enumerate(paths):
        held: list[Array] = [np.zeros(0, np.float32)]
        with SourceReader(path) as reader:
            for _ in _watched(mono_of(reader, rate_hz), share, round(STRETCH_S * rate_hz), held):
                progress.check_cancelled()
        progress.report((number + 1) / len(paths), f"Analysing {shown(path.name)}")
        found.append(np.concatenate(held))
    if paths and sum(map(len, found)) < _LEAST_CUT_S * rate_hz:
        names = ", ".join(shown(path) for path in paths)
        raise TasteError(f"{names}: less than half a second was cut: learn without it, or cut more first.")
    return tuple(one for one in found if len(one))
