"""What is tested was not learned from, and its faults are where they are said to be."""

from __future__ import annotations

import csv
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import UsageError
from engine.features.taste.anomaly.planting import MAKERS, Fault
from engine.lab.evaluation.materials.all import MATERIALS
from engine.lab.evaluation.materials.band import BAND
from engine.lab.evaluation.materials.case import FAULT_SHARE, Case, Faults, HeldOut
from engine.lab.evaluation.materials.field import AMBIENCES, FIELD
from engine.lab.evaluation.materials.grooves import played, read_kit, takes_of
from engine.lab.evaluation.materials.loops import LOOPS
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.recordings import HEARD_RATE_HZ, Excerpt, data_digest, drawn_clips

_PRODUCER, _STUDIO_BAND = 1, 3  # the seeds whose bands are read from files


@pytest.fixture(scope="module")
def studio_dir(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Songs whose tracks lie apart: grooves stand in for those of MDB Drums, which may not be shipped."""
    made = tmp_path_factory.mktemp("studio")
    shutil.copytree(data_dir / "grooves", made / "mdbdrums")
    shutil.copytree(data_dir / "esc50", made / "esc50")
    return made


@pytest.fixture(scope="module")
def cases(data_dir: Path, studio_dir: Path) -> dict[str, Case]:
    return {
        "producer": BAND.make(data_dir, _PRODUCER),
        "studio band": BAND.make(studio_dir, _STUDIO_BAND),
        "loops": LOOPS.make(data_dir, 2),
        "field": FIELD.make(data_dir, 0),
    }


@pytest.mark.parametrize("name", ["producer", "studio band", "loops", "field"])
def test_no_recording_is_both_learned_from_and_tested(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    kept = {one.name for one in case.kept}
    tested = {one.name.partition(", planting")[0] for one in case.tested}
    assert kept
    assert tested
    assert not kept & tested
    assert not kept & {file.name for file in case.files}


@pytest.mark.parametrize("name", ["producer", "studio band", "loops", "field"])
def test_faults_make_up_the_share_and_are_in_order(cases: dict[str, Case], name: str) -> None:
    for tested in cases[name].tested:
        spans = [(fault.start_samples, fault.stop_samples) for fault in tested.faults]
        assert spans == sorted(spans)
        assert all(before[1] < after[0] for before, after in pairwise(spans))
        bad = sum(stop - start for start, stop in spans)
        assert bad / len(tested.audio) == pytest.approx(FAULT_SHARE, abs=0.01)
        assert np.isfinite(tested.audio).all()


def test_the_same_seed_makes_the_same_case(data_dir: Path, cases: dict[str, Case]) -> None:
    again = FIELD.make(data_dir, 0)
    for one, other in zip(cases["field"].tested, again.tested, strict=True):
        np.testing.assert_array_equal(one.audio, other.audio)
        assert one.faults == other.faults
    assert not np.array_equal(cases["field"].tested[0].audio, FIELD.make(data_dir, 5).tested[0].audio)


def test_raw_recordings_play_other_clips_than_what_is_tested(
    data_dir: Path, rng: np.random.Generator
) -> None:
    tested, raw = drawn_clips(data_dir, rng, HEARD_RATE_HZ, {"dog": ("dog",)})
    assert len(tested["dog"]) == len(raw["dog"]) == 12
    bytes_of = [{one.tobytes() for one in clips["dog"]} for clips in (tested, raw)]
    assert not bytes_of[0] & bytes_of[1]


@pytest.mark.parametrize("name", ["producer", "studio band", "loops", "field"])
def test_raw_of_a_kept_recording_is_that_and_more(cases: dict[str, Case], name: str) -> None:
    kept = cases[name].kept[0]
    raw = cases[name].raw_of(kept)
    assert len(raw) == pytest.approx(len(kept.heard()) / (1.0 - FAULT_SHARE), rel=0.01)


def test_no_clip_of_one_source_is_in_two_folds(data_dir: Path) -> None:
    with (data_dir / "esc50" / "esc50.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["category"] in AMBIENCES]
    folds_of: dict[str, set[str]] = {}
    for row in rows:
        folds_of.setdefault(row["src_file"], set()).add(row["fold"])
    assert all(len(folds) == 1 for folds in folds_of.values())


def test_whole_loops_are_kept_altered_or_of_another_style(cases: dict[str, Case]) -> None:
    files = cases["loops"].files
    kept = [one for one in files if not one.is_odd and not one.is_altered]
    altered = [one for one in files if one.is_altered]
    assert len(kept) == len(altered) == 2
    assert all("jaz" in one.name for one in kept + altered)
    assert not any("jaz" in one.name for one in files if one.is_odd)


def test_a_groove_is_played_where_its_notes_are(data_dir: Path, tmp_path: Path) -> None:
    import mido

    track = mido.MidiTrack()
    # 480 ticks a quarter at 120 beats a minute: 0.5 s; the second note is a kick at 1.0 s
    track.append(mido.Message("note_on", note=38, velocity=127, time=480))
    track.append(mido.Message("note_on", note=36, velocity=127, time=480))
    track.append(mido.Message("note_on", note=127, velocity=127, time=10))  # no piece of the kit
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "groove.mid")
    kit = read_kit(data_dir)
    take = played(tmp_path / "groove.mid", kit, longest_s=10.0)
    slow = np.zeros(len(take.audio), np.float32)
    for at_s, hit in ((0.5, kit[Piece.SNARE][-1]), (1.0, kit[Piece.KICK][-1])):
        at = round(at_s * take.rate_hz)
        slow[at : at + len(hit)] += hit
    np.testing.assert_array_equal(take.audio, slow)


def test_takes_are_of_one_drummer_in_one_style(data_dir: Path) -> None:
    paths = takes_of(data_dir, "drummer8", "funk", 90.0)
    assert len(paths) >= 6
    assert all("drummer8" in str(path) and "funk" in path.name for path in paths)
    assert all(path.is_file() for path in paths)


def test_kinds_are_read_at_times() -> None:
    faults = (Fault("talk", HEARD_RATE_HZ, 2 * HEARD_RATE_HZ),)
    tested = HeldOut("a", np.zeros(3 * HEARD_RATE_HZ, np.float32), faults)
    kinds = tested.kinds_at(np.array([0.0, 0.99, 1.0, 1.99, 2.0]))
    assert kinds.tolist() == ["", "", "talk", "talk", ""]


def test_faults_are_found_again_at_the_rate_of_the_evaluation(rng: np.random.Generator) -> None:
    clean = Excerpt("noise", 0.1 * rng.standard_normal(32 * 32_000).astype(np.float32), 32_000)
    faults = Faults({}, makers={"dropout": MAKERS["dropout"]})
    tested = faults.planted(clean, rng)
    assert len(tested.audio) == pytest.approx(tested.faults[-1].stop_samples + 8 * HEARD_RATE_HZ, rel=0.5)
    for fault in tested.faults:
        inside = tested.audio[fault.start_samples : fault.stop_samples]
        quiet = np.square(inside.reshape(-1)[: len(inside) // 800 * 800].reshape(-1, 800)).mean(axis=1)
        assert (quiet < 1e-4).mean() > 0.4  # music has 1e-2; a dropout is hushed for most of its length


def test_the_digest_of_data_follows_names_and_lengths(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.zeros(100), 8000)
    before = data_digest(tmp_path, ["music"])
    assert before == data_digest(tmp_path, ["music"])
    soundfile.write(folder / "b.wav", np.zeros(100), 8000)
    assert data_digest(tmp_path, ["music"]) != before


@pytest.mark.parametrize("name", list(MATERIALS))
def test_a_folder_without_the_material_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name the folder that holds"):
        MATERIALS[name].make(tmp_path, 0)
