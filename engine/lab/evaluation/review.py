"""Learning from the first answers of a review: a simulation with answers from the ground truth."""

from __future__ import annotations

import numpy as np

from engine.analysis.beats.listen import PassResult
from engine.features.taste.anomaly.score import Scores
from engine.lab.evaluation.materials.case import HeldOut
from engine.lab.evaluation.simulate import hit, moments, simulate
from engine.lab.simulated.recordings import HEARD_RATE_HZ
from engine.review.evidence import Analyses

ANSWERS = 20
_MOMENT_S = 1.5
"""The recordings are a minute or two: as many moments must be left as are answered."""


def after_answers(scores: Scores, heard: PassResult, tested: HeldOut) -> dict[str, float]:
    """Answer 20 moments in the order of the queue, and rank the rest by scores and by the calibration.

    Empty if the rest contains only faults, or none.
    """
    known = Analyses(scores.curve(HEARD_RATE_HZ, "evaluation"), heard.listening, heard.grid)
    state = moments(known, len(tested.audio), HEARD_RATE_HZ, _MOMENT_S)
    faults = np.array([(one.start_samples, one.stop_samples) for one in tested.faults], np.int64)
    found = simulate(state, known, hit(state, faults), answers=ANSWERS)
    if found is None:
        return {}
    return {
        "auc_before_answers": found.before,
        "auc_of_rest": found.by_score,
        "auc_of_rest_taught": found.by_chance,
        "auc_gained": found.gain,
    }
