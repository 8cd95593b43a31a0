"""The interface of embeddings, and every embedding by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.sound_statistics import SoundStatistics
from engine.core.errors import TasteError, UsageError
from engine.core.extensions import Extended, require_factory
from engine.core.extensions.names import Extension
from engine.core.files.places import data_folder
from engine.core.wording import quoted


@runtime_checkable
class Embedder(Protocol):
    """Turns windows of sound into vectors of one size."""

    @property
    def name(self) -> str:
        """Which embedding in which version: caches and models of different ones never mix."""

    @property
    def rate_hz(self) -> int:
        """The rate of the samples it takes."""

    @property
    def size(self) -> int:
        """How many numbers a vector has."""

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors, shape (n, size).

        Parameters
        ----------
        windows : mono, shape (n, samples), of any one length of a second or more

        Raises
        ------
        UsageError : the windows are too short for it
        """


DEFAULT = "statistics"
CLAP = "clap"


def default_embedder() -> Embedder:
    """Return the embedding that needs no download."""
    return SoundStatistics()


def embedder(name: str) -> Embedder:
    """Return an embedding by name, ready to embed.

    Parameters
    ----------
    name : of `EMBEDDINGS`, or the path of a folder that holds a CLAP checkpoint

    Raises
    ------
    UsageError : the name is unknown, or the embedding is not installed
    """
    made = EMBEDDINGS.get(name)
    if made is not None:
        return made()
    folder = Path(name)
    if not os.path.isdir(folder):  # noqa: PTH112 - a name that no folder can have is none, without an error
        raise UsageError(
            f"There is no embedding {quoted(name)}: "
            f"choose {', '.join(EMBEDDINGS)} or a folder that holds CLAP."
        )
    return _clap(folder)


def the_same(name: str, learned_with: str) -> Embedder:
    """Return an embedding by name, for a taste that was learned with it.

    Parameters
    ----------
    learned_with : name of the embedding at the time

    Raises
    ------
    UsageError : see `embedder`
    TasteError : it is another version or another checkpoint
    """
    found = embedder(name)
    if found.name != learned_with:
        raise TasteError(
            f"This taste was learned on the embedding {quoted(learned_with)[1:-1]}, "
            f"here is {found.name}: learn it again."
        )
    return found


def clap_folder() -> Path:
    """Return the folder of the CLAP checkpoint; it exists after the installation."""
    return data_folder("embeddings") / CLAP


def _clap_added() -> Embedder:
    if not clap_folder().is_dir():
        raise UsageError(
            "The embedding 'clap' is not here yet: 'offcut embeddings download' fetches it once, or "
            "'offcut embeddings add FOLDER' takes it from a folder."
        )
    return _clap(clap_folder())


def _clap(folder: Path) -> Embedder:
    from engine.analysis.embeddings.clap import load_clap

    return load_clap(folder)


def _added(extension: Extension, made: object) -> Callable[[], Embedder]:
    """Return the factory of an embedding of another package, with a check of its name."""
    make = require_factory(extension, made, Embedder)  # type: ignore[type-abstract]

    def make_named() -> Embedder:
        one = make()
        if not one.name.startswith(extension.name):
            raise UsageError(
                f"{extension.words} calls itself {quoted(one.name)}: its name must begin with that, since "
                "stored embeddings are found by it."
            )
        return one

    return make_named


EMBEDDINGS: Extended[Callable[[], Embedder]] = Extended(
    "offcut.embeddings", {DEFAULT: default_embedder, CLAP: _clap_added}, _added
)
