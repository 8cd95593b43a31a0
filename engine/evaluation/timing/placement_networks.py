"""The learned rows of the table of alignment: networks trained by several seeds, each beside its decoder.

``python -m engine.evaluation.timing.placement_networks --data DIR --results F.jsonl`` trains what is not in
the results yet and goes on from there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np

from engine.alignment.learned.networks import NETWORKS
from engine.alignment.learned.placing import by_network
from engine.alignment.learned.training import Example, train
from engine.alignment.placement import Aligner
from engine.evaluation.performances.parts import Part, takes
from engine.evaluation.performances.symbolic import (
    TYPICAL_ERRORS,
    FinderErrors,
    Symbolic,
    symbolic,
    told,
)
from engine.evaluation.timing.alignment import DISPLACEMENTS
from engine.evaluation.timing.placement_scores import PlacementScore, placement_score, together

_TRAINED_ON, _HELD_BACK, _TESTED_ON = 300, 10, 12
_TRUE_HITS = FinderErrors(is_grouped=True)


def examples(data_dir: Path, part: Part, count: int, seed: int) -> list[Example]:
    """Return performances to learn from: half as they are, half as a finder of hits tells of them."""
    ideal = symbolic(data_dir, part, count // 2, 2 * seed, errors=FinderErrors(timing_ms=0.1))
    heard = symbolic(data_dir, part, count - count // 2, 2 * seed + 1, errors=TYPICAL_ERRORS)
    return [Example(one.hits, one.lines, one.truth, one.rows) for one in (*ideal, *heard)]


def rows(data_dir: Path, seeds: int, done: frozenset[tuple[str, int]]) -> Iterator[list[dict[str, object]]]:
    """Yield a line for each displacement, of each network that is not done yet."""
    training = examples(data_dir, "train", _TRAINED_ON, 0)
    held_back = examples(data_dir, "validation", _HELD_BACK, 0)
    tested = {name: _tested(data_dir, name) for name in DISPLACEMENTS}
    for seed in range(seeds):
        for network in NETWORKS:
            for positional in (True, False):
                row = network if positional else f"{network} without positions"
                if (row, seed) in done:
                    continue
                started_s = process_time()
                align = by_network(train(network, positional, training, held_back, seed))
                spent_s = process_time() - started_s
                own: dict[str, object] = {"row": row, "seed": seed, "trained_s": spent_s}
                yield [
                    {**own, "displacement": name, **together([_score(align, one) for one in them]).figures()}
                    for name, them in tested.items()
                ]


def _tested(data_dir: Path, displacement: str) -> list[Symbolic]:
    played = takes(data_dir, "test", _TESTED_ON, 0, DISPLACEMENTS[displacement])
    return [told(take, _TRUE_HITS, np.random.default_rng(take.seed)) for take in played]


def _score(align: Aligner, one: Symbolic) -> PlacementScore:
    return placement_score(one.truth, one.hits, one.rows, align(one.hits, one.lines), one.lines)


def main() -> None:
    """Train and measure what is missing in the results, a line each."""
    parser = argparse.ArgumentParser(description="Train the networks that place strokes, and measure them.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--results", type=Path, required=True, metavar="F.jsonl")
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    options = parser.parse_args()
    lines = options.results.read_text("utf-8").splitlines() if options.results.exists() else []
    known = [json.loads(line) for line in lines]
    done = frozenset((line["row"], line["seed"]) for line in known)
    with options.results.open("a", encoding="utf-8") as results:
        for some in rows(options.data, options.seeds, done):
            results.write("".join(json.dumps(line) + "\n" for line in some))
            results.flush()


if __name__ == "__main__":
    main()
