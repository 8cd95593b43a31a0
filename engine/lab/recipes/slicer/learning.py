"""Learn to rebuild the log-mel frames of edited recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import (
    Array,
    Levelled,
    Split,
    levelled_frames,
    listen,
    split,
)
from engine.features.taste.anomaly.recipes.recipe import Examples, Learnt, ReferenceScores, raw_of
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.segments.autoencoder import SegmentAutoencoder
from engine.lab.recipes.segments.model import kept_scores
from engine.lab.recipes.slicer.beat_clock import BEAT_WITHOUT_PULSE_S, stretches
from engine.lab.recipes.slicer.clocked_model import ClockedModel
from engine.lab.recipes.slicer.fitting import train
from engine.lab.recipes.slicer.model import SlicerModel
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import Standardisation, standardisation

_LEAST_LOG_STD = 0.05


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Learn to rebuild edited recordings; 80 MB an hour at the defaults, all of it in memory.

    Where segments follow beats it is 320 MB.

    Raises
    ------
    TasteError : there is nothing to learn from, or no raw recordings where they are needed
    SourceError : a recording cannot be read
    """
    assert isinstance(config, SlicerConfig)
    raw_paths = raw_of(examples, _what_needs_raw(config)) if config.needs_raw else ()
    edited = _hear(examples.edited, config, progress.part(0.0, 0.05))
    raw = _hear(raw_paths, config, progress.part(0.05, 0.1)).heard if raw_paths else ()
    parts = split(edited.heard, config.validation_share, _longest_frames(config))
    scaling = standardisation([piece[:, : config.mel.n_mels] for piece in parts.training])
    network, fitted = train(parts, raw, scaling, config, seed, progress.part(0.1, 1.0))
    model, kept = _measured(network, scaling, parts, config, progress)
    frames_db = tuple(one[:, : config.mel.n_mels] for one in edited.heard)
    return Learnt(model, fitted, kept, edited.recordings, frames_db, _method(config))


def _what_needs_raw(config: SlicerConfig) -> str:
    return f"The recipe slicer-ae with {'a critic' if config.critic_weight > 0.0 else 'contrast: edited'}"


def _longest_frames(config: SlicerConfig) -> int:
    """Return the length of the longest segment, at 120 beats a minute if its length is in beats."""
    longest_s = max(config.lengths_beats, default=0) * BEAT_WITHOUT_PULSE_S
    return max(config.segment_frames, round(longest_s * config.mel.rate_hz / config.mel.hop_samples))


def _hear(paths: Sequence[Path], config: SlicerConfig, progress: Progress) -> Levelled:
    """Return recordings as frames, with the time in beats as one more column if segments follow it."""
    if not config.lengths_beats:
        return levelled_frames(paths, config.mel, progress)

    def hear(blocks: Iterator[Array]) -> Array:
        return _clocked_frames(blocks, config, progress)

    recordings = listen(paths, config.mel.rate_hz, hear, progress)
    is_band = (np.arange(config.mel.n_mels + 1) < config.mel.n_mels).astype(np.float32)
    return Levelled(recordings, tuple(one.heard - np.float32(one.level_db) * is_band for one in recordings))


def _clocked_frames(blocks: Iterator[Array], config: SlicerConfig, progress: Progress) -> Array:
    """Return frames in dB and, as the last column, the time in beats, shape (frames, n_mels + 1)."""
    pieces, at = [], 0.0
    for one in stretches(blocks, config.mel, config.alignment, config.score_hop_frames, iter, progress):
        clock = one.clock_beats - np.floor(one.clock_beats[0]) + at
        pieces.append(np.column_stack([one.frames_db, clock]).astype(np.float32))
        at = float(np.ceil(clock[-1])) + 1.0  # the next stretch counts its own beats from a whole one
    return np.concatenate(pieces)


def _measured(
    network: SegmentAutoencoder,
    scaling: Standardisation,
    parts: Split,
    config: SlicerConfig,
    progress: Progress,
) -> tuple[SlicerModel, ReferenceScores]:
    """Measure the reconstruction errors of training material, at each length of segment and fused."""
    lengths = len(config.lengths_beats)
    if not lengths:
        model = SlicerModel(config, network, scaling)
        return model, kept_scores(model, parts, progress, least_std=_LEAST_LOG_STD)
    unfused = ClockedModel(config, network, scaling, (0.0,) * lengths, (1.0,) * lengths)
    each = kept_scores(unfused, parts, progress, least_std=_LEAST_LOG_STD)
    if lengths == 1:
        return unfused, each
    fused = replace(unfused, length_means=each.part_means, length_stds=each.part_stds)
    return fused, kept_scores(fused, parts, progress, least_std=_LEAST_LOG_STD)


def _method(config: SlicerConfig) -> str:
    return (
        f"hidden_dims {list(config.hidden_dims)}, latent_dim {config.latent_dim}, {_segments(config)}.\n"
        f"The loss is the mean squared error of standardised log-mel{_terms(config)}."
    )


def _segments(config: SlicerConfig) -> str:
    if not config.lengths_beats:
        return f"segments of\n{config.segment_frames} frames"
    lengths = ", ".join(map(str, config.lengths_beats))
    on_beats = " that begin on beats" if config.alignment == "beats" else ""
    return f"segments of\n{lengths} beats{on_beats}, pooled to {config.segment_frames} frames"


def _terms(config: SlicerConfig) -> str:
    terms = {
        f"the contrast of {config.contrast} segments ({config.contrast_weight:g})": config.contrast != "none",
        f"a critic ({config.critic_weight:g})": config.critic_weight > 0.0,
        f"the error of modulations ({config.perceptual_weight:g})": config.perceptual_weight > 0.0,
    }
    return "".join(f",\nand {term}" for term, is_there in terms.items() if is_there)
