"""Documents as verbs open them: what of one cannot be read is told, and the verb goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.document.document import Document
from engine.safe_write import shown


@contextmanager
def opened(path: Path) -> Iterator[Document]:
    """Open a document for a verb and close it after; see `Document.open`."""
    with Document.open(path) as document:
        for kind in tuple(document.state.analyses):
            document.analysis(kind)
        if document.damage:
            print(f"offcut: warning: {shown(document.damage)}", file=sys.stderr)
        yield document
