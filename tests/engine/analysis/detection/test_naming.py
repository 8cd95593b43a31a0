"""Sounds named by CLAP where it is here, a tiny one with random weights, else by Offcut's network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import soxr
import torch

from engine.analysis.detection.naming import ClapNaming, NetworkNaming, Part, naming
from engine.analysis.embeddings.clap import load_clap_text
from engine.analysis.embeddings.registry import clap_folder
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.features.repair.finders import find_sounds
from engine.features.repair.finders.find_sounds import MOST_WORDS, words_in_span
from engine.recordings.media import locate_all
from engine.recordings.track_audio import SpanRequest
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from tests.engine.analysis.embeddings.tiny_clap import RATE_HZ
from tests.engine.recordings.yard import FIRST_BARK

if TYPE_CHECKING:
    from transformers import ClapModel


@pytest.fixture
def added(tiny_clap: tuple[Path, ClapModel]) -> None:
    assert main(["embeddings", "add", str(tiny_clap[0])]) == 0


@pytest.fixture
def noise(rng: np.random.Generator) -> np.ndarray:
    return (0.1 * rng.standard_normal(3 * RATE_HZ)).astype(np.float32)


def test_words_lie_where_the_whole_model_puts_them(tiny_clap: tuple[Path, ClapModel]) -> None:
    folder, model = tiny_clap
    text = load_clap_text(folder)
    for name in ("dog", "chair creaking"):
        ids = torch.tensor([text.tokenizer.encode(f"This is a sound of {name}.").ids])
        with torch.inference_mode():
            wanted = model.get_text_features(input_ids=ids).pooler_output
        wanted = torch.nn.functional.normalize(wanted, dim=1).numpy()
        np.testing.assert_allclose(text.encode([name]), wanted, atol=1e-6)
    assert not np.allclose(text.encode(["dog"]), text.encode(["rain"]), atol=1e-3)
    assert text.scale == pytest.approx(float(model.logit_scale_a.detach().exp()), rel=1e-6)


@pytest.mark.usefixtures("added")
def test_a_name_is_as_likely_as_beside_all_that_are_known(noise: np.ndarray) -> None:
    names = naming()
    assert isinstance(names, ClapNaming)
    assert (names.rate_hz, names.around_s) == (RATE_HZ, 0.0)
    every = names.labels([Part([noise], len(noise))], names.known)
    assert sum(label.likelihood for label in every) == pytest.approx(1.0, abs=1e-6)
    similarities = [label.similarity for label in every]
    assert similarities == sorted(similarities, reverse=True)
    (dog,) = names.labels([Part([noise], len(noise))], ["dog"])
    assert dog == next(label for label in every if label.text == "dog")
    vector = names.hearing.embed(noise[None])[0]
    assert dog.similarity == pytest.approx(float(names.text.encode(["dog"])[0] @ vector), abs=1e-5)


@pytest.mark.usefixtures("added")
def test_a_long_stretch_is_heard_in_parts_however_it_comes(noise: np.ndarray) -> None:
    names = naming()
    long = np.tile(noise, 7)
    whole = names.labels([Part([long], len(long))], ["dog", "rain"])
    pieces = names.labels([Part(np.array_split(long, 11), len(long))], ["dog", "rain"])
    assert pieces == whole


@pytest.mark.usefixtures("added")
def test_what_is_no_word_is_refused_by_both(noise: np.ndarray) -> None:
    from engine.analysis.detection.detector import detector

    for names in (naming(), NetworkNaming(detector())):
        for text in ("", "x" * 10_000):
            with pytest.raises(UsageError):
                names.labels([Part([noise[:RATE_HZ]], RATE_HZ)], [text])


def test_detect_names_with_clap_once_it_was_added(
    tiny_clap: tuple[Path, ClapModel], noise: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise, RATE_HZ)

    def said() -> set[str]:
        assert main(["detect", str(path), "--json"]) == 0
        return {label["text"] for label in json.loads(capsys.readouterr().out)["labels"]}

    before = said()
    assert main(["embeddings", "add", str(tiny_clap[0])]) == 0
    capsys.readouterr()
    assert said() - before >= {"speech", "drums"}
    (clap_folder() / "tokenizer.json").unlink()  # as it was kept before it was used for words
    assert said() == before


@pytest.mark.usefixtures("added")
def test_spans_of_a_document_are_named_by_clap_too(yard_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_sounds, "LEAST_SHOWN", 0.0)  # a tiny encoder finds all names about as likely
    with Document.open(yard_once) as document:
        state = document.state
    media = locate_all(state, yard_once.parent)

    def words(*windows: tuple[int, int]) -> dict[str, float]:
        found = words_in_span(SpanRequest(state, media, (), windows), SILENT)
        return {word.text: word.likelihood for word in found}

    heard = render(state, in_place(state), media, *FIRST_BARK).mean(axis=1)
    heard = soxr.resample(heard, state.rate_hz, RATE_HZ)
    names = naming()
    wanted = names.labels([Part([heard], len(heard))], names.known)[:MOST_WORDS]
    assert words(FIRST_BARK) == {label.text: pytest.approx(label.likelihood, rel=1e-2) for label in wanted}
    both = words(FIRST_BARK, (9 * state.rate_hz, 10 * state.rate_hz))
    assert both.keys() <= set(names.known)
    assert both != words(FIRST_BARK)


def test_a_damaged_text_half_is_not_added(tiny_clap: tuple[Path, ClapModel], tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for path in tiny_clap[0].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(UsageError, match="damaged or not of CLAP"):
        load_clap_text(folder)
    assert main(["embeddings", "add", str(folder)]) == 2
    assert not clap_folder().exists()
