"""Learn an editor and write it: light until it runs, so that another process can be asked for it."""

from __future__ import annotations

from pathlib import Path

from engine.core.files.safe_write import check_target
from engine.core.progress import Progress
from engine.features.arrangement.finder.learn_edits_requests import EditorWritten, LearnEditsRequest


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
    return EditorWritten(out, edits.told, habits, edits.left_out)
