"""``offcut evaluate places``: proposed places on ten made days, against zero and file dates.

The error of a file is that of its start or of its end, whichever is greater, relative to the file that the
proposal counts from. A file is wrongly certain if it is not marked, and its error is more than a
millisecond where its sound is in others, or more than 2.5 s where only its header gives the place.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine.core.progress import Progress
from engine.features.placement.plan import propose_places
from engine.lab.evaluation.placing.days import DAYS, RANDOM, made_day, material_in
from engine.lab.evaluation.placing.devices import MadeFile
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Basis, Placements, Reason

Line = dict[str, object]

_FIRST_SEED, _RANDOM_SEEDS = 41, 12
"""Settings were chosen on days of seeds 0 and 1."""
_RATE_HZ = 48_000
_WITHIN_S = {"sample": 0.001, "second": 2.5, "unknown": 0.001}


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """Errors of one file in samples: of the proposal, of zero, and of its file date."""

    day: str
    level: str
    error: float
    at_zero: float
    by_date: float
    is_certain: bool
    is_by_sound: bool

    @property
    def is_wrongly_certain(self) -> bool:
        """Return whether a wrong place is not marked."""
        return self.is_certain and self.error > _WITHIN_S[self.level] * _RATE_HZ


def evaluate(data_dir: Path, *, progress: Progress, short: bool = False) -> Iterator[Line]:
    """Yield a line a figure.

    Parameters
    ----------
    data_dir : holds `music/`, `speech/` and `loops/`
    short : three days

    Raises
    ------
    UsageError : the folder does not hold them
    """
    material = material_in(data_dir)
    names = list(DAYS)[:: 4 if short else 1]
    files: list[PlacedFile] = []
    lasted_s: list[float] = []
    for number, name in enumerate(names):
        of_day: list[PlacedFile] = []
        for seed in range(_FIRST_SEED, _FIRST_SEED + (_RANDOM_SEEDS if name == RANDOM else 1)):
            progress.check_cancelled()
            progress.report(number / len(names), f"Placing: {name}")
            with TemporaryDirectory() as folder:
                made = made_day(name, material, Path(folder), seed)
                began = time.perf_counter()
                heads = read_heads([one.path for one in made])
                found = propose_places(heads, rate_hz=_RATE_HZ)
                lasted_s.append(time.perf_counter() - began)
                of_day += compared(name, made, found)
        files += of_day if name != RANDOM else []
        yield from _lines(name, of_day)
    yield from _lines("ten days", files)
    yield _line("seconds_a_day", "all", float(np.mean(lasted_s)), {}, len(lasted_s))


def compared(day: str, made: Sequence[MadeFile], found: Placements) -> list[PlacedFile]:
    """Return the errors of the files of a day, without the file that the others are counted from."""
    origin = next(index for index, one in enumerate(found.files) if one.reason is Reason.ORIGIN)
    root, speed = made[origin], 1.0 + made[origin].ppm / 1e6
    zero = found.files[origin].start_samples
    changed_s = [one.path.stat().st_mtime - one.stop_s + one.start_s for one in made]
    rows = []
    for index, (one, placed) in enumerate(zip(made, found.files, strict=True)):
        if index == origin:
            continue
        true_start, true_stop = (
            (edge - root.start_s) * speed * _RATE_HZ for edge in (one.start_s, one.stop_s)
        )
        start = placed.start_samples - zero
        own_samples = (one.stop_s - one.start_s) * (1.0 + one.ppm / 1e6) * _RATE_HZ
        stop = start + own_samples / (1.0 + placed.drift_ppm / 1e6)
        error = max(abs(start - true_start), abs(stop - true_stop))
        date = abs((changed_s[index] - changed_s[origin]) * _RATE_HZ - true_start)
        is_by_sound = placed.basis is Basis.SOUND
        rows.append(PlacedFile(day, one.level, error, abs(true_start), date, placed.is_certain, is_by_sound))
    return rows


def _lines(about: str, files: Sequence[PlacedFile]) -> Iterator[Line]:
    by_sound = [one for one in files if one.level == "sample" and one.is_by_sound]
    errors = np.array([one.error for one in by_sound])
    if by_sound:
        yield _line("within_a_sample_by_sound", about, float(np.mean(errors <= 1.0)), {}, len(by_sound))
        yield _line("error_samples_median_by_sound", about, float(np.median(errors)), {}, len(by_sound))
    for level in ("sample", "second"):
        rows = [one for one in files if one.level == level]
        if not rows:
            continue
        errors = np.array([one.error for one in rows])
        baselines = {
            "zero": np.array([one.at_zero for one in rows]),
            "file dates": np.array([one.by_date for one in rows]),
        }
        for name, of in (("mean", np.mean), ("median", np.median), ("worst", np.max)):
            plain = {key: float(of(values)) for key, values in baselines.items()}
            yield _line(f"error_samples_{name}_{level}", about, float(of(errors)), plain, len(rows))
        limit = 1.0 if level == "sample" else _RATE_HZ
        plain = {key: float(np.mean(values <= limit)) for key, values in baselines.items()}
        yield _line(f"within_a_{level}", about, float(np.mean(errors <= limit)), plain, len(rows))
        certain = float(np.mean([one.is_certain for one in rows]))
        yield _line(f"certain_{level}", about, certain, {}, len(rows))
    wrong = sum(one.is_wrongly_certain for one in files)
    yield _line("wrongly_certain", about, float(wrong), {}, len(files))


def _line(metric: str, about: str, value: float, baseline: Mapping[str, float], n: int) -> Line:
    return {"metric": metric, "about": about, "value": value, "baseline": dict(baseline), "n": n}
