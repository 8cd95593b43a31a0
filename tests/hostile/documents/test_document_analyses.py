"""Analyses that are damaged or made to harm: the document opens, the rest is whole, and it is told."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
import zipfile
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from desktop.shell.session import Session
from engine.cli.main import main
from engine.document.analysis import ORNAMENTS, DetectedSounds, StrokePickup
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.stored_analyses import require_analysis
from engine.document.file.transaction import digest, write_anew
from tests.engine.document.scripted import ANALYSES, BEATS, IDS, review
from tests.engine.features.timing.hits.made import made_hits
from tests.hostile.status import is_one_sentence
from tests.mostly_long import mostly_long

SCORES_TOLD = (
    "Of jam.offcut the scores cannot be read and were left out, the rest is intact: "
    "analyse the recording again."
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    review(tmp_path / "jam.offcut")
    return tmp_path / "jam.offcut"


def _block(**arrays: np.ndarray) -> bytes:
    block = BytesIO()
    np.savez_compressed(block, allow_pickle=True, **arrays)
    return block.getvalue()


def _packed(**members: bytes) -> bytes:
    block = BytesIO()
    with zipfile.ZipFile(block, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(f"{name}.npy", content)
    return block.getvalue()


def _header(shape: str) -> bytes:
    text = f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


TIMES, SCORES = ANALYSES["score-1"].times_samples, ANALYSES["score-1"].scores
FACTS = {"maker": "m", "part_names": []}
NO_PARTS = np.zeros((0, 0), np.float32)
BOMBS = {"a bomb": (2**29 + 1,), "many bombs": (2**28,) * 3}
"""How many zeros the arrays of an analysis hold, packed to nearly nothing, which takes seconds."""
HOSTILE = {
    "more than it holds": (FACTS, _packed(times_samples=_header("(1099511627776,)"), scores=b"", parts=b"")),
    "less than nothing": (FACTS, _packed(times_samples=_header("(-1,)"), scores=b"", parts=b"")),
    "no header": (FACTS, _packed(times_samples=b"hello", scores=b"", parts=b"")),
    "no block": (FACTS, b"hello"),
    "an empty block": (FACTS, b""),
    "another array": (FACTS, _block(times_samples=TIMES, scores=SCORES, parts=NO_PARTS, spy=TIMES)),
    "a name with a folder": (FACTS, _packed(**{"../times_samples": b""})),
    "objects": (FACTS, _block(times_samples=TIMES, scores=np.array([{}] * 3), parts=NO_PARTS)),
    "words": (FACTS, _block(times_samples=TIMES, scores=SCORES.astype("U4"), parts=NO_PARTS)),
    "NaN": (FACTS, _block(times_samples=TIMES, scores=SCORES * np.nan, parts=NO_PARTS)),
    "too few scores": (FACTS, _block(times_samples=TIMES, scores=SCORES[1:], parts=NO_PARTS)),
    "scores in a square": (FACTS, _block(times_samples=TIMES[:4], scores=SCORES[:4].reshape(2, 2))),
    "times that go back": (FACTS, _block(times_samples=TIMES[::-1], scores=SCORES, parts=NO_PARTS)),
    "times of ages": (FACTS, _block(times_samples=TIMES + 2**60, scores=SCORES, parts=NO_PARTS)),
    "parts without names": (FACTS, _block(times_samples=TIMES, scores=SCORES, parts=SCORES[:, None])),
    "a maker of none": ({"maker": 7}, _block(times_samples=TIMES, scores=SCORES, parts=NO_PARTS)),
    "no maker": ({}, _block(times_samples=TIMES, scores=SCORES, parts=NO_PARTS)),
    "facts in a list": ([1], _block(times_samples=TIMES, scores=SCORES, parts=NO_PARTS)),
    "facts for arrays": ({**FACTS, "times_samples": [1], "scores": [0.5]}, _block(parts=NO_PARTS)),
}


def _forge(path: Path, facts: object, block: bytes) -> None:
    text = json.dumps(facts)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN")
        raw.execute(
            "UPDATE analysis SET facts = ?, arrays = ?, digest = ? WHERE id = 'score-1'",
            (text, block, digest(text.encode() + block)),
        )
        write_anew(raw, TABLE_NAMES)
        raw.execute("COMMIT")


def _damage(path: Path, key: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("UPDATE analysis SET arrays = zeroblob(length(arrays)) WHERE id = ?", (key,))


def _bomb(sizes: tuple[int, ...]) -> bytes:
    names = ("times_samples", "scores", "parts")
    return _packed(**{name: bytes(size) for name, size in zip(names, sizes, strict=False)})


@mostly_long("name", [*BOMBS, *HOSTILE], keep=["a bomb", *HOSTILE])
def test_an_analysis_that_no_listening_makes_is_left_out_and_told(path: Path, name: str) -> None:
    facts, block = (FACTS, _bomb(BOMBS[name])) if name in BOMBS else HOSTILE[name]
    _forge(path, facts, block)
    tracemalloc.start()
    try:
        with Document.open(path) as document:
            assert document.analysis("score") is None
            assert document.notice == SCORES_TOLD
            assert is_one_sentence(document.notice)
            assert "score" not in document.state.analyses
            assert document.analysis("beats") is not None
            assert document.state.proposals
            assert document.stored_analysis("score-1") is None
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_beats_in_the_place_of_scores_are_left_out_and_told(path: Path) -> None:
    with Document.open(path) as document:
        document.apply(set_analyses(document.state, {"score": "beats-1"}, "Swapped"))
    with Document.open(path) as document:
        assert document.analysis("score") is None
        assert document.notice == SCORES_TOLD


def test_a_damaged_analysis_is_told_by_the_verbs_and_in_the_window(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _damage(path, "score-1")
    for words in (("proposals", path, "--json"), ("decide", path, "accept", IDS[3])):
        assert main([str(word) for word in words]) == 0
        told = capsys.readouterr()
        assert told.err == f"offcut: warning: {SCORES_TOLD}\n"
        assert told.out
    session = Session()
    session.open(path)
    assert session.notice == SCORES_TOLD
    assert session.curve is None
    assert session.grid is not None
    session.close()


def test_every_damaged_analysis_is_named_until_it_is_heard_again(path: Path) -> None:
    with Document.open(path) as document:
        document.apply(
            set_analyses(document.state, {"beats": "beats-2"}, "Tapped"),
            {"beats-2": ANALYSES["beats-1"]},
        )
    for key in ("score-1", "beats-1"):
        _damage(path, key)
    with Document.open(path) as document:
        assert document.notice.startswith("Of jam.offcut the scores and earlier beats cannot be read")
        assert document.analysis("beats") is not None
        document.undo()
        assert document.analysis("beats") is None
        assert "the beats" in document.notice
        document.redo()
        document.apply(set_analyses(document.state, {"score": "score-1"}, "Listened"), ANALYSES)
        curve = document.analysis("score")
        assert curve is not None
        np.testing.assert_array_equal(curve.times_samples, BEATS)
    with Document.open(path) as document:
        assert document.notice == ""


@pytest.mark.parametrize(
    "fault",
    [
        {"onsets_samples": np.array([1.0, np.nan])},
        {"onsets_samples": np.array([1.0, 1e300])},
        {"tracks": np.array([0, 4], np.int16)},
        {"tracks": np.array([0, -1], np.int16)},
        {"strokes": np.array([1, 0], np.int32)},
        {"ornaments": np.array([0, len(ORNAMENTS)], np.int8)},
        {"confidences": np.array([0.5, 1.5], np.float32)},
        {"strengths_db": np.zeros(1, np.float32)},
        {"delays_samples": np.zeros(1)},
        {"role_confidences": np.ones(1, np.float32)},
        {"role_confidences": np.array([0.5, 1.5, 1.0, 1.0], np.float32)},
        {"track_ids": ("kick", "kick", "hat", "overhead")},
        {"track_ids": ("kick", 3, "hat", "overhead")},
    ],
)
def test_hits_that_nobody_plays_are_refused(fault: dict[str, object]) -> None:
    hits = made_hits([(1_000, 0, 0), (2_000, 1, 1)])
    require_analysis(hits)
    with pytest.raises(ValueError, match=r"."):
        require_analysis(replace(hits, **fault))


@pytest.mark.parametrize(
    "places", [[[-1, 2, 3]], [[5, 4, 9]], [[0, 5, 4]], [[7, 8, 9], [1, 2, 3]], [[1, 2]], [1, 2, 3]]
)
def test_false_starts_that_do_not_go_on_are_refused(places: list[object]) -> None:
    scores = ANALYSES["score-1"]
    require_analysis(replace(scores, false_starts_samples=np.array([[1, 2, 3], [7, 8, 9]])))
    with pytest.raises(ValueError, match=r"."):
        require_analysis(replace(scores, false_starts_samples=np.array(places)))


HEARD = DetectedSounds(
    np.array([(0, 10), (5, 20)], np.int64), ("cat", "crow"), np.array([0.5, 1.0], np.float32), "sounds-1"
)


@pytest.mark.parametrize(
    "fault",
    [
        {"spans_samples": np.array([(5, 20), (0, 10)])},
        {"spans_samples": np.array([(0, 0), (5, 20)])},
        {"spans_samples": np.array([(-1, 10), (5, 20)])},
        {"spans_samples": np.array([0, 10])},
        {"words": ("cat",)},
        {"words": ("cat", 7)},
        {"words": "ab"},
        {"likelihoods": np.array([0.5, 1.5], np.float32)},
        {"likelihoods": np.array([0.5, np.nan], np.float32)},
        {"likelihoods": np.array([0.5], np.float32)},
    ],
)
def test_sounds_that_cannot_be_are_refused(fault: dict[str, object]) -> None:
    require_analysis(HEARD)
    require_analysis(DetectedSounds())
    with pytest.raises(ValueError, match=r"."):
        require_analysis(replace(HEARD, **fault))


PICKED_UP = StrokePickup(("kick", "room"), np.array([[1.0, 0.4], [0.9, 1.0]], np.float32), "pickup-1")


@pytest.mark.parametrize(
    "fault",
    [
        {"shares": np.array([[1.0, 0.4]], np.float32)},
        {"shares": np.array([[1.0, 1.4], [0.9, 1.0]], np.float32)},
        {"shares": np.array([[1.0, np.nan], [0.9, 1.0]], np.float32)},
        {"shares": np.array([[1, 0], [0, 1]])},
        {"track_ids": ("kick",)},
        {"track_ids": ("kick", 7)},
    ],
)
def test_a_pickup_that_cannot_be_is_refused(fault: dict[str, object]) -> None:
    require_analysis(PICKED_UP)
    with pytest.raises(ValueError, match=r"."):
        require_analysis(replace(PICKED_UP, **fault))


def test_hits_that_cannot_be_are_left_out_and_told(path: Path) -> None:
    hits = replace(made_hits([(1_000, 0, 0)]), strokes=np.array([-1], np.int32))
    with Document.open(path) as document:
        document.apply(set_analyses(document.state, {"hits": "hits-1"}, "Heard"), {"hits-1": hits})
    with Document.open(path) as document:
        assert document.analysis("hits") is None
        assert "the drum hits" in document.notice
        assert document.analysis("beats") is not None
