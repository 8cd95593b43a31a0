"""Where the threshold stands, as a percentile of the scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.document.analysis import ScoreCurve
from engine.settings import cut_settings


def percentile_in_force(settings: Mapping[str, object], curve: ScoreCurve) -> float:
    """Return the percentile in force; a threshold set otherwise is expressed as one, to the nearest point."""
    wanted = cut_settings(settings)
    threshold = settings.get("threshold")
    if wanted.threshold_mode == "percentile" or not isinstance(threshold, int | float):
        return wanted.percentile
    return float(round(100.0 * np.mean(curve.scores < threshold)))
