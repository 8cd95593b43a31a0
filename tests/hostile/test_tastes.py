"""Forged tastes: refused in one sentence, whatever their recipe, and no score is ever no number."""

from __future__ import annotations

import json
import os
import re
import struct
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load, save
from torch import Tensor

from engine.cli.main import main
from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import parse_config
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.anomaly.taste_header import MOST_HEADER_BYTES
from engine.features.taste.stored_answers import read_memory
from tests.engine.conftest import RATE_HZ, music

_SEGMENTS = {"hidden_dims": [4, 8], "latent_dim": 4, "epochs": 1, "segments_per_epoch": 32}
_MEL = {"rate_hz": RATE_HZ, "n_mels": 32}
CONFIGS: dict[str, dict[str, Any]] = {
    "slicer-ae": {**_SEGMENTS, "mel": _MEL},
    "own-faults": {
        "practice_s": 120.0, "excerpt_s": 20.0, "crop_steps": 32, "width": 8, "epochs": 1, "batch_size": 8
    },
    "memory-bank": {"latent": 8, "epochs": 1, "batch_size": 16},
    "embedding-bank": {},
    "deep-svdd": {
        "hidden_dims": [32, 16, 8], "epochs": 1, "batch_size": 16, "window_s": 2.0, "hop_s": 0.5, "mel": _MEL
    },
    "dual-ae": {**_SEGMENTS, "mel": _MEL},
    "edited-vs-raw": {**_SEGMENTS, "mel": _MEL},
}  # fmt: skip

Tensors = dict[str, Tensor]
About = dict[str, Any]
Forge = Callable[[Tensors, About], object]


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was kept, what it was made from, and something to score."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(5)
    for name, seconds in (("kept", 24.0), ("heard", 4.0)):
        soundfile.write(folder / f"{name}.wav", music(seconds), RATE_HZ, "FLOAT")
    raw = np.concatenate([music(24.0), rng.normal(0, 0.1, 8 * RATE_HZ).astype(np.float32)])
    soundfile.write(folder / "raw.wav", raw, RATE_HZ, "FLOAT")
    return folder


@pytest.fixture(scope="session")
def learned(recordings: Path) -> Callable[[str], bytes]:
    """Returns what the file of a small taste holds, by recipe."""

    @cache
    def of(recipe: str) -> bytes:
        config = parse_config({"recipe": recipe, **CONFIGS[recipe]})
        out = recordings / f"{recipe}.taste"
        raw = (recordings / "raw.wav",) if config.needs_raw else ()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OFFCUT_CACHE", str(recordings))
            learn(LearnRequest((recordings / "kept.wav",), config, 1, out, raw=raw), SILENT)
        return out.read_bytes()

    return of


def about_of(content: bytes) -> About:
    (length,) = struct.unpack_from("<Q", content)
    return dict(json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["offcut-taste"]))


def written(tensors: Mapping[str, Tensor], about: object) -> bytes:
    said = about if isinstance(about, str) else json.dumps(about)
    return bytes(save({name: one.contiguous() for name, one in tensors.items()}, {"offcut-taste": said}))


def forged(content: bytes, forge: Forge) -> bytes:
    tensors, about = {name: one.clone() for name, one in load(content).items()}, about_of(content)
    forge(tensors, about)
    return written(tensors, about)


def refusal(path: Path) -> str:
    with pytest.raises(TasteError) as caught:
        load_taste(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 300 + len(str(path))
    return sentence


def with_(*keys: Any, to: object) -> Forge:
    """Have the facts say something else at a place."""

    def forge(_: Tensors, about: About) -> None:
        inner: Any = about
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = to

    return forge


def nested(depth: int) -> object:
    return json.loads("[" * depth + "]" * depth)


NAN, INFINITE = float("nan"), float("inf")

FACTS: dict[str, Forge] = {
    "no version": lambda _, about: about.pop("version"),
    "version 0": with_("version", to=0),
    "version 1.5": with_("version", to=1.5),
    "version true": with_("version", to=True),
    "version as text": with_("version", to="2"),
    "version NaN": with_("version", to=NAN),
    "version of digits": with_("version", to="9" * 5_000),
    "newer": with_("version", to=99),
    "no recipe's name": with_("config", "recipe", to="evil"),
    "long recipe": with_("config", "recipe", to="x" * 100_000),
    "recipe of two lines": with_("config", "recipe", to="a\nb"),
    "list as recipe": with_("config", "recipe", to=["slicer-ae"]),
    "another recipe": with_("config", to={"recipe": "memory-bank"}),
    "list as config": with_("config", to=[]),
    "unknown setting": with_("config", "evil", to=1),
    "setting NaN": with_("config", "learning_rate", to=NAN),
    "setting of another kind": with_("config", "hidden_dims", to="many"),
    "a network larger than its weights": with_("config", "latent_dim", to=4_096),
    "a network larger than any memory": with_(
        "config", to={"recipe": "slicer-ae", "hidden_dims": [1_024], "latent_dim": 4_096,
                      "segment_frames": 1_024, "mel": {"n_mels": 256}},
    ),
    "other bands": with_("config", "mel", "n_mels", to=64),
    "seed as text": with_("seed", to="1; drop"),
    "seed NaN": with_("seed", to=NAN),
    "seed too large": with_("seed", to=1 << 80),
    "seed a list": with_("seed", to=[1]),
    "card a number": with_("card", to=3),
    "no card": lambda _, about: about.pop("card"),
    "history an object": with_("history", to={}),
    "history of texts": with_("history", to=["epoch"]),
    "history NaN": with_("history", 0, "loss", to=NAN),
    "history infinite": with_("history", 0, "validation", to=INFINITE),
    "history NaN as text": with_("history", 0, "loss", to="nan"),
    "epoch of digits": with_("history", 0, "number", to="1e999"),
    "mean NaN": with_("errors", "mean", to=NAN),
    "mean NaN as text": with_("errors", "mean", to="nan"),
    "mean infinite": with_("errors", "mean", to=-INFINITE),
    "mean missing": lambda _, about: about["errors"].pop("mean"),
    "deviation 0": with_("errors", "std", to=0.0),
    "deviation negative": with_("errors", "std", to=-1.0),
    "deviation infinite": with_("errors", "std", to=INFINITE),
    "deviation infinite as text": with_("errors", "std", to="inf"),
    "deviation true": with_("errors", "std", to=True),
    "deviation a list": with_("errors", "std", to=[1.0]),
    "parts without names": with_("errors", "part_means", to=[1.0]),
    "parts a text": with_("errors", "part_stds", to="1"),
    "errors a list": with_("errors", to=[]),
    "floor NaN": with_("floor_db", to=NAN),
    "floor NaN as text": with_("floor_db", to="NaN"),
    "floor a list": with_("floor_db", to=[0]),
    "no floor": lambda _, about: about.pop("floor_db"),
    "kept an object": with_("kept", to={}),
    "kept of numbers": with_("kept", to=[3]),
    "kept nothing": with_("kept", to=[]),
    "kept for NaN": with_("kept", 0, "duration_s", to="nan"),
    "kept for less than nothing": with_("kept", 0, "duration_s", to=-1.0),
    "kept path a list": with_("kept", 0, "path", to=["a"]),
    "kept path that is none": with_("kept", 0, "path", to="\ud800"),
    "kept path with NUL": with_("kept", 0, "path", to="a\0b"),
    "nested 40 deep": with_("evil", to=nested(40)),
    "nested 900 deep": with_("card", to=nested(900)),
    "levels a text": with_("is_levelled", to="yes"),
    "kept from nowhere": lambda tensors, _: tensors["kept.recording"].fill_(7),
    "kept before the start": lambda tensors, _: tensors["kept.frame"].fill_(-1),
    "kept frames in parts": lambda tensors, _: tensors.update({"kept.frame": tensors["kept.frame"].float()}),
    "kept without frames": lambda tensors, _: tensors.pop("kept.frame"),
    "kept bands missing": lambda tensors, _: tensors.update(
        {"kept.embeddings": tensors["kept.embeddings"][:, 1:]}
    ),
    "no weights": lambda tensors, _: tensors.clear(),
}  # fmt: skip


@pytest.mark.parametrize("case", FACTS)
def test_facts_that_cannot_be(case: str, learned: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "forged 'quoted' 🎸.taste"
    path.write_bytes(forged(learned("slicer-ae"), FACTS[case]))
    sentence = refusal(path)
    if case == "newer":
        assert "newer Offcut" in sentence
    if case in ("no recipe's name", "long recipe", "recipe of two lines"):
        assert "recipe" in sentence


def _header(text: bytes, rest: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text + rest


def _infinite_by_digits(content: bytes) -> bytes:
    about = json.dumps({**about_of(content), "errors": {"mean": 0.0, "std": 12345.5}})
    return written(load(content), about.replace("12345.5", "1e999"))


BYTES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "7 bytes": lambda _: b"\0" * 7,
    "no header": lambda content: struct.pack("<Q", 0) + content[8:],
    "a header without end": lambda content: struct.pack("<Q", 1 << 63) + content[8:],
    "a header longer than any": lambda _: _header(b" " * (MOST_HEADER_BYTES + 8)),
    "a header longer than the file": lambda content: content[:1_000],
    "a header of brackets": lambda _: _header(b"[" * 100_000),
    "a header of objects": lambda _: _header(b'{"a":' * 100_000),
    "a header that is a list": lambda _: _header(b"[]"),
    "a header of pairs": lambda _: _header(b'[["__metadata__", []]]'),
    "metadata a list": lambda _: _header(b'{"__metadata__": []}'),
    "metadata without a taste": lambda _: _header(b'{"__metadata__": {}}'),
    "a taste that is a number": lambda _: _header(b'{"__metadata__": {"offcut-taste": 3}}'),
    "a taste that is a list": lambda content: written(load(content), []),
    "a taste of brackets": lambda content: written(load(content), "[" * 100_000),
    "a taste of deep objects": lambda content: written(load(content), '{"a":' * 100_000),
    "a taste that is no JSON": lambda content: written(load(content), "taste"),
    "infinite by its digits": _infinite_by_digits,
    "tensors out of the file": lambda content: content.replace(b'_offsets":[0,', b'_offsets":[9,', 1),
    "another kind of tensor": lambda content: content.replace(b'"dtype":"F32"', b'"dtype":"XYZ"', 1),
    "cut off": lambda content: content[:-100],
    "more at the end": lambda content: content + b"\0" * 8,
    "pickle": lambda _: b"\x80\x04\x95" + b"cos\nsystem\n(S'true'\ntR." * 10,
}  # fmt: skip


@pytest.mark.parametrize("case", BYTES)
def test_bytes_that_are_no_taste(case: str, learned: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "forged.taste"
    path.write_bytes(BYTES[case](learned("slicer-ae")))
    refusal(path)
    if case not in ("infinite by its digits", "cut off", "more at the end") and "tensor" not in case:
        with pytest.raises(TasteError, match="is not a taste"):
            read_memory(path, SILENT)


@pytest.mark.skipif(os.name != "posix", reason="there are no such files")
def test_what_is_no_ordinary_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.taste")
    with (tmp_path / "large.taste").open("wb") as stream:
        stream.truncate(1 << 42)
    for path in (tmp_path / "pipe.taste", Path("/dev/zero"), tmp_path / "large.taste", tmp_path / "a\0b"):
        for read in (load_taste, lambda path: read_memory(path, SILENT)):
            tracemalloc.start()
            with pytest.raises(TasteError, match=r"\.$"):
                read(path)
            most_bytes = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert most_bytes < 1 << 20, "what is too long is not read to be refused"


def test_the_verbs_say_it_in_one_line(
    learned: Callable[[str], bytes], recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "forged.taste"
    for make in (BYTES["a taste of brackets"], lambda content: forged(content, FACTS["mean NaN as text"])):
        path.write_bytes(make(learned("slicer-ae")))
        assert main(["score", str(path), str(recordings / "heard.wav")]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert str(path) in err


# Every recipe, every tensor.


def _wider(one: Tensor) -> Tensor:
    return torch.cat([one, one[..., :1]], dim=-1) if one.ndim else one.reshape(1)


_OTHER_KIND = {
    torch.float16: torch.float32, torch.float32: torch.float64, torch.float64: torch.float32,
    torch.int32: torch.float32, torch.int64: torch.float32,
}  # fmt: skip


def _first_changed(value: float) -> Callable[[Tensor], Tensor | None]:
    def change(one: Tensor) -> Tensor | None:
        if not one.is_floating_point() or not one.numel():
            return None
        one.view(-1)[0] = value
        return one

    return change


HARMS: dict[str, Callable[[Tensor], Tensor | None]] = {
    "missing": lambda _: None,
    "wider": _wider,
    "empty": lambda one: one.reshape(-1)[:0],
    "of another kind": lambda one: one.to(_OTHER_KIND[one.dtype]),
    "truths": lambda one: one.bool(),
    "NaN": _first_changed(NAN),
    "infinite": _first_changed(-INFINITE),
    "huge": lambda one: torch.full_like(one, torch.finfo(one.dtype).max) if one.is_floating_point() else None,
    "negative": lambda one: -one.abs() - 1 if one.is_floating_point() else None,
    "zero": lambda one: torch.zeros_like(one) if one.is_floating_point() else None,
}


@pytest.fixture
def quiet() -> Iterator[None]:
    """A number that overflows on its way is told by the sentence, not by a warning beside it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.long
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("recipe", CONFIGS)
def test_a_forged_tensor_is_refused_or_scores_numbers(
    recipe: str,
    harm: str,
    learned: Callable[[str], bytes],
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFCUT_CACHE", str(recordings))
    content, path = learned(recipe), tmp_path / "forged.taste"
    # Of layers that are alike, one.
    for name in {re.sub(r"\d+", "", name): name for name in load(content)}.values():
        tensors = load(content)
        changed = HARMS[harm](tensors.pop(name))
        if changed is not None:
            tensors[name] = changed
        elif harm != "missing":
            continue
        path.write_bytes(written(tensors, about_of(content)))
        was_refused = _refused_or_scored(path, recordings / "heard.wav")
        leaf = name.rsplit(".", 1)[-1]
        spread = leaf in ("running_var", "radii") or "std" in leaf
        if harm in ("NaN", "infinite", "wider", "empty", "missing") or (
            spread and (harm == "negative" or (harm == "zero" and leaf != "running_var"))
        ):
            assert was_refused, name


def _refused_or_scored(path: Path, heard: Path) -> bool:
    """Tell whether a taste was refused; where it was not, every score is a number, or scoring is refused."""
    told = ""
    try:
        taste = load_taste(path)
    except TasteError as error:
        told = str(error)
    if told:
        assert str(path) in told
        return True
    try:
        found = score_file(taste, heard, SILENT)
    except TasteError as error:
        told = str(error)
    if told:
        assert taste.name in told
        return False
    assert len(found.scores)
    assert np.isfinite(found.scores).all()
    assert all(np.isfinite(part).all() for part in found.parts.values())
    return False


@pytest.mark.parametrize("recipe", CONFIGS)
def test_what_was_not_forged_scores(
    recipe: str,
    learned: Callable[[str], bytes],
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFCUT_CACHE", str(recordings))
    path = tmp_path / "sound.taste"
    path.write_bytes(forged(learned(recipe), lambda *_: None))
    assert len(score_file(load_taste(path), recordings / "heard.wav", SILENT).scores)


STRANGE = (None, "nan", "-inf", [], {}, NAN, INFINITE, "x" * 10_000, [NAN], -1.0, 1e-320, 1e300, True)


@pytest.mark.long
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("recipe", CONFIGS)
def test_a_forged_fact_is_refused_or_scores_numbers(
    recipe: str,
    learned: Callable[[str], bytes],
    recordings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFCUT_CACHE", str(recordings))
    content, path = learned(recipe), tmp_path / "forged.taste"
    model = tmp_path / "model.taste"
    model.write_bytes(content)
    places: list[tuple[str, ...]] = [(name,) for name in load_taste(model).model.facts()]
    places += [("errors", "mean"), ("errors", "std"), ("errors", "part_means"), ("errors", "part_stds")]
    for place in places:
        for value in STRANGE:
            path.write_bytes(forged(content, with_(*place, to=value)))
            was_refused = _refused_or_scored(path, recordings / "heard.wav")
            if value is None or isinstance(value, str | dict) or value != value or value == INFINITE:
                assert was_refused, (place, value)


@pytest.mark.parametrize("name", ["clap", "no\nsuch", "x" * 100_000, "a\0b", "\ud800", "."])
@pytest.mark.parametrize("recipe", ["embedding-bank", "deep-svdd"])
def test_an_embedding_that_is_not_here(
    recipe: str, name: str, learned: Callable[[str], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "forged.taste"
    for place in (("config", "embedding"), ("embedding",)):
        path.write_bytes(forged(learned(recipe), with_(*place, to=name)))
        refusal(path)


def test_answers_that_are_no_numbers_are_left_out(learned: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "forged.taste"
    for weighed in ("nan", "inf", None, [1], "x"):
        answers = [{"document": "d", "weighed": ["score"], "answers": [["cut", 1, weighed]]}]
        path.write_bytes(forged(learned("slicer-ae"), with_("answers", to=answers)))
        assert read_memory(path, SILENT).reviewed == ()
    path.write_bytes(
        forged(learned("slicer-ae"), with_("answers", to=[{**answers[0], "answers": [["cut", 1, 2]]}]))
    )
    assert len(read_memory(path, SILENT).reviewed) == 1
    load_taste(path)
