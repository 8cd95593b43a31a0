"""Weights of the recipe: a user's files, with metadata of their training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.analysis.learning.loop import metadata_of
from engine.core.files.places import data_folder
from engine.features.repair.separation.settings import FILM
from engine.lab.film.network import FilmNetwork
from engine.lab.half_precision import save_half

BEST = "best.safetensors"
TRAINING = "python -m engine.lab.training.separation.film"


@dataclass(frozen=True, slots=True)
class Trained:
    """Training metadata of weights.

    Attributes
    ----------
    width : channels of the first level
    words : name of `engine.lab.film.words.Words`
    """

    width: int
    words: str

    def save(self, network: FilmNetwork, path: Path) -> None:
        """Write the weights at half precision, with their metadata."""
        save_half(network, path, {"recipe": FILM, "width": str(self.width), "words": self.words})


def trained_as(path: Path) -> Trained | None:
    """Return the training metadata of the weights in a file; None if it has none of this recipe."""
    about = metadata_of(path)
    if about.get("recipe") != FILM:
        return None
    return Trained(int(about["width"]), about["words"])


def weights_folder(*, is_baseline: bool = False) -> Path:
    """Return where the training leaves the weights, and the separator looks for them."""
    return data_folder("separators") / (f"{FILM}-baseline" if is_baseline else FILM)
