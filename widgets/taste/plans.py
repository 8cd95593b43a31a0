"""Where the cards of the page stand, in wide, middle and narrow windows."""

from __future__ import annotations

from widgets.taste.card import Place, Plan

_WIDE = {
    "method": Place(0, 0, 2),
    "facts": Place(0, 2),
    "map": Place(1, 0, stretch=5),
    "scores": Place(1, 1, stretch=5),
    "ranking": Place(1, 2, stretch=5),
    "moment": Place(2, 0, stretch=4),
    "curves": Place(2, 1, stretch=4),
    "learning": Place(2, 2, stretch=4),
}
_MIDDLE = {
    "method": Place(0, 0, 2),
    "map": Place(1, 0, stretch=5),
    "scores": Place(1, 1, stretch=5),
    "ranking": Place(2, 0, stretch=4),
    "moment": Place(2, 1, stretch=4),
    "curves": Place(3, 0, stretch=4),
    "learning": Place(3, 1, stretch=4),
    "facts": Place(4, 0, 2, stretch=3),
}
_NARROW = {
    name: Place(row, 0, stretch=int(name != "method"))
    for row, name in enumerate(
        ("method", "map", "scores", "ranking", "curves", "moment", "learning", "facts")
    )
}
PLANS: tuple[tuple[int, Plan], ...] = ((1180, _WIDE), (760, _MIDDLE), (0, _NARROW))
