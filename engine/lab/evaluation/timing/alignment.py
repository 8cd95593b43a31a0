"""How well each way of alignment puts hits where they belong, at several displacements.

Each method gets the same hits of the same performances by held-out drummers: the true ones,
and those detected in the microphones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engine.core.progress import SILENT, Progress
from engine.document.analysis import Hits
from engine.features.timing.alignment.lines import Aligner, Lines
from engine.features.timing.alignment.moves import whole_performance
from engine.lab.evaluation.timing.baselines.beat_detective import BeatDetectiveSettings, beat_detective
from engine.lab.evaluation.timing.baselines.simple_aligners import as_it_is, to_nearest_line
from engine.lab.evaluation.timing.hit_scores import rows_found
from engine.lab.evaluation.timing.hits import found_in
from engine.lab.evaluation.timing.matching import Rows
from engine.lab.evaluation.timing.placement_scores import PlacementScore, placement_score, together
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import takes
from engine.lab.simulated.performances.performance import Truth
from engine.lab.simulated.performances.symbolic import FinderErrors, told, true_lines
from engine.lab.simulated.performances.takes import Take

Line = dict[str, str | float | int]

_TRUE_OF_A_SEED, _FOUND_OF_A_SEED = 12, 3
_SHORT_S = 20.0


def _off(jitter_ms: float, past_half: float = 0.0) -> Displacement:
    return Displacement(
        jitter_ms=jitter_ms,
        tails=0.02,
        voice_jitter_ms=0.5,
        drift_ms=jitter_ms / 2,
        past_half=past_half,
        faulty_flams=0.08,
        flams=0.08,
        drags=0.03,
        ghosts=0.05,
        missing=0.02,
        doubles=0.02,
    )


DISPLACEMENTS: Mapping[str, Displacement] = MappingProxyType(
    {
        "5 ms": _off(5.0),
        "10 ms": _off(10.0),
        "20 ms": _off(20.0),
        "40 ms": _off(40.0),
        "past half": _off(10.0, past_half=0.05),
        "drifting": replace(_off(5.0), drift_ms=30.0),
        "rushing": replace(_off(8.0), drift_ms=8.0, rush=0.7, rush_ms=60.0, pull_ms=-8.0),
        "own timing × 2": Displacement(own_timing=2.0),
        "own timing × 3": Displacement(own_timing=3.0),
        "own timing × 5": Displacement(own_timing=5.0),
    }
)
"""How far strokes are off, as a standard deviation; they drift by half as much. Then: one in 20 is nearer to
another line than to its own; they drift far; fills are rushed and one voice is always early; the measured
deviations of the drummer are exaggerated, and nothing is drawn."""


def simple_aligners() -> Mapping[str, Aligner]:
    """Return every way of alignment that learns nothing, by name."""
    detectives = {
        f"Beat Detective {sensitivity:.0%}": beat_detective(BeatDetectiveSettings(sensitivity))
        for sensitivity in (0.5, 0.75, 1.0)
    }
    return {
        "as it is": as_it_is,
        "nearest line": to_nearest_line,
        **detectives,
        "whole performance": whole_performance(),
    }


def evaluate(
    data_dir: Path,
    *,
    seeds: int = 5,
    short: bool = False,
    progress: Progress = SILENT,
) -> Iterator[Line]:
    """Yield a line for each way of alignment, each displacement, and true and found hits.

    Parameters
    ----------
    data_dir : holds `multimic`
    seeds : each draws other performances

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    seeds = 1 if short else seeds
    rows = simple_aligners()
    for number, (name, displacement) in enumerate(DISPLACEMENTS.items()):
        part = progress.part(number / len(DISPLACEMENTS), (number + 1) / len(DISPLACEMENTS))
        for kind, count in (("true", _TRUE_OF_A_SEED), ("found", _FOUND_OF_A_SEED)):
            scores: dict[str, dict[int, list[PlacementScore]]] = defaultdict(lambda: defaultdict(list))
            for seed in range(seeds):
                longest_s = _SHORT_S if short else 60.0
                for done, take in enumerate(takes(data_dir, "test", count, seed, displacement, longest_s)):
                    part.check_cancelled()
                    part.report((seed + done / count) / seeds, f"Aligning {take.name}, {name}")
                    hits, true, found, lines = _told(take, kind)
                    for row, align in rows.items():
                        score = placement_score(true, hits, found, align(hits, lines), lines)
                        scores[row][seed].append(score)
            for row, scored in scores.items():
                yield line_of(kind, name, row, scored)


def _told(take: Take, kind: str) -> tuple[Hits, Truth, Rows, Lines]:
    """Return the hits of a take, the truth, which row of it each hit is, and the lines."""
    if kind == "true":
        ideal = told(take, FinderErrors(is_grouped=True), np.random.default_rng(take.seed))
        return ideal.hits, ideal.truth, ideal.rows, ideal.lines
    performance = take.rendered()
    hits = found_in(performance.microphones, performance.rate_hz)
    lines = true_lines(performance.grid, performance.divisions, performance.rate_hz)
    return hits, performance.truth, rows_found(performance, hits), lines


def line_of(kind: str, displacement: str, row: str, by_seed: Mapping[int, list[PlacementScore]]) -> Line:
    """Return the figures of a way of alignment over all performances, with the deviation between seeds."""
    every = together([score for scores in by_seed.values() for score in scores])
    wrong = [together(scores).figures()["wrong_place"] for scores in by_seed.values()]
    return {
        "hits": kind,
        "displacement": displacement,
        "row": row,
        **every.figures(),
        **({"wrong_place_deviation": float(np.std(wrong))} if len(wrong) > 1 else {}),
        "n": sum(len(scores) for scores in by_seed.values()),
    }
