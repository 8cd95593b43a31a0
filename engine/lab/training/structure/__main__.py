"""Learn the weights of `engine.features.takes.structure.weights` and write them there.

``python -m engine.lab.training.structure --out engine/features/takes/structure/weights.py``
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.analysis.beats.activations import RATE_HZ
from engine.analysis.beats.listen import listen
from engine.features.takes.features import frames_of
from engine.features.takes.structure.segments import EVIDENCE
from engine.lab.training.beats.soundfont import FLUID_R3, require_fluid_r3, through_sound_font
from engine.lab.training.structure.fitting import border_weights, label_weights
from engine.lab.training.structure.lessons import Analysed, analysed, border_lessons, label_lessons
from engine.lab.training.structure.songs import drawn_song

_SONGS = 120
_LONGEST_S = 330.0
_LEVEL = 0.7
_HARDEST = 4.0
_TEXT = '''"""Weights of borders, lengths and labels of sections.

Written by `python -m engine.lab.training.structure`.
"""

from __future__ import annotations

OF_EVIDENCE = {}
"""Of the evidence of a border, by `segments.EVIDENCE`."""
OF_LENGTHS = {}
"""Of the length of a section, by `segments.LENGTHS`."""
OF_LABELS = {}
"""Of two sections with the same label, by `segments.LABELS`."""
SAME_LABEL = {}
"""The logit that two sections have the same label, before any feature is added."""
'''


def analysed_songs(count: int) -> Iterator[Analysed]:
    """Yield drawn songs as their bars, half of them driven hard.

    Raises
    ------
    UsageError : the sound font is not installed
    """
    require_fluid_r3()
    for seed in range(count):
        made = drawn_song(seed)
        if made.length_s > _LONGEST_S:
            continue
        audio = through_sound_font(made.notes, made.programs, FLUID_R3, made.length_s)
        audio *= np.float32(_LEVEL / max(float(np.abs(audio).max()), 1e-6))
        rng = np.random.default_rng([seed, 5])
        if rng.random() < 0.5:
            audio = np.tanh(audio * rng.uniform(1.0, _HARDEST)).astype(np.float32)
        grid = listen([audio], RATE_HZ, len(audio)).grid
        yield analysed(frames_of([audio], RATE_HZ, len(audio)), grid, RATE_HZ, made.sections)


def weights_text(songs: Sequence[Analysed]) -> str:
    """Return the module of the weights that are learned from songs."""
    count = len(EVIDENCE)
    borders = border_weights([lesson for song in songs for lesson in border_lessons(song)])
    of_evidence, of_lengths = borders[:count], borders[count:]
    labels = label_weights([one for song in songs for one in label_lessons(song, of_evidence, of_lengths)])
    shown = (tuple(np.round(one, 2).tolist()) for one in (of_evidence, of_lengths, labels[:-1]))
    return _TEXT.format(*shown, round(float(labels[-1]), 2))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m engine.lab.training.structure")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    songs = list(analysed_songs(_SONGS))
    given.out.write_text(weights_text(songs), encoding="utf-8")


if __name__ == "__main__":
    main()
