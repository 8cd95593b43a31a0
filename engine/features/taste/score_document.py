"""Scores of a whole document by a taste, with the most similar training passage for each moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.analysis.signal.loudness import playing_level_db
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, s_to_samples_array
from engine.document.analysis import Analysis, Listening, NearestReference
from engine.document.document import analysis_id
from engine.document.edits.analyses import mix_inputs
from engine.features.taste.anomaly.neighbours import NO_EXAMPLES, NO_NEAREST, PARTS, Nearest, part_frames
from engine.features.taste.anomaly.score import score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
from engine.recordings.listen import mono_blocks


def score(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Score the unedited mix by the taste of a request, on the loudness that listening found.

    Raises
    ------
    SourceError, TasteError : a recording or the taste cannot be read
    """
    state, path, listening = request.state, request.taste, request.analyses["listening"]
    assert path is not None, "without a taste no scores are missing"
    assert isinstance(listening, Listening), "scores need it"
    taste, level_db = load_taste(path), playing_level_db(listening.loudness_db)
    blocks, length = mono_blocks(state, request.media), state.length_samples
    scores = score_blocks(taste, blocks, state.rate_hz, length, progress, level_db=level_db)
    found: dict[str, Analysis] = {
        "score": scores.curve(state.rate_hz, taste.maker),
        "nearest": _nearest_references(taste, scores.nearest, path, state.rate_hz),
    }
    sound = mix_inputs(state)
    return FoundAnalyses(found, {kind: analysis_id(kind, sound, one.maker) for kind, one in found.items()})


def _nearest_references(taste: Taste, nearest: Nearest | None, path: Path, rate_hz: int) -> NearestReference:
    """Return the nearest training examples in samples of the document; empty for a taste without examples."""
    hop_s = taste.config.mel.hop_samples / taste.config.mel.rate_hz
    references, nearest = taste.kept or NO_EXAMPLES, nearest or NO_NEAREST
    folder = path.absolute().parent
    return NearestReference(
        starts_samples=s_to_samples_array(nearest.frames * hop_s, rate_hz),
        length_samples=s_to_samples(PARTS * part_frames(taste.config.mel) * hop_s, rate_hz),
        recordings=references.recording[nearest.references],
        kept_starts_s=references.frame[nearest.references].astype(np.float64) * hop_s,
        distances=nearest.distances,
        paths=[str(folder / one.path) for one in references.recordings],
        content_hashes=[one.content_hash for one in references.recordings],
        durations_s=np.array([one.duration_s for one in references.recordings], np.float64),
        maker=taste.maker,
    )
