"""Jobs of the Taste page: facts of a taste, its scores, and its reconstruction of a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.mel import log_mel_blocks
from engine.analysis.signal.mel_settings import MelSettings
from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.features.taste.anomaly.neighbours import (
    NO_EXAMPLES,
    PARTS,
    Embeddings,
    Nearest,
    embedded_stretches,
    part_frames,
)
from engine.features.taste.anomaly.recipes.recipe import Reconstructs
from engine.features.taste.anomaly.score import measured_level_db, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.features.taste.overview.comparison import compare
from engine.features.taste.overview.facts import facts_of
from engine.features.taste.overview.plane import principal_plane
from engine.features.taste.overview.results import (
    Comparison,
    LearnedFrom,
    Moment,
    NearestStretches,
    Origin,
    ScoredRecording,
    SegmentMap,
    TasteFacts,
)
from engine.features.taste.requests import Asked, ReferencesScored, Survey, SurveyRequest
from engine.features.taste.sounds import DocumentSound, FileSound, OpenSound, Sound, opened
from engine.review.part_wording import part_wording

MAP_HOP_S = 0.5
MOST_MAPPED = 20_000
"""More stretches than this are thinned out evenly; a picture has no room for more."""

MOMENT_S = 6.0
"""Length shown around a moment: a bar or two, in which single hits are still distinct."""

_DOCUMENT_NAME = "This recording"
_LEVEL_SHARE = 0.15
_SCORING_SHARE = 0.8


def look_at(path: Path, progress: Progress) -> TasteFacts:
    """Read the facts of a taste.

    Raises
    ------
    TasteError : it cannot be read
    """
    progress.report(0.0, f"Reading {path.name}")
    return facts_of(load_taste(path), path)


def score_sound(taste_path: Path, sound: Sound, origin: Origin, progress: Progress) -> ScoredRecording:
    """Score one recording.

    Raises
    ------
    TasteError, SourceError : the taste or the recording cannot be read
    """
    return _scored(load_taste(taste_path), taste_path, sound, origin, progress)


def score_references(
    taste_path: Path, recordings: Iterable[LearnedFrom], folders: tuple[Path, ...], progress: Progress
) -> ReferencesScored:
    """Score the training recordings of a taste; a missing one is reported, not raised.

    Raises
    ------
    TasteError : the taste cannot be read
    """
    taste = load_taste(taste_path)
    listed = tuple(recordings)
    total_s = max(sum(one.duration_s for one in listed), 1e-9)
    scored, missing, done_s = [], [], 0.0
    for one in listed:
        share = progress.part(done_s / total_s, (done_s + one.duration_s) / total_s)
        sound = FileSound(one.path, one.content_hash, folders)
        try:
            scored.append(replace(_scored(taste, taste_path, sound, Origin.KEPT, share), name=one.name))
        except SourceError as error:
            missing.append(str(error))
        done_s += one.duration_s
    return ReferencesScored(tuple(scored), tuple(missing))


def survey(request: SurveyRequest, progress: Progress) -> Survey:
    """Score the unscored recordings, and place everything on one plane.

    Raises
    ------
    TasteError : the taste cannot be read
    """
    scoring = progress.part(0.0, _SCORING_SHARE)
    kept, share = request.kept, scoring
    if kept is None:
        share = scoring.part(0.5, 1.0)
        kept = score_references(request.taste, request.learned_from, request.folders, scoring.part(0.0, 0.5))
    found: list[Asked] = []
    warnings: list[str] = []
    for number, other in enumerate(request.others):
        step = share.step(number, len(request.others))
        try:
            scored = other.scored or score_sound(request.taste, other.sound, other.origin, step)
        except SourceError as error:
            warnings.append(str(error))
        else:
            found.append(replace(other, scored=scored))
    shown = map_stretches(request.taste, kept.recordings, tuple(found), progress.part(_SCORING_SHARE, 1.0))
    others = tuple(one.scored for one in found if one.scored is not None)
    return Survey(kept, others, shown, tuple(warnings))


def map_stretches(
    taste_path: Path, kept: tuple[ScoredRecording, ...], others: tuple[Asked, ...], progress: Progress
) -> SegmentMap:
    """Place the training segments of a taste and other scored recordings on one plane.

    Raises
    ------
    TasteError, SourceError : the taste or a recording cannot be read
    """
    taste = load_taste(taste_path)
    mapped = [(other.sound, other.scored) for other in others if other.scored is not None]
    embeddings, recording, starts_s = _kept_stretches(taste)
    listed = () if taste.kept is None else taste.kept.recordings
    folder = taste_path.absolute().parent
    keys: list[tuple[str, Origin]] = [(str(folder / one.path), Origin.KEPT) for one in listed]
    known = {one.key: one for one in (*kept, *(scored for _sound, scored in mapped))}
    hop_s = max(MAP_HOP_S, sum(scored.duration_s for _sound, scored in mapped) / MOST_MAPPED)
    all_of_them, of_which, begins_s = [embeddings], [recording], [starts_s]
    for number, (sound, scored) in enumerate(mapped):
        found, at_s = embedded(
            taste.config.mel, sound, hop_s, progress.part(0.0, 0.9).step(number, len(mapped))
        )
        all_of_them.append(found)
        of_which.append(np.full(len(found), len(keys), np.int32))
        begins_s.append(at_s)
        keys.append((scored.key, scored.origin))
    progress.report(0.9, "Drawing the map")
    plane = principal_plane(np.concatenate(all_of_them))
    return _map(
        taste, plane.points, np.concatenate(of_which), np.concatenate(begins_s), keys, known, plane.explained
    )


def look_at_moment(
    taste_path: Path, sound: Sound, scored: ScoredRecording, at_s: float, progress: Progress
) -> Moment:
    """Return a few seconds as the taste's input and, if it reconstructs, its reconstruction.

    Raises
    ------
    TasteError, SourceError : the taste or the recording cannot be read
    """
    taste = load_taste(taste_path)
    mel = taste.config.mel
    with opened(sound, progress) as readable:
        start_s = min(max(0.0, at_s - MOMENT_S / 2), max(0.0, readable.duration_s - MOMENT_S))
        stop_s = min(start_s + MOMENT_S, readable.duration_s)
        span = (s_to_samples(edge, readable.rate_hz) for edge in (start_s, stop_s))
        blocks = list(log_mel_blocks(readable.mono(mel.rate_hz, *span), mel))
    level_db = np.float32(scored.level_db if taste.is_levelled else 0.0)
    heard_db = np.concatenate([np.zeros((0, mel.n_mels), np.float32), *blocks]) - level_db
    model = taste.model
    rebuilt_db = model.rebuild(heard_db) if isinstance(model, Reconstructs) and len(heard_db) else None
    at = int(np.abs(scored.times_s - at_s).argmin()) if len(scored.times_s) else 0
    within = (scored.times_s >= start_s) & (scored.times_s <= stop_s)
    return Moment(
        key=scored.key,
        name=scored.name,
        at_s=at_s,
        start_s=start_s,
        stop_s=stop_s,
        heard_db=heard_db,
        rebuilt_db=rebuilt_db,
        times_s=scored.times_s[within],
        scores=scored.scores[within],
        score=scored.score_at(at_s),
        parts={part_wording(name): float(values[at]) for name, values in scored.parts.items()},
    )


def compare_tastes(
    first_path: Path,
    first: ScoredRecording,
    second_path: Path,
    sound: Sound,
    threshold: float,
    progress: Progress,
) -> Comparison:
    """Score a recording with a second taste, too, and list their disagreements.

    Raises
    ------
    TasteError, SourceError : the taste or the recording cannot be read
    """
    second = _scored(load_taste(second_path), second_path, sound, first.origin, progress)
    return compare(first_path.stem, first, second_path.stem, second, threshold)


def _scored(
    taste: Taste, taste_path: Path, sound: Sound, origin: Origin, progress: Progress
) -> ScoredRecording:
    with opened(sound, progress) as readable:
        rate_hz, length = readable.rate_hz, readable.length_samples
        measuring = progress.part(0.0, _LEVEL_SHARE)
        level_db = measured_level_db(readable.mono(rate_hz), length, measuring)
        rest = progress.part(_LEVEL_SHARE, 1.0)
        scores = score_blocks(taste, readable.mono(rate_hz), rate_hz, length, rest, level_db=level_db)
        duration_s = readable.duration_s
    path = None if isinstance(sound, DocumentSound) else sound.path
    content_hash = "" if isinstance(sound, DocumentSound) else sound.content_hash
    name = _DOCUMENT_NAME if path is None else path.stem
    return ScoredRecording(
        name,
        origin,
        path,
        content_hash,
        duration_s,
        scores.times_s,
        scores.scores,
        level_db,
        scores.parts,
        _nearest(taste, taste_path, scores.nearest),
    )


def _nearest(taste: Taste, taste_path: Path, found: Nearest | None) -> NearestStretches | None:
    if taste.kept is None or found is None:
        return None
    mel, folder = taste.config.mel, taste_path.absolute().parent
    frame_s = mel.hop_samples / mel.rate_hz
    return NearestStretches(
        starts_s=found.frames.astype(np.float64) * frame_s,
        length_s=PARTS * part_frames(mel) * frame_s,
        paths=tuple(str(folder / one.path) for one in taste.kept.recordings),
        recordings=taste.kept.recording[found.kept],
        kept_starts_s=taste.kept.frame[found.kept].astype(np.float64) * frame_s,
    )


def _kept_stretches(taste: Taste) -> tuple[Embeddings, NDArray[np.int32], NDArray[np.float64]]:
    mel = taste.config.mel
    kept = NO_EXAMPLES if taste.kept is None else taste.kept
    embeddings = kept.embeddings.reshape(-1, PARTS * mel.n_mels)
    starts_s = kept.frame.astype(np.float64) * (mel.hop_samples / mel.rate_hz)
    return embeddings, kept.recording, starts_s


def embedded(
    mel: MelSettings, sound: Sound, hop_s: float, progress: Progress
) -> tuple[Embeddings, NDArray[np.float64]]:
    """Return the embeddings of segments of a recording, shape (n, d), and their start times, shape (n,).

    Raises
    ------
    SourceError : the recording cannot be read
    """
    hop_frames = max(1, round(hop_s * mel.rate_hz / mel.hop_samples))
    with opened(sound, progress) as readable:
        frames = _watched(log_mel_blocks(readable.mono(mel.rate_hz), mel), readable, mel, progress)
        found = [np.zeros((0, PARTS * mel.n_mels), np.float32), *embedded_stretches(frames, mel, hop_frames)]
    embeddings: Embeddings = np.concatenate(found)
    starts_s = np.arange(len(embeddings), dtype=np.float64) * (hop_frames * mel.hop_samples / mel.rate_hz)
    return embeddings, starts_s


def _watched(
    frame_blocks: Iterable[NDArray[np.float32]], readable: OpenSound, mel: MelSettings, progress: Progress
) -> Iterable[NDArray[np.float32]]:
    """Pass blocks on, reported and open to the cancel."""
    total = max(1, convert_samples(readable.length_samples, readable.rate_hz, mel.rate_hz) // mel.hop_samples)
    done = 0
    for block in frame_blocks:
        progress.check_cancelled()
        done += len(block)
        progress.report(done / total, "Placing on the map")
        yield block


def _map(
    taste: Taste,
    points: NDArray[np.float32],
    recording: NDArray[np.int32],
    starts_s: NDArray[np.float64],
    keys: list[tuple[str, Origin]],
    known: dict[str, ScoredRecording],
    explained: float,
) -> SegmentMap:
    mel = taste.config.mel
    length_s = PARTS * part_frames(mel) * mel.hop_samples / mel.rate_hz
    scores = np.full(len(points), 0.5, np.float32)
    for number, (key, _origin) in enumerate(keys):
        scored, here = known.get(key), recording == number
        if scored is not None and len(scored.scores):
            scores[here] = np.interp(starts_s[here] + length_s / 2, scored.times_s, scored.scores)
    return SegmentMap(points, recording, starts_s, length_s, scores, tuple(keys), explained)
