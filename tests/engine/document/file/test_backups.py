"""What lies in the folder of backups after each opening, and what a copy of a document holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import DocumentError, ExportError
from engine.document.document import Document
from engine.document.edits.by_hand import repair
from engine.document.edits.proposals import set_settings
from engine.document.edits.tracks import add_tracks
from engine.document.file.backups import (
    MOST_BACKUPS,
    RowCopies,
    backups,
    copy_beside,
    copy_database,
    keep_audio,
    keep_older_version,
    newest_backup,
)
from engine.document.file.schema import APPLICATION_ID, SCHEMA_VERSION
from engine.document.file.stored_audio import stored
from tests.engine.document.conftest import RATE_HZ, a_source
from tests.sources import each_alone

SOUNDS = {
    name: stored(np.random.default_rng(number).standard_normal((2_000, 1)).astype(np.float32), RATE_HZ)
    for number, name in enumerate(("named", "another", "unnamed"))
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A document, once opened since it holds anything."""
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([a_source("one")], ["Kick"])))
    Document.open(path).close()
    return path


def set_to(path: Path, minimum_kept_s: float) -> None:
    """Change a document, and open it once more."""
    with Document.open(path) as document:
        document.apply(set_settings(document.state, {"minimum_kept_s": minimum_kept_s}, "Shortest piece"))
    Document.open(path).close()


def store(path: Path, *names: str) -> None:
    """Store sounds with an edit each, and open the document once more."""
    with Document.open(path) as document:
        for name in names:
            audio = SOUNDS[name]
            span = (4_800, 4_800 + audio.frames)
            edit, _ = repair(
                document.state, audio, span, [], at_samples=4_800, maker="test", reason="A cough."
            )
            document.apply(edit, audio=[audio])
    Document.open(path).close()


def names(path: Path) -> list[str]:
    return [one.name for one in backups(path)]


def read(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(statement).fetchall()


def kept_audio(path: Path) -> dict[str, Path]:
    folder = backups(path)[0].parent / "audio"
    return {one.name.partition(" ")[0]: one for one in folder.iterdir()} if folder.exists() else {}


def test_the_newest_five_states_are_kept_by_number_and_an_opening_alone_adds_none(path: Path) -> None:
    assert names(path) == ["jam 1.offcut"]
    seen = []
    for number in range(2, 8):
        set_to(path, 4.0 + number)
        seen.append(names(path))
    Document.open(path).close()
    assert names(path) == seen[-1]
    assert seen == [
        [f"jam {number}.offcut" for number in range(newest, max(0, newest - MOST_BACKUPS), -1)]
        for newest in range(2, 8)
    ]
    assert MOST_BACKUPS == 5


def test_an_empty_document_is_not_kept(tmp_path: Path) -> None:
    Document.create(tmp_path / "empty.offcut").close()
    Document.open(tmp_path / "empty.offcut").close()
    assert backups(tmp_path / "empty.offcut") == []
    assert newest_backup(tmp_path / "empty.offcut") is None


def test_a_backup_is_the_document_as_it_was_opened(path: Path) -> None:
    with Document.open(path) as document:
        state = document.state
    set_to(path, 9.0)
    newest, before = backups(path)
    assert newest_backup(path) == newest
    for backup, minimum_kept_s in ((before, None), (newest, 9.0)):
        with Document.open(backup) as copy:
            assert copy.state.settings.get("minimum_kept_s") == minimum_kept_s
            assert copy.state.tracks == state.tracks
            assert copy.undo_label


def test_what_else_lies_beside_backups_is_none_and_stays(path: Path) -> None:
    folder = backups(path)[0].parent
    others = [
        folder / name for name in ("notes.txt", "jam.offcut", "jam x.offcut", "jam 7.txt", "jam 0.offcut")
    ]
    for one in others:
        one.write_bytes(b"mine")
    set_to(path, 5.0)
    assert names(path) == ["jam 2.offcut", "jam 1.offcut"]
    assert [one.read_bytes() for one in others] == [b"mine"] * len(others)


def test_a_document_of_another_folder_has_backups_of_its_own(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / path.name
    other.write_bytes(path.read_bytes())
    assert backups(other) == []
    Document.open(other).close()
    assert names(other) == names(path)
    assert backups(other)[0].parent != backups(path)[0].parent


def test_without_a_folder_for_backups_a_document_opens_all_the_same(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").write_text("no folder")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert newest_backup(path) is None
    with Document.open(path) as document:
        assert document.notice == ""
        assert not document.is_read_only


def test_a_refused_document_names_its_newest_backup(path: Path) -> None:
    set_to(path, 5.0)
    path.write_bytes(path.read_bytes()[:5_000])
    newest = backups(path)[0]
    with pytest.raises(DocumentError, match=r"is damaged .* Its newest backup is ") as told:
        Document.open(path)
    assert str(told.value).endswith(f" Its newest backup is {newest}.")
    path.unlink()
    with pytest.raises(DocumentError) as told:
        Document.open(path)
    assert "backup is" not in str(told.value)


def test_an_older_version_is_kept_apart_and_kept_again(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        kept = keep_older_version(connection, path, 1)
        assert kept.name == path.name
        assert kept.parent.name == "jam of version 1"
        assert kept.parent.parent == backups(path)[0].parent
        connection.execute("DELETE FROM history")
        assert keep_older_version(connection, path, 1) == kept
        assert keep_older_version(connection, path, 2) != kept
    assert read(kept, "SELECT count(*) FROM history") == [(0,)]
    assert names(path) == ["jam 1.offcut"]


@pytest.mark.parametrize("rows", [None, *RowCopies])
@pytest.mark.parametrize("begins", [True, False])
def test_a_copy_holds_every_row_and_leaves_the_connection_as_it_was(
    path: Path, tmp_path: Path, rows: RowCopies | None, begins: bool
) -> None:
    store(path, "named")
    target = tmp_path / "copy.offcut"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if begins:
            connection.execute("BEGIN")
        copy_database(connection, target, rows=rows)
        assert connection.in_transaction is begins
        named = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert len(named) > 5
    for (table,) in named:
        what = "key, rate_hz, channels, frames, encoding, digest" if table == "stored_audio" else "*"
        assert read(target, f"SELECT {what} FROM {table}") == read(path, f"SELECT {what} FROM {table}")
    bytes_of = "SELECT bytes FROM stored_audio"
    assert read(target, bytes_of) == ([(b"",)] if rows is RowCopies.WITHOUT_AUDIO else read(path, bytes_of))
    assert read(target, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert read(target, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


def test_row_by_row_more_rows_are_copied_than_at_once(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute("CREATE TABLE setting (name, value)")
        made.executemany("INSERT INTO setting VALUES (?, ?)", [(f"n{one}", one) for one in range(1_001)])
        copy_database(made, tmp_path / "copy.offcut", rows=RowCopies.READABLE_AUDIO)
    assert read(tmp_path / "copy.offcut", "SELECT count(*), sum(value) FROM setting") == [(1_001, 500_500)]


def test_a_copy_replaces_nothing_unless_told_to(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.offcut"
    target.write_bytes(b"mine")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(ExportError, match="exists"):
            copy_database(connection, target)
        assert target.read_bytes() == b"mine"
        assert not connection.in_transaction
        copy_database(connection, target, overwrite=True)
    assert read(target, "SELECT id FROM track") == read(path, "SELECT id FROM track")


def test_restored_documents_are_named_one_after_another(path: Path) -> None:
    backup = backups(path)[0]
    made = [copy_beside(backup, path) for _ in range(3)]
    assert [one.name for one in made] == [
        "jam restored.offcut",
        "jam restored 2.offcut",
        "jam restored 3.offcut",
    ]
    assert {one.parent for one in made} == {path.parent}
    assert {one.read_bytes() for one in made} == {backup.read_bytes()}


def test_nothing_is_restored_into_a_folder_that_is_gone(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="restored"):
        copy_beside(backups(path)[0], tmp_path / "gone" / path.name)


def test_a_backup_that_cannot_be_opened_is_not_left_behind(path: Path) -> None:
    set_to(path, 5.0)
    newest, before = backups(path)
    newest.write_bytes(newest.read_bytes()[:3_000])
    with Document.open_backup(path) as restored:
        assert restored.path.name == "jam restored.offcut"
        assert "minimum_kept_s" not in restored.state.settings
    before.write_bytes(b"")
    with pytest.raises(DocumentError, match="There is no intact backup of"):
        Document.open_backup(path)
    assert not path.with_name("jam restored 2.offcut").exists()


def test_audio_lies_beside_the_backups_under_its_key_as_it_is_stored(path: Path) -> None:
    assert kept_audio(path) == {}
    store(path, "named", "another")
    found = kept_audio(path)
    assert {key: one.read_bytes() for key, one in found.items()} == dict(
        read(path, "SELECT key, bytes FROM stored_audio")
    )
    assert sorted(found) == sorted(SOUNDS[name].key for name in ("named", "another"))
    digests = dict(read(path, "SELECT key, digest FROM stored_audio"))
    assert {one.name for one in found.values()} == {
        f"{key} {digest % 2**64:016x}" for key, digest in digests.items()
    }, "whatever an older Offcut kept is found again"
    assert read(backups(path)[0], "SELECT sum(length(bytes)), count(*) FROM stored_audio") == [(0, 2)]


def test_kept_audio_is_written_once_and_again_where_it_was_cut_short(path: Path) -> None:
    store(path, "named", "another")
    first, second = kept_audio(path).values()
    whole, stays = first.read_bytes(), second.stat().st_mtime_ns
    first.write_bytes(whole[:-1])
    set_to(path, 5.0)
    assert first.read_bytes() == whole
    assert second.stat().st_mtime_ns == stays
    second.write_bytes(bytes(second.stat().st_size))  # as long as it was: who restores it sees that
    set_to(path, 6.0)
    assert not any(second.read_bytes())


def test_audio_that_nothing_names_is_not_kept(path: Path) -> None:
    store(path, "named")
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(
            "INSERT INTO stored_audio SELECT replace(key, 'audio-', 'noise-'), rate_hz, channels, frames, "
            "encoding, bytes, digest FROM stored_audio"
        )
        folder = backups(path)[0].parent
        for one in kept_audio(path).values():
            one.unlink()
        keep_audio(raw, folder)
    assert list(kept_audio(path)) == [SOUNDS["named"].key]


def _gone(kept: Path) -> None:
    kept.unlink()


def _hurt(kept: Path) -> None:
    kept.write_bytes(bytes(kept.stat().st_size))


@pytest.mark.parametrize("harm", [_gone, _hurt])
def test_restored_audio_is_what_was_stored_or_stays_away(path: Path, harm: Callable[[Path], None]) -> None:
    store(path, "named", "another")
    expected = dict(read(path, "SELECT key, bytes FROM stored_audio"))
    harm(kept_audio(path)[SOUNDS["another"].key])
    restored = copy_beside(backups(path)[0], path)
    expected[SOUNDS["another"].key] = b""
    assert dict(read(restored, "SELECT key, bytes FROM stored_audio")) == expected


def test_what_no_backup_names_goes_from_beside_them(path: Path) -> None:
    store(path, "named")
    strays = [backups(path)[0].parent / "audio" / name for name in ("stray", f"{SOUNDS['unnamed'].key} 1")]
    for one in strays:
        one.write_bytes(b"?")
    set_to(path, 5.0)
    assert list(kept_audio(path)) == [SOUNDS["named"].key]
