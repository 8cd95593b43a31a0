"""Three documents with real recordings and edits of every kind, exported to every format."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from engine.cli.documents import media_of
from engine.cli.main import main as offcut
from engine.core.progress import SILENT
from engine.core.timebase import s_to_samples
from engine.document.document import Document
from engine.document.edits.markers import NamedSpan, add_all
from engine.document.edits.proposals import set_analyses
from engine.exchange.export.formats import FORMATS
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.listen import listen_to_document

PROJECT = Path(__file__).resolve().parents[2]
DEMO = PROJECT / "resources" / "demo" / "raw"
_SPEAKERS = "Host", "Gast Zoë"
_TURN_S, _TURNS = 4.0, 10
_SPEECH_RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Example:
    """A document and the frame rate at which it is exported."""

    name: str
    frame_rate: str
    recordings: tuple[Path, ...]
    edits: tuple[str, ...]
    marks: tuple[tuple[float, float, str], ...]


def drums(data: Path, folder: Path) -> Example:
    """Return a drum take of several microphones."""
    takes = sorted((data / "multimic" / "example_drummer1_session1_1").glob("*.flac"))
    edits = (
        "cut --start-s 1.237 --stop-s 2.01",
        "repeat --start-s 3.737 --stop-s 5.237 --times 2",
        "move --start-s 6.737 --stop-s 8.237 --to-s 9.737",
        "gain --start-s 2.5 --stop-s 3.25 --db -4.5 --tracks Hihat",
        "mute --start-s 5.5 --stop-s 5.9 --tracks Snare_top",
        "slip --start-s 8.5 --stop-s 9.0 --by-s 0.0123 --tracks KdrumR",
    )
    marks = (0.737, 0.737, "Count-in"), (3.737, 5.237, "Groove A"), (9.0, 9.0, "Fill")
    return Example("drums", "25", tuple(shutil.copy(take, folder) for take in takes), edits, marks)


def interview(data: Path, folder: Path) -> Example:
    """Return an interview of two microphones, made of spoken sentences with pauses between them."""
    spoken = [soundfile.read(file) for file in sorted((data / "speech" / "commands").glob("*.flac"))[:_TURNS]]
    turn = round(_TURN_S * _SPEECH_RATE_HZ)
    tracks = np.zeros((len(_SPEAKERS), _TURNS * turn))
    tracks += 1e-4 * np.random.default_rng(3).standard_normal(tracks.shape)
    for number in range(_TURNS):
        sound, rate_hz = spoken[number % len(spoken)]
        times = np.arange(min(turn, len(sound) * _SPEECH_RATE_HZ // rate_hz)) * rate_hz / _SPEECH_RATE_HZ
        laid = np.interp(times, np.arange(len(sound)), sound)
        tracks[number % len(_SPEAKERS), number * turn : number * turn + len(laid)] += laid
    files = tuple(folder / f"{name}.wav" for name in _SPEAKERS)
    for file, samples in zip(files, tracks, strict=True):
        soundfile.write(file, samples, _SPEECH_RATE_HZ, "PCM_24")
    edits = (
        "keep --start-s 3.0 --stop-s 3.4",
        "cut --start-s 2.9 --stop-s 4.0",
        "cut --start-s 11.1 --stop-s 11.9",
        "cut --start-s 27.3 --stop-s 30.2",
        "gain --start-s 16 --stop-s 19.5 --db 3",
        "move --start-s 32 --stop-s 36 --to-s 24",
    )
    marks = (
        (0.0, 0.0, "Anfang: Größe & <Milch>"),
        (8.0, 16.0, 'Question 2, "the coffee", and all that was answered to it before the tape ran out'),
        (32.0, 36.0, "Best answer"),
    )
    return Example("interview", "29.97", files, edits, marks)


def music(folder: Path) -> Example:
    """Return the demo: a band in stereo and its room."""
    files = tuple(shutil.copy(DEMO / name, folder) for name in ("Band.ogg", "Room.ogg"))
    edits = (
        "cut --start-s 0 --stop-s 6.5",
        "cut --start-s 61.23 --stop-s 75.87",
        "cut --start-s 120.001 --stop-s 133.337",
        "repeat --start-s 90 --stop-s 98 --times 2",
        "move --start-s 180 --stop-s 190 --to-s 150",
        "gain --start-s 40 --stop-s 44 --db -6",
    )
    marks = (20.0, 60.0, "Song 1"), (100.0, 100.0, "Solo"), (150.0, 230.0, "Song 2")
    return Example("music", "24", files, edits, marks)


def build(example: Example, folder: Path) -> Path:
    """Write the document of an example.

    Returns
    -------
    The document.
    """
    path = folder / f"{example.name}.offcut"
    _run("new", path, *example.recordings)
    for edit in example.edits:
        kind, *rest = edit.split()
        _run("edit", path, kind, *rest)
    with Document.open(path) as document:
        spans = [
            NamedSpan(*(s_to_samples(s, document.state.rate_hz) for s in mark[:2]), mark[2])
            for mark in example.marks
        ]
        document.apply(add_all(document.state, spans, "Marks"))
        found = listen_to_document(AnalysisRequest(document.state, media_of(document)), SILENT)
        stored = {found.ids[kind]: analysis for kind, analysis in found.analyses.items()}
        document.apply(set_analyses(document.state, found.ids, "Listened"), stored)
    return path


def export_all(document: Path, frame_rate: str, folder: Path) -> None:
    """Write every format of a document; those that name recordings again, collected, below "moved"."""
    folder.mkdir()
    name = document.stem
    _run(
        "export", document, "--frame-rate", frame_rate, "--out", *(folder / f"{name}{one}" for one in FORMATS)
    )
    _run("export", document, "--stems", "--out", folder / "stems.wav")
    collected = folder / "collected"
    collected.mkdir()
    named = [one for one, form in FORMATS.items() if form.names_media]
    _run(
        "export",
        document,
        "--collect",
        "--frame-rate",
        frame_rate,
        "--out",
        *(collected / f"{name}{one}" for one in named),
    )
    collected.rename(folder / "moved")


def _run(*words: object) -> None:
    status = offcut([str(word) for word in words])
    if status:
        raise SystemExit(f"offcut {words[0]} ended with {status}")


def examples(data: Path, folder: Path) -> Sequence[Example]:
    """Write the recordings of all three."""
    return drums(data, folder), interview(data, folder), music(folder)
