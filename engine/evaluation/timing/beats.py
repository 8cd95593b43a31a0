"""How well beats are found, beside librosa's tracker and a fixed grid of 120 BPM.

Beats are scored as mir_eval does (F-measure within 70 ms, without leaving out the first seconds), tempi as
MIREX does (within four per cent; "octave" also allows half, double, a third and three times).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
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


def _no_times() -> Times:
    return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording and what is known of its beats.

    Attributes
    ----------
    beats_s, downbeats_s : shape (n,) and (m,); empty where only the tempo is known
    onsets_s : shape (k,), where hits start; empty where that is not known
    """

    name: str
    samples: NDArray[np.float32]
    rate_hz: int
    tempo_bpm: float
    beats_s: Times = field(default_factory=_no_times)
    downbeats_s: Times = field(default_factory=_no_times)
    onsets_s: Times = field(default_factory=_no_times)


@dataclass(frozen=True, slots=True, eq=False)
class BeatEstimate:
    """What a tracker estimated of one recording."""

    tempo_bpm: float
    beats_s: Times
    downbeats_s: Times
    onsets_s: Times


Tracker = Callable[[Recording], BeatEstimate]
Scored = list[tuple[Recording, BeatEstimate]]


def evaluate(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield one line a metric: metric, value, baseline (librosa on the same audio, unless it says so), n.

    Parameters
    ----------
    data_dir : holds any of `mdbdrums`, `loops` and `multimic`
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
    tempi = _CLICK_TEMPI_BPM[::5] if short else _CLICK_TEMPI_BPM
    sets: dict[str, list[Callable[[], Recording]]] = {
        "clicks": [partial(click_recording, bpm, rate) for bpm in tempi for rate in _CLICK_RATES_HZ],
        "mdbdrums": [
            partial(read_song, beats.parent) for beats in sorted(data_dir.glob("mdbdrums/*/*.beats"))
        ],
        "kit": [
            partial(read_kit, onsets.parent) for onsets in sorted(data_dir.glob("multimic/*/onsets.csv"))
        ],
        "loops": [partial(read_loop, path) for path in sorted(data_dir.glob("loops/*/*bpm_*.*"))],
    }
    if not any(sets[name] for name in sets if name != "clicks"):
        raise SourceError(
            f"'{data_dir}' holds neither mdbdrums, loops nor multimic: name the folder that does."
        )
    for number, (name, readers) in enumerate(sets.items()):
        chosen = readers[:: max(1, len(readers) // 3)] if short else readers
        if chosen:
            yield from _lines(name, chosen, progress.part(number / len(sets), (number + 1) / len(sets)))


def click_recording(tempo_bpm: float, rate_hz: int) -> Recording:
    """Make a click track that starts at an odd moment."""
    track = click_track(tempo_bpm, rate_hz, first_s=0.2 + (tempo_bpm % 7) * 0.0713)
    beats_s = track.clicks_samples / rate_hz
    name = f"clicks at {tempo_bpm:g} BPM, {rate_hz} Hz"
    return Recording(name, track.samples, rate_hz, tempo_bpm, beats_s, onsets_s=beats_s)


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
    SourceError : there are none, or one cannot be read
    """
    if not paths:
        raise SourceError("A song has beats but no tracks: copy its audio files beside its .beats file.")
    for path in paths:
        if not path.is_file():
            raise SourceError(f"'{path}' is missing: copy the whole folder of recordings again.")
    tracks = [soundfile.read(path, dtype="float32", always_2d=True) for path in paths]
    return sum((track.mean(axis=1) for track, _ in tracks[1:]), tracks[0][0].mean(axis=1)), int(tracks[0][1])


def track_ours(recording: Recording) -> BeatEstimate:
    """Find the beats as Offcut does."""
    heard = listen([recording.samples], recording.rate_hz, len(recording.samples))
    return BeatEstimate(
        heard.grid.tempo_bpm,
        heard.grid.beats_samples / recording.rate_hz,
        heard.grid.downbeats_samples / recording.rate_hz,
        heard.listening.onsets_samples / recording.rate_hz,
    )


def track_librosa(recording: Recording) -> BeatEstimate:
    """Find beats and onsets as librosa does by default; every fourth beat counts as a downbeat."""
    import librosa

    tempo, beats_s = librosa.beat.beat_track(y=recording.samples, sr=recording.rate_hz, units="time")
    onsets_s = librosa.onset.onset_detect(y=recording.samples, sr=recording.rate_hz, units="time")
    return BeatEstimate(float(np.atleast_1d(tempo)[0]), beats_s, beats_s[::4], onsets_s)


def fixed_grid(recording: Recording) -> BeatEstimate:
    """Answer 120 BPM from the first sample on, whatever is heard."""
    beats_s = np.arange(0.0, len(recording.samples) / recording.rate_hz, 0.5)
    return BeatEstimate(120.0, beats_s, beats_s[::4], beats_s)


def _lines(name: str, readers: Sequence[Callable[[], Recording]], progress: Progress) -> Iterator[Line]:
    """Yield the metrics of one set of recordings."""
    trackers: tuple[Tracker, ...] = (track_ours, track_librosa, fixed_grid)
    answers: tuple[Scored, ...] = ([], [], [])
    for done, read in enumerate(readers):
        recording = read()
        progress.report(done / len(readers), f"Finding the beats of {recording.name}")
        for tracker, scored in zip(trackers, answers, strict=True):
            progress.check_cancelled()
            scored.append((recording, tracker(recording)))
    ours, librosas, fixed = answers
    recording = ours[0][0]
    measures = dict(_TEMPO_MEASURES)
    if len(recording.beats_s):
        measures |= _BEAT_MEASURES
    if len(recording.downbeats_s):
        measures |= _DOWNBEAT_MEASURES
    if len(recording.onsets_s):
        measures |= _ONSET_MEASURES
    for metric, measure in measures.items():
        value, baseline = measure(ours), measure(librosas)
        if np.isfinite([value, baseline]).all():
            yield _line(f"{name}_{metric}", value, baseline, len(ours))
    main = "beat_f_measure" if len(recording.beats_s) else "tempo_accuracy"
    against = f"{name}_{main}_against_fixed_120_bpm"
    yield _line(against, measures[main](ours), measures[main](fixed), len(ours))


def _line(metric: str, value: float, baseline: float, n: int) -> Line:
    return {"metric": metric, "value": value, "baseline": baseline, "n": n}


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
    late_ms: Times = 1000.0 * nearest[np.abs(nearest) <= WINDOW_S]
    return late_ms


def _beat_errors_ms(scored: Scored) -> Times:
    return np.concatenate([errors_ms(recording.beats_s, answer.beats_s) for recording, answer in scored])


def _onset_errors_ms(scored: Scored) -> Times:
    return np.concatenate([errors_ms(recording.onsets_s, answer.onsets_s) for recording, answer in scored])


def _median(values: Times) -> float:
    return float(np.median(values)) if len(values) else float("nan")


Measures = dict[str, Callable[[Scored], float]]

_TEMPO_MEASURES: Measures = {
    "tempo_accuracy": lambda scored: _tempo_accuracy(scored, (1.0,)),
    "tempo_accuracy_octave": lambda scored: _tempo_accuracy(scored, (1.0, 0.5, 2.0, 1 / 3, 3.0)),
}
_BEAT_MEASURES: Measures = {
    "beat_f_measure": lambda scored: float(np.mean([f_measure(r.beats_s, a.beats_s) for r, a in scored])),
    "beat_bias_ms": lambda scored: _median(_beat_errors_ms(scored)),
    "beat_error_ms": lambda scored: _median(np.abs(_beat_errors_ms(scored))),
    "beat_error_max_ms": lambda scored: float(np.abs(_beat_errors_ms(scored)).max(initial=0.0)),
}
_DOWNBEAT_MEASURES: Measures = {
    "downbeat_f_measure": lambda scored: float(
        np.mean([f_measure(r.downbeats_s, a.downbeats_s) for r, a in scored])
    ),
}
_ONSET_MEASURES: Measures = {
    "onset_bias_ms": lambda scored: _median(_onset_errors_ms(scored)),
    "onset_error_ms": lambda scored: _median(np.abs(_onset_errors_ms(scored))),
}
