"""The separators by name, and the default one: the network that knows its sound answers each prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.analysis.learning.loop import metadata_of
from engine.analysis.sound_names.prompts import means_speech
from engine.analysis.sound_names.vocabulary import without_not
from engine.core.build import missing_in_bundle, of_laboratory
from engine.core.errors import UsageError
from engine.core.extensions import Extended, require_factory
from engine.core.extensions.names import Extension
from engine.core.files.safe_write import shown
from engine.core.wording import begun, listed, quoted
from engine.features.repair.separation.blend import BlendSeparator, blend_separator
from engine.features.repair.separation.network import WEIGHTS, network_separator
from engine.features.repair.separation.outcome import Outcome, outcomes_of
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator
from engine.features.repair.separation.separator import Mask, Prompt, Separator, Stretch
from engine.features.repair.separation.settings import DEFAULT, FILM
from engine.features.repair.separation.speech import pooled_speech_separator


@dataclass(frozen=True, slots=True, eq=False)
class ByPromptSeparator:
    """See `Separator` and `engine.features.repair.separation.outcome.Judging`."""

    speech: Separator
    others: BlendSeparator
    name: str = "offcut-blend-6"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return an outcome for each prompt."""
        spoken = [prompt for prompt in prompts if is_speech(prompt)]
        others = [prompt for prompt in prompts if not is_speech(prompt)]
        found = {
            id(prompt): outcome
            for asked, separator in ((spoken, self.speech), (others, self.others))
            for prompt, outcome in zip(
                asked, outcomes_of(stretch, asked, separator) if asked else (), strict=True
            )
        }
        return tuple(found[id(prompt)] for prompt in prompts)


def is_speech(prompt: Prompt) -> bool:
    """Return whether the words of a prompt mean speech, or that speech stays."""
    return not prompt.example and bool(np.any(prompt.vector)) and means_speech(without_not(prompt.text))


def default_separator() -> ByPromptSeparator:
    """Return the separator that is used unless another one is named.

    Raises
    ------
    OffcutError : weights are missing or damaged
    """
    return ByPromptSeparator(pooled_speech_separator(), blend_separator())


STREAMING = (DEFAULT, "network", FILM)
"""Separators that need no surroundings; so do those with weights in a file."""


def _added(extension: Extension, made: object) -> Callable[[], Separator]:
    return require_factory(extension, made, Separator)  # type: ignore[type-abstract]


SEPARATORS: Extended[Callable[[], Separator]] = Extended(
    "offcut.separators",
    {
        DEFAULT: default_separator,
        "network": network_separator,
        "subtraction": SubtractionSeparator,
        "nmf": FactorSeparator,
    },
    _added,
    partial(of_laboratory, "film.separator", "SEPARATORS"),
)


def separator_named(name: str) -> Separator:
    """Return a separator by name, or one with the weights in a file.

    A file holds weights of the published recipe, or of the network, whose embedding network is next to it.

    Raises
    ------
    UsageError : a separator of this name does not exist
    OffcutError : its weights are missing or damaged
    """
    if name.endswith(WEIGHTS.suffix):
        weights = Path(name)
        if metadata_of(weights).get("recipe") != FILM:
            return network_separator(weights)
        of_weights = of_laboratory("film.separator", "SEPARATORS")
        if FILM not in of_weights:
            raise UsageError(f"{shown(weights)}: {missing_in_bundle('separator', FILM, DEFAULT)}")
        made: Separator = of_weights[FILM](weights)
        return made
    if name == FILM and name not in SEPARATORS.own:
        raise UsageError(begun(missing_in_bundle("separator", FILM, DEFAULT)))
    try:
        return SEPARATORS[name]()
    except KeyError:
        raise UsageError(
            f"There is no separator {quoted(name)}: use {listed(tuple(SEPARATORS), 'or')}."
        ) from None


def streaming_separator(name: str) -> Separator:
    """Return a separator by name, as `separator_named`, that needs no surroundings of a window.

    Raises
    ------
    UsageError : a separator of this name does not exist, or it compares a window with its surroundings
    OffcutError : its weights are missing or damaged
    """
    made = separator_named(name)
    if name not in STREAMING and not name.endswith(WEIGHTS.suffix):
        raise UsageError(
            f"The separator {quoted(name)} cannot stream, since a stream has no surroundings to compare "
            f"with: use {listed(STREAMING, 'or')}, or separate a file."
        )
    return made
