"""``offcut evaluate comping``: comps of rehearsals with planted faults, against whole takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from engine.core.progress import SILENT, Progress
from engine.document.document import Document
from engine.document.edits.proposals import decide
from engine.document.proposals import Verdict
from engine.features.registry import find_edits, request_of
from engine.lab.evaluation.comping.bands import BANDS
from engine.lab.evaluation.comping.faults import FAULTS, Fault
from engine.lab.evaluation.comping.lanes import as_recorded, lay_takes
from engine.lab.evaluation.comping.measures import (
    STEPS,
    attacks_at,
    faults_played,
    natural_steps,
    needed_seams,
    ratios,
    seams_of,
    steps_at,
)
from engine.lab.evaluation.comping.session import RATE_HZ, Rehearsal, Sound, rehearsal
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import locate_all
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.render import render

Line = dict[str, object]

_BARS = 16
_TAKES = (4, 3)
_WHOLE = 100.0
"""A price of seams at which no comp has any."""
TRACKS, MIX, LANES = "tracks", "mix", "lanes"


@dataclass(slots=True)
class _Tally:
    """Counts of all rehearsals of one way to record."""

    planted: list[Fault] = field(default_factory=list)
    played: list[Fault] = field(default_factory=list)
    avoided: list[float] = field(default_factory=list)
    seams: list[int] = field(default_factory=list)
    needed: list[int] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    best_whole: list[float] = field(default_factory=list)
    random: list[float] = field(default_factory=list)
    at_seams: list[dict[str, float]] = field(default_factory=list)
    within: list[dict[str, float]] = field(default_factory=list)
    twice: int = 0
    lost: int = 0

    def add(self, one: Rehearsal, played: EditList, result: Sound, whole: EditList) -> None:
        """Count a comp, and the whole take that the same costs choose."""
        faults, count = faults_played(one, played), len(one.faults)
        self.planted += one.faults
        self.played += faults
        self.avoided.append(1 - len(faults) / count)
        self.whole.append(1 - len(faults_played(one, whole)) / count)
        of_takes = np.bincount([fault.take for fault in one.faults], minlength=len(one.takes))
        self.best_whole.append(1 - float(of_takes.min()) / count)
        self.random.append(1 - 1 / len(one.takes))
        seams = seams_of(one, played)
        self.seams.append(len(seams))
        self.needed.append(needed_seams(one))
        self.at_seams += [steps_at(one, result, seam) for seam in seams]
        self.within += natural_steps(one, one.mix)
        for seam in seams:
            twice, lost = attacks_at(one, seam)
            self.twice, self.lost = self.twice + twice, self.lost + lost


def evaluate(data_dir: Path, *, progress: Progress, seeds: int = 5, short: bool = False) -> Iterator[Line]:
    """Yield figures of bands that no setting was chosen on, a line each.

    Takes are recorded one after the other, as tracks and as their mix, and to a click on lanes of tracks.

    Parameters
    ----------
    data_dir : holds `multimic/midi/` and `esc50/`
    short : one band, one seed, as a mix alone

    Raises
    ------
    UsageError : the folder does not hold them
    """
    tallies = {way: _Tally() for way in ((MIX,) if short else (TRACKS, MIX, LANES))}
    asked = [(band, seed) for band in BANDS[: 1 if short else None] for seed in range(1 if short else seeds)]
    for number, (band, seed) in enumerate(asked):
        progress.check_cancelled()
        progress.report(number / len(asked), f"Comping: {band.name}")
        bars, takes = 8 if short else _BARS, _TAKES[seed % len(_TAKES)]
        in_a_row = rehearsal(data_dir, band, seed, takes, bars)
        for way, tally in tallies.items():
            one = in_a_row if way != LANES else rehearsal(data_dir, band, seed, takes, bars, is_to_click=True)
            played, result, whole = _comped(one, way)
            tally.add(one, played, result, whole)
            yield from _of_rehearsal(one, way, tally)
    for way, tally in tallies.items():
        yield from _lines(way, tally)


def _comped(one: Rehearsal, way: str) -> tuple[EditList, Sound, EditList]:
    """Return the comp of a rehearsal with all proposals accepted, its sound, and the best whole take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Document.create(folder / "rehearsal.offcut") as document:
            if way == LANES:
                lay_takes(one, document, folder)
            else:
                _import(one.tracks if way == TRACKS else {"mix": one.mix}, document, folder)
            played, result = _accepted(one, way, document, {})
            whole, _ = _accepted(one, way, document, {"seam_price": _WHOLE})
    return played, result, whole


def _import(tracks: dict[str, Sound], document: Document, folder: Path) -> None:
    paths = [folder / f"{name}.wav" for name in tracks]
    for path, sound in zip(paths, tracks.values(), strict=True):
        soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
    document.apply(import_edit(document.state, import_audio(ImportRequest(tuple(paths)), SILENT)))


def _accepted(
    one: Rehearsal, way: str, document: Document, settings: dict[str, object]
) -> tuple[EditList, Sound]:
    """Return the result of a comp, and its sound; the document is left undecided."""
    media = locate_all(document.state, document.path.parent)
    known = {kind: document.analysis(kind) for kind in document.state.analyses}
    found = find_edits(request_of("comp", document.state, media, known, settings), SILENT)
    for edit, analyses, audio in found.edits(document.state):
        document.apply(edit, analyses, audio)
    ids = list(document.state.proposals)
    if ids:
        document.apply(decide(document.state, ids, Verdict.ACCEPTED))
    played = build(document.state)
    sound = render(document.state, played, media, 0, played.length_samples).mean(axis=1)
    if way == LANES:
        played = as_recorded(one, document)
    if ids:
        document.apply(decide(document.state, ids, Verdict.UNDECIDED))
    return played, sound.astype(np.float32)


def _of_rehearsal(one: Rehearsal, way: str, tally: _Tally) -> Iterator[Line]:
    row = f"{way}: {one.name}"
    yield {"row": row, "metric": "faults avoided", "value": round(tally.avoided[-1], 3), "n": len(one.faults)}
    yield {"row": row, "metric": "seams", "value": tally.seams[-1], "baseline": tally.needed[-1]}


def _lines(way: str, tally: _Tally) -> Iterator[Line]:
    count = len(tally.avoided)
    for name, values in (
        ("comp", tally.avoided),
        ("whole take by cost", tally.whole),
        ("best whole take by truth", tally.best_whole),
        ("random take of each bar", tally.random),
    ):
        shares = np.array(values)
        yield {
            "row": f"{way}: {name}",
            "metric": "faults avoided",
            "value": round(float(shares.mean()), 3),
            "median": round(float(np.median(shares)), 3),
            "worst decile": round(float(np.quantile(shares, 0.1)), 3),
            "n": count,
        }
    share = sum(tally.seams) / max(sum(tally.needed), 1)
    yield {
        "row": f"{way}: comp",
        "metric": "seams to needed seams",
        "value": round(share, 3),
        "n": sum(tally.seams),
    }
    of_seams = ratios(tally.at_seams, tally.within) if tally.at_seams else {}
    for name in STEPS:
        if name in of_seams:
            yield {
                "row": f"{way}: comp",
                "metric": f"step of {name} to natural",
                "value": round(of_seams[name], 3),
            }
    yield {"row": f"{way}: comp", "metric": "notes played twice", "value": tally.twice, "n": sum(tally.seams)}
    yield {"row": f"{way}: comp", "metric": "notes lost", "value": tally.lost, "n": sum(tally.seams)}
    for kind in FAULTS:
        planted = sum(fault.kind == kind for fault in tally.planted)
        played = sum(fault.kind == kind for fault in tally.played)
        if planted:
            avoided = round(1 - played / planted, 3)
            yield {"row": f"{way}: {kind}", "metric": "faults avoided", "value": avoided, "n": planted}
