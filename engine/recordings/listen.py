"""Listening to a whole document: its pulse and onsets once, its scores whenever the taste changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.listen import listen
from engine.analysis.beats.tapped import follow_taps
from engine.analysis.beats.traces import trace
from engine.core.progress import Progress
from engine.document.analysis import BeatGrid
from engine.document.listening_ids import listening_ids
from engine.document.state import DocumentState
from engine.recordings.analyses import ANALYSES, AnalysisRequest, FoundAnalyses, analysed, missing_analyses
from engine.recordings.checked_mix import _BLOCK_FRAMES, CheckedMix
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer

_LOAD_TASTE = "engine.features.taste.anomaly.taste:load_taste"
"""Named, since features know recordings and not the reverse."""


def listen_to_document(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Find the beat grid, onsets and loudness of a document, scores by a taste, and curves of packages.

    Stored analyses of the same recordings are reused, except scores. An analysis of a package that needs
    others than these is computed once a finder needs it; one that fails is left out with a notice.

    Raises
    ------
    SourceError : a recording cannot be read
    TasteError : the taste cannot be read
    """
    names = ["listening"]
    if request.taste is not None:
        if missing_analyses(request, names):  # an invalid taste is reported before minutes of listening
            resolve_name(_LOAD_TASTE)(request.taste)
        names.append("score")
    names += [name for name, one in ANALYSES.added.items() if set(one.needs) <= set(names)]
    missing = missing_analyses(request, names)
    wanted = [name for name in names if name in missing or name == "score"]
    return analysed(request, wanted, progress, leaves_out=True)


def find_beats_and_onsets(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Find the beat grid, onsets, loudness and faults of the unedited mix.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    state = request.state
    with CheckedMix(state, request.media) as mix:
        made = listen(mix.mono_blocks(), state.rate_hz, state.length_samples, progress)
        listening = replace(made.listening, **mix.faults())
    return FoundAnalyses({"beats": made.grid, "listening": listening}, listening_ids(state), made.songs)


@dataclass(frozen=True, slots=True, eq=False)
class TapsRequest:
    """Taps that lead the beats of a document.

    Attributes
    ----------
    taps_samples : float64, shape (n,), ascending positions
    """

    state: DocumentState
    media: Mapping[str, Path]
    taps_samples: NDArray[np.float64]


def follow_taps_in_document(request: TapsRequest, progress: Progress) -> BeatGrid | None:
    """Find the beats of a document in the tempo of taps; None without a pulse in it.

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    state = request.state
    blocks = mono_blocks(state, request.media)
    traces = trace(blocks, state.rate_hz, state.length_samples, progress.part(0.0, 0.8))
    return follow_taps(traces, request.taps_samples, progress.part(0.8, 1.0))


def mono_blocks(state: DocumentState, media: Mapping[str, Path]) -> Iterator[NDArray[np.float32]]:
    """Yield the unedited mix, folded to mono, in blocks of shape (n,) at the document's rate."""
    with Renderer(state, whole(state), media) as renderer:
        for block in renderer.blocks(_BLOCK_FRAMES):
            yield block.mean(axis=1, dtype=np.float32)
