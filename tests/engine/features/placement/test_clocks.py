"""Clocks measured by sound, and properties of every proposal by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features.placement.clocks import Clocks
from engine.features.placement.plan import propose_places
from engine.features.placement.positions import ORIGIN, Position
from engine.recordings.stated.continuations import takes_and_guesses
from engine.recordings.stated.file_head import FileHead, StatedTime, TimeField, with_doubts
from engine.recordings.stated.placements import Basis, Mode, Objection, Reason
from tests.engine.features.placement.files import NOON, NOW

RATE_HZ = 48_000


def head(name: str, length_s: float, stated: datetime | None, *, is_utc: bool = False) -> FileHead:
    field = TimeField.MOVIE_HEADER if is_utc else TimeField.ORIGINATION
    changed = StatedTime(TimeField.FILE_DATE, NOON + timedelta(days=3), is_utc=True)
    times = (changed,) if stated is None else (StatedTime(field, stated, is_utc=is_utc), changed)
    doubted = tuple(with_doubts(one, NOW) for one in times)
    frames = round(length_s * RATE_HZ)
    return FileHead(Path("/day") / name, RATE_HZ, 1, frames, 1_000, "WAV PCM_16", stated=doubted)


def by_sound(start_s: float) -> Position:
    return Position(start_s * RATE_HZ, 0.0, Basis.SOUND, 0.99, True, Reason.SAME_SOUND)


def clocks(heads: Sequence[FileHead], known: dict[int, Position]) -> Clocks:
    return Clocks(takes_and_guesses(heads)[0], heads, known, RATE_HZ)


def after_noon(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_phone_that_states_the_end_is_recognised_and_corrected() -> None:
    heads = [
        head("rec/R1.wav", 600.0, NOON),
        head("phone/V1.mp4", 60.0, after_noon(100.0 + 60.0 - 7200.0), is_utc=True),
        head("phone/V2.mp4", 200.0, after_noon(300.0 + 200.0 - 7200.0), is_utc=True),
        head("phone/V3.mp4", 90.0, after_noon(700.0 + 90.0 - 7200.0), is_utc=True),
    ]
    known = {0: ORIGIN, 1: by_sound(100.0), 2: by_sound(300.0)}
    found = clocks(heads, known)
    assert found.placed(3).start_samples / RATE_HZ == pytest.approx(700.0)
    codes = {one.code for one in found.contradictions(1, known[1])}
    assert codes == {Objection.STATES_THE_END, Objection.WHOLE_HOURS}


def test_a_place_by_sound_that_the_clock_of_the_device_contradicts_is_uncertain() -> None:
    heads = [head("rec/R1.wav", 900.0, NOON)]
    heads += [head(f"cam/C{number}.wav", 30.0, after_noon(60.0 * number)) for number in (1, 2, 3)]
    known = {0: ORIGIN, 1: by_sound(60.0), 2: by_sound(120.0), 3: by_sound(700.0)}
    found = clocks(heads, known)
    assert found.held_against_device(1, known[1]).is_certain
    doubted = found.held_against_device(3, known[3])
    assert not doubted.is_certain
    assert doubted.contradictions[-1].code is Objection.CLOCK_DIFFERS
    assert doubted.alternatives[-1].start_samples / RATE_HZ == pytest.approx(180.0)


def test_a_clock_that_was_never_set_still_counts() -> None:
    reset = datetime(2015, 1, 1, 0, 1)
    heads = [head("rec/R1.wav", 900.0, NOON)]
    heads += [head(f"cam/C{number}.wav", 30.0, reset + timedelta(seconds=60.0 * number)) for number in (1, 2)]
    placed = clocks(heads, {0: ORIGIN, 1: by_sound(200.0)}).placed(2)
    assert placed.start_samples / RATE_HZ == pytest.approx(260.0)
    assert not placed.is_certain


TIMES = st.one_of(
    st.none(),
    st.floats(0.0, 40_000.0).map(after_noon),
    st.datetimes(datetime(1904, 1, 1), datetime(2040, 1, 1)),
)
FILES = st.lists(
    st.tuples(
        st.sampled_from(["a/R_{}.wav", "b/C{}.mp4", "Take {}/Kick.wav", "Take {}/OH.wav", "x/{}.wav"]),
        st.integers(0, 12),
        st.floats(0.0, 4_000.0),
        TIMES,
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: (one[0], one[1]),
)


@given(FILES, st.sampled_from([Mode.TIME, Mode.AFTER, Mode.ZERO]))
def test_every_file_is_on_one_track_and_none_overlap(
    files: list[tuple[str, int, float, datetime | None, bool]], mode: Mode
) -> None:
    heads = [
        head(name.format(number), length_s, stated, is_utc=is_utc)
        for name, number, length_s, stated, is_utc in files
    ]
    found = propose_places(heads, mode)
    on_tracks = [index for track in found.tracks for index in track.files]
    assert sorted(on_tracks) == list(range(len(heads)))
    assert min((one.start_samples for one in found.files), default=0.0) == 0.0
    for number, track in enumerate(found.tracks):
        assert all(found.files[index].track == number for index in track.files)
        for one, other in pairwise(track.files):
            stop = found.files[one].start_samples + heads[one].frames
            assert stop <= found.files[other].start_samples + 0.001 * RATE_HZ
    assert all(0.0 <= one.confidence <= 1.0 and one.sentence for one in found.files)
    assert found == propose_places(heads, mode)


def test_a_time_reference_counts_by_the_clock_that_the_sound_measured() -> None:
    """A recorder that counts 100 samples in a million too many is 0.1 s ahead after 1,000 s."""
    heads = [head("phone/P1.wav", 1_300.0, None)]
    for name, at_s in (("rec/T1.wav", 100.0), ("rec/T2.wav", 1_100.0)):
        stated = StatedTime(TimeField.TIME_REFERENCE, after_noon(at_s), is_utc=False)
        changed = StatedTime(TimeField.FILE_DATE, after_noon(at_s + 10.0), is_utc=True)
        heads.append(replace(head(name, 10.0, None), stated=(stated, changed)))
    known = {0: ORIGIN, 1: replace(by_sound(100.0), drift_ppm=100.0)}
    found = clocks(heads, known).placed(2)
    assert (found.basis, found.drift_ppm) == (Basis.TIME_REFERENCE, 100.0)
    assert found.start_samples / RATE_HZ == pytest.approx(100.0 + 1_000.0 / 1.0001, abs=1e-6)
    assert found.accuracy_s == pytest.approx(heads[2].stated[0].accuracy_s + 0.1)
