"""Features collected while audio streams past, for all beat trackers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from engine.beats.activations import WEIGHTS, Activations, activations_of
from engine.beats.beat_pictures import WEIGHTS as BAR_WEIGHTS
from engine.beats.features import BANDS, FRAMES_PER_S, Levels, level_blocks
from engine.features.dead_air import DeadAir, DeadAirDetector
from engine.features.loudness import HopEnergy, Loudness, finite
from engine.features.onset_stream import Onsets, OnsetStream
from engine.features.onsets import (
    QUIETEST_STRENGTH_DB,
    Framing,
    OnsetStrength,
    floored_db,
    local_scale,
)
from engine.progress import SILENT, Progress

Floats = NDArray[np.float32]

_BLOCK_SAMPLES = 1 << 17
_ATTACK_HOP_S = 0.0005
_BASS, _BODY, _TOP = slice(0, 3), slice(6, 30), slice(40, 64)


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Features collected while audio streams past: about 5 MB for ten minutes.

    Attributes
    ----------
    framing : how the frames were cut
    strength : float32, shape (frames,), onset strength over all mel bands
    bass, body, top : float32, shape (frames,), onset strength up to 0.2 kHz, 0.4 to 2 kHz and above 5 kHz
    onsets : where sounds start
    loudness_db : float32, shape (k,), level of hops of `LOUDNESS_HOP_SAMPLES`
    dead_air : spans without playing
    activations : those of the learned tracker; None if its weights are missing
    levels : float16, shape (frames, BANDS), the tracker's input; empty if the weights are missing
    """

    framing: Framing
    strength: Floats
    bass: Floats
    body: Floats
    top: Floats
    onsets: Onsets
    loudness_db: Floats
    dead_air: DeadAir
    activations: Activations | None
    levels: Levels


def trace(blocks: Iterable[Floats], rate_hz: int, total_samples: int, progress: Progress = SILENT) -> Traces:
    """Stream a recording and collect its traces; the same bit for bit for any block size.

    Raises
    ------
    OffcutError : the weights of the learned tracker are damaged
    Cancelled : the user asked for it
    """
    from engine.features.mel import mel_power_blocks  # torch: only once audio is analysed

    framing = Framing(rate_hz)
    attack_hop = max(1, round(_ATTACK_HOP_S * rate_hz))
    loudness, attack = Loudness(), HopEnergy(attack_hop, differenced=True)
    dead_air = DeadAirDetector(rate_hz)
    onsets = OnsetStream(framing, attack_hop)
    strengths = [OnsetStrength(framing, bands) for bands in (slice(None), _BASS, _BODY, _TOP)]
    streaming = progress.part(0.0, 0.8)

    def passing() -> Iterator[Floats]:
        done = 0
        for block in finite_pieces(blocks):
            progress.check_cancelled()
            loudness.push(block)
            attack.push(block)
            dead_air.push(block)
            yield block
            done += len(block)
            streaming.report(done / max(1, total_samples), "Analysing")

    stream, levels, heard = passing(), None, 0
    if WEIGHTS.is_file() and BAR_WEIGHTS.is_file():
        stream, again = tee(stream)
        levels = _Following(again, rate_hz)
    for power in mel_power_blocks(stream, framing.mel_settings):
        level_db = floored_db(power)
        flux = [strength.push(level_db) for strength in strengths]
        onsets.push(flux[0], attack.take(), progress)
        heard += len(power)
        if levels is not None:
            levels.follow(heard / framing.frames_per_s)
    onsets.push(np.zeros(0, np.float32), attack.finish(), progress)
    whole, bass, body, top = (strength.finish() for strength in strengths)
    found, loud, dead = onsets.finish(progress), loudness.finish(), dead_air.finish()
    beside = np.zeros((0, BANDS), np.float16) if levels is None else levels.finish()
    told = None if levels is None else activations_of(beside, progress.part(0.8, 1.0))
    return Traces(framing, whole, bass, body, top, found, loud, dead, told, beside)


class _Following:
    """Computes the learned tracker's input not far behind the onsets, so that one pass feeds both.

    Parameters
    ----------
    blocks : the same stream that the onsets are found in, split by `itertools.tee`
    """

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
            piece = np.asarray(block[start : start + _BLOCK_SAMPLES], np.float32)
            yield finite(piece)


def even_strength(traces: Traces) -> Floats:
    """Return the onset strength relative to that of the eight seconds around, shape (frames,)."""
    scale = local_scale(traces.strength, round(8.0 * traces.framing.frames_per_s))
    even = traces.strength / np.maximum(scale, np.float32(QUIETEST_STRENGTH_DB))
    return even.astype(np.float32, copy=False)
