"""Training music: the same for a seed, its sounds on its beats; and a training that learns and goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.analysis.beats.activations import RATE_HZ
from engine.lab.training.beats import kits
from engine.lab.training.beats.batches import SEGMENT_FRAMES, example, targets_of
from engine.lab.training.beats.cache import TRAINING, Part, analysed_piece, build, load
from engine.lab.training.beats.clicks import click_track
from engine.lab.training.beats.groove import Groove, bars_agree, counted
from engine.lab.training.beats.kits import VOICE_OF
from engine.lab.training.beats.notes import bass, chords, comping, melody, random_key
from engine.lab.training.beats.patterns import GROUPS, STYLES
from engine.lab.training.beats.pieces import Piece, clicks, revoiced
from engine.lab.training.beats.scoring import f_measure, peaks
from engine.lab.training.beats.timeline import Tempo, timeline
from engine.lab.training.beats.train import TrainingSettings, begun, epoch, save_whole


def _piece(seed: int, tempo_bpm: float = 120.0) -> Piece:
    """Return a click track that is a piece."""
    rng = np.random.default_rng(seed)
    beats = timeline(rng, tempo_bpm, [4] * 8, Tempo.STEADY, 0.5)
    clicks, has_bars = click_track(rng, beats, float(beats.beats_s[-1]))
    return Piece("clicks", clicks, np.zeros_like(clicks), beats.beats_s[:-1], beats.positions, has_bars)


@pytest.mark.parametrize("tempo", list(Tempo))
def test_beats_go_on_in_order_whatever_the_tempo_does(tempo):
    laid = timeline(np.random.default_rng(1), 100.0, [4, 4, 3, 7, 4], tempo, 0.7)
    assert laid.beats_s[0] == 0.7
    assert len(laid.positions) == 22 == len(laid.beats_s) - 1
    assert (np.diff(laid.beats_s) > 0.3).all()
    assert (np.diff(laid.beats_s) < 1.2).all()
    assert np.flatnonzero(laid.positions == 1).tolist() == [0, 4, 8, 11, 18]


def test_places_between_and_beyond_beats_have_times():
    laid = timeline(np.random.default_rng(1), 60.0, [4], Tempo.STEADY, 1.0)
    np.testing.assert_allclose(laid.at(np.array([-1.0, 0.0, 0.5, 4.0, 5.0])), [0.0, 1.0, 1.5, 5.0, 6.0])


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_every_style_plays_within_its_bar(style):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        for metre in set(style.metres):
            hits = style.bar(rng, metre)
            assert hits
            assert all(0.0 <= place < metre and 0.0 < level <= 1.0 for place, _, level in hits)
            assert all(note in kits.VOICE_OF for _, note, _ in hits)


def test_groups_fill_their_bars():
    assert all(sum(groups) == metre for metre, choices in GROUPS.items() for groups in choices)


@pytest.mark.parametrize("metre", [2, 3, 4, 5, 6, 7])
def test_music_begins_with_the_bars_and_keeps_to_them(metre):
    rng = np.random.default_rng(metre)
    bars = timeline(rng, 100.0, [metre] * 8, Tempo.STEADY, 0.0).bars
    key = random_key(rng)
    laid = chords(rng, bars, key)
    assert laid[0].beat == 0.0
    assert sum(chord.length_beats for chord in laid) == pytest.approx(8 * metre)
    for part in (bass(rng, bars, laid, 0), comping(rng, bars, laid, 1), melody(rng, bars, laid, key, 3)):
        assert all(0.0 <= note.beat < 8 * metre and note.length_beats > 0.0 for note in part)
        assert all(20 <= note.pitch <= 110 for note in part)


def test_six_eight_is_counted_in_two_and_in_six_when_slow():
    assert counted(4, 4, 120.0) == (4, 1.0)
    assert counted(6, 8, 100.0) == (2, pytest.approx(2 / 3))
    assert counted(6, 8, 60.0) == (6, 2.0)
    assert counted(5, 8, 160.0) == (5, 2.0)


def test_a_seed_makes_the_same_piece_twice_and_another_makes_another():
    np.testing.assert_array_equal(_piece(3).drums, _piece(3).drums)
    assert not np.array_equal(_piece(3).drums, _piece(4).drums)
    first, again = (kits.formula_kit(np.random.default_rng(2)) for _ in range(2))
    assert all(np.array_equal(first[voice][0], again[voice][0]) for voice in first)


def test_a_seed_makes_the_same_mix_in_every_process():
    # a set of words goes another way round in each
    code = "import numpy as np; from engine.lab.training.beats.kits import mix; "
    code += "print(mix(np.random.default_rng(1)))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_another_voice_may_play_and_every_beat_stays():
    places = np.arange(0.0, 60.0, 0.5)
    notes = np.tile([36, 42, 38, 42], 30)
    played = Groove("groove", 100.0, 4, places, notes, np.full(120, 0.7), 0.0, has_bars=True)
    drawn = [revoiced(np.random.default_rng(seed), played) for seed in range(60)]
    changed = [one for one in drawn if one is not played]
    assert any(len(one.notes) < len(notes) for one in changed)
    assert any(len(one.notes) == len(notes) and (one.notes != notes).any() for one in changed)
    for one in changed:
        assert set(one.notes.tolist()) <= VOICE_OF.keys()
        assert np.isin(one.beats, places).all()
        assert len(one.notes) == len(one.beats) == len(one.velocities) >= 40
    few = replace(played, beats=places[:44], notes=notes[:44], velocities=np.full(44, 0.7))
    assert all(len(revoiced(np.random.default_rng(seed), few).notes) >= 40 for seed in range(60))


def test_parts_are_made_once_and_read_in_order(tmp_path):
    (tmp_path / "info.csv").write_text("drummer,session,duration\n")
    build(tmp_path, tmp_path, Part.CLICKS, 2)
    before = [path.stat().st_mtime_ns for path in sorted((tmp_path / "clicks").iterdir())]
    build(tmp_path, tmp_path, Part.CLICKS, 3)
    after = [path.stat().st_mtime_ns for path in sorted((tmp_path / "clicks").iterdir())]
    assert after[:2] == before
    assert [one.name for one in load(tmp_path, *TRAINING)] == [clicks(seed).name for seed in range(3)]


def test_bars_that_the_drums_deny_are_not_believed():
    beats = np.arange(64.0)
    notes = np.where(beats % 4 == 0, 36, np.where(beats % 2 == 1, 38, 42)).astype(np.int64)
    loud = np.full(64, 0.8)
    assert bars_agree(beats, notes, loud)
    assert not bars_agree(beats + 2, notes, loud)
    assert not bars_agree(beats + 1, notes, loud)


@pytest.mark.parametrize("seed", range(6))
def test_beats_lie_where_the_sounds_are(seed):
    made = _piece(seed)
    loud = np.abs(made.drums)
    for beat_s in made.beats_s:
        at = round(beat_s * RATE_HZ)
        assert loud[at : at + 200].max() > 5.0 * loud[max(0, at - 200) : at].max(initial=1e-6)


def test_hits_sound_at_their_times_through_a_kit():
    kit = kits.formula_kit(np.random.default_rng(7))
    played = kits.play([kits.DrumHit(0.5, 36, 0.9), kits.DrumHit(1.0, 38, 0.5)], kit, 2.0, {})
    assert np.flatnonzero(np.abs(played) > 1e-4)[0] == pytest.approx(0.5 * RATE_HZ, abs=10)
    assert len(played) == 2 * RATE_HZ
    np.testing.assert_array_equal(kits.play([], kit, 1.0, {}), np.zeros(RATE_HZ))


def test_targets_mark_beats_and_the_frames_beside_them():
    heard = analysed_piece(_piece(1))
    targets, weights = targets_of(heard, len(heard.stems[0]))
    assert (targets[heard.beats, 0] == 1.0).all()
    assert (targets[heard.beats + 1, 0] == 0.5).all()
    assert targets[:, 1].sum() == pytest.approx(2.0 * 8)
    assert weights[:, 0].all()


def test_examples_are_of_one_length_and_finite_however_they_are_spoiled():
    heard = analysed_piece(_piece(2))
    for seed in range(12):
        drawn = example(heard, np.random.default_rng(seed))
        assert drawn.levels.shape[0] == len(drawn.targets) == len(drawn.weights) == SEGMENT_FRAMES
        assert np.isfinite(drawn.levels).all()
        assert drawn.levels.min() >= 0.0
        assert drawn.levels.max() <= 4.0
        assert drawn.levels.dtype == np.float32


def test_peaks_and_their_score():
    activation = np.zeros(100, np.float32)
    activation[[10, 30, 33, 60]] = [0.9, 0.8, 0.5, 0.2]
    assert peaks(activation).tolist() == [10, 30]
    assert f_measure(np.array([10, 31, 60]), np.array([10, 30])) == pytest.approx(0.8)
    assert f_measure(np.array([], np.int64), np.array([], np.int64)) == 1.0
    assert f_measure(np.array([10]), np.array([14])) == 0.0


def test_a_few_steps_lower_the_loss_and_a_stopped_training_goes_on_as_if_it_had_not(tmp_path):
    pieces = [analysed_piece(_piece(seed)) for seed in range(2)]
    settings = TrainingSettings(epochs=2, steps=4, size=1, learning_rate=0.05)  # which rises slowly
    whole = begun(settings)
    losses = []
    for _ in range(2):
        losses.append(epoch(whole, settings, pieces))
        whole.history.append({"loss": losses[-1]})
        if len(losses) == 1:
            whole.save(tmp_path, save_whole, "beats.safetensors")
    assert losses[1] < losses[0]
    resumed = begun(settings)
    resumed.resume(tmp_path)
    assert epoch(resumed, settings, pieces) == losses[1]
