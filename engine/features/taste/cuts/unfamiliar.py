"""Music that the training data lacks: a question for the user, not a fault.

A fault is unlike the playing around it. An unfamiliar song is as unlike, but from its beginning to its end:
so a passage in which nearly all moments of many seconds score high is one question. A song can also sound
like the training data and differ by its notes alone. Faults in it are found as in any music, so a question
about a song may contain cuts. Once the user keeps a passage, nothing like it is a fault, or unfamiliar.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.core.timebase import Samples, format_time, inside, outside, samples_to_s, united
from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.proposals import QUESTION, UNFAMILIAR, Evidence, Proposal, proposal_id
from engine.document.pulse import has_music, steady_spans
from engine.features.taste.anomaly.threshold import (
    HIGHEST_LIMIT,
    SMOOTHING_S,
    smoothed,
    to_scores,
    to_standard,
)
from engine.features.taste.cuts.default_cuts import ScoredRecording, share_in
from engine.features.taste.cuts.profile import CELL_S, ScoreProfile
from engine.features.taste.cuts.regions import DecidedSpans

LIMIT_SHARE = 0.8
"""A moment above this share of the limit, in standard deviations, is unlike the training data."""

WINDOW_S, MOST = 20.0, 0.75
"""A passage is the union of the windows of this length in which this share of the playing is unlike it."""

JOINED_S = 15.0
"""Playing up to this length between two such passages belongs to them, as a familiar bridge does."""

REST_S = 4.0
"""Dead air of this length ends a passage, as it ends a song."""

HOLE_S = 10.0
"""A shorter part without a pulse belongs to the music around it, as a fermata does."""

LEAST_ATTACKS_PER_S = 2.0
"""Bands attack as often or more, see `engine.features.takes.playing`."""


def unlike_from(limit: float) -> float:
    """Return the score from which music is unlike the training data; `limit` is that of cuts."""
    return float(to_scores(LIMIT_SHARE * to_standard(np.array([limit])))[0])


@dataclass(frozen=True, slots=True, eq=False)
class Unfamiliar:
    """The unfamiliar sound of a recording.

    Attributes
    ----------
    recording : with limits that familiar passages have raised
    passages : shape (k, 2), the unfamiliar ones
    asked : shape (m, 2), those that are questions: none has a decided span
    stays : shape (n, 2), rejected and familiar spans, and the playing that these make familiar
    """

    recording: ScoredRecording
    passages: Samples
    asked: Samples
    stays: Samples


def find_unfamiliar(
    recording: ScoredRecording,
    profile: ScoreProfile,
    answered: DecidedSpans,
    familiar: Samples,
    *,
    is_default: bool,
) -> Unfamiliar:
    """Find the passages that the training data lacks; only the default asks about them.

    Parameters
    ----------
    familiar : passages [start, stop), shape (n, 2), ascending and disjoint, that the user keeps
    """
    curve = recording.curve
    passages = unfamiliar_passages(recording, profile, unlike_from(curve.limit))
    if is_default and len(taught := _taught(curve, passages, familiar)):
        curve = with_familiar(curve, taught, recording.rate_hz)
        recording = replace(recording, curve=curve)
        passages = unfamiliar_passages(recording, profile, curve.limit)
    stays = united(np.concatenate([answered.rejected, familiar, familiar_songs(curve, familiar)]))
    asked = passages if is_default else passages[:0]
    if curve.knows_music and has_music(recording.grid):  # then songs are asked about, unlike passages of them
        asked = asked[share_in(asked, curve.unfamiliar_samples) >= _MOSTLY]
    answers = united(np.concatenate([answered.accepted, stays]))
    first = np.searchsorted(answers[:, 1], asked[:, 0], side="right")
    last = np.searchsorted(answers[:, 0], asked[:, 1], side="left")
    return Unfamiliar(recording, passages, asked[first >= last], stays)


def questions(found: Unfamiliar, cut: Samples, profile: ScoreProfile, crossfade_ms: float) -> list[Proposal]:
    """Return a weak cut for each unfamiliar passage and song, so that no bulk answer cuts it.

    Parameters
    ----------
    cut : spans [start, stop), shape (n, 2), ascending and disjoint, that are proposed or accepted
    """
    grid, rate_hz, maker = found.recording.grid, found.recording.rate_hz, found.recording.curve.maker
    songs = unfamiliar_songs(found.recording, cut, found.stays)
    passages = without_songs(found.asked, songs, rate_hz)
    every = np.concatenate([passages, songs])
    scores, _ = profile.peaks(every[:, 0], every[:, 1])
    return [
        Proposal(
            id=proposal_id("cut", start, stop, maker),
            kind="cut",
            start_samples=start,
            stop_samples=stop,
            score=score,
            reason=question(start, stop, grid, rate_hz, is_song=number >= len(passages)),
            maker=maker,
            payload={"crossfade_ms": crossfade_ms, QUESTION: UNFAMILIAR},
            evidence=Evidence.WEAK,
        )
        for number, ((start, stop), score) in enumerate(zip(every.tolist(), scores.tolist(), strict=True))
    ]


def _taught(curve: ScoreCurve, unfamiliar: Samples, familiar: Samples) -> Samples:
    """Return the passages that the user keeps and that score high throughout, shape (k, 2).

    The others are songs that only their notes make unfamiliar: their highest scores can be faults.
    """
    is_song = share_in(familiar, curve.unfamiliar_samples) >= _MOSTLY
    is_high = share_in(familiar, unfamiliar) >= _MOSTLY
    is_familiar = share_in(unfamiliar, familiar[~is_song | is_high]) >= _MOSTLY
    return united(np.concatenate([familiar[~is_song], unfamiliar[is_familiar]]))


def unfamiliar_passages(recording: ScoredRecording, profile: ScoreProfile, line: float) -> Samples:
    """Return the passages [start, stop) that are unlike the training data throughout, shape (k, 2).

    In a recording with music, a part without a steady pulse counts as talk, tuning or noodling. Passages with
    hardly any attacks are left out, as of tuning, and those with evidence of faults.

    Parameters
    ----------
    line : moments of a higher score are unlike the training data, see `unlike_from`
    """
    not_music, grid, rate_hz = recording.found_by_rules, recording.grid, recording.rate_hz
    if grid is not None and has_music(grid):
        pulse = steady_spans(grid, round(HOLE_S * rate_hz))
        not_music = united(np.concatenate([not_music, outside(pulse, 0, profile.length_samples)]))
    passages = _unlike_throughout(profile, not_music, line, rate_hz)
    if recording.listening is not None:
        first, last = np.searchsorted(recording.listening.onsets_samples, passages).T
        passages = passages[last - first >= LEAST_ATTACKS_PER_S * np.diff(passages)[:, 0] / rate_hz]
    return passages[~recording.are_evident(passages)] if len(recording.curve.part_limits) else passages


def _unlike_throughout(profile: ScoreProfile, not_music: Samples, line: float, rate_hz: int) -> Samples:
    """Return the passages in which nearly all moments are unlike the training data, divided at rests."""
    edges, width = profile.edges_samples, round(WINDOW_S / CELL_S)
    is_played = ~inside((edges[1:] + edges[:-1]) / 2, not_music)
    is_unlike = is_played & (profile.scores > line)
    if len(is_unlike) < width:
        return np.zeros((0, 2), np.int64)
    played, unlike = (
        np.lib.stride_tricks.sliding_window_view(np.concatenate([[0], np.cumsum(one)]), width + 1)[:, [0, -1]]
        for one in (is_played, is_unlike)
    )
    played_cells, unlike_cells = np.diff(played)[:, 0], np.diff(unlike)[:, 0]
    first = np.flatnonzero((played_cells >= width / 2) & (unlike_cells >= MOST * played_cells))
    windows = united(np.stack([first, first + width], axis=1))
    trimmed = [
        (start + found[0], start + found[-1] + 1)
        for start, stop in windows.tolist()
        if len(found := np.flatnonzero(is_unlike[start:stop]))
    ]
    spans = edges[np.array(trimmed, np.int64).reshape(-1, 2)]
    rests = not_music[np.diff(not_music)[:, 0] >= REST_S * rate_hz]
    # Passages with little playing between them are one, unless there is a rest.
    gaps = np.stack([spans[:-1, 1], spans[1:, 0]], axis=1)
    has_rest = np.array([bool(((rests[:, 0] < b) & (rests[:, 1] > a)).any()) for a, b in gaps.tolist()], bool)
    small = gaps[(np.diff(gaps)[:, 0] <= JOINED_S * rate_hz) & ~has_rest]
    joined = united(np.concatenate([spans, small]))
    parts = [outside(np.clip(rests, start, stop), start, stop) for start, stop in joined.tolist()]
    whole: Samples = np.concatenate([np.zeros((0, 2), np.int64), *parts])
    return whole[np.diff(whole)[:, 0] >= WINDOW_S / 2 * rate_hz]


def question(start: int, stop: int, grid: BeatGrid | None, rate_hz: int, *, is_song: bool = False) -> str:
    """Return the sentence that asks about a passage, or a song that only its notes make unfamiliar."""
    span = " to ".join(format_time(samples_to_s(at, rate_hz), 0) for at in (start, stop))
    answers = "Reject it to keep it, accept it to cut it."
    if grid is None:
        return f"Unfamiliar sound, {span}. {answers}"
    if is_song:
        return f"Unfamiliar music, {span}: steady tempo, and no edit of yours plays it. {answers}"
    if has_music(grid):  # then a passage has a pulse
        return f"Unfamiliar music, {span}: steady tempo. {answers}"
    return f"Unfamiliar sound, {span}: no steady tempo, so it may be talk, tuning or free playing. {answers}"


_MOSTLY = 0.5
_SLIVER_S = 3.0
"""A shorter part between a cut and an end of a song belongs to the cut."""


def familiar_songs(curve: ScoreCurve, familiar: Samples) -> Samples:
    """Return the playing, shape (k, 2), ascending, with the music of passages that are familiar by now.

    Parameters
    ----------
    familiar : passages [start, stop), shape (n, 2), ascending and disjoint
    """
    played, songs = curve.unfamiliar_samples, curve.unfamiliar_songs
    return played[np.isin(songs, songs[share_in(played, familiar) >= _MOSTLY])]


def unfamiliar_songs(recording: ScoredRecording, cut: Samples, answered: Samples) -> Samples:
    """Return the unfamiliar playing to ask about, shape (k, 2), ascending and disjoint; none without beats.

    Parameters
    ----------
    cut : spans [start, stop), shape (n, 2), ascending and disjoint, that are proposed or accepted
    answered : spans [start, stop) that stay or are familiar, the same
    """
    curve, rate_hz = recording.curve, recording.rate_hz
    if recording.grid is None or not has_music(recording.grid):
        return curve.unfamiliar_samples[:0]
    pulse = steady_spans(recording.grid, round(HOLE_S * rate_hz))
    played = np.minimum(curve.unfamiliar_samples, recording.length_samples)
    played = played[share_in(played, answered) < _MOSTLY]
    songs = []
    for start, stop in played.tolist():
        inner = np.clip(cut, start, stop)
        parts = outside(inner[inner[:, 1] > inner[:, 0]], start, stop)
        parts = parts[np.diff(parts)[:, 0] >= _SLIVER_S * rate_hz]
        lengths = np.diff(parts)[:, 0]
        left = int(lengths.sum())
        if left < max(WINDOW_S * rate_hz, _MOSTLY * (stop - start)):
            continue
        has_pulse = float(share_in(parts, pulse) @ lengths) >= _MOSTLY * left
        attacks = np.inf  # not known
        if recording.listening is not None:
            attacks = float(np.diff(np.searchsorted(recording.listening.onsets_samples, parts)).sum())
        if has_pulse and attacks >= LEAST_ATTACKS_PER_S * left / rate_hz:
            songs.append((parts[0, 0], parts[-1, 1]))
    return np.array(songs, np.int64).reshape(-1, 2)


def without_songs(passages: Samples, songs: Samples, rate_hz: int) -> Samples:
    """Return unfamiliar passages, shape (n, 2), without the songs in them, and without short remains."""
    parts = [passages[:0]]
    for start, stop in passages.tolist():
        inner = np.clip(songs, start, stop)
        found = outside(inner[inner[:, 1] > inner[:, 0]], start, stop)
        whole = len(found) == 1 and bool(np.all(found == (start, stop)))
        parts.append(found if whole else found[np.diff(found)[:, 0] >= WINDOW_S * rate_hz])
    return np.concatenate(parts)


_HIGH = 0.99
"""This share of a passage is below the limits afterwards."""


def with_familiar(curve: ScoreCurve, passages: Samples, rate_hz: int) -> ScoreCurve:
    """Return a curve with limits as high as the scores in passages [start, stop), shape (k, 2), or higher.

    Faults that rules find stay faults.
    """
    ruled = np.concatenate([curve.false_starts_samples[:, :2], curve.faults_samples])
    times = curve.times_samples
    here = inside(times, passages) & ~inside(times, united(ruled))
    if np.count_nonzero(here) < 2:
        return curve
    hop = float(np.median(np.diff(times))) / rate_hz
    width = max(1, round(SMOOTHING_S / 2.0 / hop))
    limit = float(np.quantile(smoothed(curve.scores, width)[here], _HIGH))
    limits = curve.part_limits
    if len(limits):
        parts = [np.quantile(smoothed(one, width)[here], _HIGH) for one in curve.parts.T]
        limits = np.maximum(limits, np.array(parts, np.float32))
    return replace(curve, limit=min(max(curve.limit, limit), HIGHEST_LIMIT), part_limits=limits)
