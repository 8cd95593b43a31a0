"""Splits, parallel tracks and take folders, from names, references and sizes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recordings.stated.continuations import Link, LinkReason, Take, takes_and_guesses
from engine.recordings.stated.file_head import FileHead, StatedTime, TimeField
from engine.recordings.stated.names import common_name, follows, numbered
from tests.engine.features.placement.files import NOON

RATE_HZ = 48_000
DAY_SAMPLES = 86_400 * RATE_HZ
LIMIT_BYTES = 2**31 - 40_000


def head(
    name: str,
    frames: int,
    reference: int | None = None,
    *,
    size: int = 1_000_000,
    stated: datetime | None = None,
) -> FileHead:
    times: tuple[StatedTime, ...] = ()
    if reference is not None:
        day = datetime(2026, 5, 3 + reference // DAY_SAMPLES)
        start = day + timedelta(seconds=reference % DAY_SAMPLES / RATE_HZ)
        times = (StatedTime(TimeField.TIME_REFERENCE, start),)
        reference %= DAY_SAMPLES
    elif stated is not None:
        times = (StatedTime(TimeField.ORIGINATION, stated),)
    return FileHead(Path("/day") / name, RATE_HZ, 1, frames, size, "WAV PCM_24", reference, stated=times)


def takes_of(heads: Sequence[FileHead]) -> tuple[Take, ...]:
    return takes_and_guesses(heads)[0]


def guesses_of(heads: Sequence[FileHead]) -> tuple[Link, ...]:
    """Return the links that are not certain; each file is then a take of its own."""
    takes, guesses = takes_and_guesses(heads)
    assert [take.files for take in takes] == [(index,) for index in range(len(heads))]
    assert not any(link.is_certain for link in guesses)
    return guesses


def reasons(take: Take) -> list[LinkReason | None]:
    return [None if link is None else link.reason for link in take.links]


def names_of(take: Take, heads: Sequence[FileHead]) -> list[str]:
    return [heads[index].path.name for index in take.files]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ZOOM0001_Tr1", "ZOOM0002_Tr1"),
        ("ZOOM0001_Tr1-0001", "ZOOM0001_Tr1-0002"),
        ("ZOOM0001_Tr1", "ZOOM0001_Tr1-0001"),
        ("T01", "T01_1"),
        ("260503_0009", "260503_0010"),
        ("GH010123", "GH020123"),
        ("Song", "Song (2)"),
    ],
)
def test_names_that_follow(first: str, second: str) -> None:
    assert follows(numbered(first), numbered(second))
    assert not follows(numbered(second), numbered(first))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ZOOM0001_Tr1", "ZOOM0001_Tr2"),
        ("ZOOM0001_Tr1", "ZOOM0003_Tr1"),
        ("GH010123", "GH010124x"),
        ("Kick", "Snare"),
        ("T1", "T12"),
    ],
)
def test_names_that_do_not_follow(first: str, second: str) -> None:
    assert not follows(numbered(first), numbered(second))


def test_a_track_is_named_without_counters() -> None:
    assert common_name([numbered("ZOOM0001_Tr2"), numbered("ZOOM0002_Tr2")]) == "ZOOM_Tr2"
    assert common_name([numbered("Kick"), numbered("Kick")]) == "Kick"
    assert common_name([numbered("Kick 3")]) == "Kick 3"


@given(
    st.lists(st.integers(1, 10**7), min_size=1, max_size=8),
    st.integers(0, DAY_SAMPLES - 1),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_sample_exact_joins_of_several_tracks_become_one_take(
    lengths: list[int], start: int, tracks: int, random: object
) -> None:
    """In any order of files, past midnight too: each track joins its own files."""
    heads = []
    for track in range(1, tracks + 1):
        place = start
        for number, frames in enumerate(lengths):
            heads.append(head(f"ZOOM0001_Tr{track}-{number:04d}.wav", frames, place))
            place += frames
    random.shuffle(heads)  # type: ignore[attr-defined]
    (take,) = takes_of(heads)
    assert sorted(take.files) == list(range(len(heads)))
    for index, offset in zip(take.files, take.starts_samples, strict=True):
        number = numbered(heads[index].path.stem).numbers[-1]
        assert offset == sum(lengths[:number])
    assert all(link is None or link.is_certain for link in take.links)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(2, 10**6)), min_size=2, max_size=8))
def test_files_with_gaps_are_takes_of_their_own(spans: list[tuple[int, int]]) -> None:
    heads, place = [], 1_000
    for number, (frames, gap) in enumerate(spans):
        heads.append(head(f"REC_{number:04d}.wav", frames, place))
        place += frames + gap
    takes = takes_of(heads)
    assert [take.files for take in takes] == [(index,) for index in range(len(heads))]
    assert len({take.device for take in takes}) == 1


def test_one_sample_less_is_no_join() -> None:
    heads = [head("A_1.wav", 1_000, 5_000), head("A_2.wav", 1_000, 6_001)]
    assert len(takes_of(heads)) == 2


def test_a_file_at_the_limit_goes_on_in_the_next() -> None:
    heads = [
        head("S0001.wav", 700_000_000, size=LIMIT_BYTES, stated=NOON),
        head("S0002.wav", 9_000, stated=NOON + timedelta(seconds=700_000_000 / RATE_HZ + 1)),
        head("S0003.wav", 9_000, stated=NOON + timedelta(hours=6)),
    ]
    first, second = takes_of(heads)
    assert (first.starts_samples, reasons(first)) == ((0, 700_000_000), [None, LinkReason.SPLIT_AT_LIMIT])
    assert first.links[1] is not None
    assert first.links[1].is_certain
    assert second.files == (2,)


def test_chapters_of_a_film_with_one_creation_time_go_on() -> None:
    heads = [
        head("GH010123.MP4", 90_000_000, size=4_000_000_000, stated=NOON),
        head("GH020123.MP4", 9_000, stated=NOON),
    ]
    (guess,) = guesses_of(heads)
    assert (guess.offset_samples, guess.reason) == (90_000_000, LinkReason.SPLIT_AT_LIMIT)


def test_audio_tracks_of_one_file_start_together() -> None:
    (take,) = takes_of([head("film.mkv", 9_000), head("film.mkv#2", 8_000)])
    assert reasons(take) == [None, LinkReason.SAME_FILE]


def test_a_split_without_times_is_not_certain() -> None:
    heads = [head("S0001.wav", 700_000_000, size=LIMIT_BYTES), head("S0002.wav", 9_000)]
    (guess,) = guesses_of(heads)
    assert guess.reason is LinkReason.SPLIT_AT_LIMIT


def test_a_stated_gap_contradicts_a_split() -> None:
    heads = [
        head("S0001.wav", 700_000_000, size=LIMIT_BYTES, stated=NOON),
        head("S0002.wav", 9_000, stated=NOON + timedelta(hours=9)),
    ]
    assert len(takes_of(heads)) == 2


def test_equal_lengths_with_a_shorter_last_one_are_a_guess() -> None:
    half_hour = 1_800 * RATE_HZ
    heads = [head(f"R{number}.wav", half_hour) for number in (1, 2)] + [head("R3.wav", 77_000)]
    found = [(one.first, one.second, one.offset_samples, one.reason) for one in guesses_of(heads)]
    assert found == [(one, one + 1, half_hour, LinkReason.EQUAL_LENGTHS) for one in (0, 1)]


@pytest.mark.parametrize("lengths", [(480_000, 480_000), (480_000, 720_000)])
def test_long_numbers_are_one_after_another_whatever_the_lengths(lengths: tuple[int, int]) -> None:
    heads = [head(f"ZOOM{number:04d}.wav", frames) for number, frames in enumerate(lengths, 1)]
    (guess,) = guesses_of(heads)
    assert (guess.reason, guess.offset_samples) == (LinkReason.NEXT_NUMBER, 480_000)


def test_takes_of_parallel_microphones_are_not_parallel_to_each_other() -> None:
    """All four files are equally long."""
    names = [f"ZOOM000{take}_Tr{track}.wav" for take in (1, 2) for track in (1, 2)]
    heads = [head(name, 480_000) for name in names]
    takes, guesses = takes_and_guesses(heads)
    assert [take.files for take in takes] == [(0, 1), (2, 3)]
    assert takes[0].device == takes[1].device
    assert {one.reason for one in guesses} == {LinkReason.NEXT_NUMBER}


def test_a_date_that_shows_a_pause_is_no_guess() -> None:
    changed = [StatedTime(TimeField.FILE_DATE, NOON + timedelta(minutes=10 * one)) for one in range(2)]
    heads = [
        replace(head(f"ZOOM000{number}.wav", 480_000), stated=(date,)) for number, date in enumerate(changed)
    ]
    assert guesses_of(heads) == ()
    stated = [head(f"ZOOM000{one}.wav", 480_000, stated=NOON + timedelta(hours=one)) for one in range(2)]
    assert guesses_of(stated) == ()


@pytest.mark.parametrize("names", [("Room_1", "Room_2"), ("R 1", "R 2"), ("Camera", "Phone")])
def test_numbers_or_devices_with_one_length_are_parallel_at_a_guess(names: tuple[str, str]) -> None:
    (guess,) = guesses_of([head(f"{name}.wav", 480_000) for name in names])
    assert (guess.reason, guess.offset_samples) == (LinkReason.SAME_LENGTH, 0)


@pytest.mark.parametrize("names", [("R_Tr1", "R_Tr2"), ("CH1", "CH2"), ("Track 01", "Track 02")])
def test_channels_of_one_length_are_parallel(names: tuple[str, str]) -> None:
    (take,) = takes_of([head(f"{name}.wav", 480_000) for name in names])
    assert take.starts_samples == (0, 0)


def test_stems_of_equal_length_start_together() -> None:
    heads = [head(f"{name}.wav", 480_000) for name in ("Kick", "Snare", "Bass")]
    (take,) = takes_of(heads)
    assert take.starts_samples == (0, 0, 0)
    assert set(reasons(take)) == {None, LinkReason.SAME_LENGTH}


def test_folders_with_a_file_a_microphone_are_takes() -> None:
    lengths = {"Take 1": 480_000, "Take 2": 960_000}
    heads = [
        head(f"{folder}/{name}.wav", frames)
        for folder, frames in lengths.items()
        for name in ("Kick", "Snare", "OH")
    ]
    first, second = takes_of(heads)
    assert names_of(first, heads) == ["Kick.wav", "Snare.wav", "OH.wav"]
    assert reasons(second)[1:] == [LinkReason.SAME_TAKE] * 2
    assert first.device == second.device


def test_folders_of_recorders_share_a_clock_and_phones_do_not() -> None:
    zoom = [head(f"ZOOM000{one}/ZOOM000{one}_Tr1.wav", 1_000 * one) for one in (1, 2)]
    assert len({take.device for take in takes_of(zoom)}) == 1
    phones = [head(f"phone {one}/IMG_0001.wav", 1_000 * one) for one in (1, 2)]
    assert len({take.device for take in takes_of(phones)}) == 2


def test_other_formats_do_not_join() -> None:
    heads = [head("A_1.wav", 1_000, 5_000), replace(head("A_2.wav", 1_000, 6_000), format="WAV PCM_16")]
    assert len(takes_of(heads)) == 2


def test_nothing_gives_nothing() -> None:
    assert takes_of([]) == ()
