"""Named places on the timeline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marker:
    """A named position of the document, or a named region [start, stop) where the two differ.

    Markers are in source positions, so that no cut moves them.
    """

    id: str
    start_samples: int
    stop_samples: int
    name: str

    @property
    def is_region(self) -> bool:
        """Whether it names a span rather than a position."""
        return self.stop_samples > self.start_samples
