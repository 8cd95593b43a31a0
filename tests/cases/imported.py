"""Lists of edits, imported into a new document of their recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile

from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import NotUnderstood
from engine.exchange.imports.formats import ReadEditsRequest
from engine.exchange.imports.proposals.edit import ImportedEdit, read_into
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

RATE_HZ = 8_000
Edit = tuple[str, float, float]


@dataclass(frozen=True)
class Imported:
    """A document after an import.

    Attributes
    ----------
    edits : kind, start and stop in seconds, to the millisecond
    """

    made: ImportedEdit
    state: DocumentState
    edits: list[Edit]

    @property
    def accepted(self) -> list[Edit]:
        """The edits that the import accepted."""
        own = [self._edit(key) for key in self.state.proposals if self._is_accepted(key)]
        return sorted(own, key=lambda one: one[1:])

    @property
    def parts(self) -> list[tuple[str, float, float]]:
        """What was not understood, with its place in the result."""
        return [part(one) for one in self.made.not_understood]

    def _is_accepted(self, key: str) -> bool:
        return self.state.verdict(key) is Verdict.ACCEPTED

    def _edit(self, key: str) -> Edit:
        one = self.state.proposals[key]
        return edit(one.kind, one.start_samples, one.stop_samples, self.state.rate_hz)


def part(one: NotUnderstood) -> tuple[str, float, float]:
    """Return the noun and the place of a part that was not understood."""
    return one.noun, round(float(one.start_s), 3), round(float(one.stop_s), 3)


def edit(kind: str, start_samples: int, stop_samples: int, rate_hz: int) -> Edit:
    """Return an edit in seconds."""
    start_s, stop_s = (float(round(Fraction(at, rate_hz), 3)) for at in (start_samples, stop_samples))
    return kind, start_s, stop_s


def noise(path: Path, length_s: float, seed: int = 1) -> Path:
    """Write a recording of noise."""
    samples = np.random.default_rng(seed).standard_normal(round(length_s * RATE_HZ))
    soundfile.write(path, 0.1 * samples, RATE_HZ, "PCM_16")
    return path


def imported(folder: Path, recordings: Sequence[Path], edits: Path, frame_rate: str = "") -> Imported:
    """Make a document of recordings, and import a list of edits into it."""
    with Document.create(folder / "case.offcut") as document:
        document.apply(import_edit(document.state, import_audio(ImportRequest(tuple(recordings)), SILENT)))
        media = {one.id: Path(one.path) for one in document.state.sources.values()}
        rate = FrameRate(frame_rate) if frame_rate else None
        made = read_into(ReadEditsRequest(document.state, media, edits, frame_rate=rate), SILENT)
        if not made.is_empty:
            document.apply(made.put_into(document.state))
        state = document.state
    found = [edit(one.kind, one.start_samples, one.stop_samples, state.rate_hz) for one in made.proposals]
    return Imported(made, state, sorted(found, key=lambda one: one[1:]))
