"""Level voices: each speaker at one loudness, by one gain that never pumps.

The loudness of a speaker is the gated one of ITU-R BS.1770-4 over the own speech, in the mix, with all
accepted edits of sound. A speaker has one gain. In a mix of several, it applies to the turns of the speaker
and changes in the pauses between turns. Peaks beyond the limit are lowered where they are, for all
speakers alike, so that the result of the mix is measured and not estimated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, log10
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.core.progress import Progress
from engine.core.timebase import common, outside, runs, s_to_samples, united
from engine.core.wording import counted
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.features.voices.curves import Point, gain_proposals
from engine.features.voices.speaking import Places, Speaker, find_speakers
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found
from engine.sound.edl.build import in_place
from engine.sound.edl.crossfade import Block
from engine.sound.edl.loudness import BetweenSamples, cell_samples, cell_starts, measure
from engine.sound.edl.render import Renderer, mix_channels

Floats = NDArray[np.float64]

MOST_GAIN_DB = 30.0
"""A higher gain would make the noise of a microphone audible."""
_LEAST_DB = 0.2
"""A smaller gain is not worth an edit."""
_PEAK_DBTP, _MARGIN_DB = -1.0, 0.1
_ROUNDS, _CORRECTION_DB, _NEAR_DB = 4, 2.0, 0.2
"""Lowered peaks and leakage change the loudness: gains are corrected in steps until it is near."""
_ENOUGH_S = 3.0
"""Speech without overlap that is long enough to be measured alone."""
_HOLD_CELLS, _FALL_S, _RISE_S = 1, 0.02, 0.06
"""Around a peak: cells of 20 ms that are lowered with it, and the ramps of the gain before and after."""
_CHANGE_S, _LEAST_CHANGE_S = 1.0, 0.06
"""The longest and the shortest ramp from one speaker to the next."""
_DEEP_DB = 6.0
"""Peaks lowered by more may be audible."""
_BLOCK_CELLS = 100


class LevelSettings(FinderSettings):
    """The loudness of each speaker."""

    loudness_lufs: float = Field(
        -16.0,
        ge=-31.0,
        le=-9.0,
        title="Loudness in LUFS",
        description="of each speaker, in LUFS; -16 is usual for podcasts, -19 in mono",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Levelled:
    """A speaker and the gain that is found.

    Attributes
    ----------
    spans_samples : where the speaker speaks alone, if that is long enough to be measured
    before_lufs, after_lufs : loudness without and with the gain and the lowered peaks
    points : where the gain applies
    """

    speaker: Speaker
    spans_samples: Places
    before_lufs: float
    after_lufs: float
    gain_db: float
    points: Sequence[Point]


Dips = Sequence[tuple[int, float]]
"""Points (sample, dB) of the lowering of peaks, linear in between; dB are 0 or less."""


def _find(request: FinderRequest, progress: Progress) -> Found:
    """Propose a gain for each speaker at another loudness."""
    wanted_lufs = cast("LevelSettings", request.settings).loudness_lufs
    found = find_speakers(request, progress.part(0.0, 0.4))
    measuring = progress.part(0.4, 1.0)
    speakers = [one for one in found.speakers if not request.tracks or set(one.tracks) & set(request.tracks)]
    levelled = _measured(request, speakers, found.are_separate, wanted_lufs, measuring.part(0.0, 0.2))
    parts = measuring.part(0.2, 1.0)
    for number in range(_ROUNDS):
        step = parts.step(number, _ROUNDS)
        dips = _dips(request, _accepted(request, levelled, ()), step.part(0.0, 0.5))
        levelled = _with_result(request, levelled, dips, step.part(0.5, 1.0))
        corrected = [_corrected(one, wanted_lufs) for one in levelled]
        if number == _ROUNDS - 1 or corrected == levelled:
            break
        levelled = corrected
    proposals = [made for one in levelled for made in _proposals(request, one, dips)]
    return Found(proposals, _summary(speakers, proposals, wanted_lufs, _deepest_db(dips)))


def _measured(
    request: FinderRequest,
    speakers: Sequence[Speaker],
    are_separate: bool,
    wanted_lufs: float,
    progress: Progress,
) -> list[_Levelled]:
    """Return the gain of each speaker; of those that can be measured, and regardless of peaks."""
    found, state = [], request.state
    for number, one in enumerate(speakers):
        step = progress.step(number, len(speakers))
        others = [other.spans_samples for other in speakers if other is not one]
        rest = outside(np.concatenate(others), 0, state.length_samples) if others else one.spans_samples
        alone = common(one.spans_samples, rest)
        spans = alone if np.diff(alone).sum() >= s_to_samples(_ENOUGH_S, state.rate_hz) else one.spans_samples
        lufs = _loudness_lufs(request, state, one.tracks, spans, step)
        if not isfinite(lufs):
            continue
        gain_db = min(max(round(wanted_lufs - lufs, 1), -MOST_GAIN_DB), MOST_GAIN_DB)
        is_only = are_separate or len(speakers) == 1
        points = _whole(state, one) if is_only else _in_turns(state, one, speakers)
        found.append(_Levelled(one, spans, lufs, lufs + gain_db, gain_db, points))
    return found


def _loudness_lufs(
    request: FinderRequest, state: DocumentState, tracks: Collection[str], spans: Places, progress: Progress
) -> float:
    """Return the loudness of some tracks in the mix, over spans of the timeline."""
    some = replace(state, tracks=tuple(replace(one, solo=False) for one in state.tracks if one.id in tracks))
    with Renderer(some, in_place(some), request.media) as renderer:
        found = measure(_blocks(renderer, spans.tolist(), progress), rate_hz=renderer.rate_hz)
        copies = mix_channels(state) if renderer.channels == 1 else 1
    return found.integrated_lufs + 10.0 * log10(copies)


def _with_result(
    request: FinderRequest, levelled: Sequence[_Levelled], dips: Dips, progress: Progress
) -> list[_Levelled]:
    """Return gains with the loudness that they and the lowered peaks lead to."""
    state, made = _accepted(request, levelled, dips), []
    tracks = {key for one in levelled for key in one.speaker.tracks}
    for number, one in enumerate(levelled):
        step = progress.step(number, len(levelled))
        lufs = _loudness_lufs(request, state, tracks, one.spans_samples, step)
        made.append(replace(one, after_lufs=lufs))
    return made


def _corrected(one: _Levelled, wanted_lufs: float) -> _Levelled:
    """Return a gain that makes up for lowered peaks, and for leakage into other microphones."""
    by_db = wanted_lufs - one.after_lufs
    if abs(by_db) < _NEAR_DB:
        return one
    gain_db = round(one.gain_db + min(max(by_db, -_CORRECTION_DB), _CORRECTION_DB), 1)
    return replace(one, gain_db=min(max(gain_db, -MOST_GAIN_DB), MOST_GAIN_DB))


def _blocks(
    renderer: Renderer, spans_samples: Sequence[tuple[int, int]], progress: Progress
) -> Iterator[Block]:
    step = cell_samples(renderer.rate_hz) * _BLOCK_CELLS
    total, done = max(1, sum(stop - start for start, stop in spans_samples)), 0
    for start, stop in spans_samples:
        for begin in range(start, stop, step):
            progress.check_cancelled()
            progress.report(done / total, "Measuring loudness")
            end = min(begin + step, stop)
            done += end - begin
            yield renderer.read(begin, end)


def _whole(state: DocumentState, speaker: Speaker) -> list[Point]:
    """Return the curve of a gain of all of the tracks."""
    clips = [clip for one in state.tracks if one.id in speaker.tracks for clip in one.clips]
    return [(min(one.start_samples for one in clips), 1.0), (max(one.stop_samples for one in clips), 1.0)]


def _in_turns(state: DocumentState, speaker: Speaker, speakers: Sequence[Speaker]) -> list[Point]:
    """Return the curve of a gain of the turns of a speaker, with ramps in the pauses between turns."""
    spans = [(*span, one is speaker) for one in speakers for span in one.spans_samples.tolist()]
    spans.sort(key=lambda one: one[:2])
    points: list[Point] = [(0, float(spans[0][2]))]
    longest, shortest = (s_to_samples(one, state.rate_hz) for one in (_CHANGE_S, _LEAST_CHANGE_S))
    reached = spans[0][1]
    is_on = spans[0][2]
    for start, stop, is_own in spans[1:]:
        if is_own != is_on:
            middle, length = (reached + start) // 2, min(max(start - reached, shortest), longest)
            begin = max(middle - length // 2, points[-1][0] + 1)
            points += [(begin, float(is_on)), (begin + length, float(is_own))]
        reached, is_on = max(reached, stop), is_own
    return [*points, (max(state.length_samples, points[-1][0] + 1), float(is_on))]


def _accepted(request: FinderRequest, levelled: Sequence[_Levelled], dips: Dips) -> DocumentState:
    """Return the document as it would be with all gains."""
    state = request.state
    made = {one.id: one for each in levelled for one in _proposals(request, each, dips)}
    decisions = {key: Decision(key, Verdict.ACCEPTED) for key in made}
    return replace(state, proposals={**state.proposals, **made}, decisions={**state.decisions, **decisions})


def _dips(request: FinderRequest, state: DocumentState, progress: Progress) -> Dips:
    """Return by how much the mix is lowered around its peaks; nothing if none is beyond the limit."""
    cell = cell_samples(state.rate_hz)
    peaks, between = list[NDArray[np.float32]](), BetweenSamples()
    with Renderer(state, in_place(state), request.media) as renderer:
        for block in _blocks(renderer, [(0, state.length_samples)], progress):
            peaks.append(between.in_cells(block, cell_starts(0, len(block), cell)))
    heights_db = 20.0 * np.log10(np.maximum(np.concatenate(peaks), 1e-9, dtype=np.float64))
    return dips_of(_PEAK_DBTP - _MARGIN_DB - heights_db, cell, state.rate_hz)


def dips_of(room_db: Floats, cell: int, rate_hz: int) -> list[tuple[int, float]]:
    """Return the points (sample, dB) of a lowering of each cell with less room than 0 dB.

    Parameters
    ----------
    room_db : from the peak of each cell to the limit, shape (cells,)
    cell : length of a cell in samples
    """
    fall, rise = s_to_samples(_FALL_S, rate_hz), s_to_samples(_RISE_S, rate_hz)
    flags = room_db < 0.0
    spans = runs(flags) * cell + np.array([-_HOLD_CELLS * cell, _HOLD_CELLS * cell])
    joined = united(spans + np.array([-fall, rise])) if len(spans) else spans
    points = []
    for first, last in joined.tolist():
        depth_db = float(room_db[max(0, first // cell) : last // cell + 1].min())
        points += [(first, 0.0), (first + fall, depth_db), (last - rise, depth_db), (last, 0.0)]
    return points


def _proposals(request: FinderRequest, one: _Levelled, dips: Dips) -> list[Proposal]:
    """Return the gain of a speaker; none if it would change nothing."""
    if abs(one.gain_db) < _LEAST_DB and not dips:
        return []
    gain_db = one.gain_db or _LEAST_DB
    points = _with_dips(one.points, dips, one.gain_db, gain_db)
    return gain_proposals(request, one.speaker.tracks, gain_db, points, _reason(one, dips))


def _with_dips(points: Sequence[Point], dips: Dips, meant_db: float, gain_db: float) -> list[Point]:
    """Return a curve whose gain is lowered by dips wherever it applies."""
    if not dips:
        return list(points)
    first, last = points[0][0], points[-1][0]
    places = np.unique([*(at for at, _ in points), *(at for at, _ in dips if first < at < last)])
    shares = np.interp(places, *np.array(points, np.float64).T)
    lowered = 10.0 ** (np.interp(places, *np.array(dips, np.float64).T) / 20.0)
    meant, full = 10.0 ** (meant_db / 20.0), 10.0 ** (gain_db / 20.0)
    found = shares * (meant * lowered - 1.0) / (full - 1.0)
    return list(zip(places.tolist(), found.tolist(), strict=True))


def _reason(one: _Levelled, dips: Dips) -> str:
    name, done = one.speaker.name or "Speech", "raised" if one.gain_db > 0.0 else "lowered"
    reason = (
        f"{name} {done} by {abs(one.gain_db):.1f} dB, from {one.before_lufs:.1f} to {one.after_lufs:.1f} LUFS"
    )
    if dips:
        reason += f"; peaks lowered in {counted(len(dips) // 4, 'place')} by up to {_deepest_db(dips):.1f} dB"
    return f"{reason}."


def _deepest_db(dips: Dips) -> float:
    """Return by how much the highest peak is lowered."""
    return -min((lowered_db for _, lowered_db in dips), default=0.0)


def _summary(
    speakers: Sequence[Speaker], proposals: Sequence[Proposal], wanted_lufs: float, deepest_db: float
) -> str:
    if not speakers:
        return "No speech was found, so nothing is proposed."
    if not proposals:
        return f"Every speaker is at {wanted_lufs:g} LUFS."
    done = f"{counted(len(speakers), 'speaker')} at {wanted_lufs:g} LUFS."
    if deepest_db < _DEEP_DB:
        return done
    return (
        f"{done} Peaks are lowered by up to {deepest_db:.0f} dB: choose a lower loudness to lower them less."
    )


LEVEL_VOICES = Finder(
    "Level voices",
    "Brings each speaker to one loudness, with peaks of up to -1 dBTP.",
    _find,
    LevelSettings,
)
