"""The network is trained on made editors, is stopped, and goes on as if it had not been."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

import numpy as np
import pytest
import torch

from engine.analysis.learning.loop import with_weights
from engine.features.arrangement.network import ArrangingNetwork
from engine.lab.training.arranging.rehearsals import Rehearsal
from engine.lab.training.arranging.train import WEIGHTS, train
from tests.engine.lab.evaluation.test_arranging import rehearsal

STEPS, SAVED_EVERY = 8, 2


class Stopped(Sequence[Rehearsal]):
    """Rehearsals of which somebody stops the training after so many were asked for."""

    def __init__(self, rehearsals: Sequence[Rehearsal], most: int) -> None:
        self._rehearsals, self._left = rehearsals, most

    def __len__(self) -> int:
        return len(self._rehearsals)

    @overload
    def __getitem__(self, number: int) -> Rehearsal: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Rehearsal]: ...
    def __getitem__(self, number: int | slice) -> Rehearsal | Sequence[Rehearsal]:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return self._rehearsals[number]


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    return with_weights(ArrangingNetwork(), folder / WEIGHTS, "arrangements").state_dict()


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    rng, one = np.random.default_rng(0), rehearsal()
    rehearsals = []
    for _ in range(6):
        features = one.heard.features + rng.normal(0.0, 0.05, one.heard.features.shape).astype(np.float32)
        rehearsals.append(replace(one, heard=replace(one.heard, features=features)))
    train(rehearsals, tmp_path / "at once", seed=0, steps=STEPS, saved_every=SAVED_EVERY)
    losses = [row["loss"] for row in json.loads((tmp_path / "at once" / "history.json").read_text())]
    assert losses[-1] < losses[0]

    with pytest.raises(KeyboardInterrupt):
        train(Stopped(rehearsals, 20), tmp_path / "in two", seed=0, steps=STEPS, saved_every=SAVED_EVERY)
    train(rehearsals, tmp_path / "in two", seed=0, steps=STEPS, saved_every=SAVED_EVERY)
    at_once, in_two = weights_in(tmp_path / "at once"), weights_in(tmp_path / "in two")
    assert all(torch.equal(at_once[name], in_two[name]) for name in at_once)
