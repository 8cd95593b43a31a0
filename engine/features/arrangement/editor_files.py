"""Files of editor models, without loading a model: lists read the head of a file, and learning runs later."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import OffcutError
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import check_target
from engine.core.files.text import parse_json
from engine.core.progress import Progress
from engine.core.wording import counted, percent
from engine.features.arrangement.finder.requests import EditorWritten, LearnEditsRequest
from engine.features.arrangement.habits import Habits

_MOST_BYTES = 1 << 22
_MOST_FILES = 50


@dataclass(frozen=True, slots=True)
class EditorCard:
    """An editor as a list shows it.

    Attributes
    ----------
    pairs : of how many edits of a recording it was learned
    habits : None in a file of before they were counted
    """

    path: Path
    pairs: int
    habits: Habits | None

    @property
    def words(self) -> str:
        """Summarize the editing in a line."""
        parts = [counted(self.pairs, "edit")]
        habits = self.habits
        if habits is not None and habits.piece_s is not None:
            parts.append(f"{habits.piece_s:.1f} s pieces")
            if habits.downbeat_share is not None:
                parts.append(f"{percent(habits.downbeat_share)} of cuts on downbeats")
            parts.append(f"{percent(habits.kept_share)} retained")
            if habits.loops:
                parts.append(counted(habits.loops, "loop"))
        return ", ".join(parts)


def card_of(path: Path) -> EditorCard | None:
    """Return the summary from the head of a file; None if it is invalid or cannot be read."""
    try:
        with open_regular(path) as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _MOST_BYTES:
                return None
            head = parse_json(file.read(length).decode())
        facts = parse_json(head["__metadata__"]["offcut"])
        pairs = facts["pairs"]
        return EditorCard(path, len(pairs), Habits.of_facts(facts.get("habits")))
    except (OSError, struct.error, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def require_editor(path: Path) -> None:
    """Refuse a file that is not an editor, by its head alone.

    Raises
    ------
    OffcutError : it is missing, or its head is not that of an editor
    """
    if not path.exists():
        raise OffcutError(f"There is no editor at '{path}': make one with learn-edits.")
    if card_of(path) is None:
        raise OffcutError(f"'{path}' is damaged or not an editor: make one with learn-edits.")


def cards_of(used: Iterable[Path], folders: Iterable[Path]) -> tuple[EditorCard, ...]:
    """Return the editors that were used, then those in folders, each once and as many as a list can hold."""
    paths = [path.absolute() for path in used]
    for folder in folders:
        try:
            paths += sorted(path.absolute() for path in folder.glob("*.editor"))
        except OSError:
            continue
    cards = (card_of(path) for path in list(dict.fromkeys(paths))[:_MOST_FILES])
    return tuple(card for card in cards if card is not None)


def learn_editor_file(
    request: LearnEditsRequest, out: Path, overwrite: bool, progress: Progress
) -> EditorWritten:
    """Learn an editor and write it.

    Raises
    ------
    UsageError : a file is made of none of its recordings, or they are too short
    SourceError : a file cannot be read
    ExportError : the file cannot be written, is there already, or is one that is learned from
    Cancelled : the user asked for it
    """
    reads = [path for pair in request.pairs for path in (*pair.raws, pair.edited)]
    check_target(out, overwrite=overwrite, reads=reads)  # before minutes of listening
    from engine.features.arrangement.editor import save_editor
    from engine.features.arrangement.finder.learn_edits import learn_edits

    learned = learn_edits(request, progress)
    save_editor(learned.editor, out, overwrite=overwrite)
    edits, habits = learned.edits, learned.editor.habits
    assert habits is not None, "they were just counted"
    return EditorWritten(out, edits.reports, habits, edits.left_out)
