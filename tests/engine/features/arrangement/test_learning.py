"""A small network learns an editor for real; an editor is written, read and refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine.analysis.learning.loop import seeded
from engine.core.errors import OffcutError
from engine.features.arrangement.decode import Bounds
from engine.features.arrangement.editor import (
    Editor,
    arrangements,
    learn_editor,
    load_editor,
    save_editor,
    scores_for,
)
from engine.features.arrangement.network import (
    PASSES,
    Adapter,
    ArrangingNetwork,
    Pair,
    Read,
    Wanted,
    group_loss,
    label_rows,
    tensors_of,
)
from engine.features.arrangement.steps import order_of
from engine.lab.evaluation.arranging.compared import compared
from tests.engine.features.arrangement import made


def quiet_is_cut(seed: int) -> Pair:
    """Return a recording of which an editor keeps what is loud."""
    rng = np.random.default_rng(seed)
    parts = [(int(rng.integers(8, 20)), number % 2 == 0) for number in range(6)]
    heard = made.heard(rng, parts)
    edges = np.concatenate([[0], np.cumsum([length for length, _ in parts])]).tolist()
    spans = [(edges[number], edges[number + 1]) for number in range(0, 6, 2)]
    return Pair(f"take {seed}", heard, order_of(spans))


@pytest.fixture(scope="module")
def trained() -> ArrangingNetwork:
    with seeded(0):
        network = ArrangingNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    for step in range(60):
        pairs = [quiet_is_cut(3 * step + number) for number in range(2)]
        read = [Read.of(network, tensors_of(pair.heard), pair.order) for pair in pairs]
        loss = group_loss(network, read, [[1], []])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def test_what_is_learned_is_done_with_another_recording(trained: ArrangingNetwork) -> None:
    figures = []
    for seed in range(900, 904):
        wanted = quiet_is_cut(seed)
        found = arrangements(trained, wanted.heard, Bounds.none(len(wanted.heard)))[0]
        figures.append(compared(found.order, wanted.order, wanted.heard.steps))
    assert np.mean([one.iou for one in figures]) > 0.8
    assert np.mean([one.cuts_f_beat for one in figures]) > 0.7


def test_an_editor_is_the_same_after_it_was_written(trained: ArrangingNetwork, tmp_path: Path) -> None:
    editor = learn_editor([quiet_is_cut(1), quiet_is_cut(2)], "mine", trained, steps=3)
    path = tmp_path / "mine.editor"
    save_editor(editor, path)
    again = load_editor(path)
    heard = quiet_is_cut(950).heard
    some, others = (scores_for(trained, heard, one.pairs, one.adapter) for one in (editor, again))
    np.testing.assert_allclose(some.keep, others.keep, atol=0.02)  # features are kept at half precision
    assert [pair.order.tolist() for pair in again.pairs] == [pair.order.tolist() for pair in editor.pairs]


def test_what_was_adapted_to_another_network_is_left_out_and_the_pairs_stay(
    trained: ArrangingNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "mine.editor"
    editor = learn_editor([quiet_is_cut(1), quiet_is_cut(2)], "mine", trained, steps=3)
    save_editor(editor, path)
    assert any(bool(value.any()) for value in load_editor(path).adapter.state_dict().values())
    with safe_open(path, "pt") as file:
        facts = json.loads(file.metadata()["offcut"])
    for network in ("0" * 32, None):
        save_file(load_file(path), path, {"offcut": json.dumps(facts | {"network": network})})
        older, fresh = load_editor(path), Adapter().state_dict()
        assert all(torch.equal(value, fresh[name]) for name, value in older.adapter.state_dict().items())
        assert [pair.order.tolist() for pair in older.pairs] == [pair.order.tolist() for pair in editor.pairs]


def test_adapting_brings_the_network_nearer_to_the_editor_and_holds_its_weights(
    trained: ArrangingNetwork,
) -> None:
    pairs = [quiet_is_cut(seed) for seed in (11, 12)]
    # Another editor: keeps what is quiet.
    other = [
        Pair(
            pair.name,
            pair.heard,
            np.setdiff1d(np.arange(len(pair.heard)), pair.order).astype(np.int64),
        )
        for pair in pairs
    ]
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    read = [Read.of(trained, tensors_of(pair.heard), pair.order) for pair in other]
    with torch.no_grad():
        loss = float(group_loss(trained, read, [[1], [0]], Adapter()))
        editor = learn_editor(other, "quiet", trained, steps=0)
    editor = learn_editor(other, "quiet", trained, steps=25)
    with torch.no_grad():
        assert float(group_loss(trained, read, [[1], [0]], editor.adapter)) < 0.8 * loss
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.unlink(), "There is no editor"),
        (lambda path: path.write_bytes(b"RIFF"), "is damaged or not an editor"),
        (lambda path: path.write_bytes(path.read_bytes()[:300]), "is damaged or not an editor"),
        (lambda path: save_file(load_file(path), path), "is damaged or not an editor"),
    ],
)
def test_what_is_no_editor_is_refused(damage: object, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.editor"
    save_editor(Editor("mine", (quiet_is_cut(1),), Adapter()), path)
    assert callable(damage)
    damage(path)
    with pytest.raises(OffcutError, match=sentence):
        load_editor(path)


def test_what_an_editor_did_is_told_to_the_network() -> None:
    order = order_of([(2, 5), (2, 5), (8, 10)])
    labels = label_rows(order, 12).numpy()
    assert labels[2].tolist() == [0, 0, 1, 0, 0, 1, 0, 1]
    assert labels[4, PASSES] == 1.0
    assert labels[8, PASSES + 1] == 1.0
    wanted = Wanted.of(order, 12)
    assert wanted.jump_rows.tolist() == [-1, 4, 4, 9]
    assert wanted.jump_passes.tolist() == [0, 0, 1, 0]
    assert wanted.targets.tolist() == [2, 2, 8, 12]
    assert wanted.leaves.sum() == 3
