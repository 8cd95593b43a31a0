"""Rows of a document as its file holds them: written and read, of older versions, damaged, and as before."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from engine.document.file.checks import require_sizes, short_rows
from engine.document.file.rows import TABLES, Table, changes_from_json, changes_to_json, json_value
from engine.document.file.schema import (
    SCHEMA_VERSION,
    STATEMENTS,
    ForeignLayoutError,
    layout_of,
    require_layout,
)
from engine.document.limits import MOST_ROWS
from engine.document.proposals import Alternative, Decision, Proposal, ReferenceExample, Verdict
from engine.document.state import CurrentAnalysis, Marker, Row, RowChange, Setting
from engine.document.tracks import Clip, Picture, Source, Track
from tests.as_before import require_as_before
from tests.engine.document.scripted import STEPS, review

ODD = "\udc80 é 🎸\n\x00"
ROWS: tuple[Row, ...] = (
    Source("s", f"/band/{ODD}.wav", "hash", 44_100, 64, 2**38, "WAV", "PCM_16"),
    Source("s2", "\0first", "", 4_000, 1, 1, "", ""),
    Track(
        "t",
        ODD,
        3,
        "Drums",
        -3.5,
        True,
        False,
        -1.0,
        "#5fa8b5",
        "kick",
        90,
        True,
        False,
        Picture.SPECTROGRAM,
        (
            Clip("c", "s", -5, 0, 2**38),
            Clip("d", "s2", 2**40, 2**37, 9, -6.5, 4, 5, ODD, True),
        ),
    ),
    Track("t2", "", 0),
    Proposal("p", "cut", 0, 2**43, 0.25, ODD, "m"),
    Proposal(
        "q",
        "hit",
        5,
        5,
        -0.0,
        "",
        "",
        (Alternative("a", -5, 9), Alternative("b", 0, 0, {"x": [1]})),
        {"by": 1.5, "deep": {"a": [None, True, "z"]}},
        ReferenceExample("b/\udc80.wav", 1.0, 2.5, 0.0, -3.0),
        ("t", "t2"),
    ),
    Proposal("r", "cut", 1, 2, 1.0, "", "", (), {}, ReferenceExample("b", 0.0, 1.0, 2.0)),
    Decision("p"),
    Decision("q", Verdict.REJECTED, 1_000, 0, None, True, {"times": 3}, ODD),
    Marker("m", 0, 2**43, ODD),
    Setting("x", {"a": [1, 2.5, None, "é"]}),
    CurrentAnalysis("beats", "beats-1"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_a_row_is_read_as_it_was_written(row: Row) -> None:
    table = TABLES[type(row)]
    written = table.encode_all([row, row])
    assert written[0] == written[1] == tuple(table.encode_all([row])[0])
    assert table.decode(written[0]) == row
    assert table.decode_all([written[0]] * 3) == [row] * 3
    assert table.decode_all([(*written[0], "of a newer version")]) == [row]
    assert all(value is None or isinstance(value, int | float | str) for value in written[0])
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.executemany(table.insert, written)
        key = written[0][0]
        assert connection.execute(table.select_some(2), (key, "none")).fetchall() == [written[0]]
        connection.execute(table.delete_one, (key,))
        assert connection.execute(table.select_some(1), (key,)).fetchall() == []


def test_no_kind_of_row_is_forgotten() -> None:
    assert {type(row) for row in ROWS} == TABLES.keys()
    assert all(table.decode_all([]) == [] for table in TABLES.values())


def test_changes_are_read_as_they_were_written() -> None:
    changes = [RowChange(None, row) for row in ROWS] + [RowChange(row, None) for row in ROWS]
    changes += [RowChange(ROWS[3], ROWS[2]), RowChange(ROWS[-1], replace(ROWS[-1], analysis_id="b2"))]
    assert changes_from_json(changes_to_json(changes)) == tuple(changes)
    assert changes_from_json("[]") == ()
    assert changes_from_json(changes_to_json([])) == ()
    for row, count in ((ROWS[4], 9), (ROWS[7], 6)):
        old = json.loads(changes_to_json([RowChange(None, row)]))
        old[0][2] = old[0][2][:count]  # of the first version, before there were notes and evidence
        assert changes_from_json(json.dumps(old)) == (RowChange(None, row),)
    for harm in (
        '[["marker",null,null]]',
        '[["none",null,["m",0,0,""]]]',
        "5",
        '[["marker",null]]',
        "[[]]",
        "[NaN]",
    ):
        with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
            changes_from_json(harm)


ODD_CLIPS: tuple[dict[str, object], ...] = (
    {"id": ""},
    {"id": 5},
    {"id": None},
    {"id": "x" * 1_001},
    {"id": "\ud800"},
    {"source_id": ""},
    {"source_id": ["s"]},
    {"start_samples": 0.0},
    {"start_samples": "0"},
    {"start_samples": True},
    {"start_samples": None},
    {"start_samples": 2**60},
    {"start_samples": -(2**60)},
    {"offset_samples": -1},
    {"offset_samples": 0.5},
    {"offset_samples": 2**60},
    {"length_samples": 0},
    {"length_samples": -9},
    {"length_samples": 2**60},
    {"gain_db": float("nan")},
    {"gain_db": float("inf")},
    {"gain_db": 6_000.0},
    {"gain_db": "-3"},
    {"gain_db": True},
    {"fade_in_samples": -1},
    {"fade_in_samples": 101},
    {"fade_out_samples": 101},
    {"fade_in_samples": 60, "fade_out_samples": 41},
    {"fade_out_samples": 0.5},
    {"name": 5},
    {"name": "\ud800"},
    {"name": "x" * 50_001},
    {"is_locked": 2},
    {"is_locked": "yes"},
    {"is_locked": None},
)


def clips_of(**values: object) -> str:
    """Return the text of one clip of 100 samples, with other values."""
    return json.dumps([list((asdict(Clip("c", "s", 0, 0, 100)) | values).values())])


HARMS: tuple[tuple[type[Row], int, object], ...] = (
    (Proposal, 7, "{}"),
    (Proposal, 7, '[["a",1]]'),
    (Proposal, 7, '[["a",1,2,{},5]]'),
    (Proposal, 7, '[["a",1,2,[]]]'),
    (Proposal, 7, '[["a",2,1]]'),
    (Proposal, 7, "[[5,1,2]]"),
    (Proposal, 7, "[5]"),
    (Proposal, 7, "[],[]"),
    (Proposal, 7, ""),
    (Proposal, 7, '[["a",1,2,{"x":NaN}]]'),
    (Proposal, 8, "[]"),
    (Proposal, 8, "null"),
    (Proposal, 8, '{"a":Infinity}'),
    (Proposal, 8, "{},{}"),
    (Proposal, 8, '{"a":' + "[" * 40 + "]" * 40 + "}"),
    (Proposal, 9, "5"),
    (Proposal, 9, '["a",1,2]'),
    (Proposal, 9, '["a",1,2,"3"]'),
    (Proposal, 9, '["a",1,2,3,4,5]'),
    (Proposal, 9, "[5,1,2,3]"),
    (Proposal, 9, '["\\ud800",1,2,3]'),
    (Proposal, 10, '"t"'),
    (Proposal, 10, "[5]"),
    (Proposal, 10, '[""]'),
    (Proposal, 5, '\0"\\ud800"'),
    (Proposal, 5, "\0[5]"),
    (Proposal, 5, "\0x"),
    (Decision, 1, "perhaps"),
    (Decision, 6, "[]"),
    (Decision, 6, "5"),
    (Track, 13, "oil"),
    (Track, 14, ""),
    (Track, 14, "{}"),
    (Track, 14, "null"),
    (Track, 14, "[5]"),
    (Track, 14, "[],[]"),
    (Track, 14, "[[]]"),
    *((Track, 14, clips_of(**values)) for values in ODD_CLIPS),
    (Track, 14, clips_of()[:-2] + ",1]]"),
    (Track, 14, clips_of()[:-8] + "]]"),
    (Setting, 1, "nan"),
    (Setting, 1, '"\\ud800"'),
    (Setting, 1, "1,2"),
    (Setting, 1, "[" * 100_000),
)


@pytest.mark.parametrize(("row_type", "column", "value"), HARMS, ids=str)
def test_a_row_that_no_version_wrote_is_refused(row_type: type[Row], column: int, value: object) -> None:
    table = TABLES[row_type]
    row = next(row for row in ROWS if isinstance(row, row_type))
    values = list(table.encode_all([row])[0])
    values[column] = value
    with pytest.raises((ValueError, TypeError)):
        table.decode_all([table.encode_all([row])[0], values])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_json_has_no_word_for_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        changes_to_json([RowChange(None, Setting("x", value))])
    with pytest.raises(ValueError, match="JSON compliant"):
        TABLES[Setting].encode_all([Setting("x", value)])


def test_thousands_of_texts_are_read_as_one() -> None:
    table = TABLES[Setting]
    rows = [Setting(f"s{number}", number) for number in range(2_001)]
    assert table.decode_all(table.encode_all(rows)) == rows
    assert json_value("[1, 2]") == [1, 2]
    assert isinstance(table, Table)


def test_a_payload_of_many_is_one_object() -> None:
    table = TABLES[Proposal]
    rows = [replace(ROWS[4], id=f"p{number}", payload={"crossfade_ms": 20.0}) for number in range(3)]
    read = table.decode_all(table.encode_all(rows))
    assert read[0].payload is read[2].payload


def test_a_document_file_holds_value_by_value_what_it_held(tmp_path: Path) -> None:
    for steps in (4, 12, len(STEPS)):
        path = tmp_path / f"{steps}.offcut"
        review(path, steps)
        with closing(sqlite3.connect(path)) as connection:
            told = {
                table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
                for table, columns in (
                    *((one.name, "*") for one in TABLES.values()),
                    ("history", "step, label, changes, merges_as, undone"),
                    ("analysis", "id, kind, facts"),
                )
            }
            told["sums"] = connection.execute(
                "SELECT * FROM checksum WHERE name <> 'analysis' ORDER BY 1"
            ).fetchall()
            told["version"] = connection.execute("PRAGMA user_version").fetchall()
        require_as_before("files", str(steps), told)


def test_older_versions_have_the_tables_they_had() -> None:
    for version in range(1, SCHEMA_VERSION + 1):
        require_as_before("files", f"layout {version}", layout_of(version))


def _with_tables() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in STATEMENTS:
        connection.execute(statement)
    return connection


def test_what_a_file_has_beside_its_tables_is_named_in_forty_letters() -> None:
    with closing(_with_tables()) as connection:
        require_layout(connection, SCHEMA_VERSION)
        require_layout(connection, SCHEMA_VERSION + 1)
        connection.execute(f"CREATE TABLE {'x' * 60} (a)")
        with pytest.raises(ForeignLayoutError) as refused:
            require_layout(connection, SCHEMA_VERSION)
        assert str(refused.value) == f"it has a 'table' '{'x' * 40}' that no Offcut makes"
        require_layout(connection, SCHEMA_VERSION + 1)
        connection.execute("DROP TABLE marker")
        for version in (SCHEMA_VERSION, SCHEMA_VERSION + 1):
            with pytest.raises(ForeignLayoutError):
                require_layout(connection, version)


def test_a_file_of_more_rows_or_longer_ones_than_any_is_refused() -> None:
    with closing(_with_tables()) as connection:
        names = [one.name for one in TABLES.values()] + ["history", "analysis", "checksum", "stored_audio"]
        require_sizes(connection, names)
        most = MOST_ROWS["current_analysis"]
        rows = [(f"k{number}", "a") for number in range(most)]
        connection.executemany("INSERT INTO current_analysis VALUES (?, ?)", rows)
        require_sizes(connection, names)
        connection.execute("INSERT INTO current_analysis VALUES ('one more', 'a')")
        with pytest.raises(ValueError, match="it has 1,001 rows of current_analysis, and 1,000 are the most"):
            require_sizes(connection, names)
        connection.execute("DELETE FROM current_analysis")
        connection.execute("INSERT INTO analysis VALUES (?, 'score', '{}', x'', 0)", ("a" * 1_000,))
        require_sizes(connection, names)
        connection.execute("INSERT INTO analysis VALUES (?, 'score', '{}', x'', 0)", ("a" * 1_001,))
        with pytest.raises(ValueError, match=r"it has 1,001 letters in analysis\.id, and 1,000 are the most"):
            require_sizes(connection, names)


def test_long_rows_are_refused_while_a_file_is_looked_at_and_not_after() -> None:
    with closing(_with_tables()) as connection:
        before = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
        with short_rows(connection):
            assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == 2_097_152
        assert connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) == before
