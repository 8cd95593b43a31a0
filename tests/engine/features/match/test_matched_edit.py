"""What one document exports, another takes as its own edit: it then plays the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.proposals import decide
from engine.document.proposals import BY_MATCH, Verdict
from engine.document.state import DocumentState
from engine.features.registry import FoundEdits, find_edits, request_of
from engine.recordings.media import locate_all
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer
from tests.engine.features.takes.playing import RATE_HZ, passage

LENGTH_S = 44.0
NEAR_SAMPLES = 4
"""A seam of an exact copy lies that near; that of a coded one within two milliseconds."""


@pytest.fixture(scope="module")
def raw() -> NDArray[np.float32]:
    return passage(11, LENGTH_S)


@pytest.fixture(scope="module")
def edited_by_offcut(raw: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recording, and what Offcut exports of an edit of every kind that can be matched."""
    folder = tmp_path_factory.mktemp("edited")
    soundfile.write(folder / "raw.wav", raw, RATE_HZ, "PCM_16")
    project = str(folder / "first.offcut")
    assert main(["new", project, str(folder / "raw.wav")]) == 0
    for kind, *values in (
        ("cut", "--start-s", "6.123", "--stop-s", "8.5"),
        ("gain", "--start-s", "11", "--stop-s", "14", "--db", "-6"),
        ("move", "--start-s", "20", "--stop-s", "23", "--to-s", "4"),
        ("repeat", "--start-s", "28", "--stop-s", "31"),
        ("cut", "--start-s", "38", "--stop-s", "40"),
        ("gain", "--start-s", "35", "--stop-s", "42", "--db", "3"),
    ):
        assert main(["edit", project, kind, *values]) == 0
    for name in ("edit.wav", "edit.mp3"):
        assert main(["export", project, "--out", str(folder / name), "--lower"]) == 0
    return folder


def fresh(folder: Path, into: Path) -> Document:
    assert main(["new", str(into), str(folder / "raw.wav")]) == 0
    return Document.open(into)


def found_in(document: Document, edited: Path) -> FoundEdits:
    media = locate_all(document.state, document.path.parent)
    return find_edits(request_of("match", document.state, media, {}, {"edited": str(edited)}), SILENT)


def put(document: Document, found: FoundEdits) -> None:
    for edit, analyses, audio in found.edits(document.state):
        document.apply(edit, analyses, audio)


def taken(document: Document, edited: Path) -> FoundEdits:
    made = found_in(document, edited)
    put(document, made)
    return made


def residual_db(made: FoundEdits) -> float:
    left = made.found.figures["played_residual_db"]
    assert isinstance(left, float)
    return left


def played(document: Document) -> NDArray[np.float32]:
    state = document.state
    with Renderer(state, build(state), locate_all(state, document.path.parent)) as renderer:
        return renderer.read(0, renderer.length_samples)[:, 0]


def edges(state: DocumentState, kind: str) -> list[float]:
    made = [one for one in state.proposals.values() if one.kind == kind]
    return [edge / RATE_HZ for one in made for edge in (one.start_samples, one.stop_samples)]


SPANS = {
    "cut": [6.123, 8.5, 38.0, 40.0],
    "gain": [11.0, 14.0, 35.0, 42.0],
    "move": [20.0, 23.0],
    "repeat": [28.0, 31.0],
}


def test_what_offcut_exported_is_played_again(edited_by_offcut: Path, tmp_path: Path) -> None:
    with fresh(edited_by_offcut, tmp_path / "second.offcut") as document:
        made = taken(document, edited_by_offcut / "edit.wav")
        for kind, spans in SPANS.items():
            assert edges(document.state, kind) == pytest.approx(spans, abs=NEAR_SAMPLES / RATE_HZ), kind
        assert residual_db(made) < -60.0
        assert not made.found.figures["notes"]
        assert made.found.label == "Import of 6 edits from edit.wav"
        assert "100.0 %" in made.sentence
        assert "2 cuts, 2 gains, 1 move and 1 repeat, accepted; all of it is" in made.sentence
        mine = played(document)
    theirs, _ = soundfile.read(edited_by_offcut / "edit.wav", dtype="float32")
    assert len(mine) == len(theirs)
    mine *= np.sum(mine * theirs) / np.sum(mine * mine)  # it was exported quieter as a whole
    assert np.abs(mine - theirs).max() < 0.005
    # Two roundings to 16 bits; but for ramps of gains that lie a sample beside, all is as it was.
    assert np.mean(np.abs(mine - theirs) > 2.0 / 32768) < 0.01


def test_what_went_through_a_coder_gives_the_same_edits(edited_by_offcut: Path, tmp_path: Path) -> None:
    with fresh(edited_by_offcut, tmp_path / "second.offcut") as document:
        made = taken(document, edited_by_offcut / "edit.mp3")
        for kind, spans in SPANS.items():
            near_s = 0.02 if kind == "gain" else 0.002
            assert edges(document.state, kind) == pytest.approx(spans, abs=near_s), kind
        theirs, _ = soundfile.read(edited_by_offcut / "edit.wav")
        assert abs(len(played(document)) - len(theirs)) <= NEAR_SAMPLES
    assert residual_db(made) < -12.0


@pytest.mark.long
def test_what_was_moved_from_the_very_end_leaves_no_crumb_through_a_coder(
    edited_by_offcut: Path, tmp_path: Path
) -> None:
    project = tmp_path / "first.offcut"
    fresh(edited_by_offcut, project).close()
    assert main(["edit", str(project), "move", "--start-s", "40", "--stop-s", "60", "--to-s", "5"]) == 0
    assert main(["export", str(project), "--out", str(tmp_path / "edit.mp3"), "--lower"]) == 0
    with fresh(edited_by_offcut, tmp_path / "second.offcut") as document:
        made = taken(document, tmp_path / "edit.mp3")
    assert [one.kind for one in made.found.proposals] == ["move"]


def test_one_undo_brings_all_back_and_another_file_takes_its_place(
    edited_by_offcut: Path, raw: NDArray[np.float32], tmp_path: Path
) -> None:
    project = tmp_path / "answered.offcut"
    fresh(edited_by_offcut, project).close()
    for kind, *values in (
        ("mute", "--start-s", "1", "--stop-s", "2"),
        ("keep", "--start-s", "7", "--stop-s", "9"),
    ):
        assert main(["edit", str(project), kind, *values]) == 0
    soundfile.write(tmp_path / "shorter.wav", raw[: 30 * RATE_HZ], RATE_HZ, "PCM_16")
    with Document.open(project) as document:
        before = document.state
        taken(document, edited_by_offcut / "edit.wav")
        accepted = [key for key in document.state.proposals if document.state.verdict(key) == "accepted"]
        assert {document.state.proposals[key].maker for key in accepted} == {BY_MATCH}
        assert before.proposals.keys() <= document.state.proposals.keys(), "what was answered is left open"
        after = document.state
        document.undo()
        assert document.state == before
        document.redo()
        assert document.state == after
        taken(document, tmp_path / "shorter.wav")
        (only,) = (one for one in document.state.proposals.values() if one.maker == BY_MATCH)
        assert (only.kind, only.start_samples) == ("cut", 30 * RATE_HZ)


@pytest.mark.long
def test_what_is_answered_while_the_file_is_compared_stays_so(edited_by_offcut: Path, tmp_path: Path) -> None:
    project = str(tmp_path / "answered.offcut")
    fresh(edited_by_offcut, Path(project)).close()
    for start_s in (1, 2, 3):
        assert main(["edit", project, "mute", "--start-s", f"{start_s}", "--stop-s", f"{start_s + 0.5}"]) == 0
    with Document.open(Path(project)) as document:
        taken(document, edited_by_offcut / "edit.wav")
        first, second, third, *_ = sorted(document.state.proposals, key=lambda key: document.state.span(key))
        assert {document.state.proposals[key].kind for key in (first, second, third)} == {"mute"}
        imported = [key for key, one in document.state.proposals.items() if one.maker == BY_MATCH]
        document.apply(decide(document.state, [first], Verdict.ACCEPTED))
        made = found_in(document, edited_by_offcut / "edit.wav")
        document.apply(decide(document.state, [second], Verdict.ACCEPTED))
        document.apply(decide(document.state, imported[:1], Verdict.REJECTED))
        put(document, made)
        verdict = document.state.verdict
    assert [verdict(key) for key in (first, second, third)] == ["undecided", "accepted", "undecided"]
    assert [verdict(key) for key in imported] == ["rejected", *["accepted"] * 5]


def noise(seconds: float) -> NDArray[np.float32]:
    return (0.05 * np.random.default_rng(3).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def with_silence(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([raw[: 10 * RATE_HZ], np.zeros(2 * RATE_HZ, np.float32), raw[12 * RATE_HZ :]])


def with_noise_between(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([raw[: 10 * RATE_HZ], noise(2.0), raw[10 * RATE_HZ : 30 * RATE_HZ]])


def with_noise_instead(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([raw[: 10 * RATE_HZ], noise(2.0), raw[12 * RATE_HZ : 30 * RATE_HZ]])


def test_fades_are_played_where_there_is_room_behind_them(
    raw: NDArray[np.float32], edited_by_offcut: Path, tmp_path: Path
) -> None:
    faded = raw[5 * RATE_HZ : 35 * RATE_HZ].copy()
    faded[: 3 * RATE_HZ] *= np.linspace(0.0, 1.0, 3 * RATE_HZ, dtype=np.float32)
    faded[-4 * RATE_HZ :] *= np.linspace(1.0, 0.0, 4 * RATE_HZ, dtype=np.float32)
    soundfile.write(tmp_path / "faded.wav", faded, RATE_HZ, "FLOAT")
    at_end = raw[5 * RATE_HZ :].copy()
    at_end[-4 * RATE_HZ :] *= np.linspace(1.0, 0.0, 4 * RATE_HZ, dtype=np.float32)
    soundfile.write(tmp_path / "at end.wav", at_end, RATE_HZ, "FLOAT")
    with fresh(edited_by_offcut, tmp_path / "second.offcut") as document:
        made = taken(document, tmp_path / "faded.wav")
        assert residual_db(made) < -40.0
        assert not made.found.figures["notes"]
        assert edges(document.state, "gain") == pytest.approx([2.0, 8.0, 31.0, 39.0], abs=0.1)
        reasons = {one.reason for one in made.found.proposals if one.kind == "gain"}
        assert reasons == {"faded.wav fades here."}
        made = taken(document, tmp_path / "at end.wav")
        assert not edges(document.state, "gain")
        assert made.found.figures["notes"] == [
            "The level changes along 1 span, which gain edits follow in part."
        ]


@pytest.mark.parametrize(
    ("make", "kinds", "told"),
    [
        pytest.param(with_silence, ["mute"], "", marks=pytest.mark.long),
        (with_noise_between, ["cut"], "Not of this recording, and not played: 0:10.0 – 0:12.0"),
        pytest.param(
            with_noise_instead,
            ["cut"],
            "Not of this recording, and not played: 0:10.0 – 0:12.0",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_is_not_of_the_recording_is_told(
    make: object,
    kinds: list[str],
    told: str,
    raw: NDArray[np.float32],
    edited_by_offcut: Path,
    tmp_path: Path,
) -> None:
    assert callable(make)
    soundfile.write(tmp_path / "other.wav", make(raw), RATE_HZ, "PCM_16")
    with fresh(edited_by_offcut, tmp_path / "second.offcut") as document:
        made = taken(document, tmp_path / "other.wav")
    assert [one.kind for one in made.found.proposals] == kinds
    notes = made.found.figures["notes"]
    assert isinstance(notes, list)
    assert " ".join(notes).startswith(told)
    assert bool(notes) == bool(told)
    assert residual_db(made) < -60.0, "what is not of it is not counted"


@pytest.mark.parametrize(
    ("make", "refused"),
    [
        (lambda _raw: noise(10.0), "other.wav is hardly made of this recording: 0.0 % of its sound"),
        pytest.param(
            lambda raw: np.zeros_like(raw),
            "other.wav is hardly made of this recording",
            marks=pytest.mark.long,
        ),
        (lambda raw: raw, "other.wav is the whole recording: it has no edits to import."),
    ],
)
def test_what_does_not_belong_changes_nothing(
    make: object, refused: str, raw: NDArray[np.float32], edited_by_offcut: Path, tmp_path: Path
) -> None:
    assert callable(make)
    soundfile.write(tmp_path / "other.wav", make(raw), RATE_HZ, "PCM_16")
    with fresh(edited_by_offcut, tmp_path / "second.offcut") as document:
        before = document.state
        with pytest.raises(UsageError, match=refused):
            taken(document, tmp_path / "other.wav")
        assert document.state is before


def test_a_document_without_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="import a recording first"):
        request_of("match", DocumentState(), {}, {}, {"edited": str(tmp_path / "edit.wav")})


@pytest.mark.long
def test_the_verb_is_an_alias_of_the_finder(
    edited_by_offcut: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited, told = str(edited_by_offcut / "edit.wav"), []
    for number, words in enumerate((["match", edited], ["propose", "match", "--edited", edited])):
        project = tmp_path / f"{number}.offcut"
        fresh(edited_by_offcut, project).close()
        capsys.readouterr()
        assert main([words[0], str(project), *words[1:], "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        with Document.open(project) as document:
            accepted = {key for key in document.state.proposals if document.state.verdict(key) == "accepted"}
        told.append((accepted, answer["played_residual_db"], answer["notes"], answer["matched_share"]))
    assert told[0] == told[1]
    assert len(told[0][0]) == 6


def test_the_verb(
    edited_by_offcut: Path, raw: NDArray[np.float32], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "second.offcut"
    fresh(edited_by_offcut, project).close()
    soundfile.write(tmp_path / "short.wav", raw[5 * RATE_HZ :], RATE_HZ, "PCM_16")
    capsys.readouterr()
    assert main(["match", str(project), str(tmp_path / "short.wav"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["proposals"], told["notes"], told["left_out"][0]["raw"]) == (1, [], str(project))
    assert [row["raw"] for row in told["segments"]] == [str(project)]
    assert main(["match", str(project), str(project), str(tmp_path / "short.wav")]) == 2
    assert "one document" in capsys.readouterr().err
    with Document.open(project) as document:
        (only,) = document.state.proposals.values()
        assert (only.kind, only.start_samples, only.stop_samples) == ("cut", 0, 5 * RATE_HZ)
        assert document.state.verdict(only.id) == "accepted"
