"""What the review taught, in the taste's own file, so that the next document profits."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from engine.anomaly.taste_header import (
    ANSWERS,
    as_learned,
    digest_of,
    facts_in,
    not_a_taste,
    read_taste_bytes,
    with_answers,
)
from engine.document.state import DocumentState
from engine.errors import TasteError
from engine.files.safe_write import replacing, shown
from engine.progress import Progress
from engine.review.calibration.answers import Answer, Reviewed, from_json, to_json, with_document
from engine.review.calibration.calibrate import Calibration, answers_of


@dataclass(frozen=True, slots=True)
class TasteMemory:
    """What a taste brings along from documents that were reviewed with it.

    Attributes
    ----------
    name, digest : of the taste
    reviewed : the document that was reviewed last stands last
    """

    name: str
    digest: str
    reviewed: tuple[Reviewed, ...]

    def is_of(self, maker: str) -> bool:
        """Tell whether scores of this maker are those of the taste."""
        return maker.endswith(f" {self.name} {self.digest}")

    def beside(self, document: str) -> tuple[Answer, ...]:
        """Return the answers that were given in other documents."""
        return tuple(answer for one in self.reviewed if one.document != document for answer in one.answers)

    def of(self, document: str) -> Reviewed:
        """Return the answers that were given in a document."""
        return next((one for one in self.reviewed if one.document == document), Reviewed(document, ()))


def document_key(state: DocumentState) -> str:
    """Return what a document is known by: its recordings, whatever its file is called."""
    hashes = sorted(source.content_hash for source in state.sources.values())
    return blake2b("/".join(hashes).encode(), digest_size=8).hexdigest()


def read_memory(path: Path, progress: Progress) -> TasteMemory:
    """Return what a taste brings along; answers that are damaged are left out, since the taste still works.

    Raises
    ------
    TasteError : it cannot be read, or is not a taste
    """
    progress.check_cancelled()
    return _memory(path, read_taste_bytes(path))


def _memory(path: Path, content: bytes) -> TasteMemory:
    try:
        digest, answers = digest_of(content), facts_in(content).get(ANSWERS, ())
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise not_a_taste(path) from error
    try:
        return TasteMemory(path.stem, digest, from_json(answers))
    except (KeyError, TypeError, ValueError, IndexError):
        return TasteMemory(path.stem, digest, ())


def keep_answers(
    path: Path, digest: str, state: DocumentState, calibration: Calibration, progress: Progress
) -> TasteMemory:
    """Let a taste keep what a document answered, see `write_answers`; `calibration` is of this state."""
    latest = Reviewed(document_key(state), answers_of(state, calibration))
    return write_answers(path, digest, latest, progress)


def write_answers(path: Path, digest: str, latest: Reviewed, progress: Progress) -> TasteMemory:
    """Let a taste keep what a document answered, in the place of what it had kept of that document.

    The file is written whole or not at all, and not where nothing changed. Its digest, and so the name by
    which scores and proposals know it, stays.

    Parameters
    ----------
    digest : of the taste that was answered; another one of that name, learned since, is left alone

    Returns
    -------
    memory : what the file brings along now

    Raises
    ------
    TasteError, ExportError : it cannot be read, is not a taste, or cannot be written; it is as it was
    """
    progress.check_cancelled()
    content = read_taste_bytes(path)
    before = _memory(path, content)
    if before.digest != digest:
        return before
    after = TasteMemory(before.name, before.digest, with_document(before.reviewed, latest))
    if to_json(after.reviewed) == to_json(before.reviewed):
        return after
    changed = with_answers(content, to_json(after.reviewed))
    if as_learned(changed) != as_learned(content):
        raise TasteError(
            f"{shown(path)} was written by another program: learn it again to keep answers in it."
        )
    with replacing(path.resolve(), overwrite=True) as part:  # a linked taste is changed where it is
        part.write_bytes(changed)
        if read_taste_bytes(path) != content:  # such as by learning, which must not be undone
            raise TasteError(f"{shown(path)} was written anew meanwhile: answers stay in the document.")
    return after
