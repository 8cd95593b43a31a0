"""The made recordings on the disk: made once, and read again by the next run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile

from engine.core.files.safe_write import replacing
from engine.core.files.text import parse_json
from engine.core.progress import Progress
from engine.lab.evaluation.apart.interviews import interview, place
from engine.lab.evaluation.apart.rehearsals import (
    Plan,
    Sounding,
    clean_recording,
    learned_songs,
    rehearsal,
)
from engine.lab.evaluation.apart.set_apart import RATE_HZ
from engine.lab.evaluation.apart.stage import Passage, require_instruments

VERSION = 3
"""Of the rules by which recordings are made; a folder of another version is made again."""

BANDS, INTERVIEWS, PLACES = "bands", "interviews", "places"
FURTHER_BANDS = "further bands"
"""Bands 10 to 19, on which stated expectations are checked."""
COUNTS = {BANDS: 10, FURTHER_BANDS: 10, INTERVIEWS: 5, PLACES: 5}
_SHORT_BANDS = Plan(songs=2, length_s=60.0, clean=1, rehearsals=1, most_bars=16)
_LEARNED_S, _SHORT_LEARNED_S = 150.0, 25.0
_TESTED_S, _SHORT_TESTED_S = 300.0, 60.0


@dataclass(frozen=True, slots=True)
class Recording:
    """A made recording to be tested; without faults all of it is to be retained."""

    name: str
    path: Path
    length_s: float
    faults: tuple[Passage, ...]
    songs: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings of one band, interview or place: some to learn from, the others to test."""

    material: str
    number: int
    folder: Path
    learned: tuple[Path, ...]
    tested: tuple[Recording, ...]

    @property
    def name(self) -> str:
        """Return the name of the group in results."""
        return f"{self.material} {self.number}"


@dataclass(frozen=True, slots=True)
class Making:
    """Where the material is from, and where made recordings are stored."""

    data_dir: Path
    folder: Path
    is_short: bool = False

    def group(self, material: str, number: int, progress: Progress) -> Group:
        """Return a group, made if it is not there yet.

        Raises
        ------
        UsageError : recordings or instruments are missing
        """
        folder = self.folder / f"{material} {number}{' short' * self.is_short}"
        described = folder / "made.json"
        if described.is_file():
            stored = parse_json(described.read_bytes())
            if stored["version"] == VERSION:
                return _stored(material, number, folder, stored)
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for sounding, is_learned in _MAKERS[material](self, number):
            progress.check_cancelled()
            path = folder / f"{sounding.name}.flac"
            soundfile.write(path, sounding.samples, RATE_HZ, subtype="PCM_16")
            rows.append(
                {
                    "name": sounding.name,
                    "is_learned": is_learned,
                    "length_s": len(sounding.samples) / RATE_HZ,
                    "faults": [asdict(one) for one in sounding.faults],
                    "songs": [asdict(one) for one in sounding.songs],
                }
            )
        stored = {"version": VERSION, "recordings": rows}
        with replacing(described, overwrite=True) as part:
            part.write_text(json.dumps(stored, indent=1), encoding="utf-8")
        return _stored(material, number, folder, stored)


def _stored(material: str, number: int, folder: Path, stored: dict[str, list[dict[str, object]]]) -> Group:
    learned, tested = [], []
    for row in stored["recordings"]:
        path = folder / f"{row['name']}.flac"
        if row["is_learned"]:
            learned.append(path)
        else:
            length_s = float(str(row["length_s"]))
            spans = (_passages(row["faults"]), _passages(row["songs"]))
            tested.append(Recording(str(row["name"]), path, length_s, *spans))
    return Group(material, number, folder, tuple(learned), tuple(tested))


def _passages(rows: object) -> tuple[Passage, ...]:
    assert isinstance(rows, list)
    return tuple(Passage(**row) for row in rows)


Made = Iterator[tuple[Sounding, bool]]
"""Recordings, and whether each is learned from."""


def _bands(making: Making, number: int) -> Made:
    require_instruments()
    plan = _SHORT_BANDS if making.is_short else Plan()
    for one in learned_songs(making.data_dir, number, plan):
        yield one, True
    for at in range(plan.clean):
        yield clean_recording(making.data_dir, number, at, plan), False
    for at in range(plan.rehearsals):
        yield rehearsal(making.data_dir, number, at, plan), False


def _further_bands(making: Making, number: int) -> Made:
    yield from _bands(making, number + COUNTS[BANDS])


def _interviews(making: Making, number: int) -> Made:
    yield from _of_parts(making, number, interview, (0, 2, 4))


def _places(making: Making, number: int) -> Made:
    yield from _of_parts(making, number, place, (0,))


def _of_parts(making: Making, number: int, make: Callable[..., Sounding], learned: Iterable[int]) -> Made:
    learned_s = _SHORT_LEARNED_S if making.is_short else _LEARNED_S
    tested_s = _SHORT_TESTED_S if making.is_short else _TESTED_S
    for part in learned:
        yield make(making.data_dir, number, part, learned_s, has_faults=False), True
    yield make(making.data_dir, number, 1, tested_s, has_faults=False), False
    yield make(making.data_dir, number, 3, tested_s, has_faults=True), False


_MAKERS: dict[str, Callable[[Making, int], Made]] = {
    BANDS: _bands,
    FURTHER_BANDS: _further_bands,
    INTERVIEWS: _interviews,
    PLACES: _places,
}
