"""A `.taste` file: it comes back as it was, and a wrong one is refused in one sentence."""

from __future__ import annotations

import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from engine.core.errors import OffcutError, TasteError
from engine.features.taste.anomaly.taste import Taste, load_taste, save_taste


def about_of(content: bytes) -> dict[str, object]:
    (length,) = struct.unpack_from("<Q", content)
    return dict(json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["offcut-taste"]))


def rewritten(content: bytes, **changes: object) -> bytes:
    about = about_of(content) | changes
    return bytes(save(load(content), metadata={"offcut-taste": json.dumps(about)}))


def test_what_was_saved_comes_back(taste: Taste, taste_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.taste"
    save_taste(path, taste, overwrite=False)
    assert path.read_bytes() == taste_path.read_bytes()
    copy = load_taste(path)
    assert copy.config == taste.config
    assert copy.kept_scores == taste.kept_scores
    assert copy.history == taste.history
    assert copy.card == taste.card
    assert copy.model.facts() == taste.model.facts()
    for name, value in taste.model.tensors().items():
        assert torch.equal(copy.model.tensors()[name], value)
    assert copy.maker == f"slicer-ae copy {taste.digest}"
    assert len(taste.digest) == 4


def test_an_existing_file_stays_unless_asked(taste: Taste, tmp_path: Path) -> None:
    path = tmp_path / "mine.taste"
    path.write_bytes(b"precious")
    with pytest.raises(OffcutError, match="already exists"):
        save_taste(path, taste, overwrite=False)
    assert path.read_bytes() == b"precious"
    save_taste(path, taste, overwrite=True)
    assert load_taste(path).seed == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: b"", "is not a taste"),
        (lambda _: b"RIFF....WAVEfmt ", "is not a taste"),
        (lambda _: os.urandom(5_000), "is not a taste"),
        (lambda _: save({"weight": torch.zeros(3)}), "is not a taste"),
        (lambda content: content[:-100], "is damaged"),
        (lambda content: rewritten(content, version=3), "newer Offcut"),
        (lambda content: rewritten(content, version="two"), "is not a taste"),
        (lambda content: rewritten(content, config={"latent_dim": 9}), "is damaged"),
        (lambda content: rewritten(content, errors=None), "is damaged"),
        (lambda content: rewritten(content, history=[{"number": 1}]), "is damaged"),
    ],
    ids=[
        "empty",
        "wav",
        "noise",
        "no taste",
        "cut off",
        "newer",
        "no version",
        "config",
        "errors",
        "history",
    ],
)
def test_wrong_files_are_refused(make: object, words: str, taste_path: Path, tmp_path: Path) -> None:
    assert callable(make)
    path = tmp_path / "wrong 'quoted' 🎸.taste"
    path.write_bytes(make(taste_path.read_bytes()))
    with pytest.raises(TasteError, match=words) as caught:
        load_taste(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_numbers_are_refused(taste_path: Path, tmp_path: Path) -> None:
    content = taste_path.read_bytes()
    tensors = load(content)
    tensors["model.squeeze.0.bias"][0] = float("nan")
    path = tmp_path / "nan.taste"
    path.write_bytes(save(tensors, metadata={"offcut-taste": json.dumps(about_of(content))}))
    with pytest.raises(TasteError, match="is damaged"):
        load_taste(path)


@pytest.mark.parametrize("name", ["absent.taste", "."])
def test_what_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(TasteError, match="cannot be read"):
        load_taste(tmp_path / name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 6_000), value=st.integers(0, 255))
def test_a_flipped_byte_never_escapes_as_another_error(
    at: int, value: int, taste_path: Path, tmp_path: Path
) -> None:
    content = bytearray(taste_path.read_bytes())
    content[at] = value
    path = tmp_path / "mutated.taste"
    path.write_bytes(content)
    with suppress(TasteError):
        load_taste(path)
