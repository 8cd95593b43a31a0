"""Scores of a whole document by a taste, with the most similar training passage for each moment."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from engine.anomaly.neighbours import NO_EXAMPLES, NO_NEAREST, PARTS, Nearest, part_frames
from engine.anomaly.score import measured_level_db, score_blocks
from engine.anomaly.taste import Taste, load_taste
from engine.document.analysis import Analysis, Listening, NearestReference
from engine.features.loudness import playing_level_db
from engine.progress import Progress
from engine.recordings.listen import ListenRequest, Scoring, mono_blocks
from engine.timebase import s_to_samples, s_to_samples_array


def scoring(path: Path) -> Scoring:
    """Return the function that scores a document by a taste.

    Raises
    ------
    TasteError : the taste cannot be read
    """
    return partial(_score, load_taste(path), path)


def _score(
    taste: Taste, path: Path, request: ListenRequest, listening: Listening | None, progress: Progress
) -> dict[str, Analysis]:
    state = request.state
    blocks, length = mono_blocks(request.state, request.media), state.length_samples
    if listening is not None:
        level_db = playing_level_db(listening.loudness_db)
    else:
        level_db = measured_level_db(
            mono_blocks(request.state, request.media), length, progress.part(0.0, 0.3)
        )
        progress = progress.part(0.3, 1.0)
    scores = score_blocks(taste, blocks, state.rate_hz, length, progress, level_db=level_db)
    curve = scores.curve(state.rate_hz, taste.maker)
    return {"score": curve, "nearest": _nearest_kept(taste, scores.nearest, path, state.rate_hz)}


def _nearest_kept(taste: Taste, nearest: Nearest | None, path: Path, rate_hz: int) -> NearestReference:
    """Return the nearest training examples in samples of the document; empty for a taste without examples."""
    hop_s = taste.config.mel.hop_samples / taste.config.mel.rate_hz
    kept = taste.kept or NO_EXAMPLES
    nearest = nearest or NO_NEAREST
    folder = path.absolute().parent
    return NearestReference(
        starts_samples=s_to_samples_array(nearest.frames * hop_s, rate_hz),
        length_samples=s_to_samples(PARTS * part_frames(taste.config.mel) * hop_s, rate_hz),
        recordings=kept.recording[nearest.kept],
        kept_starts_s=kept.frame[nearest.kept].astype(np.float64) * hop_s,
        distances=nearest.distances,
        paths=[str(folder / one.path) for one in kept.recordings],
        content_hashes=[one.content_hash for one in kept.recordings],
        durations_s=np.array([one.duration_s for one in kept.recordings], np.float64),
        maker=taste.maker,
    )
