"""A room in which somebody sneezes four times, as a document of one microphone."""

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
LENGTH_S = 60
SNEEZES_S = (8.0, 21.0, 34.0, 47.0)
SNEEZE_S = 1.2
FIRST_SNEEZE = (round(SNEEZES_S[0] * RATE_HZ), round((SNEEZES_S[0] + SNEEZE_S) * RATE_HZ))


def made_room(folder: Path, data_dir: Path, *, is_empty: bool = False) -> Path:
    """Write the document, and its recording beside it; faint noise goes on between the sneezes.

    Parameters
    ----------
    is_empty : nobody sneezes
    """
    rng = np.random.default_rng(3)
    sound = 0.003 * rng.standard_normal(LENGTH_S * RATE_HZ)
    clips = sorted((data_dir / "esc50" / "audio").glob("5-*-A-21.flac"))
    for at_s, path in zip(SNEEZES_S, (clips[2], clips[0], clips[0], clips[2]), strict=True):
        clip = soundfile.read(path)[0]
        loud = np.abs(clip) > 0.1 * np.abs(clip).max()
        sneeze = clip[int(np.argmax(loud)) :][: round(SNEEZE_S * RATE_HZ)]
        first = round(at_s * RATE_HZ)
        if not is_empty:
            sound[first : first + len(sneeze)] += 0.5 * sneeze / np.abs(sneeze).max()
    recording = folder / "room.wav"
    soundfile.write(recording, sound, RATE_HZ, "PCM_16")
    path = folder / "room.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest((recording,)), SILENT)))
        grid = BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, "made up")
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
    return path
