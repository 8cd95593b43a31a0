"""Derive problems of a taste from its measurements.

Three things go wrong with a score learned from edited audio alone: everything sounds poor to it, so all of a
recording would be cut, or nothing would. Each has several distinguishable causes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.core.wording import percent
from engine.document.settings import CutSettings
from engine.features.taste.diagnoses.finding import Action, Finding, Remedy, Severity
from engine.features.taste.diagnoses.symptoms import ODD, TILT_DB, Symptoms
from engine.features.taste.diagnoses.wording import tilt_text

ODD_SHARE = 0.7
NEARLY_ALL = 0.9
NEARLY_NOTHING = 0.02
BLIND_SHARE = 0.8
NOISE_SCORE = 0.7
SAME_SHARE = 0.8
STRONG_TILT_DB = 15.0
_LOW_SCORE, _LOW_PERCENTILE = 0.55, 10.0
_HIGH_PERCENTILE, _HIGH_KEEP = 98.0, 0.98

_EXPLAIN_NOTHING = frozenset({"already-kept", "other-sound"})
"""Where one of these is found, that nothing would be cut needs no finding of its own."""

_LONGER = Remedy("Learn longer…", Action.LEARN_LONGER)
_AGAIN = Remedy("Learn again…", Action.LEARN_AGAIN)
_OTHER = Remedy("Use another taste…", Action.OTHER_TASTE)
_MORE = Remedy("Add recordings…", Action.ADD_RECORDINGS)
_HALF = Remedy("Keep half", Action.KEEP_HALF)
_TENTH = Remedy("Cut the highest tenth", Action.CUT_A_TENTH)
_FOUND = Remedy("Find the threshold", Action.FIND_THRESHOLD)


def is_suspicious(scores: NDArray[np.float32], cut_share: float) -> bool:
    """Return whether one of the failures is possible, without measuring.

    Parameters
    ----------
    scores : of the recording, shape (n,)
    cut_share : see `judge`
    """
    poor = len(scores) > 0 and float((scores > ODD).mean()) >= ODD_SHARE
    return poor or not NEARLY_NOTHING <= cut_share <= NEARLY_ALL


def judge(symptoms: Symptoms, cuts: CutSettings, cut_share: float) -> tuple[Finding, ...]:
    """Return the problems of a taste on a recording.

    Parameters
    ----------
    cuts : under which settings cuts were proposed
    cut_share : share of the recording that is or would be cut under them, 0 to 1
    """
    found = [*_other_sound(symptoms), *_learned_little(symptoms)]
    if symptoms.odd_share >= ODD_SHARE and not found:
        why = "it is unlike the edits the taste learned from"
        found.append(Finding("poor-unlike", Severity.DOUBTFUL, f"{_poor(symptoms)}: {why}.", (_MORE, _OTHER)))
    found += _already_kept(symptoms)
    if cut_share > NEARLY_ALL:
        found.append(_everything_cut(symptoms, cuts, cut_share))
    if symptoms.noise_score < NOISE_SCORE:
        found.append(_deaf(symptoms))
    elif cut_share < NEARLY_NOTHING and not any(finding.name in _EXPLAIN_NOTHING for finding in found):
        found.append(_nothing_cut(symptoms, cuts))
    return tuple(found)


def _poor(symptoms: Symptoms) -> str:
    return f"{percent(symptoms.odd_share)} of this recording scores high with this taste"


def _other_sound(symptoms: Symptoms) -> Iterator[Finding]:
    if symptoms.tilt is None:
        return
    is_poor, apart_db = symptoms.odd_share >= ODD_SHARE, abs(symptoms.tilt.difference_db)
    has = f"has {tilt_text(symptoms.tilt)} than the training data, as from another room, microphone or master"
    if is_poor and apart_db > TILT_DB:
        yield Finding("other-sound", Severity.WRONG, f"{_poor(symptoms)}: it {has}.", (_AGAIN, _OTHER))
    elif apart_db > STRONG_TILT_DB:
        sentence = f"Do not trust the scores here too far: the recording {has}."
        yield Finding("other-sound", Severity.DOUBTFUL, sentence, (_AGAIN, _OTHER))


def _learned_little(symptoms: Symptoms) -> Iterator[Finding]:
    """Distinguish a taste that was trained too briefly from one that is too small for its material."""
    falling = "was still getting better when learning ended"
    if symptoms.blind_share is not None and symptoms.blind_share > BLIND_SHARE:
        if symptoms.is_still_learning:
            sentence = f"This taste learned little, and {falling}."
            yield Finding("under-trained", Severity.WRONG, sentence, (_LONGER,))
        else:
            sentence = (
                "This taste learned little, and learning longer did not help: try another method, or more "
                "recordings."
            )
            yield Finding("too-small", Severity.WRONG, sentence, (_AGAIN, _MORE))
    elif symptoms.is_still_learning:
        yield Finding(
            "under-trained", Severity.DOUBTFUL, f"This taste is unfinished: it {falling}.", (_LONGER,)
        )


def _already_kept(symptoms: Symptoms) -> Iterator[Finding]:
    if symptoms.kept_share is not None and symptoms.kept_share > SAME_SHARE:
        yield Finding(
            "already-kept",
            Severity.DOUBTFUL,
            f"{percent(symptoms.kept_share)} of this recording is training data of the taste, so hardly "
            "any of it can score high.",
            (_OTHER, _TENTH),
        )


def _everything_cut(symptoms: Symptoms, cuts: CutSettings, cut_share: float) -> Finding:
    measured = f"{percent(cut_share)} of the recording would be cut"
    if (reason := _low_threshold(cuts)) is not None:
        return Finding("everything-cut-threshold", Severity.WRONG, f"{measured}: {reason}.", (_FOUND, _HALF))
    if symptoms.odd_share >= ODD_SHARE:
        why = "nearly all of it is far from the training data"
        if cuts.threshold_mode == "automatic":
            why = "nearly all of it sounds as wrong as a mistake in your edits would"
        return Finding("everything-cut-style", Severity.WRONG, f"{measured}: {why}.", (_HALF, _OTHER))
    why = "the good passages are shorter than the minimum length"
    return Finding("everything-cut-pieces", Severity.DOUBTFUL, f"{measured}: {why}.", (_HALF,))


def _low_threshold(cuts: CutSettings) -> str | None:
    """Return why a threshold set by the user is too low; an automatic one follows the scores."""
    if cuts.threshold_mode == "percentile" and cuts.percentile <= _LOW_PERCENTILE:
        return (
            f"the threshold cuts all but the {cuts.percentile:.0f} % that sound most like the training data"
        )
    if cuts.threshold_mode == "score" and cuts.score <= _LOW_SCORE:
        return f"the threshold is {cuts.score:.2f}, and 0.50 is typical of the training data"
    if cuts.threshold_mode == "keep" and cuts.keep <= 1.0 - NEARLY_ALL:
        return f"you asked to keep {percent(cuts.keep)}"
    return None


def _nothing_cut(symptoms: Symptoms, cuts: CutSettings) -> Finding:
    measured = "Nothing would be cut"
    if (reason := _high_threshold(symptoms, cuts)) is not None:
        return Finding("nothing-cut-threshold", Severity.DOUBTFUL, f"{measured}: {reason}.", (_FOUND, _TENTH))
    why = "all of it sounds like the training data"
    if cuts.threshold_mode == "automatic":
        why = "hardly any of it sounds as wrong as a mistake in your edits would"
    return Finding("nothing-cut", Severity.NOTE, f"{measured}: {why}.", (_TENTH,))


def _high_threshold(symptoms: Symptoms, cuts: CutSettings) -> str | None:
    """Return why a threshold set by the user is too high; an automatic one follows the scores."""
    if cuts.threshold_mode == "percentile" and cuts.percentile >= _HIGH_PERCENTILE:
        return f"the threshold keeps the {cuts.percentile:.0f} % that sound most like the training data"
    if cuts.threshold_mode == "keep" and cuts.keep >= _HIGH_KEEP:
        return f"you asked to keep {percent(cuts.keep)}"
    if cuts.threshold_mode == "score" and symptoms.highest_score <= cuts.score:
        return f"the threshold is {cuts.score:.2f}, and the highest score is {symptoms.highest_score:.2f}"
    return None


def _deaf(symptoms: Symptoms) -> Finding:
    return Finding(
        "passes-noise",
        Severity.WRONG,
        f"This taste accepts everything: even white noise scores only {symptoms.noise_score:.2f}, and 0.50 "
        "is typical of the training data.",
        (_AGAIN, _OTHER),
    )
