"""The nearest kept example: what was kept is found again, whatever its gain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from safetensors.torch import load, save

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.stft import log_mel_blocks
from engine.cli.main import main
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.document.analysis import Listening, NearestReference, ScoreCurve
from engine.document.document import Document
from engine.features.taste.anomaly import neighbours
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.neighbours import (
    Nearest,
    NearestSearch,
    ReferenceRecording,
    ReferenceSegments,
    keep_examples,
)
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all
from tests.engine.conftest import RATE_HZ, TINY
from tests.engine.features.taste.anomaly.test_taste_file import about_of

MEL = TINY.mel
HOP_S = MEL.hop_samples / MEL.rate_hz


def tune(seconds: float, seed: int) -> NDArray[np.float32]:
    """A melody that does not repeat, with a beat below it, shape (n,)."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    notes_hz = 110.0 * 2 ** (rng.integers(0, 36, int(seconds * 4) + 1) / 12)
    pitch_hz = notes_hz[(time_s * 4).astype(int)]
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    voice = sum(np.sin(ratio * phase) / ratio for ratio in (1.0, 2.0, 3.0)) * np.exp(-3.0 * (time_s % 0.25))
    beat = np.sin(2 * np.pi * 60.0 * time_s) * np.exp(-12.0 * (time_s % 0.5))
    return (0.2 * voice + 0.2 * beat).astype(np.float32)


def frames_of(samples: NDArray[np.float32], mel: MelSettings = MEL) -> NDArray[np.float32]:
    return np.concatenate(list(log_mel_blocks([samples], mel)))


TUNES = tuple(tune(40.0, seed) for seed in range(3))
NAMES = tuple(ReferenceRecording(f"take {number}.wav", str(number), 40.0) for number in range(3))
EXAMPLES = keep_examples([frames_of(samples) for samples in TUNES], NAMES, MEL, seed=0)


def search(samples: NDArray[np.float32], examples: ReferenceSegments = EXAMPLES, block: int = 512) -> Nearest:
    looking = NearestSearch(examples, MEL)
    frames = frames_of(samples)
    passed = list(looking.passing(frames[at : at + block] for at in range(0, len(frames), block)))
    np.testing.assert_array_equal(np.concatenate(passed), frames)
    return looking.finish()


@pytest.mark.parametrize("alter", ["gain", "quiet", "noise"])
def test_a_planted_repeat_is_found_first_whatever_its_gain(alter: str) -> None:
    rng = np.random.default_rng(5)
    for start_s in (3.31, 17.77, 30.05):
        played = TUNES[1][round(start_s * RATE_HZ) :][: 6 * RATE_HZ]
        heard = {"gain": 3.0, "quiet": 0.02, "noise": 1.0}[alter] * played
        if alter == "noise":
            noise = rng.standard_normal(len(played)).astype(np.float32)
            heard = heard + noise * np.sqrt(np.square(played).mean()) * 10 ** (-10 / 20)
        found = search(heard.astype(np.float32))
        best = int(found.distances.argmin())
        assert EXAMPLES.recording[found.references[best]] == 1
        at_s = (EXAMPLES.frame[found.references[best]] - found.frames[best]) * HOP_S
        assert at_s == pytest.approx(start_s, abs=0.3)


def test_every_example_is_compared() -> None:
    """Equal to the plain way: all distances in double precision."""
    heard = tune(9.0, seed=8)
    found, frames = search(heard), frames_of(heard).astype(np.float64)
    hop, part = round(0.19 / HOP_S), round(0.5 / HOP_S)
    for number, start in enumerate(range(0, len(frames) - 4 * part + 1, hop)):
        roots = 10 ** (frames[start : start + 4 * part] / 30.0)
        one = np.concatenate([roots[p * part : (p + 1) * part].mean(axis=0) for p in range(4)])
        distances = np.linalg.norm(EXAMPLES.embeddings - one / np.linalg.norm(one), axis=1)
        assert found.frames[number] == start
        assert found.distances[number] == pytest.approx(distances.min(), abs=2e-3)
        assert distances[found.references[number]] == pytest.approx(distances.min(), abs=1e-3)
    assert number + 1 == len(found.references)


@pytest.mark.parametrize("block", [7, 100, 10**6])
def test_blocks_do_not_show(block: int) -> None:
    samples = tune(8.0, seed=8)
    ours, theirs = search(samples, block=block), search(samples)
    np.testing.assert_array_equal(ours.references, theirs.references)
    np.testing.assert_allclose(ours.distances, theirs.distances, atol=1e-4)


def test_silence_is_no_example_and_short_sounds_have_none() -> None:
    samples = np.concatenate([TUNES[0][: 10 * RATE_HZ], np.zeros(10 * RATE_HZ, np.float32)])
    kept = keep_examples([frames_of(samples)], NAMES[:1], MEL, seed=0)
    assert 0 < (kept.frame * HOP_S).max() < 10.0
    short = keep_examples([frames_of(TUNES[0][:RATE_HZ])], NAMES[:1], MEL, seed=0)
    assert not len(short.frame)
    assert not len(search(TUNES[1], short).references)
    assert not len(search(TUNES[1][:RATE_HZ]).references)


def test_of_too_many_some_are_drawn_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST_EXAMPLES", 60)
    frames = [frames_of(samples) for samples in TUNES]
    kept = keep_examples(frames, NAMES, MEL, seed=1)
    assert len(kept.frame) == 60
    assert set(kept.recording) == {0, 1, 2}
    np.testing.assert_array_equal(keep_examples(frames, NAMES, MEL, seed=1).frame, kept.frame)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A taste learned from two takes below it."""
    made = tmp_path_factory.mktemp("band")
    (made / "edited").mkdir()
    for number in (0, 1):
        soundfile.write(made / "edited" / f"take {number}.wav", TUNES[number], RATE_HZ, "PCM_16")
    edited = tuple(sorted((made / "edited").iterdir()))
    learn(LearnRequest(edited, TINY, 0, made / "band.taste"), SILENT)
    return made


def test_a_taste_keeps_its_examples(folder: Path) -> None:
    kept = load_taste(folder / "band.taste").kept
    assert kept is not None
    assert [one.path for one in kept.recordings] == ["edited/take 0.wav", "edited/take 1.wav"]
    assert [one.duration_s for one in kept.recordings] == pytest.approx([40.0, 40.0])
    np.testing.assert_allclose(np.linalg.norm(kept.embeddings, axis=1), 1.0, atol=1e-3)
    assert f"compare proposals with: {len(kept.frame):,}" in load_taste(folder / "band.taste").card
    found = search(TUNES[1][5 * RATE_HZ : 9 * RATE_HZ], kept)
    assert kept.recording[found.references[found.distances.argmin()]] == 1


def as_version_1(path: Path, out: Path) -> Path:
    content = path.read_bytes()
    about = about_of(content) | {"version": 1}
    del about["kept"], about["is_levelled"]
    tensors = {name: value for name, value in load(content).items() if not name.startswith("kept.")}
    out.write_bytes(save(tensors, metadata={"offcut-taste": json.dumps(about)}))
    return out


def test_a_taste_of_before_scores_as_it_did_and_has_no_examples(folder: Path, tmp_path: Path) -> None:
    old = load_taste(as_version_1(folder / "band.taste", tmp_path / "old.taste"))
    assert (old.kept, old.is_levelled) == (None, False)
    project = proposed(tmp_path, tmp_path / "old.taste")
    with Document.open(project) as document:
        assert document.state.proposals
        assert all(one.nearest_kept is None for one in document.state.proposals.values())
        assert isinstance(document.analysis("nearest"), NearestReference)


@pytest.mark.parametrize("broken", ["count", "recording"])
def test_examples_that_do_not_fit_are_refused(broken: str, folder: Path, tmp_path: Path) -> None:
    content = (folder / "band.taste").read_bytes()
    tensors = load(content)
    if broken == "count":
        tensors["kept.frame"] = tensors["kept.frame"][:-1].clone()
    else:
        tensors["kept.recording"][0] = 9
    path = tmp_path / "broken.taste"
    path.write_bytes(save(tensors, metadata={"offcut-taste": json.dumps(about_of(content))}))
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(path)


def proposed(tmp_path: Path, taste: Path) -> Path:
    """A document of noise, a quiet repeat of take 1 and noise, with cuts proposed by the command line."""
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, 12 * RATE_HZ)).astype(np.float32)
    repeat = 0.3 * TUNES[1][8 * RATE_HZ : 28 * RATE_HZ]
    soundfile.write(tmp_path / "raw.wav", np.concatenate([noise[0], repeat, noise[1]]), RATE_HZ, "PCM_16")
    project = tmp_path / "raw.offcut"
    assert main(["new", str(project), str(tmp_path / "raw.wav")]) == 0
    assert (
        main(["propose", str(project), "cuts", "--taste", str(taste), "--keep", "0.4", "--snap", "no"]) == 0
    )
    return project


def test_proposals_say_what_they_are_most_like(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = proposed(tmp_path, folder / "band.taste")
    with Document.open(project) as document:
        nearest = document.analysis("nearest")
        assert isinstance(nearest, NearestReference)
        inside = (nearest.starts_samples > 13 * RATE_HZ) & (nearest.starts_samples < 29 * RATE_HZ)
        assert (nearest.recordings[inside] == 1).mean() > 0.9
        shift_s = nearest.kept_starts_s[inside] - nearest.starts_samples[inside] / RATE_HZ
        assert np.median(shift_s) == pytest.approx(8.0 - 12.0, abs=0.3)
        stored = {key: one.nearest_kept for key, one in document.state.proposals.items()}
    capsys.readouterr()
    assert main(["proposals", str(project), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["proposals"]
    assert listed
    for one in listed:
        kept = stored[one["id"]]
        assert kept is not None
        assert one["nearest_kept"] == {
            "path": kept.path,
            "start_s": kept.start_s,
            "stop_s": kept.stop_s,
            "distance": kept.distance,
        }
        assert Path(kept.path).is_file()
        assert 0.0 <= kept.start_s < kept.stop_s <= 40.0


def test_scores_ask_for_no_level_from_a_taste_of_before(taste: Taste) -> None:
    from engine.features.taste.anomaly.score import score_blocks

    old = replace(taste, is_levelled=False)
    samples = TUNES[0][: 5 * RATE_HZ]
    loud, plain = (
        score_blocks(old, [samples], RATE_HZ, len(samples), SILENT, level_db=level_db).scores
        for level_db in (level_of([samples]), 0.0)
    )
    np.testing.assert_array_equal(loud, plain)


def test_a_document_that_was_heard_is_scored_at_the_same_level_again(folder: Path, tmp_path: Path) -> None:
    project = proposed(tmp_path, folder / "band.taste")
    with Document.open(project) as document:
        curve, listening = document.analysis("score"), document.analysis("listening")
        assert isinstance(curve, ScoreCurve)
        assert isinstance(listening, Listening)
        media = locate_all(document.state, tmp_path)
        for known in ({"listening": listening}, {}):
            request = AnalysisRequest(document.state, media, folder / "band.taste", known)
            again = listen_to_document(request, SILENT).analyses["score"]
            assert isinstance(again, ScoreCurve)
            np.testing.assert_allclose(again.scores, curve.scores, atol=1e-3)
