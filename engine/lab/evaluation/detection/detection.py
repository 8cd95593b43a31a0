"""``offcut evaluate detection``: sounds named in clips, and found by name in interviews of real voices.

Clips and sounds come from fold 5 of ESC-50, on which weights are not trained. Detections in interviews are
those of "find every cough" in the window and on the command line, at the default threshold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.analysis.detection.detector import STEP_SAMPLES
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import Candidate, candidates
from engine.analysis.signal.streams import resampled
from engine.core.progress import SILENT, Progress
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.features.repair.finders.find_sounds import find_sounds
from engine.lab.evaluation.detection.clips import Line, free_clip_lines
from engine.lab.evaluation.detection.counted import Counted
from engine.lab.evaluation.detection.interviews import (
    LENGTH_S,
    MEANT,
    REPORTED,
    Interview,
    interviews,
    sources,
)
from engine.lab.evaluation.separation.events import level_db
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.track_audio import SpanRequest

SEED = 362
_COUNT = 10
_SHORT_S = 60.0, 70.0
_EVERY = "all prompts"
_OURS, _LOUD, _CHANCE = "ours", "loud", "chance"


def evaluate(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield the precision of clips, then precision and recall of each prompt in interviews.

    Parameters
    ----------
    data_dir : holds `esc50` and `speech`, and `ambience`
    short : one interview of a minute

    Raises
    ------
    SourceError : the voices are missing
    UsageError : the clips are missing
    Cancelled : the user asked for it
    """
    yield from free_clip_lines(data_dir)
    count, length_s = (1, _SHORT_S) if short else (_COUNT, LENGTH_S)
    counted: dict[str, dict[str, Counted]] = {prompt: defaultdict(Counted) for prompt in MEANT}
    minutes = 0.0
    for number, interview in enumerate(interviews(sources(data_dir, REPORTED), count, SEED, length_s)):
        progress.check_cancelled()
        progress.report(number / count, "Finding sounds in interviews")
        minutes += interview.length_s / 60.0
        for prompt, detections in proposed(interview).items():
            asked = interview.of(prompt)
            counted[prompt][_OURS].add(detections, asked)
            for method, steps in _plain(interview, np.random.default_rng([SEED, number])).items():
                highest = sorted(candidates(steps), key=lambda each: -each[2])
                counted[prompt][method].add(highest[: len(detections)], asked)
    everything: dict[str, Counted] = defaultdict(Counted)
    for prompt, by_method in counted.items():
        yield from _lines(prompt, by_method, minutes)
        for method, one in by_method.items():
            everything[method] += one
    yield from _lines(_EVERY, everything, minutes * len(MEANT))


def proposed(interview: Interview) -> dict[str, list[Candidate]]:
    """Return where the product finds each prompt of `MEANT`, with likelihoods."""
    with TemporaryDirectory() as name:
        path = Path(name) / "interview.wav"
        soundfile.write(path, interview.samples, RATE_HZ, subtype="PCM_24")
        state = DocumentState(RATE_HZ)
        state = apply_rows(state, import_edit(state, import_audio(ImportRequest((path,)), SILENT)).changes)
        request = SpanRequest(state, {key: Path(source.path) for key, source in state.sources.items()})
        return {
            prompt: [
                (one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ, one.likelihood)
                for one in find_sounds(request, [prompt], SILENT)
            ]
            for prompt in MEANT
        }


def _plain(interview: Interview, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Return the features of the baselines for each step: level and chance."""
    samples = np.concatenate(list(resampled([interview.samples], RATE_HZ, MEL.rate_hz)))
    steps = -(-len(samples) // STEP_SAMPLES)
    noise = rng.standard_normal(steps).astype(np.float32)
    return {_LOUD: level_db(samples, steps), _CHANCE: np.float32(3.0) * (noise + np.roll(noise, 1))}


def _lines(prompt: str, by_method: dict[str, Counted], minutes: float) -> Iterator[Line]:
    ours = by_method[_OURS]

    def line(metric: str, figure: Callable[[Counted], float]) -> Line:
        value, baseline, chance = (figure(by_method[method]) for method in (_OURS, _LOUD, _CHANCE))
        return {
            "metric": f"interviews, {prompt}: {metric}",
            "value": value,
            "baseline": baseline,
            "chance": chance,
        }

    yield line("precision", lambda one: one.precision) | {
        "pooled": ours.pooled[0],
        "false alarms a minute": (sum(ours.proposed) - sum(ours.right)) / minutes,
        "n": sum(ours.proposed),
    }
    yield line("recall", lambda one: one.recall) | {
        "pooled": ours.pooled[1],
        **{
            "over speech" if is_over else "in pauses": float(np.mean(hits))
            for is_over, hits in sorted(ours.over_speech.items())
        },
        "n": sum(map(len, ours.found)),
    }
