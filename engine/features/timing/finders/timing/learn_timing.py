"""Learn the taste of an editor of drum timing from recordings and the files edited from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError, TimingError, UsageError
from engine.core.files.safe_write import check_target, shown
from engine.core.progress import Progress
from engine.core.wording import counted, reason_of
from engine.document.analysis import BeatGrid, Hits, sure_enough
from engine.document.edits.analyses import drum_tracks
from engine.document.file.storage import apply_rows
from engine.document.grid_edits import beats_in_bar
from engine.document.state import DocumentState
from engine.features.timing.alignment.edited_moves import (
    Copies,
    find_copies,
    find_places,
    likely_division,
    moves_of,
    same_places,
    steadied,
    together,
    voices_apart,
)
from engine.features.timing.alignment.groove_file import (
    LearnedGroove,
    Pair,
    learned_groove,
    write_groove,
)
from engine.features.timing.alignment.learned_fit import fit_taste, require_moves
from engine.features.timing.alignment.lines import Division
from engine.features.timing.alignment.strokes import Strokes, at_carriers, gather
from engine.features.timing.finders.timing.aligned_files import HitsRequest, detect_hits
from engine.features.timing.finders.timing.find_grid import WantedGrid, find_grid
from engine.features.timing.hits.membership import unnamed_kit
from engine.features.timing.kit import import_with_kit
from engine.recordings.import_audio import Imported, ImportRequest, import_audio, import_edit
from engine.recordings.track_audio import Microphones
from engine.sound.decoders.registry import audio_files


@dataclass(frozen=True, slots=True)
class RawAndEditedDrums:
    """The files of a performance, one a microphone, and the edited file of each in the same order."""

    raw: tuple[Path, ...]
    edited: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class LearnTimingRequest:
    """Pairs to learn from.

    Attributes
    ----------
    wanted : the grid of the edited files; without a name, detected beats
    division : None for the one that the edited hits follow
    """

    pairs: tuple[RawAndEditedDrums, ...]
    wanted: WantedGrid
    division: Division | None = None


def paired(raw: Sequence[Path], edited: Sequence[Path]) -> RawAndEditedDrums:
    """Return the files of a performance with their edited files: by equal names, else in the given order.

    Parameters
    ----------
    raw, edited : files, or folders for all audio files in them

    Raises
    ------
    SourceError : a folder cannot be read
    UsageError : a file has no edited file, or the other way round
    """
    raws, edits = _listed(raw), _listed(edited)
    by_name = {path.stem: path for path in edits}
    if len(by_name) == len(edits) and {path.stem for path in raws} == set(by_name):
        edits = tuple(by_name[path.stem] for path in raws)
    if len(raws) != len(edits):
        raise UsageError(
            f"{counted(len(raws), 'recording')} and {counted(len(edits), 'edited file')} are not pairs: give "
            "each microphone once in --raw and once in --edited."
        )
    return RawAndEditedDrums(raws, edits)


def _listed(paths: Sequence[Path]) -> tuple[Path, ...]:
    found: list[Path] = []
    for path in paths:
        files = tuple(audio_files(path, _refuse))
        if not files:
            raise UsageError(f"The folder {shown(path)} has no audio files: give one with recordings.")
        found += files
    return tuple(found)


def _refuse(error: OSError) -> None:
    raise SourceError(f"The folder {shown(error.filename)} cannot be read: {reason_of(error)}.") from error


_SURE = 0.5
_LEAST_FOUND, _MOST_FOUND = 0.4, 0.8
"""Share of the hits of a recording that an edited file must play, and from which it surely is that file."""

Apart = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A recording with its edited file: its strokes, where they are, and the grid there.

    Attributes
    ----------
    is_heard : whether the grid consists of detected beats
    """

    strokes: Strokes
    copies: Copies
    apart: Apart
    grid: BeatGrid
    is_heard: bool
    pair: Pair

    @property
    def ends_samples(self) -> NDArray[np.float64]:
        """Where strokes are in the edited file, of those that were found."""
        return self.copies.edited_samples[self.copies.found]

    @property
    def shifts_ms(self) -> NDArray[np.float64]:
        """How far these strokes were moved."""
        shifts = self.copies.edited_samples - self.copies.unmoved_samples
        return shifts[self.copies.found] / self.strokes.rate_hz * 1000.0

    def steady(self) -> Compared:
        """Return the same with an even grid, where detected beats are about even."""
        if not self.is_heard:
            return self
        return replace(self, grid=steadied(self.grid, self.ends_samples, self.strokes.rate_hz))


def learn_timing_file(
    request: LearnTimingRequest, out: Path, overwrite: bool, progress: Progress
) -> LearnedGroove:
    """Learn from pairs and write the groove.

    Raises
    ------
    ExportError : the file cannot be written, is there already, or is one that is learned from
    SourceError : a file cannot be read
    TimingError : no hits or beats were found, or the hits do not show how they were edited
    UsageError : the files are not pairs
    Cancelled : the user asked for it
    """
    reads = [path for pair in request.pairs for path in (*pair.raw, *pair.edited)]
    check_target(out, overwrite=overwrite, reads=reads)  # before minutes of listening
    learned = learn_timing(request, progress)
    write_groove(learned, out, overwrite=overwrite)
    return learned


def learn_timing(request: LearnTimingRequest, progress: Progress) -> LearnedGroove:
    """Compare the pairs, and learn one taste from all of them.

    Raises
    ------
    SourceError : a file cannot be read
    TimingError : no hits or beats were found, or the hits do not show how they were edited
    UsageError : the files are not pairs, or have bars of different lengths
    Cancelled : the user asked for it
    """
    count = len(request.pairs)
    compared = [
        compare_pair(pair, request.wanted, progress.step(number, count))
        for number, pair in enumerate(request.pairs)
    ]
    return learn_from(compared, request.division)


def learn_from(compared: Sequence[Compared], division: Division | None = None) -> LearnedGroove:
    """Learn one taste from pairs that were compared.

    Raises
    ------
    TimingError : the hits do not show how they were edited
    UsageError : the bars have different lengths
    """
    require_moves(np.concatenate([one.shifts_ms for one in compared]))
    compared = [one.steady() for one in compared]
    played = [(one.ends_samples, one.grid, one.strokes.rate_hz) for one in compared]
    division = division or likely_division(played)
    bars = {beats_in_bar(one.grid) for one in compared}
    if len(bars) > 1:
        raise UsageError("The edited files have bars of different lengths: learn a groove of each.")
    moves = together([moves_of(one.strokes, one.copies, one.apart, one.grid, division) for one in compared])
    bar = bars.pop()
    taste = fit_taste(moves, bar * division.parts)
    tempo_bpm = 60_000.0 / float(np.median(moves.beat_ms))
    return learned_groove(taste, Division(division.name), bar, tempo_bpm, tuple(one.pair for one in compared))


def compare_pair(pair: RawAndEditedDrums, wanted: WantedGrid, progress: Progress) -> Compared:
    """Find the hits of a recording in its edited file, and the grid of that file.

    Raises
    ------
    SourceError : a file cannot be read
    TimingError : no hits or beats were found
    UsageError : the edited file is of another performance
    Cancelled : the user asked for it
    """
    imported = import_with_kit(ImportRequest(pair.raw), progress.part(0.0, 0.15))
    raw, raw_media = _document(imported)
    edited_as = ImportRequest(pair.edited, raw.rate_hz)
    edited, media = _document(import_audio(edited_as, progress.part(0.15, 0.25)))
    ids = drum_tracks(raw, (), unnamed_kit(raw, imported.pickup))
    matching = {track.id: other.id for track, other in zip(raw.tracks, edited.tracks, strict=True)}
    found = find_grid(wanted, edited, media, None, progress.part(0.25, 0.4))
    ids = tuple(key for key in ids if matching[key] != found.click_track)
    theirs = tuple(matching[key] for key in ids)
    hits = _hits(raw, raw_media, ids, pair.raw, progress.part(0.4, 0.6))
    after = _hits(edited, media, theirs, pair.edited, progress.part(0.6, 0.8))
    strokes = at_carriers(hits, gather(hits, raw.rate_hz))
    places = find_places(strokes, gather(after, edited.rate_hz))
    with Microphones(raw, raw_media, ids) as own, Microphones(edited, media, theirs) as others:
        copies = find_copies(own, others, strokes, places, progress.part(0.8, 0.9))
        if np.mean(copies.found) < _MOST_FOUND:  # the pattern of few drums repeats itself
            same = find_copies(own, others, strokes, same_places(strokes), progress.part(0.9, 1.0))
            copies = max(copies, same, key=lambda one: int(one.found.sum()))
        apart = voices_apart(own, others, hits, strokes, copies)
    _require_same(copies, pair)
    names = [[path.name for path in paths] for paths in (pair.raw, pair.edited)]
    facts = Pair(
        raw=names[0], edited=names[1], hits=len(strokes.onsets_samples), found=int(copies.found.sum())
    )
    return Compared(strokes, copies, apart, found.grid, found.is_heard, facts)


def _document(imported: Imported) -> tuple[DocumentState, Mapping[str, Path]]:
    state = DocumentState()
    state = apply_rows(state, import_edit(state, imported).changes)
    return state, {key: Path(source.path) for key, source in state.sources.items()}


def _hits(
    state: DocumentState,
    media: Mapping[str, Path],
    tracks: tuple[str, ...],
    paths: Sequence[Path],
    progress: Progress,
) -> Hits:
    hits = sure_enough(detect_hits(HitsRequest(state, media, tracks), progress), _SURE)
    if not len(hits.onsets_samples):
        others = f" and {counted(len(paths) - 1, 'other file')}" if len(paths) > 1 else ""
        raise TimingError(f"No drum hits were found in {shown(paths[0])}{others}: give recordings of drums.")
    return hits


def _require_same(copies: Copies, pair: RawAndEditedDrums) -> None:
    """Refuse the file of another performance."""
    found = copies.found
    if np.mean(found) < _LEAST_FOUND:
        raise UsageError(
            f"Of {counted(len(found), 'hit')} in {shown(pair.raw[0])} only {int(found.sum()):,} are in "
            f"{shown(pair.edited[0])}: give the file that was edited from it."
        )
