"""Learn how editors go on: ``python -m engine.lab.training.arranging.train DATA OUT [--steps N]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.analysis.learning.loop import few_threads
from engine.features.arrangement.network import ArrangingNetwork, Read, StepTensors, group_loss, tensors_of
from engine.features.arrangement.step_features import SPECTRUM
from engine.lab.half_precision import save_half
from engine.lab.training.arranging.editors import seen_editor
from engine.lab.training.arranging.free_music import free_faults, free_pool
from engine.lab.training.arranging.rehearsals import Rehearsal, end_to_end, kept
from engine.lab.training.resumable import Resumable, falling_rate

WEIGHTS = "arranging.safetensors"
SEEDS, SEEDS_VARIED = range(1000, 1160), range(1160, 1340)
"""Of rehearsals made of recordings as they are, and at other speeds and through other equalisers."""
_RATE, _DECAY, _AVERAGING, _MOST_GRADIENT = 2e-3, 1e-2, 0.998, 1.0
_GROUP, _GROUPS = 4, 1
_COUNTS, _COUNT_SHARES = (1, 2, 4, 8, 16), (0.7, 0.12, 0.1, 0.06, 0.02)
"""Number of rehearsals joined to one recording, half a minute to an hour and a half."""
_NOISE, _COLOUR = 0.05, 0.15
_WITHOUT_SHARE = 0.06
_SAVED_EVERY = 50


def train(
    rehearsals: Sequence[Rehearsal], out: Path, *, seed: int, steps: int, saved_every: int = _SAVED_EVERY
) -> None:
    """Train the network on made editors, and go on where a training in `out` was stopped.

    Each step draws editors; each edits a few rehearsals, and each of these is learned with none to three of
    the others as examples.

    Parameters
    ----------
    saved_every : steps between checkpoints
    """
    out.mkdir(parents=True, exist_ok=True)
    training = Resumable(
        ArrangingNetwork, seed=seed, learning_rate=_RATE, weight_decay=_DECAY, averaging=_AVERAGING
    )
    training.resume(out)
    began = time.monotonic()
    losses: list[float] = []
    for step in range(len(training.history) * saved_every, steps):
        rng = np.random.default_rng([seed, step])
        training.network.train()
        groups = [_group(training.network, rehearsals, rng) for _ in range(_GROUPS)]
        loss = torch.stack(groups).mean()
        training.step(loss, falling_rate(_RATE, step, steps, 50), step, _MOST_GRADIENT)
        losses.append(float(loss.detach()))
        if (step + 1) % saved_every == 0:
            row = {"step": step + 1, "loss": float(np.mean(losses)), "seconds": time.monotonic() - began}
            training.history.append(dict(row))
            training.save(out, save_half, WEIGHTS)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            losses = []


def _group(
    network: ArrangingNetwork,
    rehearsals: Sequence[Rehearsal],
    rng: np.random.Generator,
) -> Tensor:
    """Return the loss of some rehearsals that one editor edited."""
    editor = seen_editor(rng)
    chosen = _drawn(rehearsals, rng)
    orders = [editor.order(one, rng) for one in chosen]
    examples = []
    for number in range(len(chosen)):
        others = [other for other in range(len(chosen)) if other != number]
        given = int(rng.choice(4, p=[0.15, 0.2, 0.2, 0.45]))
        examples.append(rng.permutation(others)[:given].tolist())
    read = [
        Read.of(network, _varied(tensors_of(one.heard), rng), order)
        for one, order in zip(chosen, orders, strict=True)
    ]
    return group_loss(network, read, examples)


def _drawn(rehearsals: Sequence[Rehearsal], rng: np.random.Generator) -> list[Rehearsal]:
    """Return recordings that share nothing, each a rehearsal, or several one after another.

    The length of a recording must not reveal its end.
    """
    counts = rng.choice(_COUNTS, _GROUP, p=_COUNT_SHARES)
    order = rng.permutation(len(rehearsals))[: counts.sum()]
    parts = np.split(order, np.cumsum(counts)[:-1])
    return [end_to_end([rehearsals[number] for number in part]) for part in parts if len(part)]


def _varied(one: StepTensors, rng: np.random.Generator) -> StepTensors:
    """Return slightly changed features of a recording, so that its sound does not identify it."""
    steps, columns = one.features.shape
    spread = np.zeros(columns, np.float32)
    spread[SPECTRUM] = rng.normal(0.0, _COLOUR, SPECTRUM.stop - SPECTRUM.start)
    noise = rng.standard_normal((steps, columns)).astype(np.float32) * _NOISE
    is_heard = (rng.random(columns) >= _WITHOUT_SHARE).astype(np.float32)
    features = (one.features + torch.from_numpy(spread + noise)) * torch.from_numpy(is_heard)
    return StepTensors(features, one.earlier, one.later)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the rehearsals, once, and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rehearsals", type=Path, help="where made rehearsals are kept; in OUT unless told")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    pool = free_pool(options.data, options.out / "music")
    clips = free_faults(options.data)
    folder = options.rehearsals or options.out / "rehearsals"
    rehearsals = [*kept(folder, SEEDS, pool, clips), *kept(folder, SEEDS_VARIED, pool, clips, is_varied=True)]
    with few_threads():
        train(rehearsals, options.out, seed=options.seed, steps=options.steps)


if __name__ == "__main__":
    main()
