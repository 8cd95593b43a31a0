"""The mean of two trainings: `python -m engine.lab.training.mean_weights ONE OTHER OUT --share 0.75`.

If one training continued the other, weights between both often generalize better than either
(M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022), and costs nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import load_file, save_file

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown


def mean_weights(one: Path, other: Path, out: Path, share: float) -> None:
    """Write the interpolation of two sets of weights of the same network.

    Parameters
    ----------
    share : of the other, 0 to 1

    Raises
    ------
    UsageError : they are not of the same network, or the share is none
    """
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"A share of {share:g} is none: choose 0 to 1.")
    first, second = load_file(one), load_file(other)
    if {name: value.shape for name, value in first.items()} != {
        name: value.shape for name, value in second.items()
    }:
        raise UsageError(f"{shown(one)} and {shown(other)} are not of the same network.")
    means = {
        name: ((1.0 - share) * value.double() + share * second[name].double()).to(value.dtype).contiguous()
        for name, value in first.items()
    }
    save_file(means, out)


def main() -> None:
    """Write the mean of two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path, metavar="ONE")
    parser.add_argument("other", type=Path, metavar="OTHER")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--share", type=float, default=0.5, help="of the other")
    chosen = parser.parse_args()
    mean_weights(chosen.one, chosen.other, chosen.out, chosen.share)


if __name__ == "__main__":
    main()
