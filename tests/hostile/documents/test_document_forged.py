"""Documents that somebody made to harm: every checksum is right, and what they hold no Offcut would write."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.errors import DocumentError
from engine.document import limits
from engine.document.document import Document
from engine.document.edits.proposals import decide, set_settings
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.transaction import digest, write_anew
from engine.document.proposals import Verdict
from engine.document.tracks import Clip
from engine.sound import opening
from tests.engine.document.scripted import IDS, review
from tests.engine.document.test_migrations import OLDER
from tests.hostile.status import is_one_sentence
from tests.mostly_long import mostly_long

_FIELDS = [field.name for field in fields(Clip)]


def _clip(field: str, value: str) -> str:
    """Return a statement that changes a field of the first track's clip to a value in SQL."""
    place = _FIELDS.index(field)
    return f"UPDATE track SET clips = json_set(clips, '$[0][{place}]', {value}) WHERE id = 'track-one'"


# What is written into the file, and what the refusal must say of it.
LAYOUTS = {
    "a view": ("CREATE VIEW spy AS SELECT * FROM source", "a 'view' 'spy'"),
    "a view for a table": (
        "ALTER TABLE marker RENAME TO hidden; CREATE VIEW marker AS SELECT * FROM hidden",
        "'hidden'|'marker'",
    ),
    "a trigger": (
        "CREATE TRIGGER boom AFTER INSERT ON decision BEGIN DELETE FROM decision; END",
        "a 'trigger' 'boom'",
    ),
    "an index": ("CREATE INDEX slow ON proposal (reason)", "a 'index' 'slow'"),
    "an index of an expression": ("CREATE INDEX slow ON proposal (hex(reason))", "a 'index' 'slow'"),
    "another table": ("CREATE TABLE stowaway (x)", "a 'table' 'stowaway'"),
    "a table named as SQL": ('CREATE TABLE "checksum; DROP TABLE track" (x)', "a 'table' 'checksum; DROP"),
    "a virtual table": ("CREATE VIRTUAL TABLE words USING fts5(x)", "a 'table' 'words"),
    "a column more": ("ALTER TABLE track ADD COLUMN weight REAL", "table 'track'"),
    "a column less": ("ALTER TABLE track DROP COLUMN picture", "table 'track'"),
    "a column renamed": ("ALTER TABLE marker RENAME COLUMN name TO title", "table 'marker'"),
    "a computed column": (
        "ALTER TABLE setting ADD COLUMN bomb TEXT AS (hex(zeroblob(500000000)))",
        "table 'setting'",
    ),
    "no checksums": ("DROP TABLE checksum", "no table 'checksum'"),
    "no markers": ("DROP TABLE marker", "no table 'marker'"),
    "types that are none": (
        "DROP TABLE marker; CREATE TABLE marker (id, start_samples, stop_samples, name)",
        "table 'marker'",
    ),
    "a check": (
        "DROP TABLE setting; CREATE TABLE setting"
        " (id TEXT PRIMARY KEY, value TEXT NOT NULL, CHECK (length(hex(zeroblob(9))) > 0)) STRICT",
        "table 'setting'",
    ),
    "a default that is computed": (
        "DROP TABLE current_analysis; CREATE TABLE current_analysis"
        " (id TEXT PRIMARY KEY, analysis_id TEXT NOT NULL DEFAULT (hex(randomblob(9)))) STRICT",
        "table 'current_analysis'",
    ),
    "version 0": ("PRAGMA user_version = 0", "no version 0"),
    "version -1": ("PRAGMA user_version = -1", "no version -1"),
    "the tables of another version": ("PRAGMA user_version = 1", "it has a 'table'|table '"),
    "a newer version without its tables": (
        "PRAGMA user_version = 9; DROP TABLE marker",
        "table 'marker' is not as any",
    ),
    "a newer version with a view": (
        "PRAGMA user_version = 9; DROP TABLE marker;"
        " CREATE VIEW marker AS SELECT id, 0 start_samples, 0 stop_samples, path name FROM source",
        "table 'marker' is not as any",
    ),
}

ROWS = {
    "a rate of none": ("UPDATE setting SET value = '0' WHERE id = 'rate_hz'", "it has no rate"),
    "no rate": ("DELETE FROM setting WHERE id = 'rate_hz'", "it has no rate"),
    "a rate below 0": ("UPDATE setting SET value = '-48000' WHERE id = 'rate_hz'", "rate is -48000"),
    "a rate of 1 Hz": ("UPDATE setting SET value = '1' WHERE id = 'rate_hz'", "rate is 1"),
    "a rate beyond all": ("UPDATE setting SET value = '1e300' WHERE id = 'rate_hz'", "rate is 1e"),
    "a rate in words": ("UPDATE setting SET value = '\"fast\"' WHERE id = 'rate_hz'", "rate is 'fast'"),
    "a rate that is true": ("UPDATE setting SET value = 'true' WHERE id = 'rate_hz'", "rate is True"),
    "a setting that is no JSON": ("UPDATE setting SET value = '{' WHERE id = 'percentile'", "damaged"),
    "a setting that is two": ("UPDATE setting SET value = '1,2' WHERE id = 'percentile'", "one JSON value"),
    "a setting that is NaN": (
        "UPDATE setting SET value = 'NaN' WHERE id = 'percentile'",
        "NaN is not a number",
    ),
    "a setting without end": ("UPDATE setting SET value = '1e999' WHERE id = 'percentile'", "inf is no"),
    "a setting out of its limits": ("UPDATE setting SET value = '101' WHERE id = 'percentile'", "percentile"),
    "a setting of another type": ("UPDATE setting SET value = '[1]' WHERE id = 'percentile'", "percentile"),
    "a setting nested 100 deep": (
        f"INSERT INTO setting VALUES ('x', '{'[' * 100}{']' * 100}')",
        "nested more than",
    ),
    "a setting nested 100,000 deep": (
        f"INSERT INTO setting VALUES ('x', '{'[' * 100_000}{']' * 100_000}')",
        "nested without end",
    ),
    "a setting of a megabyte": ("INSERT INTO setting VALUES ('x', hex(zeroblob(500000)))", "1,000,000 let"),
    "a row of many megabytes": ("INSERT INTO setting VALUES ('x', hex(zeroblob(5000000)))", "too big"),
    "a setting that is half a letter": ("INSERT INTO setting VALUES ('x', '\"\\ud800\"')", "surrogate"),
    "a number of a million digits": (
        "INSERT INTO setting VALUES ('x', replace(hex(zeroblob(100000)), '0', '9'))",
        "damaged",
    ),
    "a hundred thousand settings": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " INSERT INTO setting SELECT 's' || i, '1' FROM n",
        "rows of setting",
    ),
    "a million and more proposals": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000001)"
        " INSERT INTO proposal"
        " SELECT i, 'cut', i, i, 0.5, '', '', '[]', '{}', 'null', 'null', 'strong' FROM n",
        "rows of proposal",
    ),
    "a source at 1 Hz": ("UPDATE source SET rate_hz = 1", "source.rate_hz holds 1"),
    "a source at 0 Hz": ("UPDATE source SET rate_hz = 0", "source.rate_hz holds 0"),
    "a source of 65 channels": ("UPDATE source SET channels = 65", "source.channels holds 65"),
    "a source of no channel": ("UPDATE source SET channels = 0", "source.channels holds 0"),
    "a source of less than nothing": ("UPDATE source SET frames = -1", "source.frames holds -1"),
    "a source of 60 million years": ("UPDATE source SET frames = 9223372036854775807", "source.frames"),
    "a source without a path": ("UPDATE source SET path = ''", "source.path holds an empty"),
    "a source with half a name": (
        "UPDATE source SET path = char(0) || '\"/a\\ud800.wav\"'",
        "surrogate",
    ),
    "a source whose name is not text": ("UPDATE source SET path = char(0) || '[1]'", "is not text"),
    "a track without a clip": ("UPDATE track SET clips = '[]'", "track 'track-one' has no clip"),
    "clips that are none": ("UPDATE track SET clips = 'null'", "type NoneType"),
    "clips that are an object": ("UPDATE track SET clips = '{}'", "type dict"),
    "clips of numbers": ("UPDATE track SET clips = '[5]'", "type int"),
    "clips of two fields": ('UPDATE track SET clips = \'[["c","one"]]\'', "a list of 2 where 10 belong"),
    "clips that are no JSON": ("UPDATE track SET clips = '[['", "damaged"),
    "clips nested without end": (f"UPDATE track SET clips = '{'[' * 100_000}'", "damaged"),
    "two clips with one id": (
        "UPDATE track SET clips = '[' || substr(clips, 2, length(clips) - 2) || ',' || substr(clips, 2)",
        "there are two clips 'clip-one'",
    ),
    "one clip on two tracks": (
        "UPDATE track SET clips = (SELECT clips FROM track WHERE id = 'track-one')",
        "there are two clips 'clip-one'",
    ),
    "a clip without an id": (_clip("id", "''"), "clip.id holds an empty"),
    "a clip whose id is a number": (_clip("id", "5"), "clip.id holds a value of type int"),
    "a clip whose id is half a letter": (
        "UPDATE track SET clips = replace(clips, 'clip-one', '\\ud800')",
        "surrogate",
    ),
    "a clip without a source": (_clip("source_id", "'gone'"), "clip 'clip-one' has no source"),
    "a clip of no source": (_clip("source_id", "NULL"), "clip.source_id holds a value of type NoneType"),
    "a clip beyond all": (_clip("start_samples", "9000000000000000000"), "clip.start_samples holds 9"),
    "a clip long before": (_clip("start_samples", "-9000000000000000000"), "clip.start_samples holds -9"),
    "a clip after years": (_clip("start_samples", "2000000000000"), "longer than any"),
    "a clip in between": (_clip("start_samples", "0.5"), "type float"),
    "a clip beyond its source": (_clip("offset_samples", "1"), "reaches beyond its source"),
    "a clip longer than its source": (_clip("length_samples", "28800001"), "reaches beyond its source"),
    "a clip before its source": (_clip("offset_samples", "-1"), "clip.offset_samples holds -1"),
    "a clip of nothing": (_clip("length_samples", "0"), "clip.length_samples holds 0"),
    "a clip that goes back": (_clip("length_samples", "-9"), "clip.length_samples holds -9"),
    "a clip as long as a word": (_clip("length_samples", "'9'"), "type str"),
    "a clip with NaN": ("UPDATE track SET clips = replace(clips, ',0.0,', ',NaN,')", "NaN is not a number"),
    "a clip without end": (
        "UPDATE track SET clips = replace(clips, ',0.0,', ',1e999,')",
        "clip.gain_db holds",
    ),
    "a deafening clip": (_clip("gain_db", "6000"), "clip.gain_db holds 6000"),
    "a clip with a fade before it": (_clip("fade_in_samples", "-1"), "clip.fade_in_samples holds -1"),
    "a clip with a longer fade": (
        _clip("fade_out_samples", "28800001"),
        "fades of 28800001 samples",
    ),
    "a clip with a half fade": (_clip("fade_in_samples", "0.5"), "type float"),
    "a clip with a long name": (_clip("name", "hex(zeroblob(50000))"), "clip.name holds a text"),
    "a clip whose name is a list": (_clip("name", "json('[]')"), "type list"),
    "a clip that is locked twice": (_clip("is_locked", "2"), "clip.is_locked holds 2"),
    "clips in bulk": (
        "UPDATE track SET clips = '[' || replace(hex(zeroblob(1000000)), '0', '[],') || '[]]'",
        "damaged",
    ),
    "a gain without end": ("UPDATE track SET gain_db = 9e999", "track.gain_db holds inf"),
    "a deafening gain": ("UPDATE track SET gain_db = 6000", "track.gain_db holds 6000"),
    "a pan out of the room": ("UPDATE track SET pan = 1.5", "track.pan holds 1.5"),
    "half muted": ("UPDATE track SET mute = 7", "track.mute holds 7"),
    "a colour that is markup": ("UPDATE track SET color = '<b>'", "track.color holds"),
    "a lane below 0": ("UPDATE track SET height_px = -5", "track.height_px"),
    "a picture of none": ("UPDATE track SET picture = 'porn'", "not one of waveform"),
    "a long name": ("UPDATE track SET name = hex(zeroblob(50000))", "track.name holds a text"),
    "a track without an id": ("UPDATE track SET id = '' WHERE id = 'track-one'", "track.id holds an empty"),
    "a span that ends before it starts": ("UPDATE proposal SET stop_samples = start_samples - 1", "proposal"),
    "a span before the start": ("UPDATE proposal SET start_samples = -1", "proposal.start_samples holds -1"),
    "a span of ages": ("UPDATE proposal SET stop_samples = 9223372036854775807", "proposal.stop_samples"),
    "a score without end": ("UPDATE proposal SET score = -9e999", "proposal.score holds -inf"),
    "a kind of none": ("UPDATE proposal SET kind = ''", "proposal.kind holds an empty"),
    "alternatives that are none": ("UPDATE proposal SET alternatives = '7'", "damaged"),
    "alternatives of letters": ("UPDATE proposal SET alternatives = '[\"abc\"]'", "damaged"),
    "an alternative of two": ("UPDATE proposal SET alternatives = '[[\"a\",1]]'", "damaged"),
    "an alternative that goes back": (
        "UPDATE proposal SET alternatives = '[[\"a\",9,1]]'",
        "proposal.alternatives holds 9",
    ),
    "an alternative in between": ("UPDATE proposal SET alternatives = '[[\"a\",0.5,1]]'", "type float"),
    "an alternative as an object": ("UPDATE proposal SET alternatives = '{\"abc\":1}'", "type dict"),
    "alternatives in bulk": (
        "UPDATE proposal SET alternatives = '[' || replace(hex(zeroblob(200000)), '0', '[],') || '[]]'",
        "proposal.alternatives holds a text",
    ),
    "a payload that is a list": ("UPDATE proposal SET payload = '[]'", "a payload is"),
    "a payload that is NaN": ("UPDATE proposal SET payload = '{\"crossfade_ms\":NaN}'", "NaN"),
    "a payload without end": ("UPDATE proposal SET payload = '{\"crossfade_ms\":1e999}'", "inf"),
    "kept that is a number": ("UPDATE proposal SET nearest_kept = '5'", "damaged"),
    "kept without a path": ("UPDATE proposal SET nearest_kept = '[null,0,1,1,0]'", "type NoneType"),
    "kept at no time": (
        "UPDATE proposal SET nearest_kept = '[\"/a\",1e999,1,1,0]'",
        "nearest_kept holds inf",
    ),
    "kept at a word": ('UPDATE proposal SET nearest_kept = \'["/a",0,"1",1,0]\'', "type str"),
    "kept as true": ("UPDATE proposal SET nearest_kept = '[\"/a\",0,1,true,0]'", "type bool"),
    "a verdict of none": ("UPDATE decision SET verdict = 'maybe'", "not one of undecided"),
    "an alternative that is none": ("UPDATE decision SET alternative = 7", "has no alternative 7"),
    "an alternative below 0": ("UPDATE decision SET alternative = -1", "decision.alternative holds -1"),
    "edges that go back": ("UPDATE decision SET start_samples = 9, stop_samples = 2", "after its stop"),
    "edges before the start": ("UPDATE decision SET start_samples = -9", "decision.start_samples holds -9"),
    "a flag of many": ("UPDATE decision SET flagged = 2", "decision.flagged holds 2"),
    "a region that goes back": ("INSERT INTO marker VALUES ('m', 9, 3, 'Verse')", "marker.start_samples"),
    "a marker before the start": ("INSERT INTO marker VALUES ('m', -9, 3, 'Verse')", "holds -9"),
    "a marker of ages": ("INSERT INTO marker VALUES ('m', 0, 9223372036854775807, 'V')", "marker.stop_sam"),
    "a marker with a long name": (
        "INSERT INTO marker VALUES ('m', 0, 0, hex(zeroblob(90000)))",
        "marker.name",
    ),
    "an analysis without an id": ("UPDATE current_analysis SET analysis_id = ''", "empty"),
    "a step with a long label": (
        "UPDATE history SET label = hex(zeroblob(90000)) WHERE step = 1",
        "letters in history.label",
    ),
    "checksums in bulk": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " INSERT INTO checksum SELECT 's' || i, 1 FROM n",
        "rows of checksum",
    ),
}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("reviewed") / "a.offcut"
    review(path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, reviewed: bytes) -> Path:
    target = tmp_path / "forged.offcut"
    target.write_bytes(reviewed)
    return target


def _forge(path: Path, script: str, *, sum_up: bool = True) -> bytes:
    """Write into a document as any program can, with the checksums that Offcut would write."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.executescript(script)
        if sum_up:
            for key, facts, arrays in raw.execute("SELECT id, facts, arrays FROM analysis").fetchall():
                found = digest(facts.encode() + arrays)
                raw.execute("UPDATE analysis SET digest = ? WHERE id = ?", (found, key))
            for step, changes in raw.execute("SELECT step, changes FROM history").fetchall():
                raw.execute("UPDATE history SET digest = ? WHERE step = ?", (digest(changes.encode()), step))
            if "INTO checksum" not in script:
                raw.execute("BEGIN")
                write_anew(raw, TABLE_NAMES)
                raw.execute("COMMIT")
    return path.read_bytes()


def _is_refused(path: Path, forged: bytes, capsys: pytest.CaptureFixture[str]) -> str:
    for words in (("proposals", path), ("decide", path, "accept", "--all")):
        assert main([str(word) for word in words]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert is_one_sentence(told.err.rstrip("\n"))
        assert len(told.err) < 700
    assert path.read_bytes() == forged
    assert sorted(one.name for one in path.parent.iterdir() if one.suffix != ".wav") == [path.name]
    return told.err


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_file_with_other_tables_is_no_document(
    path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    script, reason = LAYOUTS[name]
    forged = _forge(path, script, sum_up=False)
    told = _is_refused(path, forged, capsys)
    assert f"{path} is not an Offcut document (" in told
    with pytest.raises(DocumentError, match=reason):
        Document.open(path)


@mostly_long("name", ROWS, keep=ROWS.keys() - {"a million and more proposals"})
def test_rows_that_no_offcut_writes_are_refused(
    path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    script, reason = ROWS[name]
    forged = _forge(path, script)
    told = _is_refused(path, forged, capsys)
    assert f"{path} is damaged (" in told
    with pytest.raises(DocumentError, match=reason):
        Document.open(path)


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE proposal SET score = 9e999",
        "UPDATE track SET source_id = 'gone'",
        "UPDATE decision SET verdict = 'maybe'",
        "CREATE VIEW spy AS SELECT * FROM source",
        "CREATE TABLE marker (id TEXT PRIMARY KEY) STRICT",
        "DROP TABLE current_analysis",
    ],
)
@pytest.mark.parametrize("version", OLDER)
def test_forged_documents_of_older_versions_are_not_brought_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: int, script: str
) -> None:
    path = tmp_path / "old.offcut"
    path.write_bytes(OLDER[version].read_bytes())
    if version >= 3:  # which has markers itself
        script = script.replace("TABLE marker", "TABLE stowaway")
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.executescript(script)
        if version > 1 and not script.startswith(("CREATE", "DROP")):
            raw.execute("BEGIN")
            write_anew(raw, sorted(set(TABLE_NAMES) - {"marker"}))
            raw.execute("COMMIT")
    _is_refused(path, path.read_bytes(), capsys)


def test_a_document_with_a_thousand_schema_entries_is_refused_at_the_first(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = _forge(path, ";".join(f"CREATE TABLE t{number} (x)" for number in range(1_100)), sum_up=False)
    assert "a 'table' 't0'" in _is_refused(path, forged, capsys)


TRACK = ["t", "n", 2, "", 0.0, 0, 0, 0.0, "", "", 0, 0, 1, "waveform"]
"""The columns of a track without its clips."""


def test_steps_that_no_offcut_writes_are_not_undone(path: Path) -> None:
    bad = {
        "an unknown table": [["sqlite_schema", None, ["x"]]],
        "a row of words": [["decision", None, ["cut-1", "accepted", "zero", None, None, 0]]],
        "a score that is none": [["decision", None, ["cut-1", "maybe", 0, None, None, 0]]],
        "no rows": [["decision", None, None]],
        "not three": [["decision"]],
        "a number": 7,
        "an object": {"decision": 1},
        "a track without a clip": [
            ["track", None, [*TRACK, "[]"]],
        ],
        "a track as before": [
            ["track", None, TRACK],
        ],
        "a clip beyond its source": [
            [
                "track",
                None,
                [
                    "t",
                    "n",
                    2,
                    "",
                    0.0,
                    0,
                    0,
                    0.0,
                    "",
                    "",
                    0,
                    0,
                    1,
                    "waveform",
                    '[["c","one",0,9,28800000,0.0,0,0,"",0]]',
                ],
            ],
        ],
        "the last source taken": [["source", None, ["one", "/a.wav", "h", 48_000, 2, 10, "WAV", "PCM_24"]]],
    }
    for changes in (json.dumps(bad[name]) for name in bad):
        _forge(path, f"UPDATE history SET changes = '{changes}', undone = 0")
        with Document.open(path) as document:
            state = document.state
            with pytest.raises(DocumentError, match=r"is damaged|changed meanwhile"):
                document.undo()
            assert document.state is state
    _forge(path, f"UPDATE history SET changes = '{'[' * 100_000}', undone = 0")
    with Document.open(path) as document, pytest.raises(DocumentError, match="is damaged"):
        document.undo()


def test_the_names_in_the_checksums_are_never_run(path: Path) -> None:
    _forge(path, "INSERT INTO checksum VALUES ('source WHERE randomblob(1) ; --', 1)")
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN")
        raw.execute("DELETE FROM checksum")
        write_anew(raw, TABLE_NAMES)
        raw.execute("INSERT INTO checksum VALUES ('(SELECT load_extension(''x''))', 1)")
        raw.execute("COMMIT")
    with Document.open(path) as document:
        assert document.state.proposals


def test_limits_are_those_of_importing() -> None:
    assert (limits.LOWEST_RATE_HZ, limits.HIGHEST_RATE_HZ) == (
        opening.LOWEST_RATE_HZ,
        opening.HIGHEST_RATE_HZ,
    )
    assert limits.MOST_CHANNELS == opening.MOST_CHANNELS


def test_what_a_document_could_not_hold_is_not_written(path: Path) -> None:
    with Document.open(path) as document:
        state = document.state
        for values in ({"x": float("nan")}, {"x": "x" * 10**6}, {"percentile": float("inf")}):
            with pytest.raises(DocumentError, match=r"no document can hold it .*; nothing was changed"):
                document.apply(set_settings(state, values, "Set"))
        assert document.state is state
        document.apply(decide(state, [IDS[3]], Verdict.ACCEPTED))
