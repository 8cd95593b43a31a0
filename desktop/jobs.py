"""The jobs of the window: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.document.analysis import BeatGrid, Listening
from engine.document.state import DocumentState
from engine.progress import Progress
from widgets.chrome.learn_panel import LearnRequest

if TYPE_CHECKING:
    from engine.anomaly.learn import Learned
    from engine.edl.export import Exported
    from engine.jobs.listen import Heard


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What to write where."""

    state: DocumentState
    media: Mapping[str, Path]
    paths: tuple[Path, ...]
    overwrite: bool
    document_name: str
    grid: BeatGrid | None = None


def learn_taste(asked: LearnRequest, out: Path, overwrite: bool, progress: Progress) -> Learned:
    """Learn from edited recordings with the default recipe."""
    from engine.anomaly.config import LearnConfig
    from engine.anomaly.learn import LearnRequest as Learning
    from engine.anomaly.learn import learn

    edited = tuple(Path(path) for path in asked.edited)
    config = LearnConfig(epochs=asked.epochs)
    return learn(Learning(edited, config, asked.seed, out, overwrite), progress)


def listen_to(
    state: DocumentState,
    media: Mapping[str, Path],
    taste: Path | None,
    listening: Listening | None,
    progress: Progress,
) -> Heard:
    """Find beats and onsets and, with a taste, scores."""
    from engine.jobs.listen import ListenRequest, listen_to_document

    return listen_to_document(ListenRequest(state, media, taste, listening), progress)


def export_files(asked: ExportJob, progress: Progress) -> tuple[Exported, ...]:
    """Write every file asked for, stopping at the first that cannot be."""
    from engine.edl.export import ExportRequest, export

    return tuple(
        export(
            ExportRequest(
                asked.state, asked.media, path, asked.overwrite, asked.document_name, grid=asked.grid
            ),
            progress.step(number, len(asked.paths)),
        )
        for number, path in enumerate(asked.paths)
    )
