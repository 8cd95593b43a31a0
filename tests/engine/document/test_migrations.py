"""Documents of older versions: brought up to date, whole, and kept as they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.change import Row
from engine.document.document import Document
from engine.document.file.migrations import MIGRATIONS
from engine.document.file.rows import TABLES
from engine.document.file.schema import SCHEMA_VERSION
from engine.document.state import DocumentState
from engine.errors import DocumentError
from tests.engine.document.scripted import ANALYSES, review

# A file of each version, made by the code of its time from the same scripted review.
OLDER = {
    version: Path(__file__).with_name(f"version-{version}.offcut") for version in range(1, SCHEMA_VERSION)
}


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
