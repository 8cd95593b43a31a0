"""The ways of alignment by name."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from engine.document.drums.hits import Hits
from engine.features.timing.alignment.decoding.decoder import BELIEFS, Beliefs, StrokeLines, place
from engine.features.timing.alignment.decoding.moves import placed
from engine.features.timing.alignment.placement import Aligner, Lines, Placement
from engine.features.timing.alignment.settings import ALL, AlignmentSettings
from engine.features.timing.alignment.strokes import Strokes, gather


def whole_performance(
    settings: AlignmentSettings = ALL, beliefs: Beliefs = BELIEFS, played: Lines | None = None
) -> Aligner:
    """Return the aligner that decodes over the whole performance, without anything learned.

    Parameters
    ----------
    played : the same lines where the strokes are expected, if that is not where they go
    """

    def align(hits: Hits, lines: Lines) -> Placement:
        strokes = gather(hits, lines.rate_hz)
        found = _belonging(strokes, played or lines, beliefs)
        return placed(hits, strokes, found.lines, found.confidences, lines, settings, played)

    return align


_latest: tuple[Strokes, Lines, Beliefs, StrokeLines] | None = None


def _belonging(strokes: Strokes, lines: Lines, beliefs: Beliefs) -> StrokeLines:
    """Return the line of each stroke.

    Sliders change the distance and selection of moves again and again, which do not affect the lines: for the
    same strokes and lines as last time the result is cached.
    """
    global _latest
    known = _latest
    if known is None or known[2] != beliefs or not (_same(known[0], strokes) and _same(known[1], lines)):
        _latest = known = strokes, lines, beliefs, place(strokes, lines, beliefs)
    return known[3]


def _same(one: Strokes | Lines, other: Strokes | Lines) -> bool:
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
