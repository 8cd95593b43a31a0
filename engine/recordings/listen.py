"""Listening to a whole document: its pulse and onsets once, its scores whenever the taste changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
from numpy.typing import NDArray

from engine.beats.listen import PassResult, listen
from engine.beats.songs import Song
from engine.beats.tapped import follow_taps
from engine.beats.traces import trace
from engine.document.analysis import Analysis, BeatGrid, Listening
from engine.document.document import analysis_id
from engine.document.grid.edits import is_edited
from engine.document.listening_ids import LISTENING_MAKER, listening_ids, mix_inputs
from engine.document.state import DocumentState
from engine.edl.build import whole
from engine.edl.render import Renderer
from engine.progress import Progress
from engine.recordings.checked_mix import CheckedMix

_BLOCK_FRAMES = 65_536
_SCORING = "engine.taste.score_document:scoring"
"""Returns a `Scoring` for the path of a taste; named, since features know recordings and not the reverse."""


@dataclass(frozen=True, slots=True)
class ListenRequest:
    """An analysis request.

    Attributes
    ----------
    state, media : the document as it is, and where its sources are read
    taste : the taste to score with, or None to find beats and onsets only
    listening : the stored analysis of the document
    """

    state: DocumentState
    media: Mapping[str, Path]
    taste: Path | None = None
    listening: Listening | None = None


@dataclass(frozen=True, slots=True)
class FoundAnalyses:
    """New analyses by kind, and their ids; analyses already stored are left out.

    Attributes
    ----------
    songs : the songs with the probability of each way to count them; empty if the beats were already stored
    """

    analyses: Mapping[str, Analysis]
    ids: Mapping[str, str]
    songs: tuple[Song, ...] = ()


Scoring = Callable[[ListenRequest, Listening | None, Progress], Mapping[str, Analysis]]
"""Computes the analyses of a document by a taste, by kind; its stored loudness is not measured again."""


def listen_to_document(request: ListenRequest, progress: Progress) -> FoundAnalyses:
    """Find the beat grid, onsets and loudness of a document and, with a taste, its scores.

    Stored analyses of the same recordings are reused.

    Raises
    ------
    SourceError : a recording cannot be read
    TasteError : the taste cannot be read
    """
    state = request.state
    wanted = listening_ids(state)
    # An edited grid stays active, so the onsets show whether this audio was already analysed.
    is_of_before = request.listening is not None and request.listening.maker != LISTENING_MAKER
    needs_listening = (
        is_of_before
        or state.analyses.get("listening") != wanted["listening"]
        or (not is_edited(state) and state.analyses.get("beats") != wanted["beats"])
    )
    score: Scoring | None = None
    if request.taste is not None:
        score = resolve_name(_SCORING)(request.taste)  # an invalid taste is reported at once
    split = 0.5 if needs_listening and score is not None else float(needs_listening)
    found: dict[str, Analysis] = {}
    ids: dict[str, str] = {}
    listening = request.listening
    songs: tuple[Song, ...] = ()
    if needs_listening:
        heard = _hear(request, progress.part(0.0, split))
        listening, songs = heard.listening, heard.songs
        found |= {"beats": heard.grid, "listening": listening}
        ids |= wanted
    if score is not None:
        scored = score(request, listening, progress.part(split, 1.0))
        found |= scored
        sound = mix_inputs(state)
        ids |= {kind: analysis_id(kind, sound, analysis.maker) for kind, analysis in scored.items()}
    return FoundAnalyses(found, ids, songs)


def _hear(request: ListenRequest, progress: Progress) -> PassResult:
    state = request.state
    with CheckedMix(state, request.media) as mix:
        heard = listen(mix.mono_blocks(), state.rate_hz, state.length_samples, progress)
        return replace(heard, listening=replace(heard.listening, **mix.faults()))


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
