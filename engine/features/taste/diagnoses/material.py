"""Check recordings before minutes are spent on learning from them, and diagnose a taste by a recording.

The overall sound of a recording, and whether its audio is in another one, come from the segments of
`engine.features.taste.anomaly.neighbours`, whose four spectra are scaled to one length: a gain moves neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.learning.loop import Epoch
from engine.analysis.signal.bands import MelSettings, hz_to_mel, mel_to_hz
from engine.analysis.signal.loudness import Loudness, level_of, playing_level_db
from engine.analysis.signal.stft import log_mel_blocks
from engine.analysis.signal.streams import mono_of, resampled
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, s_to_samples_array
from engine.core.wording import percent
from engine.document.analysis import ScoreCurve
from engine.document.settings import CutSettings
from engine.features.taste.anomaly.neighbours import (
    ANALYSED_HOP_S,
    PARTS,
    NearestSearch,
    ReferenceRecording,
    ReferenceSegments,
    keep_examples,
)
from engine.features.taste.anomaly.recipes.config import default_config
from engine.features.taste.anomaly.recipes.material import MINIMUM_S
from engine.features.taste.anomaly.recipes.recipe import Examples
from engine.features.taste.anomaly.recipes.registry import RECIPES
from engine.features.taste.anomaly.score import score_blocks, score_file
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.cuts.propose import propose_cuts
from engine.features.taste.diagnoses.findings import (
    ODD,
    TILT_DB,
    Action,
    Finding,
    Remedy,
    Severity,
    Symptoms,
    Tilt,
    judge,
    tilt_text,
)
from engine.sound.reader import SourceReader

Numbers = NDArray[np.float64]

SAME_SOUND = 0.14
"""Two segments nearer than this are the same audio: it stays within 0.13 through a loss of everything above
3 kHz and 0.09 through a saturation, while another piece begins at 0.28 (docs/decisions/0023)."""

_RUN_S = 5.0
_BLOCK = 4096
_REGION_BANDS = 8
_LEAST_SHARE = 1e-12
_HIGHEST_HZ = 8_000.0
"""Frequencies above this differ between codecs."""


def typical_spectrum_db(embeddings: NDArray[np.float32], mel: MelSettings) -> Numbers:
    """Return the median spectrum of segments, in dB with a median of 0, shape (n_mels,).

    Parameters
    ----------
    embeddings : of the segments, shape (n, PARTS * n_mels), n > 0
    """
    powers = embeddings.reshape(-1, PARTS, mel.n_mels).astype(np.float64) ** 3
    level_db = 10.0 * np.log10(np.maximum(powers.mean(axis=1), _LEAST_SHARE))
    typical: Numbers = np.median(level_db, axis=0)
    return typical - np.median(typical)


def segments_of(frame_blocks: Iterable[NDArray[np.float32]], mel: MelSettings) -> NDArray[np.float32]:
    """Return the embeddings of a stream's segments, shape (n, PARTS * n_mels); the stream is not held.

    Parameters
    ----------
    frame_blocks : log-mel in dB, each of shape (frames, n_mels)
    """
    found = [np.zeros((0, PARTS * mel.n_mels), np.float32)]
    waiting: list[NDArray[np.float32]] = []
    for block in chain(frame_blocks, [None]):
        if block is not None:
            waiting.append(block)
        if waiting and (block is None or sum(map(len, waiting)) >= _BLOCK):
            none = ReferenceRecording("", "", 0.0)
            found.append(keep_examples([np.concatenate(waiting)], [none], mel, seed=0).embeddings)
            waiting = []
    return np.concatenate(found)


def widest_tilt(one_db: Numbers, other_db: Numbers, mel: MelSettings) -> Tilt:
    """Return the region of the spectrum in which two sounds differ most, bands of mel as in both."""
    top = float(hz_to_mel(np.array([mel.rate_hz / 2.0]))[0])
    edges_hz: Numbers = mel_to_hz(np.linspace(0.0, top, mel.n_mels + 2))
    difference_db = (one_db - other_db)[edges_hz[2:] <= _HIGHEST_HZ + 1.0]
    width = min(_REGION_BANDS, len(difference_db))
    regions = np.convolve(difference_db - np.median(difference_db), np.full(width, 1.0 / width), "valid")
    at = int(np.abs(regions).argmax())
    return Tilt(float(regions[at]), float(edges_hz[at]), float(edges_hz[at + width + 1]))


def share_found(frames_db: NDArray[np.float32], among: ReferenceSegments, mel: MelSettings) -> float:
    """Return the share of a recording that is the same audio as some of the examples, 0 to 1.

    A run of five seconds is found if one segment of it is: segments are compared every 0.19 s with examples
    every 0.5 s, so that in a run one falls within 10 ms of an example.
    """
    search = NearestSearch(among, mel)
    for _ in search.passing(np.array_split(frames_db, range(_BLOCK, len(frames_db), _BLOCK))):
        pass
    return share_alike(search.finish().distances)


def share_alike(found: NDArray[np.float32]) -> float:
    """Return how much of a recording is the same audio, from the distances of its segments, shape (n,).

    The smallest distance of each run of five seconds counts; a shorter recording is one run.
    """
    length = round(_RUN_S / ANALYSED_HOP_S)
    if 0 < len(found) < length:
        return float(found.min() < SAME_SOUND)
    nearest = found[: len(found) // length * length].reshape(-1, length).min(axis=1)
    return float((nearest < SAME_SOUND).mean()) if len(nearest) else 0.0


STILL_FALLING = 0.1
"""A loss that fell by this share over its last fifth of epochs would have fallen further."""

_LEAST_EPOCHS = 5
_NOISE_S = 12.0


def examine(
    taste: Taste,
    scores: NDArray[np.float32],
    distances: NDArray[np.float32] | None,
    spectrum_db: NDArray[np.float64] | None,
    progress: Progress,
) -> Symptoms:
    """Measure a taste on a recording that was scored with it.

    Parameters
    ----------
    scores : of the recording, shape (n,)
    distances : of its segments from the nearest training segment, shape (m,); None if the taste stores none
    spectrum_db : `typical_spectrum_db` of the recording, shape (n_mels,); None where it is too short for one
    """
    known = scores if len(scores) else np.full(1, 0.5, np.float32)
    blind = RECIPES[taste.config.recipe].blind_loss
    best = min(epoch.loss for epoch in taste.history)
    return Symptoms(
        usual_score=float(np.median(known)),
        highest_score=float(known.max()),
        odd_share=float((known > ODD).mean()),
        noise_score=noise_score(taste, progress),
        kept_share=None if distances is None else share_alike(distances),
        tilt=None if spectrum_db is None else _tilt(taste, spectrum_db),
        blind_share=None if blind is None else best / blind,
        is_still_learning=still_learning(taste.history),
    )


def noise_score(taste: Taste, progress: Progress) -> float:
    """Return the median score of white noise, which is never wanted: a taste that passes it is useless."""
    rate_hz = taste.config.mel.rate_hz
    samples = np.random.default_rng(0).standard_normal(round(_NOISE_S * rate_hz))
    noise = (0.1 * samples).astype(np.float32)
    scores = score_blocks(taste, [noise], rate_hz, len(noise), progress, level_db=level_of([noise]))
    return float(np.median(scores.scores))


def still_learning(history: Sequence[Epoch]) -> bool:
    """Return whether the validation loss was still falling over the last fifth of the epochs."""
    if len(history) < _LEAST_EPOCHS:
        return True
    losses = [epoch.validation for epoch in history]
    before, last = min(losses[: -(len(losses) // 5)]), min(losses)
    return before - last > STILL_FALLING * abs(before)


def _tilt(taste: Taste, spectrum_db: NDArray[np.float64]) -> Tilt | None:
    mel = taste.config.mel
    if taste.kept is None or not len(taste.kept.frame):
        return None
    of_each = [
        taste.kept.embeddings[taste.kept.recording == number] for number in np.unique(taste.kept.recording)
    ]
    tilts = [widest_tilt(spectrum_db, typical_spectrum_db(one, mel), mel) for one in of_each]
    return min(tilts, key=lambda tilt: abs(tilt.difference_db))


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Measurements and their meaning.

    Attributes
    ----------
    cut_share : share of the recording that would be cut under the settings, 0 to 1
    """

    symptoms: Symptoms
    cut_share: float
    findings: tuple[Finding, ...]


def diagnose(taste: Taste, path: Path, cuts: CutSettings, progress: Progress) -> Diagnosis:
    """Score a recording, compute its cuts, and return the problems.

    Raises
    ------
    SourceError : the recording cannot be read
    """
    mel, rate_hz = taste.config.mel, taste.config.mel.rate_hz
    scores = score_file(taste, path, progress.part(0.0, 0.6))
    with SourceReader(path) as reader:
        segments = segments_of(log_mel_blocks(mono_of(reader, rate_hz), mel), mel)
        duration_s = reader.frames / reader.rate_hz
    progress.report(0.95, f"Analysed {shown(path.name)}")
    spectrum_db = typical_spectrum_db(segments, mel) if len(segments) else None
    distances = None if scores.nearest is None else scores.nearest.distances
    symptoms = examine(taste, scores.scores, distances, spectrum_db, progress.part(0.95, 1.0))
    times, length = s_to_samples_array(scores.times_s, rate_hz), s_to_samples(duration_s, rate_hz)
    curve = ScoreCurve(times, scores.scores, taste.maker, limit=scores.limit)
    plan = propose_cuts(curve, None, None, length_samples=length, rate_hz=rate_hz, settings=cuts)
    cut_share = float(np.clip(1.0 - plan.kept_share, 0.0, 1.0))
    return Diagnosis(symptoms, cut_share, judge(symptoms, cuts, cut_share))


ENOUGH_S = 180.0
"""Three minutes contain a verse, a chorus and the other parts of most songs at least once."""

LEVEL_SPREAD_DB = 12.0
CLIPPED_SHARE = 1e-4
"""Five samples in a second at 48 kHz: rounder peaks than that are a limiter's, or none."""

_FULL_SCALE = 0.999
_LEAST_RUN = 3
_BLOCK_FRAMES = 65_536
_SAME_LENGTH = 0.05
_DUPLICATE_SHARE = 0.9
_FOUND_SHARE = 0.5

_MORE = Remedy("Add recordings…", Action.ADD_RECORDINGS)

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Measurements of one recording.

    Attributes
    ----------
    level_db : the level it is played at
    clipped_share : of its samples, those in a run at full scale
    frames_db : log-mel, shape (frames, n_mels)
    """

    path: Path
    duration_s: float
    level_db: float
    clipped_share: float
    frames_db: Array

    @property
    def name(self) -> str:
        """Name to display."""
        return shown(self.path.name)


def check_material(examples: Examples, progress: Progress) -> tuple[Finding, ...]:
    """Look for problems that make learning from these recordings poor; none of them prevents learning.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    mel = default_config().mel
    paths = (*examples.edited, *examples.raw)
    known = [measure(path, mel, progress.step(number, len(paths))) for number, path in enumerate(paths)]
    edited, raw = known[: len(examples.edited)], known[len(examples.edited) :]
    found = [*_too_little(edited), *_duplicates(edited, mel), *_clipped(edited), *_levels(edited)]
    if edited and raw:
        found += _against_raw(edited, raw, mel)
    return tuple(found)


def measure(path: Path, mel: MelSettings, progress: Progress) -> Known:
    """Measure one recording in one pass.

    Raises
    ------
    SourceError : it cannot be read
    """
    loudness, clipping = Loudness(), _Clipping()

    def mono(reader: SourceReader) -> Iterator[Array]:
        read = 0
        for block in reader.blocks(_BLOCK_FRAMES):
            progress.check_cancelled()
            clipping.push(block)
            read += len(block)
            progress.report(read / max(reader.frames, 1), f"Checking {shown(path.name)}")
            yield block.mean(axis=1, dtype=np.float32)

    def stream(reader: SourceReader) -> Iterator[Array]:
        for block in resampled(mono(reader), reader.rate_hz, mel.rate_hz):
            loudness.push(block)
            yield block

    with SourceReader(path) as reader:
        frames_db = np.concatenate(list(log_mel_blocks(stream(reader), mel)))
        duration_s = reader.frames / reader.rate_hz
    return Known(path, duration_s, playing_level_db(loudness.finish()), clipping.share, frames_db)


class _Clipping:
    """Counts samples in runs of three or more at full scale; a run is not followed from block to block."""

    def __init__(self) -> None:
        self._clipped = 0
        self._samples = 0

    def push(self, block: Array) -> None:
        """Take the next samples, shape (frames, channels)."""
        full = np.abs(block) >= _FULL_SCALE
        self._samples += full.size
        if full.any():
            inside = full[:-2] & full[1:-1] & full[2:]
            runs = np.zeros(full.shape, bool)
            for shift in range(_LEAST_RUN):
                runs[shift : len(inside) + shift] |= inside
            self._clipped += int(runs.sum())

    @property
    def share(self) -> float:
        return self._clipped / max(self._samples, 1)


def _too_little(edited: Sequence[Known]) -> Iterator[Finding]:
    total_s = sum(one.duration_s for one in edited)
    if MINIMUM_S <= total_s < ENOUGH_S:  # from less, learning refuses to begin
        yield Finding(
            "little-audio",
            Severity.DOUBTFUL,
            f"{format_time(total_s, 0)} of edits is little to learn from: many good passages will score "
            f"high. {format_time(ENOUGH_S, 0)} or more is better.",
            (_MORE,),
        )


def _duplicates(edited: Sequence[Known], mel: MelSettings) -> Iterator[Finding]:
    for one, other in combinations(edited, 2):
        shorter, longer = sorted((one.duration_s, other.duration_s))
        if shorter < (1.0 - _SAME_LENGTH) * longer:
            continue
        if share_found(one.frames_db, _examples([other], mel), mel) >= _DUPLICATE_SHARE:
            yield Finding(
                "duplicate",
                Severity.DOUBTFUL,
                f"{one.name} and {other.name} are the same recording: take one of them out, or it counts "
                "twice.",
            )


def _clipped(edited: Sequence[Known]) -> Iterator[Finding]:
    for one in edited:
        if one.clipped_share > CLIPPED_SHARE:
            yield Finding(
                "clipping",
                Severity.NOTE,
                f"{one.name} is clipped ({percent(one.clipped_share, 2)} of its samples): the taste will "
                "take that for the way you like it.",
            )


def _levels(edited: Sequence[Known]) -> Iterator[Finding]:
    usual_db = float(np.median([one.level_db for one in edited])) if edited else 0.0
    for one in edited:
        apart_db = one.level_db - usual_db
        if abs(apart_db) > LEVEL_SPREAD_DB:
            side = "louder" if apart_db > 0 else "quieter"
            yield Finding(
                "levels",
                Severity.NOTE,
                f"{one.name} is {abs(apart_db):.0f} dB {side} than the others. Offcut evens that out, and "
                "the noise in the quiet ones comes up.",
            )


def _against_raw(edited: Sequence[Known], raw: Sequence[Known], mel: MelSettings) -> Iterator[Finding]:
    examples = _examples(raw, mel)
    strangers = [one for one in edited if share_found(one.frames_db, examples, mel) < _FOUND_SHARE]
    for one in strangers:
        yield Finding(
            "not-from-raw",
            Severity.WRONG,
            f"Little of {one.name} is in the raw recordings: choose the ones that it was edited from.",
            (Remedy("Choose other recordings…", Action.ADD_RECORDINGS),),
        )
    edited_db = typical_spectrum_db(_examples(edited, mel).embeddings, mel)
    tilt = widest_tilt(typical_spectrum_db(examples.embeddings, mel), edited_db, mel)
    if not strangers and abs(tilt.difference_db) > TILT_DB:
        yield Finding(
            "other-sound",
            Severity.DOUBTFUL,
            f"The raw recordings have {tilt_text(tilt)} than the edited ones: raw audio will score high for "
            "that alone. Learn from edits that were not mastered, if you have them.",
        )
    levels_db = [float(np.median([one.level_db for one in some])) for some in (edited, raw)]
    if abs(levels_db[0] - levels_db[1]) > LEVEL_SPREAD_DB:
        yield Finding(
            "levels",
            Severity.NOTE,
            f"The raw recordings are {abs(levels_db[0] - levels_db[1]):.0f} dB "
            f"{'quieter' if levels_db[0] > levels_db[1] else 'louder'} than the edited ones. Offcut "
            "evens that out, and the noise in the quiet ones comes up.",
        )


def _examples(recordings: Sequence[Known], mel: MelSettings) -> ReferenceSegments:
    listed = [ReferenceRecording(str(one.path), "", one.duration_s) for one in recordings]
    return keep_examples([one.frames_db for one in recordings], listed, mel, seed=0)
