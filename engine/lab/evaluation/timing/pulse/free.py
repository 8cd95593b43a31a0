"""How well passages without a steady pulse are marked, and how many of their hits move."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.listen import listen
from engine.core.progress import SILENT, Progress
from engine.document.analysis import NOWHERE, BeatGrid
from engine.document.pulse import is_free
from engine.features.timing.alignment.lines import Division, lines_of
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.timing.align import default_aligner
from engine.lab.evaluation.timing.pulse.passages import KINDS, Freed, with_passage
from engine.lab.evaluation.timing.recordings import Recording, kit_takes
from engine.lab.simulated.performances.symbolic import FinderErrors, told
from engine.lab.simulated.performances.takes import Take

Line = dict[str, str | float | int]

_TAKES, _FEW_TAKES = 60, 2
_SEED, _PASSAGE_SEED = 29, 7
STEADY = "steady kits"


@dataclass(slots=True)
class Marked:
    """Seconds of passages, of marks, and of both; hits in passages that move with and without the marks."""

    passages_s: float = 0.0
    marked_s: float = 0.0
    both_s: float = 0.0
    length_s: float = 0.0
    recordings: int = 0
    hits: int = 0
    moved: list[int] = field(default_factory=lambda: [0, 0])


def free_lines(
    data_dir: Path,
    songs: Sequence[Callable[[], Recording]],
    *,
    short: bool = False,
    progress: Progress = SILENT,
) -> Iterator[Line]:
    """Yield the figures for kits with a free passage, kits without one, and songs.

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    found: dict[str, Marked] = defaultdict(Marked)
    count = _FEW_TAKES if short else _TAKES
    for number, take in enumerate(kit_takes(data_dir, "test", count, _SEED)):
        progress.check_cancelled()
        progress.report(number / count, "Finding passages without a pulse")
        _count(found[STEADY], take, None)
        for kind in KINDS:
            rng = np.random.default_rng((_PASSAGE_SEED, number, len(kind)))
            freed = with_passage(take, kind, rng)
            _count(found[kind], freed.take, freed)
    for read in songs:
        song = read()
        grid = listen([song.samples], song.rate_hz, len(song.samples)).grid
        _add(found["songs"], grid, NOWHERE / song.rate_hz, song.rate_hz, len(song.samples))
    for name, marked in found.items():
        yield from _figures(name, marked)


def _count(marked: Marked, take: Take, freed: Freed | None) -> None:
    performance = take.rendered()
    samples = performance.mix()
    grid = listen([samples], performance.rate_hz, len(samples)).grid
    passage = np.array([[freed.start_s, freed.stop_s]]) if freed else np.zeros((0, 2))
    _add(marked, grid, passage, performance.rate_hz, len(samples))
    if freed is None or not len(grid.beats_samples):
        return
    hits = told(take, FinderErrors(), np.random.default_rng(0)).hits
    inside = is_free(replace(grid, free_samples=np.rint(passage * performance.rate_hz)), hits.onsets_samples)
    settings = TimingSettings()
    lines = lines_of(grid, Division("1/16"), performance.rate_hz)
    targets = default_aligner(settings)(hits, lines).targets_samples
    moves = inside & (np.abs(targets - hits.onsets_samples) >= 1.0)
    marked.hits += int(inside.sum())
    marked.moved[0] += int((moves & ~is_free(grid, hits.onsets_samples)).sum())
    marked.moved[1] += int(moves.sum())


def _add(marked: Marked, grid: BeatGrid, passages_s: NDArray[np.float64], rate_hz: int, length: int) -> None:
    marks_s = grid.free_samples / rate_hz
    marked.recordings += 1
    marked.length_s += length / rate_hz
    marked.marked_s += float(np.diff(marks_s, axis=1).sum())
    marked.passages_s += float(np.diff(passages_s, axis=1).sum())
    starts = np.maximum(marks_s[:, None, 0], passages_s[None, :, 0])
    stops = np.minimum(marks_s[:, None, 1], passages_s[None, :, 1])
    marked.both_s += float(np.maximum(stops - starts, 0.0).sum())


def _figures(name: str, marked: Marked) -> Iterator[Line]:
    called, n = f"free_{name.replace(' ', '_')}", marked.recordings
    if not marked.passages_s:
        yield {"metric": f"{called}_marked_share", "value": marked.marked_s / marked.length_s, "n": n}
        return
    precision = marked.both_s / max(marked.marked_s, 1e-9)
    recall = marked.both_s / marked.passages_s
    yield {"metric": f"{called}_f", "value": 2 * precision * recall / max(precision + recall, 1e-9), "n": n}
    yield {"metric": f"{called}_precision", "value": precision, "n": n}
    yield {"metric": f"{called}_recall", "value": recall, "n": n}
    with_marks, without = (moved / max(1, marked.hits) for moved in marked.moved)
    yield {"metric": f"{called}_moved_share", "value": with_marks, "without_marks": without, "n": marked.hits}
