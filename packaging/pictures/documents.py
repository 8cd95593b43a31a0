"""Documents to photograph: drums with proposed hits, takes on lanes, a rag with a sneeze, and a rehearsal."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import soundfile

PROJECT = Path(__file__).resolve().parents[2]
DEMO = PROJECT / "resources" / "demo"
HEARD = PROJECT / "tests" / "data"
DRUMS = HEARD / "multimic" / "example_drummer1_session1_1"
CAMERA_S, PHONE_S = (14.0, 52.0), (30.0, 75.0)
DRUMS_BPM, DRUMS_START_S = 80.0, 0.737
TAKES_S, DROPOUTS_S, DROPOUT_S = 16.0, (3.0, 6.0, 13.0, 9.0), 0.4
SNEEZE = HEARD / "esc50" / "audio" / "1-29680-A-21.flac"
SNEEZE_AT_S, SNEEZE_LASTS_S, AROUND_S, SONG_LASTS_S = 6.0, 1.4, 0.2, 14.0


def drum_take(home: Path) -> Path:
    """Write a drum take of three microphones as a document, its hits proposed to go onto a grid."""
    from engine.cli.main import main as offcut

    document = home / "drums.offcut"
    microphones = [shutil.copy(one, home) for one in sorted(DRUMS.glob("*.flac"))]
    offcut(["new", str(document), *microphones])
    grid = ["--bpm", str(DRUMS_BPM), "--start-s", str(DRUMS_START_S), "--division", "1/16"]
    offcut(["align", str(document), *grid])
    return document


def rehearsal(home: Path) -> Path:
    """Write a recorder of two files, a camera and a phone of one rehearsal, placed by their sound."""
    from engine.cli.main import main as offcut

    sound, rate_hz = soundfile.read(DEMO / "raw" / "Band.ogg", always_2d=True)
    room, _ = soundfile.read(DEMO / "raw" / "Room.ogg", always_2d=True)
    half = 40 * rate_hz
    parts = {
        "ZOOM0001.wav": sound[:half],
        "ZOOM0002.wav": sound[half : 2 * half],
        "Camera.wav": room[slice(*(round(at * rate_hz) for at in CAMERA_S))],
        "Phone.wav": sound[slice(*(round(at * rate_hz) for at in PHONE_S))].mean(axis=1) * 0.4,
    }
    for name, samples in parts.items():
        soundfile.write(home / name, samples, rate_hz, "PCM_16")
    document = home / "Rehearsal.offcut"
    offcut(["new", str(document), *(str(home / name) for name in parts), "--place", "auto"])
    return document


def takes_on_lanes(home: Path) -> Path:
    """Write four takes on lanes of one track, each with a dropout, and the proposed switches between them."""
    from engine.cli.main import main as offcut

    song, rate_hz = soundfile.read(DEMO / "edited" / "2-ragtime.ogg", frames=round(TAKES_S * 44_100))
    files = []
    for number, at_s in enumerate(DROPOUTS_S, start=1):
        take = song.copy()
        take[round(at_s * rate_hz) : round((at_s + DROPOUT_S) * rate_hz)] = 0.0
        files.append(home / f"Piano {number}.wav")
        soundfile.write(files[-1], take, rate_hz, "PCM_16")
    document = home / "Takes.offcut"
    offcut(["new", str(document), *map(str, files)])
    offcut(["edit", str(document), "join", "--tracks", *(file.stem for file in files)])
    offcut(["propose", str(document), "comp"])
    return document


def sneezed_rag(home: Path) -> tuple[Path, tuple[int, int]]:
    """Write a rag with a sneeze in it as a document; return it and the span of the sneeze in samples."""
    from engine.cli.main import main as offcut

    song, rate_hz = soundfile.read(DEMO / "edited" / "2-ragtime.ogg", frames=round(SONG_LASTS_S * 44_100))
    sound, sound_rate_hz = soundfile.read(SNEEZE)
    loud = int(np.argmax(np.abs(sound) > 0.1 * np.abs(sound).max()))
    heard = sound[loud : loud + round(SNEEZE_LASTS_S * sound_rate_hz)]
    times = np.arange(round(len(heard) * rate_hz / sound_rate_hz)) * sound_rate_hz / rate_hz
    laid = np.interp(times, np.arange(len(heard)), heard)
    first = round(SNEEZE_AT_S * rate_hz)
    song[first : first + len(laid)] += (0.5 * laid / np.abs(laid).max())[:, None]
    soundfile.write(home / "Hall.wav", song, rate_hz, "PCM_16")
    document = home / "Hall.offcut"
    offcut(["new", str(document), str(home / "Hall.wav")])
    around = round(AROUND_S * rate_hz)
    return document, (first - around, first + len(laid) + around)
