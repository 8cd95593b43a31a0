"""How many performances of programmed drums, on lines of the stated tempo, alignment leaves unchanged.

Patterns, kits and microphones are made here. They share no code with `engine.lab.simulated`, on whose
performances the settings of the alignment were chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.timing.aligned_files import AlignRequest, align, write_files
from engine.features.timing.finders.timing.find_grid import WantedGrid
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

Line = dict[str, str | float | int]
Floats = NDArray[np.float32]
Shots = Mapping[str, Sequence[tuple[Floats, int]]]
"""Of each piece, each layer: its sound, shape (microphones, n), and the sample at which it rises."""

_RATE_HZ = 44_100
_HYDROGEN = Path("/usr/share/hydrogen/data/drumkits")
_MICROPHONES = ("Kick", "Snare", "Hat", "Overhead L", "Overhead R", "Room")
_RECORDED = ("KdrumR", "Snare_top", "Hihat", "OHL", "OHR", "AmbL")
_RECORDED_PIECES = {"kick": "KdrumR", "snare": "Snare", "hat": "HihatClosed", "crash": "CrashL"}
_NAMED = {
    "kick": ("kick|bass ?drum", "click"),
    "snare": ("snare", "rim|stick|roll|off"),
    "hat": ("hat|hh", "open|op|pedal|pd|semi"),
    "crash": ("crash|cymbal", "ride|choke"),
}
_OWN = {"kick": 0, "snare": 1, "hat": 2, "crash": 3}
_DELAYS_MS = np.array(
    [
        [0.0, 2.0, 2.6, 4.0, 4.0, 9.0],
        [1.7, 0.0, 1.2, 3.1, 3.7, 9.3],
        [2.4, 1.1, 0.0, 2.2, 3.9, 9.5],
        [3.0] * 3 + [0.0, 3.2, 8.0],
    ]
)
_BLEED = np.array(
    [
        [1.0, 0.06, 0.03, 0.3, 0.3, 0.4],
        [0.05, 1.0, 0.1, 0.5, 0.4, 0.5],
        [0.02, 0.12, 1.0, 0.5, 0.3, 0.3],
        [0.04, 0.1, 0.2, 1.0, 0.5, 0.5],
    ]
)
_RISEN, _SOUND_S, _LONG_S, _SHORT_S = 0.1, 1.5, 24.0, 10.0
_KITS = 10


def evaluate(
    data_dir: Path, *, seeds: int = 4, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield how many performances come through bit for bit, and how many moves are proposed, a kit a line.

    Parameters
    ----------
    data_dir : holds `multimic`
    seeds : performances of each kit

    Raises
    ------
    UsageError : the recordings are not there
    """
    kits = _kits(data_dir)[: 1 if short else _KITS]
    seeds = 1 if short else seeds
    for number, (name, shots) in enumerate(kits):
        unchanged, moves = 0, 0
        for seed in range(seeds):
            progress.report((number + seed / seeds) / len(kits), f"Aligning {name}")
            progress.check_cancelled()
            bpm, microphones = performance(shots, 97 * number + seed, _SHORT_S if short else _LONG_S)
            changed, proposed = _aligned(microphones, bpm)
            unchanged += not changed
            moves += proposed
        yield {
            "metric": "unchanged_performances",
            "kit": name,
            "value": unchanged,
            "moves": moves,
            "n": seeds,
        }


def performance(shots: Shots, seed: int, longest_s: float) -> tuple[float, Floats]:
    """Return the tempo and the microphones, shape (m, n), of a pattern with every stroke on a line.

    With even seeds strokes rise on their lines. With odd seeds samples start there, as a sampler plays them,
    and rise later by their own latency.
    """
    rng = np.random.default_rng(seed)
    bpm = float(rng.uniform(75.0, 165.0))
    line_s = 15.0 / bpm
    out = np.zeros((len(_MICROPHONES), round((longest_s + _SOUND_S + 0.5) * _RATE_HZ)), np.float32)
    for line, piece, level in _pattern(rng, int(longest_s / line_s)):
        layers = shots.get(piece) or shots["hat"]
        sound, rise = layers[min(int(level * len(layers)), len(layers) - 1)]
        start = round(line * line_s * _RATE_HZ) - (rise if seed % 2 == 0 else 0)
        first = max(0, -start)
        out[:, start + first : start + sound.shape[1]] += sound[:, first:] * np.float32(level)
    out += rng.normal(0.0, 1e-4, out.shape).astype(np.float32)
    return bpm, out * np.float32(0.9 / np.abs(out).max())


def _aligned(microphones: Floats, bpm: float) -> tuple[bool, int]:
    """Align by the stated tempo, and return whether any file changed and how many moves are proposed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"{one}.wav" for one in _MICROPHONES]
        for path, sound in zip(paths, microphones, strict=True):
            soundfile.write(path, sound, _RATE_HZ, subtype="PCM_24")
        imported = import_audio(ImportRequest(tuple(paths)), SILENT)
        state = DocumentState(_RATE_HZ)
        state = apply_rows(state, import_edit(state, imported).changes)
        media = {key: Path(source.path) for key, source in state.sources.items()}
        tracks = tuple(track.id for track in state.tracks)
        request = AlignRequest(state, media, WantedGrid(bpm=bpm), TimingSettings(), tracks)
        done = write_files(
            request, align(request, SILENT), folder / "aligned", overwrite=False, progress=SILENT
        )
        written = [soundfile.read(one, dtype="int32")[0] for one in sorted(done.files)]
        read = [soundfile.read(one, dtype="int32")[0] for one in sorted(paths)]
        changed = any(not np.array_equal(one, other) for one, other in zip(read, written, strict=True))
        return changed, len(done.proposed.proposals)


def _pattern(rng: np.random.Generator, lines: int) -> Iterator[tuple[int, str, float]]:
    kicks = {0, 8, *rng.choice([3, 6, 7, 10, 11, 14], 3, replace=False).tolist()}
    ghosts = set(rng.choice([2, 5, 7, 9, 10, 13, 15], 2, replace=False).tolist())
    step = int(rng.choice([1, 2, 4]))
    for line in range(lines):
        bar, place = divmod(line, 16)
        if place in kicks:
            yield line, "kick", 0.9 if place % 8 == 0 else 0.7
        if place in (4, 12) or (bar % 4 == 3 and place >= 12):
            yield line, "snare", 0.6 + 0.35 * float(rng.random())
        elif place in ghosts:
            yield line, "snare", 0.25
        if place % step == 0:
            yield line, "hat", 0.45 + 0.3 * (place % 4 == 0) + 0.1 * float(rng.random())
        if line % 128 == 0:
            yield line, "crash", 0.9


def _kits(data_dir: Path) -> list[tuple[str, Shots]]:
    folder = data_dir / "multimic" / "kit_muldjord"
    if not folder.is_dir():
        raise UsageError(f"{folder} is missing: copy the recorded drum kit there.")
    names = sorted(path.parent.name for path in _HYDROGEN.glob("*/drumkit.xml")) if _HYDROGEN.is_dir() else []
    sampled = ((name, _sampled(name)) for name in names)
    return [("recorded", _recorded(folder)), *((name, kit) for name, kit in sampled if len(kit) >= 3)]


def _recorded(folder: Path) -> Shots:
    kit: dict[str, list[tuple[Floats, int]]] = {}
    for piece, name in _RECORDED_PIECES.items():
        for path in sorted(folder.glob(f"{name}_*_OHL.flac")):
            stem = path.stem.removesuffix("_OHL")
            channels = [
                soundfile.read(folder / f"{stem}_{one}.flac", dtype="float32")[0] for one in _RECORDED
            ]
            length = min(*map(len, channels), round(_SOUND_S * _RATE_HZ))
            sound = np.stack([one[:length] for one in channels])
            kit.setdefault(piece, []).append((sound, _rise(sound[_OWN[piece]])))
    return kit


@cache
def _sampled(name: str) -> Shots:
    text = re.sub(rb'\sxmlns="[^"]*"', b"", (_HYDROGEN / name / "drumkit.xml").read_bytes())
    kit: dict[str, list[tuple[Floats, int]]] = {}
    for instrument in ElementTree.fromstring(text).iter("instrument"):
        said = (instrument.findtext("name") or "").casefold()
        files = [one.findtext("filename") for one in instrument.iter("layer")] or [
            instrument.findtext("filename")
        ]
        paths = [_HYDROGEN / name / one for one in files if one and (_HYDROGEN / name / one).is_file()]
        for piece, (wanted, unwanted) in _NAMED.items():
            if paths and piece not in kit and re.search(wanted, said) and not re.search(unwanted, said):
                kit[piece] = [_miked(piece, path) for path in paths]
    return kit


def _miked(piece: str, path: Path) -> tuple[Floats, int]:
    """Return a sample as six microphones pick it up, and where it rises at its own."""
    sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(sound.mean(axis=1), rate_hz, _RATE_HZ)[: round(_SOUND_S * _RATE_HZ)]
    mono = 0.5 * mono / max(float(np.abs(mono).max()), 1e-6)
    mono[-200:] *= np.linspace(1.0, 0.0, len(mono[-200:]), dtype=np.float32)
    own = _OWN[piece]
    delays = np.rint(_DELAYS_MS[own] / 1000.0 * _RATE_HZ).astype(int)
    out = np.zeros((len(_MICROPHONES), len(mono) + int(delays.max())), np.float32)
    for row, (delay, gain) in enumerate(zip(delays.tolist(), _BLEED[own].tolist(), strict=True)):
        out[row, delay : delay + len(mono)] = mono * np.float32(gain)
    return out, _rise(mono)


def _rise(sound: Floats) -> int:
    level = np.abs(sound)
    return int(np.argmax(level >= _RISEN * level.max()))
