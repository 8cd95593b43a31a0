"""Scoring a thousand ten-second loops from audio, and an hour: how fast, and how much memory it takes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.core.progress import Progress
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.archive import score_by_processes, score_recording
from engine.features.taste.archive_workers import fitting_workers
from engine.lab.bench.long_recording import write_sparse
from engine.lab.bench.measured import Measured, peak_memory_mb, seconds
from engine.lab.bench.sound import write
from engine.lab.recipes.embedding_bank.settings import EmbeddingBankConfig
from engine.sound.reader import SourceReader

LOOPS = 1000
LIMIT_S = 60.0
LONG_MINUTES = 60
LONG_LIMIT_TIMES_REAL_TIME = 500.0
"""A day in less than three minutes."""

KEPT_S = 600
_LOOP_S = 10
_DIFFERENT_LOOPS = 40
_RATE_HZ = 44_100
_BLOCK_FRAMES = 1 << 16
# How long it was learned does not change what scoring costs.
CONFIGS: tuple[RecipeConfig, ...] = (OwnFaultsConfig(practice_s=60.0, epochs=1), EmbeddingBankConfig())


def measure(progress: Progress) -> Iterator[Measured]:
    """Measure the default recipe and the one that compares embeddings."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        loops = _loops(folder / "loops")
        kept = write(folder / "kept.flac", KEPT_S)
        for number, config in enumerate(CONFIGS):
            share = progress.step(number, len(CONFIGS))
            taste = folder / f"{config.recipe}.taste"
            learn(LearnRequest(edited=(kept,), config=config, seed=0, out=taste), share.part(0.0, 0.2))
            yield from _loops_scored(config.recipe, taste, loops)
            yield from _hour_scored(config.recipe, taste, folder, share.part(0.8, 1.0))


def _loops_scored(recipe: str, taste: Path, loops: list[Path]) -> Iterator[Measured]:
    """Time all loops with one process per core, with the limit and the time of one process as references."""
    workers = fitting_workers(len(loops))
    with_all_s = seconds(lambda: list(score_by_processes(taste, loops, workers)))
    yield Measured(f"{recipe}_{len(loops)}_loops_s", with_all_s, LIMIT_S)
    loaded, few = load_taste(taste), loops[:_DIFFERENT_LOOPS]
    one_s = seconds(lambda: [score_recording(loaded, path) for path in few]) / len(few)
    yield Measured(f"{recipe}_{workers}_workers_speed_up", one_s * len(loops) / with_all_s, float(workers))


def _hour_scored(recipe: str, taste: Path, folder: Path, progress: Progress) -> Iterator[Measured]:
    """Score a minute, then an hour, as a named file: run time relative to reading, and memory."""
    loaded, scored_s, read_s, after_mb = load_taste(taste), 0.0, 0.0, []
    for minutes in (1, LONG_MINUTES):
        path = write_sparse(folder / f"{recipe}-{minutes}.wav", 60 * minutes, _RATE_HZ, seed=minutes)
        read_s = seconds(partial(_read, path))
        scored_s = seconds(partial(score_file, loaded, path, progress))
        after_mb.append(peak_memory_mb())
    long_s = 60.0 * LONG_MINUTES
    name = f"{recipe}_score_an_hour"
    yield Measured(f"{name}_times_real_time", long_s / scored_s, LONG_LIMIT_TIMES_REAL_TIME)
    yield Measured(f"{name}_over_reading", scored_s / read_s)
    yield Measured(f"{name}_peak_mb", after_mb[1], after_mb[0])


def _read(path: Path) -> None:
    with SourceReader(path) as reader:
        for _ in reader.blocks(_BLOCK_FRAMES):
            pass


def _loops(folder: Path) -> list[Path]:
    """Make loops; a thousand names for forty files, since their content does not change the cost."""
    folder.mkdir()
    made = [
        write(folder / f"{number:04}.wav", _LOOP_S, _RATE_HZ, seed=number)
        for number in range(min(LOOPS, _DIFFERENT_LOOPS))
    ]
    for number in range(len(made), LOOPS):
        path = folder / f"{number:04}.wav"
        path.hardlink_to(made[number % len(made)])
        made.append(path)
    return made
