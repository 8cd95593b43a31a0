"""Results of calibration in words, and only clear ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from engine.core.wording import begun, counted
from engine.review.calibration.calibrate import ALIKE, ALWAYS, BESIDE, TOUCHING, Calibration
from engine.review.calibration.evidence import PART, PEAK
from engine.review.part_wording import part_wording

CLEAR = 2.0
"""Standard deviations by which a weight must differ from its prior to be reported: decisions that only follow
the score cause such a sentence in less than one review in ten.
"""

FEWEST_ANSWERS = 8
_FEWEST_OF_EACH = 3
_MOST_SENTENCES = 2

# What is said where a figure makes a cut likelier than the taste had thought, and where it makes it less so.
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ALWAYS: ("you cut most proposals", "you keep most proposals"),
        "score": ("you follow the score more than expected", "you follow the score less than expected"),
        "lasting": (
            "you cut passages that score high throughout",
            "you cut passages with short peaks of the score",
        ),
        "standing out": (
            "you cut passages that differ from their surroundings",
            "you cut passages similar to their surroundings",
        ),
        "length": (
            "you keep short passages, you cut long ones",
            "you keep long passages, you cut short ones",
        ),
        "loudness": ("you keep quiet passages", "you cut quiet passages"),
        "evenness": ("you cut passages of changing level", "you cut passages of even level"),
        "hits": ("you cut passages with many hits", "you cut passages with few hits"),
        "off beat": ("you cut passages off the beat", "you keep passages off the beat"),
        "downbeats": ("you cut whole bars more readily", "you keep whole bars"),
        "distance": (
            "you cut passages unlike the training data",
            "you keep passages unlike the training data",
        ),
        "jumps": ("you cut passages with large jumps", "you keep passages with large jumps"),
        BESIDE: ("you answer neighbours alike", "you alternate between neighbours"),
        TOUCHING: ("you answer adjoining proposals alike", "you alternate between adjoining proposals"),
        ALIKE: ("you answer similar sounds alike", "you answer similar sounds differently"),
    }
)


def sentence(calibration: Calibration) -> str:
    """Report the findings and the number of decisions; empty before the first."""
    if not calibration.count:
        return ""
    source = f"From {counted(calibration.count, 'decision')}."
    found = findings(calibration)
    if not found:
        return f"No pattern found yet. {source}"
    said = "; ".join(found)
    return f"{begun(said)}. {source}"


def findings(calibration: Calibration) -> tuple[str, ...]:
    """Return the clear findings, the clearest first, at most two."""
    rejected = calibration.count - calibration.accepted
    if calibration.count < FEWEST_ANSWERS or min(calibration.accepted, rejected) < _FEWEST_OF_EACH:
        return ()
    learned = calibration.posterior.means - calibration.prior.means
    deviations = np.sqrt(np.diag(calibration.posterior.covariance))
    clearness = np.abs(learned) / deviations
    order = [place for place in np.argsort(-clearness).tolist() if clearness[place] >= CLEAR]
    said = [_words(calibration.names[place], bool(learned[place] > 0)) for place in order]
    return tuple(dict.fromkeys(said))[:_MOST_SENTENCES]


def _words(name: str, more: bool) -> str:
    if name in _WORDS:
        return _WORDS[name][0 if more else 1]
    part = part_wording(name.removeprefix(PART).removeprefix(PEAK))
    return f"“{part}” counts {'more' if more else 'less'} for you than for the taste"
