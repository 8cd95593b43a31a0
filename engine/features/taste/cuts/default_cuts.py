"""Cuts by default: where there is evidence of a fault, and only those that the user would make.

A rule found the fault, or the taste names its kind: music that is merely unlike the training data is not one.
Scores are blurred by seconds, so cuts of speech are whole phrases, each with evidence of its own. In
recordings without pulse and phrases, such as places, faults differ from the rest. Cuts follow those of the
user, which are measured in recordings whose cuts are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import means_of
from engine.core.timebase import Samples, inside, runs, united
from engine.document.analysis import (
    APART_BEATS,
    FRAGMENT,
    LONG_PAUSE,
    NOWHERE,
    OTHER_LEVEL,
    OTHER_TEMPO,
    PHRASE_LEVEL,
    RESTART,
    BeatGrid,
    Listening,
    ScoreCurve,
)
from engine.document.pulse import steady_spans
from engine.features.taste.anomaly.cut_habits import RecordingCuts
from engine.features.taste.anomaly.phrases import are_spoken, sounding_spans
from engine.features.taste.anomaly.threshold import HIGHEST_LIMIT, SURELY_ODD, score_of, to_standard
from engine.features.taste.cuts.regions import ChosenCuts
from engine.review.wording import NOT_FAULTS, RHYTHM, UNLIKE_REST, fault_parts

PART_S = 10.0
_UNLIKE_REST = 1.2
"""Times the highest distance of the training data from the rest of itself; clean places have up to 1.1."""
_FOREIGN, _INNER = 2.0, 0.25
"""Times the highest values in the training data: voices and rooms of their own have at most 1.6 times."""
_MOSTLY_FOUND = 0.4
"""Rules have found at least this share of a part."""

_PLAIN_PARTS = 3
"""This number of parts in a row without evidence of a fault is not cut."""
_MOSTLY_NEW = 0.5
_USUAL_FROM_S = 60.0
"""The sound of new songs is known from this much of them on; a shorter one can be a fault as a whole."""
_CERTAIN = 1.2
"""A part of the score this many times its highest value in the training data is certain evidence."""
_EXACT = (OTHER_LEVEL, PHRASE_LEVEL, LONG_PAUSE)
_OF_A_RULE = 0.5
"""The evidence of a rule that is wrong now and then; dead air and levels are exact."""

LEAST_STRONG_S = 5.0
"""A shorter cut by the score alone has weak evidence: most false cuts of music are short."""

_OF_PHRASES = 1.25
"""Sentences differ more than ten seconds of music: more evidence is asked of them."""
_MOST = 0.5
_PULSE_BEATS = 48


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """A recording and its analyses, see `engine.features.taste.cuts.propose.propose_cuts`."""

    curve: ScoreCurve
    listening: Listening | None
    grid: BeatGrid | None
    length_samples: int
    rate_hz: int

    @cached_property
    def phrases(self) -> Samples:
        """The phrases of speech, shape (k, 2)."""
        return NOWHERE if self.has_pulse else phrases_in(self.listening, self.rate_hz)

    @property
    def is_place(self) -> bool:
        """Whether the recording is neither music with a pulse nor speech."""
        return self.listening is not None and not self.has_pulse and not len(self.phrases)

    @cached_property
    def has_pulse(self) -> bool:
        """Whether the recording is music with a pulse."""
        return self.grid is not None and has_pulse(self.grid)

    @property
    def dead_air(self) -> Samples:
        """The dead air, shape (k, 2)."""
        return NOWHERE if self.listening is None else self.listening.dead_air_samples

    @cached_property
    def found_by_rules(self) -> Samples:
        """Dead air and faults found by rules, shape (k, 2): evidence even in unfamiliar music."""
        starts, faults = self.curve.false_starts_samples[:, :2], self.curve.faults_samples
        return united(np.concatenate([self.dead_air, starts, faults]))

    def are_evident(self, spans: Samples, least: float = 1.0) -> NDArray[np.bool_]:
        """Return whether spans, shape (n, 2), are faults; at a place, sound unlike the rest is one."""
        evident = are_faults(spans, self.curve, self.found_by_rules, self.rate_hz, least)
        return evident | are_unlike_rest(spans, self.curve, self.rate_hz) if self.is_place else evident


def has_pulse(grid: BeatGrid) -> bool:
    """Return whether a run of beats is long enough for music: a few follow each other in speech too."""
    between = np.diff(grid.beats_samples)
    breaks = np.flatnonzero(between > APART_BEATS * np.median(between)) if len(between) else between
    return bool(np.diff(np.concatenate([[-1], breaks, [len(between)]])).max() >= _PULSE_BEATS)


def evident_cuts(
    recording: ScoredRecording, chosen: ChosenCuts, exact: Samples, least_kept: int
) -> tuple[ChosenCuts, Samples]:
    """Return the user's sort of cuts with evidence, and edges that stay; of speech, phrases that have it.

    Parameters
    ----------
    exact : spans with edges of their own, shape (k, 2), ascending and disjoint
    least_kept : a shorter rest between two evident phrases is cut with them
    """
    curve, rate_hz, fixed = recording.curve, recording.rate_hz, exact.ravel()
    chosen = chosen.where(are_usual(chosen.spans, curve, recording.grid, recording.listening, rate_hz))
    phrases = recording.phrases
    if not len(phrases):
        if recording.is_place:
            spans = sharpened(chosen.spans, exact, curve)
        else:
            spans = without_plain_music(chosen.spans, curve, recording.found_by_rules, rate_hz)
        if not np.array_equal(spans, chosen.spans):
            chosen = replace(chosen, spans=spans, scored=spans)
        return chosen.where(recording.are_evident(chosen.spans)), fixed
    spans = evident_phrases(
        chosen.spans,
        phrases,
        exact,
        least_kept,
        lambda some: recording.are_evident(some, _OF_PHRASES) | are_foreign(some, curve),
    )
    return replace(chosen, spans=spans, scored=spans), np.append(fixed, np.setdiff1d(spans, chosen.spans))


def are_weak(
    spans: Samples, recording: ScoredRecording, unfamiliar: Samples, is_default: bool
) -> NDArray[np.bool_]:
    """Return which cuts, shape (n, 2), have weak evidence.

    Those are mostly unfamiliar music, or short, unless rules found most of them. By default, those without
    certain evidence are weak, too.
    """
    by_rules = share_in(spans, recording.found_by_rules)
    is_short = np.diff(spans)[:, 0] < LEAST_STRONG_S * recording.rate_hz
    is_weak: NDArray[np.bool_] = (is_short | (share_in(spans, unfamiliar) >= _MOST)) & (by_rules < _MOST)
    if is_default:
        is_weak |= ~are_certain(spans, recording.curve, recording.dead_air, recording.rate_hz)
    return is_weak


def share_in(spans: Samples, found: Samples) -> NDArray[np.float64]:
    """Return the share of each span, shape (n, 2), inside others, shape (k, 2), ascending and disjoint."""
    edges = np.append(found.ravel(), np.iinfo(np.int64).max)
    upto = np.append(0, np.cumsum(np.diff(found)[:, 0]))

    def before(positions: NDArray[np.int64]) -> NDArray[np.int64]:
        number = np.searchsorted(found[:, 1], positions, side="right")
        inside: NDArray[np.int64] = upto[number] + np.maximum(0, positions - edges[2 * number])
        return inside

    return (before(spans[:, 1]) - before(spans[:, 0])) / np.diff(spans)[:, 0]


def are_faults(
    spans: Samples, curve: ScoreCurve, found: Samples, rate_hz: int, least: float = 1.0
) -> NDArray[np.bool_]:
    """Return whether there is evidence of faults in most of each span; True where it cannot be known.

    Spans, shape (n, 2), are divided into equal parts of about `PART_S`, since a long one has several kinds of
    fault. In each of them, the mean of a part of the score above its highest value in the training data is
    evidence.

    Parameters
    ----------
    found : spans that rules found, shape (k, 2), ascending and disjoint
    least : times the highest value in the training data
    """
    if not len(curve.part_limits) or not len(spans):
        return np.ones(len(spans), bool)
    parts, counts = _parts_of(spans, rate_hz)
    return _mostly(_are_evident(parts, curve, found, rate_hz, least), counts)


def without_plain_music(spans: Samples, curve: ScoreCurve, found: Samples, rate_hz: int) -> Samples:
    """Return spans, shape (n, 2), without long passages that have no evidence of faults; see `are_faults`."""
    if not len(curve.part_limits) or not len(spans):
        return spans
    parts, counts = _parts_of(spans, rate_hz)
    is_evident = _are_evident(parts, curve, found, rate_hz)
    rest: list[tuple[int, int]] = []
    ends = np.cumsum(counts)
    for first, last in zip((ends - counts).tolist(), ends.tolist(), strict=True):
        plain = first + runs(~is_evident[first:last], _PLAIN_PARTS)
        edges = [first, *plain.ravel().tolist(), last]
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop > start:
                rest.append((int(parts[start, 0]), int(parts[stop - 1, 1])))
    return np.array(rest, np.int64).reshape(-1, 2)


def are_unlike_rest(spans: Samples, curve: ScoreCurve, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether most of each span, shape (n, 2), is further from the recording's rest than edits are."""
    if UNLIKE_REST not in curve.part_names or not len(curve.part_limits) or not len(spans):
        return np.zeros(len(spans), bool)
    parts, counts = _parts_of(spans, rate_hz)
    unlike = _relative(parts, curve, [curve.part_names.index(UNLIKE_REST)])[:, 0]
    return _mostly(unlike >= _UNLIKE_REST, counts)


def _are_evident(
    parts: Samples, curve: ScoreCurve, found: Samples, rate_hz: int, least: float = 1.0
) -> NDArray[np.bool_]:
    """Return of each part of a span whether rules found most of it, or a kind of fault scores high there."""
    high = _highest_parts(parts, curve, rate_hz) >= least
    return high | (share_in(parts, found) >= _MOSTLY_FOUND)


def _mostly(are_true: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return of each span whether at least half of its parts are true."""
    true = np.add.reduceat(are_true.astype(np.int64), np.cumsum(counts) - counts)
    return 2 * true >= counts


def are_certain(spans: Samples, curve: ScoreCurve, dead_air: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Return whether there is certain evidence in all of each span, shape (n, 2); True if it is not known.

    A part of the score far above the training data is certain, or exact rules are, or two signs together.
    """
    if not len(curve.part_limits) or not len(spans):
        return np.ones(len(spans), bool)
    parts, counts = _parts_of(spans, rate_hz)
    kinds = np.array(curve.fault_kinds)
    exact = united(np.concatenate([dead_air, curve.faults_samples[np.isin(kinds, _EXACT)]]))
    others = [united(curve.faults_samples[kinds == kind]) for kind in (FRAGMENT, OTHER_TEMPO, RESTART)]
    certainty = _highest_parts(parts, curve, rate_hz) / _CERTAIN
    for found in (united(curve.false_starts_samples[:, :2]), *others):
        certainty += _OF_A_RULE * (share_in(parts, found) >= _MOSTLY_FOUND)
    is_certain = (certainty >= 1.0) | (share_in(parts, exact) >= _MOSTLY_FOUND)
    return np.logical_and.reduceat(is_certain, np.cumsum(counts) - counts)


def _parts_of(spans: Samples, rate_hz: int) -> tuple[Samples, NDArray[np.int64]]:
    """Return spans in equal parts of about `PART_S`, shape (k, 2), and the number of parts of each."""
    counts = np.maximum(1, np.rint(np.diff(spans)[:, 0] / (PART_S * rate_hz)).astype(np.int64))
    edges = [
        np.linspace(start, stop, count + 1)
        for (start, stop), count in zip(spans.tolist(), counts.tolist(), strict=True)
    ]
    parts = np.rint(np.concatenate([np.stack([one[:-1], one[1:]], axis=1) for one in edges])).astype(np.int64)
    return parts, counts


def are_foreign(spans: Samples, curve: ScoreCurve) -> NDArray[np.bool_]:
    """Return whether most of each span, shape (n, 2), is far from the edits and the rest of the recording.

    A voice or a room that a recording has again and again is like its rest.
    """
    unlike = [number for number, name in enumerate(curve.part_names) if name in NOT_FAULTS]
    if not len(curve.part_limits) or len(unlike) < len(NOT_FAULTS):
        return np.zeros(len(spans), bool)
    least = (curve.parts[:, unlike] / curve.part_limits[unlike]).min(axis=1)
    first, last = np.searchsorted(curve.times_samples, spans).T
    here = (least[start:stop] for start, stop in zip(first.tolist(), last.tolist(), strict=True))
    # The sound before and after is scored together with a phrase: its ends say little.
    return np.array([len(one) > 0 and np.quantile(one, _INNER) >= _FOREIGN for one in here], bool)


def _highest_parts(spans: Samples, curve: ScoreCurve, rate_hz: int) -> NDArray[np.float64]:
    """Return the highest part of the score of each span, relative to its highest value in the edits.

    A song that no edit plays has a rhythm of its own, and its kit or an instrument can resemble a fault
    throughout: over a minute of such songs, a part counts by how far it is above its median there.
    """
    faults = fault_parts(curve.part_names)
    values = _relative(spans, curve, faults)
    is_rhythm = np.array([curve.part_names[number] == RHYTHM for number in faults], bool)
    is_new = share_in(spans, curve.unfamiliar_samples) >= _MOSTLY_NEW
    values[np.ix_(is_new, is_rhythm)] = 0.0
    if np.diff(curve.unfamiliar_samples).sum() >= _USUAL_FROM_S * rate_hz:
        here = inside(curve.times_samples, united(curve.unfamiliar_samples))
        usual = np.median(curve.parts[here][:, faults], axis=0) / curve.part_limits[faults]
        values[is_new] -= np.maximum(usual, 0.0)
    highest: NDArray[np.float64] = values.max(axis=1, initial=0.0)
    return highest


def _relative(spans: Samples, curve: ScoreCurve, numbers: list[int]) -> NDArray[np.float64]:
    """Return the means of parts of the score in spans, shape (n, k), relative to the highest in the edits."""
    limits = curve.part_limits[numbers].astype(np.float64)
    first, last = np.searchsorted(curve.times_samples, spans).T
    return means_of(curve.parts[:, numbers] / limits, first, last)


_FEWEST = 8
"""Fewer phrases are not speech."""
_MOSTLY = 0.7
_MARGIN_S = 0.1
"""Cut before and after a phrase, at most half of a pause: words end softly."""


def evident_phrases(
    spans: Samples,
    phrases: Samples,
    exact: Samples,
    least_kept: int,
    are_evident: Callable[[Samples], NDArray[np.bool_]],
) -> Samples:
    """Return the evident phrases of spans, shape (n, 2), ascending and disjoint.

    A phrase belongs to the span that covers most of it. A span with none is taken as a whole. Of a long
    pause, a usual one stays, half of it at each end.

    Parameters
    ----------
    phrases : of the recording, see `phrases_in`
    exact : spans with edges of their own, shape (k, 2), ascending and disjoint
    least_kept : a shorter rest between two evident parts of a span is cut with them
    """
    spare = int(np.median(phrases[1:, 0] - phrases[:-1, 1])) // 2
    first, last = np.searchsorted(phrases.mean(axis=1), exact).T
    is_pause = (first == last) & (np.diff(exact)[:, 0] > 4 * spare)
    exact = exact + np.array([spare, -spare]) * is_pause[:, None]
    parts = [_divided(start, stop, phrases, exact) for start, stop in spans.tolist()]
    if not parts:
        return spans
    owners = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    every, longer = np.concatenate(parts), np.array([0, least_kept])
    is_evident = are_evident(every)
    found = [united(every[is_evident & (owners == owner)] + longer) - longer for owner in range(len(parts))]
    return np.concatenate(found)


def phrases_in(listening: Listening | None, rate_hz: int) -> Samples:
    """Return phrases with a part of the pauses around, shape (k, 2); none where they are few."""
    if listening is None:
        return NOWHERE
    hop = listening.hop_samples
    spans = sounding_spans(listening.loudness_db, hop / rate_hz) * hop
    if len(spans) < _FEWEST or not are_spoken(np.diff(spans)[:, 0] / rate_hz):
        return NOWHERE
    spare = np.minimum(round(_MARGIN_S * rate_hz), (spans[1:, 0] - spans[:-1, 1]) // 2)
    wide: Samples = spans + np.stack([-np.append(0, spare), np.append(spare, 0)], axis=1)
    return wide


def _divided(start: int, stop: int, phrases: Samples, exact: Samples) -> Samples:
    covered = np.minimum(stop, phrases[:, 1]) - np.maximum(start, phrases[:, 0])
    belong = phrases[covered >= _MOSTLY * np.diff(phrases)[:, 0]]
    known = exact[(exact[:, 1] > start) & (exact[:, 0] < stop)]
    if not len(belong) and not len(known):
        return np.array([(start, stop)], np.int64)
    return np.concatenate([belong, np.clip(known, start, stop)])


_MOST_FAULTS = 0.75
"""At most this share of a recording is faults: the rest shows how unlike the training data it is."""
_LEAST_LEFT = 0.5


def with_own_level(curve: ScoreCurve) -> ScoreCurve:
    """Return a curve with limits above the usual scores of the recording, if these are above the edits.

    Another day at the same place, or another side of it, sounds different from beginning to end. Faults that
    rules find stay faults.
    """
    usual = 1.0 - _MOST_FAULTS
    standard = to_standard(np.array([curve.limit, float(np.quantile(curve.scores, usual))]))
    limit = min(score_of(float(standard[0] + max(0.0, standard[1]))), HIGHEST_LIMIT)
    is_fault = inside(curve.times_samples, united(curve.faults_samples))
    scores = np.where(is_fault, np.maximum(curve.scores, np.float32(SURELY_ODD)), curve.scores)
    limits = curve.part_limits
    if len(limits):
        limits = (limits + np.maximum(0.0, np.quantile(curve.parts, usual, axis=0))).astype(np.float32)
    return replace(curve, limit=max(curve.limit, limit), scores=scores, part_limits=limits)


def sharpened(spans: Samples, exact: Samples, curve: ScoreCurve) -> Samples:
    """Return spans, shape (n, 2), without the ends where scores rise and fall, since they are blurred.

    A score half-way between those outside and inside is at the edge of a fault.

    Parameters
    ----------
    exact : edges in any shape, which stay
    """
    times, standard = curve.times_samples, to_standard(curve.scores.astype(np.float64))
    first, last = np.searchsorted(times, spans).T
    outside = np.ones(len(times), bool)
    for start, stop in zip(first.tolist(), last.tolist(), strict=True):
        outside[start:stop] = False
    if not outside.any():
        return spans
    low, found = float(np.median(standard[outside])), spans.copy()
    for row, (start, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        inner = standard[start:stop]
        high = start + np.flatnonzero(inner >= 0.5 * (low + np.median(inner))) if len(inner) else inner
        if len(high) and times[high[-1]] - times[high[0]] > _LEAST_LEFT * (spans[row, 1] - spans[row, 0]):
            found[row] = np.where(np.isin(spans[row], exact), spans[row], times[high[[0, -1]]])
    return found


_BESIDE_S, _MOSTLY_BESIDE, _MOSTLY_IN = 4.0, 0.75, 0.5
"""Two bars on either side; a song fades within them before it ends."""
_PAUSE_S, _WINDOW_S, _SOFTER_DB = 0.6, 3.0, 20.0
_LOWEST, _ABOVE_DB = 1.0, 15.0
"""A pause reaches the lowest levels of the recording: fewer or softer players do not make one."""
_NEAR_S = 1.0
_LEAST_CUT_S = 0.5
"""Less may be a codec or a crossfade."""


def cuts_of_recording(
    cut: Samples,
    rejected: Samples,
    length_samples: int,
    rate_hz: int,
    grid: BeatGrid | None,
    listening: Listening | None,
) -> RecordingCuts:
    """Measure the cuts of one recording.

    Parameters
    ----------
    cut, rejected : spans [start, stop) that the user cut, and proposed ones that stay, shape (n, 2)
    """
    cut = cut[np.diff(cut)[:, 0] >= _LEAST_CUT_S * rate_hz]
    inside, kept = (
        int(np.count_nonzero(inside_songs(spans, grid, listening, rate_hz))) for spans in (cut, rejected)
    )
    lengths_s = tuple(sorted((np.diff(cut)[:, 0] / rate_hz).tolist()))
    return RecordingCuts(lengths_s, inside, kept, length_samples / rate_hz)


def are_usual(
    spans: Samples, curve: ScoreCurve, grid: BeatGrid | None, listening: Listening | None, rate_hz: int
) -> NDArray[np.bool_]:
    """Return which cuts, shape (n, 2), are like the user's, as far as the curve knows them, shape (n,)."""
    usual: NDArray[np.bool_] = np.diff(spans)[:, 0] >= curve.shortest_cut_s * rate_hz
    return usual & ~inside_songs(spans, grid, listening, rate_hz) if curve.keeps_songs else usual


def inside_songs(
    spans: Samples, grid: BeatGrid | None, listening: Listening | None, rate_hz: int
) -> NDArray[np.bool_]:
    """Return which cuts are inside a song, shape (n,); none if beats or levels are not known.

    A cut is inside a song if a steady pulse goes on for four seconds before it, in most of it, and for four
    seconds after it, without a pause in it or at its edges.

    Parameters
    ----------
    spans : cuts [start, stop), shape (n, 2)
    """
    if grid is None or listening is None or not len(spans):
        return np.zeros(len(spans), bool)
    pulse, beside, near = steady_spans(grid), round(_BESIDE_S * rate_hz), round(_NEAR_S * rate_hz)
    starts, stops = spans.T
    before = share_in(np.stack([starts - beside, starts], axis=1), pulse)
    after = share_in(np.stack([stops, stops + beside], axis=1), pulse)
    pauses = share_in(np.stack([starts - near, stops + near], axis=1), _pauses(listening, pulse, rate_hz))
    goes_on = np.minimum(before, after) >= _MOSTLY_BESIDE
    found: NDArray[np.bool_] = goes_on & (share_in(spans, pulse) >= _MOSTLY_IN) & (pauses == 0.0)
    return found


def _pauses(listening: Listening, pulse: Samples, rate_hz: int) -> Samples:
    """Return dead air and other pauses of a recording, shape (k, 2), ascending and disjoint."""
    levels_db, hop = listening.loudness_db, listening.hop_samples
    played = [levels_db[start // hop : stop // hop + 1] for start, stop in pulse.tolist()]
    if not sum(map(len, played)):
        return listening.dead_air_samples
    most_db = min(
        float(np.median(np.concatenate(played))) - _SOFTER_DB,
        float(np.percentile(levels_db, _LOWEST)) + _ABOVE_DB,
    )
    # Talk pauses as well, for moments: their sum counts.
    width = max(1, round(_WINDOW_S * rate_hz / hop))
    soft = np.convolve(levels_db <= most_db, np.ones(width), "same") * hop >= _PAUSE_S * rate_hz
    return united(np.concatenate([listening.dead_air_samples, runs(soft) * hop]))
