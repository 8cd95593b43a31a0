"""Decisions stored in the taste's own file, from which the next document's calibration starts."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from engine.core.errors import TasteError
from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.document.state import DocumentState
from engine.features.taste.anomaly.taste_header import (
    ANSWERS,
    as_learned,
    digest_of,
    facts_in,
    not_a_taste,
    read_taste_bytes,
    with_answers,
)
from engine.review.calibration import (
    Answer,
    Calibration,
    Reviewed,
    answers_of,
    from_json,
    to_json,
    with_document,
)


@dataclass(frozen=True, slots=True)
class TasteMemory:
    """Decisions stored in a taste from documents reviewed with it.

    Attributes
    ----------
    name, digest : of the taste
    reviewed : the document reviewed last comes last
    """

    name: str
    digest: str
    reviewed: tuple[Reviewed, ...]

    def is_of(self, maker: str) -> bool:
        """Return whether scores of this maker are those of the taste."""
        return maker.endswith(f" {self.name} {self.digest}")

    def beside(self, document: str) -> tuple[Answer, ...]:
        """Return the answers that were given in other documents."""
        return tuple(answer for one in self.reviewed if one.document != document for answer in one.answers)

    def of(self, document: str) -> Reviewed:
        """Return the answers that were given in a document."""
        return next((one for one in self.reviewed if one.document == document), Reviewed(document, ()))


def document_key(state: DocumentState) -> str:
    """Return the id of a document: a hash of its recordings, independent of its file name."""
    hashes = sorted(source.content_hash for source in state.sources.values())
    return blake2b("/".join(hashes).encode(), digest_size=8).hexdigest()


def read_memory(path: Path, progress: Progress) -> TasteMemory:
    """Return the decisions stored in a taste; damaged ones are left out, since the taste still works.

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
    """Store a document's decisions in a taste, see `write_answers`; `calibration` is of this state."""
    latest = Reviewed(document_key(state), answers_of(state, calibration))
    return write_answers(path, digest, latest, progress)


def write_answers(path: Path, digest: str, latest: Reviewed, progress: Progress) -> TasteMemory:
    """Store a document's decisions in a taste, replacing earlier ones of that document.

    The file is written whole or not at all, and only if the decisions changed. Its digest, and so its name as
    a maker of scores and proposals, stays.

    Parameters
    ----------
    digest : of the reviewed taste; a newer one of that name is left alone

    Returns
    -------
    memory : the stored decisions

    Raises
    ------
    TasteError, ExportError : it cannot be read, is not a taste, or cannot be written; it is unchanged
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
            raise TasteError(f"{shown(path)} was replaced meanwhile: the answers stay in the document.")
    return after
