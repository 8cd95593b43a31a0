"""``offcut score T.taste PATH...``: score each moment of a recording, or of each one in folders."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import finite, whole
from engine.cli.output import Listing, VerbOutput
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import check_target, replacing, shown
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import counted, reason_of
from engine.features.taste.archive_workers import begin, fitting_workers
from engine.sound.decoders.registry import audio_files
from engine.sound.opening import require_file

if TYPE_CHECKING:
    from engine.features.taste.anomaly.score import Scores
    from engine.features.taste.anomaly.taste import Taste
    from engine.features.taste.archive import Outcome, Scored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("taste", type=Path, metavar="T.taste")
    parser.add_argument(
        "audio", type=Path, nargs="+", metavar="PATH", help="recordings, or folders of them at any depth"
    )
    parser.add_argument(
        "--threshold",
        type=finite,
        metavar="X",
        help="0 to 1: score each recording as a whole, by the mean of its highest-scoring quarter, and "
        "label it anomalous from this score on",
    )
    parser.add_argument(
        "--csv", type=Path, metavar="F", help="also write a table: the moments, or with --threshold the files"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing table")
    parser.add_argument(
        "--workers", type=whole, metavar="N", help="processes that score folders; default: one per core"
    )
    parser.add_argument(
        "--cluster",
        metavar="tcp://HOST:PORT",
        help="score with the workers of a dask cluster (offcut[cluster])",
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput | Listing]:
    """Score every file; those of folders one after the other, despite errors in some of them."""
    if options.threshold is not None and not 0.0 <= options.threshold <= 1.0:
        raise UsageError(f"The threshold cannot be {options.threshold:g}: choose between 0 and 1.")
    if options.workers is not None and options.workers < 1:
        raise UsageError(f"{options.workers} processes cannot score: choose 1 or more.")
    if options.workers is not None and options.cluster is not None:
        raise UsageError("A cluster has workers of its own: leave out --workers or --cluster.")
    if options.csv is not None:
        recordings = (one for path in options.audio for one in audio_files(path, lambda _error: None))
        check_target(options.csv, overwrite=options.force, reads=chain([options.taste], recordings))
    is_many = any(path.is_dir() for path in options.audio)
    if is_many or any(each is not None for each in (options.threshold, options.workers, options.cluster)):
        scoring = _Scoring(options, progress)
        yield Listing("files", scoring.entries())
        if scoring.refused:
            raise OffcutError(
                f"{counted(scoring.refused, 'file')} of {scoring.total:,} could not be scored; see above."
            )
    else:
        yield _score_few(options, _loaded(options.taste), progress)


def _loaded(path: Path) -> Taste:
    from engine.features.taste.anomaly.taste import load_taste  # torch

    return load_taste(path)


def _score_few(options: argparse.Namespace, taste: Taste, progress: Progress) -> VerbOutput:
    """Score named files, all or none of them."""
    from engine.features.taste.anomaly.score import score_file

    for path in options.audio:
        require_file(path)  # before the first of hours is scored
    scored = []
    for number, path in enumerate(options.audio):
        scored.append((path, score_file(taste, path, progress.step(number, len(options.audio)))))
    if options.csv:
        with (
            replacing(options.csv, overwrite=options.force) as part,
            part.open("w", newline="", encoding="utf-8") as stream,
        ):
            table = csv.writer(stream)
            table.writerow(_MOMENTS)
            for path, scores in scored:
                table.writerows(_moments(path, scores))
    return VerbOutput(
        {"files": [_moment_fields(path, scores) for path, scores in scored]},
        "\n".join(_oddest(path, scores) for path, scores in scored),
    )


_MOMENTS = ("path", "time_s", "score")
_FILES = ("path", "score", "prediction")


class _Scoring:
    """Recordings being scored, and how many were refused so far."""

    def __init__(self, options: argparse.Namespace, progress: Progress) -> None:
        self.refused = 0
        self.total = sum(1 for path in options.audio for _ in audio_files(path, lambda _error: None))
        self._options = options
        self._progress = progress
        if not self.total:
            names = ", ".join(shown(path) for path in options.audio)
            raise OffcutError(f"{names} holds no audio files: choose a folder of recordings.")
        self._workers = 1 if options.cluster else options.workers or fitting_workers(self.total)
        if self._workers > 1:
            begin()
        self._taste = _loaded(options.taste)  # while the other process runs its imports

    def entries(self) -> Iterator[VerbOutput]:
        """Yield the result of each recording, while rows go into the table."""
        with ExitStack() as stack:
            table = None
            if self._options.csv:
                part = stack.enter_context(replacing(self._options.csv, overwrite=self._options.force))
                table = csv.writer(stack.enter_context(part.open("w", newline="", encoding="utf-8")))
                table.writerow(_MOMENTS if self._options.threshold is None else _FILES)
            outcomes = stack.enter_context(closing(self._outcomes()))
            for number, outcome in enumerate(outcomes, start=1):
                self._progress.report(number / self.total, f"Scored {number:,} of {self.total:,}")
                scored = self._scored_or_reported(outcome)
                if scored is not None:
                    if table is not None:
                        table.writerows(self._rows(scored))
                    yield self._entry(scored)

    def _outcomes(self) -> Generator[Outcome]:
        from engine.features.taste.archive import score_by_processes, score_on_cluster, score_recording

        if self._options.cluster is not None:
            yield from score_on_cluster(self._options.taste, self._paths(), self._options.cluster)
        elif self._workers > 1:
            yield from score_by_processes(self._options.taste, self._paths(), self._workers)
        else:
            yield from (score_recording(self._taste, path) for path in self._paths())

    def _paths(self) -> Iterator[Path]:
        for path in self._options.audio:
            yield from audio_files(path, self._unlisted)

    def _unlisted(self, error: OSError) -> None:
        self._report(f"{shown(error.filename)} cannot be listed: {reason_of(error)}.")

    def _scored_or_reported(self, outcome: Outcome) -> Scored | None:
        from engine.features.taste.archive import Refused

        if isinstance(outcome, Refused):
            self._report(outcome.sentence)
            return None
        return outcome

    def _report(self, sentence: str) -> None:
        self.refused += 1
        print(f"offcut score: {sentence}", file=sys.stderr, flush=True)

    def _rows(self, scored: Scored) -> Iterator[tuple[object, ...]]:
        if self._options.threshold is None:
            return _moments(scored.path, scored.scores)
        return iter([(shown(scored.path), *self._verdict(scored))])

    def _verdict(self, scored: Scored) -> tuple[float | None, str | None]:
        from engine.features.taste.archive import prediction

        return scored.overall, prediction(scored.overall, self._options.threshold)

    def _entry(self, scored: Scored) -> VerbOutput:
        fields = _moment_fields(scored.path, scored.scores)
        if self._options.threshold is None:
            return VerbOutput(fields, _oddest(scored.path, scored.scores))
        score, predicted = self._verdict(scored)
        fields |= {"score": score, "prediction": predicted}
        text = (
            f"{scored.path}: too short to score"
            if score is None
            else f"{scored.path}: {predicted} ({score:.3f})"
        )
        return VerbOutput(fields, text)


def _moment_fields(path: Path, scores: Scores) -> dict[str, object]:
    return {
        "path": str(path),
        "hop_s": scores.hop_s,
        "times_s": scores.times_s.tolist(),
        "scores": scores.scores.tolist(),
    }


def _moments(path: Path, scores: Scores) -> Iterator[tuple[object, ...]]:
    for time_s, score in zip(scores.times_s.tolist(), scores.scores.tolist(), strict=True):
        yield shown(path), time_s, score


def _oddest(path: Path, scores: Scores) -> str:
    if not len(scores.scores):
        return f"{path}: too short to score"
    oddest = int(scores.scores.argmax())
    at = format_time(float(scores.times_s[oddest]), 1)
    moments = counted(len(scores.scores), "moment")
    return f"{path}: {moments}, highest score at {at} (score {scores.scores[oddest]:.3f})"
