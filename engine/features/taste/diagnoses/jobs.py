"""Diagnose a taste, or the recordings it is to be learned from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.document.state import DocumentState
from engine.features.taste.diagnoses.findings import Finding, Symptoms


@dataclass(frozen=True, slots=True, eq=False)
class SymptomsRequest:
    """A taste and its scores of a document.

    Attributes
    ----------
    state, media : the document, and where its sources are read
    scores : of the document with the taste, shape (n,)
    distances : of its segments from the nearest training segment, shape (m,); None if the taste stores none
    """

    state: DocumentState
    media: Mapping[str, Path]
    taste: Path
    scores: NDArray[np.float32]
    distances: NDArray[np.float32] | None


def check_recordings(
    edited: tuple[Path, ...], raw: tuple[Path, ...], progress: Progress
) -> tuple[Finding, ...]:
    """Look for problems that make learning from recordings poor.

    Raises
    ------
    SourceError : one cannot be read
    """
    from engine.features.taste.anomaly.recipes.recipe import Examples
    from engine.features.taste.diagnoses.material import check_material

    return check_material(Examples(edited, raw), progress)


def find_symptoms(request: SymptomsRequest, progress: Progress) -> Symptoms:
    """Measure a taste on the unedited mix of a document.

    Raises
    ------
    SourceError, TasteError : a recording or the taste cannot be read
    """
    from engine.analysis.signal.stft import log_mel_blocks
    from engine.analysis.signal.streams import resampled
    from engine.features.taste.anomaly.taste import load_taste
    from engine.features.taste.diagnoses.material import examine, segments_of, typical_spectrum_db
    from engine.recordings.listen import mono_blocks

    taste = load_taste(request.taste)
    mel, state = taste.config.mel, request.state
    mono = resampled(mono_blocks(state, request.media), state.rate_hz, mel.rate_hz)
    segments = segments_of(_watched(log_mel_blocks(mono, mel), progress), mel)
    spectrum_db = typical_spectrum_db(segments, mel) if len(segments) else None
    return examine(taste, request.scores, request.distances, spectrum_db, progress)


def _watched(blocks: Iterable[NDArray[np.float32]], progress: Progress) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        progress.check_cancelled()
        yield block
