"""Made editors of drum timing: each moves the strokes of a performance by a taste of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.features.timing.alignment.strokes import CARRIERS, GRACES
from engine.lab.simulated.performances.displacement import Displaced
from engine.lab.simulated.performances.performance import Truth
from engine.lab.simulated.performances.takes import Take

Floats = NDArray[np.float64]

_STRAIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Editor:
    """The taste of an editor.

    Attributes
    ----------
    strength : 0 to 1, how much of the way a stroke goes
    near_ms : strokes as near to their goal as that stay
    swing : where in the beat its second half falls; positions between follow evenly
    snare_ms : how far behind the line strokes with a snare belong
    """

    name: str
    strength: float = 1.0
    near_ms: float = 0.0
    swing: float = _STRAIGHT
    snare_ms: float = 0.0

    def swung_beats(self, beats: Floats) -> Floats:
        """Return how much later than evenly each position in beats belongs, in beats."""
        whole = np.floor(beats)
        late: Floats = np.interp(beats - whole, [0.0, _STRAIGHT, 1.0], [0.0, self.swing, 1.0])
        return whole + late - beats

    def edited(self, take: Take) -> Take:
        """Return the performance with the same sounds at the times that this editor gives them."""
        played = take.played
        times_s = played.times_s + self.shifts_s(take)
        order = np.argsort(times_s, kind="stable")
        moved = Displaced(
            played.score.picked(order),
            times_s[order],
            played.is_extra[order],
            played.missing_s,
            played.ornaments[order],
        )
        shots = tuple(take.shots[row] for row in order)
        return replace(take, played=moved, shots=shots, gains=take.gains[order])

    def shifts_s(self, take: Take) -> Floats:
        """Return how much later each hit of a performance sounds after the edit, shape (n,), in seconds.

        Strokes move as wholes, by the drum that carries them; extra hits go with their neighbours.
        """
        truth, score = take.truth(), take.played.score
        roles = tuple(take.kit.roles.values())
        mains = carriers(truth, roles)
        beats = score.lines[mains] / score.divisions
        snares = np.array([roles[one] is Role.SNARE for one in truth.microphones[mains].tolist()])
        goals_s = (beats + self.swung_beats(beats)) * score.beat_s + snares * self.snare_ms / 1000.0
        away_s = goals_s - take.played.times_s[mains]
        moves_s = np.where(np.abs(away_s) <= self.near_ms / 1000.0, 0.0, self.strength * away_s)
        is_own = ~take.played.is_extra[mains]
        of_stroke = np.full(int(truth.strokes.max(initial=-1)) + 1, np.nan)
        of_stroke[truth.strokes[mains[is_own]]] = moves_s[is_own]
        shifts_s = of_stroke[truth.strokes]
        free = np.isnan(shifts_s)
        at = take.played.times_s
        shifts_s[free] = np.interp(at[free], at[mains[is_own]], moves_s[is_own])
        return shifts_s


EDITORS = (
    Editor("tight"),
    Editor("half", strength=0.5),
    Editor("swing", strength=0.9, swing=0.58),
    Editor("lazy snare", near_ms=8.0, snare_ms=12.0),
)


def carriers(truth: Truth, roles: tuple[Role, ...]) -> NDArray[np.int64]:
    """Return the hit that carries each stroke, shape (strokes,), in the order of strokes."""
    rank = np.array([_rank(roles[microphone]) for microphone in truth.microphones])
    graces = np.isin(truth.ornaments, GRACES)
    order = np.lexsort((-truth.velocities, rank, graces, truth.strokes))
    _, first = np.unique(truth.strokes[order], return_index=True)
    found: NDArray[np.int64] = order[first]
    return found


def _rank(role: Role) -> int:
    return CARRIERS.index(role) if role in CARRIERS else len(CARRIERS)
