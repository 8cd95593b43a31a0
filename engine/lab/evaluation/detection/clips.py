"""How well whole clips are named, and found by an example: mean average precision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.naming import NetworkNaming, Part
from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.sound_names.prompts import text_encoder
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.lab.evaluation.metrics import average_precision
from engine.lab.evaluation.separation.unseen_sources import FOLD
from engine.lab.training.detection.sounds import LEARNED_FOLDS, Sound, load_sounds

Line = dict[str, str | float | int]


def free_clip_lines(data_dir: Path) -> Iterator[Line]:
    """Yield the precision of the free clips of a fold that weights are not trained on, and of a plain rule.

    The plain rule is the distance to the mean spectrum of a name in the folds that weights are trained on.

    Raises
    ------
    UsageError : the clips are missing
    """
    folder = data_dir / "esc50"
    sounds = load_sounds(folder, [FOLD], free_only=True)
    yield from clip_lines(sounds)
    names = sorted({sound.name for sound in sounds})
    learned = load_sounds(folder, LEARNED_FOLDS, free_only=True)
    scores = -_distances(learned, sounds, names)
    yield {"metric": "detection: mean average precision by mean spectrum", **_precision(sounds, scores)}


def clip_lines(sounds: Sequence[Sound]) -> Iterator[Line]:
    """Yield how well whole sounds are named, by words never learned from as well, and found by example.

    The mean is that over names, or over examples.
    """
    names = sorted({sound.name for sound in sounds})
    naming = NetworkNaming(detector())
    around = round(naming.around_s * MEL.rate_hz)
    by_version = [
        naming.vectors([Part([np.pad(sound.samples(), around)], len(sound.samples()))]) for sound in sounds
    ]
    encode = text_encoder().encode
    wordings = {
        "name": np.stack([encode(name) for name in names]),
        "words never learned from": np.stack([encode(vocabulary()[name].kept_back[0]) for name in names]),
    }
    for wording, words in wordings.items():
        yield {
            "metric": f"detection: mean average precision by {wording}",
            **_precision(sounds, np.stack([naming.odds(one, words) for one in by_version])),
        }
    vectors = np.stack([one[0] for one in by_version])
    truth = np.array([names.index(sound.name) for sound in sounds])
    likeness = vectors @ vectors.T
    others = ~np.eye(len(sounds), dtype=bool)
    precision = [
        average_precision((truth == truth[row])[others[row]], likeness[row][others[row]])
        for row in range(len(sounds))
        if np.count_nonzero(truth == truth[row]) > 1
    ]
    yield {
        "metric": "detection: mean average precision by example",
        "value": float(np.mean(precision)),
        "baseline": 1.0 / len(names),
        "n": len(precision),
    }


def _precision(sounds: Sequence[Sound], scores: NDArray[np.floating]) -> Line:
    """Return the mean average precision of scores, shape (sounds, names), and that of chance."""
    names = sorted({sound.name for sound in sounds})
    truth = np.array([names.index(sound.name) for sound in sounds])
    precision = [average_precision(truth == number, scores[:, number]) for number in range(len(names))]
    return {
        "value": float(np.mean(precision)),
        "baseline": 1.0 / len(names),
        "right": float(np.mean(np.argmax(scores, axis=1) == truth)),
        "names": len(names),
        "n": len(sounds),
    }


def _distances(
    learned: Sequence[Sound], sounds: Sequence[Sound], names: Sequence[str]
) -> NDArray[np.float64]:
    """Return distances of spectra to the mean spectrum of each name, shape (sounds, names)."""
    known, asked = _spectra(learned), _spectra(sounds)
    scale = known.std(axis=0) + 1e-6
    means = np.stack(
        [np.mean(known[[one.name == name for one in learned]], axis=0) / scale for name in names]
    )
    return np.asarray(np.linalg.norm((asked / scale)[:, None] - means[None], axis=2))


def _spectra(sounds: Sequence[Sound]) -> NDArray[np.float64]:
    """Return mean and standard deviation of the level of each band, shape (sounds, 2 * bands)."""
    spectra = Spectra()
    rows = []
    with torch.inference_mode():
        for sound in sounds:
            levels = spectra.levels(spectra.spectrum(torch.tensor(sound.samples())[None]))[0].numpy()
            rows.append(np.concatenate([levels.mean(axis=0), levels.std(axis=0)]))
    return np.stack(rows).astype(np.float64)
