"""Names of the separators; light, so that the window lists them without torch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.extensions.names import all_named
from engine.core.processes.own_program import is_bundle

DEFAULT = "blend"
FILM = "film-unet"
"""A separator of the laboratory; a bundle comes without it."""
ABOUT: Mapping[str, str] = MappingProxyType(
    {
        DEFAULT: "network, NMF and subtraction together, as far as they agree",
        "network": "the network that comes with Offcut, alone",
        "subtraction": "sound louder than the surroundings; ignores words",
        "nmf": "sound that differs from the surroundings; ignores words",
        **({} if is_bundle() else {FILM: "the published recipe, with weights that you trained"}),
    }
)
"""Offcut's own separators, and their descriptions in lists."""


def known_separators() -> Mapping[str, str]:
    """Return the description of each separator by name, including those of packages; nothing is imported."""
    added = [each for each in all_named() if each.group == "offcut.separators" and each.name not in ABOUT]
    return {**ABOUT, **{each.name: each.package_words for each in added}}
