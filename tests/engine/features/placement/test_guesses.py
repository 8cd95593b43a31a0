"""Links by names and lengths: used where neither sound nor a time relates two files, and then uncertain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.features.placement.plan import propose_places
from engine.features.placement.positions import ORIGIN, Guess, with_guesses
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Basis, Mode, Placement, Placements, Reason
from tests.engine.analysis.signal.test_second_recorder import performance
from tests.engine.features.placement.files import NOON, NOW, dated, m4a, wav
from tests.engine.features.placement.test_plan import RATE_HZ, Sound, by_other_microphone

NAMES = ("ZOOM0001", "ZOOM0002", "Camera", "Phone")


@pytest.fixture(scope="module")
def band() -> Sound:
    return performance(1, 80.0)


def seconds(sound: Sound, start_s: float, stop_s: float) -> Sound:
    return sound[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)]


def by_name(folder: Path, sounds: dict[str, Sound], mode: Mode = Mode.AUTO) -> Placements:
    """Write files of one folder that state no time, all with one file date, and place them."""
    paths = [
        dated(wav(folder / f"{name}.wav", sound, rate_hz=RATE_HZ), NOON) for name, sound in sounds.items()
    ]
    return propose_places(read_heads(paths, now=NOW), mode)


def starts_s(found: Placements) -> list[float]:
    return [one.start_samples / RATE_HZ for one in found.files]


def told(one: Placement) -> tuple[Reason, bool]:
    return one.reason, one.is_certain


def test_sound_wins_over_a_common_length(tmp_path: Path, band: Sound) -> None:
    spans = ((0.0, 40.0), (40.0, 80.0), (14.0, 52.0), (30.0, 75.0))
    sounds = {name: seconds(band, *span) for name, span in zip(NAMES, spans, strict=True)}
    for seed, name in enumerate(NAMES[2:]):
        sounds[name] = by_other_microphone(sounds[name], seed)
    found = by_name(tmp_path, sounds)
    assert starts_s(found) == pytest.approx([0.0, 40.0, 14.0, 30.0], abs=2e-4)
    assert all(one.is_certain for one in found.files)
    assert [track.files for track in found.tracks] == [(0, 1), (2,), (3,)]


def test_sound_wins_over_equal_names_of_parallel_files(tmp_path: Path, band: Sound) -> None:
    """They are one after another, but are named and as long as two microphones of one take."""
    sounds = {"Room_1": seconds(band, 0.0, 40.0), "Room_2": seconds(band, 40.0, 80.0)}
    sounds["Camera"] = by_other_microphone(seconds(band, 20.0, 70.0), 3)
    found = by_name(tmp_path, sounds)
    assert starts_s(found) == pytest.approx([0.0, 40.0, 20.0], abs=2e-4)


@pytest.mark.parametrize(("over_s", "tracks"), [(0.004, 1), (0.4, 2)])
def test_a_device_goes_on_where_the_sound_is_not_that_exact(
    tmp_path: Path, band: Sound, over_s: float, tracks: int
) -> None:
    """The camera is carried towards the band meanwhile, so that its sound comes earlier."""
    first, second = seconds(band, 0.0, 40.0), seconds(band, 40.0, 80.0)
    walked = np.concatenate([seconds(band, 5.0, 40.0), seconds(band, 40.0 + over_s, 75.0)])
    sounds = {"ZOOM0001": first, "ZOOM0002": second, "Camera": by_other_microphone(walked, 3)}
    found = by_name(tmp_path, sounds)
    recorder = [track.files for track in found.tracks if 2 not in track.files]
    assert len(recorder) == tracks
    if tracks == 1:
        assert starts_s(found)[1] - starts_s(found)[0] == 40.0


def test_a_guess_holds_without_sound_and_takes_along_what_depends_on_it(tmp_path: Path, band: Sound) -> None:
    other = performance(5, 45.0)
    sounds = {"ZOOM0001": seconds(band, 0.0, 60.0), "ZOOM0002": other}
    sounds["Phone"] = by_other_microphone(seconds(other, 10.0, 40.0), 3)
    sounds["Camera"] = by_other_microphone(seconds(band, 10.0, 55.0), 4)
    first, second, phone, camera = by_name(tmp_path, sounds).files
    assert [one.start_samples / RATE_HZ for one in (first, second, phone, camera)] == pytest.approx(
        [0.0, 60.0, 70.0, 10.0], abs=2e-4
    )
    assert told(second) == (Reason.NEXT_NUMBER, False)
    assert second.basis is Basis.CONTINUATION
    assert told(phone) == (Reason.SAME_SOUND, False)
    assert first.is_certain
    assert camera.is_certain


def test_times_of_another_device_win_over_a_guess(tmp_path: Path, band: Sound) -> None:
    """A camera with a clock met both files of the recorder, ten minutes apart."""
    other = performance(5, 40.0)
    paths = [
        dated(wav(tmp_path / f"ZOOM000{number}.wav", sound, rate_hz=RATE_HZ), NOON)
        for number, sound in enumerate((seconds(band, 0.0, 40.0), other), 1)
    ]
    for number, (sound, start_s) in enumerate(((band, 0.0), (other, 600.0)), 1):
        clip, start = by_other_microphone(seconds(sound, 5.0, 35.0), number), NOON
        start += timedelta(seconds=start_s + 5.0)
        paths.append(m4a(tmp_path / f"C{number}.mp4", clip, start, RATE_HZ))
        dated(paths[-1], start + timedelta(seconds=30.0))
    found = propose_places(read_heads(paths, now=NOW))
    assert starts_s(found)[1] == pytest.approx(600.0, abs=1.5)
    assert found.files[1].reason is not Reason.NEXT_NUMBER


def test_clocks_that_a_third_recording_compares_win_over_a_guess() -> None:
    """Camera and phone met one file of the recorder each, and both met a laptop."""
    groups = [dict.fromkeys(takes, ORIGIN) for takes in ((0, 2), (1, 3), (4, 5))]
    guess = Guess(0, 1, 480.0, Basis.CONTINUATION, 0.4, Reason.NEXT_NUMBER)
    clocks = {2: "camera", 3: "phone", 4: "camera", 5: "phone"}
    joined, guessed = with_guesses(groups, [guess], clocks)
    assert (joined, guessed) == (groups, frozenset())
    for fewer in ({2: "camera", 3: "phone"}, {**clocks, 5: "laptop"}, {0: "recorder", 1: "recorder"}):
        joined, guessed = with_guesses(groups, [guess], fewer)
        assert [set(group) for group in joined] == [{0, 1, 2, 3}, {4, 5}]
        assert guessed == {1, 3}


def test_chapters_with_one_copied_time_go_on(tmp_path: Path) -> None:
    """The guess is believed, not the time that all chapters state."""
    silence = np.zeros(3 * RATE_HZ, np.float32)
    paths = [wav(tmp_path / f"S{number}.wav", silence, NOON, rate_hz=RATE_HZ) for number in (1, 2, 3)]
    heads = [
        replace(one, size_bytes=2**31 - 40_000, reference_samples=None) for one in read_heads(paths, now=NOW)
    ]
    found = propose_places(heads, Mode.TIME)
    assert starts_s(found) == [0.0, 3.0, 6.0]
    assert [told(one) for one in found.files[1:]] == [(Reason.SPLIT_AT_LIMIT, False)] * 2


def test_one_after_another_keeps_parallel_files_together(tmp_path: Path, band: Sound) -> None:
    sounds = {name: seconds(band, 0.0, 10.0) for name in ("Room_1", "Room_2")}
    found = by_name(tmp_path, sounds | {"Phone": seconds(band, 0.0, 5.0)}, Mode.AFTER)
    assert starts_s(found) == [0.0, 0.0, 10.0]


def test_a_device_is_never_compared_with_itself(tmp_path: Path) -> None:
    """Its music repeats to the sample, and the file dates of copies say that both ran at once."""
    bar = performance(3, 4.0)
    sounds = {"JAM_0001": np.tile(bar, 20), "JAM_0002": np.tile(bar, 12)}
    first, second = by_name(tmp_path, sounds).files
    assert told(first) == (Reason.ORIGIN, True)
    assert told(second) == (Reason.NEXT_NUMBER, False)
    assert second.start_samples == 20 * len(bar)
