"""Recordings whose beats are known: clicks, songs, drum kits and loops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.lab.simulated.clicks import accented_clicks, click_track
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import Part, takes
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.takes import Take
from engine.lab.training.beats.groove import TESTED, bars_agree

Times = NDArray[np.float64]

_ON_THE_BEAT_S = 0.002
_SILENT_S = 0.14
"""A beat from which the nearest stroke is farther than this was not played."""
_NOTES = {
    Piece.KICK: 36,
    Piece.SNARE: 38,
    Piece.RIM: 37,
    Piece.CRASH_LEFT: 49,
    Piece.CRASH_RIGHT: 57,
}


def _no_times() -> Times:
    return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording and its beat annotation.

    Attributes
    ----------
    beats_s, downbeats_s : shape (n,) and (m,); empty where they are not known
    played_s : shape (k,), times of played beats, if known: a drummer is not a click
    onsets_s : shape (j,), where hits start; empty where that is not known
    """

    name: str
    samples: NDArray[np.float32]
    rate_hz: int
    tempo_bpm: float
    beats_s: Times = field(default_factory=_no_times)
    downbeats_s: Times = field(default_factory=_no_times)
    played_s: Times = field(default_factory=_no_times)
    onsets_s: Times = field(default_factory=_no_times)

    @property
    def beats_as_played_s(self) -> Times:
        """Times of played beats, and of the click for beats that were not played."""
        apart = np.abs(self.beats_s[:, None] - self.played_s[None, :])
        silent = apart.min(axis=1, initial=np.inf) > _SILENT_S
        return np.sort(np.concatenate([self.played_s, self.beats_s[silent]]))


def click_recording(tempo_bpm: float, rate_hz: int) -> Recording:
    """Make a click track that starts at an odd moment."""
    track = click_track(tempo_bpm, rate_hz, first_s=0.2 + (tempo_bpm % 7) * 0.0713)
    beats_s = track.clicks_samples / rate_hz
    name = f"clicks at {tempo_bpm:g} BPM, {rate_hz} Hz"
    return Recording(name, track.samples, rate_hz, tempo_bpm, beats_s, played_s=beats_s, onsets_s=beats_s)


def accented_recording(tempo_bpm: float, beats_in_bar: int, rate_hz: int = 44_100) -> Recording:
    """Make clicks with a louder and higher first beat in each bar; they begin within a bar."""
    begin = beats_in_bar // 2
    track = accented_clicks(tempo_bpm, beats_in_bar, rate_hz, first_beat=begin)
    beats_s = track.clicks_samples / rate_hz
    downbeats_s = beats_s[(np.arange(len(beats_s)) + begin) % beats_in_bar == 0]
    name = f"{beats_in_bar} clicks a bar at {tempo_bpm:g} BPM"
    return Recording(name, track.samples, rate_hz, tempo_bpm, beats_s, downbeats_s, beats_s)


def kit_takes(data_dir: Path, part: Part, count: int, seed: int) -> Iterator[Take]:
    """Yield performances of drummers as they played them, of a part that shares neither kit nor drummer.

    Of the test part only those whom the network of beats did not learn from.

    Raises
    ------
    UsageError : the recordings are not there
    """
    unheard = TESTED if part == "test" else ()
    return takes(data_dir, part, count, seed, Displacement(own_timing=1.0), drummers=unheard)


def kit_recording(take: Take) -> Recording:
    """Render a performance as the sum of its microphones."""
    played = take.rendered()
    grid, truth, rate_hz = played.grid, played.truth, played.rate_hz
    # Of the hits that are meant for a beat, the first tells when it was played.
    from_beat = truth.targets_samples[:, None] - grid.beats_samples[None, :]
    on_beat = np.abs(from_beat) <= _ON_THE_BEAT_S * rate_hz
    onsets = np.where(on_beat, truth.onsets_samples[:, None], np.inf).min(axis=0)
    return Recording(
        played.name,
        played.mix(),
        rate_hz,
        grid.tempo_bpm,
        grid.beats_samples / rate_hz,
        grid.downbeats_samples / rate_hz if bars_agree_in(take) else _no_times(),
        onsets[np.isfinite(onsets)] / rate_hz,
    )


def bars_agree_in(take: Take) -> bool:
    """Return whether the drums agree with the bars of the click: some drummers came in on another beat."""
    score = take.played.score
    if score.beats_in_bar != 4:
        return True
    notes = np.array([_NOTES.get(piece, 0) for piece in score.pieces])
    return bars_agree(score.lines / score.divisions, notes, score.velocities.astype(np.float64))


def read_song(folder: Path) -> Recording:
    """Read one song of MDB Drums: the sum of its tracks, and its beats."""
    samples, rate_hz = _mixed(sorted(folder.glob("*_RAW_*.*")) or sorted(folder.glob("*_MIX.ogg")))
    beats = np.loadtxt(next(folder.glob("*.beats")), ndmin=2)
    tempo_bpm = 60.0 / float(np.median(np.diff(beats[:, 0])))
    return Recording(folder.name, samples, rate_hz, tempo_bpm, beats[:, 0], beats[beats[:, 1] == 1, 0])


def read_kit(folder: Path) -> Recording:
    """Read the close microphones of a drum kit whose hits are known to the sample."""
    rows = [line.split(",") for line in (folder / "onsets.csv").read_text().splitlines()[1:]]
    samples, rate_hz = _mixed([folder / f"{mic}.flac" for mic in sorted({row[-1] for row in rows})])
    clicks_s = np.loadtxt(folder / "grid.csv", delimiter=",", skiprows=1)[:, 1]
    tempo_bpm = 60.0 / float(np.median(np.diff(clicks_s)))
    hits_s = np.unique([float(row[0]) for row in rows])
    return Recording(folder.name, samples, rate_hz, tempo_bpm, onsets_s=hits_s)


def read_loop(path: Path) -> Recording:
    """Read one loop whose name begins with its tempo."""
    samples, rate_hz = _mixed([path])
    named = re.match(r"(\d+)bpm_", path.name)
    return Recording(path.name, samples, rate_hz, float(named[1]) if named else 0.0)


def _mixed(paths: Sequence[Path]) -> tuple[NDArray[np.float32], int]:
    """Read files of one rate and length and add them up, each folded to mono.

    Raises
    ------
    SourceError : files are missing or cannot be read
    """
    if not paths:
        raise SourceError("A song has beats but no tracks: copy its audio files beside its .beats file.")
    for path in paths:
        if not path.is_file():
            raise SourceError(f"'{path}' is missing: copy the whole folder of recordings again.")
    tracks = [soundfile.read(path, dtype="float32", always_2d=True) for path in paths]
    return sum((track.mean(axis=1) for track, _ in tracks[1:]), tracks[0][0].mean(axis=1)), int(tracks[0][1])
