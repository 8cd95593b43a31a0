"""Facts of a taste: its method, its training data, and its training history.

How a recipe comes to its score, in a few boxes; light, from the settings alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.core.extensions.laboratory import of_laboratory
from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.features.taste.anomaly.habits import Habits
from engine.features.taste.anomaly.recipes.laboratory import DEFAULT, NAMES
from engine.features.taste.anomaly.recipes.recipe import Reconstructs
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.anomaly.recipes.registry import RECIPES
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.overview.results import LearnedFrom, MethodStep, TasteFacts

Steps = tuple[MethodStep, ...]
Worded = Callable[[Mapping[str, Any]], Steps]


def method_steps(config: RecipeConfig) -> Steps:
    """Return the way from a recording to its score; of a recipe without words of its own only the ends."""
    values = config.model_dump()
    worded: Mapping[str, Worded] = {DEFAULT: _own_faults}
    if config.recipe in NAMES:
        worded = of_laboratory("recipes.steps", "STEPS")
    middle = worded.get(config.recipe, _unknown)(values)
    return (
        *_heard(config),
        *middle,
        MethodStep("Score", "0.5 is typical of the training data, 1 is anomalous"),
    )


def _heard(config: RecipeConfig) -> Steps:
    mel = config.mel
    hop_ms = 1000.0 * mel.hop_samples / mel.rate_hz
    return (
        MethodStep("Recording", "mono, at playback level"),
        MethodStep(
            "Mel spectrogram", f"{mel.n_mels} bands every {hop_ms:.0f} ms, {mel.rate_hz / 1000:g} kHz"
        ),
    )


def _own_faults(values: Mapping[str, Any]) -> Steps:
    minutes = values["practice_s"] / 60
    compared = values["nearest_weight"] > 0.0 or values["residual_weight"] > 0.0
    beside = MethodStep(
        "Distances", "from the training data; sound and rhythm also from the rest of the recording"
    )
    return (
        MethodStep("Faults made from your edits", f"{minutes:.0f} minutes of training faults, one pass"),
        MethodStep(
            _networks(values["members"]),
            f"{values['width']} channels over time; distinguish damaged from undamaged audio",
        ),
        *([beside] if compared else []),
    )


def _unknown(values: Mapping[str, Any]) -> Steps:
    return (MethodStep(str(values["recipe"]), f"learned in {values['epochs']} epochs"),)


def _networks(members: int) -> str:
    return "A network" if members == 1 else f"{members} networks"


_NOT_A_SETTING = ("recipe", "mel")


def facts_of(taste: Taste, path: Path) -> TasteFacts:
    """Return the facts of a taste that was read from `path`."""
    folder = path.absolute().parent
    kept = () if taste.kept is None else taste.kept.recordings
    recordings = tuple(
        LearnedFrom(Path(one.path).stem, folder / one.path, one.content_hash, one.duration_s) for one in kept
    )
    n_parameters = sum(value.numel() for value in taste.model.tensors().values())
    return TasteFacts(
        path=path,
        name=taste.name,
        maker=taste.maker,
        recipe=taste.config.recipe,
        steps=method_steps(taste.config),
        recordings=recordings,
        settings=_settings(taste),
        figures=_figures(taste, recordings, n_parameters),
        training=tuple(epoch.loss for epoch in taste.history),
        validation=tuple(epoch.validation for epoch in taste.history),
        n_parameters=n_parameters,
        rebuilds=isinstance(taste.model, Reconstructs),
        keeps_last=RECIPES[taste.config.recipe].keeps_last,
        kept_curve=taste.kept_curve,
    )


def _settings(taste: Taste) -> tuple[tuple[str, str], ...]:
    values = taste.config.model_dump(exclude=set(_NOT_A_SETTING))
    shown = [(name.replace("_", " "), _worded(value)) for name, value in values.items()]
    return (*shown, ("seed", str(taste.seed)))


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
