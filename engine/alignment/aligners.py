"""The ways of alignment by name."""

from __future__ import annotations

from engine.alignment.decoding.decoder import BELIEFS, Beliefs, place
from engine.alignment.decoding.moves import placed
from engine.alignment.placement import Aligner, Lines, Placement
from engine.alignment.settings import ALL, AlignmentSettings
from engine.alignment.strokes import gather
from engine.hits.hits import Hits


def whole_performance(settings: AlignmentSettings = ALL, beliefs: Beliefs = BELIEFS) -> Aligner:
    """Return the aligner that decodes over the whole performance, without anything learned."""

    def align(hits: Hits, lines: Lines) -> Placement:
        strokes = gather(hits, lines.rate_hz)
        found = place(strokes, lines, beliefs)
        return placed(hits, strokes, found.lines, found.confidences, lines, settings)

    return align
