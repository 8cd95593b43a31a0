"""Transcripts: their panel, recognition, proposals by words, and edits in the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, WORDS_LAYER, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.features.words.words import Words


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    words: Words


Handler = Callable[[Parts], object]


def _words(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"words.{name}", label, keys, WINDOW, description, "Words", do, repeats=False)


def _text(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    group = "In the transcript"
    return Command(
        f"words.{name}", label, keys, WORDS_LAYER, description, group, do, repeats=name in _REPEATED
    )


_REPEATED = ("next_place", "previous_place", "earlier", "later")

# fmt: off
COMMANDS = (
    _words("panel", "Transcript panel", ("Shift+F7",),
        "Show the transcript with the keys in its text; again: close it.",
        do=lambda parts: parts.words.toggle()),
    _words("transcribe", "Transcribe", (), "Recognise the words of the recording on this computer.",
        do=lambda parts: parts.words.transcribing.start()),
    _words("fillers", "Propose fillers", ("Alt+Shift+U",),
        "Find hesitations and repeated words; propose to cut them.",
        do=RunFinder("fillers")),
    _words("retakes", "Propose retakes", ("Alt+Shift+O",),
        "Find sentences that were repeated; propose to cut all but the last complete attempt.",
        do=RunFinder("retakes")),
    _words("turns", "Name the turns…", (),
        "Add a region for each turn of a speaker, named by its first words.",
        do=RunFinder("turns")),
    _words("questions", "Name the questions…", (),
        "Add a region for each question with its answer, named by the question.", do=RunFinder("questions")),
    _words("sentences", "Mark the sentences", (), "Add a marker at each sentence, named by its words.",
        do=RunFinder("sentences")),
    _words("model", "Choose a model folder…", (), "Choose the folder of a speech recogniser's model.",
        do=lambda parts: parts.words.transcribing.choose_model()),
    _words("download", "Download a model…", (),
        "Show source, size and licence of a model, and download it if you agree.",
        do=lambda parts: parts.words.transcribing.download()),
    _text("search", "Search the transcript", ("Ctrl+F",),
        "Find words in the text, without regard to case and punctuation.",
        do=lambda parts: parts.words.search()),
    _text("next_place", "Next place found", ("F3",), "Go to the next place with these words.",
        do=lambda parts: parts.words.found.step(1)),
    _text("previous_place", "Previous place found", ("Shift+F3",),
        "Go to the previous place with these words.", do=lambda parts: parts.words.found.step(-1)),
    _text("cut_all", "Cut all places found", (), "Cut every place with these words, as one step.",
        do=lambda parts: parts.words.found.cut_all()),
    _text("mute_all", "Mute all places found", (),
        "Fill every place with these words with room tone, or silence, as one step.",
        do=lambda parts: parts.words.found.mute_all()),
    _text("mark_all", "Mark all places found", (), "Add a marker at each of these places, as one step.",
        do=lambda parts: parts.words.found.mark_all()),
    _text("strike", "Cut the words", (), "Cut the selected words from the result; without any, do nothing.",
        do=lambda parts: parts.words.edits.cut()),
    _text("restore", "Restore the words", ("Shift+R",),
        "Take the selected words out of their cut; without any, take back that of the word at the playhead.",
        do=lambda parts: parts.words.edits.restore()),
    _text("earlier", "Move the words earlier", ("Alt+Up",),
        "Move the selected words, else the sentence at the playhead, before the sentence before it.",
        do=lambda parts: parts.words.edits.move(-1)),
    _text("later", "Move the words later", ("Alt+Down",),
        "Move the selected words, else the sentence at the playhead, after the sentence after it.",
        do=lambda parts: parts.words.edits.move(1)),
    _text("correct", "Correct the words…", ("F2",),
        "Type other words for the selected ones, else for the word at the playhead.",
        do=lambda parts: parts.words.edits.correct()),
    _text("speaker", "Rename the speaker…", ("Shift+F2",), "Name the speaker of the paragraph.",
        do=lambda parts: parts.words.edits.rename_speaker()),
    _text("copy", "Copy the words as text", (), "Copy the selected words, to paste them in another program.",
        do=lambda parts: parts.words.edits.copy()),
)
