"""Numbers lead over dates of copies; a device records one file at a time; songs that are played twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.progress import SILENT
from engine.features.placement.plan import propose_places
from engine.features.timing.kit import import_with_kit
from engine.recordings.import_audio import ImportRequest
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Basis, Mode, Objection, Placements
from tests.engine.analysis.signal.test_second_recorder import performance
from tests.engine.features.placement.files import NOON, NOW, dated, silence, wav

RATE_HZ = 8_000
Sound = NDArray[np.float32]


def by_other_microphone(sound: Sound, seed: int) -> Sound:
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    return (0.3 * sound + 0.02 * sound.std() * noise).astype(np.float32)


def proposed(paths: list[Path], mode: Mode = Mode.AUTO) -> Placements:
    return propose_places(read_heads(paths, now=NOW), mode)


def starts_s(places: Placements) -> list[float]:
    return [one.start_samples / places.rate_hz for one in places.files]


@pytest.mark.parametrize("minutes", [(30, 10, 20), (10, 30, 20), (30, 20, 10), (10, 10, 10)])
def test_numbers_lead_over_shuffled_file_dates(tmp_path: Path, minutes: tuple[int, ...]) -> None:
    """The first dates alone could be those of a pause."""
    names = ("ZOOM0001_Tr1-0001.WAV", "ZOOM0001_Tr1-0002.WAV", "ZOOM0001_Tr1-0003.WAV")
    paths = [
        dated(wav(tmp_path / name, silence(5.0 + k)), NOON + timedelta(minutes=minute))
        for k, (name, minute) in enumerate(zip(names, minutes, strict=True))
    ]
    places = proposed(paths)
    assert starts_s(places) == [0.0, 5.0, 11.0]
    assert sum(one.is_certain for one in places.files) == 1
    assert len(places.tracks) == 1


@pytest.mark.parametrize(
    "names", [("ZOOM0001_Tr1", "ZOOM0001_Tr1-0001"), ("T01", "T01_1"), ("Song", "Song (3)")]
)
def test_a_file_and_the_one_with_a_counter_behind_its_name_are_one_track(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    paths = [
        wav(tmp_path / f"{name}.WAV", silence(5.0), NOON + timedelta(seconds=60 * k))
        for k, name in enumerate(names)
    ]
    places = proposed(paths)
    assert starts_s(places) == [0.0, 60.0]
    assert [track.files for track in places.tracks] == [(0, 1)]


def test_short_simultaneous_files_are_not_placed_one_after_the_other(tmp_path: Path) -> None:
    paths = [
        wav(tmp_path / f"MIC_{k:03d}.WAV", silence(2.0), NOON + timedelta(seconds=0.25 * k)) for k in (1, 2)
    ]
    places = proposed(paths)
    assert starts_s(places) == pytest.approx([0.0, 0.25], abs=1e-3)
    assert len(places.tracks) == 2


def test_a_clip_of_a_song_that_is_played_twice_is_marked_with_both_places(tmp_path: Path) -> None:
    """Each take of the recorder holds the song once, so that each pair by itself seems clear."""
    song = performance(3, 40.0)
    takes = [np.concatenate([performance(5, 10.0), song]), np.concatenate([song, performance(6, 15.0)])]
    paths = [
        dated(wav(tmp_path / f"rec/T{k:03d}.wav", take, rate_hz=RATE_HZ), NOON)
        for k, take in enumerate(takes, 1)
    ]
    clip = by_other_microphone(song[5 * RATE_HZ : 35 * RATE_HZ], 1)
    paths.append(dated(wav(tmp_path / "cam/clip.wav", clip, rate_hz=RATE_HZ), NOON))
    places = proposed(paths)
    found, first, second = places.files[2], *places.files[:2]
    assert not found.is_certain
    assert Objection.OTHER_PLACE_BY_SOUND in {one.code for one in found.contradictions}
    both = [found.start_samples, *(one.start_samples for one in found.alternatives)]
    expected = [first.start_samples + 15 * RATE_HZ, second.start_samples + 5 * RATE_HZ]
    assert all(min(abs(one - place) for one in both) <= 2.0 for place in expected)


def test_timecode_holds_against_a_song_that_is_played_twice(tmp_path: Path) -> None:
    song = performance(3, 40.0)
    wholes = [np.concatenate([performance(5, 10.0), song]), np.concatenate([song, performance(6, 15.0)])]
    paths = [
        wav(tmp_path / f"rec/T{k:03d}.wav", take, NOON + timedelta(seconds=90 * k), rate_hz=RATE_HZ)
        for k, take in enumerate(wholes)
    ]
    clip = by_other_microphone(song[5 * RATE_HZ : 35 * RATE_HZ], 1)
    paths.append(wav(tmp_path / "cam/clip.wav", clip, rate_hz=RATE_HZ))
    places = proposed(paths)
    assert places.files[1].start_samples - places.files[0].start_samples == pytest.approx(90 * RATE_HZ, abs=1)
    assert not places.files[2].is_certain


@pytest.mark.parametrize(
    "names", [("zoom/ZOOM0001.wav", "tascam/T001.wav"), ("day/zoom.wav", "day/phone.wav")]
)
def test_two_recorders_that_ran_equally_long_are_compared(tmp_path: Path, names: tuple[str, str]) -> None:
    day = performance(1, 60.0)
    near = wav(tmp_path / names[0], day[: 59 * RATE_HZ], rate_hz=RATE_HZ)
    far = by_other_microphone(day[round(0.8 * RATE_HZ) : round(59.4 * RATE_HZ)], 4)
    paths = (near, wav(tmp_path / names[1], far, rate_hz=RATE_HZ))
    imported = import_with_kit(ImportRequest(paths, place=Mode.AUTO), SILENT)
    assert imported.places is not None
    one, other = imported.places.files
    assert other.start_samples - one.start_samples == pytest.approx(0.8 * RATE_HZ, abs=1.0)
    assert {one.basis, other.basis} >= {Basis.SOUND}
    assert one.is_certain
    assert other.is_certain


def test_tracks_of_one_session_are_not_compared(tmp_path: Path) -> None:
    sound = performance(1, 30.0)
    paths = tuple(
        wav(tmp_path / f"{name}.wav", sound[: 30 * RATE_HZ - 900 * k], rate_hz=RATE_HZ)
        for k, name in enumerate(("Bass", "Vox", "Keys"))
    )
    imported = import_with_kit(ImportRequest(paths, place=Mode.AUTO), SILENT)
    assert imported.places is None or all(one.basis is not Basis.SOUND for one in imported.places.files)
