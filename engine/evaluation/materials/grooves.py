"""A drummer's takes: performances of the Groove MIDI Dataset, played on a sampled kit.

The performances are human (J. Gillick et al., "Learning to Groove with Inverse Sequence Transformations",
2019); the kit is one that was recorded by several microphones, of which the overheads and two close ones are
mixed here.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import mido
import numpy as np

from engine.anomaly.faults.material import Samples
from engine.errors import UsageError
from engine.evaluation.recordings import Excerpt, whole
from engine.safe_write import shown

_RATE_HZ = 44_100
_MICROPHONES = ("OHL", "OHR", "KdrumR", "Snare_top")
_TAIL_S = 3.0
_NOTES = {
    "KdrumR": (35, 36),
    "Snare": (38, 40),
    "SnareRest": (37, 39),
    "HihatClosed": (22, 42, 44),
    "HihatOpen": (26, 46),
    "Tom1": (48, 50),
    "Tom2": (45, 47),
    "Tom4": (41, 43, 58),
    "CrashL": (49, 55),
    "CrashR": (52, 57),
    "RideR": (51, 59),
    "RideRBell": (53,),
}
_PIECE_OF_NOTE: Mapping[int, str] = MappingProxyType(
    {note: piece for piece, notes in _NOTES.items() for note in notes}
)

Kit = Mapping[str, Sequence[Samples]]
"""The hits of each piece of the kit, from the softest to the loudest, each of shape (n,)."""


def takes_of(data_dir: Path, drummer: str, style: str, least_s: float) -> list[Path]:
    """Return the performances of a drummer in a style that are long enough, by name.

    Raises
    ------
    UsageError : the table of performances cannot be read
    """
    folder = data_dir / "multimic" / "midi"
    try:
        rows = csv.DictReader((folder / "info.csv").read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise UsageError(
            f"{shown(folder / 'info.csv')} cannot be read: name the folder that holds multimic/."
        ) from error
    return sorted(
        folder / row["midi_filename"]
        for row in rows
        if row["drummer"] == drummer
        and row["style"].split("/")[0] == style
        and row["beat_type"] == "beat"
        and float(row["duration"]) >= least_s
    )


def read_kit(data_dir: Path) -> Kit:
    """Read the hits of the kit, mixed to mono."""
    folder = data_dir / "multimic" / "kit_muldjord"
    hits: dict[str, list[Samples]] = defaultdict(list)
    for path in sorted(folder.glob(f"*_{_MICROPHONES[0]}.flac")):
        hit = path.stem.removesuffix(f"_{_MICROPHONES[0]}")
        channels = [whole(folder / f"{hit}_{name}.flac")[0][:, 0] for name in _MICROPHONES]
        length = min(len(channel) for channel in channels)
        mixed = np.mean([channel[:length] for channel in channels], axis=0)
        hits[hit.rpartition("_")[0]].append(mixed.astype(np.float32))
    if not hits:
        raise UsageError(f"{shown(folder)} holds no hits of a kit: name the folder that holds multimic/.")
    return hits


def played(path: Path, kit: Kit, longest_s: float) -> Excerpt:
    """Play the beginning of a performance on a kit."""
    out = np.zeros(round((longest_s + _TAIL_S) * _RATE_HZ), np.float32)
    time_s, last = 0.0, 0
    for message in mido.MidiFile(path):
        time_s += message.time
        if time_s >= longest_s:
            break
        if message.type != "note_on" or not message.velocity or message.note not in _PIECE_OF_NOTE:
            continue
        layers = kit[_PIECE_OF_NOTE[message.note]]
        hit = layers[message.velocity * len(layers) // 128]
        at = round(time_s * _RATE_HZ)
        out[at : at + len(hit)] += hit[: len(out) - at]
        last = max(last, at + len(hit))
    return Excerpt(path.stem, out[: min(last, round(longest_s * _RATE_HZ))], _RATE_HZ)
