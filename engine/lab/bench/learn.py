"""Learning from 10 minutes of edited audio, and scoring 10 minutes, as multiples of real time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from engine.core.progress import Progress
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import default_config
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import load_taste
from engine.lab.bench.measured import Measured, seconds
from engine.lab.bench.sound import write

LENGTH_S = 600
LEARN_LIMIT_S = 60.0
SCORE_LIMIT_S = 5.0


def measure(progress: Progress) -> Iterator[Measured]:
    """Measure the default recipe."""
    config = default_config()
    with TemporaryDirectory() as name:
        folder = Path(name)
        edited = write(folder / "edited.flac", LENGTH_S)
        raw = write(folder / "raw.flac", LENGTH_S, seed=1)
        read_s = seconds(lambda: soundfile.read(edited))
        request = LearnRequest(edited=(edited,), config=config, seed=0, out=folder / "bench.taste")
        learn_s = seconds(lambda: learn(request, progress.part(0.0, 0.9)))
        yield Measured("learn_s", learn_s, LEARN_LIMIT_S)
        yield Measured("learn_times_real_time", LENGTH_S / learn_s, LENGTH_S / read_s)
        taste = load_taste(folder / "bench.taste")
        score_s = seconds(lambda: score_file(taste, raw, progress.part(0.9, 1.0)))
        yield Measured("score_s", score_s, SCORE_LIMIT_S)
        yield Measured("score_times_real_time", LENGTH_S / score_s, LENGTH_S / read_s)
