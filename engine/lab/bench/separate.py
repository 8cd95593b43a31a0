"""Separators on one core: time for each second of sound, and peak memory by the length of the file.

Each figure comes from a program of its own. Times are processor time of one thread, which other programs
hardly change.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from types import MappingProxyType

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.features.repair.separation.settings import DEFAULT, known_separators
from engine.lab.bench.in_program import measured_in_program
from engine.lab.bench.measured import Measured, peak_memory_mb
from engine.lab.bench.named_sound import SIREN, SPEECH, TURN_S, write
from engine.sound.reader import SourceReader
from engine.sound.wav_stream import WavStreamReader, encoded

WINDOWS_S = (2, 60)
FILE_MINUTES = (1.0, 10.0)
"""A longer file is asked for with ``--minutes``."""
STREAMED = (SIREN, SPEECH)
ROUNDS = 3
REAL_TIME = 1.0
_ONE_THREAD = MappingProxyType(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))


def measure(minutes: float, progress: Progress) -> Iterator[Measured]:
    """Measure every separator that is known and has its weights, in windows, files and streams."""
    lengths = sorted({*FILE_MINUTES, max(minutes, FILE_MINUTES[-1])})
    cases = [("file", *each) for each in separators_and_sounds()] + [
        ("stream", DEFAULT, text) for text in STREAMED
    ]
    with TemporaryDirectory() as name:
        files = [write(Path(name) / f"{length:g}.wav", 60 * length) for length in lengths]
        for number, (kind, separator, text) in enumerate(cases):
            progress.step(number, len(cases)).report(0.0, f"Separating {text} by {separator}")
            if kind == "file":
                yield from _run("window", separator, text)
            yield from _of_files(kind, separator, text, files)


def separators_and_sounds() -> list[tuple[str, str]]:
    """Return each known separator and the sound that it is asked for; the default has a network for each."""
    return [(DEFAULT, SPEECH), *((name, SIREN) for name in known_separators())]


def _run(*arguments: str) -> Iterator[Measured]:
    return measured_in_program(__name__, *arguments, environment=_ONE_THREAD)


def _of_files(kind: str, separator: str, text: str, files: Sequence[Path]) -> Iterator[Measured]:
    """Yield memory by length, each compared with the shortest, and the time of the longest."""
    shortest_mb: float | None = None
    for path in files:
        figures = list(_run(kind, separator, text, str(path)))
        if not figures:  # it has no weights
            return
        factor, peak = figures
        if path == files[-1]:
            yield factor
        yield Measured(peak.metric, peak.value, shortest_mb)
        shortest_mb = shortest_mb or peak.value


def in_windows(separator: str, text: str) -> Iterator[Measured]:
    """Separate windows of several lengths, each with its surroundings, at places of their own."""
    from engine.features.repair.separation.registry import separator_named
    from engine.features.repair.separation.separate import Asked, Recording, separate
    from engine.features.repair.separation.separator import prompts_of

    asked = Asked(prompts_of([text]), is_judged=False)
    separating = separator_named(separator)
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "windows.wav", 3 * TURN_S + WINDOWS_S[-1] * ROUNDS)
        with SourceReader(path) as reader:
            recording = Recording(reader.read, reader.frames, reader.rate_hz)

            def separated(start_s: float, length_s: float) -> None:
                span = s_to_samples(start_s, reader.rate_hz), s_to_samples(start_s + length_s, reader.rate_hz)
                for _piece in separate(recording, (span,), asked, separating):
                    pass

            separated(1.0, WINDOWS_S[0])  # what is loaded at first counts in no figure
            for length_s in WINDOWS_S:
                took_s = median(
                    _processor_s(partial(separated, 5.0 + 1.5 * place, length_s)) for place in range(ROUNDS)
                )
                name = f"{_label(separator, text)}_{length_s}_s_real_time_factor"
                yield Measured(name, took_s / length_s, REAL_TIME, ROUNDS)


def in_file(separator: str, text: str, path: Path) -> Iterator[Measured]:
    """Remove a sound in all of a file, as ``offcut separate`` does."""
    from engine.features.repair.separation.in_file import separate_in_file
    from engine.features.repair.separation.separate import Asked
    from engine.features.repair.separation.separator import prompts_of

    asked = Asked(prompts_of([text]))
    with TemporaryDirectory() as folder, SourceReader(path) as reader:
        work = partial(
            separate_in_file, Path(folder) / "out.wav", reader, ((0, reader.frames),), asked, separator
        )
        yield from _time_and_memory(
            work, f"{_label(separator, text)}_{path.stem}_min", reader.frames / reader.rate_hz
        )


def in_stream(separator: str, text: str, path: Path) -> Iterator[Measured]:
    """Remove a sound in a stream, as ``offcut separate --stream`` does."""
    from engine.features.repair.separation.registry import streaming_separator
    from engine.features.repair.separation.separate import SeparationStream
    from engine.features.repair.separation.separator import Mode, prompts_of

    with path.open("rb") as source:
        reader = WavStreamReader(source)
        form = reader.format
        streaming = SeparationStream(
            streaming_separator(separator),
            prompts_of([text]),
            Mode.REMOVE,
            rate_hz=form.rate_hz,
            channels=form.channels,
        )

        def work() -> None:
            for block in reader.blocks():
                encoded(streaming.block(block), form.encoding)
            encoded(streaming.rest(), form.encoding)

        label = f"{_label(f'stream_{separator}', text)}_{path.stem}_min"
        yield from _time_and_memory(work, label, (form.frames or 0) / form.rate_hz)


def _time_and_memory(work: Callable[[], object], label: str, length_s: float) -> Iterator[Measured]:
    took_s = _processor_s(work)
    yield Measured(f"{label}_real_time_factor", took_s / length_s, REAL_TIME)
    yield Measured(f"{label}_peak_mb", peak_memory_mb())


def _processor_s(work: Callable[[], object]) -> float:
    begun_s = process_time()
    work()
    return process_time() - begun_s


def _label(separator: str, text: str) -> str:
    return f"separate_{separator}_{text}"


def main(arguments: Sequence[str]) -> None:
    """Print the figures of one program, computed on one core; none of a separator without weights."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from engine.features.repair.separation.registry import separator_named

    kind, separator, text, *paths = arguments
    try:
        separator_named(separator)
    except UsageError:
        return
    works: dict[str, Callable[..., Iterator[Measured]]]
    works = {"window": in_windows, "file": in_file, "stream": in_stream}
    for measured in works[kind](separator, text, *map(Path, paths)):
        print(json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
