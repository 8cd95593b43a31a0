"""Learn a taste with the default recipe; made to run in a process of its own, see
`engine.core.processes.own_process`.

Arguments and results need no torch, so the calling process need not import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.core.progress import Progress


@dataclass(frozen=True, slots=True)
class TasteRequest:
    """Recordings to learn from, recipe, epochs, seed and output file."""

    edited: tuple[Path, ...]
    recipe: str
    epochs: int
    seed: int
    out: Path
    overwrite: bool


@dataclass(frozen=True, slots=True)
class TasteWritten:
    """Where the taste is, and how many epochs were trained."""

    path: Path
    epochs: int


def learn_taste_file(request: TasteRequest, progress: Progress) -> TasteWritten:
    """Learn from edited recordings and write a `.taste` file.

    Raises
    ------
    OffcutError, Cancelled : as `engine.features.taste.anomaly.learn.learn`
    """
    from engine.features.taste.anomaly.learn import LearnRequest, learn
    from engine.features.taste.anomaly.recipes.config import parse_config

    config = parse_config({"recipe": request.recipe, "epochs": request.epochs})
    asked = LearnRequest(request.edited, config, request.seed, request.out, request.overwrite)
    learned = learn(asked, progress)
    return TasteWritten(learned.path, learned.epochs)
