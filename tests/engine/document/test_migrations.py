"""Documents of older versions: brought up to date, whole, and kept as they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import DocumentError
from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.document import Document
from engine.document.edits.tracks import add_tracks, set_track
from engine.document.file.rows import TABLES
from engine.document.file.schema import MIGRATIONS
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.transaction import digest, write_anew
from engine.document.state import DocumentState, Row
from engine.document.tracks import Clip
from tests.engine.document.conftest import RATE_HZ, a_source
from tests.engine.document.older import OLDER, as_version_6
from tests.engine.document.scripted import ANALYSES, review
from tests.sources import begun_at, each_alone


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as raw:
        return [name for _, name, *_ in raw.execute(f"PRAGMA table_info({table})")]


@pytest.fixture(params=OLDER)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def older(version: int, tmp_path: Path) -> Path:
    path = tmp_path / "old jam.offcut"
    path.write_bytes(OLDER[version].read_bytes())
    return path


def test_every_older_version_has_a_migration() -> None:
    assert list(MIGRATIONS) == list(OLDER)


def test_an_older_document_keeps_its_state_its_analyses_and_its_history(older: Path, tmp_path: Path) -> None:
    state = review(tmp_path / "new.offcut")
    with Document.open(older) as document:
        assert "was updated to this version" in document.notice
        assert not document.is_read_only
        assert document.state == state
        for kind, expected in (("score", ANALYSES["score-1"]), ("beats", ANALYSES["beats-1"])):
            found = document.analysis(kind)
            assert isinstance(found, ScoreCurve | BeatGrid)
            assert found.maker == expected.maker
            for field in set(expected.__dataclass_fields__) - {"maker"}:
                np.testing.assert_array_equal(getattr(found, field), getattr(expected, field))
        while document.undo() is not None:
            pass
        assert document.state == DocumentState()
    with Document.open(older) as again:
        assert again.notice == ""
        while again.redo() is not None:
            pass


def test_an_older_document_is_kept_as_it_was(older: Path, version: int) -> None:
    with Document.open(older) as document:
        kept = Path(document.notice.partition("a backup of the old file is ")[2].rstrip("."))
    for _ in range(9):  # more than there are rolling backups
        with Document.open(older) as document:
            document.undo()
    with closing(sqlite3.connect(kept)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (version,)
    with Document.open(kept) as document:
        assert document.state.proposals


def test_without_room_to_keep_it_an_older_document_is_not_changed(
    older: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = older.read_bytes()
    (tmp_path / "data").write_text("no folder")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with pytest.raises(DocumentError, match="cannot be updated without a backup"):
        Document.open(older)
    assert older.read_bytes() == before


def test_a_damaged_older_document_is_refused_and_left_alone(older: Path) -> None:
    with closing(sqlite3.connect(older, isolation_level=None)) as raw:
        raw.execute("DROP TABLE analysis")
    before = older.read_bytes()
    with pytest.raises(DocumentError, match=r"is not an Offcut document \(it has no table 'analysis'\)"):
        Document.open(older)
    assert older.read_bytes() == before


def test_damage_is_not_given_a_sound_checksum_by_a_migration(tmp_path: Path) -> None:
    older = tmp_path / "old jam.offcut"
    older.write_bytes(OLDER[2].read_bytes())
    with closing(sqlite3.connect(older, isolation_level=None)) as raw:
        raw.execute("UPDATE decision SET alternative = alternative + 1")
    before = older.read_bytes()
    with pytest.raises(DocumentError, match=r"is damaged \(its decision"):
        Document.open(older)
    assert older.read_bytes() == before


@pytest.mark.parametrize("row_type", TABLES, ids=lambda row_type: row_type.__name__)
def test_columns_are_the_fields_in_order_in_new_and_in_older_documents(
    older: Path, tmp_path: Path, row_type: type[Row]
) -> None:
    review(tmp_path / "new.offcut", steps=1)
    Document.open(older).close()
    table = TABLES[row_type]
    for path in (older, tmp_path / "new.offcut"):
        assert columns(path, table.name) == list(table.columns)
        for other in ("history", "analysis", "checksum"):
            assert columns(path, other) == columns(tmp_path / "new.offcut", other)


WHOLE = (
    (Clip("clip-one", "one", 0, 0, 600 * RATE_HZ),),
    (Clip("clip-two", "two", 0, 0, 600 * RATE_HZ),),
)


def test_each_track_of_an_older_document_has_one_clip_of_its_whole_source(older: Path) -> None:
    with Document.open(older) as document:
        assert tuple(track.clips for track in document.state.tracks) == WHOLE
        assert all(document.state.is_one_source(track) for track in document.state.tracks)
        document.redo()  # one of the tracks was taken off, and that was undone
        assert tuple(track.clips for track in document.state.tracks) == WHOLE[:1]
        while document.undo() is not None:
            assert tuple(track.clips for track in document.state.tracks) in ((), WHOLE)


def _undone(path: Path) -> None:
    """Undo everything in a document of version 6, as that version does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN")
        for table in ("source", "track", "proposal", "decision", "setting", "current_analysis"):
            raw.execute(f"DELETE FROM {table}")
        raw.execute("UPDATE history SET undone = 1")
        write_anew(raw, TABLE_NAMES)
        raw.execute("COMMIT")


def test_an_import_undone_before_is_redone_after(tmp_path: Path) -> None:
    path = tmp_path / "old jam.offcut"
    path.write_bytes(OLDER[6].read_bytes())
    _undone(path)
    with Document.open(path) as document:
        assert document.state == DocumentState()
        assert document.redo_label == "Imported 2 recordings"
        document.redo()
        assert document.state.rate_hz == RATE_HZ
        assert tuple(track.clips for track in document.state.tracks) == WHOLE
        while document.redo() is not None:
            pass
    with Document.open(path) as again:
        assert tuple(track.clips for track in again.state.tracks) == WHOLE[:1]


@pytest.mark.parametrize("rates", [(44_100, 48_000), (96_000, 44_100), (11_025, 48_000), (48_000, 192_000)])
@pytest.mark.parametrize("frames", [3, 147, 4_801, 12_345_677])
def test_a_whole_clip_is_as_long_as_its_source_at_the_rate_of_the_document(
    tmp_path: Path, rates: tuple[int, int], frames: int
) -> None:
    path = tmp_path / "rates.offcut"
    own_hz, rate_hz = rates
    source = replace(a_source("x"), rate_hz=own_hz, frames=frames)
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([source], ["X"]), rate_hz))
        document.apply(set_track(document.state, "track-x", gain_db=-3.0))
        state = document.state
    as_version_6(path)
    with Document.open(path) as document:
        assert document.state == state
        document.undo()
        document.undo()
        document.redo()
        document.redo()
        assert document.state == state


def test_a_track_that_began_later_still_does(tmp_path: Path) -> None:
    path = tmp_path / "late.offcut"
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([a_source("x")], ["X"])))
        (track,) = document.state.tracks
        document.apply(set_track(document.state, track.id, clips=begun_at(track, 4_801).clips))
        state = document.state
    as_version_6(path)
    with Document.open(path) as document:
        assert document.state == state
        assert document.state.tracks[0].start_samples == 4_801
        document.undo()
        assert document.state.tracks == (track,)


DAMAGED = {
    "a row of words": '[["track",null,["t","s"]]]',
    "a row that is a number": '[["track",null,5]]',
    "a row that is an object": '[["source",{"id":1},null]]',
    "a short source": '[["source",null,["one"]]]',
    "a source of another type": '[["source",null,["one",1,2,"48000",2,"9","WAV","PCM_24"]]]',
    "a source whose id is a list": '[["source",null,[["one"],1,2,48000,2,9,"WAV","PCM_24"]]]',
    "a source of a list of frames": '[["source",null,["gone",1,2,48000,2,[0],"WAV","PCM_24"]],["track",null,'
    '["t","gone","n",0,0,"",0.0,0,0,0.0,"","",0,0,1,"waveform"]]]',
    "a track of a source that is gone": '[["track",null,["t","gone","n",0,0,"",0.0,0,0,0.0,"","",0,0,1,'
    '"waveform"]]]',
    "a track of a list": '[["track",null,["t",["one"],"n",0,0,"",0.0,0,0,0.0,"","",0,0,1,"waveform"]]]',
    "a track that begins nowhere": '[["track",null,["t","one","n",0,null,"",0.0,0,0,0.0,"","",0,0,1,'
    '"waveform"]]]',
    "a rate in words": '[["setting",null,["rate_hz","fast"]]]',
    "a rate of a list": '[["setting",null,["rate_hz",[48000]]]]',
    "a number": '[7,"rate_hz"]',
    "an object": '{"rate_hz":1}',
    "a text": '"rate_hz"',
    "not JSON": '[["track",null,',
    "nested without end": '[["track",' + "[" * 100_000,
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("is_summed", [True, False])
def test_a_damaged_step_stays_so_and_the_document_opens(tmp_path: Path, name: str, is_summed: bool) -> None:
    path = tmp_path / "old jam.offcut"
    path.write_bytes(OLDER[6].read_bytes())
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN")
        last = raw.execute("SELECT max(step) FROM history WHERE NOT undone").fetchone()[0]
        raw.execute("UPDATE history SET changes = ? WHERE step = ?", (DAMAGED[name], last))
        if is_summed:
            values = digest(DAMAGED[name].encode()), last
            raw.execute("UPDATE history SET digest = ? WHERE step = ?", values)
        write_anew(raw, TABLE_NAMES)
        raw.execute("COMMIT")
    _is_opened_and_cannot_be_undone(path, r"is damaged|changed meanwhile")


def _is_opened_and_cannot_be_undone(path: Path, reason: str) -> None:
    with Document.open(path) as document:
        state = document.state
        assert tuple(track.clips for track in state.tracks) == WHOLE
        with pytest.raises(DocumentError, match=reason):
            document.undo()
        assert document.state is state


def test_a_step_that_is_not_text_any_more_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "old jam.offcut"
    path.write_bytes(OLDER[6].read_bytes())
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        last = raw.execute("SELECT max(step) FROM history WHERE NOT undone").fetchone()[0]
        raw.execute(
            "UPDATE history SET changes = CAST(x'5b5b22747261636b222cff' AS TEXT) WHERE step = ?", (last,)
        )
    _is_opened_and_cannot_be_undone(path, "decode to UTF-8")
