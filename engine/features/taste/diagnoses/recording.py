"""Diagnose a taste on a recording that is in no document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.mel import log_mel_blocks
from engine.analysis.signal.mel_settings import MelSettings
from engine.analysis.signal.mono import mono_of
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, s_to_samples_array
from engine.document.analysis import ScoreCurve
from engine.document.settings import CutSettings
from engine.features.taste.anomaly.score import Scores, score_file
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.cuts.propose import propose_cuts
from engine.features.taste.diagnoses.finding import Finding
from engine.features.taste.diagnoses.judging import judge
from engine.features.taste.diagnoses.sound import stretches_of, typical_spectrum_db
from engine.features.taste.diagnoses.symptoms import Symptoms
from engine.features.taste.diagnoses.taste import examine
from engine.sound.reader import SourceReader


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Measurements and their meaning.

    Attributes
    ----------
    cut_share : share of the recording that would be cut under the settings, 0 to 1
    """

    symptoms: Symptoms
    cut_share: float
    findings: tuple[Finding, ...]


def diagnose(taste: Taste, path: Path, cuts: CutSettings, progress: Progress) -> Diagnosis:
    """Score a recording, compute its cuts, and return the problems.

    Raises
    ------
    SourceError : the recording cannot be read
    """
    scores = score_file(taste, path, progress.part(0.0, 0.6))
    spectrum_db, duration_s = _heard(path, taste.config.mel, progress.part(0.6, 0.95))
    distances = None if scores.nearest is None else scores.nearest.distances
    symptoms = examine(taste, scores.scores, distances, spectrum_db, progress.part(0.95, 1.0))
    cut_share = _cut_share(scores, duration_s, taste, cuts)
    return Diagnosis(symptoms, cut_share, judge(symptoms, cuts, cut_share))


def _heard(path: Path, mel: MelSettings, progress: Progress) -> tuple[NDArray[np.float64] | None, float]:
    """Return the typical spectrum of a recording, shape (n_mels,), and how many seconds it lasts."""
    with SourceReader(path) as reader:
        stretches = stretches_of(log_mel_blocks(mono_of(reader, mel.rate_hz), mel), mel)
        progress.report(1.0, f"Analysed {shown(path.name)}")
        spectrum_db = typical_spectrum_db(stretches, mel) if len(stretches) else None
        return spectrum_db, reader.frames / reader.rate_hz


def _cut_share(scores: Scores, duration_s: float, taste: Taste, cuts: CutSettings) -> float:
    rate_hz = taste.config.mel.rate_hz
    times = s_to_samples_array(scores.times_s, rate_hz)
    curve = ScoreCurve(times, scores.scores, taste.maker, limit=scores.limit)
    length = s_to_samples(duration_s, rate_hz)
    plan = propose_cuts(curve, None, None, length_samples=length, rate_hz=rate_hz, settings=cuts)
    return float(np.clip(1.0 - plan.kept_share, 0.0, 1.0))
