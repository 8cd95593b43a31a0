"""Whole days: recorder, camera and phone by sound, by stated times, and by the clock that sound corrects."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.features.placement.plan import propose_places
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Basis, Mode, Objection, Placement, Placements, Reason
from tests.engine.analysis.signal.test_second_recorder import performance
from tests.engine.features.placement.files import NOON, NOW, dated, m4a, wav

RATE_HZ = 8_000
Sound = NDArray[np.float32]


def after_noon(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def by_other_microphone(sound: Sound, seed: int) -> Sound:
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    return (0.3 * sound + 0.02 * sound.std() * noise).astype(np.float32)


@pytest.fixture(scope="module")
def day() -> Sound:
    return performance(1, 180.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, day: Sound) -> Path:
    """A recorder in two exact pieces and a later one, a camera two hours off with drift, a late phone."""
    made = tmp_path_factory.mktemp("day")
    split, later = 80 * RATE_HZ + 5, 600 * RATE_HZ
    wav(made / "rec/R_0001.wav", day[:split], NOON, rate_hz=RATE_HZ)
    wav(made / "rec/R_0002.wav", day[split:], NOON + after_noon(split / RATE_HZ), rate_hz=RATE_HZ)
    wav(made / "rec/R_0003.wav", performance(7, 20.0), NOON + after_noon(later / RATE_HZ), rate_hz=RATE_HZ)
    camera = soxr.resample(by_other_microphone(day[20 * RATE_HZ + 3 : 120 * RATE_HZ], 2), 1e6, 1e6 + 70)
    m4a(made / "cam/C0001.mp4", camera.astype(np.float32), NOON + after_noon(20.0 - 7200.0), RATE_HZ)
    m4a(made / "cam/C0002.mp4", performance(9, 12.0), NOON + after_noon(300.0 - 7200.0), RATE_HZ)
    phone = by_other_microphone(day[60 * RATE_HZ + 9 : 100 * RATE_HZ], 3)
    dated(wav(made / "phone/memo.wav", phone, rate_hz=RATE_HZ), NOON - timedelta(days=400))
    return made


FILES = (
    *("rec/R_0001.wav", "rec/R_0002.wav", "rec/R_0003.wav"),
    *("cam/C0001.mp4", "cam/C0002.mp4", "phone/memo.wav"),
)


def proposed(folder: Path, mode: Mode = Mode.AUTO) -> Placements:
    return propose_places(read_heads([folder / name for name in FILES], now=NOW), mode)


def codes(one: Placement) -> set[Objection]:
    return {each.code for each in one.contradictions}


@pytest.fixture(scope="module")
def by_itself(folder: Path) -> Placements:
    return proposed(folder)


def test_sound_places_camera_and_phone_to_the_sample(by_itself: Placements) -> None:
    camera, phone = by_itself.files[3], by_itself.files[5]
    assert (camera.basis, camera.is_certain) == (Basis.SOUND, True)
    assert camera.drift_ppm == pytest.approx(70.0, abs=2.0)
    assert camera.start_samples == pytest.approx(20 * RATE_HZ + 3, abs=1.5)
    assert (phone.basis, phone.is_certain, phone.reason) == (Basis.SOUND, True, Reason.SAME_SOUND)
    assert phone.start_samples == pytest.approx(60 * RATE_HZ + 9, abs=0.5)
    assert phone.drift_ppm == 0.0
    assert max(camera.accuracy_s, phone.accuracy_s) <= 0.5 / RATE_HZ


def test_the_recorder_is_one_track_with_an_exact_join(by_itself: Placements) -> None:
    first, second, third = by_itself.files[:3]
    assert [one.start_samples for one in by_itself.files[:2]] == [0.0, 80 * RATE_HZ + 5]
    assert (second.basis, second.reason, second.is_certain) == (
        Basis.CONTINUATION,
        Reason.JOINS_EXACTLY,
        True,
    )
    assert first.reason is Reason.ORIGIN
    assert third.start_samples == pytest.approx(600 * RATE_HZ, abs=1.0)
    assert (third.basis, third.is_certain) == (Basis.TIME_REFERENCE, True)
    assert by_itself.tracks[0].files == (0, 1, 2)
    assert by_itself.tracks[0].name == "R"


def test_a_statement_that_the_sound_contradicts_is_reported(by_itself: Placements) -> None:
    camera = by_itself.files[3]
    (found,) = camera.contradictions
    assert found.code is Objection.WHOLE_HOURS
    assert found.difference_s == pytest.approx(-7200.0, abs=1.0)


def test_sound_corrects_the_clock_for_the_other_files_of_the_camera(by_itself: Placements) -> None:
    second = by_itself.files[4]
    assert (second.reason, second.basis) == (Reason.CLOCK_BY_SOUND, Basis.STATED_TIME)
    assert second.start_samples / RATE_HZ == pytest.approx(300.0, abs=1.5)
    assert second.accuracy_s == 1.0
    assert second.drift_ppm == by_itself.files[3].drift_ppm
    assert not second.is_certain
    assert by_itself.files[3].track == second.track


def test_without_sound_the_clocks_of_two_devices_are_never_certain(folder: Path) -> None:
    found = proposed(folder, Mode.TIME)
    camera, phone = found.files[3], found.files[5]
    assert (camera.reason, camera.is_certain) == (Reason.OTHER_CLOCK, False)
    assert Objection.WHOLE_HOURS in codes(camera)
    assert camera.alternatives
    assert (phone.reason, phone.is_certain) == (Reason.AFTER_OTHERS, False)
    assert Objection.OTHER_DAY in codes(phone)


def test_zero_is_as_before_and_after_is_in_order(folder: Path) -> None:
    zero = proposed(folder, Mode.ZERO)
    assert {one.start_samples for one in zero.files} == {0.0}
    assert [track.files for track in zero.tracks] == [(index,) for index in range(len(FILES))]
    after = proposed(folder, Mode.AFTER)
    lengths = [head.duration_s for head in read_heads([folder / name for name in FILES])]
    for index, one in enumerate(after.files):
        assert one.start_samples / RATE_HZ == pytest.approx(sum(lengths[:index]), abs=1e-3)
        assert one.reason in (Reason.CHOSEN, Reason.JOINS_EXACTLY)


def test_by_sound_alone_the_rest_is_at_zero_and_uncertain(folder: Path) -> None:
    found = proposed(folder, Mode.SOUND)
    assert found.files[3].is_certain
    assert (found.files[4].reason, found.files[4].is_certain) == (Reason.NOTHING_KNOWN, False)


def test_nothing_gives_nothing_and_one_file_is_the_origin(folder: Path) -> None:
    assert propose_places(()).files == ()
    (one,) = propose_places(read_heads([folder / FILES[0]], now=NOW)).files
    assert (one.start_samples, one.is_certain, one.reason) == (0.0, True, Reason.ORIGIN)


def test_a_cancel_ends_it(folder: Path) -> None:
    class Cancelling:
        def is_set(self) -> bool:
            return True

    heads = read_heads([folder / name for name in FILES], now=NOW)
    with pytest.raises(Cancelled):
        propose_places(heads, progress=ReportingProgress(None, Cancelling()))


def test_files_that_share_another_sound_stay_together(tmp_path: Path) -> None:
    """The clock of the camera, measured at the recorder, places the phone that met it later."""
    first, second = performance(1, 60.0), performance(5, 60.0)
    camera_off = timedelta(minutes=-3)
    paths = [wav(tmp_path / "rec/R1.wav", first, NOON, rate_hz=RATE_HZ)]
    clips = ((first[10 * RATE_HZ :], 10.0), (second, 600.0))
    for number, (sound, start_s) in enumerate(clips, start=1):
        path = tmp_path / f"cam/C{number}.wav"
        start = NOON + after_noon(start_s) + camera_off
        paths.append(wav(path, by_other_microphone(sound, number), start, rate_hz=RATE_HZ, subtype="PCM_24"))
    part = by_other_microphone(second[20 * RATE_HZ + 3 : 50 * RATE_HZ], 7)
    paths.append(wav(tmp_path / "phone/memo.wav", part, rate_hz=RATE_HZ, subtype="FLOAT"))
    _, one, other, phone = propose_places(read_heads(paths, now=NOW)).files
    assert one.is_certain
    assert other.start_samples / RATE_HZ == pytest.approx(600.0, abs=0.01)
    assert phone.start_samples - other.start_samples == pytest.approx(20 * RATE_HZ + 3, abs=0.5)
    assert (phone.is_certain, phone.reason) == (other.is_certain, Reason.CLOCK_BY_SOUND)


def test_take_folders_are_tracks_times_takes(tmp_path: Path) -> None:
    names = ("Kick", "Snare", "OH")
    for number, length in enumerate((30.0, 40.0), start=1):
        start = NOON + timedelta(minutes=5 * number)
        for name in names:
            samples = np.zeros(round(length * RATE_HZ), np.float32)
            wav(tmp_path / f"Take {number}/{name}.wav", samples, start, rate_hz=RATE_HZ)
    paths = [tmp_path / f"Take {number}/{name}.wav" for number in (1, 2) for name in names]
    found = propose_places(read_heads(paths, now=NOW), Mode.TIME)
    assert [track.name for track in found.tracks] == list(names)
    assert [track.files for track in found.tracks] == [(0, 3), (1, 4), (2, 5)]
    assert [one.start_samples / RATE_HZ for one in found.files] == [0.0] * 3 + [300.0] * 3
    assert all(one.is_certain for one in found.files)


def without_a_time(folder: Path, sounds: dict[str, Sound]) -> list[Placement]:
    """Write files of several folders that state no time, as on other days, and place them."""
    paths = [wav(folder / name, sound, rate_hz=RATE_HZ) for name, sound in sounds.items()]
    for number, path in enumerate(paths):
        dated(path, NOON + timedelta(minutes=20 * number))
    return list(propose_places(read_heads(paths, now=NOW)).files)


def test_a_long_stranger_is_marked_and_not_the_origin(tmp_path: Path, day: Sound) -> None:
    part = by_other_microphone(day[10 * RATE_HZ : 40 * RATE_HZ], 4)
    sounds = {
        "phone/memo.wav": performance(7, 90.0),
        "rec/jam.wav": day[: 50 * RATE_HZ],
        "cam/clip.wav": part,
    }
    memo, recorder, camera = without_a_time(tmp_path, sounds)
    assert not memo.is_certain
    assert (recorder.reason, recorder.is_certain) == (Reason.ORIGIN, True)
    assert (camera.reason, camera.is_certain) == (Reason.SAME_SOUND, True)


def test_an_origin_that_nothing_relates_to_another_recording_is_marked(tmp_path: Path) -> None:
    sounds = {"phone/memo.wav": performance(7, 60.0), "rec/jam.wav": performance(1, 40.0)}
    memo, recorder = without_a_time(tmp_path, sounds)
    assert (memo.reason, memo.is_certain, codes(memo)) == (Reason.ORIGIN, False, {Objection.UNRELATED})
    assert not recorder.is_certain


def test_takes_of_one_clock_are_the_origin_before_a_longer_stranger(tmp_path: Path) -> None:
    paths = [dated(wav(tmp_path / "phone/memo.wav", performance(7, 90.0), rate_hz=RATE_HZ), NOON)]
    for number, seed in enumerate((1, 2)):
        start = NOON + after_noon(60.0 * number)
        paths.append(wav(tmp_path / f"rec/R_{number}.wav", performance(seed, 20.0), start, rate_hz=RATE_HZ))
    memo, *takes = propose_places(read_heads(paths, now=NOW)).files
    assert not memo.is_certain
    assert all(one.is_certain for one in takes)
    assert takes[0].reason is Reason.ORIGIN


@pytest.mark.alone
def test_two_thousand_files_take_a_few_seconds(tmp_path: Path) -> None:
    sound, start, paths = np.zeros(800, np.float32), NOON, []
    for number in range(2_000):
        paths.append(wav(tmp_path / f"R_{number:04d}.wav", sound, start, rate_hz=RATE_HZ))
        start += timedelta(seconds=1.0 if number % 10 else 0.1)
    begun = time.perf_counter()
    heads = read_heads(paths, now=NOW)
    read_s = time.perf_counter() - begun
    found = propose_places(heads)
    assert read_s <= 4.0
    assert time.perf_counter() - begun <= 8.0
    assert len(found.files) == 2_000
