"""Onsets of a recording of any length, found while it streams past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.onsets import Floats, Framing, pick_onsets, refine_onsets
from engine.core.progress import SILENT, Progress

SEGMENT_S = 60.0
CONTEXT_S = 8.0
"""Context around a segment for picking onsets: twice the range of a peak comparison."""


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """Onsets: positions int64, shape (n,), ascending, and strengths relative to their surroundings."""

    positions_samples: NDArray[np.int64]
    strengths: Floats


class OnsetStream:
    """Picks the peaks of the onset strength and moves each to the rise of the energy, a minute at a time.

    Segments are at fixed places, so that the result does not depend on the length of the blocks.

    Parameters
    ----------
    attack_hop_samples : length of the energy hops in which the rise is located
    """

    def __init__(self, framing: Framing, attack_hop_samples: int) -> None:
        self._framing = framing
        self._attack_hop = attack_hop_samples
        self._segment = round(SEGMENT_S * framing.frames_per_s)
        self._context = round(CONTEXT_S * framing.frames_per_s)
        # Strength is heard late: librosa's shift by half a window.
        self._strength: Floats = np.zeros(framing.late_frames, np.float32)
        self._attack: Floats = np.zeros(0, np.float32)
        self._first_frame = self._first_hop = 0  # where the two begin
        self._settled = 0
        self._found: list[Onsets] = []

    def push(self, flux: Floats, attack: Floats, progress: Progress = SILENT) -> None:
        """Take the next spectral flux, shape (frames,), and all energies known by now, shape (hops,).

        The energies are at least as far as the flux.
        """
        self._strength = np.concatenate([self._strength, flux])
        self._attack = np.concatenate([self._attack, attack])
        ready = self._first_frame + len(self._strength) - self._framing.late_frames
        while ready >= self._settled + self._segment + self._context:
            self._settle(self._settled + self._segment, self._context, progress)

    def finish(self, progress: Progress = SILENT) -> Onsets:
        """Return all onsets."""
        count = len(self._strength) - self._framing.late_frames
        self._strength = self._strength[:count]
        self._settle(self._first_frame + count, 0, progress)
        positions = np.concatenate([one.positions_samples for one in self._found])
        strengths = np.concatenate([one.strengths for one in self._found])
        unique, first = np.unique(positions, return_index=True)
        return Onsets(unique, strengths[first])

    def _settle(self, upto: int, beyond: int, progress: Progress) -> None:
        """Find the onsets up to a frame, and discard data that later ones do not need."""
        heard = self._strength[: upto + beyond - self._first_frame]
        near = pick_onsets(heard, self._framing)
        near = near[(near >= self._settled - self._first_frame) & (near < upto - self._first_frame)]
        before_samples = self._first_hop * self._attack_hop
        at_samples = self._framing.heard_at_samples(near + self._first_frame) - before_samples
        rate_hz = self._framing.rate_hz
        positions = refine_onsets(at_samples, self._attack, self._attack_hop, rate_hz, progress)
        self._found.append(Onsets(positions + before_samples, heard[near]))
        self._settled = upto
        keep_from = max(self._first_frame, upto - self._context)
        self._strength = self._strength[keep_from - self._first_frame :].copy()
        hop = max(self._first_hop, keep_from * self._framing.hop_samples // self._attack_hop)
        self._attack = self._attack[hop - self._first_hop :].copy()
        self._first_frame, self._first_hop = keep_from, hop
