"""``offcut evaluate arrange``: simulated editors and unseen recordings, against baselines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as count_from
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np

from engine.core.progress import Progress
from engine.features.arrangement.decode import Bounds, decode
from engine.features.arrangement.editor import adapter_of, scores_for, shipped_network
from engine.features.arrangement.network import Adapter, ArrangingNetwork, Pair
from engine.features.arrangement.step_features import StepFeatures
from engine.features.arrangement.steps import Order
from engine.lab.evaluation.arranging import plain
from engine.lab.evaluation.arranging.compared import Compared, compared
from engine.lab.evaluation.arranging.forms.rows import RECORDINGS, evaluate_forms
from engine.lab.evaluation.arranging.jumps import jumps_right, next_kept
from engine.lab.evaluation.arranging.structured import LONGEST_SONG_S
from engine.lab.evaluation.arranging.structured_rows import REHEARSALS, evaluate_structured
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Clips, drawn_clips
from engine.lab.simulated.rehearsals.passages import Pool, pools_in
from engine.lab.training.arranging.editors import UNSEEN, MadeEditor, seen_editor
from engine.lab.training.arranging.rehearsals import Rehearsal, end_to_end, made

Line = dict[str, object]

_PAIRS = 3
_SEEN = 6
_SEEDS = 5
_REHEARSALS = 12
_STRUCTURED_SHORT, _SHORT_SONG_S, _FORMS_SHORT = 2, 24.0, 4
_FIRST_OF_PAIRS, _FIRST_REPORTED = 3000, 2000
LEAST_S = 120.0
FIGURES = ("iou", "cuts_f_beat", "cuts_f_half_second", "distance", "length_error")


@dataclass(slots=True)
class _Tally:
    """Figures of one row."""

    figures: list[Compared] = field(default_factory=list)
    right: int = 0
    jumps: int = 0

    def add(self, found: Order, right: Order, heard: StepFeatures, jumps: tuple[int, int]) -> None:
        self.figures.append(compared(found, right, heard.steps))
        self.right += jumps[0]
        self.jumps += jumps[1]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """An editor, edits of it to learn from, and edits of other recordings that are to be found.

    Attributes
    ----------
    about : "seen kinds", or the new property of the editor
    """

    about: str
    pairs: tuple[Pair, ...]
    wanted: tuple[Pair, ...]


def evaluate(
    data_dir: Path, *, progress: Progress, seeds: int = _SEEDS, short: bool = False
) -> Iterator[Line]:
    """Yield figures of recordings and editors that nothing was learned of, a line each.

    Edits to learn from are of recordings that settings were chosen on, those to be found of others.

    Parameters
    ----------
    seeds : number of draws and adaptations of editors
    short : one seed, few recordings and editors

    Raises
    ------
    UsageError : the folder does not hold recordings
    """
    yield from evaluate_structured(
        data_dir,
        progress=progress,
        count=_STRUCTURED_SHORT if short else REHEARSALS,
        longest_s=_SHORT_SONG_S if short else LONGEST_SONG_S,
    )
    yield from evaluate_forms(
        data_dir,
        progress=progress,
        recordings=_FORMS_SHORT if short else RECORDINGS,
        seeds=1 if short else seeds,
    )
    to_set, reported = pools_in(data_dir)
    clips = drawn_clips(data_dir, np.random.default_rng(1), HEARD_RATE_HZ)
    count = 3 if short else _REHEARSALS
    to_learn, to_find = (
        list(islice(_rehearsals(pool, of_pool, first, progress), count))
        for pool, of_pool, first in (
            (to_set, clips[0], _FIRST_OF_PAIRS),
            (reported, clips[1], _FIRST_REPORTED),
        )
    )
    trials = [
        *made_trials(to_learn, to_find, 1 if short else seeds, 2 if short else _SEEN),
        *long_trials(to_learn, to_find, 1 if short else _SEEN),
    ]
    yield from measured(trials, shipped_network(), progress)


def _rehearsals(pool: Pool, clips: Clips, first: int, progress: Progress) -> Iterator[Rehearsal]:
    """Yield rehearsals of two minutes or more: in less there is hardly anything to arrange."""
    for number in count_from(first):
        progress.check_cancelled()
        progress.report(0.0, "Making rehearsals")
        one = made(pool, clips, number)[1]
        if one.heard.steps.edges_s[-1] >= LEAST_S:
            yield one


def made_trials(
    to_learn: Sequence[Rehearsal], to_find: Sequence[Rehearsal], seeds: int, seen: int
) -> Iterator[Trial]:
    """Yield editors with their edits: some of seen kinds for each seed, and all of unseen kinds."""
    for seed in range(seeds):
        rng = np.random.default_rng([seed, 77])
        editors: list[tuple[str, MadeEditor]] = [("seen kinds", seen_editor(rng)) for _ in range(seen)]
        for about, editor in [*editors, *UNSEEN]:
            chosen = rng.permutation(len(to_learn))[:_PAIRS].tolist()
            found = rng.permutation(len(to_find))[:4].tolist()
            yield Trial(
                about,
                tuple(_pair(to_learn[number], editor, rng) for number in chosen),
                tuple(_pair(to_find[number], editor, rng) for number in found),
            )


def long_trials(to_learn: Sequence[Rehearsal], to_find: Sequence[Rehearsal], seen: int) -> Iterator[Trial]:
    """Yield editors of seen kinds, whose edit of all rehearsals as one recording is to be found."""
    whole = end_to_end(to_find)
    for number in range(seen):
        rng = np.random.default_rng([number, 78])
        editor = seen_editor(rng)
        chosen = rng.permutation(len(to_learn))[:_PAIRS].tolist()
        pairs = tuple(_pair(to_learn[each], editor, rng) for each in chosen)
        yield Trial(f"{len(to_find)} rehearsals as one recording", pairs, (_pair(whole, editor, rng),))


def _pair(one: Rehearsal, editor: MadeEditor, rng: np.random.Generator) -> Pair:
    return Pair(one.name, one.heard, editor.order(one, rng))


def measured(trials: Sequence[Trial], network: ArrangingNetwork, progress: Progress) -> Iterator[Line]:
    """Yield the figures of all rows."""
    tallies: dict[tuple[str, str], _Tally] = {}
    for number, trial in enumerate(trials):
        progress.check_cancelled()
        progress.report(number / len(trials), f"Arranging as editors would: {trial.about}")
        began = time.process_time()
        adapter = adapter_of(trial.pairs, network)
        tallies.setdefault((trial.about, "learning_s"), _Tally()).right += round(
            1000 * (time.process_time() - began)
        )
        tallies[trial.about, "learning_s"].jumps += 1
        rows = dict(_rows(network, trial, adapter, np.random.default_rng(number)))
        for wanted in trial.wanted:
            for row, find in rows.items():
                found, jumps = find(wanted.heard, wanted.order)
                tallies.setdefault((trial.about, row), _Tally()).add(found, wanted.order, wanted.heard, jumps)
    for (about, row), tally in tallies.items():
        yield from _lines(about, row, tally)


Found = tuple[Order, tuple[int, int]]


def _rows(
    network: ArrangingNetwork, trial: Trial, adapter: Adapter, rng: np.random.Generator
) -> Iterator[tuple[str, Callable[[StepFeatures, Order], Found]]]:
    """Yield methods of ordering, and their share of correct jumps, by name."""
    semi = plain.SemiMarkov.learned(trial.pairs)
    baselines: Mapping[str, Callable[[StepFeatures], Order]] = {
        "copy-all": plain.copied,
        "random": lambda heard: plain.random_pieces(heard, trial.pairs, rng),
        "energy": lambda heard: plain.energy(heard, trial.pairs),
        "score-and-cut": lambda heard: plain.score_and_cut(heard, trial.pairs),
        "semi-Markov": semi.order,
    }
    for name, find in baselines.items():

        def told(heard: StepFeatures, order: Order, find: Callable[[StepFeatures], Order] = find) -> Found:
            found = find(heard)
            return found, next_kept(heard, order, found)

        yield name, told
    ours: Mapping[str, tuple[Sequence[Pair], Adapter | None]] = {
        "ours, no pairs": ((), None),
        "ours, pairs as examples": (trial.pairs, None),
        "ours, adapted": (trial.pairs, adapter),
    }
    for name, (pairs, adapted) in ours.items():

        def pointed(
            heard: StepFeatures,
            order: Order,
            pairs: Sequence[Pair] = pairs,
            adapted: Adapter | None = adapted,
        ) -> Found:
            scores = scores_for(network, heard, pairs, adapted)
            found = decode(scores, heard.steps, Bounds.none(len(heard))).order
            return found, jumps_right(network, heard, order, pairs, adapted)

        yield name, pointed


def _lines(about: str, row: str, tally: _Tally) -> Iterator[Line]:
    if row == "learning_s":
        yield _line(
            "seconds_of_one_core_learning",
            about,
            "ours, adapted",
            tally.right / 1000 / tally.jumps,
            tally.jumps,
        )
        return
    for name in FIGURES:
        values = [float(getattr(one, name)) for one in tally.figures]
        yield _line(name, about, row, fmean(values), len(values))
    if tally.jumps:
        yield _line("jump_targets", about, row, tally.right / tally.jumps, tally.jumps)


def _line(metric: str, about: str, row: str, value: float, n: int) -> Line:
    return {"metric": metric, "about": about, "row": row, "value": value, "n": n}
