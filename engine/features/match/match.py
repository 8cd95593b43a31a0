"""Recover the edit list behind an edited file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.core.timebase import common, united
from engine.core.wording import counted
from engine.features.match.between import explained_spans, fragmented, with_stretched
from engine.features.match.copies import (
    Copies,
    Spans,
    at_speed,
    copies_in,
    left_out,
    matched_share,
    unmatched,
    verdict,
)
from engine.features.match.matched import Matched, Segment
from engine.features.match.searching.search import FirstLook, Stretch, first_look, quick_look, searched
from engine.features.match.sound import RATE_HZ, SearchFeatures, Sound, opened, search_features
from engine.features.match.speed import found_speed, played_back
from engine.features.match.stretching.stretched import (
    Traced,
    going_on,
    opened_spectra,
    traced,
    with_long_lines,
)
from engine.features.match.stretching.tracing import Span
from engine.sound.reader import SourceReader

LEAST_S = 0.4
"""Shorter files have less than one window of the search."""

NOT_ANALYSED: Mapping[Sound, SearchFeatures] = MappingProxyType({})

_ENOUGH = 0.5
_MOST = 0.9
_CRUMB_S = 1.5


def match(raws: Sequence[Path], edited: Path, progress: Progress = SILENT) -> Matched:
    """Match the spans of an edited file with raw recordings.

    Raises
    ------
    SourceError : a file cannot be read
    UsageError : no raw recording is named, or a file is too short
    Cancelled : the user asked for it
    """
    if not raws:
        raise UsageError("No raw recording is named: name at least one before the edited file.")
    for path in (*raws, edited):  # converted to another rate, a file of few samples would be empty
        with SourceReader(path) as reader:
            _require_long(path, reader.frames, reader.rate_hz)
    with ExitStack() as stack:
        target = stack.enter_context(opened(edited, progress.part(0.0, 0.02)))
        sounds = []
        for number, path in enumerate(raws):
            share = progress.part(0.02, 0.1).step(number, len(raws))
            sounds.append(stack.enter_context(opened(path, share, target.rate_hz)))
        return match_sounds(tuple(sounds), target, progress.part(0.1, 1.0))


def match_sounds(
    raws: tuple[Sound, ...],
    edited: Sound,
    progress: Progress = SILENT,
    features: Mapping[Sound, SearchFeatures] = NOT_ANALYSED,
) -> Matched:
    """Do what `match` does, of sounds of one rate.

    Where little is found, the edited file may run at another speed; it is then searched as it was before.

    Parameters
    ----------
    features : those computed before, by sound

    Raises
    ------
    UsageError : a sound is too short
    Cancelled : the user asked for it
    """
    sounds = (edited, *raws)
    require_long(*sounds)
    listening = progress.part(0.0, 0.05)
    target, *sources = (
        features.get(sound) or search_features(sound, listening.step(number, len(sounds)))
        for number, sound in enumerate(sounds)
    )
    mono = target.mono
    first, known, left = _first_lines(sources, target, progress.part(0.05, 0.43))
    rough = searched(sources, target, first, progress.part(0.43, 0.52), left)
    speed, played = found_speed(sources, target, is_open=_is_doubtful(rough)), edited
    if speed is not None:
        played = played_back(edited, speed)
        target = search_features(played, progress.part(0.52, 0.53))
        first = first_look(sources, target, progress.part(0.53, 0.55))
        rough = searched(sources, target, first, progress.part(0.55, 0.56))
    copies = copies_in(raws, sources, (played, target), rough, progress.part(0.56, 0.92))
    if speed is not None:
        copies = _at_speed(copies, speed)
    copies = with_stretched(raws, sources, (edited, mono), copies, known, progress.part(0.92, 1.0))
    segments = copies.segments
    open_spans = unmatched(segments, edited.length_samples)
    found_share = matched_share(edited, (*open_spans, *copies.covered))
    stretched = _stretched_spans(segments)
    others = tuple(
        (start, stop) for start, stop in united([*open_spans, *copies.covered, *stretched]).tolist()
    )
    share = matched_share(edited, others) if stretched else found_share
    return Matched(
        tuple(raw.path for raw in raws),
        edited.path,
        edited.rate_hz,
        edited.length_samples,
        tuple(segments),
        open_spans,
        left_out(segments, raws),
        share,
        verdict(segments, (share, found_share - share), raws, edited),
        copies.covered,
        found_share - share,
    )


def _first_lines(
    sources: Sequence[SearchFeatures], target: SearchFeatures, progress: Progress
) -> tuple[FirstLook, Traced, list[Span]]:
    """Return lines of copies and of stretched sound, and the spans that only the latter explain.

    Where a few windows show long lines of stretched sound, for most of it, copies are not looked for.
    """
    length = len(target.mono)
    quick = quick_look(sources, target, progress.part(0.0, 0.5))
    known = opened_spectra([one.mono for one in sources], target.mono)
    parts = united(fragmented(quick.first.fragments(length)))
    few = with_long_lines(known, parts.tolist(), progress.part(0.5, 0.65))
    long = united(going_on(few, is_changed=True))
    if np.diff(common(long, parts)).sum() >= _MOST * np.diff(parts).sum():
        known = few
    else:
        long = long[:0]
    first = first_look(sources, target, progress.part(0.65, 0.85), quick, long.tolist())
    fragments = first.fragments(length)
    open_parts = fragmented(fragments)
    known = traced(known, open_parts, progress.part(0.85, 1.0))
    return first, known, explained_spans(known, fragments, open_parts)


def _at_speed(copies: Copies, speed: float) -> Copies:
    """Return the copies of a file that was played back at its own speed, as they are in the file."""
    return Copies(
        [at_speed(segment, speed) for segment in copies.segments],
        tuple((round(start / speed), round(stop / speed)) for start, stop in copies.covered),
    )


def require_long(*sounds: Sound) -> None:
    """Require sounds of at least a window of the search.

    Raises
    ------
    UsageError : one is too short
    """
    for sound in sounds:
        _require_long(sound.path, sound.length_samples, sound.rate_hz)


def _require_long(path: Path, samples: int, rate_hz: int) -> None:
    if samples < LEAST_S * rate_hz:
        raise UsageError(
            f"{shown(path)} holds {counted(samples, 'sample')}, which is too short to match: "
            f"name a file of at least {LEAST_S:g} s."
        )


def _is_doubtful(rough: Sequence[Stretch]) -> bool:
    """Return whether the match is small or fragmented, as at a different speed, where lines soon end."""
    known = [one.stop - one.start for one in rough if one.line is not None]
    whole = sum(one.stop - one.start for one in rough)
    return sum(known) < _ENOUGH * whole or float(np.mean(known)) < _CRUMB_S * RATE_HZ


def _stretched_spans(segments: Sequence[Segment]) -> Spans:
    """Return the spans of segments that do not null."""
    return tuple(
        (one.edited_start_samples, one.edited_stop_samples) for one in segments if one.similarity is not None
    )
