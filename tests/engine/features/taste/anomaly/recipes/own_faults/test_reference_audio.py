"""What is kept and cut: how it is held and remembered, and that what was cut is found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.stft import TUNING_BINS
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.recipes.own_faults import learning
from engine.features.taste.anomaly.recipes.own_faults.fusion import AROUND_STEPS, attempts, textures
from engine.features.taste.anomaly.recipes.own_faults.learning import learn, read_cuts, read_references
from engine.features.taste.anomaly.recipes.own_faults.model import OwnFaultsModel
from engine.features.taste.anomaly.recipes.own_faults.network import (
    STEP_FRAMES,
    FrameFeatures,
    frame_features,
    joined,
)
from engine.features.taste.anomaly.recipes.own_faults.practice import Workshop
from engine.features.taste.anomaly.recipes.own_faults.rest import (
    BOUNDS_STD,
    log_unlike_rest,
    onset_strengths,
    plausible,
    thinned,
    weight_by_pauses,
)
from engine.features.taste.anomaly.recipes.recipe import Examples
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig
from engine.features.taste.anomaly.threshold import auc

TINY = OwnFaultsConfig(practice_s=240.0, excerpt_s=30.0, crop_steps=32, width=16, epochs=6, batch_size=8)
RATE_HZ = TINY.mel.rate_hz


def tune(
    seconds: float, roots_hz: tuple[float, ...], seed: int = 1, pulse_s: float = 0.5
) -> NDArray[np.float32]:
    """Play chords on roots that change every two seconds, with a pulse."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    root = np.array(roots_hz)[(time_s // 2.0).astype(int) % len(roots_hz)]
    tone = sum(np.sin(2 * np.pi * root * ratio * time_s) / ratio for ratio in (1.0, 1.25, 1.5, 3.0))
    pulse = 0.4 + 0.6 * np.exp(-8.0 * (time_s % pulse_s))
    noise = 0.01 * np.random.default_rng(seed).standard_normal(len(time_s))
    return (0.2 * tone * pulse + noise).astype(np.float32)


KEPT_HZ, CUT_HZ = (220.0, 165.0, 196.0, 247.0), (311.0, 330.0, 349.0, 370.0)


def written(folder: Path, name: str, audio: NDArray[np.float32]) -> Path:
    soundfile.write(folder / name, audio, RATE_HZ, "FLOAT")
    return folder / name


def test_a_texture_is_what_its_frames_are_on_the_whole() -> None:
    rng = np.random.default_rng(1)
    steps, floor_db = 30, -1.0
    heard = FrameFeatures(
        rng.standard_normal((steps * STEP_FRAMES, 4)).astype(np.float32),
        rng.random((steps, TUNING_BINS)).astype(np.float32),
    )
    found = textures(heard, floor_db)
    frames = np.maximum(heard.mel_db, floor_db)
    change = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
    for step in range(steps):
        first, last = max(0, step - AROUND_STEPS), min(steps, step + AROUND_STEPS)
        around = slice(first * STEP_FRAMES, last * STEP_FRAMES)
        plain = [frames[around].mean(0), frames[around].std(0), change[around].mean(0), frames[around].max(0)]
        expected = np.concatenate([*plain, heard.tuning[first:last].mean(0)])
        np.testing.assert_allclose(found[step], expected, atol=1e-4)


@pytest.mark.parametrize("block_samples", [777, 1 << 20])
def test_of_long_recordings_stretches_spread_evenly_are_held(
    block_samples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "MOST_HELD_S", 20.0)
    monkeypatch.setattr(learning, "STRETCH_S", 5.0)
    audio = tune(60.0, KEPT_HZ)
    kept = read_references([written(tmp_path, "long.wav", audio)], TINY, SILENT)
    assert len(kept.samples[0]) == pytest.approx(20 * RATE_HZ, abs=2)
    assert len(kept.frames_db[0]) == 1 + len(audio) // TINY.mel.hop_samples  # all of it is heard
    gain = 10.0 ** (-level_of([audio]) / 20.0)
    stretch = 5 * RATE_HZ
    for number in range(4):
        held = kept.samples[0][number * stretch : (number + 1) * stretch]
        begins = number * 15 * RATE_HZ
        np.testing.assert_allclose(held, audio[begins : begins + stretch] * gain, atol=1e-5)
    folds = kept.folds(TINY)
    for parts in folds:
        assert {len(piece) for piece in (*parts.training, *parts.validation)} == {stretch}
    blocks = (audio[at : at + block_samples] for at in range(0, len(audio), block_samples))
    held_blocks: list[NDArray[np.float32]] = []
    assert sum(map(len, learning._watched(blocks, 1 / 3, stretch, held_blocks))) == len(audio)
    np.testing.assert_allclose(np.concatenate(held_blocks) * gain, kept.samples[0], atol=1e-5)


@pytest.mark.parametrize("members", [2, 4])
@pytest.mark.parametrize(
    ("lengths_s", "blocks"),
    [
        ((40.0,), True),
        ((20.0, 30.0), False),
        ((20.0, 24.0, 28.0), False),
        ((5.0, 20.0, 24.0, 28.0), False),
        ((60.0, 3.0), True),
    ],
)
def test_every_second_is_held_out_from_a_network_and_most_is_left_to_learn_from(
    lengths_s: tuple[float, ...], blocks: bool, members: int, tmp_path: Path
) -> None:
    paths = [written(tmp_path, f"{n}.wav", tune(s, KEPT_HZ, seed=n)) for n, s in enumerate(lengths_s)]
    kept = read_references(paths, TINY, SILENT)
    folds = kept.folds(TINY.model_copy(update={"members": members}))
    assert len(folds) == members
    held_out_s = np.zeros(len(lengths_s))
    for fold in dict.fromkeys(folds):
        assert sum(map(len, fold.training)) >= 0.3 * sum(lengths_s) * RATE_HZ
        for recording, checked in zip(fold.recordings, fold.validation, strict=True):
            assert not any(np.shares_memory(checked, piece) for piece in fold.training)
            assert np.shares_memory(checked, kept.samples[recording])
            held_out_s[recording] += len(checked) / RATE_HZ
            assert blocks or len(checked) == len(kept.samples[recording])
    np.testing.assert_allclose(held_out_s, lengths_s, atol=0.01)


def test_a_network_that_learns_alone_learns_from_most_of_the_edits(tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{n}.wav", tune(20.0, KEPT_HZ, seed=n)) for n in range(5)]
    (fold,) = read_references(paths, TINY, SILENT).folds(TINY.model_copy(update={"members": 1}))
    assert sum(map(len, fold.training)) >= 0.6 * 100.0 * RATE_HZ


def test_the_end_of_a_long_recording_is_no_piece_of_its_own(tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{n}.wav", tune(20.0, KEPT_HZ, seed=n)) for n in range(2)]
    stretch = 5 * RATE_HZ
    whole = read_references(paths, TINY, SILENT)
    longer = tuple(np.append(one[: 3 * stretch], one[:100]) for one in whole.samples)
    held = replace(whole, samples=longer, stretch_samples=stretch)
    for fold in held.folds(TINY):
        assert {len(piece) for piece in (*fold.training, *fold.validation)} == {stretch}
        assert len(fold.validation) == len(fold.recordings) == 3


def test_what_was_cut_takes_its_turns_and_is_a_part_of_its_own(tmp_path: Path) -> None:
    cut = read_cuts([written(tmp_path, "cut.wav", tune(3.0, CUT_HZ))], TINY, SILENT)
    with_cut, without = Workshop(TINY, cut), Workshop(TINY)
    assert set(with_cut.parts) - set(without.parts) == {"cut-before"}
    assert with_cut.turns.count("cut") / len(with_cut.turns) == pytest.approx(TINY.cut_share, abs=0.02)
    pieces = with_cut.practice([tune(60.0, KEPT_HZ)], 200.0, 3, SILENT)
    column = 1 + with_cut.parts.index("cut-before")
    assert any(one.targets[:, column].any() for one in pieces)


def test_a_cut_of_nothing_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "nothing.wav", tune(0.1, CUT_HZ))
    with pytest.raises(TasteError, match=r"nothing\.wav: less than half a second"):
        read_cuts([path], TINY, SILENT)


@pytest.mark.long
def test_what_was_cut_before_is_found_where_no_rule_makes_it(tmp_path: Path) -> None:
    config = TINY.model_copy(
        update={
            "epochs": 80,
            "members": 1,
            "learning_rate": 1e-2,
            "cut_share": 0.8,
            "fault_length_s": (2.0, 8.0),
        }
        | {"nearest_weight": 0.0, "residual_weight": 0.0, "rest_weight": 0.0, "rhythm_weight": 0.0}
    )
    edited = (written(tmp_path, "kept.wav", tune(40.0, KEPT_HZ)),)
    cut = (written(tmp_path, "cut.wav", tune(20.0, KEPT_HZ, seed=2, pulse_s=1.0)),)
    raw = np.concatenate(
        [tune(20.0, KEPT_HZ, seed=3), tune(20.0, KEPT_HZ, seed=4, pulse_s=1.0), tune(20.0, KEPT_HZ, seed=5)]
    )
    told = {}
    for name, examples in (("without", Examples(edited)), ("with", Examples(edited, cut=cut))):
        model = learn(examples, config, 0, SILENT).model
        own = np.concatenate([judged.own for judged in model.judge([raw], level_of([raw]), iter, SILENT)])
        at_s = np.arange(len(own)) * model.hop_s
        told[name] = auc((at_s >= 20.0) & (at_s < 40.0), own)
    assert told["with"] > told["without"] + 0.1


def test_memory_is_joined_to_the_faults_as_it_is_weighed(tmp_path: Path) -> None:
    config = TINY.model_copy(update={"epochs": 1, "practice_s": 60.0, "members": 1})
    path = written(tmp_path, "kept.wav", tune(30.0, KEPT_HZ))
    model = learn(Examples((path,)), config, 0, SILENT).model
    assert isinstance(model, OwnFaultsModel)
    assert model.references is not None
    audio = np.concatenate([tune(15.0, KEPT_HZ), tune(15.0, CUT_HZ)])
    (judged,) = model.judge([audio], level_of([audio]), iter, SILENT)
    heard = joined(frame_features([audio * np.float32(10.0 ** (-level_of([audio]) / 20.0))], config.mel), 64)
    measures, standard = model.references.measured(heard)
    np.testing.assert_allclose(judged.parts[:, -4:-2], measures, atol=1e-3)
    assert model.rhythm is not None
    nearest, residual = ((measures - model.references.means[:2]) / model.references.stds[:2]).T
    added = config.nearest_weight * nearest + config.residual_weight * residual
    bare = OwnFaultsModel(
        config, model.network, model.scaling, model.fault_parts, model.fault_mean, model.fault_std
    )
    (alone,) = bare.judge([audio], level_of([audio]), iter, SILENT)
    by_itself = alone.own + added
    reference = plausible(by_itself, heard.levels_db(), model.hop_s)
    rest = log_unlike_rest(thinned(standard, 0), len(heard), SILENT, reference)
    unlike = model.rhythm.believed(onset_strengths(heard, model.rhythm.floor_db), SILENT, reference)
    np.testing.assert_allclose(judged.parts[:, -2:], np.column_stack([rest, unlike]), atol=1e-3)
    assert rest.std() > 0.0
    compared = config.rest_weight * np.clip(model.references.unlike(rest), *BOUNDS_STD)
    compared = compared + config.rhythm_weight * np.clip(model.rhythm.odder(unlike), *BOUNDS_STD)
    compared = compared * weight_by_pauses(heard.levels_db())
    expected = by_itself + compared + model.attempts_trust * attempts(heard.levels_db())
    np.testing.assert_allclose(judged.own, expected, atol=1e-3)
