"""Check recordings before minutes are spent on learning from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.loudness import Loudness, playing_level_db
from engine.analysis.signal.stft import log_mel_blocks
from engine.analysis.signal.streams import resampled
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.features.taste.anomaly.neighbours import ReferenceRecording, ReferenceSegments, keep_examples
from engine.features.taste.anomaly.recipes.config import default_config
from engine.features.taste.anomaly.recipes.material import MINIMUM_S
from engine.features.taste.anomaly.recipes.recipe import Examples
from engine.features.taste.diagnoses.findings import TILT_DB, Action, Finding, Remedy, Severity, tilt_text
from engine.features.taste.diagnoses.measurements import share_found, typical_spectrum_db, widest_tilt
from engine.sound.reader import SourceReader

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
