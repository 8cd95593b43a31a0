"""Figures of an edit list that was recovered, as JSON has them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.timebase import samples_to_s
from engine.features.match.matched import Matched, Segment


def figures_of(matched: Matched) -> dict[str, object]:
    """Return an edit list with times in seconds, as values of JSON."""
    rate_hz = matched.rate_hz
    return {
        "edited": str(matched.edited),
        "rate_hz": rate_hz,
        "length_s": samples_to_s(matched.length_samples, rate_hz),
        "verdict": matched.verdict,
        "matched_share": matched.matched_share,
        "stretched_share": matched.stretched_share,
        "segments": [_segment_figures(matched, segment) for segment in matched.segments],
        "unmatched": _seconds(matched.unmatched, rate_hz),
        "covered": _seconds(matched.covered, rate_hz),
        "left_out": [
            {"raw": str(raw), "spans": _seconds(spans, rate_hz)}
            for raw, spans in zip(matched.raws, matched.left_out, strict=True)
        ],
    }


def _seconds(spans: Sequence[tuple[int, int]], rate_hz: int) -> list[list[float]]:
    return [[samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)] for start, stop in spans]


def _segment_figures(matched: Matched, segment: Segment) -> dict[str, object]:
    rate_hz = matched.rate_hz
    return {
        "raw": str(matched.raws[segment.raw]),
        "raw_start_s": samples_to_s(segment.raw_start_samples, rate_hz),
        "raw_stop_s": samples_to_s(segment.raw_stop_samples, rate_hz),
        "edited_start_s": samples_to_s(segment.edited_start_samples, rate_hz),
        "edited_stop_s": samples_to_s(segment.edited_stop_samples, rate_hz),
        "gain_db": round(segment.gain_db, 4),
        "crossfade_s": samples_to_s(segment.crossfade_samples, rate_hz),
        "crossfade_shape": None if segment.crossfade_shape is None else segment.crossfade_shape.value,
        "gain_ride": [
            [samples_to_s(point.at_samples, rate_hz), round(point.gain_db, 4)] for point in segment.gain_ride
        ],
        "delay_samples": round(segment.delay_samples, 4),
        "speed": round(segment.speed, 8),
        "pitch_semitones": round(segment.pitch_semitones, 3),
        "similarity": None if segment.similarity is None else round(segment.similarity, 4),
        "eq_db": [[point.at_hz, round(point.gain_db, 2)] for point in segment.eq_db],
        "residual_db": segment.residual_db,
        "filtered_residual_db": segment.filtered_residual_db,
        "is_boundary_free": segment.is_boundary_free,
    }
