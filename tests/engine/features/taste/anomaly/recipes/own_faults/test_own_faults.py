"""The recipe "own-faults": what it hears and practises on, how far it reaches, and that it learns."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import nn

from engine.analysis.learning.loop import seeded
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.stft import TUNING_BINS
from engine.core.errors import Cancelled, SourceError, TasteError
from engine.core.progress import SILENT, ReportingProgress
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.planting import KINDS, plant
from engine.features.taste.anomaly.practice_kinds import PRACTICE_MAKERS, _pulses, made_up_clips
from engine.features.taste.anomaly.recipes.material import Split
from engine.features.taste.anomaly.recipes.own_faults.fitting import (
    Scaling,
    Trained,
    block_logits,
    in_blocks,
    quick_taggers,
    train,
)
from engine.features.taste.anomaly.recipes.own_faults.fusion import attempts, textures
from engine.features.taste.anomaly.recipes.own_faults.model import OwnFaultsModel
from engine.features.taste.anomaly.recipes.own_faults.network import (
    REACH_STEPS,
    STEP_FRAMES,
    Committee,
    FaultTagger,
    Form,
    FrameFeatures,
    QuickTagger,
    frame_features,
    joined,
)
from engine.features.taste.anomaly.recipes.own_faults.practice import Workshop, kinds_of
from engine.features.taste.anomaly.recipes.own_faults.rest import (
    log_unlike_rest,
    onset_strengths,
    plausible,
    thinned,
    weight_by_pauses,
)
from engine.features.taste.anomaly.recipes.recipe import ReferenceScores
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig
from engine.features.taste.anomaly.score import Scores, normalised, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste
from engine.features.taste.anomaly.threshold import auc
from tests.engine.conftest import RATE_HZ as MUSIC_HZ
from tests.engine.conftest import music

TINY = OwnFaultsConfig(practice_s=240.0, excerpt_s=30.0, crop_steps=32, width=16, epochs=6, batch_size=8)
RATE_HZ = TINY.mel.rate_hz
STEP_SAMPLES = STEP_FRAMES * TINY.mel.hop_samples


def kept(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE_HZ)) * (MUSIC_HZ / RATE_HZ)
    audio = music(seconds + 1.0, seed)
    return np.interp(at, np.arange(len(audio)), audio).astype(np.float32)


def logits_of(network: Committee, scaling: Scaling, pieces: Iterable[FrameFeatures]) -> NDArray[np.float64]:
    """Return the logits of every step of a stream, shape (n, 1 + parts)."""
    members = quick_taggers(network)
    return np.concatenate(list(in_blocks(pieces, lambda one: block_logits(members, scaling, one), SILENT)))


def heard_of(audio: NDArray[np.float32], block_samples: int = 1 << 30) -> FrameFeatures:
    blocks = (audio[at : at + block_samples] for at in range(0, len(audio), block_samples))
    return joined(frame_features(blocks, TINY.mel), TINY.mel.n_mels)


FOLDS = (Split((kept(60.0),), (kept(20.0, seed=2),)), Split((kept(40.0, seed=2),), (kept(20.0),)))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(FOLDS, (), TINY, seed=0, progress=SILENT)


@pytest.mark.parametrize("block_samples", [999, 65_536])
def test_hears_the_same_however_a_stream_is_cut(block_samples: int) -> None:
    audio = kept(33.3)
    whole, cut = heard_of(audio), heard_of(audio, block_samples)
    assert len(whole) == len(audio) // STEP_SAMPLES
    np.testing.assert_array_equal(whole.mel_db, cut.mel_db)
    np.testing.assert_array_equal(whole.tuning, cut.tuning)


@pytest.mark.parametrize("kind", PRACTICE_MAKERS)
def test_a_practice_kind_fills_its_fault_and_leaves_the_rest_alone(kind: str) -> None:
    clean = kept(30.0)[:, None]
    rng = np.random.default_rng(1)
    clips = made_up_clips(RATE_HZ, np.random.default_rng(2))
    planted = plant(clean, RATE_HZ, [kind], 0.4, rng, clips, (2.0, 6.0), PRACTICE_MAKERS)
    inside = np.zeros(len(planted.audio), bool)
    for fault in planted.faults:
        inside[fault.start_samples : fault.stop_samples] = True
    np.testing.assert_array_equal(planted.audio[~inside], clean)
    assert np.isfinite(planted.audio).all()
    assert inside.mean() == pytest.approx(0.4, abs=1e-3)


def test_made_up_clips_are_sounds_and_the_same_for_the_same_seed() -> None:
    first, second = (made_up_clips(RATE_HZ, np.random.default_rng(7)) for _ in range(2))
    for kind in ("talk", "noise"):
        for one, other in zip(first[kind], second[kind], strict=True):
            np.testing.assert_array_equal(one, other)
            assert np.isfinite(one).all()
            assert np.abs(one).max() > 0.5


def test_a_voice_is_the_sum_of_its_partials() -> None:
    phase = np.cumsum(np.random.default_rng(1).uniform(0.05, 0.2, 4_000))
    plain = sum(np.sin(number * phase) / number**0.8 for number in range(1, 20))
    np.testing.assert_allclose(_pulses(phase, slope=0.8), plain, atol=1e-9)


def test_what_is_left_out_is_not_practised_on() -> None:
    config = OwnFaultsConfig(leave_out=("talk", "stutter"))
    assert set(kinds_of(config)) == ({*KINDS, *PRACTICE_MAKERS} - {"talk", "stutter"})


def test_practice_is_labelled_where_it_is_damaged_and_repeats_for_its_seed() -> None:
    pieces = Workshop(TINY).practice([kept(60.0), kept(15.0)], 200.0, 3, SILENT)
    again = Workshop(TINY).practice([kept(60.0), kept(15.0)], 200.0, 3, SILENT)
    share = np.mean(np.concatenate([one.is_fault for one in pieces]))
    every = np.concatenate([one.targets for one in pieces])
    np.testing.assert_array_equal(every[:, 1:].sum(axis=1), every[:, 0])
    assert every[:, 1:].any(axis=0).sum() > 1
    assert share == pytest.approx(TINY.fault_share, abs=0.05)
    for one, other in zip(pieces, again, strict=True):
        assert len(one.targets) == len(one.features)
        np.testing.assert_array_equal(one.features.mel_db, other.features.mel_db)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_the_network_reaches_as_far_as_it_says_and_is_small() -> None:
    with seeded(0):
        network = FaultTagger(Form(TINY.mel.n_mels, 64, parts=3)).eval()
    assert sum(value.numel() for value in network.parameters()) < 1_000_000
    steps, at = 100, 50
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(1, steps * STEP_FRAMES, TINY.mel.n_mels, generator=generator)
    tuning = torch.randn(1, steps, TUNING_BINS, generator=generator)
    before = network(mel, tuning)[0]
    assert before.shape == (4, steps)
    other = mel.clone()
    other[:, at * STEP_FRAMES : (at + 1) * STEP_FRAMES] += 3.0
    moved = torch.nonzero((network(other, tuning)[0] != before).any(dim=0)).flatten()
    assert 0 < at - int(moved.min()) <= REACH_STEPS
    assert 0 < int(moved.max()) - at <= REACH_STEPS


def untrained(width: int, members: int, *, first_is_normed: bool = False) -> Committee:
    """Networks whose normalisations have seen something, as those that learned have."""
    with seeded(0):
        form = Form(TINY.mel.n_mels, width, parts=2, first_is_normed=first_is_normed)
        network = Committee(form, members)
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
                    assert values is not None
                    nn.init.uniform_(values, 0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize("steps", [1, 40, 301])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("first_is_normed", [False, True])
def test_quick_logits_are_those_of_the_network(
    steps: int, layout: torch.memory_format, *, first_is_normed: bool
) -> None:
    network = untrained(64, members=1, first_is_normed=first_is_normed).to(memory_format=layout)  # type: ignore[call-overload]
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(2, steps * STEP_FRAMES, TINY.mel.n_mels, generator=generator)
    tuning = torch.rand(2, steps, TUNING_BINS, generator=generator)
    (tagger,) = network.members
    assert isinstance(tagger, FaultTagger)
    with torch.no_grad():
        expected = tagger(mel, tuning)
    torch.testing.assert_close(QuickTagger(tagger)(mel, tuning), expected, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(QuickTagger(tagger.train())(mel, tuning), expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("piece_steps", [1, 37, 700])
def test_scoring_a_stream_equals_scoring_it_whole(piece_steps: int) -> None:
    rng = np.random.default_rng(5)
    steps = 2500
    mel_db = rng.standard_normal((steps * STEP_FRAMES, TINY.mel.n_mels)).astype(np.float32)
    heard = FrameFeatures(mel_db, rng.random((steps, TUNING_BINS)).astype(np.float32))
    bands, bins = TINY.mel.n_mels, TUNING_BINS
    scaling = Scaling(*(np.full(n, v, np.float32) for n, v in ((bands, 0), (bands, 1), (bins, 0), (bins, 1))))
    network = untrained(8, members=2)
    with torch.no_grad():
        mel, tuning = scaling.apply(heard)
        one, other = (member(mel[None], tuning[None])[0].numpy() for member in network.members)
    expected = (one + other).T / 2
    pieces = [heard.part(at, at + piece_steps) for at in range(0, steps, piece_steps)]
    found = logits_of(network, scaling, pieces)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_learns_to_find_faults_it_never_heard_in_music_it_never_heard(trained: Trained) -> None:
    rng = np.random.default_rng(9)
    clips = made_up_clips(RATE_HZ, np.random.default_rng(10))
    planted = plant(kept(60.0, seed=3)[:, None], RATE_HZ, ["noodling", "noise", "dropout"], 0.4, rng, clips)
    heard = heard_of(planted.audio[:, 0])
    logits = logits_of(trained.network, trained.scaling, [heard])[:, 0]
    middle = np.arange(len(logits)) * STEP_SAMPLES
    bad = np.zeros(len(logits), bool)
    for fault in planted.faults:
        bad |= (middle >= fault.start_samples) & (middle < fault.stop_samples)
    assert auc(bad, logits) > 0.8
    assert (trained.clean_stds > 0.0).all()


@pytest.fixture(params=[pytest.param("all cores", marks=pytest.mark.long), "one core"])
def cores(request: pytest.FixtureRequest) -> Iterator[None]:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not bind threads to cores")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if request.param == "all cores" else {min(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("cores")
def test_the_same_seed_learns_the_same_on_any_number_of_cores(trained: Trained) -> None:
    again = train(FOLDS, (), TINY, seed=0, progress=SILENT)
    assert again.fitted.history == trained.fitted.history
    for one, other in zip(again.network.parameters(), trained.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_cancel_is_heard_while_faults_are_made() -> None:
    class Stops:
        def report(self, fraction: float, text: str, **figures: float) -> None:
            """Nobody listens."""

        def check_cancelled(self) -> None:
            raise Cancelled

        def part(self, start: float, stop: float) -> Stops:  # noqa: ARG002
            return self

    with pytest.raises(Cancelled):
        Workshop(TINY).practice([kept(30.0)], 100.0, 0, Stops())


@pytest.fixture(scope="module")
def taste_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own-faults")
    soundfile.write(folder / "kept.wav", kept(30.0), RATE_HZ, "FLOAT")
    config = TINY.model_copy(update={"epochs": 2, "practice_s": 100.0})
    learn(LearnRequest((folder / "kept.wav",), config, 1, folder / "mine.taste"), SILENT)
    return folder / "mine.taste"


def test_a_taste_of_this_recipe_goes_to_disk_and_back(taste_path: Path, tmp_path: Path) -> None:
    taste = load_taste(taste_path)
    assert taste.maker.startswith("own-faults mine ")
    save_taste(tmp_path / "mine.taste", taste, overwrite=False)
    assert (tmp_path / "mine.taste").read_bytes() == taste_path.read_bytes()
    assert "stutter" in taste.card
    assert taste.kept is not None
    assert len(taste.kept.frame)


@pytest.mark.parametrize("block_samples", [4_097, 1 << 30])
def test_a_file_is_scored_from_its_start_to_its_end_at_any_level(
    taste_path: Path, block_samples: int
) -> None:
    taste, audio = load_taste(taste_path), kept(20.0, seed=4)

    def scores(samples: NDArray[np.float32]) -> Scores:
        blocks = (samples[at : at + block_samples] for at in range(0, len(samples), block_samples))
        return score_blocks(taste, blocks, RATE_HZ, len(samples), SILENT, level_db=level_of([samples]))

    found = scores(audio)
    assert found.times_s[0] == 0.0
    assert 20.0 - found.times_s[-1] <= 2 * found.hop_s
    assert found.nearest is not None
    np.testing.assert_allclose(scores(audio * np.float32(0.1)).scores, found.scores, atol=2e-3)


def plain_scores(taste: Taste, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Score all of it at once: networks as they learned, distances in double precision, no threads."""
    model = taste.model
    assert isinstance(model, OwnFaultsModel)
    assert model.references is not None
    assert model.rhythm is not None
    heard = heard_of(samples * np.float32(10.0 ** (-level_of([samples]) / 20.0)))
    with torch.no_grad():
        mel, tuning = model.scaling.apply(heard)
        logits = np.mean([one(mel[None], tuning[None])[0].T.numpy() for one in model.network.members], axis=0)
    memory, texture = model.references.memory, textures(heard, model.references.floor_db)
    asked = memory.standardised(texture).astype(np.float64)
    apart = np.stack([np.linalg.norm(one - memory.items, axis=1) / memory.radii for one in asked])
    left = np.linalg.norm(asked - asked @ memory.axes.T.astype(np.float64) @ memory.axes, axis=1)
    measures = [np.sort(apart, axis=1)[:, :3].mean(axis=1), left]
    nearest, residual = (np.log(one + 1e-3) for one in measures)
    kept, config = model.references, model.config
    z = (np.stack([nearest, residual]) - kept.means[:2, None]) / kept.stds[:2, None]
    own = (logits[:, 0] - model.fault_mean) / model.fault_std
    own = own + config.nearest_weight * z[0] + config.residual_weight * z[1]
    levels_db = heard.levels_db()
    reference = plausible(own, levels_db, model.hop_s)
    rest = log_unlike_rest(thinned(asked.astype(np.float32), 0), len(heard), SILENT, reference)
    unlike = model.rhythm.believed(onset_strengths(heard, model.rhythm.floor_db), SILENT, reference)
    added = config.rest_weight * np.clip((rest - kept.means[2]) / kept.stds[2], -2.0, 3.0)
    added = added + config.rhythm_weight * np.clip(unlike / model.rhythm.std, -2.0, 3.0)
    own = own + added * weight_by_pauses(levels_db) + model.attempts_trust * attempts(levels_db)
    return normalised(own, taste.kept_scores)


@pytest.mark.parametrize("nearest_weight", [pytest.param(0.0, marks=pytest.mark.long), 1.0])
def test_a_stream_scores_as_it_does_the_plain_way(taste_path: Path, nearest_weight: float) -> None:
    learned = load_taste(taste_path)
    assert isinstance(learned.model, OwnFaultsModel)
    config = learned.model.config.model_copy(update={"nearest_weight": nearest_weight})
    taste = replace(learned, model=replace(learned.model, config=config))
    audio = kept(200.0, seed=4)  # more steps than are measured at once
    expected = plain_scores(taste, audio)
    level_db = level_of([audio])
    for block_samples in (10_007, 65_536, len(audio)):
        blocks = (audio[at : at + block_samples] for at in range(0, len(audio), block_samples))
        found = score_blocks(taste, blocks, RATE_HZ, len(audio), SILENT, level_db=level_db)
        np.testing.assert_allclose(found.scores, expected, atol=1e-4)


def test_scoring_that_is_cancelled_or_fails_leaves_no_thread(taste_path: Path) -> None:
    taste, before = load_taste(taste_path), threading.active_count()
    cancelled = threading.Event()

    def torn(error: Exception | None) -> Iterator[NDArray[np.float32]]:
        for number in range(10_000):
            if number == 40:
                cancelled.set()
            if number == 60 and error is not None:
                raise error
            yield np.zeros(65_536, np.float32)

    progress = ReportingProgress(cancelled=cancelled)
    with pytest.raises(Cancelled):
        score_blocks(taste, torn(None), RATE_HZ, 10**9, progress, level_db=0.0)
    assert threading.active_count() == before
    with pytest.raises(SourceError, match="is damaged"):
        score_blocks(taste, torn(SourceError("A is damaged.")), RATE_HZ, 10**9, SILENT, level_db=0.0)
    assert threading.active_count() == before


def test_a_taste_of_before_scores_had_parts_scores_as_it_did(taste_path: Path, tmp_path: Path) -> None:
    content = taste_path.read_bytes()
    stored = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    about = json.loads(stored["offcut-taste"])
    for name in ("fault_parts", "fault_mean", "fault_std", "memory_floor_db", "rhythm_trust"):
        del about[name]
    about["errors"] = {"mean": -1.0, "std": 2.0}
    tensors = {
        name: value[:1].contiguous() if ".out." in name else value
        for name, value in load(content).items()
        if not name.startswith(("memory", "kept_curve"))
    }
    path = tmp_path / "before.taste"
    path.write_bytes(save(tensors, metadata={"offcut-taste": json.dumps(about)}))
    audio, model = kept(12.0, seed=4), load_taste(taste_path).model
    assert isinstance(model, OwnFaultsModel)
    heard = heard_of(audio * np.float32(10.0 ** (-level_of([audio]) / 20.0)))
    logits = block_logits(quick_taggers(model.network), model.scaling, heard)[:, 0]
    before = score_blocks(load_taste(path), [audio], RATE_HZ, len(audio), SILENT, level_db=level_of([audio]))
    assert not before.parts
    np.testing.assert_allclose(before.scores, normalised(logits, ReferenceScores(-1.0, 2.0)), atol=1e-5)


@pytest.mark.long
def test_parts_tell_their_own_kinds_of_fault_from_all_else() -> None:
    config = TINY.model_copy(
        update={"epochs": 40, "members": 1, "learning_rate": 1e-2, "practice_s": 480.0}
        | {"fault_length_s": (2.0, 8.0)}  # short ones, so that there are several of each kind
    )
    trained = train(FOLDS[:1], (), config, seed=0, progress=SILENT)
    pieces = Workshop(config).practice([kept(60.0, seed=5)], 800.0, 9, SILENT)
    heard = [one.features for one in pieces]
    logits = np.concatenate([logits_of(trained.network, trained.scaling, [one]) for one in heard])
    targets = np.concatenate([one.targets for one in pieces]) > 0.0
    told = [auc(targets[:, k], logits[:, k]) for k in range(1, targets.shape[1]) if targets[:, k].any()]
    assert len(told) > 5
    assert np.mean(told) > 0.65


@pytest.mark.parametrize("missing", ["network.members.1.out.bias", "tuning_std"])
def test_a_taste_that_lacks_a_part_is_damaged(taste_path: Path, tmp_path: Path, missing: str) -> None:
    content = taste_path.read_bytes()
    tensors = load(content)
    del tensors[missing]
    about = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    path = tmp_path / "lacking.taste"
    path.write_bytes(save(tensors, metadata=about))
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(path)


@pytest.mark.parametrize("seconds", [10.5, 16.0])
def test_little_material_is_enough(tmp_path: Path, seconds: float) -> None:
    soundfile.write(tmp_path / "kept.wav", kept(seconds), RATE_HZ, "FLOAT")
    config = TINY.model_copy(update={"epochs": 1, "practice_s": 40.0})
    learned = learn(LearnRequest((tmp_path / "kept.wav",), config, 0, tmp_path / "a.taste"), SILENT)
    assert np.isfinite(learned.history[0].validation)
    assert learned.history[0].validation > 0.0
