"""``offcut align``: from recordings to aligned files and proposals, and what cannot be aligned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.document.analysis import Hits
from engine.document.document import Document
from engine.document.edits.analyses import listening_ids
from engine.document.edits.proposals import set_analyses
from engine.document.grid_edits import is_edited, steady
from engine.features.timing.alignment.fitting import TEMPO_DOUBT
from engine.lab.simulated.clicks import click_track
from tests.engine.cli.drum_take import BPM, MICROPHONES, RATE_HZ, DrumTake, drum_take


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> DrumTake:
    return drum_take(tmp_path_factory.mktemp("take"))


def _said(capsys: pytest.CaptureFixture[str], *words: object, status: int = 0) -> dict[str, object]:
    assert main(["align", *map(str, words), "--json"]) == status, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def _refusal(capsys: pytest.CaptureFixture[str], *words: object, status: int) -> str:
    assert main(["align", *map(str, words)]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("offcut align: ")
    assert printed.err.count("\n") == 1
    return printed.err


def _rise_s(sound: np.ndarray, near_s: float, rate_hz: int = RATE_HZ) -> float:
    """Return where a hit rises to a tenth of its peak, as its place in the take is counted."""
    first = round((near_s - 0.03) * rate_hz)
    heard = np.abs(sound[first : first + round(0.06 * rate_hz)])
    return (first + int(np.argmax(heard >= 0.1 * heard.max()))) / rate_hz


def test_aligned_files_have_every_hit_on_its_line_and_all_microphones_alike(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "aligned"
    said = _said(capsys, *take.paths, "--bpm", BPM, "--division", "1/8", "--out", out)
    assert said["files"] == [str(out / f"{name}.wav") for name in MICROPHONES]
    heard = {name: soundfile.read(out / f"{name}.wav")[0] for name in MICROPHONES}
    before = {path.stem: soundfile.read(path)[0] for path in take.paths}
    for number, (line_s, onset_s) in enumerate(zip(take.lines_s, take.onsets_s, strict=True)):
        close = MICROPHONES[number % 2]
        assert _rise_s(heard[close], line_s) == pytest.approx(line_s, abs=0.002)
        by = round((_rise_s(heard[close], line_s) - onset_s) * RATE_HZ)
        at = round(onset_s * RATE_HZ) + np.arange(-100, 2_000)
        for name in MICROPHONES:
            np.testing.assert_array_equal(heard[name][at + by], before[name][at])
    for path in take.paths:
        one, other = soundfile.info(path), soundfile.info(out / path.name)
        assert (other.samplerate, other.frames, other.subtype) == (one.samplerate, one.frames, one.subtype)


def test_what_is_printed_says_where_each_hit_goes(take: DrumTake, capsys: pytest.CaptureFixture[str]) -> None:
    said = _said(capsys, *take.paths, "--bpm", BPM, "--start-s", 0.5, "--division", "1/4")
    assert set(said) == {"hits", "grid", "proposals", "weak_left", "files", "left_behind", "notices"}
    assert said["grid"]["division"] == "1/4"
    assert said["grid"]["beats_s"][0] == 0.0
    assert said["grid"]["downbeats_s"][0] == 0.5
    for onset_s, line_s, voice in zip(take.onsets_s, take.lines_s, ["kick", "snare"] * 5, strict=True):
        [hit] = [
            one for one in said["hits"] if one["voice"] == voice and abs(one["onset_s"] - onset_s) < 0.005
        ]
        assert set(hit) == {"onset_s", "target_s", "shift_s", "voice", "flam_s"}
        assert hit["target_s"] == pytest.approx(hit["onset_s"] + hit["shift_s"])
        assert hit["target_s"] == pytest.approx(line_s, abs=0.0015)


def test_a_performance_on_the_grid_comes_out_bit_for_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = drum_take(tmp_path / "take", [0.0] * 6, suffix=".flac")
    said = _said(capsys, *take.paths, "--bpm", BPM, "--out", tmp_path / "out")
    assert said["proposals"] == 0
    for path in take.paths:
        one, other = (
            soundfile.read(path, dtype="int32"),
            soundfile.read(tmp_path / "out" / path.name, dtype="int32"),
        )
        np.testing.assert_array_equal(one[0], other[0])


@pytest.mark.parametrize("late_ms", [9.0, -7.0])
def test_programmed_drums_with_a_latency_come_out_bit_for_bit_and_the_latency_is_reported(
    late_ms: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = drum_take(tmp_path / "take", [late_ms] * 14)
    said = _said(capsys, *take.paths, "--bpm", BPM, "--out", tmp_path / "out")
    assert said["proposals"] == 0
    assert f"{abs(late_ms):.1f} ms {'late' if late_ms > 0 else 'early'}" in " ".join(said["notices"])
    for path in take.paths:
        before, after = (
            soundfile.read(one, dtype="int32")[0] for one in (path, tmp_path / "out" / path.name)
        )
        np.testing.assert_array_equal(before, after)


def test_recordings_alone_are_proposed_for_and_nothing_is_written(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*.wav"))
    said = _said(capsys, *take.paths, "--bpm", BPM, "--division", "1/8")
    assert said["proposals"] >= 6
    assert not said["files"]
    assert sorted(tmp_path.rglob("*.wav")) == before


def test_proposals_are_stored_with_the_hits_and_hits_are_found_once(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "take.offcut"
    assert main(["new", str(project), *map(str, take.paths)]) == 0
    capsys.readouterr()
    asked = (project, "--bpm", BPM, "--division", "1/8")
    said = _said(capsys, *asked)
    with Document.open(project) as document:
        hits = document.analysis("hits")
        assert isinstance(hits, Hits)
        first = dict(document.state.proposals)
        assert len(first) == said["proposals"] >= 6
        assert {one.kind for one in first.values()} == {"hit"}
        assert document.state.settings["timing"]["division"] == "1/8"
    assert _said(capsys, *asked)["hits"] == said["hits"]
    with Document.open(project) as document:
        assert document.state.proposals == first
    assert main(["decide", str(project), "accept", "--all"]) == 0
    assert main(["export", str(project), "--out", str(tmp_path / "mix.wav")]) == 0


def test_the_verb_is_an_alias_of_the_finder(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = []
    for verb, words in (
        ("align", ("--bpm", BPM, "--start-s", 0.5, "--division", "1/8")),
        ("propose", ("timing", "--bpm", BPM, "--first-beat-s", 0.5, "--division", "1/8")),
    ):
        project = tmp_path / f"{verb}.offcut"
        assert main(["new", str(project), *map(str, take.paths)]) == 0
        capsys.readouterr()
        tracks = ("--tracks", *MICROPHONES)
        assert main([verb, str(project), *map(str, (*words, *tracks)), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        with Document.open(project) as document:
            state = document.state
            stored.append((dict(state.proposals), state.analyses, state.settings, told["hits"], told["grid"]))
    assert stored[0] == stored[1]
    assert stored[0][0]


def test_an_own_grid_comes_into_force_with_the_proposals_and_goes_with_them(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "take.offcut"
    assert main(["new", str(project), *map(str, take.paths)]) == 0
    capsys.readouterr()
    with Document.open(project) as document:
        length = document.state.length_samples
        heard = steady(106.7, 0.0, rate_hz=RATE_HZ, length_samples=length)
        edit = set_analyses(document.state, {"beats": "heard"}, "Heard", by_listening=True)
        document.apply(edit, {"heard": heard})
    _said(capsys, project, "--auto")
    with Document.open(project) as document:
        assert document.state.analyses["beats"] == "heard", "its own stays as it was heard"
        before = document.state
    asked = (project, "--bpm", BPM, "--start-s", 0.5)
    said = _said(capsys, *asked)
    with Document.open(project) as document:
        in_force = document.analysis("beats")
        assert in_force.tempo_bpm == BPM
        assert is_edited(document.state)
        assert (in_force.downbeats_samples / RATE_HZ).tolist() == said["grid"]["downbeats_s"]
    _said(capsys, *asked)
    with Document.open(project) as document:
        document.undo()
        assert document.state.analyses["beats"] == "heard", "one step, and none for the same again"
        assert document.state.proposals == before.proposals


def test_beats_that_are_heard_are_no_decision_of_the_user(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "take.offcut"
    assert main(["new", str(project), *map(str, take.paths)]) == 0
    capsys.readouterr()
    said = _said(capsys, project, "--auto")
    with Document.open(project) as document:
        assert document.state.analyses["beats"] == listening_ids(document.state)["beats"]
        in_force = document.analysis("beats")
        assert (in_force.beats_samples / RATE_HZ).tolist() == said["grid"]["beats_s"]


def test_a_grid_of_another_tempo_is_doubted(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take = drum_take(tmp_path / "take", np.random.default_rng(2).normal(1.0, 6.0, 20).tolist())
    assert not _said(capsys, *take.paths, "--bpm", BPM, "--start-s", 0.5)["notices"]
    assert _said(capsys, *take.paths, "--bpm", BPM * 0.87)["notices"] == [TEMPO_DOUBT]


@pytest.mark.parametrize("is_written", [False, True])
def test_differing_rates_are_told_whatever_is_asked_for(
    is_written: bool, take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = drum_take(tmp_path / "take", suffix=".flac", rate_hz=48_000)
    words = ("--out", tmp_path / "out") if is_written else ()
    said = _said(capsys, other.paths[0], *take.paths[1:], "--bpm", BPM, *words)
    assert said["notices"][-1].startswith("The microphones have 44,100 and 48,000 Hz: all are aligned at")


def test_a_click_track_among_the_recordings_is_followed_and_is_no_drum(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    click = click_track(BPM, RATE_HZ, length_s=5.0, first_s=0.5, beats_in_bar=4)
    soundfile.write(tmp_path / "Click.wav", click.samples, RATE_HZ)
    for words in (
        (*take.paths, tmp_path / "Click.wav", "--click"),
        (*take.paths, "--click", tmp_path / "Click.wav"),
    ):
        said = _said(capsys, *words, "--division", "1/8", "--out", tmp_path / "out", "--force")
        assert "Click" in " ".join(said["notices"])
        assert "from there the grid continues at 120.00 BPM" in " ".join(said["notices"])
        assert [Path(path).stem for path in said["files"]] == list(MICROPHONES)
        on_line = [
            abs(one["target_s"] * 4 % 1.0) for one in said["hits"] if one["voice"] in ("kick", "snare")
        ]
        assert np.minimum(on_line, 1.0 - np.array(on_line)).max() < 0.01


def test_strength_goes_part_of_the_way(take: DrumTake, capsys: pytest.CaptureFixture[str]) -> None:
    whole, half = (
        {
            one["onset_s"]: one["shift_s"]
            for one in _said(capsys, *take.paths, "--bpm", BPM, "--strength", s)["hits"]
        }
        for s in (1, 0.5)
    )
    for onset_s, shift_s in whole.items():
        assert half[onset_s] == pytest.approx(shift_s / 2, abs=1e-4)


def test_nothing_is_written_over_and_no_recording_either(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = take.paths[0].parent
    assert "never written over" in _refusal(capsys, *take.paths, "--bpm", 120, "--out", folder, status=1)
    (tmp_path / "Snare_top.wav").write_bytes(b"mine")
    said = _refusal(capsys, *take.paths, "--bpm", 120, "--out", tmp_path, status=1)
    assert "Snare_top.wav" in said
    assert (tmp_path / "Snare_top.wav").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["Snare_top.wav"]


def test_a_role_that_only_the_sound_gives_is_reported(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window = tmp_path / "Window.wav"
    window.write_bytes(take.paths[-1].read_bytes())
    said = _said(capsys, *take.paths[:-1], window, "--bpm", BPM, "--division", "1/8")
    assert any("Window" in one and "Change a role" in one for one in said["notices"])


def test_a_document_stores_the_proposals_or_has_files_written(
    take: DrumTake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "take.offcut"
    assert main(["new", str(project), *map(str, take.paths)]) == 0
    capsys.readouterr()
    written = _said(capsys, project, "--bpm", BPM, "--division", "1/8", "--out", tmp_path / "out")
    with Document.open(project) as document:
        assert not document.state.proposals
    stored = _said(capsys, project, "--bpm", BPM, "--division", "1/8")
    with Document.open(project) as document:
        assert len(document.state.proposals) == stored["proposals"] == written["proposals"] >= 6
