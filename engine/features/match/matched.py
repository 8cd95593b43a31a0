"""Result of matching an edited file: the recovered edit list, and its figures as JSON has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.core.timebase import samples_to_s


class Shape(StrEnum):
    """How the two gains of a crossfade go; `engine.features.match.crossfades` holds the curves."""

    EQUAL_GAIN = "equal gain"
    EQUAL_POWER = "equal power"
    RAISED_COSINE = "raised cosine"
    SQUARE_ROOT = "square root"


@dataclass(frozen=True, slots=True)
class GainPoint:
    """A moment of an edited file, counted in its samples, and the gain of a segment there."""

    at_samples: int
    gain_db: float


@dataclass(frozen=True, slots=True)
class EqPoint:
    """The middle of an octave, and how much louder it is than the segment as a whole."""

    at_hz: int
    gain_db: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of a raw recording, and its position in the edited file.

    Positions are samples at the rate of the edited file; a raw recording of another rate counts as converted.

    Attributes
    ----------
    raw : its number among the raw recordings
    raw_start_samples, raw_stop_samples : the whole audible span, including crossfades
    edited_start_samples : its audible start, where the crossfade with the segment before begins
    crossfade_samples : how long that crossfade is, 0 for none
    crossfade_shape : of that crossfade, None without one
    gain_db : by how much it is louder than the raw recording, over all of it
    gain_ride : where that changes along the segment, its breakpoints; empty where it stays
    delay_samples : further delay by a fraction of a sample
    speed : how many seconds of the raw recording a second of the edited file plays
    pitch_semitones : by how much it is higher; 0 at the same pitch
    similarity : of a stretched segment, which cannot null: correlation of the spectra of both sides, -1 to 1;
        None of one that nulls
    eq_db : how much louder than all of it each octave is, where that is known; empty if they are the same
    residual_db : level after subtracting it, relative to the level of the edited file there
    filtered_residual_db : the same after the filter of a few milliseconds that leaves the least
    is_boundary_free : whether its start is ambiguous, since both sides sound the same there
    fade_in_samples, fade_out_samples : of fades from and to silence
    """

    raw: int
    raw_start_samples: int
    raw_stop_samples: int
    edited_start_samples: int
    gain_db: float
    crossfade_samples: int = 0
    crossfade_shape: Shape | None = None
    gain_ride: tuple[GainPoint, ...] = ()
    delay_samples: float = 0.0
    speed: float = 1.0
    residual_db: float | None = None
    filtered_residual_db: float | None = None
    is_boundary_free: bool = False
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    pitch_semitones: float = 0.0
    similarity: float | None = None
    eq_db: tuple[EqPoint, ...] = ()

    @property
    def edited_stop_samples(self) -> int:
        """Return its audible end, after the crossfade with the segment that follows."""
        return self.edited_start_samples + round(
            (self.raw_stop_samples - self.raw_start_samples) / self.speed
        )


@dataclass(frozen=True, slots=True)
class Matched:
    """The edit list behind an edited file.

    Attributes
    ----------
    rate_hz : of the edited file, in whose samples all positions are
    segments : in the order of the edited file; a segment overlaps with the one before by its crossfade
    unmatched : spans [start, stop) of the edited file that come from none of the raw recordings
    left_out : unused spans of each raw recording
    covered : spans [start, stop) of segments that something else sounds over, so that they do not null
    matched_share : how much of the audible samples of the edited file nulls against the recordings, 0 to 1
    verdict : summary of the match, with the evidence
    stretched_share : how much of them segments with a similarity hold, which do not null
    """

    raws: tuple[Path, ...]
    edited: Path
    rate_hz: int
    length_samples: int
    segments: tuple[Segment, ...]
    unmatched: tuple[tuple[int, int], ...]
    left_out: tuple[tuple[tuple[int, int], ...], ...]
    matched_share: float
    verdict: str
    covered: tuple[tuple[int, int], ...] = ()
    stretched_share: float = 0.0

    @property
    def found_share(self) -> float:
        """Return how much of the audible samples has a place in a recording, 0 to 1."""
        return self.matched_share + self.stretched_share


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
