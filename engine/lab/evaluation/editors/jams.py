"""Jams of known form: the audio and the list of its passages.

A jam is the raw recording of a band: phrases that are played several times, and talk, silence, broken-off
starts and noodling between them. Sections group renditions: "A A B A" is one section of four renditions.

Two generators make jams, one from real recordings (`cut_jams`) and one from its own scores (`played_jams`).
They share these data classes and nothing else: a figure that agrees on both does not depend on one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22_050
PHRASE, TALK, SILENCE, BROKEN_OFF, NOODLING = "phrase", "talk", "silence", "broken-off", "noodling"
KINDS = (PHRASE, TALK, SILENCE, BROKEN_OFF, NOODLING)
NO_SECTION = -1
_TOUCHING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a jam: a rendition of a phrase, or something between renditions.

    Attributes
    ----------
    kind : one of `KINDS`
    start_s, stop_s : half-open span in the recording
    phrase : name of the musical phrase in this jam ("A", "B", …); "" for other kinds
    rendition : number of the rendition in its section, from 0; 0 for other kinds
    of : number of renditions in the section; 0 for other kinds
    bars : whole bars played; 0 without a metre
    bar_s : mean length of a bar; 0.0 without a metre
    level_db : RMS level of the passage in the jam, in dBFS
    section : number of the section, from 0; `NO_SECTION` for other kinds
    """

    kind: str
    start_s: float
    stop_s: float
    phrase: str
    rendition: int
    of: int
    bars: int
    bar_s: float
    level_db: float
    section: int

    @property
    def length_s(self) -> float:
        """Return the length of the passage in seconds."""
        return self.stop_s - self.start_s

    def border_s(self, bar: int) -> float:
        """Return the time at which a bar of a phrase begins, in s; after the last bar that is `stop_s`."""
        return self.start_s + self.length_s * bar / self.bars


@dataclass(frozen=True, slots=True, eq=False)
class Jam:
    """A recording with its form.

    Attributes
    ----------
    name : generator, half and seed
    audio : shape (n,), mono
    rate_hz : sample rate
    passages : ascending, without gaps, from 0 to the end of the recording

    Raises
    ------
    ValueError : a kind is unknown, or the passages leave gaps or do not end with the recording
    """

    name: str
    audio: NDArray[np.float32]
    rate_hz: int
    passages: tuple[Passage, ...]

    def __post_init__(self) -> None:
        """Check that the passages cover the recording."""
        unknown = sorted({each.kind for each in self.passages} - set(KINDS))
        if unknown:
            raise ValueError(f"Unknown kinds of passage in {self.name}: {', '.join(unknown)}")
        gaps = [before.stop_s for before, after in pairwise(self.passages) if before.stop_s != after.start_s]
        if gaps:
            raise ValueError(f"The passages of {self.name} do not touch at {gaps[0]:.3f} s")
        if not self.passages or self.passages[0].start_s != 0.0:
            raise ValueError(f"The passages of {self.name} do not begin at 0 s")
        if abs(self.passages[-1].stop_s - self.length_s) > 1.0 / self.rate_hz + _TOUCHING_S:
            raise ValueError(f"The passages of {self.name} do not end with the recording")

    @property
    def length_s(self) -> float:
        """Return the length of the recording in seconds."""
        return len(self.audio) / self.rate_hz

    @property
    def music(self) -> tuple[Passage, ...]:
        """Return the renditions of phrases, in time order."""
        return tuple(each for each in self.passages if each.kind == PHRASE)

    @property
    def sections(self) -> tuple[tuple[Passage, ...], ...]:
        """Return the renditions of each section, in time order."""
        numbers = sorted({each.section for each in self.music})
        return tuple(tuple(each for each in self.music if each.section == number) for number in numbers)
