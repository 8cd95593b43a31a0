"""Repairs in the real window: drawn as they are rendered, at every zoom, and told where they are damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from desktop.main_window import MainWindow
from engine.core.errors import ExportError
from engine.core.files.places import cache_bytes, empty_cache
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand, repair
from engine.document.edits.proposals import decide, set_analyses
from engine.document.edits.tracks import set_pictures
from engine.document.file.stored_audio import StoredAudio, stored
from engine.document.proposals import Proposal, Verdict
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Picture
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.build import in_place
from engine.sound.edl.render import render
from engine.sound.edl.tracks.unpacked import UnpackRequest, unpack
from engine.sound.pictures.peaks import sample_columns
from engine.sound.pictures.spectrogram import Spectrogram, block_cells
from engine.sound.reader import SourceReader
from tests.desktop.conftest import Hands
from widgets.timeline.sound.waves import ColumnGrid, track_columns

RATE_HZ, LENGTH = 48_000, 480_000
AT, SPAN, SLIP, CUT = 90_000, (96_000, 240_000), (120_000, 150_000), (168_000, 200_000)
BY_SAMPLES, FADE = 6_000, 2_400
TOLD = (
    "The recording is shown and played in place of the repair at 0:02.0, since the audio stored for it is "
    "missing or damaged: open a backup of the document, or make it again."
)


def tone(frequency_hz: float, first: float, last: float, frames: int, channels: int) -> NDArray[np.float32]:
    """A tone that grows or dies away, of 24 bits, so that it is stored as FLAC."""
    time_s = np.arange(frames) / RATE_HZ
    one = np.linspace(first, last, frames) * np.sin(2 * np.pi * frequency_hz * time_s)
    whole = np.rint(one * 2**23) / 2**23
    return np.repeat(whole[:, None], channels, axis=1).astype(np.float32)


SOUND = tone(1_500.0, 0.1, 0.3, LENGTH, 2)
AUDIO = stored(tone(4_500.0, 0.8, 0.5, 160_000, 1), RATE_HZ)
OTHER = stored(tone(700.0, 0.2, 0.9, 20_000, 2), RATE_HZ)
OTHER_SPAN = (300_000, 310_000)


@dataclass(frozen=True)
class Repaired:
    """A document of a track with repairs; the second is accepted only later."""

    path: Path
    first: str
    second: str


def make_repair(
    state: DocumentState, audio: StoredAudio, span: tuple[int, int], at: int
) -> tuple[Edit, Proposal]:
    tracks = [track.id for track in state.tracks]
    made = {"maker": "test", "reason": "A cough.", "crossfade_ms": 50.0}
    return repair(state, audio, span, tracks, at_samples=at, **made)  # type: ignore[arg-type]


@pytest.fixture
def repaired(tmp_path: Path) -> Repaired:
    """With a slice of the repair slipped and another cut, and a grid, so that nothing has to be heard."""
    soundfile.write(tmp_path / "Guitar.wav", SOUND, RATE_HZ, subtype="PCM_24")
    imported = import_audio(ImportRequest((tmp_path / "Guitar.wav",)), SILENT)
    beats = np.arange(0, LENGTH, RATE_HZ // 2, dtype=np.int64)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "test")
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(import_edit(document.state, imported))
        document.apply(set_analyses(document.state, {"beats": "b"}, "Heard"), {"b": grid})
        ids = []
        for audio, span, at in ((AUDIO, SPAN, AT), (OTHER, OTHER_SPAN, 295_000)):
            edit, proposal = make_repair(document.state, audio, span, at)
            document.apply(edit, audio=[audio])
            ids.append(proposal.id)
        document.apply(decide(document.state, ids[:1], Verdict.ACCEPTED))
        tracks = [track.id for track in document.state.tracks]
        for kind, span, payload in (
            ("slip", SLIP, {"by_samples": float(BY_SAMPLES), "crossfade_ms": 50.0}),
            ("cut", CUT, {}),
        ):
            edit, _ = edit_by_hand(document.state, kind, *span, payload, tracks if kind == "slip" else ())
            document.apply(edit)
    return Repaired(tmp_path / "jam.offcut", *ids)


def finish(hands: Hands) -> None:
    """Wait until all that is drawn is there."""
    window = hands.window
    window.timeline.canvas.compose()
    parts = (window.stored_waves, window.spectrograms, window.work, window.recordings.wave_tiles)
    hands.qtbot.waitUntil(lambda: not any(part.is_busy for part in parts), timeout=30_000)


def show(hands: Hands, path: Path) -> None:
    hands.window.session.open(path)
    finish(hands)


def lanes(window: MainWindow) -> bytes:
    image = window.timeline.canvas.compose()
    return bytes(image.constBits())[image.bytesPerLine() * window.timeline.canvas.frame.layout.lanes_top :]


def drawn(window: MainWindow) -> NDArray[np.float32]:
    """Columns of the whole track, as its lane reads them."""
    (wave,) = window.timeline.canvas._layers._waves.values()
    return track_columns(wave, 2, ColumnGrid(0, 600.0, LENGTH // 600), 0, LENGTH)[0].maximum


def rendered(window: MainWindow) -> NDArray[np.float32]:
    state = window.session.state
    edits = window.transport.edit_list or in_place(state)
    return render(state, edits, window.session.media, 0, edits.length_samples)


def edges(window: MainWindow) -> NDArray[np.int64]:
    """Where what is drawn may be of either side, in what is shown."""
    source = (*SPAN, SPAN[0] + BY_SAMPLES, *SLIP, *CUT, *OTHER_SPAN)
    edits = window.transport.edit_list
    return np.array([one if edits is None else edits.to_result(one) for one in source])


@pytest.mark.parametrize("is_result", [False, True])
@pytest.mark.parametrize(
    ("width", "starts"),
    [(600.0, (0,)), (48.0, (90_000, 118_000, 205_000)), (1.0, (95_500, 119_800, 149_900, 207_500))],
)
def test_columns_of_a_repair_equal_those_of_what_is_rendered(
    hands: Hands, repaired: Repaired, width: float, starts: tuple[int, ...], is_result: bool
) -> None:
    show(hands, repaired.path)
    window = hands.window
    if is_result:
        window.commands.run("transport.source_result")
        finish(hands)
    truth = rendered(window)
    (wave,) = window.timeline.canvas._layers._waves.values()
    replaced = 0
    for start in starts:
        grid = ColumnGrid(int(start / width), width, 700)
        track_columns(wave, 2, grid, 0, len(truth))  # asks for what is finer than the kept peaks
        hands.qtbot.waitUntil(lambda: not window.recordings.wave_tiles.is_busy)
        found = track_columns(wave, 2, grid, 0, len(truth))
        middles = (grid.edges()[:-1] + grid.edges()[1:]) / 2
        reach = 0.0 if width == 1.0 else FADE / 2 + 2 * width + 256
        away = np.min(np.abs(middles[:, None] - edges(window)), axis=1) >= reach
        away &= middles < len(truth) - reach
        for channel, columns in enumerate(found):
            exact = sample_columns(truth[:, channel], 0, grid.first * width, width, 700)
            tolerance = 1e-6 if width == 1.0 else 0.012
            for name in ("minimum", "maximum", "rms"):
                drawn, heard = getattr(columns, name)[away], getattr(exact, name)[away]
                np.testing.assert_allclose(drawn, heard, rtol=0, atol=tolerance)
            replaced += int((exact.maximum[away] > 0.45).sum())
    assert replaced > 100, "the repair is in view"


@pytest.mark.parametrize("is_result", [False, True])
@pytest.mark.parametrize("width", [1_200.0, 200.0])
def test_spectra_of_a_repair_are_near_those_of_what_is_rendered(
    hands: Hands, repaired: Repaired, tmp_path: Path, width: float, is_result: bool
) -> None:
    show(hands, repaired.path)
    window = hands.window
    session, timeline = window.session, window.timeline
    session.apply(set_pictures(session.state, [session.state.tracks[0].id], Picture.SPECTROGRAM))
    if is_result:
        window.commands.run("transport.source_result")
    start = 0 if width > 1_000 else 90_000
    timeline.canvas.set_viewport(replace(timeline.canvas.viewport, start_samples=start, samples_per_px=width))
    finish(hands)
    soundfile.write(tmp_path / "heard.wav", rendered(window), RATE_HZ, subtype="FLOAT")
    with SourceReader(tmp_path / "heard.wav") as reader:
        truth = Spectrogram(block_cells(reader, 2048, 0), 2048, RATE_HZ, reader.frames)
        n_columns = int(min(700, (reader.frames - start) // width - 1))
    (columns,) = timeline.canvas._layers._spectrograms.sources.values()
    columns.columns(0, start, width, n_columns)
    hands.qtbot.waitUntil(lambda: not window.spectrograms.is_busy)
    found = columns.columns(0, start, width, n_columns)
    begins = (start + width * np.arange(n_columns)).astype(np.int64)
    expected = truth.cells(0, begins, begins + int(width), width)
    away = np.min(np.abs((begins + width / 2)[:, None] - edges(window)), axis=1) > FADE + 2 * width + 2_048
    loud = expected > 160  # what is far below the tones is leakage of the window
    difference = np.abs(found.astype(int) - expected)[away][loud[away]]
    assert difference.max() <= 6  # 3 dB, at the flanks of a tone whose level changes
    assert np.median(difference) <= 1
    assert away.sum() > 80


def test_a_repair_that_is_accepted_is_drawn_and_one_that_is_undone_is_not(
    hands: Hands, repaired: Repaired
) -> None:
    show(hands, repaired.path)
    window, before = hands.window, lanes(hands.window)
    session = window.session
    session.apply(decide(session.state, [repaired.second], Verdict.ACCEPTED))
    finish(hands)
    after = lanes(window)
    assert after != before
    session.undo()
    finish(hands)
    assert lanes(window) == before
    session.redo()
    assert lanes(window) == after, "it is there already"
    assert not hands.window.status_bar._failed


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        key = AUDIO.key
        (block,) = raw.execute("SELECT bytes FROM stored_audio WHERE key = ?", (key,)).fetchone()
        hurt = bytearray(block)
        hurt[len(hurt) // 2] ^= 1
        raw.execute("UPDATE stored_audio SET bytes = ? WHERE key = ?", (bytes(hurt), key))


def remove(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DELETE FROM stored_audio WHERE key = ?", (AUDIO.key,))


@pytest.mark.parametrize("hurt", [damage, remove])
@pytest.mark.parametrize("was_drawn", [False, True])
def test_a_damaged_repair_is_drawn_as_the_recording_and_told_once(
    hands: Hands, repaired: Repaired, hurt: Callable[[Path], None], was_drawn: bool
) -> None:
    window = hands.window
    told: list[str] = []
    window.stored_waves.failed.connect(told.append)
    show(hands, repaired.path)
    whole, sound = lanes(window), drawn(window)
    if not was_drawn:
        empty_cache(set())
    window.session.close()
    hurt(repaired.path)
    show(hands, repaired.path)
    assert [one.replace(" ‹file.open_backup›", "") for one in told] == [TOLD]
    assert window.status_bar._done.text() == TOLD
    opened_at = max(at for at, one in enumerate(window.messages.messages) if one.text == TOLD)
    of_it = [one.text for one in window.messages.messages if "cannot be read" in one.text]
    assert not of_it, "told once, where it would be heard"
    assert opened_at == len(window.messages.messages) - 1
    damaged = lanes(window)
    assert damaged != whole
    session = window.session
    for _ in range(2):
        session.apply(decide(session.state, [repaired.first], Verdict.REJECTED))
        finish(hands)
        session.undo()
        finish(hands)
    assert lanes(window) == damaged
    assert len(told) == 1
    again, _ = make_repair(session.state, AUDIO, (SPAN[0], SPAN[1] - 10_000), AT)
    session.apply(again, audio=[AUDIO])
    session.apply(decide(session.state, [repaired.first], Verdict.REJECTED))
    session.apply(decide(session.state, [repaired.first], Verdict.ACCEPTED))
    finish(hands)
    np.testing.assert_array_equal(drawn(window), sound, "its audio was stored again")


def test_a_cache_that_takes_nothing_is_told_and_the_recording_is_drawn(
    hands: Hands, repaired: Repaired, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ExportError("The disk is full: free some space.")

    monkeypatch.setattr("engine.sound.conform.check_room", refuse)
    window, told = hands.window, list[str]()
    window.stored_waves.failed.connect(told.append)
    show(hands, repaired.path)
    assert told == ["The disk is full: free some space."]
    np.testing.assert_allclose(drawn(window).max(), 0.3, atol=0.01)


def test_it_is_unpacked_once_and_counted_as_in_use(hands: Hands, repaired: Repaired) -> None:
    show(hands, repaired.path)
    request = UnpackRequest(repaired.path, AUDIO.key, RATE_HZ)
    kept = unpack(request)
    assert kept is not None
    np.testing.assert_array_equal(
        soundfile.read(kept.path, dtype="float32", always_2d=True)[0], AUDIO.samples
    )
    before = kept.path.stat()
    again = unpack(request)
    assert again is not None
    assert again.path.stat().st_mtime_ns == before.st_mtime_ns
    size = cache_bytes()
    hands.window.user_settings.preferences.empty_cache(hands.window.user_settings._in_use())
    assert kept.path.exists()
    assert cache_bytes() == size
    empty_cache(set())
    assert not kept.path.exists()
