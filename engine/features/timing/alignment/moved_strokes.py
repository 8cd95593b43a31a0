"""From hits and where they go to the slices that are moved: one for each stroke, on all microphones alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits
from engine.features.timing.alignment.placement import Placement
from engine.features.timing.alignment.strokes import gather

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MovedStrokes:
    """All strokes of a performance, a row for each in the order of time.

    Attributes
    ----------
    firsts_samples, lasts_samples : float64, shape (s,), where its first and its last voice rise, grace notes
        included
    onsets_samples : float64, shape (s,), where the stroke itself is
    shifts_samples : float64, shape (s,), whole numbers: how much later it is to sound; 0 where it stays
    lines : int64, shape (s,), where it belongs; -1 for no line
    confidences : float64, shape (s,), of its placement
    voices : the drums that sound in it, length s, the loudest first
    of_hits : int64, shape (n,), the stroke of each hit
    """

    firsts_samples: Floats
    lasts_samples: Floats
    onsets_samples: Floats
    shifts_samples: Floats
    lines: NDArray[np.int64]
    confidences: Floats
    voices: tuple[tuple[str, ...], ...]
    of_hits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.firsts_samples)

    def starts_samples(self, pad_samples: int) -> NDArray[np.int64]:
        """Return where the slice of each begins, shape (s,): a trigger pad before it.

        A slice never begins before the middle between the stroke before and its own.
        """
        middle = (self.firsts_samples[1:] + self.lasts_samples[:-1]) / 2.0
        pads = np.minimum(
            pad_samples, self.firsts_samples - np.concatenate([[0.0] * (len(self) > 0), middle])
        )
        starts: NDArray[np.int64] = np.floor(self.firsts_samples - np.maximum(pads, 0.0)).astype(np.int64)
        return np.maximum(starts, 0)


def moved_strokes(hits: Hits, placement: Placement, rate_hz: int) -> MovedStrokes:
    """Gather hits that go to one place into strokes.

    Shifts are whole samples: slices then equal the recording, bit for bit, and a hundredth of a millisecond
    is inaudible.
    """
    strokes = gather(hits, rate_hz)
    of_hits = _joined(strokes.of_hits, placement.lines)
    count = int(of_hits.max(initial=-1)) + 1
    late = np.nan_to_num(placement.flams_samples)
    moved = placement.targets_samples - hits.onsets_samples + late
    firsts, lasts = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(firsts, of_hits, hits.onsets_samples)
    np.maximum.at(lasts, of_hits, hits.onsets_samples)
    leads = _leads(hits, of_hits, strokes.graces | (late != 0.0), count)
    shifts = np.floor(moved[leads] + 0.5)
    return MovedStrokes(
        firsts,
        lasts,
        hits.onsets_samples[leads],
        # A stroke that stays is not moved by half a sample's rounding.
        np.where(moved[leads] == 0.0, 0.0, shifts),
        placement.lines[leads],
        placement.confidences[leads],
        _voices(hits, of_hits, count),
        of_hits,
    )


def _joined(of_hits: NDArray[np.int64], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number strokes in the order of time, those that were placed on one line as one."""
    same = {int(line): int(stroke) for line, stroke in zip(lines[::-1], of_hits[::-1], strict=True)}
    joined = np.array(
        [same[int(line)] if line >= 0 else int(stroke) for line, stroke in zip(lines, of_hits, strict=True)],
        np.int64,
    )
    _, first, inverse = np.unique(joined, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def _leads(
    hits: Hits, of_hits: NDArray[np.int64], follows: NDArray[np.bool_], count: int
) -> NDArray[np.int64]:
    """Return the leading hit of each stroke: its earliest that is neither grace note nor at fault."""
    order = np.lexsort((hits.onsets_samples, follows, of_hits))
    starts = np.searchsorted(of_hits[order], np.arange(count))
    leads: NDArray[np.int64] = order[starts]
    return leads


def _voices(hits: Hits, of_hits: NDArray[np.int64], count: int) -> tuple[tuple[str, ...], ...]:
    heard: list[list[str]] = [[] for _ in range(count)]
    for row in np.argsort(-hits.strengths_db, kind="stable"):
        voice, words = hits.roles[hits.tracks[row]].value, heard[of_hits[row]]
        if voice not in words:
            words.append(voice)
    return tuple(map(tuple, heard))
