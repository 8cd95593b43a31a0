"""Repairs as they are heard and exported: exact inside and outside, the recording where they are damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.shell.session import Session
from engine.cli.main import main
from engine.document.document import Document
from engine.document.edits.by_hand import repair
from engine.document.edits.proposals import decide, move_edges
from engine.document.edits.tracks import add_tracks
from engine.document.file.stored_audio import StoredAudio, stored
from engine.document.proposals import Verdict
from engine.document.tracks import Source
from engine.exchange.export import ExportRequest, export
from engine.recordings.media import locate_all
from engine.sound.edl.build import build
from engine.sound.edl.build import repaired as repairs_of
from engine.sound.edl.render import render
from engine.sound.reader import content_hash
from tests.engine.sound.edl.players import play_json
from tests.engine.sound.edl.recordings import by_hand
from tests.sources import each_alone

RATE_HZ, LENGTH = 48_000, 96_000
RNG = np.random.default_rng(12)
SOUND = RNG.standard_normal((LENGTH, 2)).astype(np.float32) * np.float32(0.1)
FIXED = RNG.standard_normal((20_000, 2)).astype(np.float32) * np.float32(0.1)
AT, SPAN = 30_000, (32_000, 48_000)
EDGE = round(0.06 * RATE_HZ)
TOLD = (
    "On track 'Guitar' the recording plays in place of the repair at 0:00.7: the audio stored for it is "
    "missing or damaged."
)


@dataclass(frozen=True)
class Repaired:
    """A document of one track with an accepted repair."""

    path: Path
    audio: StoredAudio
    proposal_id: str


@pytest.fixture
def repaired(tmp_path: Path) -> Repaired:
    recorded, path = tmp_path / "Guitar.wav", tmp_path / "jam.offcut"
    soundfile.write(recorded, SOUND, RATE_HZ, subtype="FLOAT")
    source = Source("s", str(recorded), content_hash(recorded), RATE_HZ, 2, LENGTH, "WAV", "FLOAT")
    audio = stored(FIXED, RATE_HZ)
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([source], ["Guitar"])))
        edit, proposal = repair(
            document.state, audio, SPAN, ["track-s"], at_samples=AT, maker="test", reason="A cough."
        )
        document.apply(edit, audio=[audio])
        document.apply(decide(document.state, [proposal.id], Verdict.ACCEPTED))
    return Repaired(path, audio, proposal.id)


def _request(document: Document, out: Path) -> ExportRequest:
    media = {**document.audio_files, **locate_all(document.state, document.path.parent)}
    return ExportRequest(document.state, media, out)


def _heard(document: Document) -> np.ndarray:
    media = _request(document, document.path).media
    return render(document.state, build(document.state), media, 0, LENGTH)


def _damage(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        (block,) = raw.execute("SELECT bytes FROM stored_audio").fetchone()
        hurt = bytearray(block)
        hurt[len(hurt) // 2] ^= 1
        raw.execute("UPDATE stored_audio SET bytes = ?", (bytes(hurt),))


def test_mutes_and_gains_are_not_repairs(repaired: Repaired) -> None:
    with Document.open(repaired.path) as document:
        state = document.state
    known = repairs_of(state)
    assert list(known) == [state.tracks[0].id]
    for kind, payload in (("mute", {"is_silent": True}), ("gain", {"gain_db": -6.0})):
        assert repairs_of(by_hand(state, kind, (0, LENGTH), payload)) == known


def test_a_repair_is_exact_inside_and_the_recording_is_exact_outside(repaired: Repaired) -> None:
    with Document.open(repaired.path) as document:
        export(_request(document, repaired.path.with_name("out.wav")))
        sound = _heard(document)
    written, _ = soundfile.read(repaired.path.with_name("out.wav"), dtype="float32")
    np.testing.assert_array_equal(written, sound)
    start, stop = SPAN
    np.testing.assert_array_equal(
        sound[start + EDGE : stop - EDGE], FIXED[start + EDGE - AT : stop - EDGE - AT]
    )
    np.testing.assert_array_equal(sound[: start - EDGE], SOUND[: start - EDGE])
    np.testing.assert_array_equal(sound[stop + EDGE :], SOUND[stop + EDGE :])


def test_a_nudged_edge_uncovers_more_and_moves_nothing(repaired: Repaired) -> None:
    with Document.open(repaired.path) as document:
        before = _heard(document)
        document.apply(move_edges(document.state, repaired.proposal_id, SPAN[0] + 4_000, LENGTH))
        after = _heard(document)
    stop = AT + len(FIXED)
    np.testing.assert_array_equal(after[40_000:44_000], before[40_000:44_000])
    np.testing.assert_array_equal(after[44_000 : stop - EDGE], FIXED[44_000 - AT : stop - EDGE - AT])
    np.testing.assert_array_equal(after[stop:], SOUND[stop:])


@pytest.mark.parametrize("suffix", [".wav", ".json"])
def test_a_damaged_repair_is_heard_as_the_recording_and_told(repaired: Repaired, suffix: str) -> None:
    _damage(repaired.path)
    with Document.open(repaired.path) as document:
        assert document.state.verdict(repaired.proposal_id) is Verdict.ACCEPTED
        np.testing.assert_array_equal(_heard(document), SOUND)
        done = export(_request(document, repaired.path.with_name(f"out{suffix}")))
        assert TOLD in done.sentence
    out = repaired.path.with_name(f"out{suffix}")
    is_audio = suffix == ".wav"
    heard = soundfile.read(out, dtype="float32")[0] if is_audio else play_json(out, SOUND.shape[1])
    np.testing.assert_allclose(heard, SOUND, rtol=0, atol=1e-6)


def test_the_command_line_exports_repairs_and_tells_of_damage(
    repaired: Repaired, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, expected in (("sound.wav", False), ("damaged.wav", True)):
        out = repaired.path.with_name(name)
        assert main(["export", str(repaired.path), "--out", str(out)]) == 0
        assert (TOLD in capsys.readouterr().out) is expected
        plays_recording = np.array_equal(soundfile.read(out, dtype="float32")[0], SOUND)
        assert plays_recording is expected
        _damage(repaired.path)


def test_the_window_plays_repairs_from_the_document(repaired: Repaired) -> None:
    session = Session()
    session.open(repaired.path)
    assert session.media == {}
    session.set_media(locate_all(session.state, repaired.path.parent))
    assert session.media[repaired.audio.key] == repaired.path
    heard = render(session.state, build(session.state), session.media, 36_000, 37_000)
    np.testing.assert_array_equal(heard, FIXED[36_000 - AT : 37_000 - AT])
    session.close()


def test_what_is_not_accepted_is_not_heard(repaired: Repaired) -> None:
    with Document.open(repaired.path) as document:
        document.apply(decide(document.state, [repaired.proposal_id], Verdict.REJECTED))
        np.testing.assert_array_equal(_heard(document), SOUND)
