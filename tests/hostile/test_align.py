"""``offcut align`` on what cannot be aligned: one sentence, the right status, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from tests.engine.cli.drum_take import DrumTake, drum_take
from tests.hostile.bad_files import REFUSED
from tests.hostile.status import is_one_sentence

RATE_HZ = 44_100
Refusal = Callable[..., str]


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> DrumTake:
    return drum_take(tmp_path_factory.mktemp("take"), [0.0, 12.0, -9.0, 20.0])


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refusal:
    """Run the verb, expect a status and one sentence, and no folder for what was not written."""

    def refused(*words: object, status: int = 1) -> str:
        out = tmp_path / "aligned"
        assert main(["align", *map(str, words), "--out", str(out)]) == status
        printed = capsys.readouterr()
        assert printed.out == ""
        assert not out.exists()
        said = printed.err.removeprefix("offcut align: ").rstrip("\n")
        assert is_one_sentence(said), said
        return said

    return refused


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--bpm", 0), "0 BPM is outside the range"),
        (("--bpm", 120, "--division", "1/5"), "'1/5' is not a division"),
        (("--bpm", 120, "--swing", 90), "A swing of 90 % is not possible"),
        (("--bpm", 120, "--division", "1/8t", "--swing", 60), "1/8t cannot swing"),
        (("--bpm", 120, "--strength", 2), "strength cannot be 2"),
        (("--bpm", 120, "--pad-ms", -1), "pad_ms cannot be -1"),
        (("--bpm", 120, "--sensitivity", 7), "sensitivity cannot be 7"),
        (("--bpm", 120, "--beats-in-bar", 0), "A bar cannot have 0 beats"),
        (("--auto", "--start-s", 1), "--start-s goes with --bpm or --midi"),
        (("--auto", "--beats-in-bar", 3), "--beats-in-bar goes with --bpm"),
        (("--bpm", 120, "--tracks", "Kazoo"), "There is no track 'Kazoo'"),
    ],
)
def test_what_is_asked_for_wrongly_is_named(
    take: DrumTake, refusal: Refusal, words: tuple[object, ...], told: str
) -> None:
    assert told in refusal(*take.paths, *words, status=2)


@pytest.mark.parametrize("words", [(), ("--bpm", "fast"), ("--bpm", "nan"), ("--bpm", 120, "--auto")])
def test_usage_is_told_in_one_line(
    take: DrumTake, words: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["align", *map(str, take.paths), *map(str, words)])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("case", REFUSED)
def test_a_recording_that_cannot_be_read_is_named(refusal: Refusal, tmp_path: Path, case: str) -> None:
    make, words = REFUSED[case]
    path = make(tmp_path / "take.wav")
    said = refusal(path, "--bpm", 120)
    assert str(path) in said
    assert words in said or case == "folder"


@pytest.mark.parametrize("sound", ["silence", "hiss", "one tone"])
def test_where_nobody_drums_it_says_so(refusal: Refusal, tmp_path: Path, sound: str) -> None:
    time_s = np.arange(8 * RATE_HZ) / RATE_HZ
    faded = np.minimum(1.0, time_s)  # a recording that begins in the middle of a sound begins with a rise
    tone = 0.3 * np.sin(2 * np.pi * 220.0 * time_s) * faded
    paths = [tmp_path / f"{name}.wav" for name in ("Kick", "Snare", "OHL")]
    for number, path in enumerate(paths):
        hiss = np.random.default_rng(number).normal(0.0, 1e-3, len(time_s)) * faded
        heard = {"silence": np.zeros(len(time_s)), "hiss": hiss, "one tone": tone}[sound]
        soundfile.write(path, heard[number:] * 0.5**number, RATE_HZ)
    said = refusal(*paths, "--bpm", 120)
    assert "drum hits in the 3 microphones" in said or "reaches the confidence limit" in said


@pytest.mark.parametrize("fault", ["missing", "a drum", "a folder"])
def test_a_click_that_is_none_is_named(take: DrumTake, refusal: Refusal, tmp_path: Path, fault: str) -> None:
    path = {"missing": tmp_path / "no.wav", "a drum": take.paths[2], "a folder": tmp_path}[fault]
    assert path.name in refusal(*take.paths, "--click", path, status=2 if fault == "a drum" else 1)


def test_none_of_the_tracks_is_a_click(take: DrumTake, refusal: Refusal) -> None:
    assert "None of the tracks is a click" in refusal(*take.paths, "--click")


@pytest.mark.parametrize("flag", ["--beats", "--midi", "--groove"])
def test_files_that_hold_no_grid_are_named(
    take: DrumTake, refusal: Refusal, tmp_path: Path, flag: str
) -> None:
    path = tmp_path / "grid.bin"
    path.write_bytes(b"\x00\xffnonsense")
    words = (flag, path) if flag != "--groove" else (flag, path, "--bpm", 120)
    assert "grid.bin" in refusal(*take.paths, *words)
    assert "nowhere.bin" in refusal(*take.paths, *words[:1], tmp_path / "nowhere.bin", *words[2:])


def test_documents_and_recordings_do_not_mix(take: DrumTake, refusal: Refusal, tmp_path: Path) -> None:
    assert "Give one document" in refusal(tmp_path / "a.offcut", take.paths[0], "--auto", status=2)
    assert "a.offcut" in refusal(tmp_path / "a.offcut", "--auto")


def test_microphones_of_other_lengths_and_rates_and_more_channels_are_aligned_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = [0.0, 12.0, -9.0, 20.0, 0.0, 8.0]
    take = drum_take(tmp_path / "take", late)
    kick, snare, left, right = take.paths
    heard, _ = soundfile.read(left)
    soundfile.write(left, np.stack([heard, heard], axis=1), RATE_HZ)
    soundfile.write(right, soundfile.read(right)[0][: 2 * RATE_HZ], RATE_HZ)
    soundfile.write(tmp_path / "Room.wav", soundfile.read(right)[0], 22_050)
    paths = (kick, snare, left, right, tmp_path / "Room.wav")
    out = tmp_path / "aligned"
    assert main(["align", *map(str, paths), "--bpm", "120", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert "aligned at 44,100 Hz, aligned files too" in said["notices"][-1]
    for path in paths[:4]:
        one, other = soundfile.info(path), soundfile.info(out / path.name)
        assert (other.frames, other.channels) == (one.frames, one.channels)


def test_one_channel_alone_is_aligned(take: DrumTake, tmp_path: Path) -> None:
    assert main(["align", str(take.paths[2]), "--bpm", "120", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "OHL.wav").is_file()


def test_a_second_recorder_that_drifts_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take = drum_take(tmp_path / "take", np.random.default_rng(1).uniform(-40.0, 40.0, 80).tolist())
    heard, _ = soundfile.read(take.paths[3])
    slow = np.interp(np.arange(len(heard) * 1.0004) / 1.0004, np.arange(len(heard)), heard)
    soundfile.write(tmp_path / "Room.wav", slow, RATE_HZ)
    paths = (*take.paths[:3], tmp_path / "Room.wav")
    assert main(["align", *map(str, paths), "--bpm", "120", "--json"]) == 0
    [said] = json.loads(capsys.readouterr().out)["notices"]
    assert said.startswith("Room comes from another recorder: it runs ")
    assert "ppm fast, 16 ms by the end" in said
    assert "Stretch" in said
