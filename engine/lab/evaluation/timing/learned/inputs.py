"""Inputs of a network for each stroke."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.alignment.decoding.candidates import REACH, Candidates, near
from engine.alignment.decoding.groove import lines_in_bar
from engine.alignment.placement import Lines
from engine.alignment.strokes import VOICES, Strokes, voice_of
from engine.document.drums.hits import Hits

Floats = NDArray[np.float32]

CHOICES = 2 * REACH + 2
"""The lines near a stroke in ascending order, and none."""

_PLAIN = 6 + 4 + 3 * len(VOICES) + 2
_POSITIONAL = 6 + 3 * (2 * REACH + 1)
_FAR_MS = 60.0
_PLACES_PER_BEAT = 48


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Inputs of a network for a performance.

    Attributes
    ----------
    features : float32, shape (s, input_size)
    candidates : the lines that the choices stand for
    """

    features: Floats
    candidates: Candidates


def input_size(positional: bool) -> int:
    """Return how many figures a stroke has."""
    return _PLAIN + (_POSITIONAL if positional else 0)


def inputs_of(hits: Hits, strokes: Strokes, lines: Lines, positional: bool) -> Inputs:
    """Return the inputs of a network: phases of strokes between lines, voices, strengths and times.

    Parameters
    ----------
    positional : add the position of the lines in the bar, the phase of the metronome
    """
    candidates = near(strokes.onsets_samples, np.zeros(len(strokes.onsets_samples)), lines)
    columns = [_between_lines(strokes, lines, candidates), _sounding(hits, strokes)]
    if positional:
        columns.append(_phase(lines, candidates))
    return Inputs(np.concatenate(columns, axis=1).astype(np.float32), candidates)


def _between_lines(strokes: Strokes, lines: Lines, candidates: Candidates) -> NDArray[np.float64]:
    """Return how far from lines and from each other strokes are, shape (s, 10)."""
    onsets = strokes.onsets_samples
    spacing = (
        float(np.median(np.diff(lines.positions_samples))) if len(lines.beats) > 1 else lines.rate_hz / 8
    )
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
    """Return voices, their strengths and offsets, grace notes, shape (s, 3 * len(VOICES) + 2)."""
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
    return np.concatenate([strokes.voices, strengths, apart, graces[:, None], several[:, None]], axis=1)


def _phase(lines: Lines, candidates: Candidates) -> NDArray[np.float64]:
    """Return where in the beat and in the bar the nearest line is, and the levels of all near it."""
    _, places = lines_in_bar(lines)
    if len(places) == 0:
        return np.zeros((len(candidates.lines), _POSITIONAL))
    in_bar = places / float(places.max() + 1) * 2.0 * np.pi
    in_beat = places % _PLACES_PER_BEAT / _PLACES_PER_BEAT * 2.0 * np.pi
    middle = candidates.lines[:, REACH]
    turns = [
        np.sin(in_bar),
        np.cos(in_bar),
        np.sin(2 * in_bar),
        np.cos(2 * in_bar),
        np.sin(in_beat),
        np.cos(in_beat),
    ]
    levels = np.eye(3)[lines.levels][candidates.lines] * (candidates.lines >= 0)[:, :, None]
    return np.concatenate([np.stack(turns, axis=1)[middle], levels.reshape(len(middle), -1)], axis=1)
