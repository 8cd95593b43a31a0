"""Learn a memory of windows from edited recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.analysis.signal.streams import mono_of
from engine.core.errors import TasteError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.material import Recording, levelled_frames, split
from engine.features.taste.anomaly.recipes.recipe import Examples, Learnt
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.lab.recipes.bank.fitting import Windows, build
from engine.lab.recipes.bank.model import MemoryBankModel, look
from engine.lab.recipes.bank.settings import MemoryBankConfig
from engine.lab.recipes.bank.windows import stretches
from engine.lab.recipes.standardisation import standardisation
from engine.sound.reader import SourceReader

_LEAST_STD = 0.05


def learn(examples: Examples, config: RecipeConfig, seed: int, progress: Progress) -> Learnt:
    """Remember edited recordings; 75 MB an hour at the defaults, all of it in memory.

    Raises
    ------
    TasteError : there is nothing to learn from
    SourceError : a recording cannot be read
    """
    assert isinstance(config, MemoryBankConfig)
    heard = levelled_frames(examples.edited, config.mel, progress.part(0.0, 0.05))
    windows = _windows(heard.recordings, config, progress.part(0.05, 0.2))
    parts = split(windows, config.validation_share, 2 * config.pulses)
    training = [piece for piece in parts.training if len(piece)]
    scaling = standardisation(heard.heard)
    bank, fitted, kept = build(training, parts.validation, scaling, config, seed, progress.part(0.2, 1.0))
    scores = bank.usual.kept_scores(kept, _LEAST_STD)
    return Learnt(MemoryBankModel(bank), fitted, scores, heard.recordings, heard.heard, _method(config))


def _windows(
    recordings: Sequence[Recording], config: MemoryBankConfig, progress: Progress
) -> tuple[Windows, ...]:
    """Return the windows of every recording, in a second pass at its now known level."""
    found = []
    for number, recording in enumerate(recordings):
        progress.report(number / len(recordings), f"Finding the beats of {shown(recording.path.name)}")
        found.append(_windows_of(recording.path, recording.level_db, config, progress))
    return tuple(found)


def _windows_of(path: Path, level_db: float, config: MemoryBankConfig, progress: Progress) -> Windows:
    gain = np.float32(10.0 ** (-level_db / 20.0))
    pieces = []
    with SourceReader(path) as reader:
        blocks = (block * gain for block in mono_of(reader, config.mel.rate_hz))
        for stretch in stretches(blocks, config.mel):
            progress.check_cancelled()
            spans, heard = look(stretch, config)
            middles = spans.mean(axis=1)
            pieces.append(heard[(middles >= stretch.first_frame) & (middles < stretch.last_frame)])
    windows = np.concatenate(pieces)
    if not len(windows):
        raise TasteError(f"{shown(path)} is shorter than a window: leave it out, or name longer ones.")
    return windows


def _method(config: MemoryBankConfig) -> str:
    where = "beats" if config.on_beats else f"pulses {config.even_s:g} s apart"
    looked = {
        "encoder": f"{config.latent} numbers of a masked autoencoder",
        "statistics": "the means, deviations and changes of the mel bands",
    }[config.view]
    return (
        f"windows of {config.pulses} {where}, compared by {looked}.\n"
        f"The score is the mean of: {', '.join(config.measures)}; each in standard deviations of held-out\n"
        "windows. The loss is the squared error of masked values, and a contrast of neighbours."
    )
