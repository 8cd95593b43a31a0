"""Spectra of five groups of microphones, with the phase of the lines: inputs of a network that listens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.alignment.decoding.groove import lines_in_bar
from engine.alignment.placement import Lines
from engine.document.drums.hits import Role
from engine.features.mel import log_mel_blocks
from engine.features.mel_settings import MelSettings
from engine.lab.simulated.performances.performance import Performance
from engine.lab.training.timing.inputs import View, turns

_HOP_S = 0.016
_BANDS_OF_ONE = 24
_GROUP_OF: Mapping[Role, int] = MappingProxyType(
    {Role.KICK: 0, Role.SNARE: 1, Role.HAT: 2, Role.TOM: 3, Role.OVERHEAD: 4}
)
"""The microphones that are summed; all others are left out."""
_PHASES = 6
_SPECTRA = 5 * _BANDS_OF_ONE
BANDS = _SPECTRA + _PHASES
"""Columns of a frame: spectra, then phases of line, beat and bar."""


def settings_of(rate_hz: int) -> MelSettings:
    """Return the spectra for a sample rate: 24 bands every 16 ms."""
    return MelSettings(rate_hz=rate_hz, n_fft=2048, hop_samples=round(_HOP_S * rate_hz), n_mels=_BANDS_OF_ONE)


def no_frames() -> NDArray[np.float16]:
    """Return the frames of a performance without audio."""
    return np.zeros((0, BANDS), np.float16)


def frames_of(performance: Performance, lines: Lines) -> NDArray[np.float16]:
    """Return spectra and phases of a performance, float16, shape (frames, BANDS)."""
    settings = settings_of(performance.rate_hz)
    groups: dict[int, NDArray[np.float32]] = {}
    for name, sound in performance.microphones.items():
        group = _GROUP_OF.get(performance.roles[name])
        if group is not None:
            groups[group] = groups[group] + sound if group in groups else sound
    count = 1 + len(next(iter(performance.microphones.values()))) // settings.hop_samples
    spectra = np.full((count, 5, _BANDS_OF_ONE), -100.0, np.float32)
    for group, sound in groups.items():
        spectra[:, group] = np.concatenate(list(log_mel_blocks([sound], settings)))
    scaled = np.clip((spectra.reshape(count, -1) + 40.0) / 20.0, -2.0, 3.0)
    at = np.arange(count, dtype=np.float64) * settings.hop_samples
    return np.concatenate([scaled, _phases(at, lines)], axis=1).astype(np.float16)


def frame_of(positions_samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.int64]:
    """Return the frame of each position."""
    found: NDArray[np.int64] = np.rint(positions_samples / settings_of(rate_hz).hop_samples).astype(np.int64)
    return found


def columns_of_frames(view: View) -> int:
    """Return how many columns a frame has in a view, see `in_view`."""
    return _SPECTRA + {"none": 0, "positional": 16, "metronome": _PHASES}[view.channel]


def in_view(frames: Tensor, view: View) -> Tensor:
    """Return the columns of a view, float32, shape (..., frames, columns); positions come from the view."""
    spectra = frames[..., :_SPECTRA].float()
    if view.channel == "metronome":
        return frames.float()
    if view.channel == "none":
        return spectra
    seconds = np.arange(frames.shape[-2], dtype=np.float64) * _HOP_S
    placed = torch.from_numpy(turns(seconds, 0.25).astype(np.float32)).to(spectra.device)
    return torch.cat([spectra, placed.expand(*spectra.shape[:-1], placed.shape[1])], dim=-1)


def _phases(at: NDArray[np.float64], lines: Lines) -> NDArray[np.float64]:
    """Return the phase of line, beat and bar at positions as sines and cosines, shape (n, _PHASES)."""
    if len(lines.beats) < 2:
        return np.zeros((len(at), _PHASES))
    positions = lines.positions_samples
    bars, places = lines_in_bar(lines)
    in_bar = bars + places / float(places.max() + 1)
    found = [
        np.interp(at, positions, values)
        for values in (np.arange(len(positions), dtype=np.float64), lines.beats, in_bar)
    ]
    angles = 2.0 * np.pi * np.stack(found, axis=1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
