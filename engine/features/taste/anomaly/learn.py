"""Learn a taste from edited recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from engine.analysis.learning.loop import Epoch, few_threads, together
from engine.core.files.safe_write import check_target
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.features.taste.anomaly.cut_habits import CutHabits
from engine.features.taste.anomaly.found_faults import habits_and_music
from engine.features.taste.anomaly.neighbours import MOST_EXAMPLES, ReferenceRecording, keep_examples
from engine.features.taste.anomaly.recipes.recipe import Examples, Learnt
from engine.features.taste.anomaly.recipes.recipe_config import RecipeConfig
from engine.features.taste.anomaly.recipes.registry import RECIPES
from engine.features.taste.anomaly.taste import Taste, save_taste
from engine.features.taste.anomaly.threshold import expectation, score_of
from engine.sound.opening import require_file
from engine.sound.reader import content_hash

_EXPECTS = """This holds for the default threshold and for audio like these recordings, which were scored by
networks that had not learned them. More of other players, another room or a new song may be cut.
"""
_CAREFUL = """The default threshold is careful instead: at most four seconds of these recordings score higher
with networks that had not learned them, and it is at least 0.86.
"""

_LEARNT = 0.95
"""The share of the progress after which pauses and false starts are looked for."""


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """Recordings to learn from, see `engine.features.taste.anomaly.recipes.recipe.Examples`, and the output.

    Attributes
    ----------
    reads : other files that are read, such as the recipe; none of them is overwritten
    cuts : how the user cuts, see `engine.features.taste.learn`; None if not known
    """

    edited: tuple[Path, ...]
    config: RecipeConfig
    seed: int
    out: Path
    overwrite: bool = False
    raw: tuple[Path, ...] = ()
    cut: tuple[Path, ...] = ()
    reads: tuple[Path, ...] = ()
    cuts: CutHabits | None = None


@dataclass(frozen=True, slots=True)
class LearnedTaste:
    """A written taste; `best` is the epoch whose weights it holds.

    Attributes
    ----------
    expected : a sentence about the expected share of cuts in good audio; "" from a recipe without it
    """

    path: Path
    history: tuple[Epoch, ...]
    best: Epoch
    stopped_early: bool
    card: str
    expected: str

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return len(self.history)

    @property
    def best_loss(self) -> float:
        """The validation loss of the retained weights."""
        return self.best.validation


def learn(request: LearnRequest, progress: Progress) -> LearnedTaste:
    """Train on edited audio only and write a `.taste` file.

    Raises
    ------
    TasteError : there is nothing to learn from
    ExportError : the taste cannot be written
    SourceError : a recording cannot be read
    Cancelled : nothing is written
    """
    check_files(request)
    config = request.config
    examples = Examples(request.edited, request.raw, request.cut)
    with few_threads():
        learnt = RECIPES[config.recipe].learn(examples, config, request.seed, progress.part(0.0, _LEARNT))
    return write_taste(learnt, request, progress.part(_LEARNT, 1.0))


def write_taste(learnt: Learnt, request: LearnRequest, progress: Progress) -> LearnedTaste:
    """Write the result of a recipe as a `.taste` file.

    Raises
    ------
    OffcutError : the file cannot be written
    Cancelled : nothing is written
    """
    folder, fitted = request.out.absolute().parent, learnt.fitted
    recordings = [
        ReferenceRecording(_stored_path(one.path, folder), content_hash(one.path), one.duration_s)
        for one in learnt.recordings
    ]
    references = keep_examples(learnt.frames_db, recordings, request.config.mel, request.seed)
    expected = expectation(learnt.curve, score_of(learnt.kept.limit))
    habits, music = habits_and_music(request.edited, progress)
    taste = Taste(
        name=request.out.stem,
        digest="",
        config=request.config,
        seed=request.seed,
        model=learnt.model,
        kept_scores=learnt.kept,
        history=fitted.history,
        card=_card(learnt, request, len(references.frame), expected),
        kept=references,
        habits=replace(habits, cuts=request.cuts),
        held_out_curve=learnt.curve,
        music=music,
    )
    progress.check_cancelled()
    across = together()
    if across is None or across.is_first:
        save_taste(request.out, taste, overwrite=request.overwrite)
    progress.report(1.0, f"Learned {request.out.name}")
    return LearnedTaste(request.out, fitted.history, fitted.best, fitted.stopped_early, taste.card, expected)


def check_files(request: LearnRequest) -> None:
    """Find out before minutes of training, not after, that a file cannot be read, or not be written.

    Raises
    ------
    ExportError : the taste cannot be written, see `engine.core.files.safe_write.check_target`
    SourceError : a recording is not there, or cannot be opened
    """
    out, recordings = request.out, (*request.edited, *request.raw, *request.cut)
    check_target(out, overwrite=request.overwrite, reads=(*recordings, *request.reads))
    for path in recordings:
        require_file(path)


def _stored_path(path: Path, folder: Path) -> str:
    """Return a recording's path as stored in a taste; relative if inside `folder`, to be moved with it."""
    absolute = path.absolute()
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else str(absolute)


def _card(learnt: Learnt, request: LearnRequest, examples: int, expected: str) -> str:
    config, fitted = request.config, learnt.fitted
    total_s = sum(recording.duration_s for recording in learnt.recordings)
    rows = "\n".join(f"- {r.name}, {format_time(r.duration_s, 1)}" for r in learnt.recordings)
    epochs = f"{len(fitted.history)} of {config.epochs} epochs"
    because = _EXPECTS if learnt.curve is not None and learnt.curve.is_sufficient else _CAREFUL
    expects = f"\n## Expected\n\n{expected}\n{because}" if expected else ""
    return f"""# {request.out.stem}

A taste: a model that scores how much audio differs from these edited recordings.

## Trained on

{rows}

{counted(len(learnt.recordings), "recording")}, {format_time(total_s, 1)} in total; no other audio.

## How

Recipe {config.recipe}, {config.mel.n_mels} mel bands at {config.mel.rate_hz} Hz: {learnt.method}
Seed {request.seed}. {epochs}, weights of epoch {fitted.best.number}: training loss {fitted.best.loss:.4f},
validation loss {fitted.best.validation:.4f}.
Reference segments to compare proposals with: {examples:,}{", drawn from more" * (examples == MOST_EXAMPLES)}.
{expects}
## Licence

The weights were trained on the recordings above; the terms of their licences apply to this file too.
"""
