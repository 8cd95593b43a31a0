"""Learn a taste from a group, and propose cuts with it as the window does: import, analyses, finder."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from engine.core.files.text import parse_json
from engine.core.progress import SILENT, Progress
from engine.core.timebase import samples_to_s
from engine.document.analysis import Listening, ScoreCurve
from engine.document.document import Document
from engine.document.kinds.order import CUT
from engine.document.proposals import QUESTION, Evidence, Proposal
from engine.features.registry import find_edits, request_of
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.recipes.config import default_config
from engine.features.taste.anomaly.recipes.recipe_config import OwnFaultsConfig, RecipeConfig
from engine.features.taste.anomaly.threshold import auc
from engine.features.taste.document_cuts import propose_pauses
from engine.lab.evaluation.apart.baselines import HOP_S, Simple, energy, nearest, read
from engine.lab.evaluation.apart.making import VERSION as MADE_VERSION
from engine.lab.evaluation.apart.making import Group, Recording
from engine.lab.evaluation.metrics import time_iou
from engine.lab.evaluation.recipe_code import computed
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import locate_all

VERSION = 1
TASTE, ENERGY, NEAREST, IDLE = "taste", "energy", "nearest neighbour", "idle time only"
_ENGINE = Path(__file__).parents[3]
_CODE = ("features/taste/anomaly", "features/taste/cuts", "features/taste/finders/cuts")
_SHORT = OwnFaultsConfig(practice_s=120.0, epochs=2, members=1)


@dataclass(frozen=True, slots=True)
class Cut:
    """A proposed cut.

    Attributes
    ----------
    is_strong : whether a bulk answer accepts it
    is_question : whether it asks about a passage
    """

    start_s: float
    stop_s: float
    is_strong: bool = True
    is_question: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cuts of one recording, and the quality of its ranking where it has faults.

    Attributes
    ----------
    auc, iou : NaN is stored as None: ranking of moments, and overlap at the true length
    kinds : the AUC by kind of fault
    """

    name: str
    cuts: tuple[Cut, ...]
    auc: float | None
    iou: float | None
    kinds: Mapping[str, float]
    scored_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """A method that learned from a group with a seed, and its outcomes."""

    group: str
    method: str
    seed: int
    code: str
    learned_s: float
    outcomes: tuple[Outcome, ...]


_TRIAL = TypeAdapter(Trial)


class Trials:
    """Finished trials in a file, one a line; a trial of other code is made again."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[tuple[str, str, int, str], Trial] = {}
        if path is not None and path.exists():
            for line in path.read_bytes().splitlines():
                try:
                    values = parse_json(line)
                except ValueError:  # half a line that a stopped process left
                    continue
                if values.pop("version") == VERSION:
                    self._store(_TRIAL.validate_python(values))

    def _store(self, trial: Trial) -> None:
        self._known[(trial.group, trial.method, trial.seed, trial.code)] = trial

    def of(self, group: str, method: str, seed: int) -> Trial | None:
        """Return a finished trial of the present code."""
        return self._known.get((group, method, seed, code_digest()))

    def add(self, trial: Trial) -> None:
        """Store a trial, and have it on the disk before returning."""
        self._store(trial)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(f"\n{json.dumps({'version': VERSION, **asdict(trial)})}")
                stream.flush()
                os.fsync(stream.fileno())


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return the fingerprint of the code that learns, scores, proposes and measures; 8 hexadecimal digits."""
    paths = [path for folder in _CODE for path in sorted((_ENGINE / folder).rglob("*.py"))]
    paths += [Path(__file__), Path(__file__).with_name("baselines.py")]
    digest = blake2b(str(MADE_VERSION).encode(), digest_size=4)
    for path in paths:
        digest.update("\n".join(computed(ast.parse(path.read_bytes()))).encode())
    return digest.hexdigest()


def taste_trial(group: Group, seed: int, progress: Progress, *, short: bool) -> Trial:
    """Learn a taste from the recordings of a group, and propose cuts of the others."""
    config: RecipeConfig = _SHORT if short else default_config()
    with TemporaryDirectory() as name:
        # Documents store scores by the name of the taste: those of other code are not used again.
        path = Path(name) / f"apart {code_digest()}.taste"
        began_s = perf_counter()
        learn(LearnRequest(group.learned, config, seed, path), progress)
        learned_s = perf_counter() - began_s
        outcomes = tuple(_outcome(group, one, path) for one in group.tested)
    return Trial(group.name, TASTE, seed, code_digest(), round(learned_s, 1), outcomes)


def _outcome(group: Group, recording: Recording, taste: Path) -> Outcome:
    with _document(group, recording) as document:
        media = locate_all(document.state, document.path.parent)
        if "listening" not in document.state.analyses:
            _find(document, media, {})
        began_s = perf_counter()
        proposals, curve = _find(document, media, {"taste": str(taste)})
        scored_s = perf_counter() - began_s
        rate_hz = document.state.rate_hz
    assert curve is not None, "a taste was named"
    cuts = [
        Cut(
            samples_to_s(one.start_samples, rate_hz),
            samples_to_s(one.stop_samples, rate_hz),
            one.evidence is Evidence.STRONG,
            QUESTION in one.payload,
        )
        for one in proposals
        if one.kind == CUT.name
    ]
    ranked = _ranked(
        recording, (curve.times_samples / rate_hz).astype(np.float64), curve.scores.astype(np.float64)
    )
    return Outcome(recording.name, tuple(cuts), *ranked, round(scored_s, 2))


def _document(group: Group, recording: Recording) -> Document:
    """Open the document of a recording, made at first; it stores the analyses that need no taste."""
    path = group.folder / f"{recording.name}.offcut"
    if path.exists():
        return Document.open(path)
    document = Document.create(path)
    document.apply(import_edit(document.state, import_audio(ImportRequest((recording.path,)), SILENT)))
    return document


def _find(
    document: Document, media: Mapping[str, Path], settings: Mapping[str, object]
) -> tuple[tuple[Proposal, ...], ScoreCurve | None]:
    """Return the proposals of the finder of cuts with a taste; without one, only analyse the recording."""
    known = {kind: document.analysis(kind) for kind in document.state.analyses}
    name = "cuts" if settings else "dead-air"
    found = find_edits(request_of(name, document.state, media, known, settings), SILENT)
    edit, analyses, audio = found.analysing(document.state)
    if edit.changes:
        document.apply(edit, analyses, audio)
    curve = document.analysis("score") if settings else None
    assert curve is None or isinstance(curve, ScoreCurve)
    return tuple(found.found.proposals), curve


def _ranked(
    recording: Recording, times_s: NDArray[np.floating], scores: NDArray[np.float64]
) -> tuple[float | None, float | None, dict[str, float]]:
    """Return AUC, overlap at the true length, and the AUC of each kind; nothing without faults."""
    kinds = np.full(len(times_s), "", dtype="U24")
    for fault in recording.faults:
        kinds[(times_s >= fault.start_s) & (times_s < fault.stop_s)] = fault.kind
    bad = kinds != ""
    if not bad.any() or bad.all():
        return None, None, {}
    of_kind = {
        str(kind): round(auc((kinds == kind)[(kinds == kind) | ~bad], scores[(kinds == kind) | ~bad]), 4)
        for kind in sorted(set(kinds[bad].tolist()))
    }
    return round(auc(bad, scores), 4), round(time_iou(bad, scores), 4), of_kind


def baseline_trials(group: Group) -> Iterator[Trial]:
    """Yield the trials of the simple methods; doing nothing has no cuts."""
    for method, learned in ((ENERGY, energy), (NEAREST, nearest)):
        began_s = perf_counter()
        simple = learned(group.learned)
        learned_s = round(perf_counter() - began_s, 1)
        outcomes = tuple(_simple_outcome(simple, one) for one in group.tested)
        yield Trial(group.name, method, 0, code_digest(), learned_s, outcomes)
    pauses = tuple(_pauses(group, one) for one in group.tested)
    yield Trial(group.name, IDLE, 0, code_digest(), 0.0, pauses)


def _simple_outcome(simple: Simple, recording: Recording) -> Outcome:
    scores = simple.scores(read(recording.path))
    cuts = tuple(Cut(*span) for span in simple.cuts_s(scores, recording.length_s))
    return Outcome(recording.name, cuts, *_ranked(recording, np.arange(len(scores)) * HOP_S, scores))


def _pauses(group: Group, recording: Recording) -> Outcome:
    with _document(group, recording) as document:
        if "listening" not in document.state.analyses:
            _find(document, locate_all(document.state, document.path.parent), {})
        listening = document.analysis("listening")
        assert isinstance(listening, Listening)
        proposed = propose_pauses(document.state, listening).plan.proposals
        rate_hz = document.state.rate_hz
    cuts = [
        Cut(samples_to_s(one.start_samples, rate_hz), samples_to_s(one.stop_samples, rate_hz))
        for one in proposed
    ]
    return Outcome(recording.name, tuple(cuts), None, None, {})
