"""Training data of the networks: simulated performances with their inputs and the lines that were meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import ORNAMENTS, Ornament
from engine.features.timing.alignment.decoder import nearest
from engine.features.timing.alignment.strokes import VOICES, Strokes, gather, voice_of
from engine.lab.simulated.performances.parts import LONGEST_S, Part, takes
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.symbolic import TYPICAL_ERRORS, FinderErrors, Symbolic, told
from engine.lab.training.timing.inputs import CHOICES, inputs_of
from engine.lab.training.timing.networks import BEFORE, NOWHERE
from engine.lab.training.timing.patches import no_patches, patches_of

UNKNOWN = -100
"""The choice of a stroke whose line is not among those near it: the loss leaves it out."""
AUDIO_LONGEST_S = 20.0
WRITTEN_LAST = "starts.npy"
_EXACT = FinderErrors(timing_ms=0.1)
_LATE = ORNAMENTS.index(Ornament.LATE_VOICE)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Performances for training, one after the other.

    Attributes
    ----------
    features, keys : float32, inputs of all strokes, see `Inputs`
    choices : int64, shape (s,), the right choice of each, or `UNKNOWN`
    previous : int64, shape (s,), see `Batch`
    faults : float32, shape (s, len(VOICES)), 1 for a voice at fault, 0 for one that is not, NaN for silence
    patches : float16, shape (s, GROUPS, FRAMES, BANDS), see `patches_of`; of no groups without audio
    starts : int64, shape (performances + 1,), where the strokes of each performance begin, and the end
    """

    features: NDArray[np.float32]
    keys: NDArray[np.float32]
    choices: NDArray[np.int64]
    previous: NDArray[np.int64]
    faults: NDArray[np.float32]
    patches: NDArray[np.float16]
    starts: NDArray[np.int64]

    def write(self, folder: Path) -> None:
        """Write one file an array, so that several trainings can map the same memory; `WRITTEN_LAST` last."""
        folder.mkdir(parents=True, exist_ok=True)
        for field in fields(self):
            np.save(folder / f"{field.name}.npy", getattr(self, field.name))


def read_lessons(folder: Path) -> Lessons:
    """Read what `Lessons.write` wrote."""
    return Lessons(*(np.load(folder / f"{field.name}.npy", mmap_mode="r") for field in fields(Lessons)))


def lessons_of(data_dir: Path, part: Part, count: int, seed: int, *, has_audio: bool) -> Lessons:
    """Return performances of a part: half exact, half with simulated detection errors.

    Parameters
    ----------
    has_audio : render the microphones, of shorter performances

    Raises
    ------
    UsageError : the recordings are not there
    """
    made = []
    longest_s = AUDIO_LONGEST_S if has_audio else LONGEST_S
    for number, take in enumerate(takes(data_dir, part, count, seed, longest_s=longest_s)):
        errors = _EXACT if number % 2 else TYPICAL_ERRORS
        found = told(take, errors, np.random.default_rng((seed, number, 1)))
        made.append(lesson(found, take.rendered() if has_audio else None))
    return together(made)


def lesson(example: Symbolic, rendered: Performance | None = None) -> Lessons:
    """Return one performance as training data, with patches where it is rendered."""
    strokes = gather(example.hits, example.lines.rate_hz)
    told = inputs_of(example.hits, strokes, example.lines)
    meant = true_lines(example, strokes)
    right = told.candidates.lines == meant[:, None]
    choices = np.where(right.any(1), right.argmax(1), UNKNOWN)
    choices[meant < 0] = CHOICES - 1
    return Lessons(
        told.features,
        told.keys,
        choices,
        previous_of(told.candidates.lines, meant),
        _faults(example, strokes),
        patches_of(rendered, strokes) if rendered else no_patches(len(choices)),
        np.array([0, len(choices)]),
    )


def previous_of(lines: NDArray[np.int64], taken: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the last line taken before each stroke is among the lines near it, shape (s,).

    Parameters
    ----------
    lines : shape (s, LINES), see `Candidates`
    taken : shape (s,), the line of each stroke, -1 for none
    """
    last = np.maximum.accumulate(np.concatenate([[-1], taken[:-1]])) if len(taken) else taken
    same = (lines == last[:, None]) & (lines >= 0)
    return np.where(last < 0, NOWHERE, np.where(same.any(1), same.argmax(1), BEFORE))


def together(made: Iterable[Lessons]) -> Lessons:
    """Return all performances of several collections."""
    every = list(made)
    sizes = np.concatenate([np.diff(one.starts) for one in every])
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    names = [field.name for field in fields(Lessons) if field.name != "starts"]
    joined = {name: np.concatenate([getattr(one, name) for one in every]) for name in names}
    return Lessons(**joined, starts=starts)


def true_lines(example: Symbolic, strokes: Strokes) -> NDArray[np.int64]:
    """Return the line that each stroke was meant for, -1 for one too many, shape (s,)."""
    meant = np.full(len(strokes.onsets_samples), -1, np.int64)
    targets = example.truth.targets_samples[np.maximum(example.rows, 0)]
    known = ~strokes.graces & ~np.isnan(targets) & (example.rows >= 0)
    found = nearest(targets[known], example.lines.positions_samples)
    meant[strokes.of_hits[known]] = found
    return meant


def _faults(example: Symbolic, strokes: Strokes) -> NDArray[np.float32]:
    faults = np.full((len(strokes.onsets_samples), len(VOICES)), np.nan, np.float32)
    several = strokes.voices.sum(1) > 1
    late = (example.truth.ornaments[np.maximum(example.rows, 0)] == _LATE) & (example.rows >= 0)
    for hit, role in enumerate(example.hits.voices):
        stroke = strokes.of_hits[hit]
        if several[stroke] and not strokes.graces[hit]:
            faults[stroke, voice_of(role)] = float(late[hit])
    return faults
