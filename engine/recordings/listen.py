"""Listening to a whole document: its pulse and onsets once, its scores whenever the taste changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.neighbours import NO_EXAMPLES, NO_NEAREST, PARTS, Nearest, part_frames
from engine.anomaly.score import measured_level_db, score_blocks
from engine.anomaly.taste import Taste, load_taste
from engine.beats.listen import PassResult, listen
from engine.beats.songs import Song
from engine.beats.tapped import follow_taps
from engine.beats.traces import trace
from engine.document.analysis import Analysis, BeatGrid, Listening, NearestReference
from engine.document.document import analysis_id
from engine.document.grid.edits import is_edited
from engine.document.listening_ids import LISTENING_MAKER, listening_ids, mix_inputs
from engine.document.state import DocumentState
from engine.edl.build import whole
from engine.edl.render import Renderer
from engine.features.loudness import playing_level_db
from engine.progress import Progress
from engine.recordings.checked_mix import CheckedMix
from engine.timebase import s_to_samples, s_to_samples_array

_BLOCK_FRAMES = 65_536


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
    path, score = request.taste, None
    if path is not None:
        score = partial(_score, request, load_taste(path), path)  # an invalid taste is reported at once
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
        scored = score(listening, progress.part(split, 1.0))
        found |= scored
        sound = mix_inputs(state)
        ids |= {kind: analysis_id(kind, sound, analysis.maker) for kind, analysis in scored.items()}
    return FoundAnalyses(found, ids, songs)


def _hear(request: ListenRequest, progress: Progress) -> PassResult:
    state = request.state
    with CheckedMix(state, request.media) as mix:
        heard = listen(mix.mono_blocks(), state.rate_hz, state.length_samples, progress)
        return replace(heard, listening=replace(heard.listening, **mix.faults()))


def _score(
    request: ListenRequest, taste: Taste, path: Path, listening: Listening | None, progress: Progress
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
