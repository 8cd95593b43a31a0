"""The published recipe: its network, its training by command, and what it separates."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from engine.analysis.embeddings.registry import clap_folder
from engine.analysis.learning.loop import seeded
from engine.cli.main import main
from engine.core.errors import OffcutError, UsageError
from engine.features.repair.separation.registry import SEPARATORS, separator_named
from engine.features.repair.separation.separator import Prompt, Stretch, prompts_of
from engine.features.repair.separation.settings import ABOUT
from engine.lab.film.network import WIDTH, FilmNetwork
from engine.lab.film.separator import film_separator
from engine.lab.film.weights import BEST, Trained, trained_as, weights_folder
from engine.lab.film.words import NoWords, OwnWords, words_here
from engine.lab.training.detection.sounds import load_sounds
from engine.lab.training.separation.film import FilmSettings, FilmTraining, Mixtures, train
from tests.engine.analysis.embeddings.tiny_clap import SIZE as CLAP_SIZE
from tests.engine.barking import barking

if TYPE_CHECKING:
    from transformers import ClapModel

ROOT = Path(__file__).resolve().parents[4]
SETTINGS = FilmSettings(width=2, epochs=2, batch=2, keep_every=1, folds=(1, 2), held=(3,))
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def few(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a list of seven clips, one of which is not free: dogs and rain, two folds, and one held."""
    folder = tmp_path_factory.mktemp("few")
    (folder / "audio").mkdir()
    clips = [
        *(("1-100032-A-0", 1, "dog"), ("1-30226-A-0", 1, "dog"), ("1-110389-A-0", 1, "dog")),
        *(("1-17367-A-10", 1, "rain"), ("2-101676-A-10", 2, "rain")),
        *(("3-136288-A-0", 3, "dog"), ("3-132852-A-10", 3, "rain")),
    ]
    rows, free = ["filename,fold,category,src_file"], ["filename,fold,free"]
    for name, fold, sound in clips:
        clip = f"{name}.flac"
        (folder / "audio" / clip).symlink_to(data_dir / "esc50" / "audio" / clip)
        rows.append(f"{clip},{fold},{sound},{name}")
        free.append(f"{clip},{fold},{int(name != '1-110389-A-0')}")
    (folder / "esc50.csv").write_text("\n".join(rows))
    (folder / "licences.csv").write_text("\n".join(free))
    return folder


@pytest.fixture(scope="module")
def trained(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training of two epochs."""
    out = tmp_path_factory.mktemp("trained")
    train(few, out, SETTINGS, OwnWords())
    return out


def _assert_same(one: Path, other: Path) -> None:
    """Compare weights bit for bit."""
    first, second = load_file(one), load_file(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_the_published_network_has_64_to_512_channels() -> None:
    """FiLM modulates the bottleneck and the decoder only; without words there is none."""
    network = FilmNetwork(WIDTH, 512)
    assert network.widths == (64, 128, 256, 512)
    modulated = {name.split(".film")[0] for name in network.state_dict() if ".film." in name}
    assert modulated == {"bottleneck", "merge.0", "merge.1", "merge.2"}
    assert not [name for name in FilmNetwork(WIDTH, 0).state_dict() if "film" in name or "condition" in name]


@pytest.mark.parametrize("frames", [1, 7, 8, 41])
@pytest.mark.parametrize("size", [0, 512])
def test_shares_have_the_shape_of_magnitudes(frames: int, size: int) -> None:
    """Of any length, within 0 and 1, whatever the level; words change them only where they are used."""
    with seeded(1):
        network = FilmNetwork(8, size).eval()
        magnitudes = torch.rand(2, frames, 513)
    with torch.inference_mode():
        shares = network(magnitudes, torch.eye(512)[:2, :size])
        louder = network(magnitudes * 100.0, torch.eye(512)[:2, :size])
        others = network(magnitudes, torch.eye(512)[2:4, :size])
    assert shares.shape == magnitudes.shape
    assert 0.0 <= float(shares.min()) <= float(shares.max()) <= 1.0
    torch.testing.assert_close(shares, louder, atol=1e-4, rtol=0.0)
    assert torch.equal(shares, others) == (size == 0)


def test_mixtures_are_5_db_apart_at_most_and_their_target_is_the_ideal_ratio(few: Path) -> None:
    """Each sound is meant once an epoch; clips that are not free are left out."""
    sounds = load_sounds(few, [1, 2], free_only=True)
    assert "1-110389-A-0.flac" not in {sound.path.name for sound in sounds}
    batches = list(Mixtures(sounds, OwnWords(), 3).drawn(np.random.default_rng(1)))
    assert [len(magnitudes) for magnitudes, _, _ in batches] == [3, 1]
    for magnitudes, ideal, words in batches:
        assert magnitudes.shape == ideal.shape
        assert words.shape[1] == 256
        assert 0.0 <= float(ideal.min()) <= float(ideal.max()) <= 1.0
        one, two = (float((magnitudes * share).square().sum()) for share in (ideal, 1.0 - ideal))
        assert abs(10 * np.log10(one / two)) < 12.0


def test_a_training_leaves_its_history_and_checkpoints(trained: Path) -> None:
    history = json.loads((trained / "history.json").read_text())
    assert [row["epoch"] for row in history] == [1, 2]
    assert all(0.0 < row["validation"] < 1.0 and row["rate"] == 1e-3 for row in history)
    for name in ("best", "final", "epoch-001", "epoch-002"):
        assert trained_as(trained / f"{name}.safetensors") == Trained(2, "own")
    best = min(history, key=lambda row: row["validation"])["epoch"]
    _assert_same(trained / BEST, trained / f"epoch-00{best}.safetensors")


def test_a_training_that_was_stopped_goes_on_to_the_same_result(
    few: Path, trained: Path, tmp_path: Path
) -> None:
    for epochs in (1, 2):
        train(few, tmp_path, replace(SETTINGS, epochs=epochs), OwnWords())
    for name in (BEST, "final.safetensors"):
        _assert_same(tmp_path / name, trained / name)
    with pytest.raises(UsageError, match="width 2 with the words 'own'"):
        train(few, tmp_path, SETTINGS, NoWords())


def test_half_precision_learns_nearly_the_same(few: Path, trained: Path, tmp_path: Path) -> None:
    half = train(few, tmp_path, replace(SETTINGS, bfloat16=True), OwnWords())
    whole = json.loads((trained / "history.json").read_text(encoding="utf-8"))
    for one, other in zip(half, whole, strict=True):
        assert one["loss"] != other["loss"]
        assert one["loss"] == pytest.approx(other["loss"], rel=0.02)
        assert one["validation"] == pytest.approx(other["validation"], rel=0.02)


def test_the_rate_is_halved_where_the_validation_rests_for_more_than_five_epochs(tmp_path: Path) -> None:
    """At a rate that is far too high; better means by a ten-thousandth."""
    training = FilmTraining(tmp_path, replace(SETTINGS, rate=30.0, keep_every=100), NoWords())
    rng = np.random.default_rng(1)
    meant, ideal = (torch.tensor(rng.random((2, 8, 16)), dtype=torch.float32) for _ in range(2))
    batch = meant, ideal, torch.zeros(2, 0)
    for _ in range(12):
        training.epoch(iter([batch]), [batch])
    rate, best, resting = 30.0, np.inf, 0
    for row in training.history:
        is_better = row["validation"] < best * (1 - 1e-4)
        best, resting = (row["validation"], 0) if is_better else (best, resting + 1)
        if resting > 5:
            rate, resting = rate / 2, 0
        assert row["rate"] == rate
    assert rate < 30.0


def test_sounds_of_one_name_and_unknown_devices_are_refused(few: Path, tmp_path: Path) -> None:
    (tmp_path / "dog").mkdir()
    for clip in (few / "audio").iterdir():
        (tmp_path / "dog" / clip.name).symlink_to(clip)
    with pytest.raises(UsageError, match="sounds of two names"):
        train(tmp_path, tmp_path / "out", SETTINGS, OwnWords())
    with pytest.raises(UsageError, match="no device 'abacus'"):
        train(few, tmp_path / "out", replace(SETTINGS, device="abacus"), OwnWords())


def _separate(folder: Path, *words: object) -> int:
    recording = folder / "talk.wav"
    windows = ("--window", "2.9", "4.1", "--window", "6", "6.5")
    return main(["separate", str(recording), *windows, *map(str, words), "--out", str(folder / "out.wav")])


@pytest.fixture
def talk(tmp_path: Path, data_dir: Path) -> Path:
    """Return a folder with eight seconds of stereo noise in which a dog barks."""
    soundfile.write(tmp_path / "talk.wav", barking(data_dir, RATE_HZ), RATE_HZ, subtype="PCM_16")
    return tmp_path


def test_it_separates_by_the_command_line(
    talk: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a file of weights, and by name once they are where a training leaves them; only windows change."""
    assert _separate(talk, "--text", "dog", "--separator", trained / BEST, "--json") == 0
    assert json.loads(capsys.readouterr().out)["separator"] == "film-unet (2 to 16, own words)"
    before, after = (soundfile.read(talk / name, dtype="int16")[0] for name in ("talk.wav", "out.wav"))
    outside = np.ones(len(before), bool)
    for start_s, stop_s in ((2.9, 4.1), (6.0, 6.5)):
        outside[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    assert np.any(after[~outside] != before[~outside])
    weights_folder().mkdir()
    (weights_folder() / BEST).write_bytes((trained / BEST).read_bytes())
    assert _separate(talk, "--text", "dog", "--separator", "film-unet", "--force") == 0
    assert "Separated by film-unet (2 to 16, own words)" in capsys.readouterr().out
    np.testing.assert_array_equal(soundfile.read(talk / "out.wav", dtype="int16")[0], after)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--text", "dog"), "python -m engine.lab.training.separation.film"),
        (("--like", "3", "3.8"), "by words only"),
        (("--text", "xqzzt flurb"), "xqzzt flurb"),
    ],
)
def test_what_it_cannot_do_is_refused_in_one_sentence(
    talk: Path, trained: Path, capsys: pytest.CaptureFixture[str], words: Sequence[str], said: str
) -> None:
    if words != ("--text", "dog"):
        weights_folder().mkdir()
        (weights_folder() / BEST).write_bytes((trained / BEST).read_bytes())
    assert _separate(talk, *words, "--separator", "film-unet") == 2
    refusal = capsys.readouterr().err
    assert said in refusal
    assert refusal.count("\n") == 1
    assert not (talk / "out.wav").exists()


def test_damaged_weights_and_other_files_are_refused(trained: Path, tmp_path: Path) -> None:
    whole = (trained / BEST).read_bytes()
    (tmp_path / "other.safetensors").write_bytes(b"no weights")
    with pytest.raises(UsageError, match="holds no weights of film-unet"):
        film_separator(tmp_path / "other.safetensors")
    Trained(4, "own").save(FilmNetwork(2, 256), tmp_path / "wrong.safetensors")
    with pytest.raises(OffcutError, match="train them again"):
        film_separator(tmp_path / "wrong.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OffcutError):
        separator_named(str(tmp_path / "cut.safetensors"))


@pytest.mark.long
def test_the_baseline_is_trained_by_its_command_and_answers_the_same_for_all_words(
    few: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "engine.lab.training.separation.film",
        few,
        tmp_path,
        "--baseline",
    ]
    options = ["--width", 2, "--epochs", 1, "--batch", 4, "--folds", 1, 2, "--held", 3]
    done = subprocess.run(
        [str(word) for word in (*command, *options)], check=True, capture_output=True, cwd=ROOT, text=True
    )
    assert json.loads(done.stdout.splitlines()[0]) == {"words": "none", "numbers": 0, "licences": "free only"}
    separator = film_separator(tmp_path / BEST)
    assert separator.name == "film-unet (2 to 16, text-agnostic)"
    noise = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32)
    dog, rain = separator.masks(Stretch(noise, ((0.2, 0.8),)), prompts_of(["dog", "rain"]))
    np.testing.assert_array_equal(dog.shares, rain.shares)


def test_words_of_clap_are_used_where_they_are_here(
    few: Path, tmp_path: Path, tiny_clap: tuple[Path, ClapModel]
) -> None:
    """And weights that were trained on them are refused where they are not."""
    assert words_here() == OwnWords()
    assert main(["embeddings", "add", str(tiny_clap[0])]) == 0
    words = words_here()
    assert (words.name[:5], words.size) == ("clap-", CLAP_SIZE)
    train(few, tmp_path, replace(SETTINGS, epochs=1), words)
    separator = separator_named(str(tmp_path / BEST))
    assert separator.name == "film-unet (2 to 16, words by CLAP)"
    noise = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32)
    (mask,) = separator.masks(Stretch(noise, ((0.2, 0.8),)), prompts_of(["not dog"]))
    assert np.isfinite(mask.shares).all()
    (clap_folder() / "tokenizer.json").unlink()
    (tmp_path / "copy.safetensors").write_bytes((tmp_path / BEST).read_bytes())
    with pytest.raises(UsageError, match="which is not here"):
        separator_named(str(tmp_path / "copy.safetensors"))


def test_an_example_is_refused(trained: Path) -> None:
    example = Prompt("like that", np.ones(256, np.float32) / 16, example=True)
    with pytest.raises(UsageError, match="words only"):
        film_separator(trained / BEST).masks(Stretch(np.zeros(RATE_HZ, np.float32), ()), [example])


def test_the_window_lists_every_separator() -> None:
    assert tuple(ABOUT) == tuple(SEPARATORS.own)
