"""A hundred days with wrong dates: a file is at its true place, or it is marked as uncertain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.features.placement.plan import propose_places
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Basis, Mode, Placements
from tests.engine.features.placement.files import NOON, NOW, RATE_HZ, dated, m4a, silence, wav

WITHIN_S = 2.5
SEEDS = 10


@dataclass(frozen=True, slots=True)
class File:
    """A recording with its true start in seconds after noon, and the dates that it gets."""

    name: str
    start_s: float
    length_s: float
    stated: datetime | None
    changed: datetime
    reference: int | None = None

    def written(self, folder: Path) -> Path:
        """Write it."""
        path, samples = folder / self.name, silence(self.length_s)
        if path.suffix == ".m4a":
            m4a(path, samples, self.stated)
        else:
            wav(path, samples, self.stated, reference=self.reference)
        return dated(path, self.changed)


def at(start_s: float) -> datetime:
    return NOON + timedelta(seconds=start_s)


def honest(rng: np.random.Generator, name: str, count: int) -> list[File]:
    """Return files of one device whose dates are right."""
    found, place = [], float(rng.uniform(0.0, 900.0))
    for number in range(1, count + 1):
        length = float(rng.integers(2, 6))
        found.append(File(name.format(number), place, length, at(place), at(place + length)))
        place += length + float(rng.uniform(30.0, 1_200.0))
    return found


def changed(file: File, by: timedelta, *, stated: bool = True, dates: bool = False) -> File:
    """Return a file with its header or its file date moved."""
    moment = None if file.stated is None else file.stated + by * stated
    return File(file.name, file.start_s, file.length_s, moment, file.changed + by * dates, file.reference)


def one_header_off(rng: np.random.Generator) -> list[File]:
    files = honest(rng, "rec_{:03d}.wav", 5)
    chosen = int(rng.integers(len(files)))
    files[chosen] = changed(files[chosen], timedelta(minutes=float(rng.choice([-1, 1]) * rng.uniform(1, 90))))
    return files


def one_header_of_another_year(rng: np.random.Generator) -> list[File]:
    files = honest(rng, "rec_{:03d}.wav", 4)
    chosen = int(rng.integers(len(files)))
    files[chosen] = changed(files[chosen], timedelta(days=-365 * int(rng.integers(1, 9))))
    return files


def a_device_hours_off(rng: np.random.Generator) -> list[File]:
    by = timedelta(hours=float(rng.uniform(-9.0, 9.0)))
    camera = [changed(one, by, dates=True) for one in honest(rng, "cam/C{:04d}.wav", 3)]
    return honest(rng, "rec/rec_{:03d}.wav", 3) + camera


def a_clock_that_was_never_set(rng: np.random.Generator) -> list[File]:
    epoch = datetime(int(rng.choice([1980, 2000, 2010, 2015])), 1, 1)
    camera = honest(rng, "cam/C{:04d}.wav", 3)
    by = epoch - at(camera[0].start_s)
    return honest(rng, "rec/rec_{:03d}.wav", 3) + [changed(one, by, dates=True) for one in camera]


def a_battery_change(rng: np.random.Generator) -> list[File]:
    files = honest(rng, "rec_{:03d}.wav", 6)
    by = datetime(2015, 1, 1) - at(files[3].start_s)
    return files[:3] + [changed(one, by, dates=True) for one in files[3:]]


def copies_without_headers(rng: np.random.Generator) -> list[File]:
    copied = at(float(rng.uniform(50_000.0, 90_000.0)))
    return [File(one.name, one.start_s, one.length_s, None, copied) for one in honest(rng, "R{:02d}.wav", 4)]


def a_file_date_of_another_year(rng: np.random.Generator) -> list[File]:
    files = [
        File(one.name, one.start_s, one.length_s, None, one.changed) for one in honest(rng, "R{:02d}.wav", 4)
    ]
    chosen = int(rng.integers(len(files)))
    files[chosen] = changed(files[chosen], timedelta(days=-300 * int(rng.integers(1, 5))), dates=True)
    return files


def universal_time_beside_local_time(rng: np.random.Generator) -> list[File]:
    by = timedelta(hours=int(rng.integers(-8, 11)))
    phone = [changed(one, -by) for one in honest(rng, "phone/VID_{:04d}.m4a", 2)]
    return honest(rng, "rec/rec_{:03d}.wav", 3) + phone


def swapped_headers(rng: np.random.Generator) -> list[File]:
    files = honest(rng, "rec_{:03d}.wav", 4)
    one, other = rng.choice(len(files), 2, replace=False).tolist()
    first, second = files[one], files[other]
    files[one] = File(first.name, first.start_s, first.length_s, second.stated, first.changed)
    files[other] = File(second.name, second.start_s, second.length_s, first.stated, second.changed)
    return files


def copied_headers(rng: np.random.Generator) -> list[File]:
    files = honest(rng, "rec_{:03d}.wav", 4)
    return [File(one.name, one.start_s, one.length_s, files[0].stated, one.changed) for one in files]


KINDS: dict[str, Callable[[np.random.Generator], list[File]]] = {
    kind.__name__: kind
    for kind in (
        one_header_off,
        one_header_of_another_year,
        a_device_hours_off,
        a_clock_that_was_never_set,
        a_battery_change,
        copies_without_headers,
        a_file_date_of_another_year,
        universal_time_beside_local_time,
        swapped_headers,
        copied_headers,
    )
}


def proposed(folder: Path, files: list[File]) -> Placements:
    heads = read_heads([one.written(folder) for one in files], now=NOW)
    return propose_places(heads, Mode.TIME, rate_hz=RATE_HZ)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_is_misplaced_silently(tmp_path: Path, kind: str, seed: int) -> None:
    files = KINDS[kind](np.random.default_rng([seed, len(kind)]))
    found = proposed(tmp_path, files)
    certain = [index for index, one in enumerate(found.files) if one.is_certain]
    for one, other in combinations(certain, 2):
        placed_s = (found.files[other].start_samples - found.files[one].start_samples) / RATE_HZ
        assert abs(placed_s - files[other].start_s + files[one].start_s) <= WITHIN_S, found.files[other]
    assert min(one.start_samples for one in found.files) == 0.0
    assert all(one.is_certain or one.confidence < 1.0 for one in found.files)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_right_dates_are_used_to_the_second_and_certain(tmp_path: Path, seed: int) -> None:
    """The header and the date of the file agree, so that neither was changed."""
    files = honest(np.random.default_rng(seed), "rec_{:03d}.wav", 5)
    found = proposed(tmp_path, files)
    assert all(one.is_certain for one in found.files)
    assert {one.basis for one in found.files} == {Basis.TIME_REFERENCE}
    assert len(found.tracks) == 1
    for one, file in zip(found.files, files, strict=True):
        assert abs(one.start_samples / RATE_HZ - file.start_s + files[0].start_s) < 1e-3
