"""The jobs of the window: plain functions for a worker, importing the models only when they run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.document.analysis import Listening
from engine.document.state import DocumentState
from engine.progress import Progress
from widgets.chrome.learn_panel import LearnRequest

if TYPE_CHECKING:
    from engine.anomaly.learn import Learned
    from engine.edl.export import Exported, ExportRequest
    from engine.jobs.listen import Heard


def learn_taste(asked: LearnRequest, out: Path, overwrite: bool, progress: Progress) -> Learned:
    """Learn from edited recordings with the default recipe."""
    from engine.anomaly.config import default_config
    from engine.anomaly.learn import LearnRequest as Learning
    from engine.anomaly.learn import learn

    edited = tuple(Path(path) for path in asked.edited)
    config = default_config().model_copy(update={"epochs": asked.epochs})
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


def export_files(
    requests: tuple[ExportRequest, ...], written: list[Exported], progress: Progress
) -> tuple[Exported, ...]:
    """Write every file asked for; `written` grows by each that is done."""
    from engine.edl.export.plan import export_all

    return export_all(requests, progress, written)
