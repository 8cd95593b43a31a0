"""Everything that the search for beats needs, collected while audio streams past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import (
    BANDS,
    FRAMES_PER_S,
    Activations,
    Levels,
    activations_of,
    level_blocks,
)
from engine.analysis.signal.dead_air import DeadAir, DeadAirDetector
from engine.analysis.signal.loudness import HopEnergy, Loudness, finite
from engine.analysis.signal.onsets import (
    Framing,
    Onsets,
    OnsetStream,
    OnsetStrength,
    floored_db,
)
from engine.analysis.signal.stft import mel_power_blocks
from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float32]

STREAMING = 0.51
"""Share of a pass without other consumers in the work of finding traces."""
_BLOCK_SAMPLES = 1 << 17
_ATTACK_HOP_S = 0.0005


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Features collected while audio streams past: about 5 MB for ten minutes.

    Attributes
    ----------
    framing : how the frames were cut
    onsets : where sounds start
    loudness_db : float32, shape (k,), level of hops of `LOUDNESS_HOP_SAMPLES`
    dead_air : spans without playing
    activations : those of the learned tracker
    levels : float16, shape (frames, BANDS), the tracker's input
    """

    framing: Framing
    onsets: Onsets
    loudness_db: Floats
    dead_air: DeadAir
    activations: Activations
    levels: Levels


def trace(
    blocks: Iterable[Floats],
    rate_hz: int,
    total_samples: int,
    progress: Progress = SILENT,
    streaming: float = STREAMING,
) -> Traces:
    """Stream a recording and collect its traces; the same bit for bit for any block size.

    Parameters
    ----------
    streaming : share of the progress until the stream has ended

    Raises
    ------
    OffcutError : the weights of the learned tracker are missing or damaged
    Cancelled : the user asked for it
    """
    framing = Framing(rate_hz)
    attack_hop = max(1, round(_ATTACK_HOP_S * rate_hz))
    loudness, attack = Loudness(), HopEnergy(attack_hop, differenced=True)
    dead_air = DeadAirDetector(rate_hz)
    onsets = OnsetStream(framing, attack_hop)
    strength = OnsetStrength(framing)
    reading = progress.part(0.0, streaming)

    def passing() -> Iterator[Floats]:
        done = 0
        for block in finite_pieces(blocks):
            progress.check_cancelled()
            loudness.push(block)
            attack.push(block)
            dead_air.push(block)
            yield block
            done += len(block)
            reading.report(done / max(1, total_samples), "Analysing")

    stream, again = tee(passing())
    levels, frames = _Following(again, rate_hz), 0
    for power in mel_power_blocks(stream, framing.mel_settings):
        onsets.push(strength.push(floored_db(power)), attack.take(), progress)
        frames += len(power)
        levels.follow(frames / framing.frames_per_s)
    onsets.push(np.zeros(0, np.float32), attack.finish(), progress)
    found, loud, dead = onsets.finish(progress), loudness.finish(), dead_air.finish()
    followed = levels.finish()
    return Traces(
        framing, found, loud, dead, activations_of(followed, progress.part(streaming, 1.0)), followed
    )


class _Following:
    """The learned tracker's input, computed not far behind the onsets, so that one pass feeds both."""

    def __init__(self, blocks: Iterable[Floats], rate_hz: int) -> None:
        self._levels = level_blocks(blocks, rate_hz)
        self._pieces: list[Levels] = [np.zeros((0, BANDS), np.float16)]
        self._frames = 0

    def follow(self, until_s: float) -> None:
        """Continue to about a time."""
        while self._frames / FRAMES_PER_S < until_s:
            piece = next(self._levels, None)
            if piece is None:
                break
            self._pieces.append(piece)
            self._frames += len(piece)

    def finish(self) -> Levels:
        """Read the rest and return all."""
        self._pieces.extend(self._levels)
        return np.concatenate(self._pieces)


def finite_pieces(blocks: Iterable[Floats]) -> Iterator[Floats]:
    """Split long blocks, so that cancelling is quick, and silence non-finite samples."""
    for block in blocks:
        for start in range(0, len(block), _BLOCK_SAMPLES):
            yield finite(np.asarray(block[start : start + _BLOCK_SAMPLES], np.float32))
