"""Problems of a taste on its page, and the actions of their buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from desktop.features.taste.dialogs import TasteDialogs
from desktop.features.taste.page.diagnosing import Diagnosing
from desktop.features.taste.page.page import Tasting
from desktop.recordings.analysing import Analysing
from desktop.shell.slots import reporting_refusals
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.diagnoses.finding import Action

_LONGER = 4


def finding_actions(tastes: TasteDialogs, analysing: Analysing) -> Mapping[str, Callable[[], object]]:
    """Return the handler of each action of a finding."""
    return {
        Action.LEARN_AGAIN: tastes.learn,
        Action.LEARN_LONGER: partial(tastes.learn, _LONGER * METHODS[0].epochs),
        Action.ADD_RECORDINGS: tastes.learn,
        Action.OTHER_TASTE: tastes.use_taste,
        Action.KEEP_HALF: partial(analysing.propose, {"threshold_mode": "keep", "keep": 0.5}),
        Action.CUT_A_TENTH: partial(analysing.propose, {"threshold_mode": "keep", "keep": 0.9}),
        Action.FIND_THRESHOLD: partial(analysing.propose, {"threshold_mode": "automatic"}),
    }


def connect_findings(
    diagnosing: Diagnosing, tasting: Tasting, tastes: TasteDialogs, analysing: Analysing
) -> None:
    """Shows findings on the Taste page, starts a diagnosis when it opens, and runs the actions."""
    do = finding_actions(tastes, analysing)
    diagnosing.found.connect(tasting.set_findings)
    tasting.opened.connect(diagnosing.measure)
    tasting.remedy_requested.connect(reporting_refusals(lambda action: do[action](), tasting.refused.emit))
