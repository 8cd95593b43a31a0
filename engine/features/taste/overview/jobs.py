"""Jobs of the Taste page: facts of a taste, its scores, and its reconstruction of a moment.

The facts are its method, in a few boxes, its training data, and its training history.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.build import of_laboratory
from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.core.timebase import convert_samples, format_time, s_to_samples
from engine.core.wording import percent
from engine.features.taste.anomaly.found_faults import Habits
from engine.features.taste.anomaly.neighbours import (
    NO_EXAMPLES,
    PARTS,
    Embeddings,
    Nearest,
    embedded_segments,
    part_frames,
)
from engine.features.taste.anomaly.recipes.methods import DEFAULT, NAMES
from engine.features.taste.anomaly.recipes.recipe import Reconstructs
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.anomaly.recipes.registry import RECIPES
from engine.features.taste.anomaly.score import measured_level_db, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.features.taste.overview.requests import (
    DocumentSound,
    FileSound,
    OpenSound,
    ReferencesScored,
    Sound,
    Survey,
    SurveyRecording,
    SurveyRequest,
    opened,
)
from engine.features.taste.overview.results import (
    Comparison,
    LearnedFrom,
    MethodStep,
    Moment,
    NearestStretches,
    Origin,
    ScoredRecording,
    SegmentMap,
    TasteFacts,
    compare,
    principal_plane,
)
from engine.review.wording import part_wording

Steps = tuple[MethodStep, ...]
Worded = Callable[[Mapping[str, Any]], Steps]


def method_steps(config: RecipeConfig) -> Steps:
    """Return the way from a recording to its score; of a recipe without words of its own only the ends."""
    values, mel = config.model_dump(), config.mel
    worded: Mapping[str, Worded] = {DEFAULT: _own_faults}
    if config.recipe in NAMES:
        worded = of_laboratory("recipes.steps", "STEPS")
    middle: Steps = (MethodStep(str(config.recipe), f"learned in {config.epochs} epochs"),)
    if config.recipe in worded:
        middle = worded[config.recipe](values)
    hop_ms = 1000.0 * mel.hop_samples / mel.rate_hz
    bands = f"{mel.n_mels} bands every {hop_ms:.0f} ms, {mel.rate_hz / 1000:g} kHz"
    return (
        MethodStep("Recording", "mono, at playback level"),
        MethodStep("Mel spectrogram", bands),
        *middle,
        MethodStep("Score", "0.5 is typical of the training data, 1 is anomalous"),
    )


def _own_faults(values: Mapping[str, Any]) -> Steps:
    minutes, members, width = values["practice_s"] / 60, values["members"], values["width"]
    networks = "A network" if members == 1 else f"{members} networks"
    steps = (
        MethodStep("Faults made from your edits", f"{minutes:.0f} minutes of training faults, one pass"),
        MethodStep(networks, f"{width} channels over time; distinguish damaged from undamaged audio"),
    )
    if values["nearest_weight"] <= 0.0 and values["residual_weight"] <= 0.0:
        return steps
    distances = "from the training data; sound and rhythm also from the rest of the recording"
    return (*steps, MethodStep("Distances", distances))


_NOT_A_SETTING = ("recipe", "mel")


def facts_of(taste: Taste, path: Path) -> TasteFacts:
    """Return the facts of a taste that was read from `path`."""
    folder = path.absolute().parent
    known = () if taste.kept is None else taste.kept.recordings
    recordings = tuple(
        LearnedFrom(Path(one.path).stem, folder / one.path, one.content_hash, one.duration_s) for one in known
    )
    values = taste.config.model_dump(exclude=set(_NOT_A_SETTING))
    settings = [(name.replace("_", " "), _worded(value)) for name, value in values.items()]
    n_parameters = sum(value.numel() for value in taste.model.tensors().values())
    return TasteFacts(
        path=path,
        name=taste.name,
        maker=taste.maker,
        recipe=taste.config.recipe,
        steps=method_steps(taste.config),
        recordings=recordings,
        settings=(*settings, ("seed", str(taste.seed))),
        figures=_figures(taste, recordings, n_parameters),
        training=tuple(epoch.loss for epoch in taste.history),
        validation=tuple(epoch.validation for epoch in taste.history),
        n_parameters=n_parameters,
        rebuilds=isinstance(taste.model, Reconstructs),
        keeps_last=RECIPES[taste.config.recipe].keeps_last,
        held_out_curve=taste.held_out_curve,
    )


def _worded(value: object) -> str:
    if isinstance(value, list | tuple):
        return " · ".join(str(one) for one in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _figures(
    taste: Taste, recordings: tuple[LearnedFrom, ...], n_parameters: int
) -> tuple[tuple[str, str], ...]:
    total_s = sum(one.duration_s for one in recordings)
    figures = [
        ("learned from", f"{format_time(total_s, 0)} in {len(recordings)}" if recordings else "not known"),
        ("parameters", f"{n_parameters:,}"),
        ("seed", str(taste.seed)),
        ("epochs", f"{len(taste.history)} of {taste.config.epochs}"),
    ]
    if taste.history:
        best = min(taste.history, key=lambda epoch: epoch.validation)
        figures.append(("lowest validation loss", f"{best.validation:.4f} after epoch {best.number}"))
    figures.append(("reference segments", f"{0 if taste.kept is None else len(taste.kept.frame):,}"))
    return (*figures, *_habits(taste.habits))


def _habits(habits: Habits) -> Iterator[tuple[str, str]]:
    """Yield the extremes of the edits: passages like these are not faults. Older tastes know fewer."""
    yield "longest dead air", f"{habits.longest_pause_s:.1f} s"
    if habits.shortest_piece_s:
        yield "shortest piece", format_time(habits.shortest_piece_s, 0)
    if habits.largest_level_change_db is not None:
        yield "largest change of level", f"{habits.largest_level_change_db:.0f} dB"
    if habits.largest_tempo_change is not None:
        yield "largest change of tempo", percent(math.expm1(habits.largest_tempo_change))
    if (phrases := habits.phrases) is not None:
        yield "longest pause of speech", f"{phrases.longest_pause_s:.1f} s"
        yield "softest and loudest phrase", f"−{phrases.softest_db:.0f} and +{phrases.loudest_db:.0f} dB"
    if habits.cuts is not None and habits.cuts.sentence:
        yield habits.cuts.sentence, ""


MAP_HOP_S = 0.5
MOST_MAPPED = 20_000
"""More segments than this are thinned out evenly; a picture has no room for more."""

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
    references, share = request.references, scoring
    if references is None:
        share = scoring.part(0.5, 1.0)
        references = score_references(
            request.taste, request.learned_from, request.folders, scoring.part(0.0, 0.5)
        )
    found: list[SurveyRecording] = []
    warnings: list[str] = []
    for number, other in enumerate(request.others):
        step = share.step(number, len(request.others))
        try:
            scored = other.scored or score_sound(request.taste, other.sound, other.origin, step)
        except SourceError as error:
            warnings.append(str(error))
        else:
            found.append(replace(other, scored=scored))
    shown = map_segments(
        request.taste, references.recordings, tuple(found), progress.part(_SCORING_SHARE, 1.0)
    )
    others = tuple(one.scored for one in found if one.scored is not None)
    return Survey(references, others, shown, tuple(warnings))


def map_segments(
    taste_path: Path,
    references: tuple[ScoredRecording, ...],
    others: tuple[SurveyRecording, ...],
    progress: Progress,
) -> SegmentMap:
    """Place the training segments of a taste and other scored recordings on one plane.

    Raises
    ------
    TasteError, SourceError : the taste or a recording cannot be read
    """
    taste = load_taste(taste_path)
    mel, segments = taste.config.mel, NO_EXAMPLES if taste.kept is None else taste.kept
    mapped = [(other.sound, other.scored) for other in others if other.scored is not None]
    folder = taste_path.absolute().parent
    keys: list[tuple[str, Origin]] = [(str(folder / one.path), Origin.KEPT) for one in segments.recordings]
    known = {one.key: one for one in (*references, *(scored for _sound, scored in mapped))}
    hop_s = max(MAP_HOP_S, sum(scored.duration_s for _sound, scored in mapped) / MOST_MAPPED)
    all_of_them = [segments.embeddings.reshape(-1, PARTS * mel.n_mels)]
    of_which = [segments.recording]
    begins_s = [segments.frame.astype(np.float64) * (mel.hop_samples / mel.rate_hz)]
    for number, (sound, scored) in enumerate(mapped):
        found, at_s = embedded(mel, sound, hop_s, progress.part(0.0, 0.9).step(number, len(mapped)))
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
    input_db = np.concatenate([np.zeros((0, mel.n_mels), np.float32), *blocks]) - level_db
    model = taste.model
    rebuilt_db = model.rebuild(input_db) if isinstance(model, Reconstructs) and len(input_db) else None
    at = int(np.abs(scored.times_s - at_s).argmin()) if len(scored.times_s) else 0
    within = (scored.times_s >= start_s) & (scored.times_s <= stop_s)
    return Moment(
        key=scored.key,
        name=scored.name,
        at_s=at_s,
        start_s=start_s,
        stop_s=stop_s,
        input_db=input_db,
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
        recordings=taste.kept.recording[found.references],
        kept_starts_s=taste.kept.frame[found.references].astype(np.float64) * frame_s,
    )


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
        found = [np.zeros((0, PARTS * mel.n_mels), np.float32), *embedded_segments(frames, mel, hop_frames)]
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
