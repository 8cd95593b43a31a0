"""Songs with known sections: made from scores, made with recorded loops, and annotated recordings."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import RATE_HZ
from engine.analysis.signal.streams import mono_blocks
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.lab.evaluation.structure.scores import Score, made_score
from engine.lab.simulated.recordings import sound_files
from engine.lab.training.beats.soundfont import FLUID_R3, require_fluid_r3, through_sound_font

Samples = NDArray[np.float32]
Span = tuple[float, float, str]

ANNOTATIONS = Path(__file__).with_name("annotated.csv")
_TEMPO = re.compile(r"(\d+)bpm_")
_LOOP_LEVEL = 0.12
_BEATS_IN_BAR = 4
_SENTENCES = 60


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A recording with known sections.

    Attributes
    ----------
    audio : mono float32 at `RATE_HZ`, shape (n,)
    sections : start in seconds, stop in seconds, label; ascending and consecutive
    """

    name: str
    audio: Samples
    sections: tuple[Span, ...]


def made_songs(count: int, half: int) -> Iterator[Song]:
    """Yield songs played from scores.

    Raises
    ------
    UsageError : the sound font is not installed
    """
    for seed in range(count):
        score = made_score(seed, half)
        yield Song(f"score {half} {seed}", _played(score), score.sections)


def loop_songs(data_dir: Path, count: int, half: int) -> Iterator[Song]:
    """Yield songs whose drums are recorded loops, another one for each letter.

    Raises
    ------
    UsageError : the sound font is not installed, or the folder has no loops
    """
    found = (data_dir / "loops").glob("*/*bpm_*")
    loops = sorted(path for path in found if _TEMPO.match(path.name) and "_pno_" not in path.name)
    if len(loops) < 4:
        raise UsageError(f"{shown(data_dir)} has no loops/: name the folder with music/ and loops/.")
    own = loops[half::2]
    for seed in range(count):
        rng = np.random.default_rng([seed, half, 47])
        first = own[int(rng.integers(len(own)))]
        tempo_bpm = _tempo_bpm(first)
        near = [path for path in own if 0.85 < _tempo_bpm(path) / tempo_bpm < 1.18 and path != first]
        chosen = [first, *(near[int(one)] for one in rng.permutation(len(near)))]
        score = made_score(100 + seed, half, tempo_bpm)
        audio = _played(score)
        letters = sorted({label for *_, label in score.sections} - {"I", "O"})
        of_letter = {letter: chosen[number % len(chosen)] for number, letter in enumerate(letters)}
        for start_s, stop_s, label in score.sections:
            _lay(audio, of_letter.get(label, first), tempo_bpm, start_s, stop_s)
        yield Song(f"loops {half} {seed}", audio, score.sections)


def annotated_songs(data_dir: Path, part: int) -> Iterator[Song]:
    """Yield the recordings with annotated sections that a folder holds, in any coding.

    Parameters
    ----------
    part : 0 for songs that settings were also chosen on, 1 for those that are only reported
    """
    held = {path.stem: path for path in sound_files(data_dir / "music")}
    for name, sections in annotated_sections(part).items():
        if (path := held.get(Path(name).stem)) is not None:
            yield Song(path.stem, np.concatenate(list(mono_blocks(path, RATE_HZ))), sections)


def without_music(data_dir: Path, seed: int = 0) -> Iterator[tuple[str, Samples]]:
    """Yield ten minutes of spoken sentences with pauses, and backgrounds, with their names."""
    rng = np.random.default_rng(seed)
    spoken, ambience = (
        [path for folder in (data_dir / name).glob("**/") for path in sound_files(folder)]
        for name in ("speech", "ambience")
    )
    if spoken:
        pieces = []
        for number in rng.permutation(len(spoken))[:_SENTENCES].tolist():
            pieces += list(mono_blocks(spoken[number], RATE_HZ))
            pieces.append(np.zeros(round(RATE_HZ * rng.uniform(0.2, 1.0)), np.float32))
        yield "speech", np.concatenate(pieces)
    for path in ambience:
        yield path.stem, np.concatenate(list(mono_blocks(path, RATE_HZ)))


def annotated_sections(part: int) -> dict[str, tuple[Span, ...]]:
    """Return the annotated sections of each file of a part."""
    with ANNOTATIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    found: dict[str, tuple[Span, ...]] = {}
    for row in rows:
        if int(row["part"]) == part:
            span = (float(row["start_s"]), float(row["stop_s"]), row["label"])
            found[row["file"]] = (*found.get(row["file"], ()), span)
    return found


def _played(score: Score) -> Samples:
    require_fluid_r3()
    return through_sound_font(score.notes, score.programs, FLUID_R3, score.length_s)


def _tempo_bpm(path: Path) -> float:
    found = _TEMPO.match(path.name)
    assert found is not None, "only loops with a tempo are listed"
    return float(found[1])


def _lay(audio: Samples, loop: Path, tempo_bpm: float, start_s: float, stop_s: float) -> None:
    """Add a loop to a span, faster or slower so that it has the tempo, bar by bar from its start."""
    samples = np.concatenate(list(mono_blocks(loop, round(RATE_HZ * _tempo_bpm(loop) / tempo_bpm))))
    bar = round(_BEATS_IN_BAR * 60.0 / tempo_bpm * RATE_HZ)
    whole = samples[: max(1, len(samples) // bar) * bar]
    start, stop = round(start_s * RATE_HZ), min(round(stop_s * RATE_HZ), len(audio))
    repeated = np.resize(whole, stop - start)
    level = float(np.sqrt(np.square(repeated).mean())) + 1e-6
    audio[start:stop] += np.float32(0.5 * _LOOP_LEVEL / level) * repeated
