"""Weights of the recipe: a user's files, with metadata of their training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from engine.files.places import data_folder
from engine.learning.shipped import save_half
from engine.separation.film.network import FilmNetwork

NAME = "film-unet"
BEST = "best.safetensors"
TRAINING = "python -m engine.lab.training.separation.film"


@dataclass(frozen=True, slots=True)
class Trained:
    """Training metadata of weights.

    Attributes
    ----------
    width : channels of the first level
    words : name of `engine.separation.film.words.Words`
    """

    width: int
    words: str

    def save(self, network: FilmNetwork, path: Path) -> None:
        """Write the weights at half precision, with their metadata."""
        save_half(network, path, {"recipe": NAME, "width": str(self.width), "words": self.words})


def trained_as(path: Path) -> Trained | None:
    """Return the training metadata of the weights in a file; None if it has none of this recipe."""
    try:
        with safe_open(path, "pt") as stored:
            about = stored.metadata() or {}
    except (OSError, SafetensorError):
        return None
    if about.get("recipe") != NAME:
        return None
    return Trained(int(about["width"]), about["words"])


def weights_folder(*, is_baseline: bool = False) -> Path:
    """Return where the training leaves the weights, and the separator looks for them."""
    return data_folder("separators") / (f"{NAME}-baseline" if is_baseline else NAME)
