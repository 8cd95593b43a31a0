"""The taste that proposes cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import REVIEW, WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell
from engine.document.analysis import require_recording

if TYPE_CHECKING:
    from desktop.features.taste.dialogs import TasteDialogs
    from desktop.features.taste.learning import Learning
    from desktop.features.taste.reference_playback import ReferenceListening
    from desktop.features.taste.taste_page import Tasting
    from desktop.recordings.recordings import Analysing


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    analysing: Analysing
    kept: ReferenceListening
    learning: Learning
    tastes: TasteDialogs
    tasting: Tasting


Handler = Callable[[Parts], object]


def _taste(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"taste.{name}", label, keys, WINDOW, description, "Taste", do)


def _analyse(parts: Parts) -> None:
    require_recording(parts.session.state, "analyse")
    parts.analysing.listen(parts.analysing.taste)


def _improve(parts: Parts) -> None:
    from desktop.features.taste.learning import ask_to_improve

    ask_to_improve(parts.timeline.window(), parts.session, parts.analysing, parts.learning)


# fmt: off
COMMANDS = (
    Command("review.hear_kept", "Play nearest reference", ("Shift+C",), REVIEW,
        "Play the most similar passage of the training data; again: the proposal.", "Review",
        do=lambda parts: parts.kept.hear()),
    _taste("learn", "Learn from edits…", ("Ctrl+L",), "Learn a taste from recordings that you edited.",
        do=lambda parts: parts.tastes.learn()),
    _taste("improve", "Improve taste from my decisions…", ("Ctrl+Shift+I",),
        "Train a new taste with your decisions; the old one stays.", do=_improve),
    _taste("open", "Use a taste…", ("Ctrl+T",),
        "Choose a recent taste, one next to the document or in a folder.",
        do=lambda parts: parts.tastes.use_taste()),
    _taste("listen", "Analyse recording", ("Ctrl+Shift+L",), "Score the recording with the current taste.",
        do=_analyse),
    _taste("page", "Taste page", ("F4",), "Show the taste and its scores of recordings; again: back.",
        do=lambda parts: parts.tasting.toggle()),
    _taste("analyse", "Analyse recordings…", ("Shift+F4",), "Score recordings that are not in the document.",
        do=lambda parts: parts.tasting.analyse()),
    _taste("look", "View another taste…", (), "Show it on the Taste page; the document's taste stays.",
        do=lambda parts: parts.tasting.look()),
    _taste("compare", "Compare with another taste…", (), "Show where two tastes differ on one recording.",
        do=lambda parts: parts.tasting.compare()),
    _taste("propose", "Propose cuts", ("Ctrl+R",), "Propose cuts from the scores; decisions stay.",
        do=RunFinder("cuts")),
    _taste("pauses", "Propose pauses", ("Alt+R",), "Propose to cut pauses in the music; needs no taste.",
        do=RunFinder("dead-air")),
    _taste("shorten", "Shorten pauses…", ("Ctrl+Alt+R",),
        "Propose to shorten pauses above a length, also between words.", do=RunFinder("pauses")),
    _taste("maker", "Find edits with…", (), "Choose a finder, for example from an installed package.",
        do=lambda parts: parts.finders.ask()),
)
