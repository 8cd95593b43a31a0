"""Material set apart for tastes: truth fits the sound, figures of known cuts are right, and a run goes on."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.lab.evaluation.apart import figures
from engine.lab.evaluation.apart.apart import Asked, evaluate
from engine.lab.evaluation.apart.figures import Case, is_one_question, lines
from engine.lab.evaluation.apart.making import BANDS, PLACES, Group, Making, Recording
from engine.lab.evaluation.apart.rehearsals import Plan, rehearsal
from engine.lab.evaluation.apart.set_apart import (
    DRUMMING,
    NOISES,
    RATE_HZ,
    SMALL_NOISES,
    sentences_of,
)
from engine.lab.evaluation.apart.songs import band_of, song_of
from engine.lab.evaluation.apart.stage import Passage, has_instruments
from engine.lab.evaluation.apart.trials import (
    ENERGY,
    TASTE,
    Cut,
    Outcome,
    Trial,
    Trials,
    code_digest,
)
from engine.lab.evaluation.materials import band, field, idle, interview
from engine.lab.simulated.recordings import CATEGORIES

NEEDS_INSTRUMENTS = pytest.mark.skipif(
    not has_instruments(), reason="fluidsynth or its sound font is not installed"
)


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the evaluation expects it: noise for places, tones for voices, a drummer."""
    folder = tmp_path_factory.mktemp("little")
    rng = np.random.default_rng(0)
    for name in ("ambience", "esc50/audio", "speech", "multimic/midi"):
        (folder / name).mkdir(parents=True)
    rumble = np.convolve(rng.standard_normal(40 * RATE_HZ), np.ones(20) / 20.0, "same")
    soundfile.write(folder / "ambience" / "boat.flac", rumble, RATE_HZ)
    (folder / "ambience" / "boat.flac").rename(folder / "ambience" / "boat.ogg")
    rows = []
    for category in (*NOISES, *SMALL_NOISES):
        times_s = np.arange(3 * RATE_HZ) / RATE_HZ
        tone = np.sin(2.0 * np.pi * float(rng.uniform(300.0, 3000.0)) * times_s) * rng.random(len(times_s))
        soundfile.write(folder / "esc50" / "audio" / f"{category}.flac", 0.5 * tone, RATE_HZ)
        rows.append({"filename": f"{category}.flac", "category": category})
    _write_table(folder / "esc50" / "esc50.csv", rows)
    for number in range(12):
        voice = np.sign(np.sin(2.0 * np.pi * 140.0 * np.arange(2 * RATE_HZ) / RATE_HZ)) * 0.2
        soundfile.write(folder / "speech" / f"{number}.flac", voice, RATE_HZ)
    _write_drummer(folder / "multimic" / "midi")
    return folder


def _write_table(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _write_drummer(folder: Path) -> None:
    """Write twelve bars of a drummer, and their row."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(100))])
    file.tracks.append(track)
    for eighth in range(8 * 12):
        pitch = (36, 42, 38, 42)[eighth % 4]
        track.append(mido.Message("note_on", channel=9, note=pitch, velocity=90, time=240 * (eighth > 0)))
    file.save(folder / "played.mid")
    drummer, style = DRUMMING[0]
    row = {
        "drummer": drummer, "style": style, "bpm": "100", "beat_type": "beat", "time_signature": "4-4",
        "midi_filename": "played.mid", "duration": "29",
    }  # fmt: skip
    _write_table(folder / "info.csv", [row])


def test_no_other_evaluation_of_tastes_uses_what_is_set_apart() -> None:
    used = {
        *(name for names in CATEGORIES.values() for name in names),
        *(name for names in idle._SMALL_NOISES.values() for name in names),
        *(name for names in interview._NOISES.values() for name in names),
        *(name for names in field._INTRUDERS.values() for name in names),
        *field.AMBIENCES,
    }
    assert not used & {*NOISES, *SMALL_NOISES}
    names = {one.name for one in (*band.BANDS, *band.CHOSEN_ON)}
    assert not names & {f"{drummer}, {style}" for drummer, style in DRUMMING}


def _case(cuts: list[Cut], faults: tuple[Passage, ...] = (), seed: int = 0) -> Case:
    recording = Recording("one", Path("one.flac"), 100.0, faults, (Passage("song 10", 10.0, 60.0, True),))
    return Case("bands 0", seed, recording, Outcome("one", tuple(cuts), None, None, {}))


def _figures(*trials: Trial, faults: tuple[Passage, ...] = ()) -> dict[str, tuple[object, object]]:
    recording = _case([], faults).recording
    group = Group(BANDS, 0, Path(), (), (recording,))
    return {str(one["metric"]): (one["value"], one["baseline"]) for one in lines(BANDS, [group], trials)}


def _trial(cuts: list[Cut], method: str = TASTE, seed: int = 0) -> Trial:
    return Trial("bands 0", method, seed, "", 1.0, (Outcome("one", tuple(cuts), None, None, {}),))


def test_precision_and_recall_are_by_time_and_weak_cuts_are_not_accepted_in_bulk() -> None:
    faults = (Passage("talk", 20.0, 40.0), Passage("idle", 60.0, 80.0))
    cuts = [Cut(20.0, 40.0), Cut(70.0, 90.0, is_strong=False), Cut(0.0, 10.0, is_question=True)]
    found = _figures(_trial(cuts), _trial([Cut(0.0, 100.0)], ENERGY), faults=faults)
    assert found["default_precision_by_time"] == (0.75, {ENERGY: 0.4})
    assert found["default_recall_by_time"] == (0.75, {ENERGY: 1.0})
    assert found["accept_all_precision_by_time"] == (1.0, {ENERGY: 0.4})
    assert found["accept_all_recall_by_time"] == (0.5, {ENERGY: 1.0})
    assert found["default_iou_mean"] == (0.6, {ENERGY: 0.4})


def test_music_that_is_proposed_counts_by_whether_its_song_is_known() -> None:
    found = _figures(_trial([Cut(10.0, 15.0), Cut(90.0, 95.0)]))
    assert found["clean_proposed_mean"] == (0.1, {})
    assert found["new_songs_proposed_mean"] == (0.1, {})
    assert "known_songs_proposed_mean" not in found


def test_seeds_are_compared_by_their_cuts() -> None:
    found = _figures(_trial([Cut(0.0, 20.0)]), _trial([Cut(10.0, 20.0)], seed=1))
    assert found["same_cuts_between_seeds_mean"] == (0.5, {})
    assert _figures(_trial([]), _trial([], seed=1))["same_cuts_between_seeds_mean"] == (1.0, {})


@pytest.mark.parametrize(
    ("cuts", "is_one"),
    [
        ([Cut(10.0, 58.0, is_question=True)], True),
        ([], False),
        ([Cut(10.0, 58.0)], False),
        ([Cut(10.0, 30.0, is_question=True), Cut(31.0, 60.0, is_question=True)], False),
        ([Cut(10.0, 50.0, is_question=True), Cut(50.0, 60.0)], False),
    ],
)
def test_a_new_song_is_one_question_and_no_cut(cuts: list[Cut], is_one: bool) -> None:
    case = _case(cuts)
    assert is_one_question(case, case.recording.songs[0]) is is_one


def test_a_place_is_the_same_again_and_its_faults_are_where_they_are_stated(
    little: Path, tmp_path: Path
) -> None:
    making = Making(little, tmp_path, is_short=True)
    made = making.group(PLACES, 0, SILENT)
    assert making.group(PLACES, 0, SILENT) == made
    clean, faulty = made.tested
    assert not clean.faults
    assert len(made.learned) == 1
    dropouts = [one for one in faulty.faults if one.kind == "dropouts"]
    samples = soundfile.read(faulty.path)[0]
    for fault in faulty.faults:
        assert 0.0 < fault.start_s < fault.stop_s <= faulty.length_s
    for fault in dropouts:
        span = samples[round(fault.start_s * RATE_HZ) : round(fault.stop_s * RATE_HZ)]
        assert (span == 0.0).mean() > 0.1


def test_a_short_run_learns_and_goes_on_where_it_was(little: Path, tmp_path: Path) -> None:
    asked = Asked((PLACES,), made=tmp_path / "made", results=tmp_path / "trials.jsonl", is_short=True)
    first = {str(one["metric"]): one for one in evaluate(little, asked, SILENT) if one["about"] == PLACES}
    assert {"clean_proposed_mean", "auc_mean", "default_recall_by_time", "learned_s"} <= first.keys()
    assert set(first["auc_mean"]["baseline"]) == {"energy", "nearest neighbour"}  # type: ignore[call-overload]
    stored = (tmp_path / "trials.jsonl").read_bytes()
    with (tmp_path / "trials.jsonl").open("ab") as stream:
        stream.write(b'\n{"version": 1, "gro')  # as a stopped process leaves it
    again = {str(one["metric"]): one for one in evaluate(little, asked, SILENT) if one["about"] == PLACES}
    assert again == first
    assert (tmp_path / "trials.jsonl").read_bytes().startswith(stored)


def test_a_material_that_is_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jam"):
        next(evaluate(tmp_path, Asked(("jam",)), SILENT))


def test_a_song_is_the_same_again_and_another_one_differs(little: Path) -> None:
    one = band_of(0)
    assert song_of(little, one, 3) == song_of(little, one, 3)
    assert song_of(little, one, 3).bars != song_of(little, one, 4).bars
    assert band_of(10).programs != one.programs
    assert sentences_of(little)


@NEEDS_INSTRUMENTS
def test_a_band_plays_its_song_and_faults_at_the_stated_places(little: Path) -> None:
    plan = Plan(songs=1, length_s=40.0, most_bars=16)
    made = rehearsal(little, 0, 3, plan)
    (song,) = made.songs

    def level(start_s: float, stop_s: float) -> float:
        span = made.samples[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)]
        return float(np.sqrt(np.mean(np.square(span))))

    assert level(song.start_s, song.stop_s) > 10.0 * level(0.0, 0.3)
    spans = sorted((one.start_s, one.stop_s) for one in made.faults)
    assert len(spans) > 1
    assert all(before[1] <= after[0] + 1e-6 for before, after in pairwise(spans))
    assert spans[-1][1] <= len(made.samples) / RATE_HZ


def test_the_worst_decile_is_the_bad_end() -> None:
    values = {TASTE: [float(one) for one in range(11)]}
    for is_high_good, expected in ((True, 1.0), (False, 9.0)):
        found = figures._spread("share", "all", values, is_high_good=is_high_good)
        assert [one["value"] for one in found][-1] == expected


def test_a_trial_of_other_code_is_not_taken() -> None:
    trials, known = Trials(None), replace(_trial([]), code=code_digest())
    trials.add(replace(known, code="0"))
    assert trials.of("bands 0", TASTE, 0) is None
    trials.add(known)
    assert trials.of("bands 0", TASTE, 0) == known
