"""Quality of a score curve with known ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.listen import PassResult, listen
from engine.analysis.signal.dead_air import LEAST_S
from engine.document.proposals import QUESTION
from engine.document.settings import CutSettings
from engine.features.taste.anomaly.score import Scores
from engine.features.taste.anomaly.threshold import auc, smoothed
from engine.features.taste.cuts.propose import propose_cuts
from engine.lab.evaluation.materials.case import PAUSE, HeldOut, WholeFile
from engine.lab.evaluation.metrics import average_precision, time_iou
from engine.lab.evaluation.review import after_answers
from engine.lab.simulated.recordings import HEARD_RATE_HZ

MEASURES: Mapping[str, str] = {
    "auc": "how often a bad moment scores above a kept one",
    "average_precision": "precision averaged over recall",
    "time_iou": "overlap when as much is cut as is bad, by the scores alone",
    "time_iou_kept": "the same of what is kept, at the true keep ratio",
    "time_iou_smoothed": "overlap of what is cut with scores smoothed over 3 s",
    "time_iou_proposed": "the same with the cuts that Offcut proposes to keep as much as is good",
    "auc_before_answers": "the AUC of moments of 1.5 s before any answer",
    "auc_of_rest": "the AUC of what is undecided after 20 answers from the truth",
    "auc_of_rest_taught": "the same by what the answers taught",
    "auc_gained": "how much more that is",
    "iou_automatic": "overlap of what is bad with the cuts that Offcut proposes by itself",
    "good_proposed": "how much of what is as it was is proposed beside what is bad",
    "bad_proposed": "how much of what is bad is proposed",
    "pauses_proposed": "how many of the pauses of 3 s or more are proposed",
    "clean_proposed": "how much of a recording without a fault is proposed",
    "auc_of_files": "how often a file of another style scores above a kept one",
    "auc_of_files_altered": "the same, and files of the style with faults in them",
}
_SMOOTHED_S = 3.0
_LEAST_KEPT_S = 2.0
_MOST_OF_IT = 0.8


def of_moments(curve: Scores, tested: HeldOut) -> dict[str, float]:
    """Measure a score curve moment by moment; of a recording without a fault, how much would be cut."""
    heard = listen([tested.audio], HEARD_RATE_HZ, len(tested.audio))
    if not tested.faults:
        return {"clean_proposed": float(_proposed(curve, heard, tested).mean())}
    bad = tested.kinds_at(curve.times_s) != ""
    return {
        "auc": auc(bad, curve.scores),
        "average_precision": average_precision(bad, curve.scores),
        "time_iou": time_iou(bad, curve.scores),
        "time_iou_kept": time_iou(~bad, -curve.scores),
        "time_iou_smoothed": time_iou(bad, smoothed(curve.scores, round(_SMOOTHED_S / curve.hop_s))),
        "time_iou_proposed": _proposed_iou(curve, tested),
        **_automatic(curve, heard, tested),
        **after_answers(curve, heard, tested),
    }


def _automatic(curve: Scores, heard: PassResult, tested: HeldOut) -> dict[str, float]:
    """Measure the cuts that are proposed in the window before anything is set."""
    bad = _bad(tested)
    cut = _proposed(curve, heard, tested)
    found = {
        "iou_automatic": float((cut & bad).sum() / (cut | bad).sum()),
        "good_proposed": float(cut[~bad].mean()),
        "bad_proposed": float(cut[bad].mean()),
    }
    pauses = [
        cut[one.start_samples : one.stop_samples].mean() > _MOST_OF_IT
        for one in tested.faults
        if one.kind == PAUSE and one.stop_samples - one.start_samples >= LEAST_S * HEARD_RATE_HZ
    ]
    return found | ({"pauses_proposed": float(np.mean(pauses))} if pauses else {})


def _proposed(curve: Scores, heard: PassResult, tested: HeldOut) -> NDArray[np.bool_]:
    plan = propose_cuts(
        curve.curve(HEARD_RATE_HZ, "evaluation"),
        heard.listening,
        heard.grid,
        length_samples=len(tested.audio),
        rate_hz=HEARD_RATE_HZ,
        settings=CutSettings(),
    )
    cuts = (one for one in plan.proposals if QUESTION not in one.payload)
    return _covered([(one.start_samples, one.stop_samples) for one in cuts], len(tested.audio))


def _bad(tested: HeldOut) -> NDArray[np.bool_]:
    return _covered([(one.start_samples, one.stop_samples) for one in tested.faults], len(tested.audio))


def by_kind(curve: Scores, tested: HeldOut) -> dict[str, float]:
    """Return the AUC of the moments of each kind of fault against all that are as they were."""
    kinds = tested.kinds_at(curve.times_s)
    found = {}
    for kind in sorted(set(kinds.tolist()) - {""}):
        of = (kinds == kind) | (kinds == "")
        found[kind] = auc(kinds[of] == kind, curve.scores[of])
    return found


def of_files(mean_scores: Sequence[float], files: Sequence[WholeFile]) -> dict[str, float]:
    """Measure the separation of normal and anomalous files by their mean scores."""
    scores = np.array(mean_scores)
    odd = np.array([one.is_odd for one in files])
    altered = np.array([one.is_altered for one in files])
    return {
        "auc_of_files": auc(odd[~altered], scores[~altered]),
        "auc_of_files_altered": auc(odd | altered, scores),
    }


def _proposed_iou(curve: Scores, tested: HeldOut) -> float:
    """Return the intersection over union of the proposed cuts and the faults, sample by sample.

    Cuts are proposed as in the window, but without beats and onsets for snapping, and with a minimum piece
    as short as the gaps between injected faults.
    """
    bad = _bad(tested)
    settings = CutSettings(threshold_mode="keep", keep=1.0 - float(bad.mean()), minimum_kept_s=_LEAST_KEPT_S)
    plan = propose_cuts(
        curve.curve(HEARD_RATE_HZ, "evaluation"),
        None,
        None,
        length_samples=len(bad),
        rate_hz=HEARD_RATE_HZ,
        settings=settings,
    )
    cut = _covered([(one.start_samples, one.stop_samples) for one in plan.proposals], len(bad))
    return float((cut & bad).sum() / (cut | bad).sum())


def _covered(spans: Sequence[tuple[int, int]], length: int) -> NDArray[np.bool_]:
    covered = np.zeros(length, bool)
    for start, stop in spans:
        covered[start:stop] = True
    return covered
