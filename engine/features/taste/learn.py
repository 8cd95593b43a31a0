"""Learn a taste, again after a review, and from the cuts in pairs of raw and edited files.

Retained audio of a review is training data, cut audio an example of cuts. Jobs run in a process of their own,
see `engine.core.own_process`: arguments and results need no torch.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.streams import mono_of
from engine.core.errors import SourceError, TasteError, UsageError
from engine.core.files.safe_write import is_taken, shown
from engine.core.progress import Progress
from engine.core.timebase import Samples, common, samples_to_s, united
from engine.document.analysis import NOWHERE, BeatGrid, Listening
from engine.document.proposals import QUESTION, Decision, Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.features.taste.anomaly.cut_habits import CutHabits, RecordingCuts
from engine.features.taste.cuts.default_cuts import cuts_of_recording
from engine.recordings.media import find_reference
from engine.sound.edl.build import build, whole
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.render import Renderer
from engine.sound.reader import SourceReader, content_hash
from engine.sound.writer import write_audio


@dataclass(frozen=True, slots=True)
class TasteRequest:
    """Recordings to learn from, recipe, epochs, seed and output file."""

    edited: tuple[Path, ...]
    recipe: str
    epochs: int
    seed: int
    out: Path
    overwrite: bool


@dataclass(frozen=True, slots=True)
class TasteWritten:
    """Where the taste is, and how many epochs were trained."""

    path: Path
    epochs: int


def learn_taste_file(request: TasteRequest, progress: Progress) -> TasteWritten:
    """Learn from edited recordings and write a `.taste` file.

    Raises
    ------
    OffcutError, Cancelled : as `engine.features.taste.anomaly.learn.learn`
    """
    from engine.features.taste.anomaly.learn import LearnRequest, learn
    from engine.features.taste.anomaly.recipes.config import parse_config

    config = parse_config({"recipe": request.recipe, "epochs": request.epochs})
    learned = learn(
        LearnRequest(request.edited, config, request.seed, request.out, request.overwrite), progress
    )
    return TasteWritten(learned.path, learned.epochs)


LEAST_S = 2.0
"""Less of a document teaches nothing and is left out."""

_BLOCK_FRAMES = 65_536
_WRITING_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class DecidedDocument:
    """A document that was reviewed, at least in part.

    Attributes
    ----------
    name : prefix of the names of its recordings
    media : where each of its sources is read, by id
    grid, listening : its analyses; without them, no cut counts as inside a song
    """

    name: str
    state: DocumentState
    media: Mapping[str, Path]
    grid: BeatGrid | None = None
    listening: Listening | None = None


@dataclass(frozen=True, slots=True)
class ImproveRequest:
    """The taste to retrain, the additional data, and the output file.

    Attributes
    ----------
    material : a folder that does not exist yet, for the audio of the documents, see `new_folder`;
        to be removed where the work was killed
    folders : where recordings of the taste are looked for if they are no longer where they were
    """

    taste: Path
    documents: tuple[DecidedDocument, ...]
    out: Path
    material: Path
    folders: tuple[Path, ...] = ()
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Improved:
    """Result of retraining.

    Attributes
    ----------
    kept_s, cut_s : how much the documents gave
    missing : a sentence for each recording of the old taste that was not found and is not in the new one
    expected : see `engine.features.taste.anomaly.learn.LearnedTaste`
    cuts : how the user cuts, in a sentence; "" if not known
    """

    path: Path
    epochs: int
    kept_s: float
    cut_s: float
    missing: tuple[str, ...]
    expected: str
    cuts: str = ""


def improve(request: ImproveRequest, progress: Progress) -> Improved:
    """Learn the taste again, by its own recipe and seed; the old one and the documents stay as they are.

    The audio of the documents is written next to the new taste, to be played like its training examples.

    Raises
    ------
    TasteError : nothing is decided, or the taste cannot be read
    ExportError : the new taste cannot be written
    SourceError : a recording of a document cannot be read
    Cancelled : nothing is left behind
    """
    from engine.features.taste.anomaly.learn import LearnRequest, check_files, learn
    from engine.features.taste.anomaly.taste import load_taste

    decisions = (one for document in request.documents for one in document.state.decisions.values())
    if all(one.verdict is Verdict.UNDECIDED for one in decisions):
        names = " and ".join(document.name for document in request.documents) or "any document"
        raise TasteError(f"There are no decisions in {shown(names)} yet: accept or reject some cuts first.")
    taste = load_taste(request.taste)
    old = () if taste.kept is None else taste.kept.recordings
    reads = (request.taste, *(path for one in request.documents for path in one.media.values()))
    check_files(LearnRequest((), taste.config, taste.seed, request.out, request.overwrite, reads=reads))
    home, found, missing = request.taste.absolute().parent, [], []
    for one in old:
        folders = (home, *request.folders)
        try:
            found.append(find_reference(home / one.path, one.content_hash, folders, progress))
        except SourceError as error:
            missing.append(str(error))
    cuts = reduce(or_, map(_cuts_of, request.documents), taste.habits.cuts or CutHabits())
    try:
        retained, cut, retained_s, cut_s = _write(
            request.documents, request.material, progress.part(0.0, _WRITING_SHARE)
        )
        if not found and not retained:
            raise TasteError(
                f"All training recordings of {shown(request.taste.name)} are missing, "
                "and the decisions keep no passage: put the recordings back next to the taste."
            )
        learned = learn(
            LearnRequest(
                (*found, *retained),
                taste.config,
                taste.seed,
                request.out,
                request.overwrite,
                cut=tuple(cut),
                cuts=cuts,
            ),
            progress.part(_WRITING_SHARE, 1.0),
        )
    except BaseException:
        shutil.rmtree(request.material, ignore_errors=True)
        raise
    epochs, lost = learned.epochs, tuple(missing)
    return Improved(learned.path, epochs, retained_s, cut_s, lost, learned.expected, cuts.sentence)


def new_folder(out: Path) -> Path:
    """Return an unused folder next to the taste, so that no older one loses its recordings."""
    number, folder = 2, out.with_name(f"{out.stem} recordings")
    while is_taken(folder):
        folder = out.with_name(f"{out.stem} recordings {number}")
        number += 1
    return folder


def _write(
    documents: Sequence[DecidedDocument], folder: Path, progress: Progress
) -> tuple[list[Path], list[Path], float, float]:
    """Write the retained and the cut audio of the documents; return the files and the length of both."""
    files: dict[str, list[Path]] = {"kept": [], "cut": []}
    lengths_s = {"kept": 0.0, "cut": 0.0}
    for number, document in enumerate(documents):
        share, rate_hz = progress.step(number, len(documents)), document.state.rate_hz
        retained, spans = _retained(document.state), _accepted(document.state)
        for name, blocks, frames in (
            ("kept", _retained_blocks(document, retained), retained.length_samples),
            ("cut", _cut_blocks(document, spans), int(np.diff(spans).sum())),
        ):
            share.check_cancelled()
            if samples_to_s(frames, rate_hz) < LEAST_S:
                continue
            folder.mkdir(exist_ok=True)
            path = _free(folder / f"{document.name.replace('/', '-')} {name}.wav")
            write_audio(
                path, blocks, rate_hz=rate_hz, channels=1, container="WAV", subtype="FLOAT",
                total_frames=frames, progress=share,
            )  # fmt: skip
            files[name].append(path)
            lengths_s[name] += samples_to_s(frames, rate_hz)
    return files["kept"], files["cut"], lengths_s["kept"], lengths_s["cut"]


def _free(path: Path) -> Path:
    """Return a name that is not taken: two documents may be called the same."""
    number, free = 2, path
    while is_taken(free):
        free = path.with_stem(f"{path.stem} {number}")
        number += 1
    return free


def _retained(state: DocumentState) -> EditList:
    """Return the audio the user keeps: all but accepted and undecided cuts."""
    table = table_of(state)
    open_cuts = np.flatnonzero(table.are(Verdict.UNDECIDED) & table.made.drops).tolist()
    undecided = [table.made.ids[place] for place in open_cuts]
    cut = {
        key: replace(state.decisions.get(key, Decision(key)), verdict=Verdict.ACCEPTED) for key in undecided
    }
    return build(replace(state, decisions={**state.decisions, **cut}))


def _accepted(state: DocumentState) -> Samples:
    """Return the spans that were cut, shape (n, 2), in order and apart."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & table.made.is_learned
    return united(np.stack([table.starts_samples[chosen], table.stops_samples[chosen]], axis=1))


def _cuts_of(document: DecidedDocument) -> CutHabits:
    """Measure the user's cuts of one document; questions that are answered with Keep do not count."""
    state = document.state
    table = table_of(state)
    rejected = [
        state.span(key)
        for key in np.array(table.made.ids)[table.are(Verdict.REJECTED) & table.made.is_learned].tolist()
        if QUESTION not in state.proposals[key].payload
    ]
    cuts = cuts_of_recording(
        _accepted(state),
        np.array(rejected, np.int64).reshape(-1, 2),
        state.length_samples,
        state.rate_hz,
        document.grid,
        document.listening,
    )
    key = " ".join(sorted(one.content_hash for one in state.sources.values()))
    return CutHabits({key: cuts} if cuts.has_answers else {})


def _retained_blocks(document: DecidedDocument, edits: EditList) -> Iterator[NDArray[np.float32]]:
    with Renderer(document.state, edits, document.media) as renderer:
        for block in renderer.blocks(_BLOCK_FRAMES):
            yield _mono(block)


def _cut_blocks(document: DecidedDocument, spans: Samples) -> Iterator[NDArray[np.float32]]:
    with Renderer(document.state, whole(document.state), document.media) as renderer:
        for start, stop in spans.tolist():
            for at in range(start, stop, _BLOCK_FRAMES):
                yield _mono(renderer.read(at, min(at + _BLOCK_FRAMES, stop)))


def _mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fold a block to mono, as the analysis does."""
    mixed: NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)[:, None]
    return mixed


_LEAST_SHARE, _LEAST_PIECE_S = 0.5, 5.0
"""Least found part of an edited file, in pieces of this length: other recordings can share the sounds of a
drum machine."""
_MATCHING_SHARE = 0.8


def cuts_of_pairs(raws: Sequence[Path], edited: Iterable[Path], progress: Progress) -> CutHabits | None:
    """Find the parts of raw recordings that edited files leave out; None if no file matches.

    Raises
    ------
    SourceError : a file cannot be read
    Cancelled : the user asked for it
    """
    from engine.features.match.match import match  # torch

    files = tuple(edited)
    left_ms: dict[int, Samples] = {}
    for number, path in enumerate(files):
        try:
            found = match(raws, path, progress.part(0.0, _MATCHING_SHARE).step(number, len(files)))
        except UsageError:  # too short
            continue
        lengths = (one.raw_stop_samples - one.raw_start_samples for one in found.segments)
        long = sum(length for length in lengths if length >= _LEAST_PIECE_S * found.rate_hz)
        if long < _LEAST_SHARE * found.length_samples:
            continue
        for raw in {segment.raw for segment in found.segments}:
            # In whole milliseconds, since edited files have rates of their own.
            left = np.array(found.left_out[raw], np.int64).reshape(-1, 2) * 1000 // found.rate_hz
            left_ms[raw] = common(left_ms[raw], left) if raw in left_ms else left
    rest = progress.part(_MATCHING_SHARE, 1.0)
    measured = {
        content_hash(raws[raw]): _in_recording(raws[raw], spans_ms, rest.step(number, len(left_ms)))
        for number, (raw, spans_ms) in enumerate(sorted(left_ms.items()))
    }
    return CutHabits(measured) if measured else None


def _in_recording(path: Path, spans_ms: Samples, progress: Progress) -> RecordingCuts:
    from engine.analysis.beats.listen import listen  # torch

    with SourceReader(path) as reader:
        rate_hz, frames = reader.rate_hz, reader.frames
        analysed = listen(mono_of(reader, rate_hz), rate_hz, frames, progress)
    cuts = spans_ms * rate_hz // 1000
    return cuts_of_recording(cuts, NOWHERE, frames, rate_hz, analysed.grid, analysed.listening)
