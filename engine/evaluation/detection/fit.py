"""Compare thresholds of sounds by name in interviews: `python -m engine.evaluation.detection.fit DATA`.

Prints precision and recall on the half that no table reports, by threshold and by how much the score of
speech lowers log odds. Offcut uses `BEGINS_AT` of `engine.detection.events` and does not weigh speech. The
networks run once for each interview, so a run after a change of weights takes minutes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.detection.detector import STEP_S, WEIGHTS, detector
from engine.detection.events import BEGINS_AT, events, odds_over_time
from engine.detection.spectra import MEL
from engine.detection.voice_frames import FRAME_S, VoiceStream
from engine.detection.voices import features, speech_scores
from engine.evaluation.detection.counted import Counted
from engine.evaluation.detection.interviews import CHOSEN, MEANT, Interview, interviews, sources
from engine.evaluation.separation.unseen_sources import RATE_HZ
from engine.features.mono import resampled
from engine.timebase import samples_to_s
from engine.words.text import text_encoder
from engine.words.understanding import meanings

SEED, COUNT = 361, 10
_SLOPES = (0.0, 0.15, 0.3, 0.5)
_THRESHOLDS = tuple(sorted({BEGINS_AT, *np.arange(-3.0, 2.01, 0.5).tolist()}))
_BLOCKS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """An interview as the networks analyse it.

    Attributes
    ----------
    odds : log odds of each prompt of `MEANT`, shape (steps, prompts)
    speech : score of speech, see `speech_scores`, shape (steps,)
    """

    interview: Interview
    odds: NDArray[np.float32]
    speech: NDArray[np.float32]

    def counted_into(self, counted: Counted, prompt: str, slope: float, begins_at: float) -> None:
        """Count what is found of a prompt if the score of speech above 0 lowers log odds by a slope."""
        weighed = slope * np.maximum(self.speech, 0.0)
        lowered = np.asarray(self.odds[:, list(MEANT).index(prompt)] - weighed, np.float32)
        found = events(lowered, RATE_HZ, len(self.interview.samples), begins_at)
        detections = [
            (
                samples_to_s(one.start_samples, RATE_HZ),
                samples_to_s(one.stop_samples, RATE_HZ),
                one.likelihood,
            )
            for one in found
        ]
        counted.add(detections, self.interview.of(prompt))


def analysed(data_dir: Path, weights: Path, count: int = COUNT) -> Iterator[Analysed]:
    """Yield the interviews that settings are chosen on.

    Raises
    ------
    OffcutError : the networks of voices are not installed
    """
    hearing = detector(weights)
    encode = text_encoder().encode
    phrases = [np.stack([encode(phrase) for phrase in meanings(prompt)]) for prompt in MEANT]
    for interview in interviews(sources(data_dir, CHOSEN), count, SEED):
        stream = VoiceStream()
        blocks = resampled(np.array_split(interview.samples, _BLOCKS), RATE_HZ, MEL.rate_hz)
        heard = hearing.heard(stream.through(blocks))
        odds = np.stack([odds_over_time(hearing, heard, words).max(axis=1) for words in phrases], axis=1)
        scores = speech_scores(features(stream.frames))
        middles = ((np.arange(len(odds)) + 0.5) * STEP_S / FRAME_S).astype(np.int64)
        yield Analysed(interview, odds, scores[np.minimum(middles, len(scores) - 1)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each slope and threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="of the network of sounds")
    parser.add_argument("--count", type=int, default=COUNT, help="of interviews")
    options = parser.parse_args(arguments)
    rows = list(analysed(options.data, options.weights, options.count))
    for slope, begins_at in product(_SLOPES, _THRESHOLDS):
        line: dict[str, object] = {"slope of speech": slope, "begins at": begins_at}
        for prompt in MEANT:
            counted = Counted()
            for row in rows:
                row.counted_into(counted, prompt, slope, begins_at)
            line[prompt] = {"precision": round(counted.precision, 3), "recall": round(counted.recall, 3)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
