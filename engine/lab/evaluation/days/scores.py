"""Scores of a found day against the truth.

Conventions:

- Neutral attempts are practised parts, and attempts shorter than 8 s. They are neither missed nor wrong: no
  score counts them, nor found takes that are mainly inside them.
- A border is right if a true one of its sort (start or stop) is within 2 s; each is used once.
- A found take is matched to a true one if they overlap by more than half of the longer of the two.
- Talk: noodling at the same time counts as talk. Count-ins count neither as talk nor as anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import isnan, nan

import numpy as np

from engine.features.day.day import Day, SongTake
from engine.lab.evaluation.days.between import Span, merged
from engine.lab.evaluation.days.day import MadeDay
from engine.lab.evaluation.days.planning import Kind
from engine.lab.evaluation.days.session import PlayedTake

WITHIN_S = 2.0
SHORTEST_S = 8.0
_LEAST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one day, shares from 0 to 1; NaN where there is nothing to measure.

    Attributes
    ----------
    borders, precision, recall : F, and its parts, of starts and stops of takes
    grouped : F of the pairs of takes of one song; a take that is not matched is alone
    complete : share of matched takes with the right `is_complete`
    talk : share of the seconds of talk found as talk
    talk_precision : share of the seconds of found talk that is talk
    lost : share of the seconds of takes within found talk or idle
    """

    borders: float
    precision: float
    recall: float
    grouped: float
    complete: float
    talk: float
    talk_precision: float
    lost: float

    def figures(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def scores_of(made: MadeDay, found: Day) -> Scores:
    """Compare a found day with the truth."""
    takes = [one for one in made.takes if not is_neutral(one)]
    neutral = [(one.start_s, one.stop_s) for one in made.takes if is_neutral(one)]
    songs = [(at, take) for at, song in enumerate(found.songs) for take in song.takes]
    counted = [
        (song, take)
        for song, take in songs
        if 2 * _shared_s((take.start_s, take.stop_s), neutral) <= _s(take)
    ]
    right, missed, wrong = _borders(takes, [take for _, take in songs], neutral)
    precision, recall = _share(right, right + wrong), _share(right, right + missed)
    matches = matched(takes, [take for _, take in counted])
    known = [takes[one].is_complete == counted[other][1].is_complete for one, other in matches.items()]
    count_ins = list(made.others.get("count-in", ()))
    talk, found_talk = _without(made.talk, count_ins), _without(found.talk, count_ins)
    music = [(one.start_s, one.stop_s) for one in takes]
    cut = merged((*found.talk, *found.idle))
    return Scores(
        _f(precision, recall),
        precision,
        recall,
        _grouped([one.song for one in takes], [song for song, _ in counted], matches),
        float(np.mean(known)) if known else nan,
        _share(_both_s(talk, found_talk), _total_s(talk)),
        _share(_both_s(talk, found_talk), _total_s(found_talk)),
        _share(_both_s(merged(music), cut), _total_s(merged(music))),
    )


def is_neutral(take: PlayedTake) -> bool:
    """Return whether an attempt counts neither as missed nor as wrong."""
    return take.kind is Kind.PART or take.stop_s - take.start_s < SHORTEST_S


def matched(takes: Sequence[PlayedTake], found: Sequence[SongTake]) -> dict[int, int]:
    """Return the found take of each true one that overlaps by more than half of the longer of the two."""
    pairs = {}
    for at, take in enumerate(takes):
        for other, one in enumerate(found):
            shared_s = min(take.stop_s, one.stop_s) - max(take.start_s, one.start_s)
            if shared_s > _LEAST_OVERLAP * max(take.stop_s - take.start_s, _s(one)):
                pairs[at] = other
    return pairs


def _s(take: SongTake) -> float:
    return take.stop_s - take.start_s


def _borders(
    takes: Sequence[PlayedTake], found: Sequence[SongTake], neutral: Sequence[Span]
) -> tuple[int, int, int]:
    """Return the numbers of right, missed and wrong borders."""
    right = wrong = 0
    for true_s, found_s in (
        (sorted(one.start_s for one in takes), sorted(one.start_s for one in found)),
        (sorted(one.stop_s for one in takes), sorted(one.stop_s for one in found)),
    ):
        left = _unmatched(true_s, found_s)
        right += len(found_s) - len(left)
        wrong += sum(not _is_near(one, neutral) for one in left)
    return right, 2 * len(takes) - right, wrong


def _unmatched(true_s: Sequence[float], found_s: Sequence[float]) -> list[float]:
    """Return the found borders without a true one; as few as possible."""
    at, left = 0, []
    for one in found_s:
        while at < len(true_s) and true_s[at] < one - WITHIN_S:
            at += 1
        if at < len(true_s) and true_s[at] <= one + WITHIN_S:
            at += 1
        else:
            left.append(one)
    return left


def _is_near(border_s: float, spans: Sequence[Span]) -> bool:
    return any(start - WITHIN_S <= border_s <= stop + WITHIN_S for start, stop in spans)


def _grouped(songs: Sequence[str], found: Sequence[int], matches: Mapping[int, int]) -> float:
    """Return the F of pairs; each take is named by the true one, and one that is not matched by itself."""
    true_pairs = {
        (one, other) for one, other in combinations(range(len(songs)), 2) if songs[one] == songs[other]
    }
    names = {other: one for one, other in matches.items()}
    found_pairs = set()
    for one, other in combinations(range(len(found)), 2):
        if found[one] == found[other]:
            pair = sorted((names.get(one, -1 - one), names.get(other, -1 - other)))
            found_pairs.add((pair[0], pair[1]))
    if not true_pairs and not found_pairs:
        return 1.0
    return 2 * len(true_pairs & found_pairs) / (len(true_pairs) + len(found_pairs))


def _f(precision: float, recall: float) -> float:
    if isnan(precision) or isnan(recall):
        return 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else nan


def _total_s(spans: Sequence[Span]) -> float:
    return sum(stop - start for start, stop in spans)


def _shared_s(span: Span, others: Sequence[Span]) -> float:
    return _both_s([span], merged(others))


def _both_s(spans: Sequence[Span], others: Sequence[Span]) -> float:
    """Return the seconds in both; each list is apart in itself."""
    return sum(max(0.0, min(one[1], other[1]) - max(one[0], other[0])) for one in spans for other in others)


def _without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return the parts of spans that are outside others."""
    left = list(merged(spans))
    for start_s, stop_s in others:
        pieces = [(one[0], min(one[1], start_s)) for one in left]
        pieces += [(max(one[0], stop_s), one[1]) for one in left]
        left = [one for one in pieces if one[1] > one[0]]
    return left
