"""Hits and their timing by kit, with the roles of the microphones given, on kits that training left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from engine.alignment.aligners import whole_performance
from engine.lab.evaluation.timing import hit_scores, placement_scores
from engine.lab.evaluation.timing.alignment import DISPLACEMENTS
from engine.lab.evaluation.timing.hits import found_in
from engine.lab.simulated.performances.parts import kits_of, takes
from engine.lab.simulated.performances.symbolic import true_lines
from engine.progress import SILENT, Progress

Line = dict[str, str | float | int]

_OF_A_KIT, _LONGEST_S = 3, 45.0
_SHORT_S = 20.0
_JITTER = "10 ms"


def evaluate(
    data_dir: Path, *, seeds: int = 5, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line a figure and kit: kit, metric, value, n performances.

    Parameters
    ----------
    data_dir : holds `multimic`
    seeds : each draws three other performances a kit

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    of_hits: dict[str, list[hit_scores.HitScore]] = defaultdict(list)
    of_places: dict[str, list[placement_scores.PlacementScore]] = defaultdict(list)
    count = len(kits_of("test", data_dir)) * (1 if short else _OF_A_KIT)
    seeds, longest_s = (1, _SHORT_S) if short else (seeds, _LONGEST_S)
    align = whole_performance()
    for seed in range(seeds):
        drawn = takes(data_dir, "test", count, seed, DISPLACEMENTS[_JITTER], longest_s)
        for number, take in enumerate(drawn):
            progress.check_cancelled()
            progress.report((seed + number / count) / seeds, f"Aligning {take.name}")
            performance = take.rendered()
            rate_hz = performance.rate_hz
            hits = found_in(performance.microphones, rate_hz, performance.roles)
            lines = true_lines(performance.grid, performance.divisions, rate_hz)
            rows = hit_scores.rows_found(performance, hits)
            of_hits[take.kit.name].append(hit_scores.hit_score(performance, hits))
            of_places[take.kit.name].append(
                placement_scores.placement_score(performance.truth, hits, rows, align(hits, lines), lines)
            )
    for kit, scores in of_hits.items():
        detected = hit_scores.together(scores).figures()
        placed = placement_scores.together(of_places[kit]).figures()
        figures = {name: detected[name] for name in ("f_close", "f_all", "f_any_drum")} | placed
        for metric, value in figures.items():
            yield {"kit": kit, "metric": metric, "value": value, "n": len(scores)}
