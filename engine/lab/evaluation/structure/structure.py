"""``offcut evaluate structure``: sections and labels against made songs of known form and annotated songs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.analysis.beats.activations import RATE_HZ
from engine.analysis.beats.listen import listen
from engine.core.progress import Progress
from engine.document.analysis import BeatGrid
from engine.features.takes.structure.find import find_structure
from engine.lab.evaluation.structure import plain
from engine.lab.evaluation.structure.measures import Scores, scored
from engine.lab.evaluation.structure.songs import (
    Samples,
    Song,
    Span,
    annotated_songs,
    loop_songs,
    made_songs,
    without_music,
)

Line = dict[str, object]

OURS = "ours"
_BY_BOUNDARY = ("librosa agglomerative", "Foote")
"""Rows without labels: the pairwise F of them is not reported."""
_MADE, _LOOPED, _SHORT = 24, 12, 2
_LONG_S = 600.0


def evaluate(data_dir: Path, *, progress: Progress, short: bool = False, half: int = 1) -> Iterator[Line]:
    """Yield figures of songs that no setting was chosen on, and of those annotated songs that some were.

    Parameters
    ----------
    data_dir : holds `music/` and `loops/`
    short : two songs of each material
    half : 0 for the made songs that settings were chosen on

    Raises
    ------
    UsageError : the folder does not hold them, or the sound font is not installed
    """
    made, looped = (_SHORT, _SHORT) if short else (_MADE, _LOOPED)
    materials = (
        ("made songs", made_songs(made, half)),
        ("songs with loops", loop_songs(data_dir, looped, half)),
        ("annotated songs", annotated_songs(data_dir, 1)),
        ("annotated songs, settings chosen", annotated_songs(data_dir, 0)),
    )
    for number, (name, songs) in enumerate(materials):
        yield from _of_material(name, songs, progress.step(number, len(materials)))
    yield _false_sections(data_dir)
    yield _speed(_SHORT if short else _MADE, half)


def _of_material(name: str, songs: Iterator[Song], progress: Progress) -> Iterator[Line]:
    tally: dict[str, list[Scores]] = {}
    each: list[Line] = []
    for song in songs:
        progress.check_cancelled()
        progress.report(0.5, f"Finding sections: {name}")
        for row, found in sections_by(song.audio).items():
            score = scored(song.sections, found)
            tally.setdefault(row, []).append(score)
            if row == OURS:
                each.append(
                    {
                        "material": name,
                        "song": song.name,
                        "truth": " ".join(label for *_, label in song.sections),
                        "found": " ".join(label for *_, label in found),
                        "f_half_s": score.near,
                        "f_2_s": score.wide,
                        "pairwise_f": score.labels,
                    }
                )
    yield from each
    for row, scores in tally.items():
        yield from _lines(name, row, scores)


def sections_by(audio: Samples) -> dict[str, tuple[Span, ...]]:
    """Return the sections of a recording by each row of the comparison; all have the same beats."""
    grid = _grid(audio)
    beats_s = grid.beats_samples / RATE_HZ
    ours = find_structure([audio], RATE_HZ, len(audio), grid).sections
    return {
        OURS: tuple((one.start_s, one.stop_s, one.label) for one in ours),
        "librosa Laplacian": plain.laplacian(audio, beats_s),
        "librosa agglomerative": plain.agglomerative(audio, beats_s),
        "Foote": plain.foote(audio, beats_s),
        "equal, one label": plain.equal(audio),
    }


def _grid(audio: Samples) -> BeatGrid:
    return listen([audio], RATE_HZ, len(audio)).grid


def _lines(material: str, row: str, scores: Sequence[Scores]) -> Iterator[Line]:
    for figure, values in (
        ("f_half_s", [score.near for score in scores]),
        ("f_2_s", [score.wide for score in scores]),
        ("pairwise_f", [] if row in _BY_BOUNDARY else [score.labels for score in scores]),
    ):
        if values:
            yield {
                "material": material,
                "row": row,
                "figure": figure,
                "mean": float(np.mean(values)),
                "median": float(np.median(values)),
                "worst_decile": float(np.quantile(values, 0.1)),
                "n": len(values),
            }


def _false_sections(data_dir: Path) -> Line:
    """Return how many recordings without music have sections."""
    found = [
        bool(find_structure([audio], RATE_HZ, len(audio), _grid(audio)).sections)
        for _, audio in without_music(data_dir)
    ]
    return {
        "material": "no music",
        "row": OURS,
        "figure": "with_sections",
        "mean": sum(found),
        "n": len(found),
    }


def _speed(count: int, half: int) -> Line:
    """Return the time that ten minutes take next to the beats."""
    audio = np.concatenate([song.audio for song in made_songs(min(count, 5), half)])
    audio = np.resize(audio, round(_LONG_S * RATE_HZ))
    grid = _grid(audio)
    before = time.process_time()
    find_structure([audio], RATE_HZ, len(audio), grid)
    return {"material": "ten minutes", "row": OURS, "figure": "seconds", "mean": time.process_time() - before}
