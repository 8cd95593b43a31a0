"""CLAP's loading and pooling on a tiny checkpoint with random weights, made here."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from engine.analysis.embeddings.clap import Clap, load_clap
from engine.analysis.embeddings.installing import REPOSITORY
from engine.analysis.embeddings.registry import clap_folder, embedder
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.files.installing import HUB_VARIABLE
from tests.engine.analysis.embeddings.tiny_clap import RATE_HZ, SIZE, checkpoint

if TYPE_CHECKING:
    from transformers import ClapModel


@pytest.fixture
def sound(rng: np.random.Generator) -> np.ndarray:
    return (0.1 * rng.standard_normal((2, 2 * RATE_HZ))).astype(np.float32)


def test_vectors_are_those_of_the_whole_model(tiny_clap: tuple[Path, ClapModel], sound: np.ndarray) -> None:
    from transformers import ClapFeatureExtractor

    folder, model = tiny_clap
    clap = embedder(str(folder))
    assert (clap.rate_hz, clap.size) == (RATE_HZ, SIZE)
    extractor = ClapFeatureExtractor.from_pretrained(folder)
    heard = extractor(list(sound), sampling_rate=RATE_HZ, return_tensors="pt")
    with torch.inference_mode():
        wanted = model.get_audio_features(**heard).pooler_output.numpy()
    np.testing.assert_allclose(clap.embed(sound), wanted, atol=1e-6)
    assert clap.embed(sound[:0]).shape == (0, SIZE)


def test_a_long_window_is_the_mean_of_its_parts(
    tiny_clap: tuple[Path, ClapModel], rng: np.random.Generator
) -> None:
    clap = load_clap(tiny_clap[0])
    window = (0.1 * rng.standard_normal((1, 24 * RATE_HZ))).astype(np.float32)
    parts = [clap.embed(part) for part in np.split(window, 3, axis=1)]
    np.testing.assert_allclose(clap.embed(window), np.mean(parts, axis=0), atol=1e-6)


def test_a_model_with_fusion_repeats_itself(tmp_path: Path, sound: np.ndarray) -> None:
    checkpoint(tmp_path, fusion=True)
    clap = load_clap(tmp_path)
    np.testing.assert_array_equal(clap.embed(sound), clap.embed(sound))


def test_another_checkpoint_has_another_name(tiny_clap: tuple[Path, ClapModel], tmp_path: Path) -> None:
    checkpoint(tmp_path, fusion=True)
    names = [load_clap(folder).name for folder in (tiny_clap[0], tiny_clap[0], tmp_path)]
    assert names[0] == names[1] != names[2]
    assert isinstance(load_clap(tmp_path), Clap)


def test_what_is_no_checkpoint_is_one_sentence(tiny_clap: tuple[Path, ClapModel], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no CLAP checkpoint, config\.json is missing"):
        embedder(str(tmp_path))
    for name in ("config.json", "preprocessor_config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_clap[0] / name).read_bytes())
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(UsageError, match="damaged or not of CLAP"):
        load_clap(tmp_path)
    with pytest.raises(UsageError, match="'clap' is not here yet"):
        embedder("clap")
    with pytest.raises(UsageError, match="no embedding 'vggish'"):
        embedder("vggish")


def test_a_checkpoint_is_added_from_a_folder(
    tiny_clap: tuple[Path, ClapModel], sound: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # a second one takes the place of the first
        assert main(["embeddings", "add", str(tiny_clap[0]), "--json"]) == 0
        added = json.loads(capsys.readouterr().out)
    clap = embedder("clap")
    assert (clap.name, clap.size) == (added["name"], SIZE)
    np.testing.assert_array_equal(clap.embed(sound), load_clap(tiny_clap[0]).embed(sound))
    assert [path.name for path in clap_folder().parent.iterdir()] == ["clap"]


@pytest.fixture
def hub(tiny_clap: tuple[Path, ClapModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder as the hub does, and return the folder of the checkpoint in it."""
    folder = tmp_path / REPOSITORY / "resolve" / "main"
    shutil.copytree(tiny_clap[0], folder)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv(HUB_VARIABLE, f"http://127.0.0.1:{server.server_port}")
        yield folder
        server.shutdown()
        thread.join()


def test_a_checkpoint_is_fetched_after_a_yes(
    hub: Path, tiny_clap: tuple[Path, ClapModel], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["embeddings", "download"]) == 2, "nobody said yes"
    assert not clap_folder().exists()
    assert main(["embeddings", "download", "--yes"]) == 0
    assert embedder("clap").name == load_clap(tiny_clap[0]).name
    capsys.readouterr()
    (hub / "model.safetensors").unlink()
    assert main(["embeddings", "download", "--yes"]) == 1
    (said,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("offcut")]
    assert "could not be fetched" in said
    assert embedder("clap").name == load_clap(tiny_clap[0]).name, "the one that was there stays"
