"""``offcut evaluate taste``: default cuts, ranking and agreement of tastes on material set apart.

Each seed learns a taste from the recordings of a band, an interview or a place, and proposes cuts of others,
as the window does. The material shares no code with training or with the faults on which tastes practise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.lab.evaluation.apart.figures import Line, lines
from engine.lab.evaluation.apart.making import BANDS, COUNTS, INTERVIEWS, PLACES, Group, Making
from engine.lab.evaluation.apart.trials import (
    ENERGY,
    IDLE,
    NEAREST,
    TASTE,
    Trial,
    Trials,
    baseline_trials,
    taste_trial,
)

SEEDS = 5
_DEFAULT = (BANDS, INTERVIEWS, PLACES)


@dataclass(frozen=True, slots=True)
class Asked:
    """Materials, groups and seeds to measure.

    Attributes
    ----------
    materials : names in `COUNTS`; empty for all but the further bands
    groups : how many of each material, from the first on; None for all
    made : folder of made recordings, to go on from; None for a temporary one
    results : file of finished trials, to go on from
    is_short : one small group of each material, one seed, and a taste that learns little
    """

    materials: Sequence[str] = ()
    groups: int | None = None
    seeds: int = SEEDS
    made: Path | None = None
    results: Path | None = None
    is_short: bool = False


def evaluate(data_dir: Path, asked: Asked, progress: Progress) -> Iterator[Line]:
    """Run missing trials, seed by seed, and yield the figures of each material.

    Parameters
    ----------
    data_dir : holds `multimic/`, `esc50/`, `speech/` and `ambience/`, as far as the materials need them

    Raises
    ------
    UsageError : a material is unknown, or recordings, voices or instruments are missing
    """
    materials = tuple(asked.materials) or _DEFAULT
    for name in materials:
        if name not in COUNTS:
            raise UsageError(f"There is no material '{name}': use {', '.join(COUNTS)}.")
    if asked.seeds < 1 or (asked.groups or 1) < 1:
        raise UsageError("There is nothing to measure: ask for one seed and one group or more.")
    with TemporaryDirectory() as name:
        making = Making(data_dir, asked.made or Path(name), asked.is_short)
        yield from _measured(making, materials, asked, progress)


def _measured(making: Making, materials: Sequence[str], asked: Asked, progress: Progress) -> Iterator[Line]:
    trials, seeds = Trials(asked.results), 1 if asked.is_short else asked.seeds
    counts = {
        name: 1 if asked.is_short else min(asked.groups or COUNTS[name], COUNTS[name]) for name in materials
    }
    places = [
        (seed, name, number) for seed in range(seeds) for name in materials for number in range(counts[name])
    ]
    done: list[Trial] = []
    groups: dict[str, dict[str, Group]] = {name: {} for name in materials}
    for turn, (seed, material, number) in enumerate(places):
        share = progress.step(turn, len(places))
        group = making.group(material, number, share.part(0.0, 0.2))
        groups[material][group.name] = group
        if seed == 0:
            done += _simple(group, trials)
        found = trials.of(group.name, TASTE, seed)
        if found is None:
            found = taste_trial(group, seed, share.part(0.2, 1.0), short=asked.is_short)
            trials.add(found)
        done.append(found)
    for material, some in groups.items():
        yield from lines(material, list(some.values()), [one for one in done if one.group in some])


def _simple(group: Group, trials: Trials) -> list[Trial]:
    known = [trials.of(group.name, method, 0) for method in (ENERGY, NEAREST, IDLE)]
    if all(one is not None for one in known):
        return [one for one in known if one is not None]
    made = list(baseline_trials(group))
    for one in made:
        trials.add(one)
    return made
