"""Timing of notes: from a recording to a result in time, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.document.document import Document
from engine.document.grid_edits import set_grid, steady
from engine.features.timing.notes.onsets import find_notes
from tests.engine.features.timing.notes.plucked import RATE_HZ, melody, plucked, reading
from tests.engine.features.timing.notes.spoken import around, starts, take, words

LENGTH_S = 13.0


def written(folder: Path, **tracks: np.ndarray) -> Path:
    """Write recordings and import them, a track each."""
    paths = []
    for name, sound in tracks.items():
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], sound, RATE_HZ, "FLOAT")
    project = folder / "song.offcut"
    assert main(["new", str(project), *map(str, paths), "--place", "zero"]) == 0
    return project


def exported(project: Path, track: int = 0) -> np.ndarray:
    out = project.with_name("out.wav")
    assert main(["decide", str(project), "accept", "--all"]) == 0
    assert main(["export", str(project), "--out", str(out), "--bits", "32f", "--stems"]) == 0
    stems = sorted(project.parent.glob("out*.wav"))
    sound: np.ndarray = soundfile.read(stems[track], dtype="float32", always_2d=True)[0].mean(axis=1)
    return sound


def onsets_s(sound: np.ndarray) -> np.ndarray:
    return find_notes(reading(sound), len(sound), RATE_HZ).onsets_samples / RATE_HZ


@pytest.mark.parametrize("seed", [1, 2])
def test_notes_end_on_the_grid(tmp_path: Path, seed: int) -> None:
    played, meant, pitches = melody(22, 0.5, 0.02, seed)
    project = written(tmp_path, bass=plucked(played, pitches, LENGTH_S))

    assert main(["propose", str(project), "notes", "--bpm", "120", "--division", "1/8"]) == 0

    found = onsets_s(exported(project))
    assert len(found) == len(meant)
    off_ms = np.abs(found - meant) * 1000
    assert np.median(off_ms) < 2.0
    assert np.quantile(off_ms, 0.95) < 8.0


def test_notes_on_the_grid_stay_bit_for_bit(tmp_path: Path) -> None:
    _, meant, pitches = melody(22, 0.5, 0.02, seed=3)
    sound = plucked(meant, pitches, LENGTH_S)
    project = written(tmp_path, bass=sound)

    assert main(["propose", str(project), "notes", "--bpm", "120", "--most-ms", "1"]) == 0

    assert np.array_equal(exported(project), sound)


def test_of_playing_on_the_grid_only_notes_far_off_move(tmp_path: Path) -> None:
    played, meant, pitches = melody(22, 0.5, 0.0015, seed=9)
    played[10] = meant[10] + 0.04
    project = written(tmp_path, bass=plucked(played, pitches, LENGTH_S))

    assert main(["propose", str(project), "notes", "--bpm", "120", "--division", "1/8"]) == 0

    with Document.open(project) as document:
        (moved,) = document.state.proposals.values()
        assert moved.start_samples / RATE_HZ == pytest.approx(played[10] - 0.01, abs=0.01)


def test_notes_in_a_free_passage_stay(tmp_path: Path) -> None:
    played, _, pitches = melody(22, 0.5, 0.02, seed=1)
    project = written(tmp_path, bass=plucked(played, pitches, LENGTH_S))
    with Document.open(project) as document:
        state = document.state
        even = steady(120.0, 0.0, rate_hz=state.rate_hz, length_samples=state.length_samples)
        free = np.array([[3 * state.rate_hz, 7 * state.rate_hz]])
        document.apply(*set_grid(state, replace(even, free_samples=free), "Set a grid"))

    assert main(["propose", str(project), "notes", "--division", "1/8"]) == 0

    with Document.open(project) as document:
        onsets = [one.payload["onset_samples"] / RATE_HZ for one in document.state.proposals.values()]
    assert len(onsets) > 8
    assert not any(3.0 <= onset_s < 7.0 for onset_s in onsets)


def test_a_note_that_moves_ends_before_a_faint_one(tmp_path: Path) -> None:
    played, meant, pitches = melody(22, 0.5, 0.02, seed=9)
    ghost = [one + 0.25 for one in meant]
    soft = 0.02 * plucked(ghost, [2.5 * one for one in pitches], LENGTH_S)
    project = written(tmp_path, bass=plucked(played, pitches, LENGTH_S) + soft)

    flags = ["--bpm", "120", "--division", "1/8", "--sensitivity", "0"]
    assert main(["propose", str(project), "notes", *flags]) == 0

    with Document.open(project) as document:
        stops_s = np.array([one.stop_samples for one in document.state.proposals.values()]) / RATE_HZ
    assert len(stops_s) > 10
    assert np.median(np.abs(stops_s[:, None] - ghost).min(axis=1)) < 0.02


def test_notes_follow_another_track(tmp_path: Path) -> None:
    lead, _, pitches = melody(22, 0.5, 0.015, seed=4)
    rng = np.random.default_rng(5)
    double = np.array(lead) + rng.normal(0.0, 0.03, len(lead))
    project = written(
        tmp_path,
        double=plucked(double.tolist(), pitches, LENGTH_S),
        lead=plucked(lead, [2 * one for one in pitches], LENGTH_S),
    )

    assert main(["propose", str(project), "notes", "--to", "lead"]) == 0

    late_ms = (onsets_s(exported(project)) - lead) * 1000
    off_ms = np.abs(late_ms - np.median(late_ms))  # both are detected as late as each other
    assert np.median(off_ms) < 2.0
    assert np.quantile(off_ms, 0.95) < 15.0


def test_each_move_is_of_its_track(tmp_path: Path) -> None:
    played, _, pitches = melody(22, 0.5, 0.02, seed=6)
    project = written(tmp_path, bass=plucked(played, pitches, LENGTH_S))
    assert main(["propose", str(project), "notes", "--bpm", "120"]) == 0

    with Document.open(project) as document:
        track = document.state.tracks[0].id
        found = document.state.proposals.values()
        assert {(one.kind, one.tracks) for one in found} == {("note", (track,))}


def test_playing_without_a_grid_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    free = np.cumsum(rng.uniform(0.25, 0.9, 22)) + 0.5
    pitches = (110.0 * 2 ** (rng.integers(0, 12, 22) / 12)).tolist()
    project = written(tmp_path, bass=plucked(free.tolist(), pitches, float(free[-1]) + 1.0))

    assert main(["propose", str(project), "notes", "--bpm", "120", "--division", "1/4"]) == 1
    with Document.open(project) as document:
        assert not document.state.proposals


@pytest.mark.parametrize(
    "flags", [["--to", "nobody"], ["--move", "nobody"], ["--division", "1/5"], ["--to", "bass"]]
)
def test_a_request_that_cannot_be_met_is_refused(tmp_path: Path, flags: list[str]) -> None:
    project = written(tmp_path, bass=plucked([1.0, 2.0], [110.0, 220.0], 3.0))

    assert main(["propose", str(project), "notes", *flags]) == 2


def test_silence_has_no_notes(tmp_path: Path) -> None:
    project = written(tmp_path, bass=np.zeros(5 * RATE_HZ, np.float32))

    assert main(["propose", str(project), "notes", "--bpm", "120"]) == 1


def test_a_named_track_moves_alone_and_never_the_reference(tmp_path: Path) -> None:
    lead, _, pitches = melody(12, 0.5, 0.02, seed=8)
    bass, double = (melody(12, 0.5, 0.03, seed)[0] for seed in (9, 10))
    sounds = {"bass": bass, "double": double, "lead": lead}
    project = written(tmp_path, **{name: plucked(at, pitches, 8.0) for name, at in sounds.items()})

    assert main(["propose", str(project), "notes", "--to", "lead"]) == 2, "which of two follows is not known"
    assert main(["propose", str(project), "notes", "--to", "lead", "--move", "double"]) == 0

    assert moved(project) == {"double"}
    assert main(["propose", str(project), "notes", "--to", "lead", "--move", "bass"]) == 0
    assert moved(project) == {"bass", "double"}


def moved(project: Path) -> set[str]:
    with Document.open(project) as document:
        names = {track.id: track.name for track in document.state.tracks}
        return {names[key] for one in document.state.proposals.values() for key in one.tracks}


def test_a_note_that_was_answered_is_not_proposed_again(tmp_path: Path) -> None:
    played, _, pitches = melody(12, 0.5, 0.02, seed=11)
    project = written(tmp_path, bass=plucked(played, pitches, 8.0))
    asked = ["propose", str(project), "notes", "--bpm", "120"]
    assert main(asked) == 0
    with Document.open(project) as document:
        first = sorted(document.state.proposals.values(), key=lambda one: one.start_samples)
    assert main(["decide", str(project), "accept", first[0].id]) == 0

    assert main([*asked, "--strength", "0.5"]) == 0

    with Document.open(project) as document:
        again = document.state.proposals.values()
        assert len(again) == len(first)
        assert [one.id for one in again if one.id == first[0].id] == [first[0].id]
        assert sum(one.payload["onset_samples"] == first[0].payload["onset_samples"] for one in again) == 1


def test_a_track_that_swells_stays(tmp_path: Path) -> None:
    at = np.arange(20 * RATE_HZ) / RATE_HZ
    swelling = 0.5 - 0.5 * np.cos(2 * np.pi * at / 1.3)
    pitch = np.repeat([220.0, 247.0, 262.0, 294.0], 5 * RATE_HZ)
    noise = np.random.default_rng(12).normal(0.0, 0.02, len(at))
    pad = (0.3 * swelling * (np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ) + noise)).astype(np.float32)
    project = written(tmp_path, pad=pad)

    assert main(["propose", str(project), "notes", "--bpm", "92"]) == 1
    with Document.open(project) as document:
        assert not document.state.proposals


def test_a_second_take_follows_the_sound_of_the_first_and_other_words_stay(tmp_path: Path) -> None:
    count, same = 40, 30
    spoken, lead_s = words(count, 1), starts(count, 3)
    double_s = around(lead_s, 0.05, 4)
    others_s = lead_s[same] + starts(20, 7) * 0.6
    project = written(
        tmp_path,
        double=take(spoken, double_s, -0.5, 5),
        lead=take([*spoken[:same], *words(20, 2)], np.append(lead_s[:same], others_s), 0.0, 6),
    )

    assert main(["propose", str(project), "notes", "--to", "lead"]) == 0

    by_s = np.zeros(count)
    with Document.open(project) as document:
        for one in document.state.proposals.values():
            onset_s, by = (float(str(one.payload[key])) / RATE_HZ for key in ("onset_samples", "by_samples"))
            by_s[np.abs(double_s - onset_s).argmin()] = by
    known = by_s[: same - 1] != 0.0
    off_ms = np.abs(double_s + by_s - lead_s)[: same - 1] * 1000
    assert known.mean() > 0.8
    assert np.quantile(off_ms[known], 0.9) < 15.0
    assert np.mean(by_s[same + 3 :] == 0.0) > 0.8
