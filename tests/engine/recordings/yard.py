"""A yard in which a dog barks twice, as a document of two microphones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

RATE_HZ = 16_000
LENGTH_S = 12
BARKS_S = (3.0, 8.5)
FIRST_BARK = (round(2.6 * RATE_HZ), round(4.4 * RATE_HZ))
"""A span around it, in samples."""
_BARKS = ("5-203128-A-0.flac", "5-208030-A-0.flac")


def made_yard(folder: Path, data_dir: Path) -> Path:
    """Write the document, and its recordings beside it; faint noise goes on between the barks."""
    rng = np.random.default_rng(14)
    clips = [soundfile.read(data_dir / "esc50" / "audio" / name)[0] for name in _BARKS]
    paths = []
    for name, gain in (("near", 0.5), ("far", 0.2)):
        sound = 0.002 * rng.standard_normal(LENGTH_S * RATE_HZ)
        for clip, at_s in zip(clips, BARKS_S, strict=True):
            loud = np.abs(clip) > 0.1 * np.abs(clip).max()
            bark = clip[int(np.argmax(loud)) :][:RATE_HZ]
            first = round(at_s * RATE_HZ)
            sound[first : first + len(bark)] += gain * bark / np.abs(bark).max()
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], sound, RATE_HZ, "PCM_16")
    path = folder / "yard.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(tuple(paths)), SILENT)))
        grid = BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, "made up")
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
    return path
