"""Pieces of training music as levels on disk: made once, learned from often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import FRAMES_PER_S, RATE_HZ, Levels, band_levels
from engine.analysis.learning.loop import few_threads
from engine.core.progress import SILENT, Progress
from engine.lab.training.beats.groove import LEARNED, MUSIC, VALIDATION, Groove, grooves
from engine.lab.training.beats.pieces import Piece, clicks, performance, piece


class Part(StrEnum):
    """Material of pieces, and the folder of their cache."""

    MUSIC = "music"
    PERFORMANCES = "performances"
    CLICKS = "clicks"
    VALIDATION = "validation"


TRAINING = (Part.MUSIC, Part.PERFORMANCES, Part.CLICKS)
_DRUMMERS: Mapping[Part, Sequence[str]] = MappingProxyType(
    {Part.MUSIC: MUSIC, Part.PERFORMANCES: LEARNED, Part.CLICKS: (), Part.VALIDATION: VALIDATION}
)


@dataclass(frozen=True, slots=True, eq=False)
class CachedPiece:
    """A piece as the network learns from it.

    Attributes
    ----------
    stems : levels in dB, each of shape (frames, BANDS): drums and music, or one of them
    beats : int64, shape (m,), frames of the beats; positions: int64, their places in the bar
    silent : int64, shape (k, 2), spans of frames without a loss
    """

    name: str
    stems: tuple[Levels, ...]
    beats: NDArray[np.int64]
    positions: NDArray[np.int64]
    has_bars: bool
    silent: NDArray[np.int64]


def analysed_piece(made: Piece) -> CachedPiece:
    """Listen to a piece."""
    stems = tuple(
        band_levels([stem], RATE_HZ) for stem in (made.drums, made.music) if np.abs(stem).max(initial=0.0) > 0
    )
    silent = np.rint(np.array(made.silent_s).reshape(-1, 2) * FRAMES_PER_S).astype(np.int64)
    beats = np.rint(made.beats_s * FRAMES_PER_S).astype(np.int64)
    return CachedPiece(made.name, stems, beats, made.positions, made.has_bars, silent)


def build(
    folder: Path, groove_folder: Path, part: Part, count: int, processes: int = 1, progress: Progress = SILENT
) -> None:
    """Make the pieces of seeds 0 to `count` of a part that are not in the folder yet.

    Parameters
    ----------
    folder : a subfolder for the part is made in it; 0.5 MB a piece
    groove_folder : of the Groove MIDI data set

    Raises
    ------
    OSError : a folder is missing or full
    CalledProcessError : fluidsynth refuses
    Cancelled : the user asked for it
    """
    (folder / part).mkdir(parents=True, exist_ok=True)
    played = grooves(groove_folder, _DRUMMERS[part])
    missing = [seed for seed in range(count) if not (folder / part / f"{seed:05}.npz").exists()]
    keep = partial(_keep, folder, part, played)
    if processes == 1:
        for done, seed in enumerate(missing):
            progress.check_cancelled()
            keep(seed)
            progress.report((done + 1) / len(missing), "Making music")
        return
    with ProcessPoolExecutor(processes) as pool:
        for done, _ in enumerate(pool.map(keep, missing, chunksize=4)):
            progress.report((done + 1) / len(missing), "Making music")


def _made(part: Part, played: list[Groove], seed: int) -> Piece:
    match part:
        case Part.PERFORMANCES:
            return performance(seed, played)
        case Part.CLICKS:
            return clicks(seed)
        case Part.MUSIC | Part.VALIDATION:
            return piece(seed, played, validation=part is Part.VALIDATION)


def _keep(folder: Path, part: Part, played: list[Groove], seed: int) -> None:
    with few_threads():
        made = analysed_piece(_made(part, played, seed))
    stems = {f"stem{number}": stem for number, stem in enumerate(made.stems)}
    unfinished = folder / part / f"{seed:05}.part.npz"
    np.savez(
        unfinished,
        name=np.array(made.name),
        beats=made.beats,
        positions=made.positions,
        has_bars=np.array(made.has_bars),
        silent=made.silent,
        **stems,  # type: ignore[arg-type]  # the stub takes one of the stems for allow_pickle
    )
    unfinished.replace(folder / part / f"{seed:05}.npz")


def load(folder: Path, *parts: Part) -> Iterator[CachedPiece]:
    """Read the pieces of some parts in the order of their seeds, but for those that sound nowhere."""
    for path in (path for part in parts for path in sorted((folder / part).glob("[0-9]*[0-9].npz"))):
        with np.load(path) as file:
            stems = tuple(file[name] for name in ("stem0", "stem1") if name in file)
            if not stems:  # played on a kit that has none of its drums
                continue
            yield CachedPiece(
                str(file["name"]),
                stems,
                file["beats"],
                file["positions"],
                bool(file["has_bars"]),
                file["silent"],
            )
