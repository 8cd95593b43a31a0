"""A drummer's takes: performances of the Groove MIDI Dataset, played on a sampled kit.

The performances are human (J. Gillick et al., "Learning to Groove with Inverse Sequence Transformations",
2019); the kit was recorded by several microphones; the overheads and two close ones are
mixed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.features.taste.anomaly.planting import Samples
from engine.lab.simulated.performances.grooves import notes_of, read_table
from engine.lab.simulated.performances.muldjord import NAME, stems_of_hits
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.recordings import Excerpt, whole

_RATE_HZ = 44_100
_MICROPHONES = ("OHL", "OHR", "KdrumR", "Snare_top")
_TAIL_S = 3.0

Kit = Mapping[Piece, Sequence[Samples]]
"""The hits of each piece of the kit, from the softest to the loudest, each of shape (n,)."""


def takes_of(data_dir: Path, drummer: str, style: str, least_s: float) -> list[Path]:
    """Return the performances of a drummer in a style that are long enough, by name.

    Raises
    ------
    UsageError : the table of performances cannot be read
    """
    return [
        file.path
        for file in read_table(data_dir)
        if file.drummer == drummer
        and file.style.split("/")[0] == style
        and file.is_beat
        and file.duration_s >= least_s
    ]


def read_kit(data_dir: Path) -> Kit:
    """Read the hits of the kit, mixed to mono."""
    folder = data_dir / "multimic" / NAME
    return {piece: [_mixed(folder, stem) for stem in stems] for piece, stems in stems_of_hits(folder).items()}


def _mixed(folder: Path, stem: str) -> Samples:
    channels = [whole(folder / f"{stem}_{name}.flac")[0][:, 0] for name in _MICROPHONES]
    length = min(len(channel) for channel in channels)
    return np.asarray(np.mean([channel[:length] for channel in channels], axis=0), np.float32)


def played(path: Path, kit: Kit, longest_s: float) -> Excerpt:
    """Play the beginning of a performance on a kit."""
    out = np.zeros(round((longest_s + _TAIL_S) * _RATE_HZ), np.float32)
    last = 0
    for time_s, piece, velocity in notes_of(path):
        if time_s >= longest_s:
            break
        layers = kit[piece]
        hit = layers[velocity * len(layers) // 128]
        at = round(time_s * _RATE_HZ)
        out[at : at + len(hit)] += hit[: len(out) - at]
        last = max(last, at + len(hit))
    return Excerpt(path.stem, out[: min(last, round(longest_s * _RATE_HZ))], _RATE_HZ)
