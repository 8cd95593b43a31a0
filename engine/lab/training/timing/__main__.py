"""Train every network with every channel and seed, for the comparison of aligners.

``python -m engine.lab.training.timing --data DIR --out DIR [--device cuda] [--at-once 8]``

Performances are made once and stored in the folder. Networks of an earlier run are not trained again, so that
an interrupted run resumes. `offcut evaluate timing networks` compares the results.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from engine.lab.training.timing.fitting import RENDERED_SETTINGS, SETTINGS
from engine.lab.training.timing.runs import every_network, run_of, store


def main() -> None:
    """Make the performances, and train the missing networks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds multimic/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--inputs", choices=("symbolic", "audio"), default="symbolic")
    parser.add_argument("--performances", type=int, default=3_000)
    parser.add_argument("--held-back", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="fewer, to try it out")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--at-once", type=int, default=1, help="trainings that share the device")
    options = parser.parse_args()
    has_audio = options.inputs == "audio"
    folder = options.out / options.inputs
    with ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn")) as pool:
        store(options.data, has_audio, "validation", options.held_back, folder / "validation", pool)
        store(options.data, has_audio, "train", options.performances, folder / "train", pool)
    settings = RENDERED_SETTINGS if has_audio else SETTINGS
    if options.epochs:
        settings = replace(settings, epochs=options.epochs)
    missing = [
        one
        for one in every_network(options.inputs, options.seeds)
        if not (options.out / f"{one.name}.safetensors").exists()
    ]
    with ProcessPoolExecutor(options.at_once, get_context("spawn")) as pool:
        runs = [pool.submit(run_of, one, options.out, settings, options.device) for one in missing]
        for done in as_completed(runs):
            print(json.dumps(done.result()), file=sys.stdout, flush=True)


if __name__ == "__main__":
    main()
