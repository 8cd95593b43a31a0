"""The separators there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.detection.detector import WEIGHTS as SOUNDS
from engine.errors import UsageError
from engine.separation.networked import WEIGHTS, network_separator
from engine.separation.plain.factors import FactorSeparator
from engine.separation.plain.subtraction import SubtractionSeparator
from engine.separation.separator import Separator
from engine.wording import listed, quoted

DEFAULT = "network"
SEPARATORS: Mapping[str, Callable[[], Separator]] = MappingProxyType(
    {DEFAULT: network_separator, "subtraction": SubtractionSeparator, "nmf": FactorSeparator}
)


def separator_named(name: str) -> Separator:
    """Return a separator by name, or the network with the weights in a file and those beside it.

    Raises
    ------
    UsageError : there is none of this name
    OffcutError : its weights are missing or damaged
    """
    if name.endswith(WEIGHTS.suffix):
        return network_separator(Path(name), Path(name).with_name(SOUNDS.name))
    try:
        made = SEPARATORS[name]
    except KeyError:
        raise UsageError(
            f"There is no separator {quoted(name)}: use {listed(tuple(SEPARATORS), 'or')}."
        ) from None
    return made()
