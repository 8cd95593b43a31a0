"""How well beats are found, beside librosa's tracker and a fixed grid of 120 BPM.

Beats are scored as mir_eval does (F-measure within 70 ms, without leaving out the first seconds), tempi as the MIREX
task does (within four per cent; "octave" also allows half, double, a third and three times).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.beats.clicks import click_track
from engine.beats.listen import listen
from engine.errors import SourceError, UsageError
from engine.progress import SILENT, Progress

Times = NDArray[np.float64]
Line = dict[str, str | float | int]

WINDOW_S = 0.07
_CLICK_TEMPI_BPM = (60, 72, 83, 90, 100, 110, 120, 133, 140, 150, 160, 174, 185, 200)
_CLICK_RATES_HZ = (22_050, 44_100, 48_000)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording and what is known of its beats.

    Attributes
    ----------
    beats_s, downbeats_s : shape (n,) and (m,); empty where only the tempo is known
    onsets_s : shape (k,), annotated starts of drum hits, empty where there are none
    """

    name: str
    samples: NDArray[np.float32]
    rate_hz: int
    tempo_bpm: float
    beats_s: Times
    downbeats_s: Times
    onsets_s: Times


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a tracker said of one recording."""

    tempo_bpm: float
    beats_s: Times
    downbeats_s: Times
    onsets_s: Times


Tracker = Callable[[Recording], Answer]


def evaluate(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield one line a metric: metric, value, baseline (librosa on the same audio, unless it says so), n.

    Parameters
    ----------
    data_dir : holds `mdbdrums` and `loops`
    short : a few recordings of each kind only

    Raises
    ------
    SourceError : the recordings are missing
    UsageError : mir_eval is not installed
    Cancelled : the user asked for it
    """
    try:
        import mir_eval  # noqa: F401 - asked for here, so that its absence is told before any work
    except ImportError as error:
        raise UsageError(
            "mir_eval is missing: install it with 'pip install mir_eval' and try again."
        ) from error
    songs, loops = _folders(data_dir)
    tempi = _CLICK_TEMPI_BPM[::5] if short else _CLICK_TEMPI_BPM
    yield from _lines(
        "clicks",
        [click_recording(bpm, rate) for bpm in tempi for rate in _CLICK_RATES_HZ],
        progress.part(0.0, 0.3),
    )
    yield from _lines(
        "mdbdrums", [read_song(path) for path in (songs[:2] if short else songs)], progress.part(0.3, 0.7)
    )
    yield from _lines(
        "loops", [read_loop(path) for path in (loops[::9] if short else loops)], progress.part(0.7, 1.0)
    )


def _folders(data_dir: Path) -> tuple[list[Path], list[Path]]:
    songs = sorted(path.parent for path in data_dir.glob("mdbdrums/*/*.beats"))
    loops = sorted(data_dir.glob("loops/*/*bpm_*.mp3"))
    if not songs or not loops:
        raise SourceError(
            f"'{data_dir}' holds no mdbdrums and loops folders: give the folder that does with --data."
        )
    return songs, loops


def click_recording(tempo_bpm: float, rate_hz: int) -> Recording:
    """Make a click track that starts at an odd moment."""
    track = click_track(tempo_bpm, rate_hz, first_s=0.2 + (tempo_bpm % 7) * 0.0713)
    beats_s = track.clicks_samples / rate_hz
    name = f"clicks at {tempo_bpm:g} BPM, {rate_hz} Hz"
    return Recording(name, track.samples, rate_hz, tempo_bpm, beats_s, np.zeros(0), beats_s)


def read_song(folder: Path) -> Recording:
    """Read one song of MDB Drums: the sum of its tracks, its beats and its drum hits."""
    tracks = [soundfile.read(path, dtype="float32") for path in sorted(folder.glob("*_RAW_*.ogg"))]
    samples = np.sum([track for track, _ in tracks], axis=0, dtype=np.float32)
    beats = np.loadtxt(next(folder.glob("*.beats")), ndmin=2)
    beats_s = beats[:, 0]
    tempo_bpm = 60.0 / float(np.median(np.diff(beats_s)))
    hits = next(folder.glob("*_class.txt")).read_text().splitlines()
    onsets_s = np.unique([float(line.split()[0]) for line in hits if line.strip()])
    return Recording(
        folder.name, samples, tracks[0][1], tempo_bpm, beats_s, beats_s[beats[:, 1] == 1], onsets_s
    )


def read_loop(path: Path) -> Recording:
    """Read one loop whose name begins with its tempo."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    named = re.match(r"(\d+)bpm_", path.name)
    tempo_bpm = float(named[1]) if named else 0.0
    nothing = np.zeros(0)
    return Recording(path.name, samples.mean(axis=1), rate_hz, tempo_bpm, nothing, nothing, nothing)


def track_ours(recording: Recording) -> Answer:
    """Find the beats as Offcut does."""
    heard = listen([recording.samples], recording.rate_hz, len(recording.samples))
    return Answer(
        heard.grid.tempo_bpm,
        heard.grid.beats_samples / recording.rate_hz,
        heard.grid.downbeats_samples / recording.rate_hz,
        heard.listening.onsets_samples / recording.rate_hz,
    )


def track_librosa(recording: Recording) -> Answer:
    """Find beats and onsets as librosa does by default; every fourth beat counts as a downbeat."""
    import librosa

    tempo, beats_s = librosa.beat.beat_track(y=recording.samples, sr=recording.rate_hz, units="time")
    onsets_s = librosa.onset.onset_detect(y=recording.samples, sr=recording.rate_hz, units="time")
    return Answer(float(np.atleast_1d(tempo)[0]), beats_s, beats_s[::4], onsets_s)


def fixed_grid(recording: Recording) -> Answer:
    """Answer 120 BPM from the first sample on, whatever is heard."""
    beats_s = np.arange(0.0, len(recording.samples) / recording.rate_hz, 0.5)
    return Answer(120.0, beats_s, beats_s[::4], beats_s)


def _lines(name: str, recordings: Sequence[Recording], progress: Progress) -> Iterator[Line]:
    """Yield the metrics of one set of recordings."""
    answers: dict[str, list[Answer]] = {"ours": [], "librosa": [], "fixed": []}
    trackers: dict[str, Tracker] = {"ours": track_ours, "librosa": track_librosa, "fixed": fixed_grid}
    for done, recording in enumerate(recordings):
        progress.report(done / len(recordings), f"Finding the beats of {recording.name}")
        for who, tracker in trackers.items():
            progress.check_cancelled()
            answers[who].append(tracker(recording))
    ours, librosas, fixed = (
        [(r, a) for r, a in zip(recordings, answers[who], strict=True)] for who in answers
    )
    measures = [*_TEMPO_MEASURES]
    if len(recordings[0].beats_s):
        measures += _BEAT_MEASURES
    if len(recordings[0].downbeats_s):
        measures += _DOWNBEAT_MEASURES
    for metric, measure in measures:
        yield {
            "metric": f"{name}_{metric}",
            "value": measure(ours),
            "baseline": measure(librosas),
            "n": len(recordings),
        }
    metric, measure = measures[2] if len(measures) > 2 else measures[0]
    yield {
        "metric": f"{name}_{metric}_against_a_fixed_grid",
        "value": measure(ours),
        "baseline": measure(fixed),
        "n": len(recordings),
    }


Scored = Sequence[tuple[Recording, Answer]]


def _tempo_accuracy(scored: Scored, factors: Sequence[float]) -> float:
    right = [
        any(
            abs(answer.tempo_bpm - recording.tempo_bpm * f) <= 0.04 * recording.tempo_bpm * f for f in factors
        )
        for recording, answer in scored
    ]
    return float(np.mean(right))


def f_measure(truth_s: Times, found_s: Times) -> float:
    """Return mir_eval's F-measure of beats within 70 ms; 0 where nothing was found."""
    from mir_eval.beat import f_measure as measured

    return float(measured(truth_s, found_s, WINDOW_S)) if len(truth_s) and len(found_s) else 0.0


def errors_ms(truth_s: Times, found_s: Times) -> Times:
    """Return how late the found time nearest to each true one is, shape (n,), of those within 70 ms."""
    if not len(found_s) or not len(truth_s):
        return np.zeros(0)
    distances = found_s[None, :] - truth_s[:, None]
    nearest = distances[np.arange(len(truth_s)), np.abs(distances).argmin(axis=1)]
    return 1000.0 * nearest[np.abs(nearest) <= WINDOW_S]


def _all_errors_ms(scored: Scored) -> Times:
    return np.concatenate([errors_ms(recording.beats_s, answer.beats_s) for recording, answer in scored])


def _onset_errors_ms(scored: Scored) -> Times:
    return np.concatenate([errors_ms(recording.onsets_s, answer.onsets_s) for recording, answer in scored])


def _or_nan(statistic: Callable[[Times], float], errors: Times) -> float:
    return float(statistic(errors)) if len(errors) else float("nan")


_TEMPO_MEASURES: list[tuple[str, Callable[[Scored], float]]] = [
    ("tempo_accuracy", lambda scored: _tempo_accuracy(scored, (1.0,))),
    ("tempo_accuracy_octave", lambda scored: _tempo_accuracy(scored, (1.0, 0.5, 2.0, 1 / 3, 3.0))),
]
_BEAT_MEASURES: list[tuple[str, Callable[[Scored], float]]] = [
    ("beat_f_measure", lambda scored: float(np.mean([f_measure(r.beats_s, a.beats_s) for r, a in scored]))),
    ("beat_bias_ms", lambda scored: _or_nan(np.median, _all_errors_ms(scored))),
    ("beat_error_ms", lambda scored: _or_nan(np.median, np.abs(_all_errors_ms(scored)))),
    ("beat_error_max_ms", lambda scored: _or_nan(np.max, np.abs(_all_errors_ms(scored)))),
    ("onset_bias_ms", lambda scored: _or_nan(np.median, _onset_errors_ms(scored))),
    ("onset_error_ms", lambda scored: _or_nan(np.median, np.abs(_onset_errors_ms(scored)))),
]
_DOWNBEAT_MEASURES: list[tuple[str, Callable[[Scored], float]]] = [
    (
        "downbeat_f_measure",
        lambda scored: float(np.mean([f_measure(r.downbeats_s, a.downbeats_s) for r, a in scored])),
    ),
]
