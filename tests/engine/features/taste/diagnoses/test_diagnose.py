"""A real taste, tried on real recordings that go wrong in each of the known ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt
from torch import Tensor

from engine.cli.main import main
from engine.core.progress import SILENT, Progress
from engine.document.settings import CutSettings
from engine.features.taste.anomaly.recipes.recipe import Judged, Passing, ReferenceScores, without_parts
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.features.taste.diagnoses.material import diagnose

DEMO = Path("resources/demo")
RATE_HZ = 44_100


class LetsAnythingPass:
    """A model that is never surprised, as an autoencoder that copies its input is."""

    hop_s = 0.2
    part_names = ()

    def first_s(self, length_s: float) -> float:  # noqa: ARG002
        return 0.0

    def judge(
        self,
        blocks: Iterable[NDArray[np.float32]],
        level_db: float,  # noqa: ARG002
        passing: Passing,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
    ) -> Iterator[Judged]:
        return (without_parts(np.zeros(len(block) // 3200)) for block in blocks)

    def tensors(self) -> Mapping[str, Tensor]:
        return {}

    def facts(self) -> Mapping[str, object]:
        return {}


@pytest.fixture(scope="module")
def taste() -> Taste:
    return load_taste(DEMO / "demo.taste")


@pytest.fixture(scope="module")
def raw() -> NDArray[np.float32]:
    audio, _ = soundfile.read(DEMO / "raw" / "Band.ogg", frames=60 * RATE_HZ, dtype="float32", always_2d=True)
    return np.asarray(audio.mean(axis=1))


@pytest.fixture
def names(taste: Taste, tmp_path: Path) -> Callable[[NDArray[np.float32]], list[str]]:
    """Return the names of what is found on a recording."""

    def tell(audio: NDArray[np.float32]) -> list[str]:
        soundfile.write(tmp_path / "a.wav", audio, RATE_HZ)
        return [
            finding.name for finding in diagnose(taste, tmp_path / "a.wav", CutSettings(), SILENT).findings
        ]

    return tell


def test_a_raw_recording_of_the_same_band_is_sound(
    names: Callable[[NDArray[np.float32]], list[str]], raw: NDArray[np.float32]
) -> None:
    assert names(raw) == []


def test_another_recording_chain_is_named(
    names: Callable[[NDArray[np.float32]], list[str]], raw: NDArray[np.float32]
) -> None:
    dull = sosfilt(butter(3, 1200, fs=RATE_HZ, output="sos"), raw)
    assert names(np.asarray(dull, np.float32))[0] == "other-sound", (
        "the cause stands before what follows of it"
    )


def test_what_it_learned_from_is_named(names: Callable[[NDArray[np.float32]], list[str]]) -> None:
    kept, _ = soundfile.read(DEMO / "edited" / "1-lets-go-fishin.ogg", dtype="float32", always_2d=True)
    assert "already-kept" in names(np.asarray(kept.mean(axis=1)))


def test_a_taste_that_lets_noise_pass_is_named(
    taste: Taste, tmp_path: Path, raw: NDArray[np.float32]
) -> None:
    deaf = replace(taste, model=LetsAnythingPass(), kept_scores=ReferenceScores(0.0, 1.0))
    soundfile.write(tmp_path / "a.wav", raw[: 20 * RATE_HZ], RATE_HZ)
    found = diagnose(deaf, tmp_path / "a.wav", CutSettings(), SILENT)
    assert found.symptoms.noise_score == 0.5
    assert [finding.name for finding in found.findings] == ["passes-noise"]


def test_the_verb_says_it_in_words_and_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: NDArray[np.float32]
) -> None:
    dull = sosfilt(butter(3, 1200, fs=RATE_HZ, output="sos"), raw[: 30 * RATE_HZ])
    soundfile.write(tmp_path / "dull.wav", dull, RATE_HZ)
    arguments = ["doctor", "--taste", str(DEMO / "demo.taste"), str(tmp_path / "dull.wav")]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "than the training data, as from another room" in said
    assert "(learn it again from edits that sound like this recording; use another taste)" in said
    assert main([*arguments, "--json"]) == 0
    finding = json.loads(capsys.readouterr().out)["findings"][0]
    assert finding["name"] == "other-sound"
    assert [remedy["action"] for remedy in finding["remedies"]] == ["learn again", "other taste"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.wav"], "name it with --taste"),
        (["--taste", "resources/demo/demo.taste"], "Name a recording to try"),
    ],
)
def test_what_is_missing_is_told(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", *arguments]) == 2
    assert sentence in capsys.readouterr().err
