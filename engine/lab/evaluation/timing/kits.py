"""Hits and their timing by kit, with the roles of the microphones and without, on kits left out of training.

With the roles given, hits are found, placed and moved: `doubled_attacks` counts true hits whose attack the
border of a slice makes sound twice. Without names, roles are guessed by sound alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from engine.core.progress import SILENT, Progress
from engine.document.analysis import Hits
from engine.document.kinds.operations import Slice
from engine.document.kinds.timing import HIT
from engine.document.proposals import edited
from engine.features.timing.alignment.lines import Lines, Placement
from engine.features.timing.alignment.moves import whole_performance
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.alignment.strokes import moved_strokes
from engine.features.timing.finders.timing.hit_proposals import Placed, hit_proposals
from engine.lab.evaluation.timing import hit_scores, placement_scores
from engine.lab.evaluation.timing.alignment import DISPLACEMENTS
from engine.lab.evaluation.timing.fills import times_heard
from engine.lab.evaluation.timing.hits import found_in
from engine.lab.simulated.performances.parts import kits_of, takes
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.symbolic import true_lines
from engine.sound.edl.tracks.patches import Patches

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
    doubled: dict[str, int] = defaultdict(int)
    nameless: dict[str, list[tuple[float, hit_scores.HitScore]]] = defaultdict(list)
    count = len(kits_of("test", data_dir)) * (1 if short else _OF_A_KIT)
    seeds, longest_s = (1, _SHORT_S) if short else (seeds, _LONGEST_S)
    align = whole_performance()
    for seed in range(seeds):
        drawn = takes(data_dir, "test", count, seed, DISPLACEMENTS[_JITTER], longest_s)
        for number, take in enumerate(drawn):
            progress.check_cancelled()
            progress.report((seed + number / count) / seeds, f"Aligning {take.name}")
            performance, kit = take.rendered(), take.kit.name
            hits = found_in(performance.microphones, performance.rate_hz, performance.roles)
            lines = true_lines(performance.grid, performance.divisions, performance.rate_hz)
            rows, placement = hit_scores.rows_found(performance, hits), align(hits, lines)
            of_hits[kit].append(hit_scores.hit_score(performance, hits))
            of_places[kit].append(
                placement_scores.placement_score(performance.truth, hits, rows, placement, lines)
            )
            doubled[kit] += doubled_attacks(performance, hits, placement, lines)
            nameless[kit].append(_without_names(performance))
    for kit, scores in of_hits.items():
        detected = hit_scores.together(scores).figures()
        placed = placement_scores.together(of_places[kit]).figures()
        figures = {name: detected[name] for name in ("f_close", "f_all", "f_any_drum")} | placed
        figures |= {"doubled_attacks": doubled[kit], **_of_nameless(nameless[kit])}
        for metric, value in figures.items():
            yield {"kit": kit, "metric": metric, "value": value, "n": len(scores)}


def doubled_attacks(performance: Performance, hits: Hits, placement: Placement, lines: Lines) -> int:
    """Return how many true hits sound twice at their own microphones once all strokes are moved."""
    length = max(len(sound) for sound in performance.microphones.values())
    strokes = moved_strokes(hits, placement, performance.rate_hz)
    placed = Placed(hits, placement, strokes, performance.grid, lines, TimingSettings(), (), length, "")
    slices = [
        part
        for one in hit_proposals(placed)
        for part in HIT.effect(edited(one, None))
        if isinstance(part, Slice)
    ]
    patches = Patches.of(slices, performance.rate_hz)
    return times_heard(patches, performance.truth.onsets_samples, performance.rate_hz)[1]


def _without_names(performance: Performance) -> tuple[float, hit_scores.HitScore]:
    """Return the share of roles that are right by sound alone, and the score of the hits found so."""
    bare = {f"Audio {number:02d}": one for number, one in enumerate(performance.microphones.values(), 1)}
    hits = found_in(bare, performance.rate_hz)
    right = [one is true for one, true in zip(hits.roles, performance.roles.values(), strict=True)]
    return float(np.mean(right)), hit_scores.hit_score(performance, hits)


def _of_nameless(found: list[tuple[float, hit_scores.HitScore]]) -> Mapping[str, float]:
    scores = hit_scores.together(score for _, score in found).figures()
    return {
        "names_unknown_roles_right": float(np.mean([right for right, _ in found])),
        "names_unknown_f_any_drum": scores["f_any_drum"],
    }
