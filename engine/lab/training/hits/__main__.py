"""Train a network of the hits.

``python -m engine.lab.training.hits hits --data DIR --cache DIR --out resources/models/hits.safetensors``

Then `second_look`, with ``--out resources/models/hits_second_look.safetensors``: its inputs include
the likelihoods of the network of the hits. Performances in the cache are read again, so that an interrupted
run resumes.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from scipy.linalg import block_diag
from torch import Tensor, nn

from engine.analysis.learning.loop import Batch, TrainSettings, fit, seeded
from engine.analysis.signal.loudness import Floats
from engine.core.progress import SILENT
from engine.document.analysis import ORNAMENTS
from engine.features.timing.hits.roles import HEARD_ROLES
from engine.lab.simulated.performances.parts import Part
from engine.lab.training.hits.rows import Labels, all_rows

_BATCH = 1024
_VALIDATION_BATCH = 1 << 15
_LEAST_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    outputs : 1 for how likely one thing is, else how many classes
    performances : how many of the train and of the validation part
    limit : of a standardised input: kits that nothing was learned from have values far outside
    dropout : share of the inputs left out in each step, so that none decides alone
    members : number of networks with other seeds, whose outputs are averaged
    """

    hidden: tuple[int, ...]
    outputs: int
    performances: tuple[int, int]
    longest_s: float
    epochs: int
    limit: float = inf
    dropout: float = 0.0
    members: int = 1


RECIPES = {
    "hits": Recipe((64, 32), 1, (480, 20), 33.0, 8, 6.0, 0.1, 3),
    "second_look": Recipe((48, 24), 1, (480, 20), 33.0, 8, 6.0, 0.1, 3),
    "ornaments": Recipe((48, 24), len(ORNAMENTS), (260, 60), 60.0, 16),
    "roles": Recipe((), len(HEARD_ROLES), (40, 8), 16.0, 1200),
}


def perceptron(inputs: int, recipe: Recipe) -> nn.Sequential:
    """Return a network with fresh weights."""
    sizes = (inputs, *recipe.hidden)
    layers: list[nn.Module] = [nn.Dropout(recipe.dropout)]
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], recipe.outputs))


def loss_of(model: nn.Module, batch: Batch) -> Tensor:
    """Return the cross-entropy of a batch of inputs and labels."""
    inputs, labels = batch
    logits = model(inputs)
    if logits.shape[1] == 1:
        return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float())
    return nn.functional.cross_entropy(logits, labels)


def train(
    recipe: Recipe, training: tuple[Floats, Labels], validation: tuple[Floats, Labels], seed: int
) -> dict[str, Floats]:
    """Return the stored values of a trained network, see `hits.evidence.network_of`."""
    mean = training[0].mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = training[0].std(axis=0) + _LEAST_SPREAD
    generator = torch.Generator().manual_seed(seed)

    def tensors(rows: tuple[Floats, Labels]) -> tuple[Tensor, Tensor]:
        standard = np.clip((rows[0] - mean) / spread, -recipe.limit, recipe.limit)
        return torch.from_numpy(standard), torch.from_numpy(rows[1])

    inputs, labels = tensors(training)
    held_inputs, held_labels = tensors(validation)
    held = list(
        zip(
            torch.split(held_inputs, _VALIDATION_BATCH),
            torch.split(held_labels, _VALIDATION_BATCH),
            strict=True,
        )
    )

    def batches() -> list[Batch]:
        order = torch.randperm(len(inputs), generator=generator)
        return [(inputs[some], labels[some]) for some in torch.split(order, _BATCH)]

    def member(number: int) -> list[nn.Linear]:
        with seeded(seed + number):
            model = perceptron(inputs.shape[1], recipe)
        fitted = fit(model, loss_of, batches, held, TrainSettings(recipe.epochs, 2e-3, 1e-3, None), SILENT)
        print(f"loss {fitted.best.loss:.4f}, held back {fitted.best.validation:.4f}", file=sys.stderr)
        return [layer for layer in model if isinstance(layer, nn.Linear)]

    layers = together([member(number) for number in range(recipe.members)])
    stored = {"mean": mean, "spread": spread.astype(np.float32)}
    if np.isfinite(recipe.limit):
        stored["limit"] = np.full(1, recipe.limit, np.float32)
    for number, (weights, biases) in enumerate(layers):
        stored[f"weights{number}"], stored[f"biases{number}"] = weights, biases
    return stored


def together(members: Sequence[Sequence[nn.Linear]]) -> list[tuple[Floats, Floats]]:
    """Return the weights and biases of one network whose outputs are the mean of those of several."""
    last = len(members[0]) - 1
    layers = []
    for place, parallel in enumerate(zip(*members, strict=True)):
        weights = [layer.weight.detach().numpy() for layer in parallel]
        biases = [layer.bias.detach().numpy() for layer in parallel]
        if place == last:
            mean = np.concatenate(weights, axis=1) / len(members), np.mean(biases, axis=0)
            layers.append((mean[0].astype(np.float32), mean[1].astype(np.float32)))
        else:
            whole = np.concatenate(weights) if place == 0 else block_diag(*weights).astype(np.float32)
            layers.append((whole, np.concatenate(biases)))
    return layers


def main() -> None:
    """Make the rows, train, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multimic/")
    parser.add_argument("--cache", type=Path, required=True, help="where rows are kept")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    recipe = RECIPES[asked.name]

    def rows(part: Part, count: int) -> tuple[Floats, Labels]:
        made = list(all_rows(asked.name, asked.data, asked.cache, part, count, 1, recipe.longest_s))
        return np.concatenate([one for one, _ in made]), np.concatenate([one for _, one in made])

    trained, held_back = recipe.performances
    save_file(train(recipe, rows("train", trained), rows("validation", held_back), asked.seed), asked.out)


if __name__ == "__main__":
    main()
