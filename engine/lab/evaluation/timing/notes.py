"""Timing of notes: rendered parts of each instrument on a grid, two takes of a melody, and real voices.

Notes are detected, placed, accepted and rendered as for a user. Their onsets are measured on each note alone,
and where they end up is measured on the rendered audio.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import TimingError
from engine.core.progress import SILENT, Progress
from engine.document.edits.proposals import add_proposals
from engine.document.kinds.kind import real
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import AFTER_SAMPLES
from engine.document.proposals import Proposal
from engine.features.timing.finders.notes import NOTES, NotesSettings
from engine.features.timing.notes.onsets import find_notes
from engine.lab.evaluation.timing.aligned import document_of, rendered_tracks
from engine.lab.evaluation.timing.matching import f_measure, matched
from engine.lab.evaluation.timing.note_material import (
    FIRST_S,
    INSTRUMENTS,
    RATE_HZ,
    Alone,
    Instrument,
    each_alone,
    ends_of,
    in_pieces,
    melody,
    sentences,
    syllables,
    together,
    two_takes,
    with_another_course,
)
from engine.lab.evaluation.timing.note_measures import (
    at_quantile,
    attack_db,
    cents,
    flux_peaks,
    landed,
    new_doubles,
)
from engine.review.answers import accept_all
from engine.review.finders import FinderRequest
from engine.sound.edl.slices import LONGEST_ELASTIC_S, NOTE_ATTACK_S

Line = dict[str, str | float | int]
Sound = NDArray[np.float32]
Floats = NDArray[np.float64]
Figures = dict[str, float]

_NOTES, _NOTES_SHORT = 48, 16
_JITTER_S, _MOST_S = 0.015, 0.045
_WORSE_MS = 2.0
_CHANGED = 0.01
_CUT_S = 0.03
_PAIRS = (("piano", "piano"), ("finger bass", "picked bass"), ("trumpet", "saxophone"), ("violin", "choir"))
_SENTENCES = 5
_TO_LEAD = NotesSettings.model_validate({"to": "lead"})
_TAKES_APART_S = 0.2
"""Twice the largest error: farther, a note of a take is at the place of another."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """The result of the finder for one track: its accepted moves, and the rendered audio."""

    proposals: Sequence[Proposal]
    sound: Sound


def evaluate(
    data_dir: Path, *, seeds: int = 5, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line a figure: metric, value, its baseline where there is one, n.

    Parameters
    ----------
    data_dir : holds `speech`
    seeds : each plays another melody on every instrument, two takes of each pair, and other sentences

    Raises
    ------
    UsageError : the sound font or the recordings are missing
    Cancelled : the user asked for it
    """
    count, number = (_NOTES_SHORT, 1) if short else (_NOTES, seeds)
    instruments = INSTRUMENTS[:: 6 if short else 1]
    every: list[Figures] = []
    for place, instrument in enumerate(instruments):
        own = []
        for seed in range(number):
            progress.check_cancelled()
            progress.report(place / len(instruments), f"Moving notes of {instrument.name}")
            own.append(on_grid_figures(instrument, np.random.default_rng((seed, instrument.program)), count))
        yield from _summed(instrument.name, own, is_short=True)
        every += own
    yield from _summed("all", every)
    for lead, double in _PAIRS[: 1 if short else None]:
        own = [
            take_figures(lead, double, np.random.default_rng((seed, 200)), count) for seed in range(number)
        ]
        yield from _summed(f"{double} to {lead}", own)
    yield from _voices(data_dir, number)


def on_grid_figures(instrument: Instrument, rng: np.random.Generator, count: int) -> Figures:
    """Return the figures of one performance moved to its grid, and of the same one played on it."""
    bpm = float(rng.uniform(80.0, 140.0))
    notes = melody(rng, instrument, bpm, count)
    alone = each_alone(notes, instrument)
    lines = np.array([note.line_s for note in notes]) * RATE_HZ
    off = np.clip(rng.normal(0.0, _JITTER_S, count), -_MOST_S, _MOST_S) * RATE_HZ
    onsets = np.round(lines + off).astype(np.int64)
    settings = NotesSettings.model_validate({"bpm": bpm, "first_beat_s": FIRST_S, "division": "1/16"})
    length = int(onsets[-1]) + len(alone[-1].sound)
    sound = together(alone, onsets, length)
    done = moved({"track": sound}, settings)
    division = 15.0 / bpm * RATE_HZ
    ends = ends_of(notes, onsets)
    return {
        **_detected(sound, onsets),
        **_placed(sound, done, onsets, lines, division),
        **_sounding(sound, done, onsets, ends),
        **_untouched(alone, lines, settings, length),
        # Notes that are played on their lines come near the releases of others, too.
        "new_doubles_before": _doubles(sound, together(alone, np.round(lines).astype(np.int64), length))
        / count,
    }


def moved(sounds: Mapping[str, Sound], settings: NotesSettings) -> Moved:
    """Move the notes of the first track, as the finder with all of its proposals accepted does."""
    with TemporaryDirectory() as folder:
        state, media = document_of(sounds, RATE_HZ, Path(folder))
        first = state.tracks[0]
        request = FinderRequest("notes", "notes", state, media, settings=settings, tracks=(first.id,))
        try:
            found = NOTES.find(request, SILENT).proposals
        except TimingError:  # no note was found, or none follows the grid: all stays
            return Moved((), next(iter(sounds.values())))
        after = accept_all(state, add_proposals(state, found, "Proposed"), found).state
        return Moved(found, rendered_tracks(after, media)[first.name])


def _detected(sound: Sound, onsets: NDArray[np.int64]) -> Figures:
    def read(start: int, stop: int) -> Sound:
        inside = sound[max(start, 0) : max(stop, 0)]
        return np.pad(inside, (max(-start, 0), stop - max(start, 0) - len(inside)))

    found = find_notes(read, len(sound), RATE_HZ).onsets_samples
    rows, others = matched(onsets.astype(np.float64), found, 0.05 * RATE_HZ)
    near, _ = matched(onsets.astype(np.float64), found, 0.01 * RATE_HZ)
    late_ms = (found[others] - onsets[rows]) / RATE_HZ * 1000.0
    return {
        "onset_f_50_ms": f_measure(len(rows), len(onsets), len(found)),
        "onset_f_10_ms": f_measure(len(near), len(onsets), len(found)),
        "onset_late_ms_median": at_quantile(late_ms, 0.5),
        "onset_error_ms_median": at_quantile(np.abs(late_ms), 0.5),
        "onset_error_ms_p95": at_quantile(np.abs(late_ms), 0.95),
    }


def _placed(
    sound: Sound, done: Moved, onsets: NDArray[np.int64], targets: Floats, division: float
) -> Figures:
    """Return how far notes are from their targets, before and after."""
    where = landed(sound, done.sound, onsets)
    was, now = (np.abs(found - targets) / RATE_HZ * 1000.0 for found in (onsets, onsets + where.by_samples))
    is_moved = where.by_samples != 0.0
    figures = {
        "stays": float(np.mean(~is_moved)),
        "farther": float(np.mean(now > was)),
        "farther_2_ms": float(np.mean(now > was + _WORSE_MS)),
        "wrong_line": float(np.mean(now > division / 2 / RATE_HZ * 1000.0)),
        "wrong_line_before": float(np.mean(was > division / 2 / RATE_HZ * 1000.0)),
        "attack_changed": float(np.mean(where.unlike > _CHANGED)),
    }
    for name, some in (("", np.ones(len(was), bool)), ("moved_", is_moved)):
        for part, quantile in (("median", 0.5), ("p95", 0.95)):
            figures[f"{name}off_ms_{part}"] = at_quantile(now[some], quantile)
            figures[f"{name}off_ms_{part}_before"] = at_quantile(was[some], quantile)
    return figures


def _sounding(sound: Sound, done: Moved, onsets: NDArray[np.int64], ends: NDArray[np.int64]) -> Figures:
    """Return how much the pitch and the level of notes change, and doubled attacks."""
    by = landed(sound, done.sound, onsets).by_samples
    pitch = np.abs(cents(sound, done.sound, onsets, by, ends))
    level = np.abs(attack_db(sound, done.sound, onsets, by))
    return {
        "pitch_cents_p95": at_quantile(pitch, 0.95),
        "pitch_cents_max": at_quantile(pitch, 1.0),
        "attack_db_p95": at_quantile(level, 0.95),
        "attack_db_max": at_quantile(level, 1.0),
        "more_flux_peaks": (len(flux_peaks(done.sound)) - len(flux_peaks(sound))) / len(onsets),
        "new_doubles": _doubles(sound, done.sound) / len(onsets),
        "unmoved_identical": _identical(sound, done),
    }


def _doubles(before: Sound, after: Sound) -> int:
    return new_doubles(flux_peaks(before), flux_peaks(after))


def _identical(sound: Sound, done: Moved) -> float:
    """Return the share of samples that are the same where no note and no end of a note was moved."""
    stays = np.ones(len(sound), bool)
    for one in done.proposals:
        attack = real(one.payload, AFTER_SAMPLES, 0.0) + NOTE_ATTACK_S * RATE_HZ
        start = max(min(attack, one.start_samples), one.start_samples - LONGEST_ELASTIC_S * RATE_HZ)
        # Without room for an elastic end, the note sounds until the next attack.
        stop = one.stop_samples + max(real(one.payload, BY_SAMPLES, 0.0), 0.0) + _CUT_S * RATE_HZ
        stays[max(round(start - _CUT_S * RATE_HZ), 0) : round(stop)] = False
    return float(np.mean(sound[stays] == done.sound[stays])) if stays.any() else float("nan")


def _untouched(alone: Sequence[Alone], lines: Floats, settings: NotesSettings, length: int) -> Figures:
    """Return how far notes that are on their lines stay."""
    onsets = np.round(lines).astype(np.int64)
    sound = together(alone, onsets, length)
    done = moved({"track": sound}, settings)
    off_ms = np.abs(landed(sound, done.sound, onsets).by_samples) / RATE_HZ * 1000.0
    return {
        "on_grid_samples_identical": float(np.mean(sound == done.sound)),
        "on_grid_stays": float(np.mean(off_ms == 0.0)),
        "on_grid_off_ms_p95": at_quantile(off_ms, 0.95),
    }


def take_figures(lead: str, double: str, rng: np.random.Generator, count: int) -> Figures:
    """Return the figures of a melody that is played twice, the second take moved to the first."""
    takes = two_takes(lead, double, rng, count)
    done = moved({"double": takes.double, "lead": takes.lead}, _TO_LEAD)
    return {
        **_placed(
            takes.double, done, takes.onsets, takes.targets.astype(np.float64), _TAKES_APART_S * RATE_HZ
        ),
        **_sounding(takes.double, done, takes.onsets, takes.ends),
    }


def _voices(data_dir: Path, seeds: int) -> Iterator[Line]:
    pieces = [voice_figures(data_dir, np.random.default_rng((seed, 400)), in_pieces) for seed in range(seeds)]
    yield from _summed("voices in pieces", pieces)
    try:
        own = [
            voice_figures(data_dir, np.random.default_rng((seed, 300)), with_another_course)
            for seed in range(seeds)
        ]
    except ImportError:
        yield {"metric": "voices_skipped_without_python_stretch", "value": 1.0, "n": 0}
        return
    yield from _summed("voices", own)


def voice_figures(
    data_dir: Path,
    rng: np.random.Generator,
    double_of: Callable[[Sound, np.random.Generator], tuple[Sound, Floats, Floats]],
) -> Figures:
    """Return the figures of sentences with another course of time, moved to the original.

    Parameters
    ----------
    double_of : makes the second take, as `with_another_course` and `in_pieces` do
    """
    lead = sentences(data_dir, rng, _SENTENCES)
    double, source, stretched = double_of(lead, rng)
    targets = syllables(lead)
    onsets = np.round(np.interp(targets, source, stretched)).astype(np.int64)
    length = max(len(lead), len(double))
    sounds = {name: np.pad(one, (0, length - len(one))) for name, one in (("double", double), ("lead", lead))}
    done = moved(sounds, _TO_LEAD)
    ends = np.append(onsets[1:], length)
    figures = _sounding(sounds["double"], done, onsets, ends)
    del figures["pitch_cents_p95"], figures["pitch_cents_max"]  # a voice has no steady pitch
    return {
        **_placed(sounds["double"], done, onsets, targets.astype(np.float64), _TAKES_APART_S * RATE_HZ),
        **figures,
        "syllables": float(len(onsets)),
    }


def _summed(name: str, own: Sequence[Figures], *, is_short: bool = False) -> Iterator[Line]:
    """Yield the mean of each figure over performances; and median and worst decile, unless it is short."""
    by_metric: dict[str, list[float]] = defaultdict(list)
    for figures in own:
        for metric, value in figures.items():
            by_metric[metric].append(value)
    for metric, values in by_metric.items():
        some = np.array(values)[np.isfinite(values)]
        before = by_metric.get(f"{metric}_before", [])
        if not len(some) or metric.endswith("_before"):
            continue
        line: Line = {"metric": f"{name}_{metric}", "value": float(some.mean()), "n": len(some)}
        if before:
            line["baseline"] = float(np.nanmean(before))
        if not is_short:
            line["median"] = float(np.median(some))
            line["worst_decile"] = float(np.quantile(some, 0.1 if _is_better_high(metric) else 0.9))
        yield line


def _is_better_high(metric: str) -> bool:
    return metric.startswith("onset_f") or metric.endswith(("identical", "on_grid_stays"))
