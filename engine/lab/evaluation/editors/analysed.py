"""Analysed jams: made once, and stored in a folder for the next run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.analysis.beats.listen import listen
from engine.analysis.detection.voices import RATE_HZ as VOICE_RATE_HZ
from engine.analysis.detection.voices import talk_between, voice_frames, voice_spans
from engine.analysis.signal.streams import resampled
from engine.features.arrangement.step_features import StepFeatures, hear
from engine.lab.evaluation.editors.cut_jams import cut_jam
from engine.lab.evaluation.editors.jams import PHRASE, Jam
from engine.lab.evaluation.editors.played_jams import played_jam

EXCERPTS, PLAYED = "excerpts", "played"
GENERATORS: dict[str, Callable[[Path, int, int], Jam]] = {EXCERPTS: cut_jam, PLAYED: played_jam}


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedJam:
    """A jam as the product knows it, and its true form."""

    jam: Jam
    heard: StepFeatures

    @property
    def beat_s(self) -> float:
        """The median length of a beat, at least 0.25 s: the tolerance of places."""
        beats_s = [one.bar_s / 4.0 for one in self.jam.passages if one.kind == PHRASE]
        return max(0.25, float(np.median(beats_s)))


def analysed(data_dir: Path, made: Path | None, generator: str, half: int, seed: int) -> AnalysedJam:
    """Return a jam, analysed as recordings are whose edits are learned.

    Parameters
    ----------
    made : folder of stored results, to be deleted when the analysis changes; None to store nothing
    """
    path = None if made is None else made / f"{generator}-{half}-{seed}.pickle"
    if path is not None and path.exists():
        stored: AnalysedJam = pickle.loads(path.read_bytes())
        return stored
    jam = GENERATORS[generator](data_dir, half, seed)
    rate_hz, n = jam.rate_hz, len(jam.audio)
    grid = listen([jam.audio], rate_hz, n).grid
    talk_s = talk_between(voice_spans(voice_frames(resampled([jam.audio], rate_hz, VOICE_RATE_HZ))))
    found = AnalysedJam(jam, hear([jam.audio], rate_hz, n, grid, talk_s=talk_s))
    if path is None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(found))
    part.replace(path)
    return found
