"""Learning: the same seed gives the same file, bad material is refused, a cancel leaves nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from engine.core.errors import Cancelled, OffcutError, SourceError, TasteError
from engine.core.progress import SILENT, ReportingProgress
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.material import split
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig
from engine.features.taste.anomaly.taste import load_taste
from engine.lab.recipes.slicer.model import SlicerModel
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import standardisation
from tests.engine.conftest import RATE_HZ, TINY, Checks, music


def test_the_same_seed_gives_the_same_bytes(edited: Path, taste_path: Path, tmp_path: Path) -> None:
    again = tmp_path / taste_path.name
    thread = threading.Thread(target=learn, args=(LearnRequest((edited,), TINY, 3, again), SILENT))
    thread.start()  # as a job does
    thread.join()
    assert again.read_bytes() == taste_path.read_bytes()


def test_another_seed_gives_other_weights(edited: Path, taste_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "other.taste"
    learn(LearnRequest((edited,), TINY, 4, out), SILENT)
    ours, theirs = (load_taste(path).model for path in (out, taste_path))
    assert isinstance(ours, SlicerModel)
    assert isinstance(theirs, SlicerModel)
    assert not torch.equal(ours.network.out.weight, theirs.network.out.weight)


def test_nobody_elses_random_numbers_or_threads_move(edited: Path, tmp_path: Path) -> None:
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    learn(LearnRequest((edited,), TINY, 0, tmp_path / "a.taste"), SILENT)
    load_taste(tmp_path / "a.taste")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_figures_are_reported_and_losses_fall(edited: Path, tmp_path: Path) -> None:
    reports: list[tuple[float, dict[str, float]]] = []
    progress = ReportingProgress(lambda fraction, _text, figures: reports.append((fraction, dict(figures))))
    learned = learn(LearnRequest((edited,), TINY, 0, tmp_path / "a.taste"), progress)
    fractions = [fraction for fraction, _ in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    epochs = [figures for _, figures in reports if "epoch" in figures]
    assert [figures["epoch"] for figures in epochs] == [1.0, 2.0, 3.0, 4.0]
    assert {"loss", "validation", "seconds_left"} <= epochs[0].keys()
    assert epochs[-1]["seconds_left"] == 0.0
    assert learned.history[-1].loss < learned.history[0].loss
    assert learned.best_loss == min(epoch.validation for epoch in learned.history)
    assert learned.epochs == len(learned.history) == 4


def test_learning_stops_early_and_keeps_the_best(edited: Path, tmp_path: Path) -> None:
    config = TINY.model_copy(update={"epochs": 60, "patience": 2, "learning_rate": 0.05})
    learned = learn(LearnRequest((edited,), config, 0, tmp_path / "a.taste"), SILENT)
    assert learned.stopped_early
    assert learned.epochs == learned.best.number + 2
    assert load_taste(learned.path).history == learned.history


def test_the_card_names_recordings_without_their_folders(taste_path: Path) -> None:
    card = load_taste(taste_path).card
    assert "kept.wav, 0:20.0" in card
    assert "1 recording, 0:20.0" in card
    assert "Seed 3" in card
    assert "icence" in card
    assert str(taste_path.parent.parent) not in card


@pytest.mark.parametrize("phase", ["Analysing", "Learning"])
def test_a_cancel_leaves_nothing(phase: str, edited: Path, tmp_path: Path) -> None:
    event = threading.Event()

    def ask(_fraction: float, text: str, _figures: dict[str, float]) -> None:
        if text.startswith(phase):
            event.set()

    with pytest.raises(Cancelled):
        learn(LearnRequest((edited,), TINY, 0, tmp_path / "a.taste"), ReportingProgress(ask, event))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("taste")  # so that torch has done already what it does once
def test_a_cancel_is_looked_for_often_enough(edited: Path, tmp_path: Path, checks: Checks) -> None:
    config = SlicerConfig(epochs=1, segments_per_epoch=96)  # the default model, whose steps take longest
    learn(LearnRequest((edited,), config, 0, tmp_path / "a.taste"), checks)
    assert checks.longest_pieces < 2.0


def write(folder: Path, name: str, samples: np.ndarray) -> Path:
    soundfile.write(folder / name, samples, RATE_HZ, "FLOAT")
    return folder / name


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(TasteError, match="nothing to learn from"):
        learn(LearnRequest((), TINY, 0, tmp_path / "a.taste"), SILENT)


def test_too_short(tmp_path: Path) -> None:
    path = write(tmp_path, "short.wav", music(3.0))
    with pytest.raises(TasteError, match=r"short\.wav.*3\.0 s is too short.*10 s"):
        learn(LearnRequest((path,), TINY, 0, tmp_path / "a.taste"), SILENT)


@pytest.mark.parametrize("config", [TINY, OwnFaultsConfig()], ids=lambda config: config.recipe)
def test_many_files_each_too_short_on_its_own(tmp_path: Path, config: RecipeConfig) -> None:
    paths = tuple(write(tmp_path, f"{number}.wav", music(1.2)) for number in range(9))
    with pytest.raises(TasteError, match="on its own is too short"):
        learn(LearnRequest(paths, config, 0, tmp_path / "a.taste"), SILENT)


def test_silent(tmp_path: Path) -> None:
    path = write(tmp_path, "silent.wav", np.zeros(12 * RATE_HZ, np.float32))
    with pytest.raises(TasteError, match=r"silent\.wav is silent"):
        learn(LearnRequest((path,), TINY, 0, tmp_path / "a.taste"), SILENT)


def test_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(b"no audio at all")
    with pytest.raises(SourceError, match=r"noise\.wav"):
        learn(LearnRequest((path,), TINY, 0, tmp_path / "a.taste"), SILENT)


def test_the_target_is_checked_before_the_training(edited: Path, taste_path: Path, tmp_path: Path) -> None:
    before = taste_path.read_bytes()
    for out, overwrite, words in (
        (taste_path, False, "already exists"),
        (tmp_path / "absent" / "a.taste", False, "no folder"),
        (edited, True, "never written over"),
    ):
        with pytest.raises(OffcutError, match=words):
            learn(LearnRequest((tmp_path / "never read.wav", edited), TINY, 0, out, overwrite), SILENT)
    assert taste_path.read_bytes() == before


def heard(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((frames, 32)).astype(np.float32)


@pytest.mark.parametrize("frames", [700, 860, 5_000, 50_000])
def test_one_recording_is_split_by_blocks(frames: int) -> None:
    whole = heard(frames)
    parts = split([whole], TINY.validation_share, TINY.segment_frames)
    share = sum(map(len, parts.validation)) / frames
    assert 0.07 < share < 0.2
    assert sum(map(len, parts.training)) + sum(map(len, parts.validation)) == frames
    assert all(len(piece) >= TINY.segment_frames for piece in parts.validation)
    assert not any(np.shares_memory(a, b) for a in parts.training for b in parts.validation)


def test_several_recordings_are_split_whole() -> None:
    recordings = [heard(frames) for frames in (4_000, 300, 400, 5_000, 30)]
    parts = split(recordings, TINY.validation_share, TINY.segment_frames)
    assert sorted(map(len, parts.validation)) == [300, 400]
    assert sorted(map(len, parts.training)) == [4_000, 5_000]
    two = split(recordings[:2], TINY.validation_share, TINY.segment_frames)
    assert [len(part) for part in two.training] == [4_000]


def test_standardisation_survives_silence_and_bands_that_never_move() -> None:
    frames = np.full((500, 32), -100.0, np.float32)
    frames[:400, :20] = np.random.default_rng(0).normal(0.0, 5.0, (400, 20))
    scaling = standardisation([frames])
    assert scaling.floor_db == pytest.approx(float(frames.max()) - 80.0)
    assert (scaling.std_db >= 1.0).all()
    assert np.abs(scaling.apply(frames)).max() < 10.0
