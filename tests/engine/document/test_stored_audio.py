"""Audio that a document stores: exact, stored and backed up once, collected, and alone in its damage."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import DocumentError, UsageError
from engine.document.document import Document
from engine.document.edits.by_hand import repair, repair_payload
from engine.document.edits.proposals import set_settings
from engine.document.edits.tracks import add_tracks
from engine.document.file.backups import MOST_BACKUPS, backups
from engine.document.file.stored_audio import (
    FLAC24,
    FLOAT32,
    StoredAudio,
    audio_in_file,
    block_digest,
    stored,
)
from engine.document.kinds import KINDS
from engine.document.limits import LONGEST_ROW_BYTES, LOUDEST_SAMPLE, MOST_AUDIO_SAMPLES
from engine.document.state import Edit, RowChange
from tests.engine.document.conftest import RATE_HZ, a_source
from tests.engine.document.test_migrations import OLDER
from tests.sources import each_alone

RNG = np.random.default_rng(4)
FULL_SCALE = np.float32(2**23)


def whole_numbers(frames: int, channels: int = 1) -> np.ndarray:
    return (np.rint(RNG.uniform(-(2**23), 2**23 - 1, (frames, channels))) / 2**23).astype(np.float32)


def floats(frames: int, channels: int = 1) -> np.ndarray:
    return RNG.standard_normal((frames, channels)).astype(np.float32)


SAMPLES = {
    "24 bit": (whole_numbers(20_000, 2), FLAC24),
    "the loudest and the softest of 24 bit": (
        np.array([[-1.0, 1 - 2**-23], [0.0, 2**-23]], np.float32),
        FLAC24,
    ),
    "16 bit": ((RNG.integers(-(2**15), 2**15, (9_000, 1)) / 2**15).astype(np.float32), FLAC24),
    "one sample": (np.array([[0.5]], np.float32), FLAC24),
    "silence": (np.zeros((200_000, 1), np.float32), FLAC24),
    "floats": (floats(20_000, 2), FLOAT32),
    "finer than 24 bit": (np.full((9, 1), 2**-24, np.float32), FLOAT32),
    "beyond full scale": (np.array([[1.0], [0.0]], np.float32), FLOAT32),
    "a zero below 0": (np.array([[-0.0], [0.5]], np.float32), FLOAT32),
    "the smallest and the largest": (np.array([[1e-45], [-(2.0**31)]], np.float32), FLOAT32),
    "more channels than FLAC has": (whole_numbers(50, 9), FLOAT32),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        document.apply(
            add_tracks(document.state, each_alone([a_source("one"), a_source("two")], ["Kick", "Room"]))
        )
    return path


def add_repair(document: Document, audio: StoredAudio, start: int = 4_800) -> None:
    span = (start, start + audio.frames)
    edit, _ = repair(document.state, audio, span, [], at_samples=start, maker="test", reason="A cough.")
    document.apply(edit, audio=[audio])


def rows(path: Path, what: str = "key") -> list[object]:
    with closing(sqlite3.connect(path)) as raw:
        return [row[0] for row in raw.execute(f"SELECT {what} FROM stored_audio ORDER BY key")]


def write(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(statement, values)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_come_back_bit_for_bit(path: Path, name: str) -> None:
    samples, encoding = SAMPLES[name]
    audio = stored(samples, RATE_HZ)
    with Document.open(path) as document:
        edit = set_settings(document.state, {"minimum_kept_s": 4.0}, "Shortest piece")
        document.apply(edit, audio=[audio])
        assert rows(path, "encoding") == [encoding]
        found = document.stored_audio(audio.key)
        assert found.samples.tobytes() == samples.tobytes()
        assert (found.key, found.rate_hz, found.samples.shape) == (audio.key, RATE_HZ, samples.shape)
        assert document.audio_files == {audio.key: path}
    beside = audio_in_file(path, audio.key)
    assert beside is not None
    assert beside.samples.tobytes() == samples.tobytes()


def test_sound_that_takes_more_than_any_other_row_may_is_stored(path: Path) -> None:
    audio = stored(floats(LONGEST_ROW_BYTES // 4 + 1_000), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
    with Document.open(path) as document:
        assert document.stored_audio(audio.key).samples.tobytes() == audio.samples.tobytes()


def test_the_same_sound_is_stored_once_and_another_rate_is_another(path: Path) -> None:
    samples = floats(900)
    with Document.open(path) as document:
        add_repair(document, stored(samples, RATE_HZ))
        add_repair(document, stored(samples.copy(), RATE_HZ), start=96_000)
        assert len(document.state.proposals) == 2
    assert rows(path) == [stored(samples, RATE_HZ).key]
    assert stored(samples, RATE_HZ).key != stored(samples, 44_100).key
    assert stored(floats(4, 2), RATE_HZ).key != stored(floats(4, 2).reshape(8, 1), RATE_HZ).key


@pytest.mark.parametrize("loudest", [LOUDEST_SAMPLE, -LOUDEST_SAMPLE])
def test_the_loudest_samples_are_stored_and_no_louder_ones(loudest: float) -> None:
    sound = np.array([[loudest]], np.float32)
    assert stored(sound, RATE_HZ).samples == loudest
    with pytest.raises(DocumentError):
        stored(np.nextafter(sound, sound * 2), RATE_HZ)


def test_what_is_stored_stays_as_it_was_when_it_was_given() -> None:
    given = floats(900)
    before = given.copy()
    audio = stored(given, RATE_HZ)
    given[:] = 0.0
    assert audio.samples.tobytes() == before.tobytes()
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0] = 0.0


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((0, 1), np.float32), "0 samples cannot"),
        (np.zeros((9, 65), np.float32), "1 to 64 channels"),
        (np.zeros((9, 1)), "32-bit floating-point"),
        (np.zeros(9, np.float32), "32-bit floating-point"),
        (np.array([[np.nan]], np.float32), "not numbers"),
        (np.array([[1e20]], np.float32), "not numbers"),
        (np.broadcast_to(np.float32(0), (MOST_AUDIO_SAMPLES + 1, 1)), "in parts"),
    ],
)
def test_what_no_document_holds_is_refused(samples: np.ndarray, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        stored(samples, RATE_HZ)


@pytest.mark.parametrize(
    ("channels", "rate_hz", "span", "tracks", "words"),
    [
        (3, RATE_HZ, (0, 500), [], "3 channels cannot play on track 'Kick', which has 2"),
        (2, 44_100, (0, 500), [], "Audio of 44100 Hz"),
        (2, RATE_HZ, (0, 501), [], "must cover its span"),
        (2, RATE_HZ, (9, 9), [], "a span within the recording"),
        (2, RATE_HZ, (0, 500), ["gone"], "no track 'gone'"),
    ],
)
def test_a_repair_that_cannot_be_heard_is_refused(
    path: Path, channels: int, rate_hz: int, span: tuple[int, int], tracks: list[str], words: str
) -> None:
    audio = stored(floats(500, channels), rate_hz)
    with Document.open(path) as document, pytest.raises(UsageError, match=words):
        repair(document.state, audio, span, tracks, at_samples=0, maker="test", reason="")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"audio": "audio-../../x"}, "audio cannot be"),
        ({"audio": 7}, "audio cannot be 7"),
        ({"audio_stop_samples": 0}, "ends before it starts"),
        ({"audio_start_samples": -1}, "audio_start_samples cannot be -1"),
        ({"crossfade_ms": 121.0}, "from 0 to 120"),
    ],
)
def test_a_payload_that_is_no_repair_is_refused(change: dict[str, object], words: str) -> None:
    payload = repair_payload(stored(floats(5), RATE_HZ), 0)
    KINDS["repair"].validate(payload)
    with pytest.raises(DocumentError, match=words):
        KINDS["repair"].validate({**payload, **change})
    for name in ("audio", "audio_start_samples", "audio_stop_samples"):
        with pytest.raises(DocumentError, match=f"needs {name}"):
            KINDS["repair"].validate({key: value for key, value in payload.items() if key != name})


def test_undo_keeps_the_audio_for_redo_and_a_later_edit_lets_it_go(path: Path) -> None:
    audio = stored(whole_numbers(900), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
        document.undo()
    with Document.open(path) as document:
        assert rows(path) == [audio.key]
        document.redo()
        assert document.stored_audio(audio.key).frames == 900
        document.undo()
        document.apply(set_settings(document.state, {"minimum_kept_s": 4.0}, "Shortest piece"))
        assert rows(path) == [audio.key]
    Document.open(path).close()
    assert rows(path) == []


def test_audio_that_a_past_state_names_stays(path: Path) -> None:
    audio = stored(floats(900), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
        (proposal,) = document.state.proposals.values()
        document.apply(_without(document, proposal.id))
        assert not document.state.proposals
    with Document.open(path) as document:
        document.undo()
        assert document.stored_audio(audio.key).samples.tobytes() == audio.samples.tobytes()


def _without(document: Document, proposal_id: str) -> Edit:
    return Edit("Removed", (RowChange(document.state.proposals[proposal_id], None),))


def test_a_document_that_is_only_read_collects_nothing(path: Path) -> None:
    with Document.open(path) as document:
        add_repair(document, stored(floats(900), RATE_HZ))
        document.undo()
        document.apply(set_settings(document.state, {"minimum_kept_s": 4.0}, "Shortest piece"))
        before = path.read_bytes()
        with Document.open(path) as other:
            assert other.is_read_only
        assert path.read_bytes() == before


def test_an_edit_that_fails_stores_nothing(path: Path) -> None:
    audio = stored(floats(900), RATE_HZ)
    with Document.open(path) as document:
        edit, _ = repair(document.state, audio, (0, 900), [], at_samples=0, maker="test", reason="")
        (change,) = edit.changes
        stale = replace(edit, changes=(replace(change, before=replace(change.after, score=0.1)),))
        with pytest.raises(DocumentError, match="changed meanwhile"):
            document.apply(stale, audio=[audio])
        assert rows(path) == []
        assert document.audio_files == {}
        with pytest.raises(DocumentError, match="missing or damaged"):
            document.stored_audio(audio.key)


@pytest.mark.parametrize("make", [whole_numbers, floats])
def test_a_flipped_bit_is_told_and_costs_nothing_else(
    path: Path, make: Callable[[int, int], np.ndarray]
) -> None:
    sound, hurt = stored(make(30_000, 2), RATE_HZ), stored(make(30_000, 2), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, sound)
        add_repair(document, hurt, start=96_000)
        state = document.state
    block = rows(path, f"CASE key WHEN '{hurt.key}' THEN bytes END")
    (written,) = (one for one in block if isinstance(one, bytes))
    for place in RNG.integers(0, len(written), 20):
        flipped = bytearray(written)
        flipped[place] ^= 1 << int(RNG.integers(8))
        write(path, "UPDATE stored_audio SET bytes = ? WHERE key = ?", bytes(flipped), hurt.key)
        with Document.open(path) as document:
            assert document.state == state
            with pytest.raises(DocumentError, match=rf"audio {hurt.key} of jam.offcut is missing or damaged"):
                document.stored_audio(hurt.key)
            assert document.stored_audio(sound.key).samples.tobytes() == sound.samples.tobytes()
    with Document.open(path) as document:  # the same sound stored again takes the place of the damaged
        add_repair(document, hurt, start=192_000)
        assert document.stored_audio(hurt.key).samples.tobytes() == hurt.samples.tobytes()


HOSTILE = {
    "no frames": "frames = 0",
    "less than no frames": "frames = -5",
    "frames of ages": "frames = 9223372036854775807",
    "many channels": "channels = 65",
    "no rate": "rate_hz = 0",
    "no bytes": "bytes = X''",
    "gone": None,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_impossible_rows_are_told_at_opening_and_cost_nothing_else(path: Path, name: str) -> None:
    audio = stored(floats(900), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
        state = document.state
    change = HOSTILE[name]
    write(path, "DELETE FROM stored_audio" if change is None else f"UPDATE stored_audio SET {change}")
    with Document.open(path) as document:
        assert document.state == state
        assert document.audio_files == {}
        assert document.notice == (
            "Of jam.offcut the audio of 1 repair cannot be read, the rest is intact: "
            "the recording plays there."
        )


def _forged(audio: StoredAudio, encoding: str, block: bytes, frames: int | None = None) -> tuple[object, ...]:
    facts = (audio.key, audio.rate_hz, audio.channels, frames or audio.frames, encoding)
    return (*facts[1:], block, block_digest(facts, block), audio.key)


@pytest.mark.parametrize(
    "name", ["a bomb", "other sound", "shorter", "longer", "no FLAC", "a WAV", "unknown", "NaN"]
)
def test_bytes_with_a_right_checksum_are_heard_only_as_what_they_are_named(path: Path, name: str) -> None:
    audio = stored(floats(900), RATE_HZ)
    wav = BytesIO()
    soundfile.write(wav, audio.samples, RATE_HZ, format="WAV", subtype="FLOAT")
    forged = {
        "a bomb": (FLOAT32, zlib.compress(bytes(2**27)), None),
        "other sound": (FLOAT32, zlib.compress(bytes(4 * 900)), None),
        "shorter": (FLOAT32, zlib.compress(bytes(4 * 800)), None),
        "longer": (FLAC24, b"fLaC" + bytes(100), MOST_AUDIO_SAMPLES),
        "no FLAC": (FLAC24, b"fLaC", None),
        "a WAV": (FLAC24, wav.getvalue(), None),
        "unknown": ("pickle", b"hello", None),
        "NaN": (FLOAT32, zlib.compress(b"\xff" * 3_600), None),
    }[name]
    with Document.open(path) as document:
        add_repair(document, audio)
    statement = (
        "UPDATE stored_audio SET rate_hz = ?, channels = ?, frames = ?, encoding = ?, bytes = ?, digest = ?"
        " WHERE key = ?"
    )
    write(path, statement, *_forged(audio, *forged))
    with Document.open(path) as document, pytest.raises(DocumentError, match="missing or damaged"):
        document.stored_audio(audio.key)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "INSERT INTO stored_audio SELECT hex(zeroblob(600)), 1, 1, 1, '', X'', 0",
            "letters in stored_audio.key",
        ),
        ("UPDATE stored_audio SET encoding = hex(zeroblob(600))", "letters in stored_audio.encoding"),
        ("DROP TABLE stored_audio", "no table 'stored_audio'"),
        ("ALTER TABLE stored_audio ADD COLUMN more TEXT", "table 'stored_audio' is not"),
    ],
)
def test_a_table_that_no_offcut_writes_is_refused(path: Path, statement: str, words: str) -> None:
    with Document.open(path) as document:
        add_repair(document, stored(floats(900), RATE_HZ))
    write(path, statement)
    with pytest.raises(DocumentError, match=words):
        Document.open(path)


def _break_pages(path: Path, block: bytes) -> None:
    """Overwrite a page in the middle of the audio with zeros, as a bad sector does."""
    content = bytearray(path.read_bytes())
    at = content.index(block[len(block) // 2 :][:64]) // 4096 * 4096
    content[at : at + 4096] = bytes(4096)
    path.write_bytes(content)


def test_broken_pages_of_audio_open_for_reading_and_a_snapshot_holds_the_rest(path: Path) -> None:
    sound, hurt = stored(floats(9_000, 2), RATE_HZ), stored(floats(90_000, 2), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, hurt)
        add_repair(document, sound, start=960_000)
        state = document.state
    (block,) = (one for one in rows(path, "bytes") if isinstance(one, bytes) and len(one) > 300_000)
    _break_pages(path, block)
    damaged = path.read_bytes()
    with Document.open(path) as document:
        assert document.is_read_only
        assert "the audio that its edits store is damaged on the disk" in document.notice
        assert document.state == state
        rest = document.snapshot("rescued")
    assert path.read_bytes() == damaged
    with Document.open(rest) as document:
        assert not document.is_read_only
        assert document.state == state
        assert document.stored_audio(sound.key).samples.tobytes() == sound.samples.tobytes()
        with pytest.raises(DocumentError, match="missing or damaged"):
            document.stored_audio(hurt.key)
        document.undo()
    with Document.open_backup(path) as document:
        assert not document.is_read_only


def kept_audio(path: Path) -> list[Path]:
    return sorted((backups(path)[0].parent / "audio").iterdir())


def test_backups_share_one_copy_of_the_audio_and_restoring_brings_it_back(path: Path) -> None:
    audio = stored(floats(200_000), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
    for number in range(MOST_BACKUPS + 2):
        with Document.open(path) as document:
            document.apply(set_settings(document.state, {"minimum_kept_s": 4.0 + number}, "Shortest piece"))
            state = document.state
    Document.open(path).close()
    assert len(backups(path)) == MOST_BACKUPS
    assert all(one.stat().st_size < 200_000 for one in backups(path))
    (kept,) = kept_audio(path)
    assert kept.read_bytes() == rows(path, "bytes")[0]
    path.write_bytes(path.read_bytes()[:5_000])
    with Document.open_backup(path) as restored:
        assert restored.state == state
        assert not restored.notice
        assert restored.stored_audio(audio.key).samples.tobytes() == audio.samples.tobytes()
        while restored.undo() is not None:
            pass


def test_a_snapshot_is_a_document_with_its_audio(path: Path) -> None:
    audio = stored(floats(2_000), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
        kept = document.snapshot("before lunch")
    with Document.open(kept) as document:
        assert document.stored_audio(audio.key).samples.tobytes() == audio.samples.tobytes()


def test_audio_goes_with_the_last_backup_that_names_it(path: Path) -> None:
    with Document.open(path) as document:
        add_repair(document, stored(floats(2_000), RATE_HZ))
    with Document.open(path) as document:
        document.undo()
    assert len(kept_audio(path)) == 1
    for number in range(MOST_BACKUPS + 1):
        with Document.open(path) as document:
            document.apply(set_settings(document.state, {"minimum_kept_s": 4.0 + number}, "Shortest piece"))
    Document.open(path).close()
    assert rows(path) == []
    assert kept_audio(path) == []


def test_damaged_audio_is_not_kept_and_damaged_backups_of_it_are_not_restored(path: Path) -> None:
    sound, hurt = stored(floats(2_000), RATE_HZ), stored(floats(3_000), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, sound)
        add_repair(document, hurt, start=96_000)
    write(path, "UPDATE stored_audio SET bytes = zeroblob(length(bytes)) WHERE key = ?", hurt.key)
    Document.open(path).close()
    (kept,) = kept_audio(path)
    assert kept.name.startswith(sound.key)
    kept.write_bytes(bytes(kept.stat().st_size))
    path.write_bytes(path.read_bytes()[:5_000])
    with Document.open_backup(path) as restored:
        assert "the audio of 2 repairs cannot be read" in restored.notice
        assert len(restored.state.proposals) == 2


@pytest.mark.parametrize("version", OLDER)
def test_an_older_document_takes_audio_once_it_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old jam.offcut"
    path.write_bytes(OLDER[version].read_bytes())
    audio = stored(whole_numbers(900), RATE_HZ)
    with Document.open(path) as document:
        add_repair(document, audio)
    with Document.open(path) as document:
        assert document.stored_audio(audio.key).samples.tobytes() == audio.samples.tobytes()
    Document.open(path).close()
    path.write_bytes(path.read_bytes()[:5_000])
    with Document.open_backup(path) as document:
        assert document.stored_audio(audio.key).samples.tobytes() == audio.samples.tobytes()


def test_opening_reads_no_bytes_of_audio(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Document.open(path) as document:
        add_repair(document, stored(floats(900), RATE_HZ))
    Document.open(path).close()
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: object, **named: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)  # type: ignore[call-overload]
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    Document.open(path).close()
    asked = [one.replace("length(bytes)", "") for one in statements if "FROM stored_audio" in one]
    assert asked
    assert not [one for one in asked if "bytes" in one or "SELECT *" in one]
