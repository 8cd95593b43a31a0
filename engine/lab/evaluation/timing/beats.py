"""``offcut evaluate timing beats``: detection of beats, bars and tempo, against other trackers.

Drum kits are performances of drummers and kits that nothing was learned from; songs are annotated recordings;
clicks and accented clicks are made; of loops only the tempo is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from engine.analysis.beats.listen import listen
from engine.core.errors import SourceError
from engine.core.progress import SILENT, Progress
from engine.lab.evaluation.timing.baselines.trackers import BeatEstimate, estimates
from engine.lab.evaluation.timing.beat_figures import calibration, measures_of
from engine.lab.evaluation.timing.pulse.changes import key_lines, metre_lines
from engine.lab.evaluation.timing.pulse.free import free_lines
from engine.lab.evaluation.timing.recordings import (
    Recording,
    accented_recording,
    click_recording,
    kit_recording,
    kit_takes,
    read_kit,
    read_loop,
    read_song,
)

Line = dict[str, str | float | int]

_CLICK_TEMPI_BPM = (30, 60, 72, 83, 90, 100, 110, 120, 133, 140, 150, 160, 174, 185, 200, 240, 300)
_CLICK_RATES_HZ = (22_050, 44_100, 48_000)
_METRES = (2, 3, 4, 5, 6, 7)
_ACCENTED_TEMPI_BPM = (50, 84, 120, 168, 220)
_CORRECTED = ("kits", "mdbdrums", "loops")
"""Kinds of recordings whose level is corrected by keys."""
_KITS, _FEW_KITS = 75, 6
_SEED = 13
_TEN_MINUTES_S = 600


def evaluate(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield one line a metric: metric, value, baseline (librosa on the same audio), the other rows, n.

    Parameters
    ----------
    data_dir : holds any of `mdbdrums`, `loops` and `multimic`
    short : a few recordings of each kind only

    Raises
    ------
    SourceError : the recordings are missing
    ModuleNotFoundError : mir_eval is not installed
    Cancelled : the user asked for it
    """
    import mir_eval  # noqa: F401 - asked for here, so that its absence is told before any work

    sets = {name: chosen for name, chosen in _sets(data_dir, short=short).items() if chosen}
    if sets.keys() <= {"clicks", "accents"}:
        raise SourceError(
            f"'{data_dir}' holds neither mdbdrums, loops nor multimic: name the folder that does."
        )
    scored: list[tuple[Recording, BeatEstimate]] = []
    for number, (name, readers) in enumerate(sets.items()):
        part = progress.part(number / (len(sets) + 1), (number + 1) / (len(sets) + 1))
        yield from _lines(name, readers, scored, part)
    if "kits" in sets:
        part = progress.part(len(sets) / (len(sets) + 1), 1.0)
        yield from free_lines(data_dir, sets.get("mdbdrums", ()), short=short, progress=part.part(0.0, 0.5))
        yield from metre_lines(data_dir, short=short, progress=part.part(0.5, 1.0))
    yield from key_lines({name: sets[name] for name in _CORRECTED if name in sets}, progress)
    for metric, value, sure, n in calibration(scored):
        yield {"metric": metric, "value": value, "baseline": sure, "n": n}
    yield _speed(short=short)


def _sets(data_dir: Path, *, short: bool) -> dict[str, Sequence[Callable[[], Recording]]]:
    """Return the makers of the recordings of each kind."""
    sets: dict[str, list[Callable[[], Recording]]] = {
        "mdbdrums": [
            partial(read_song, beats.parent) for beats in sorted(data_dir.glob("mdbdrums/*/*.beats"))
        ],
        "clicks": [
            partial(click_recording, bpm, rate) for bpm in _CLICK_TEMPI_BPM for rate in _CLICK_RATES_HZ
        ],
        "accents": [
            partial(accented_recording, bpm, beats) for bpm in _ACCENTED_TEMPI_BPM for beats in _METRES
        ],
        "kit": [
            partial(read_kit, onsets.parent) for onsets in sorted(data_dir.glob("multimic/*/onsets.csv"))
        ],
        "loops": [partial(read_loop, path) for path in sorted(data_dir.glob("loops/*/*bpm_*.*"))],
    }
    if short:
        sets = {name: readers[:: max(1, len(readers) // 3)] for name, readers in sets.items()}
    if (data_dir / "multimic" / "midi" / "info.csv").is_file():
        played = kit_takes(data_dir, "test", _FEW_KITS if short else _KITS, _SEED)
        sets["kits"] = [partial(kit_recording, take) for take in played]
    return dict(sets)


def _lines(
    name: str,
    readers: Sequence[Callable[[], Recording]],
    all_scored: list[tuple[Recording, BeatEstimate]],
    progress: Progress,
) -> Iterator[Line]:
    """Yield the metrics of one set of recordings."""
    answers: dict[str, list[tuple[Recording, BeatEstimate]]] = defaultdict(list)
    seconds = 0.0
    for done, read in enumerate(readers):
        progress.check_cancelled()
        recording = read()
        seconds += len(recording.samples) / recording.rate_hz
        progress.report(done / len(readers), f"Finding the beats of {recording.name}")
        for tracker, answer in estimates(recording).items():
            answers[tracker].append((_silent(recording), answer))
    recordings = [recording for recording, _ in answers["ours"]]
    yield {"metric": f"{name}_minutes", "value": seconds / 60.0, "n": len(readers)}
    for metric, measure in measures_of(recordings).items():
        values = {tracker: measure(scored) for tracker, scored in answers.items()}
        if np.isfinite([values["ours"], values["librosa"]]).all():
            value, baseline = values.pop("ours"), values.pop("librosa")
            yield {
                "metric": f"{name}_{metric}",
                "value": value,
                "baseline": baseline,
                **values,
                "n": len(readers),
            }
    if any(len(recording.downbeats_s) for recording in recordings):
        all_scored.extend(answers["ours"])


def _silent(recording: Recording) -> Recording:
    """Return the annotation of a recording without its audio, which would fill the memory."""
    return replace(recording, samples=np.zeros(0, np.float32))


def _speed(*, short: bool) -> Line:
    """Return the run time for ten minutes, after a first second that loads the models."""
    song = accented_recording(128.0, 4)
    listen([song.samples[: song.rate_hz]], song.rate_hz, song.rate_hz)
    wanted_s = _TEN_MINUTES_S / (10 if short else 1)
    samples = np.resize(song.samples, round(wanted_s * song.rate_hz))
    began = perf_counter()
    listen([samples], song.rate_hz, len(samples))
    return {"metric": "ten_minutes_s", "value": (perf_counter() - began) * _TEN_MINUTES_S / wanted_s, "n": 1}
