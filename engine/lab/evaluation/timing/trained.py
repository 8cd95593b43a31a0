"""Networks of alignment, trained for the comparison: each seed learns from other performances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.alignment.placement import Aligner
from engine.lab.evaluation.timing.learned.networks import NETWORKS
from engine.lab.evaluation.timing.learned.placing import by_network
from engine.lab.evaluation.timing.learned.training import SETTINGS, Example, train
from engine.lab.evaluation.timing.symbolic import TYPICAL_ERRORS, FinderErrors, symbolic
from engine.lab.simulated.performances.parts import Part
from engine.learning.loop import TrainSettings
from engine.progress import SILENT, Progress

_PERFORMANCES, _HELD_BACK, _SHORT = 300, 20, 12
_QUICK = TrainSettings(epochs=2, learning_rate=2e-3, weight_decay=1e-2, patience=None)


def trained_aligners(
    data_dir: Path, seeds: int, *, short: bool = False, progress: Progress = SILENT
) -> Mapping[str, Sequence[Aligner]]:
    """Train every network with and without the phase of the metronome, once a seed.

    Returns
    -------
    aligners : by name, one a seed

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    found: dict[str, list[Aligner]] = {}
    validation = examples(data_dir, "validation", _SHORT if short else _HELD_BACK, 0)
    runs = [
        (network, phase, seed) for seed in range(seeds) for network in NETWORKS for phase in (True, False)
    ]
    lessons: list[Example] = []
    for number, (network, phase, seed) in enumerate(runs):
        if number % (2 * len(NETWORKS)) == 0:
            lessons = examples(data_dir, "train", _SHORT if short else _PERFORMANCES, seed)
        part = progress.part(number / len(runs), (number + 1) / len(runs))
        trained = train(network, phase, lessons, validation, seed, _QUICK if short else SETTINGS, part)
        name = f"{network} {'with' if phase else 'without'} phase"
        found.setdefault(name, []).append(by_network(trained))
    return found


def examples(data_dir: Path, part: Part, count: int, seed: int) -> list[Example]:
    """Return performances to learn from: half exact, half with simulated detection errors."""
    ideal = symbolic(data_dir, part, count // 2, 2 * seed, errors=FinderErrors(timing_ms=0.1))
    heard = symbolic(data_dir, part, count - count // 2, 2 * seed + 1, errors=TYPICAL_ERRORS)
    return [Example(one.hits, one.lines, one.truth, one.rows) for one in (*ideal, *heard)]
