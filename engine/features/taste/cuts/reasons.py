"""Reasons of cuts, a sentence of measured facts each, and the most similar reference passages.

The sentence names the place of the cut, its length, at most two sounds in it, and how unlike the training
data it is. Evenness of hits is one term of the pairwise variability index (Grabe and Low, "Durational
variability in speech", 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import means_of
from engine.core.timebase import Samples, format_time, inside, runs
from engine.document.analysis import (
    FRAGMENT,
    LONG_PAUSE,
    OTHER_LEVEL,
    OTHER_TEMPO,
    PHRASE_LEVEL,
    RESTART,
    Listening,
    NearestReference,
    ScoreCurve,
)
from engine.document.proposals import ReferenceExample
from engine.features.taste.cuts.profile import PAUSES, DeadAirIn, Numbers, ScoreProfile, dead_air_in
from engine.review.wording import RHYTHM, part_wording

QUIET_BELOW_DB = 25.0
"""A hop this far below the median level of the remaining audio is quiet: below any decaying note."""

SILENCE_DB = -60.0
FLOOR_DB = -80.0
"""Levels below count as this, so that digital silence does not outweigh everything else in a mean."""

STOP_S = 0.5
"""A quiet segment of this length counts as a stop of the playing."""

UNEVEN = 1.5
"""Minimum ratio of the unevenness of hits to that of the remaining audio for a mention."""

FAR_TIMES = 2.0
"""Ratio to the distance of the remaining audio above which a span counts as unlike the reference audio."""

SURELY, PERHAPS = 3.0, 1.0
"""How far ahead of all other kinds of fault, in standard deviations, one must be to be named. Measured:
docs/decisions/0019."""

ANOTHER_RHYTHM = 1.5
"""How many standard deviations less like the rest than usual a rhythm must be on the whole to be spoken of,
where no kind of fault is named and the playing does not stop."""

_PLAYED = 0.2

_NEARLY_ALL, _MOST, _LEAST_DEAD_S = 0.9, 0.5, 1.0
"""How much of a cut is dead air where it is named for it alone and where likeness is not spoken of, and how
long it is where it is spoken of at all."""

_OF_START, _OF_CUT = 0.6, 0.3
"""Least share of a false start in a cut, and of a cut in it, for a mention."""

_DESCRIBED_AS: Mapping[str, str] = {
    "altered": "sounds reversed, muffled or doubled",
    "bad-join": "sounds badly joined",
    "cut-before": "sounds like your earlier cuts",
    "dropout": "drops in level",
    "false-start": "sounds like a false start",
    "noise": "sounds like a noise",
    "noodling": "sounds like noodling",
    "out-of-tune": "sounds out of tune",
    "talk": "sounds like talk",
    "wrong-tempo": "sounds like the wrong tempo",
}
"""Words for score components that are kinds of fault."""

_FOUND_AS: Mapping[str, str] = {
    OTHER_LEVEL: ": the level changes at both ends, as if a gain had been turned",
    OTHER_TEMPO: ", in another tempo than the music before and after",
    FRAGMENT: ": played between two pauses, and much shorter than any piece you keep",
    PHRASE_LEVEL: ": softer or louder than any phrase you keep",
    LONG_PAUSE: ": a longer pause than any you keep between phrases",
    RESTART: ": begun, broken off and spoken again",
}
"""Clauses for faults that rules find."""

_LIKENESS = (
    (0.9, "hardly like anything you keep"),
    (0.75, "clearly unlike your edits"),
    (0.5, "slightly unlike your edits"),
    (0.0, "partly unlike your edits"),
)
"""By the least share of the recording with a lower score."""

_COUNTS = ("", "once", "twice", "three times", "four times", "five times")


@dataclass(frozen=True, slots=True, eq=False)
class _RestFigures:
    """Audio features of the remaining audio, and the range of the recording with playing."""

    level_db: float
    hits_per_s: float
    unevenness: float
    playing_starts: int
    playing_stops: int

    @property
    def quiet_db(self) -> float:
        """Below this a hop is quiet."""
        return max(SILENCE_DB, self.level_db - QUIET_BELOW_DB)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """Statistics that spans are compared with, computed once for all spans.

    Attributes
    ----------
    ranked : sorted scores of the profile
    far : the distance from the reference audio at which a span counts as unlike it
    """

    profile: ScoreProfile
    listening: Listening | None
    rate_hz: int
    nearest: NearestReference | None
    curve: ScoreCurve | None
    ranked: Numbers
    far: float
    _rest: _RestFigures | None


def backdrop(
    remains: NDArray[np.bool_],
    profile: ScoreProfile,
    listening: Listening | None,
    rate_hz: int,
    nearest: NearestReference | None = None,
    curve: ScoreCurve | None = None,
) -> Backdrop:
    """Return the statistics that spans are compared with.

    Parameters
    ----------
    remains : shape (cells of the profile,), which cells are outside all cuts
    listening : without it only the score and the length are known
    nearest : identifies spans unlike the reference audio
    curve : its components identify the kind of fault
    """
    rest = None if listening is None else _rest_figures(remains, profile, listening, rate_hz)
    far = np.inf
    if nearest is not None and len(nearest.starts_samples):
        middles = nearest.starts_samples + nearest.length_samples // 2
        staying = nearest.distances[remains[_cells(profile, middles)]]
        far = FAR_TIMES * float(np.median(staying)) if len(staying) else np.inf
    return Backdrop(profile, listening, rate_hz, nearest, curve, np.sort(profile.scores), far, rest)


@dataclass(frozen=True, slots=True, eq=False)
class _SpanFigures:
    """Audio features of n spans. Figures of one span share an index.

    `playing_db` leaves out the quiet hops of a span, so that a stop does not make the rest of it quieter.
    """

    level_db: Numbers
    playing_db: Numbers
    quiet_share: Numbers
    stops: Samples
    hits_per_s: Numbers
    unevenness: Numbers
    rest: _RestFigures


def reasons(spans: Samples, against: Backdrop, highest: float | None = None) -> list[str]:
    """Return a sentence for each span, shape (n, 2).

    Parameters
    ----------
    highest : the highest score of the recording; None to take it from these spans
    """
    if not len(spans):
        return []
    listening, rate_hz, curve = against.listening, against.rate_hz, against.curve
    found = _measured(spans, against, listening) if listening is not None else None
    dead = dead_air_in(spans, listening, rate_hz) if listening is not None else [DeadAirIn()] * len(spans)
    likeness = _against_recording(spans, against, highest)
    knows_taste = curve is None or curve.maker != PAUSES
    faults, another_rhythm = _faults(spans, curve), _another_rhythm(spans, curve)
    known = [
        _comes_again(start, stop, curve, rate_hz) or _found_by_rule(start, stop, curve)
        for start, stop in spans.tolist()
    ]
    sentences = []
    for k, (start, stop) in enumerate(spans.tolist()):
        length = _length((stop - start) / rate_hz)
        place, sounds = "", ""
        if found is not None:
            place = _place(found, k, start, stop, against.profile.length_samples, rate_hz)
            sounds = _sounds(found, k, dead[k])
            if another_rhythm[k] and not faults[k] and not found.stops[k] and found.quiet_share[k] < _PLAYED:
                sounds += f", in {part_wording(RHYTHM)}"
        head = f"{place}: {length}{sounds}" if place else f"{length}{sounds}"
        fault = "" if known[k] else faults[k]
        likely = f"; {likeness[k]}{fault}" if knows_taste and dead[k].share < _MOST else ""
        sentences.append(f"{head}{known[k]}{likely}.")
    return sentences


def _comes_again(start: int, stop: int, curve: ScoreCurve | None, rate_hz: int) -> str:
    """Return a clause about a false start in a span and the place where it continues."""
    if curve is None or not len(curve.false_starts_samples):
        return ""
    starts, stops, again = curve.false_starts_samples.T
    shared = np.minimum(stops, stop) - np.maximum(starts, start)
    of_cut = int(np.maximum(shared, 0).sum()) >= _OF_CUT * (stop - start)
    inner = np.flatnonzero(shared >= _OF_START * np.maximum(stops - starts, 1))
    if not of_cut or not len(inner):
        return ""
    place = format_time(float(again[inner[-1]]) / rate_hz, decimals=0)
    often = "" if len(inner) == 1 else f" {_times(len(inner))}"
    return f": it begins, stops{often} and comes again at {place}, where it goes on"


def _found_by_rule(start: int, stop: int, curve: ScoreCurve | None) -> str:
    """Return a clause about the fault that covers most of a span, if a rule found one."""
    if curve is None or not len(curve.faults_samples):
        return ""
    shared = np.diff(np.clip(curve.faults_samples, start, stop))[:, 0]
    most = int(shared.argmax())
    return _FOUND_AS.get(curve.fault_kinds[most], "") if shared[most] >= _OF_CUT * (stop - start) else ""


def _times(count: int) -> str:
    return _COUNTS[count] if count < len(_COUNTS) else f"{count} times"


def _length(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 59.5 else f"{format_time(seconds, decimals=0)} min"


def _faults(spans: Samples, curve: ScoreCurve | None) -> list[str]:
    """Return the kind of fault of each span, if one kind is clearly ahead of all others."""
    if curve is None:
        return [""] * len(spans)
    kinds = [k for k, name in enumerate(curve.part_names) if name in _DESCRIBED_AS]
    if len(kinds) < 2:
        return [""] * len(spans)
    means = _part_means(spans, curve, kinds)
    ordered = np.sort(means, axis=1)
    # A kind that is not itself unusual is not a fault, however far it is ahead of the others.
    ahead = np.minimum(ordered[:, -1] - ordered[:, -2], ordered[:, -1])
    names = [curve.part_names[kinds[k]] for k in means.argmax(axis=1).tolist()]
    return [
        f", and {_DESCRIBED_AS[name]}"
        if by >= SURELY
        else f", perhaps {part_wording(name)}"
        if by >= PERHAPS
        else ""
        for name, by in zip(names, ahead.tolist(), strict=True)
    ]


def _another_rhythm(spans: Samples, curve: ScoreCurve | None) -> list[bool]:
    """Return which spans are in another rhythm than the rest, by the taste's rhythm component."""
    if curve is None or RHYTHM not in curve.part_names:
        return [False] * len(spans)
    unlike = _part_means(spans, curve, [curve.part_names.index(RHYTHM)])[:, 0]
    found: list[bool] = (unlike >= ANOTHER_RHYTHM).tolist()
    return found


def _part_means(spans: Samples, curve: ScoreCurve, parts: Sequence[int]) -> Numbers:
    """Return the means of parts of the score over each span, shape (n, len(parts))."""
    first, last = np.searchsorted(curve.times_samples, spans).T
    lowest, highest = int(first.min()), int(last.max())
    values = curve.parts[lowest:highest].astype(np.float64)
    first, last = first - lowest, last - lowest
    return np.stack([_mean(values[:, k], first, last, 0.0) for k in parts], axis=1)


def _far(spans: Samples, against: Backdrop) -> list[bool]:
    """Return which spans have a median distance from all examples of at least `against.far`."""
    nearest = against.nearest
    if nearest is None or not len(nearest.starts_samples):
        return [False] * len(spans)
    starts, distances = nearest.starts_samples, nearest.distances
    first = np.searchsorted(starts, spans[:, 0]).tolist()
    last = np.searchsorted(starts, spans[:, 1] - nearest.length_samples, side="right").tolist()
    return [
        a < b and float(np.median(distances[a:b])) >= against.far for a, b in zip(first, last, strict=True)
    ]


def _against_recording(spans: Samples, against: Backdrop, highest: float | None) -> list[str]:
    """Return the rank of the mean score of each span in the recording: its top tenth, quarter or half.

    Spans unlike the reference audio and the highest peak are named as such.
    """
    profile = against.profile
    peaks, _ = profile.peaks(spans[:, 0], spans[:, 1])
    means = profile.areas(spans[:, 0], spans[:, 1]) / np.diff(spans)[:, 0]
    below = np.searchsorted(against.ranked, means) / len(against.ranked)
    top = highest_of(peaks) if highest is None else highest
    return [
        "it has the highest score of the recording"
        if peak == top
        else "unlike all of the training data"
        if is_far
        else next(text for least, text in _LIKENESS if share >= least)
        for share, is_far, peak in zip(below.tolist(), _far(spans, against), peaks.tolist(), strict=True)
    ]


def highest_of(scores: Numbers) -> float:
    """Return the highest of the scores of all cuts; infinity where several share it, or there are few."""
    top = float(scores.max(initial=-np.inf))
    return top if len(scores) > 2 and np.count_nonzero(scores == top) == 1 else np.inf


def _place(spans: _SpanFigures, k: int, start: int, stop: int, length: int, rate_hz: int) -> str:
    """Return the place of the span, if it explains the cut."""
    slack = rate_hz // 2
    if start == 0 and stop <= spans.rest.playing_starts + slack:
        return "Before the playing starts"
    if stop == length and start >= spans.rest.playing_stops - slack:
        return "After the last note"
    is_inner = spans.rest.playing_starts < start and stop < spans.rest.playing_stops
    return "A pause in the playing" if is_inner and spans.quiet_share[k] >= 0.6 else ""


def _sounds(spans: _SpanFigures, k: int, dead: DeadAirIn) -> str:
    """Return at most two sounds in the span, for use after its length."""
    louder = spans.playing_db[k] - spans.rest.level_db
    if dead.share >= _NEARLY_ALL:
        return f" of {dead.words}"
    sounds = [f", {_length(dead.seconds)} of it {dead.words}"] if dead.seconds >= _LEAST_DEAD_S else []
    if spans.level_db[k] <= SILENCE_DB:
        return "".join([" of near silence", *sounds])
    stops = 0 if sounds else int(spans.stops[k])
    if stops and spans.quiet_share[k] < 0.6:
        sounds.append(f" in which the playing stops {_times(stops)}")
    if abs(louder) >= 6.0:
        much = "much " if abs(louder) >= 12.0 else ""
        sounds.append(f", {much}{'louder' if louder > 0 else 'quieter'} than the rest")
    if spans.rest.hits_per_s > 0:
        density = spans.hits_per_s[k] / spans.rest.hits_per_s
        if density < 0.1:
            sounds.append(", hardly any hits")
        elif density < 0.5:
            sounds.append(", few hits")
        elif density > 2.0:
            sounds.append(", many more hits than the rest")
    if spans.unevenness[k] > UNEVEN * spans.rest.unevenness > 0:
        sounds.append(", no steady pulse")
    return "".join(sounds[:2])


def _rest_figures(
    remains: NDArray[np.bool_], profile: ScoreProfile, listening: Listening, rate_hz: int
) -> _RestFigures:
    hop, levels = listening.hop_samples, np.maximum(listening.loudness_db.astype(np.float64), FLOOR_DB)
    middles = np.arange(len(levels)) * hop + hop // 2
    hops = remains[_cells(profile, middles)]
    middle_db = float(np.median(levels[hops if hops.any() else slice(None)])) if len(levels) else 0.0
    onsets = remains[_cells(profile, listening.onsets_samples)]
    length_s = float(np.diff(profile.edges_samples)[remains].sum()) / rate_hz
    uneven, judged = _unevenness(listening.onsets_samples)
    judged &= onsets
    found = _RestFigures(
        level_db=middle_db,
        hits_per_s=onsets.sum() / length_s if length_s else 0.0,
        unevenness=float(uneven[judged].mean()) if judged.any() else 0.0,
        playing_starts=profile.length_samples,
        playing_stops=0,
    )
    playing = np.flatnonzero((levels >= found.quiet_db) & ~inside(middles, listening.dead_air_samples))
    if not len(playing):
        return found
    starts, stops = int(playing[0]) * hop, int(playing[-1] + 1) * hop
    return replace(found, playing_starts=starts, playing_stops=stops)


def _measured(spans: Samples, against: Backdrop, listening: Listening) -> _SpanFigures:
    """Measure all spans at once, from running sums over the range that contains them."""
    rest, rate_hz, hop = against._rest, against.rate_hz, listening.hop_samples
    assert rest is not None, "a backdrop with listening has them"
    count, stop_hops = len(listening.loudness_db), -(-round(STOP_S * rate_hz) // hop)
    first = np.minimum(spans[:, 0] // hop, max(0, count - 1))
    last = np.maximum(np.minimum(-(-spans[:, 1] // hop), count), first)
    # A quiet stretch that goes on behind the last span is a stop in it if it lasts.
    lowest, highest = int(first.min()), min(int(last.max()) + stop_hops, count)
    levels = np.maximum(listening.loudness_db[lowest:highest].astype(np.float64), FLOOR_DB)
    middles = np.arange(lowest, lowest + len(levels)) * hop + hop // 2
    quiet = (levels < rest.quiet_db) | inside(middles, listening.dead_air_samples)
    first, last = first - lowest, last - lowest
    begins = runs(quiet, stop_hops)[:, 0]
    level_db = _mean(levels, first, last, rest.level_db)
    quiet_share = _mean(quiet.astype(np.float64), first, last, 0.0)
    played_db = _mean(np.where(quiet, 0.0, levels), first, last, 0.0) / np.maximum(1 - quiet_share, 0.1)

    first_hit, last_hit = np.searchsorted(listening.onsets_samples, spans).T
    lowest_hit, hits = int(first_hit.min()), last_hit - first_hit
    uneven, _ = _unevenness(listening.onsets_samples[lowest_hit : int(last_hit.max())])
    # A pulse can be judged from six hits on; the two at the edges have a neighbour outside.
    unevenness = _mean(uneven, first_hit - lowest_hit + 1, last_hit - lowest_hit - 1, 0.0)
    return _SpanFigures(
        level_db=level_db,
        playing_db=np.where(quiet_share < 0.6, played_db, level_db),
        quiet_share=quiet_share,
        stops=np.maximum(0, np.searchsorted(begins, last) - np.searchsorted(begins, first, side="right")),
        hits_per_s=hits / (np.diff(spans)[:, 0] / rate_hz),
        unevenness=np.where(hits >= 6, unevenness, 0.0),
        rest=rest,
    )


def _cells(profile: ScoreProfile, positions: Samples) -> Samples:
    cells: Samples = np.searchsorted(profile.edges_samples, positions, side="right") - 1
    return np.clip(cells, 0, len(profile.scores) - 1)


def _mean(values: Numbers, first: Samples, last: Samples, otherwise: float) -> Numbers:
    """Return the means of values[first:last], shape (k,), or the default if a range is empty."""
    return np.where(last > first, means_of(values, np.minimum(first, len(values)), last), otherwise)


def _unevenness(onsets: Samples) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return the relative difference of the intervals around each onset, 0 to 2, and which have one."""
    uneven, judged = np.zeros(len(onsets)), np.zeros(len(onsets), bool)
    if len(onsets) >= 3:
        between = np.maximum(1, np.diff(onsets)).astype(np.float64)
        uneven[1:-1] = 2 * np.abs(np.diff(between)) / (between[1:] + between[:-1])
        judged[1:-1] = True
    return uneven, judged


LONGEST_EXAMPLE_S = 8.0


def nearest_examples(
    spans: Samples, nearest: NearestReference | None, rate_hz: int
) -> list[ReferenceExample | None]:
    """Return the reference example of each span, shape (n, 2); None if unknown.

    Uses the segment of a span with the smallest distance; for a span shorter than a segment, the one around
    its middle. The example is as long as the span, up to `LONGEST_EXAMPLE_S`, with that segment at the same
    place in both.
    """
    if nearest is None or not len(nearest.starts_samples):
        return [None] * len(spans)
    starts, length = nearest.starts_samples, nearest.length_samples
    firsts = np.searchsorted(starts, spans[:, 0]).tolist()
    lasts = np.searchsorted(starts, spans[:, 1] - length, side="right").tolist()
    around = np.clip(np.searchsorted(starts, (spans.sum(axis=1) - length) // 2), 0, len(starts) - 1).tolist()
    found: list[ReferenceExample | None] = []
    for k, (start, stop) in enumerate(spans.tolist()):
        inside = nearest.distances[firsts[k] : lasts[k]]
        at = firsts[k] + int(inside.argmin()) if len(inside) else around[k]
        found.append(_example(nearest, at, start, stop, rate_hz))
    return found


def _example(nearest: NearestReference, at: int, start: int, stop: int, rate_hz: int) -> ReferenceExample:
    """Return the example of one segment, with as much context as the span has."""
    recording, at_s = int(nearest.recordings[at]), float(nearest.kept_starts_s[at])
    before_s = (int(nearest.starts_samples[at]) - start) / rate_hz
    length_s = nearest.length_samples / rate_hz
    more_s = max(0.0, min((stop - start) / rate_hz, LONGEST_EXAMPLE_S) - length_s)
    after_s = max(0.0, (stop - start) / rate_hz - before_s - length_s)
    lead_s = min(max(0.0, before_s), max(more_s / 2, more_s - after_s), at_s)
    end_s = min(at_s + length_s + more_s - lead_s, float(nearest.durations_s[recording]))
    return ReferenceExample(
        path=nearest.paths[recording],
        start_s=at_s - lead_s,
        stop_s=end_s,
        distance=float(nearest.distances[at]),
        offset_s=before_s - lead_s,
    )
