"""Find passages played more than once in a recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time
from engine.features.takes.false_starts import Broken, false_starts, near_pairs
from engine.features.takes.features import FRAMES_PER_S, Floats, Frames, frames_of
from engine.features.takes.groups import Edges, Member, grouped, takes_of
from engine.features.takes.pairs import find_pairs
from engine.features.takes.playing import SOFT_BELOW_DB, performances
from engine.features.takes.tuning import are_tuning

_COMPLETE_WITHIN_S, _COMPLETE_SHARE = 2.0, 0.06
_LOOKED_AT_S = 6.0
"""Minimum length analysed at the repetition of an attempt."""
_EVERY_S, _MOST_S = 3300.0, 3600.0


def find_takes(
    blocks: Iterable[Floats], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> FoundTakes:
    """Analyse a mono stream and find passages played more than once in it.

    Parameters
    ----------
    blocks : float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    total_samples : how many are expected, for the progress

    Raises
    ------
    Cancelled : the user asked for it
    """
    frames = frames_of(blocks, rate_hz, total_samples, progress.part(0.0, 0.18))
    return takes_in(frames, progress.part(0.18, 1.0))


def takes_in(frames: Frames, progress: Progress = SILENT, *, in_all_keys: bool = True) -> FoundTakes:
    """Find passages played more than once in analysed frames.

    Parameters
    ----------
    in_all_keys : also find passages that are repeated in another key

    Raises
    ------
    Cancelled : the user asked for it
    """
    spans = performances(frames.levels_db)
    pairs = find_pairs(frames, spans, progress.part(0.0, 0.9), in_all_keys=in_all_keys)
    edges = Edges(spans[:, 0], spans[:, 1])
    played_again = (pair for pair in takes_of(pairs, edges) if not are_tuning(frames, pair.sides()))
    together = grouped(list(played_again))
    groups = sorted(map(_group, together), key=lambda group: group.takes[0].start_s)
    near = near_pairs(frames, spans, progress.part(0.9, 0.95))
    softly = performances(frames.levels_db, SOFT_BELOW_DB)
    nearer = near_pairs(frames, softly, progress.part(0.95, 1.0))
    breaks = (
        Broken(chain(pairs, near), edges),
        Broken(chain(pairs, nearer), Edges(softly[:, 0], softly[:, 1]), is_soft=True),
    )
    starts = [one for one in false_starts(breaks, together) if not _is_tuning(one, frames)]
    played = tuple((start / FRAMES_PER_S, stop / FRAMES_PER_S) for start, stop in spans.tolist())
    return FoundTakes(tuple(groups), tuple(starts), played)


def false_starts_in(
    frames: Frames, progress: Progress = SILENT, *, every_s: float = _EVERY_S, most_s: float = _MOST_S
) -> tuple[FalseStart, ...]:
    """Find the likely false starts, in a time that grows with the length of the recording.

    Recordings longer than an hour are searched hour by hour, with overlaps: players return to a broken-off
    passage within minutes, and in the same key.

    Parameters
    ----------
    every_s, most_s : how far apart the hours begin, and how long they are

    Raises
    ------
    Cancelled : the user asked for it
    """
    every, most = round(every_s * FRAMES_PER_S), round(most_s * FRAMES_PER_S)
    begins = range(0, max(1, len(frames) - (most - every)), every)
    found: list[FalseStart] = []
    for number, begin in enumerate(begins):
        share = progress.step(number, len(begins))
        part = takes_in(frames.part(begin, begin + most), share, in_all_keys=False).likely_false_starts()
        limit_s = most_s if number == len(begins) - 1 else every_s
        known_s = found[-1].stop_s if found else 0.0
        fresh = [one.later(begin / FRAMES_PER_S) for one in part if one.start_s < limit_s]
        # The end of the hour before is the middle of this one.
        found += [one for one in fresh if one.start_s >= known_s]
    return tuple(found)


def _is_tuning(start: FalseStart, frames: Frames) -> bool:
    """Return whether players tune in an attempt and in its repetition."""
    length_s = max(start.stop_s - start.start_s, _LOOKED_AT_S)
    spans_s = (start.start_s, start.stop_s), (start.begins_again_s, start.begins_again_s + length_s)
    return are_tuning(frames, [(FRAMES_PER_S * begin_s, FRAMES_PER_S * end_s) for begin_s, end_s in spans_s])


def _group(members: Sequence[Member]) -> TakeGroup:
    low, high = min(one.low for one in members), max(one.high for one in members)
    length = max(high - low, 1.0)
    within = max(_COMPLETE_WITHIN_S * FRAMES_PER_S, _COMPLETE_SHARE * length)
    complete = [one.low - low <= within and high - one.high <= within for one in members]
    first = members[complete.index(True) if any(complete) else 0]
    takes = tuple(
        Take(
            one.start / FRAMES_PER_S,
            one.stop / FRAMES_PER_S,
            whole,
            (one.semitones - first.semitones + 5) % 12 - 5,
            round(one.speed / first.speed, 3),
            round(float(np.clip((one.low - low) / length, 0.0, 1.0)), 3),
            round(float(np.clip((one.high - low) / length, 0.0, 1.0)), 3),
        )
        for one, whole in zip(members, complete, strict=True)
    )
    return TakeGroup(f"passage at {format_time(first.start / FRAMES_PER_S, 0)}", takes)
