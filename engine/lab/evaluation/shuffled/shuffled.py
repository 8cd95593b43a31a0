"""``offcut evaluate shuffled``: made days with shuffled dates, poly files, splits, strangers, repeated songs.

Places are compared with the truth, counted from the file that most certain ones agree with. A certain file
is wrong if it is further from its place than its evidence allows: 2 ms by sound or sample-exact statements,
2.5 s by stated times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from engine.core.progress import Progress
from engine.features.placement.plan import propose_places
from engine.lab.evaluation.shuffled.making import ROOM_HZ, Truth, a_day
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Basis, Placement, Placements, Reason

Line = dict[str, object]

FIRST_SEED, DAYS = 500, 20
"""Settings were chosen on days of seeds below 100."""
_EXACT_S, _STATED_S = 0.002, 2.5
_BY_CLOCK = (Basis.STATED_TIME, Basis.FILE_DATE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a file of a day was placed.

    Attributes
    ----------
    error_s : distance from its true place; that of a stranger is infinite
    """

    name: str
    error_s: float
    is_certain: bool
    limit_s: float

    @property
    def is_right(self) -> bool:
        return self.error_s <= self.limit_s


def evaluate(data_dir: Path, *, progress: Progress, short: bool = False) -> Iterator[Line]:
    """Yield a line a day, then a line a figure.

    Parameters
    ----------
    data_dir : holds `music/` and `speech/`
    short : two days
    """
    days: list[list[Outcome]] = []
    count = 2 if short else DAYS
    for number in range(count):
        progress.check_cancelled()
        progress.report(number / count, "Placing shuffled days")
        with TemporaryDirectory() as folder:
            truths, about = a_day(data_dir, Path(folder), FIRST_SEED + number)
            places = propose_places(read_heads([one.path for one in truths]), rate_hz=ROOM_HZ)
            days.append(outcomes(truths, places))
        yield _line("right", about, [[one.is_right for one in days[-1]]])
        yield _line("wrongly_certain", about, [[one.is_certain and not one.is_right for one in days[-1]]])
    yield from _figures(days)


def outcomes(truths: Sequence[Truth], places: Placements) -> list[Outcome]:
    """Compare the places of a day with the truth, from the file that most certain ones agree with."""
    known = [index for index, one in enumerate(truths) if one.begin_s is not None]
    origin = next(index for index, one in enumerate(places.files) if one.reason is Reason.ORIGIN)
    counted_hz = places.rate_hz * (1.0 + truths[origin].ppm / 1e6)
    offs = {index: _off_s(truths[index], places.files[index], counted_hz) for index in known}
    sure = [index for index in known if places.files[index].is_certain] or known

    def agreeing(index: int) -> int:
        return sum(abs(offs[index] - offs[other]) <= _EXACT_S for other in sure)

    zero_s = offs[max(sure, key=lambda index: (agreeing(index), -index))]
    found = []
    for index, (truth, place) in enumerate(zip(truths, places.files, strict=True)):
        error_s = abs(offs[index] - zero_s) if index in offs else float("inf")
        limit_s = _STATED_S if place.basis in _BY_CLOCK or place.accuracy_s >= 0.5 else _EXACT_S
        found.append(Outcome(truth.path.name, error_s, place.is_certain, limit_s))
    return found


def _off_s(truth: Truth, place: Placement, rate_hz: float) -> float:
    assert truth.begin_s is not None
    return place.start_samples / rate_hz - truth.begin_s


def _figures(days: Sequence[Sequence[Outcome]]) -> Iterator[Line]:
    """Yield shares of files a day: mean, median and worst decile of the days."""
    known = [[one for one in day if np.isfinite(one.error_s)] for day in days]
    yield from _spread("right", [[one.is_right for one in day] for day in known])
    yield from _spread(
        "right_and_certain", [[one.is_right and one.is_certain for one in day] for day in known]
    )
    yield from _spread(
        "right_or_marked", [[one.is_right or not one.is_certain for one in day] for day in days]
    )
    wrong = [one.is_certain and not one.is_right for day in days for one in day]
    yield {
        "metric": "wrongly_certain",
        "about": "all days",
        "value": float(sum(wrong)),
        "baseline": {},
        "n": len(wrong),
    }


def _spread(metric: str, days: Sequence[Sequence[bool]]) -> Iterator[Line]:
    shares = np.sort([float(np.mean(day)) for day in days])
    worst = shares[: max(1, len(shares) // 10)]
    for name, value in (
        ("mean", shares.mean()),
        ("median", np.median(shares)),
        ("worst_decile", worst.mean()),
    ):
        yield {
            "metric": f"{metric}_{name}",
            "about": "all days",
            "value": float(value),
            "baseline": {},
            "n": len(days),
        }


def _line(metric: str, about: str, rows: Sequence[Sequence[bool]]) -> Line:
    values = [value for row in rows for value in row]
    return {
        "metric": metric,
        "about": about,
        "value": float(np.mean(values)),
        "baseline": {},
        "n": len(values),
    }
