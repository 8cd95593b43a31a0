"""The separators there are, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.analysis.learning.shipped import metadata_of
from engine.core.errors import UsageError
from engine.core.extensions import Extended, require_factory
from engine.core.extensions.laboratory import missing_in_bundle, of_laboratory
from engine.core.extensions.names import Extension
from engine.core.files.safe_write import shown
from engine.core.wording import begun, listed, quoted
from engine.features.repair.separation.by_prompt import default_separator
from engine.features.repair.separation.names import DEFAULT, FILM
from engine.features.repair.separation.networked import WEIGHTS, network_separator
from engine.features.repair.separation.plain.factors import FactorSeparator
from engine.features.repair.separation.plain.subtraction import SubtractionSeparator
from engine.features.repair.separation.separator import Separator

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
