"""From trials to figures: shares of music proposed, precision and recall by time, ranking, seeds, times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from engine.lab.evaluation.apart.making import Group, Recording
from engine.lab.evaluation.apart.stage import Passage
from engine.lab.evaluation.apart.trials import TASTE, Cut, Outcome, Trial

Line = dict[str, object]
_CELL_S = 0.05
_WORST = 0.1
_WHOLE_SONG, _PART_OF_SONG = 0.5, 0.1
"""Least share of a new song under its question, and of another question that counts as a second one."""


@dataclass(frozen=True, slots=True)
class Case:
    """The outcome of one recording of a group with one method and seed."""

    group: str
    seed: int
    recording: Recording
    outcome: Outcome

    def cells(self, spans: Iterable[Passage | Cut]) -> NDArray[np.bool_]:
        """Return which cells of time some spans cover."""
        covered = np.zeros(max(1, round(self.recording.length_s / _CELL_S)), bool)
        for one in spans:
            covered[round(one.start_s / _CELL_S) : round(one.stop_s / _CELL_S)] = True
        return covered

    @property
    def default(self) -> NDArray[np.bool_]:
        """Return the default cuts; questions are not among them."""
        return self.cells(one for one in self.outcome.cuts if not one.is_question)

    @property
    def strong(self) -> NDArray[np.bool_]:
        """Return what "accept all" cuts."""
        return self.cells(one for one in self.outcome.cuts if one.is_strong and not one.is_question)

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Return where the faults are."""
        return self.cells(self.recording.faults)


def cases_of(groups: Sequence[Group], trials: Sequence[Trial], method: str) -> list[Case]:
    """Return the outcomes of a method."""
    recordings = {group.name: {one.name: one for one in group.tested} for group in groups}
    return [
        Case(trial.group, trial.seed, recordings[trial.group][outcome.name], outcome)
        for trial in trials
        if trial.method == method and trial.group in recordings
        for outcome in trial.outcomes
    ]


def lines(material: str, groups: Sequence[Group], trials: Sequence[Trial]) -> Iterator[Line]:
    """Yield the figures of a material, the simple methods next to those of the taste."""
    methods = [TASTE, *dict.fromkeys(one.method for one in trials if one.method != TASTE)]
    every = {method: cases_of(groups, trials, method) for method in methods}
    for metric, measure, is_high_good in _MEASURES:
        found = {method: measure(cases) for method, cases in every.items()}
        yield from _spread(metric, material, found, is_high_good=is_high_good)
    yield from _pooled(material, every)
    yield from _of_kinds(material, every)
    yield from _of_taste(material, every[TASTE], [one for one in trials if one.method == TASTE])


def _clean_shares(cases: Sequence[Case]) -> list[float]:
    return [float(case.default.mean()) for case in cases if not case.recording.faults]


def _clean_shares_of_songs(cases: Sequence[Case], *, is_new: bool) -> list[float]:
    found = []
    for case in cases:
        songs = case.cells(one for one in case.recording.songs if one.is_new == is_new)
        if not case.recording.faults and songs.any():
            found.append(float(case.default[songs].mean()))
    return found


def _precisions(cases: Sequence[Case]) -> list[float]:
    """Return the share of each default edit that is right; an edit without cuts has none."""
    found = [(case.default, case.bad) for case in cases if case.recording.faults]
    return [float(bad[cut].mean()) for cut, bad in found if cut.any()]


def _recalls(cases: Sequence[Case]) -> list[float]:
    return [float(case.default[case.bad].mean()) for case in cases if case.recording.faults]


def _overlaps(cases: Sequence[Case]) -> list[float]:
    return [_iou(case.default, case.bad) for case in cases if case.recording.faults]


def _iou(cut: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    union = int((cut | other).sum())
    return float((cut & other).sum() / union) if union else 1.0


_MEASURES: tuple[tuple[str, Callable[[Sequence[Case]], list[float]], bool], ...] = (
    ("clean_proposed", _clean_shares, False),
    ("known_songs_proposed", lambda cases: _clean_shares_of_songs(cases, is_new=False), False),
    ("new_songs_proposed", lambda cases: _clean_shares_of_songs(cases, is_new=True), False),
    ("default_precision", _precisions, True),
    ("default_recall", _recalls, True),
    ("default_iou", _overlaps, True),
    ("auc", lambda cases: [one.outcome.auc for one in cases if one.outcome.auc is not None], True),
    (
        "iou_at_true_length",
        lambda cases: [one.outcome.iou for one in cases if one.outcome.iou is not None],
        True,
    ),
)


def _spread(
    metric: str, material: str, found: Mapping[str, Sequence[float]], *, is_high_good: bool
) -> Iterator[Line]:
    """Yield mean, median and worst decile: the value that nine of ten recordings are better than."""
    worst = _WORST if is_high_good else 1.0 - _WORST
    for name, reduced in (
        ("mean", np.mean),
        ("median", np.median),
        ("worst_decile", lambda values: np.quantile(values, worst)),
    ):
        value = {method: float(reduced(values)) for method, values in found.items() if len(values)}
        if TASTE in value:
            yield _line(f"{metric}_{name}", material, value, len(found[TASTE]))


def _default(case: Case) -> NDArray[np.bool_]:
    return case.default


def _strong(case: Case) -> NDArray[np.bool_]:
    return case.strong


def _pooled(material: str, every: Mapping[str, Sequence[Case]]) -> Iterator[Line]:
    """Yield precision and recall by time over all recordings, of default cuts and of "accept all"."""
    for name, chosen in (("default", _default), ("accept_all", _strong)):
        precision: dict[str, float] = {}
        recall: dict[str, float] = {}
        for method, cases in every.items():
            cut = bad = both = 0
            for case in cases:
                if case.recording.faults:
                    now = chosen(case)
                    cut, bad, both = cut + now.sum(), bad + case.bad.sum(), both + (now & case.bad).sum()
            precision |= {method: float(both / cut)} if cut else {}
            recall |= {method: float(both / bad)} if bad else {}
        count = sum(bool(case.recording.faults) for case in every[TASTE])
        if TASTE in recall:
            yield _line(f"{name}_precision_by_time", material, precision, count)
            yield _line(f"{name}_recall_by_time", material, recall, count)


def _of_kinds(material: str, every: Mapping[str, Sequence[Case]]) -> Iterator[Line]:
    """Yield for each kind of fault the share of its time that is proposed, and the AUC of its moments."""
    for kind in sorted({fault.kind for case in every[TASTE] for fault in case.recording.faults}):
        recalls: dict[str, list[float]] = defaultdict(list)
        ranks: dict[str, list[float]] = defaultdict(list)
        for method, cases in every.items():
            for case in cases:
                of_kind = case.cells(one for one in case.recording.faults if one.kind == kind)
                if of_kind.any():
                    recalls[method].append(float(case.default[of_kind].mean()))
                if kind in case.outcome.kinds:
                    ranks[method].append(case.outcome.kinds[kind])
        for metric, found in (("kind_recall", recalls), ("kind_auc", ranks)):
            if TASTE in found:
                means = {method: float(np.mean(values)) for method, values in found.items()}
                yield _line(metric, f"{material}, {kind}", means, len(found[TASTE]))


def _of_taste(material: str, cases: Sequence[Case], trials: Sequence[Trial]) -> Iterator[Line]:
    """Yield figures without a simple method next to them."""
    asked = [is_one_question(case, song) for case in cases for song in _new_songs(case)]
    if asked:
        yield _line("new_songs_asked_once", material, {TASTE: float(np.mean(asked))}, len(asked))
    by_recording: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        by_recording[case.group, case.recording.name].append(case)
    same = [
        _iou(one.default, other.default)
        for some in by_recording.values()
        for one, other in combinations(some, 2)
    ]
    yield from _spread("same_cuts_between_seeds", material, {TASTE: same}, is_high_good=True)
    if trials:
        scored = [
            one.outcome.scored_s / (case_s / 60.0) for one in cases if (case_s := one.recording.length_s)
        ]
        yield _line(
            "learned_s", material, {TASTE: float(np.mean([one.learned_s for one in trials]))}, len(trials)
        )
        yield _line("scored_s_a_minute", material, {TASTE: float(np.mean(scored))}, len(scored))


def _new_songs(case: Case) -> list[Passage]:
    return [one for one in case.recording.songs if one.is_new and not case.recording.faults]


def is_one_question(case: Case, song: Passage) -> bool:
    """Return whether one question covers most of a song, no other one any of it, and no cut is proposed."""
    there = case.cells([song])
    shares = [float(case.cells([one])[there].mean()) for one in case.outcome.cuts if one.is_question]
    asked = [share for share in shares if share >= _PART_OF_SONG]
    is_cut = float(case.default[there].mean()) >= _PART_OF_SONG
    return len(asked) == 1 and asked[0] >= _WHOLE_SONG and not is_cut


def _line(metric: str, about: str, value: Mapping[str, float], count: int) -> Line:
    baseline = {method: round(one, 4) for method, one in value.items() if method != TASTE}
    own = value.get(TASTE)
    return {
        "metric": metric,
        "about": about,
        "value": None if own is None else round(own, 4),
        "baseline": baseline,
        "n": count,
    }
