"""Sections of a recording, such as verse and chorus, as a document stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import samples_to_s_array
from engine.document.marks.markers import Marker

SECTIONS = "sections"
"""The kind under which a document stores them."""
SECTIONS_MAKER = "offcut-sections-1"
BY_HAND = "corrected by hand"


def _none() -> NDArray[np.int64]:
    return np.zeros((0, 2), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class StoredSections:
    """Sections such as verse and chorus, in document samples.

    Attributes
    ----------
    spans_samples : int64, shape (n, 2), spans [start, stop), ascending and disjoint
    labels : shape (n,); sections with the same label repeat each other
    confidences : float64, shape (n,), 0 to 1
    of_sound : key of the sound that was analysed, see `engine.document.marks.section_edits`
    maker : the analyser, or `BY_HAND` after a correction
    """

    spans_samples: NDArray[np.int64] = field(default_factory=_none)
    labels: Sequence[str] = ()
    confidences: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    of_sound: str = ""
    maker: str = SECTIONS_MAKER

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, position_samples: int) -> int | None:
        """Return the number of the section at a position; None between sections."""
        starts, stops = self.spans_samples[:, 0], self.spans_samples[:, 1]
        number = int(np.searchsorted(starts, position_samples, side="right")) - 1
        return number if number >= 0 and position_samples < stops[number] else None

    def span(self, number: int) -> tuple[int, int]:
        """Return where a section is, [start, stop)."""
        start, stop = self.spans_samples[number].tolist()
        return start, stop

    def in_seconds(self, rate_hz: int) -> list[tuple[float, float, str]]:
        """Return the start and stop of each section in seconds, and its label."""
        spans_s = samples_to_s_array(self.spans_samples, rate_hz).tolist()
        return [(*span_s, label) for span_s, label in zip(spans_s, self.labels, strict=True)]

    def regions(self) -> tuple[Marker, ...]:
        """Return the sections as named regions of the timeline."""
        spans = zip(self.spans_samples.tolist(), self.labels, strict=True)
        return tuple(Marker(f"section {start}", start, stop, label) for (start, stop), label in spans)
