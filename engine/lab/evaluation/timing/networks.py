"""Networks for drum alignment compared with the decoder and with simple methods (decision 33).

All get the same hits of performances by held-out drummers, with simulated detection errors. The networks of a
seed are measured on the performances of that seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.timing.alignment.lines import Placement
from engine.features.timing.alignment.moves import placed
from engine.features.timing.alignment.settings import ALL
from engine.features.timing.alignment.strokes import Strokes, gather
from engine.lab.evaluation.timing.alignment import DISPLACEMENTS, line_of, simple_aligners
from engine.lab.evaluation.timing.placement_scores import PlacementScore, placement_score, together
from engine.lab.simulated.performances.parts import LONGEST_S, takes
from engine.lab.simulated.performances.symbolic import TYPICAL_ERRORS, Symbolic, told
from engine.lab.simulated.performances.takes import Take
from engine.lab.training.timing.inputs import Inputs, inputs_of
from engine.lab.training.timing.patches import patches_of
from engine.lab.training.timing.placing import Trained, assigned, assigned_with
from engine.lab.training.timing.runs import Wanted, trained_networks

_OF_A_SEED, _SHORT = 12, 2
_SHORT_S = 20.0
_SIMPLE = ("nearest line", "Beat Detective 75%", "whole performance")
WITH_NETWORKS = "decoder with posteriors"
_EVIDENCE = 0.25
"""Weight of the networks in it: chosen on validation performances, where it differs from 0 within noise."""
_WITNESSES = ("tcn metronome", "transformer metronome")


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """A performance, and the inputs that all networks share."""

    found: Symbolic
    strokes: Strokes
    inputs: Inputs
    patches: NDArray[np.float16] | None


def evaluate(
    data_dir: Path,
    weights: Path,
    *,
    seeds: int = 5,
    short: bool = False,
    progress: Progress = SILENT,
) -> Iterator[dict[str, object]]:
    """Yield a line for each displacement and each way of alignment.

    Parameters
    ----------
    data_dir : holds `multimic`
    weights : holds the networks, as `python -m engine.lab.training.timing` writes them
    seeds : each draws other performances, and has networks of its own

    Raises
    ------
    UsageError : the recordings or the networks are not there
    Cancelled : the user asked for it
    """
    seeds, count, longest_s = (1, _SHORT, _SHORT_S) if short else (seeds, _OF_A_SEED, LONGEST_S)
    networks = trained_networks(weights, seeds)
    sizes = {_row(one): trained.size for one, trained in networks.items()}
    for number, (name, displacement) in enumerate(DISPLACEMENTS.items()):
        part = progress.part(number / len(DISPLACEMENTS), (number + 1) / len(DISPLACEMENTS))
        scores: dict[str, dict[int, list[PlacementScore]]] = defaultdict(lambda: defaultdict(list))
        for seed in range(seeds):
            own = {one: trained for one, trained in networks.items() if one.seed == seed}
            for done, take in enumerate(takes(data_dir, "test", count, seed, displacement, longest_s)):
                part.check_cancelled()
                part.report((seed + done / count) / seeds, f"Aligning {take.name}, {name}")
                case = _case_of(take, has_audio=any(one.view.has_audio for one in own))
                for row, placement in _placements(case, own):
                    scores[row][seed].append(_score(case.found, placement))
        for row, scored in scores.items():
            size = {"parameters": sizes[row]} if row in sizes else {}
            yield {**line_of("simulated", name, row, scored), **_over_performances(scored), **size}


def _row(wanted: Wanted) -> str:
    view = wanted.view
    audio, decoder = "audio " if view.has_audio else "", " + decoder" if view.has_decoder else ""
    rendered = ", rendered performances" if wanted.is_rendered and not view.has_audio else ""
    return f"{audio}{wanted.kind} {view.channel}{decoder}{rendered}"


def _case_of(take: Take, *, has_audio: bool) -> _Case:
    found = told(take, TYPICAL_ERRORS, np.random.default_rng(take.seed))
    strokes = gather(found.hits, found.lines.rate_hz)
    patches = patches_of(take.rendered(), strokes) if has_audio else None
    return _Case(found, strokes, inputs_of(found.hits, strokes, found.lines), patches)


def _placements(case: _Case, networks: Mapping[Wanted, Trained]) -> Iterator[tuple[str, Placement]]:
    """Yield the placement of each way of alignment."""
    hits, lines = case.found.hits, case.found.lines
    simple = simple_aligners()
    for name in _SIMPLE:
        yield name, simple[name](hits, lines)
    for one, trained in networks.items():
        yield _row(one), _placed(case, *assigned(trained, case.inputs, case.strokes, case.patches))
    witnesses = [trained for one, trained in networks.items() if _row(one) in _WITNESSES]
    if witnesses:
        found = assigned_with(witnesses, _EVIDENCE, case.inputs, case.strokes, lines)
        yield WITH_NETWORKS, _placed(case, *found)


def _placed(case: _Case, taken: NDArray[np.int64], confidences: NDArray[np.float64]) -> Placement:
    return placed(case.found.hits, case.strokes, taken, confidences, case.found.lines, ALL)


def _score(found: Symbolic, placement: Placement) -> PlacementScore:
    return placement_score(found.truth, found.hits, found.rows, placement, found.lines)


def _over_performances(by_seed: Mapping[int, list[PlacementScore]]) -> dict[str, object]:
    """Return the mean over seeds of hits in the wrong place, and their distribution over performances."""
    of_seeds = [_wrong(together(scores)) for scores in by_seed.values()]
    of_each = [_wrong(score) for scores in by_seed.values() for score in scores]
    return {
        "wrong_place": float(np.mean(of_seeds)),
        "wrong_place_of_seeds": of_seeds,
        "wrong_place_median": float(np.median(of_each)),
        "wrong_place_worst_decile": float(np.quantile(of_each, 0.9)),
    }


def _wrong(score: PlacementScore) -> float:
    return score.figures()["wrong_place"]
