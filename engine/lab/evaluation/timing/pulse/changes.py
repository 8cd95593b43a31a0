"""How well changes of metre are followed, and how many keys level and bars need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.analysis.beats.listen import listen
from engine.core.progress import SILENT, Progress
from engine.document.analysis import BeatGrid
from engine.lab.evaluation.timing.beat_figures import f_measure
from engine.lab.evaluation.timing.pulse.keys import MOST_KEYS, keys_to_bars, keys_to_level
from engine.lab.evaluation.timing.pulse.metres import CHANGES, with_metres
from engine.lab.evaluation.timing.recordings import Recording, bars_agree_in, kit_takes

Line = dict[str, str | float | int]

_TAKES, _FEW_TAKES = 45, 2
_SEED, _CHANGE_SEED = 31, 11
_TAIL_S = 2.0


def metre_lines(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield the downbeats found in performances in four, as they are and with beats left out.

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    scores: dict[str, list[float]] = defaultdict(list)
    count = _FEW_TAKES if short else _TAKES
    for number, take in enumerate(kit_takes(data_dir, "test", count, _SEED)):
        progress.check_cancelled()
        progress.report(number / count, "Finding changes of metre")
        for place, change in enumerate(CHANGES):
            rng = np.random.default_rng((_CHANGE_SEED, number, place))
            counted = with_metres(take, change, rng) if bars_agree_in(take) else None
            if counted is None:
                continue
            played = counted.take.rendered()
            samples = played.mix()[: round((counted.beats_s[-1] + _TAIL_S) * played.rate_hz)]
            grid = listen([samples], played.rate_hz, len(samples)).grid
            scores[change].append(f_measure(counted.downbeats_s, grid.downbeats_samples / played.rate_hz))
    for name, values in scores.items():
        metric = f"metre_{name.replace(' ', '_')}_downbeat_f_measure"
        yield {"metric": metric, "value": float(np.mean(values)), "n": len(values)}


def key_lines(
    sets: Mapping[str, Sequence[Callable[[], Recording]]], progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield the shares of recordings whose level, and whose level and bars, are right after 0 to 2 keys.

    Parameters
    ----------
    sets : makers of the recordings of each kind

    Raises
    ------
    Cancelled : the user asked for it
    """
    for name, readers in sets.items():
        level: list[int | None] = []
        bars: list[int | None] = []
        for read in readers:
            progress.check_cancelled()
            recording = read()
            grid = listen([recording.samples], recording.rate_hz, len(recording.samples)).grid
            silent = replace(recording, samples=np.zeros(0, np.float32))
            level.append(keys_to_level(silent, grid))
            if len(silent.downbeats_s):
                bars.append(_bars(silent, grid))
        for what, keys in (("level", level), ("level_and_bars", bars)):
            for most in range(MOST_KEYS + 1) if keys else ():
                share = float(np.mean([one is not None and one <= most for one in keys]))
                yield {"metric": f"{name}_{what}_after_{most}_keys", "value": share, "n": len(keys)}


def _bars(recording: Recording, grid: BeatGrid) -> int | None:
    return keys_to_bars(recording, grid) if len(grid.beats_samples) > 1 else None
