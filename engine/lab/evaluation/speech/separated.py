"""``offcut evaluate speech``: separation and detection of unseen voices.

A separation runs as in the product. A ratio in dB is that within the part of the window where the fades are
over, above that of the recording as it was, so doing nothing is 0 dB.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.core.errors import SeparationError
from engine.core.progress import SILENT, Progress
from engine.features.repair.separation.checks import require_present, understood_prompts
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.separate import Recording
from engine.features.repair.separation.separator import Mode, Separator
from engine.features.repair.separation.settings import DEFAULT
from engine.lab.evaluation.separation.oracle import OracleSeparator
from engine.lab.evaluation.separation.unseen import improvement, recording_of, separated
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ, Part, beds
from engine.lab.evaluation.speech.mixtures import (
    KINDS,
    SpokenMixture,
    background,
    prompt_voices,
    set_apart,
    spoken_mixtures,
)

Line = dict[str, str | float | int]
SEED = 36
_COUNT, _FEW = 60, 4
_ABSENT_S = 4.0
_OURS = "ours"
_SIMPLE = ("subtraction", "nmf")
_EVERY = "all backgrounds"
_PROMPT = "speech"


def evaluate(
    data_dir: Path, *, seed: int = SEED, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield improvements by class of background and by voice, and how often prompts are refused.

    Parameters
    ----------
    data_dir : holds `speech`, `esc50`, `ambience`, `music` and `loops`

    Raises
    ------
    SourceError : the voices are missing
    Cancelled : the user asked for it
    """
    count = _FEW if short else _COUNT
    mixtures = list(spoken_mixtures(data_dir, [set_apart(data_dir)], count, seed))
    voices = tuple(prompt_voices().values())
    others = list(spoken_mixtures(data_dir, voices, count // 2, seed + 1)) if voices else []
    total = len(mixtures) + len(others)
    found: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    refused: dict[str, list[bool]] = defaultdict(list)
    for number, mixture in enumerate([*mixtures, *others]):
        progress.check_cancelled()
        progress.report(number / total, "Separating unseen voices")
        is_other = number >= len(mixtures)
        groups = ["voices of prompts, 8 kHz"] if is_other else [_EVERY, mixture.kind.value]
        groups += ["voice in the window alone"] if not is_other and not mixture.is_spoken_around else []
        recording = recording_of(mixture.whole, mixture.rate_hz)
        refused["present" if not is_other else "present, 8 kHz"].append(
            not _is_present(recording, mixture.window_samples)
        )
        for method, pair in _improvements(mixture):
            for group in groups:
                found[group][method].append(pair)
    for group, by_method in found.items():
        yield from _lines(group, by_method)
    for number in range(count):
        rng = np.random.default_rng([seed + 2, number])
        kind = KINDS[number % len(KINDS)]
        whole = background(beds(data_dir, Part.REPORTED, kind), round(3 * _ABSENT_S * RATE_HZ), rng)
        window = (round(_ABSENT_S * RATE_HZ), round(2 * _ABSENT_S * RATE_HZ))
        refused[f"absent, {kind.value}"].append(not _is_present(recording_of(whole, RATE_HZ), window))
    for prompt, values in refused.items():
        yield {"metric": f"speech, {prompt}: refused", "value": float(np.mean(values)), "n": len(values)}


def _lines(group: str, by_method: dict[str, list[tuple[float, float]]]) -> Iterator[Line]:
    for side, mode in enumerate((Mode.KEEP, Mode.REMOVE)):
        values = {method: np.array([pair[side] for pair in pairs]) for method, pairs in by_method.items()}
        ours = values.pop(_OURS)
        means = {method: float(each.mean()) for method, each in values.items()}
        yield {
            "metric": f"speech, {group}: SI-SDR improvement, {mode.value}",
            "value": float(ours.mean()),
            "baseline": max(0.0, *(means[method] for method in _SIMPLE)),
            "median": float(np.median(ours)),
            "worst decile": float(np.percentile(ours, 10)),
            "minimum": float(ours.min()),
            "share below 0 dB": float((ours < 0.0).mean()),
            **means,
            "n": len(ours),
        }


def _is_present(recording: Recording, window: tuple[int, int]) -> bool:
    try:
        require_present([recording], [window], understood_prompts([_PROMPT]))
    except SeparationError:
        return False
    return True


def _improvements(mixture: SpokenMixture) -> Iterator[tuple[str, tuple[float, float]]]:
    methods: dict[str, Separator] = {
        _OURS: separator_named(DEFAULT),
        "subtraction": SubtractionSeparator(),
        "nmf": FactorSeparator(),
        "oracle ratio mask": OracleSeparator(mixture),
    }
    prompts = understood_prompts([_PROMPT])
    for name, separator in methods.items():
        yield name, improvement(mixture, separated(mixture, prompts, tuple(Mode), separator))
