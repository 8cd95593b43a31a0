"""Inputs of a network for each stroke, in groups of columns; a `View` selects some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Hits
from engine.features.timing.alignment.decoder import REACH, Candidates, StrokeLines, near, place
from engine.features.timing.alignment.groove import lines_in_bar
from engine.features.timing.alignment.lines import Lines
from engine.features.timing.alignment.strokes import VOICES, Strokes, voice_of

Floats = NDArray[np.float32]
Channel = Literal["none", "positional", "metronome"]

CHANNELS: tuple[Channel, ...] = ("none", "positional", "metronome")
"""Position of a stroke in time: none; its number and second; its phase in beat and bar."""
LINES = 2 * REACH + 1
CHOICES = LINES + 1
"""The lines near a stroke in ascending order, and none."""

_TURNS = 8
_GROUPS: Mapping[str, int] = MappingProxyType(
    {
        "lines": 10,
        "sounding": 3 * len(VOICES) + 3,
        "positional": 4 * _TURNS,
        "metronome": 6 + 3 * LINES,
        "decoder": CHOICES + 1,
    }
)
COLUMNS = sum(_GROUPS.values())
KEYS = 5
"""Figures of each line near a stroke: its distance, its level, and whether there is one."""
_FAR_MS = 60.0
_PLACES_PER_BEAT = 48
_LEAST_LOG = -8.0


@dataclass(frozen=True, slots=True)
class View:
    """Inputs that a network receives.

    Attributes
    ----------
    has_audio : log-mel spectra of the microphones in place of the drums of each stroke
    has_decoder : also the probabilities of Offcut's own decoder
    """

    channel: Channel
    has_audio: bool = False
    has_decoder: bool = False

    @property
    def columns(self) -> NDArray[np.int64]:
        """The columns of `Inputs.features` in this view."""
        wanted = {"lines", self.channel}
        wanted |= set() if self.has_audio else {"sounding"}
        wanted |= {"decoder"} if self.has_decoder else set()
        starts = dict(zip(_GROUPS, np.cumsum([0, *_GROUPS.values()]), strict=False))
        return np.concatenate(
            [np.arange(starts[name], starts[name] + size) for name, size in _GROUPS.items() if name in wanted]
        )

    @property
    def key_columns(self) -> int:
        """How many of the figures of a line are in this view: levels are part of the metronome."""
        return KEYS if self.channel == "metronome" else 2


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Inputs of a network for a performance.

    Attributes
    ----------
    features : float32, shape (s, COLUMNS)
    keys : float32, shape (s, LINES, KEYS), figures of the lines that the choices stand for
    candidates : those lines
    """

    features: Floats
    keys: Floats
    candidates: Candidates


def inputs_of(hits: Hits, strokes: Strokes, lines: Lines) -> Inputs:
    """Return the inputs of all views for the strokes of a performance."""
    candidates = near(strokes.onsets_samples, np.zeros(len(strokes.onsets_samples)), lines)
    spacing = _spacing(lines)
    groups = {
        "lines": _between_lines(strokes, lines, candidates, spacing),
        "sounding": _sounding(hits, strokes),
        "positional": _positions(strokes),
        "metronome": _phase(lines, candidates),
        "decoder": _believed(place(strokes, lines), candidates),
    }
    features = np.concatenate([groups[name] for name in _GROUPS], axis=1).astype(np.float32)
    return Inputs(features, _keys(lines, candidates, spacing), candidates)


def _spacing(lines: Lines) -> float:
    return float(np.median(np.diff(lines.positions_samples))) if len(lines.beats) > 1 else lines.rate_hz / 8


def _between_lines(
    strokes: Strokes, lines: Lines, candidates: Candidates, spacing: float
) -> NDArray[np.float64]:
    """Return the distances of strokes from lines and from each other, shape (s, 10)."""
    onsets = strokes.onsets_samples
    off = np.where(candidates.lines[:, REACH] >= 0, candidates.offsets_samples[:, REACH], 0.0) / spacing
    off = np.clip(off, -2.0, 2.0)
    gaps = np.diff(onsets, prepend=onsets[:1] - spacing, append=onsets[-1:] + spacing) / spacing
    before, after = np.minimum(gaps[:-1], 16.0), np.minimum(gaps[1:], 16.0)
    angle = 2.0 * np.pi * off
    spacing_ms = spacing / lines.rate_hz * 1000.0
    return np.stack(
        [
            off,
            np.sin(angle),
            np.cos(angle),
            off * spacing_ms / _FAR_MS,
            np.full(len(off), np.log(spacing_ms / 100.0)),
            (candidates.lines[:, REACH] >= 0).astype(float),
            np.log1p(before),
            np.log1p(after),
            before - np.round(before),
            after - np.round(after),
        ],
        axis=1,
    )


def _sounding(hits: Hits, strokes: Strokes) -> NDArray[np.float64]:
    """Return voices, their strengths and offsets, grace notes and uncertainty, shape (s, columns)."""
    count = len(strokes.onsets_samples)
    strengths = np.zeros((count, len(VOICES)))
    apart = np.zeros((count, len(VOICES)))
    roles = hits.voices
    for role_number in range(len(VOICES)):
        of_role = np.array([voice_of(voice) == role_number for voice in roles], bool) & ~strokes.graces
        if of_role.any():
            usual = float(np.median(hits.strengths_db[of_role]))
            at = strokes.of_hits[of_role]
            strengths[at, role_number] = np.clip((hits.strengths_db[of_role] - usual) / 10.0, -3.0, 3.0)
            away = (hits.onsets_samples[of_role] - strokes.onsets_samples[at]) / strokes.rate_hz * 1000.0
            apart[at, role_number] = np.clip(away / 20.0, -3.0, 4.0)
    graces = np.bincount(strokes.of_hits[strokes.graces], minlength=count)
    several = strokes.voices.sum(1) > 1
    unsure = np.clip(strokes.unsure_samples / strokes.rate_hz * 100.0, 0.0, 4.0)
    return np.concatenate(
        [strokes.voices, strengths, apart, graces[:, None], several[:, None], unsure[:, None]], axis=1
    )


def _positions(strokes: Strokes) -> NDArray[np.float64]:
    """Return the number of each stroke and its second as sines and cosines, shape (s, 4 * _TURNS)."""
    numbers = np.arange(len(strokes.onsets_samples), dtype=np.float64)
    return np.concatenate(
        [turns(numbers, 2.0), turns(strokes.onsets_samples / strokes.rate_hz, 0.25)], axis=1
    )


def turns(values: NDArray[np.float64], shortest: float) -> NDArray[np.float64]:
    """Return values as sines and cosines of periods from `shortest` on, each twice as long: shape (n, 16)."""
    angles = 2.0 * np.pi * values[:, None] / (shortest * 2.0 ** np.arange(_TURNS))
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _phase(lines: Lines, candidates: Candidates) -> NDArray[np.float64]:
    """Return the phase of the nearest line in beat and bar, and the levels of all lines near a stroke."""
    width = _GROUPS["metronome"]
    _, places = lines_in_bar(lines)
    if len(places) == 0:
        return np.zeros((len(candidates.lines), width))
    in_bar = places / float(places.max() + 1) * 2.0 * np.pi
    in_beat = places % _PLACES_PER_BEAT / _PLACES_PER_BEAT * 2.0 * np.pi
    middle = candidates.lines[:, REACH]
    angles = np.stack([in_bar, 2 * in_bar, in_beat], axis=1)[middle]
    levels = _levels(lines, candidates).reshape(len(middle), -1)
    return np.concatenate([np.sin(angles), np.cos(angles), levels], axis=1)


def _levels(lines: Lines, candidates: Candidates) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = (
        np.eye(3)[lines.levels][candidates.lines] * (candidates.lines >= 0)[..., None]
    )
    return levels


def _keys(lines: Lines, candidates: Candidates, spacing: float) -> Floats:
    there = candidates.lines >= 0
    off = np.clip(np.where(there, candidates.offsets_samples, 0.0) / spacing, -4.0, 4.0)
    plain = np.stack([off, there.astype(float)], axis=2)
    if len(lines.levels) == 0:
        return np.concatenate([plain, np.zeros((*there.shape, 3))], axis=2).astype(np.float32)
    return np.concatenate([plain, _levels(lines, candidates)], axis=2).astype(np.float32)


def _believed(found: StrokeLines, candidates: Candidates) -> NDArray[np.float64]:
    """Return the decoder's log probabilities of the candidates, of none, and of all else, shape (s, 9)."""
    same = candidates.lines[:, :, None] == found.candidates[:, None, :]
    same &= (candidates.lines >= 0)[:, :, None]
    lined = found.posterior[:, :-1]
    of_lines = (same * lined[:, None, :]).sum(2)
    none = found.posterior[:, -1]
    others = np.maximum(lined.sum(1) - of_lines.sum(1), 0.0)
    shares = np.concatenate([of_lines, none[:, None], others[:, None]], axis=1)
    believed: NDArray[np.float64] = np.maximum(np.log(np.maximum(shares, 1e-12)), _LEAST_LOG) / 4.0
    return believed
