"""Layout of the cards in wide, medium and narrow windows."""

from __future__ import annotations

from desktop.features.taste.widgets.card import Place, Plan

_WIDE = {
    "map": Place(0, 0),
    "scores": Place(0, 1),
    "ranking": Place(0, 2),
}
_MIDDLE = {
    "map": Place(0, 0, stretch=1),
    "scores": Place(0, 1, stretch=1),
    "ranking": Place(1, 0, 2, stretch=1),
}
_NARROW = {name: Place(row, 0, stretch=1) for row, name in enumerate(_WIDE)}
PLANS: tuple[tuple[int, Plan], ...] = ((1180, _WIDE), (760, _MIDDLE), (0, _NARROW))
"""Cards below the verdict and the curves."""

_RESEARCH_WIDE = {
    "method": Place(0, 0, 2),
    "facts": Place(0, 2),
    "moment": Place(1, 0, 2, stretch=1),
    "learning": Place(1, 2, stretch=1),
}
_RESEARCH_MIDDLE = {
    "method": Place(0, 0, 2),
    "moment": Place(1, 0, stretch=1),
    "learning": Place(1, 1, stretch=1),
    "facts": Place(2, 0, 2),
}
_RESEARCH_NARROW = {
    name: Place(row, 0, stretch=int(name != "method")) for row, name in enumerate(_RESEARCH_WIDE)
}
RESEARCH_PLANS: tuple[tuple[int, Plan], ...] = (
    (1180, _RESEARCH_WIDE),
    (760, _RESEARCH_MIDDLE),
    (0, _RESEARCH_NARROW),
)
"""Cards about training and method of the taste."""
