"""Problems of a taste, derived from its measurements; light, so that the window shows them without torch.

Three things go wrong with a score learned from edited audio alone: everything sounds poor to it, so all of a
recording would be cut, or nothing would. Each has several distinguishable causes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.core.wording import percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.document.settings import CutSettings

ODD = 0.8
"""A score above those of nine tenths of the training audio."""

TILT_DB = 9.0
"""Halves of one piece differ by 1 to 4 dB, pieces of one artist by up to 9 (docs/decisions/0023)."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """Where two sounds differ most, and by how much; above 0 the first has more there."""

    difference_db: float
    low_hz: float
    high_hz: float


@dataclass(frozen=True, slots=True)
class Symptoms:
    """Measurements of a taste and one recording scored with it.

    Attributes
    ----------
    usual_score, highest_score : the median and the highest score of the recording
    odd_share : share of its moments that score above `ODD`
    noise_score : the median score of white noise at its level
    kept_share : share of the recording that is the same audio as training data; None if the taste stores none
    tilt : largest spectral difference from the most similar training recording; None as above
    blind_share : the best training loss over that of a model that learned nothing; None where unknown
    is_still_learning : whether the loss was still falling when learning ended
    """

    usual_score: float
    highest_score: float
    odd_share: float
    noise_score: float
    kept_share: float | None
    tilt: Tilt | None
    blind_share: float | None
    is_still_learning: bool


def tilt_text(tilt: Tilt) -> str:
    """Describe a spectral difference, as in "it has 12 dB less from 3 to 6 kHz"."""
    more = "more" if tilt.difference_db > 0 else "less"
    return f"{abs(tilt.difference_db):.0f} dB {more} from {_hz(tilt.low_hz)} to {_hz(tilt.high_hz)}"


def _hz(hz: float) -> str:
    return f"{hz / 1000:.1f} kHz" if hz >= 1000.0 else f"{round(hz, -1):.0f} Hz"


class Severity(StrEnum):
    """How much a finding should worry."""

    WRONG = "wrong"
    DOUBTFUL = "doubtful"
    NOTE = "note"


class Action(StrEnum):
    """A possible action on a finding; the window has a button for each, the command line a line."""

    LEARN_AGAIN = "learn again"
    LEARN_LONGER = "learn longer"
    ADD_RECORDINGS = "add recordings"
    OTHER_TASTE = "other taste"
    KEEP_HALF = "keep half"
    CUT_A_TENTH = "cut a tenth"
    FIND_THRESHOLD = "find the threshold"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do.

    Attributes
    ----------
    label : text of its button
    """

    label: str
    action: Action


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or may be.

    Attributes
    ----------
    name : which one it is, for programs: "everything-cut", "other-sound", ...
    sentence : the measurement and its meaning
    remedies : one or two things to do, the likelier first
    """

    name: str
    severity: Severity
    sentence: str
    remedies: tuple[Remedy, ...] = ()


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
    if symptoms.kept_share is not None and symptoms.kept_share > SAME_SHARE:
        sentence = (
            f"{percent(symptoms.kept_share)} of this recording is training data of the taste, so hardly "
            "any of it can score high."
        )
        found.append(Finding("already-kept", Severity.DOUBTFUL, sentence, (_OTHER, _TENTH)))
    if cut_share > NEARLY_ALL:
        found.append(_everything_cut(symptoms, cuts, cut_share))
    if symptoms.noise_score < NOISE_SCORE:
        sentence = (
            f"This taste accepts everything: even white noise scores only {symptoms.noise_score:.2f}, and "
            "0.50 is typical of the training data."
        )
        found.append(Finding("passes-noise", Severity.WRONG, sentence, (_AGAIN, _OTHER)))
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
