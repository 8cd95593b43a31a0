"""Parts of a nested timeline, as the timeline around it plays them: limited to the span that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from engine.exchange.imports.described import NOTHING, ImportedClip, NotUnderstood


def trimmed(clips: Iterable[ImportedClip], begin_s: Fraction, end_s: Fraction) -> Iterator[ImportedClip]:
    """Yield the parts of clips that play in a span of the timeline; an edge that is cut off has no fade."""
    for one in clips:
        left = max(NOTHING, begin_s - one.at_s)
        right = max(NOTHING, one.at_s + one.length_s - end_s)
        length = one.length_s - left - right
        if length <= 0:
            continue
        yield replace(
            one,
            start_s=one.start_s + left,
            length_s=length,
            at_s=one.at_s + left,
            fade_in_s=NOTHING if left else one.fade_in_s,
            fade_out_s=NOTHING if right else one.fade_out_s,
            gains=_gains(one, left, left + length) if left or right else one.gains,
        )


def _gains(clip: ImportedClip, begin_s: Fraction, end_s: Fraction) -> tuple[tuple[Fraction, float], ...]:
    """Return the gain of a clip between two times from its start, counted from the first."""
    if not clip.gains:
        return ()
    times, factors = zip(*clip.gains, strict=True)
    held = [float(one) for one in times]
    ends = [(at - begin_s, float(np.interp(float(at), held, factors))) for at in (begin_s, end_s)]
    inside = [(at - begin_s, factor) for at, factor in clip.gains if begin_s < at < end_s]
    return (ends[0], *inside, ends[1])


def all_unknown(
    clips: Iterable[ImportedClip], noun: str, start_s: Fraction, stop_s: Fraction, track: str
) -> tuple[NotUnderstood, ...]:
    """Return a nested timeline that plays in an unknown way: one part for each span of a recording in it."""
    parts = tuple(
        NotUnderstood(noun, start_s, stop_s, track, one.medium, one.start_s, one.start_s + one.length_s)
        for one in clips
    )
    return parts or (NotUnderstood(noun, start_s, stop_s, track),)


def trimmed_parts(
    parts: Iterable[NotUnderstood], begin_s: Fraction, end_s: Fraction
) -> Iterator[NotUnderstood]:
    """Yield parts that are not understood, with their places limited to a span of the timeline."""
    for one in parts:
        start, stop = max(begin_s, one.start_s), min(end_s, one.stop_s)
        if start < stop:
            yield replace(one, start_s=start, stop_s=stop)
