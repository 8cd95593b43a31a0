"""Conclusions from the segments: unused spans on both sides, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.files.safe_write import shown
from engine.core.processes.side_by_side import side_by_side
from engine.core.spans import united
from engine.core.wording import counted, level_text, percent
from engine.features.match.matched import Segment
from engine.features.match.sound import Sound

_BLOCK_SAMPLES = 1 << 17
_SILENT = 1e-5
_NOT_FROM_BELOW = 0.05
_CLEARLY_LESS_DB = 3.0

Spans = tuple[tuple[int, int], ...]


def unmatched(segments: Sequence[Segment], length_samples: int) -> Spans:
    """Return the spans [start, stop) of the edited file that no segment holds."""
    return _rest([(one.edited_start_samples, one.edited_stop_samples) for one in segments], length_samples)


def left_out(segments: Sequence[Segment], raws: Sequence[Sound]) -> tuple[Spans, ...]:
    """Return, of each raw recording, the spans that no segment holds."""
    return tuple(
        _rest(
            [(one.raw_start_samples, one.raw_stop_samples) for one in segments if one.raw == number],
            raw.length_samples,
        )
        for number, raw in enumerate(raws)
    )


def _rest(spans: Sequence[tuple[int, int]], length: int) -> Spans:
    held = united(spans)
    starts = [0, *held[:, 1].tolist()]
    stops = [*held[:, 0].tolist(), length]
    return tuple((start, stop) for start, stop in zip(starts, stops, strict=True) if stop > start)


def matched_share(edited: Sound, open_spans: Spans) -> float:
    """Return the share of the audible samples of an edited file outside some spans, 0 to 1; 0 in silence."""
    borders = np.array(open_spans, np.int64).reshape(-1, 2)

    def counts(start: int) -> tuple[int, int]:
        block = edited.read(start, min(edited.length_samples, start + _BLOCK_SAMPLES))
        sounds = np.any(np.abs(block) > _SILENT, axis=1)
        near = borders[(borders[:, 0] < start + len(block)) & (borders[:, 1] > start)] - start
        left = sum(int(np.count_nonzero(sounds[max(0, first) : max(0, last)])) for first, last in near)
        return int(np.count_nonzero(sounds)), left

    counted = side_by_side(counts, range(0, edited.length_samples, _BLOCK_SAMPLES))
    sounding, left = (sum(column) for column in zip((0, 0), *counted, strict=True))
    return 1.0 - left / sounding if sounding else 0.0


def verdict(
    segments: Sequence[Segment], shares: tuple[float, float], raws: Sequence[Sound], edited: Sound
) -> str:
    """Summarize the match.

    Parameters
    ----------
    shares : of the audible samples: of segments that null, and of those that have a similarity instead
    """
    name = shown(edited.path)
    share, stretched_share = shares
    if not segments:
        names = ", ".join(shown(raw.path) for raw in raws)
        return f"No sound of {name} was found in {names}."
    if stretched := [one for one in segments if one.similarity is not None]:
        copies = [one for one in segments if one.similarity is None]
        texts = [_stretched_text(stretched, stretched_share)]
        if copies:
            texts.insert(
                0,
                f"{percent(share, 1)} was found in {counted(len(copies), 'segment')}{_residual_text(copies)}",
            )
        return f"Of the sound in {name}, {', and '.join(texts)}."
    only = segments[0]
    is_whole = len(segments) == 1 and only.raw_start_samples == 0 and only.edited_start_samples == 0
    if is_whole and only.raw_stop_samples == raws[only.raw].length_samples == edited.length_samples:
        return f"{name} is {shown(raws[only.raw].path)} as a whole{_residual_text(segments)}."
    if share < _NOT_FROM_BELOW:
        return f"Only {percent(share, 1)} of {name} was found: it is hardly made of these recordings."
    number = counted(len(segments), "segment")
    return f"{percent(share, 1)} of the sound in {name} was found, in {number}{_residual_text(segments)}."


def _stretched_text(segments: Sequence[Segment], share: float) -> str:
    alike = float(np.median([one.similarity for one in segments if one.similarity is not None]))
    return (
        f"{percent(share, 1)} was found at another speed or pitch in {counted(len(segments), 'segment')}, "
        f"{percent(alike)} alike"
    )


def _residual_text(segments: Sequence[Segment]) -> str:
    """Return the residual, through the short filter if clearly lower: for equalised copies."""
    plain = [one.residual_db for one in segments if one.residual_db is not None]
    through = [one.filtered_residual_db for one in segments if one.filtered_residual_db is not None]
    if not plain:
        return ""
    left_db, filtered_db = (float(np.median(some)) if some else np.inf for some in (plain, through))
    if filtered_db < left_db - _CLEARLY_LESS_DB:
        return f"; subtracted through a short filter, {level_text(filtered_db)} are left"
    return f"; subtracted, {level_text(left_db)} are left"
