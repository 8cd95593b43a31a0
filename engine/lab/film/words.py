"""Text encoders of the recipe: CLAP if available, Offcut's own vectors, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.clap import ClapText, has_clap_text, load_clap_text
from engine.analysis.embeddings.registry import clap_folder
from engine.analysis.sound_names.prompts import SIZE, text_encoder
from engine.core.errors import UsageError
from engine.sound.reader import content_hash

Floats = NDArray[np.float32]
OWN, NONE = "own", "none"
_DIGITS = 12


class Words(Protocol):
    """Encodes names of sounds.

    Attributes
    ----------
    name : stored with the weights that were trained on it
    size : numbers of a vector
    title : as messages call it
    """

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def title(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return vectors of length 1, shape (texts, size)."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The text encoder that comes with Offcut."""

    name: str = OWN
    size: int = SIZE
    title: str = "own words"

    def encode(self, texts: Sequence[str]) -> Floats:
        """See `Words.encode`."""
        return np.stack([text_encoder().encode(text) for text in texts])


@dataclass(frozen=True, slots=True)
class NoWords:
    """The text-agnostic baseline: the prompt is ignored."""

    name: str = NONE
    size: int = 0
    title: str = "text-agnostic"

    def encode(self, texts: Sequence[str]) -> Floats:
        """See `Words.encode`."""
        return np.zeros((len(texts), 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ClapWords:
    """The text half of the checkpoint of CLAP that the user added."""

    text: ClapText
    name: str
    title: str = "words by CLAP"

    @property
    def size(self) -> int:
        """Numbers of a vector, 512 of the published checkpoint."""
        return int(self.text.model.config.projection_dim)

    def encode(self, texts: Sequence[str]) -> Floats:
        """See `Words.encode`."""
        return self.text.encode(texts)


def words_here() -> Words:
    """Return CLAP where its text half is here, else the encoder that comes with Offcut.

    Raises
    ------
    UsageError : the checkpoint is damaged
    """
    folder = clap_folder()
    return _clap_words(folder, _clap_name(folder)) if has_clap_text(folder) else OwnWords()


def words_named(name: str) -> Words:
    """Return the words that weights were trained on.

    Raises
    ------
    UsageError : this checkpoint of CLAP is not here, or damaged
    """
    for words in (OwnWords(), NoWords()):
        if words.name == name:
            return words
    folder = clap_folder()
    if not has_clap_text(folder) or _clap_name(folder) != name:
        raise UsageError(
            f"These weights of film-unet were trained on words by CLAP ({name}), which is not here: "
            "fetch it with 'offcut embeddings download', or train them again."
        )
    return _clap_words(folder, name)


def _clap_name(folder: Path) -> str:
    weights = folder / "model.safetensors"
    return _named(weights, weights.stat().st_mtime_ns)


@cache
def _named(weights: Path, _changed_ns: int) -> str:
    """Return a name by content; hashing 600 MB takes a second, so that it is remembered."""
    return f"clap-{content_hash(weights)[:_DIGITS]}"


@cache
def _clap_words(folder: Path, name: str) -> ClapWords:
    return ClapWords(load_clap_text(folder), name)
