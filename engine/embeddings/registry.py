"""Every embedding by its name."""

from __future__ import annotations

from engine.embeddings.embedder import Embedder
from engine.embeddings.sound_statistics import SoundStatistics
from engine.errors import UsageError

DEFAULT = "statistics"
EMBEDDINGS = (DEFAULT,)


def default_embedder() -> Embedder:
    """Return the embedding that needs no download."""
    return SoundStatistics()


def embedder(name: str) -> Embedder:
    """Return an embedding by name.

    Raises
    ------
    UsageError : there is none of that name
    """
    if name == DEFAULT:
        return default_embedder()
    raise UsageError(f"There is no embedding {name!r}: choose {' or '.join(EMBEDDINGS)}.")
