"""Timecode of field recorders leads over their clocks, as long as the two differ by one amount."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.features.placement.plan import propose_places
from engine.recordings.stated.file_head import Doubt, FileHead, TimeField, read_heads, with_timecode
from engine.recordings.stated.placements import Basis, Objection, Placements
from engine.recordings.stated.start_time import start_time
from engine.sound.headers.start_times import read_broadcast_start, read_time_reference
from tests.engine.features.placement.field_recorders import (
    METACORDER,
    NUENDO,
    RODE,
    SOUND_DEVICES,
    TASCAM,
    ZOOM_F8,
    Recorder,
    dated,
    recorded,
)

NOW = datetime(2026, 6, 1)
DAY = datetime(2026, 5, 3)
RATE_HZ = 8_000


@dataclass(frozen=True, slots=True)
class Take:
    """A file of a recorder.

    Attributes
    ----------
    at_s : its timecode, in seconds since midnight
    clock_s : time of day that its clock shows, in seconds after midnight of the first day
    """

    name: str
    at_s: float
    clock_s: float
    length_s: float = 4.0


def hour(hours: float, seconds: float = 0.0) -> float:
    return 3600.0 * hours + seconds


def written(
    folder: Path, recorder: Recorder, takes: tuple[Take, ...], rate_hz: int = RATE_HZ
) -> list[FileHead]:
    """Write files that were copied: their dates are of one moment."""
    paths = []
    for take in takes:
        samples = np.zeros(round(take.length_s * rate_hz), np.float32)
        clock = DAY + timedelta(seconds=take.clock_s)
        path = recorded(
            folder / take.name, samples, recorder, clock, round(take.at_s * rate_hz), rate_hz=rate_hz
        )
        paths.append(dated(path, datetime(2026, 5, 9)))
    return list(read_heads(paths, now=NOW))


def starts_s(places: Placements) -> list[float]:
    return [one.start_samples / places.rate_hz for one in places.files]


STEADY: dict[str, tuple[Recorder, tuple[Take, ...], int]] = {
    "timecode that runs a thousandth slow": (
        SOUND_DEVICES,
        (
            Take("A101_1.WAV", hour(12, 2444.6), hour(12, 2400)),
            Take("A101_2.WAV", hour(12, 2453.2), hour(12, 2409)),
            Take("A102_1.WAV", hour(16, 58.9), hour(16, 0)),
        ),
        RATE_HZ,
    ),
    "timecode set by hand, eight seconds early": (
        ZOOM_F8,
        (
            Take("190213-T001.WAV", hour(22, 610), hour(22, 618)),
            Take("190213-T002.WAV", hour(22, 700.25), hour(22, 708)),
        ),
        RATE_HZ,
    ),
    "timecode that counts from one hour": (
        METACORDER,
        (
            Take("S1T1.WAV", hour(1), hour(14, 300)),
            Take("S1T2.WAV", hour(1, 64.5), hour(14, 364)),
        ),
        RATE_HZ,
    ),
    "project that counts from zero": (
        NUENDO,
        (
            Take("Vox_001.wav", 2.0, hour(19, 12)),
            Take("Vox_002.wav", 31.5, hour(19, 42)),
            Take("Vox_003.wav", 62.25, hour(19, 72)),
        ),
        44_100,
    ),
    "time of day at 29.97 frames": (
        Recorder("Deva", "", "d", "029.970-DF"),
        (Take("T01.WAV", hour(9), hour(9)), Take("T02.WAV", hour(9, 8.5), hour(9, 8))),
        96_000,
    ),
    "past midnight between two takes": (
        SOUND_DEVICES,
        (
            Take("N1_1.WAV", hour(23, 3590.0), hour(23, 3590)),
            Take("N1_2.WAV", 12.5, hour(24, 12)),
        ),
        RATE_HZ,
    ),
    "midnight between the clock and the timecode": (
        SOUND_DEVICES,
        (
            Take("N1_1.WAV", 3.0, hour(23, 3598)),
            Take("N1_2.WAV", 17.5, hour(24, 13)),
        ),
        RATE_HZ,
    ),
    "timecode half a day from the clock": (
        Recorder("Cantar-X", "", "a"),
        (Take("C01.WAV", hour(1), hour(14)), Take("C02.WAV", hour(1, 10.125), hour(14, 10))),
        RATE_HZ,
    ),
}


@pytest.mark.parametrize("kind", STEADY)
def test_steady_timecode_leads(tmp_path: Path, kind: str) -> None:
    recorder, takes, rate_hz = STEADY[kind]
    heads = written(tmp_path, recorder, takes, rate_hz)
    places = propose_places(heads)
    first_s = takes[0].at_s
    assert starts_s(places) == pytest.approx([(one.at_s - first_s) % 86_400.0 for one in takes], abs=1e-4)
    assert all(one.is_certain for one in places.files)
    assert {one.basis for one in places.files} == {Basis.TIME_REFERENCE}
    assert len(places.tracks) == 1


@pytest.mark.parametrize("kind", STEADY)
def test_ruler_and_exports_state_the_time_of_the_places(tmp_path: Path, kind: str) -> None:
    recorder, takes, rate_hz = STEADY[kind]
    heads = written(tmp_path, recorder, takes, rate_hz)
    found = start_time(heads, propose_places(heads))
    assert found is not None
    assert found.field is TimeField.TIME_REFERENCE
    reference_s = read_time_reference(heads[0].path) / rate_hz
    assert found.at.since_midnight_us / 1e6 == pytest.approx(reference_s, abs=2e-3)


def test_timecode_that_stops_between_takes_is_doubted(tmp_path: Path) -> None:
    """It counts on from the end of the last take; the clock shows the pause."""
    takes = (
        Take("R1_1.WAV", hour(1), hour(14)),
        Take("R1_2.WAV", hour(1, 4), hour(14, 600)),
        Take("R1_3.WAV", hour(1, 8), hour(14, 1500)),
    )
    places = propose_places(written(tmp_path, SOUND_DEVICES, takes))
    assert starts_s(places) == [0.0, 600.0, 1500.0]
    codes = {code for one in places.files for code in (each.code for each in one.contradictions)}
    assert Objection.FIELDS_DISAGREE in codes
    assert sum(one.is_certain for one in places.files) == 1


def test_a_reference_that_the_others_do_not_confirm_is_doubted(tmp_path: Path) -> None:
    takes = (
        Take("A1_1.WAV", hour(12), hour(12)),
        Take("A1_2.WAV", hour(12, 90), hour(12, 90)),
        Take("A1_3.WAV", hour(15), hour(12, 200)),
    )
    heads = with_timecode(written(tmp_path, SOUND_DEVICES, takes))
    assert [head.stated[0].doubts for head in heads] == [(), (), (Doubt.FIELDS_DISAGREE,)]
    places = propose_places(heads)
    assert starts_s(places) == [0.0, 90.0, 200.0]
    assert not places.files[2].is_certain


def test_stems_exported_one_after_another_begin_together(tmp_path: Path) -> None:
    takes = tuple(
        Take(f"{name}.wav", hour(1), hour(20, 40.0 * k)) for k, name in enumerate(("Bass", "Keys", "Vox"))
    )
    places = propose_places(written(tmp_path, NUENDO, takes))
    assert starts_s(places) == [0.0, 0.0, 0.0]
    assert all(one.is_certain for one in places.files)


def test_a_reference_without_a_day_is_certain_of_nothing(tmp_path: Path) -> None:
    paths = [
        recorded(
            tmp_path / f"T{k}.wav",
            np.zeros(4 * RATE_HZ, np.float32),
            TASCAM,
            None,
            k * 99_000,
            rate_hz=RATE_HZ,
        )
        for k in (1, 2)
    ]
    heads = with_timecode(read_heads([dated(path, DAY) for path in paths], now=NOW))
    assert [head.stated[0].doubts for head in heads] == [(Doubt.NO_DAY,), (Doubt.NO_DAY,)]


def test_an_origination_without_a_reference_is_the_time(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", np.zeros(RATE_HZ, np.float32), RODE, DAY, 0, rate_hz=RATE_HZ)
    (head,) = with_timecode(read_heads([path], now=NOW))
    assert head.time is not None
    assert (head.time.field, head.time.start) == (TimeField.ORIGINATION, DAY)


@pytest.mark.parametrize(("timestamp_hz", "reference"), [(48_000, 6 * 8_000), (8_000, 288_000), (0, 288_000)])
def test_a_reference_counts_at_the_rate_that_ixml_states(
    tmp_path: Path, timestamp_hz: int, reference: int
) -> None:
    path = tmp_path / "a.wav"
    samples = np.zeros(RATE_HZ, np.float32)
    recorded(path, samples, ZOOM_F8, DAY, 288_000, rate_hz=RATE_HZ, timestamp_hz=timestamp_hz)
    assert read_broadcast_start(path).reference_samples == reference
    assert read_time_reference(path) == reference


def test_an_impossible_reference_states_no_time(tmp_path: Path) -> None:
    recorder = replace(ZOOM_F8, has_ixml=False)
    path = recorded(tmp_path / "a.wav", np.zeros(RATE_HZ, np.float32), recorder, DAY, 2**63, rate_hz=RATE_HZ)
    (head,) = read_heads([path], now=NOW)
    assert [one.field for one in head.stated] == [TimeField.ORIGINATION, TimeField.FILE_DATE]
