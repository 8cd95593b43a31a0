"""``offcut score T.taste AUDIO...``: how odd each moment of a recording is."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from engine.cli.answer import Answer
from engine.progress import Progress
from engine.safe_write import replacing
from engine.timebase import format_time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("taste", type=Path, metavar="T.taste")
    parser.add_argument("audio", type=Path, nargs="+", metavar="AUDIO")
    parser.add_argument("--csv", type=Path, metavar="F", help="also write path, time and score as a table")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[Answer]:
    """Score every file."""
    from engine.anomaly.score import score_file
    from engine.anomaly.taste import load_taste

    taste = load_taste(options.taste)
    files = []
    for number, path in enumerate(options.audio):
        share = progress.step(number, len(options.audio))
        scores = score_file(taste, path, share)
        files.append(
            {
                "path": str(path),
                "hop_s": scores.hop_s,
                "times_s": scores.times_s.tolist(),
                "scores": scores.scores.tolist(),
            }
        )
    if options.csv:
        _write_csv(options.csv, files)
    yield Answer({"files": files}, "\n".join(_line(entry) for entry in files))


def _line(entry: dict[str, object]) -> str:
    times, scores = entry["times_s"], entry["scores"]
    assert isinstance(times, list)
    assert isinstance(scores, list)
    if not scores:
        return f"{entry['path']}: too short to score"
    oddest = max(range(len(scores)), key=scores.__getitem__)
    at = format_time(times[oddest], 1)
    return f"{entry['path']}: {len(scores)} moments, oddest at {at} (score {scores[oddest]:.3f})"


def _write_csv(path: Path, files: list[dict[str, object]]) -> None:
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "time_s", "score"])
        for entry in files:
            times, scores = entry["times_s"], entry["scores"]
            assert isinstance(times, list)
            assert isinstance(scores, list)
            writer.writerows((entry["path"], time, score) for time, score in zip(times, scores, strict=True))
