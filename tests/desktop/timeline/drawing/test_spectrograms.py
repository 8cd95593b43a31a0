"""Spectrograms in the real window: shown by keys, made by jobs, kept, refined, and drawn as chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDialog, QPushButton, QWidget

from desktop.main_window import MainWindow
from desktop.timeline.drawing.spectrograms import (
    SpectrogramTile,
    SpectrogramTiles,
    TrackSpectrogram,
    make_tiles,
    stored_look,
)
from engine.core.files.places import cache_folder
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.proposals import set_analyses
from engine.document.kinds.operations import Replace, Shift
from engine.document.tracks import Picture
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import Patches
from engine.sound.pictures.spectrogram import (
    WINDOWS_SAMPLES,
    SpectrogramRequest,
    detail_cells,
    source_spectrogram,
)
from engine.sound.reader import SourceReader
from tests.desktop.conftest import Hands, named_field
from widgets.timeline.sound.result_columns import EditedSpectrogram
from widgets.timeline.sound.spectrogram import ColorMap, Scale, SpectrogramLook

RATE_HZ = 48_000
SECONDS = 12


@pytest.fixture
def recording(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A tone that rises for twelve seconds, in one channel, and noise in the other."""
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    rising = 0.5 * np.sin(2 * np.pi * (200 * time_s + 150 * time_s**2))
    samples = np.stack([rising, rng.normal(0, 0.05, len(time_s))], axis=1).astype(np.float32)
    soundfile.write(tmp_path / "rise.wav", samples, RATE_HZ, subtype="PCM_24")
    return tmp_path / "rise.wav"


@pytest.fixture
def looking(hands: Hands, tmp_path: Path, recording: Path) -> Hands:
    """A document of the tone and of a second of silence, with a grid, so that nothing has to be heard."""
    soundfile.write(tmp_path / "other.wav", np.zeros((RATE_HZ, 1), np.float32), RATE_HZ, subtype="PCM_16")
    imported = import_audio(ImportRequest((recording, tmp_path / "other.wav")), SILENT)
    beats = np.arange(0, SECONDS * RATE_HZ, RATE_HZ // 2, dtype=np.int64)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "test")
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(import_edit(document.state, imported))
        document.apply(set_analyses(document.state, {"beats": "b"}, "Heard"), {"b": grid})
    hands.window.session.open(tmp_path / "jam.offcut")
    hands.finish_work()
    return hands


def finish(hands: Hands) -> None:
    """Wait until all that is drawn is there, waveforms included."""
    window = hands.window
    working = (window.spectrograms, window.work, window.recordings.wave_tiles)
    hands.qtbot.waitUntil(lambda: not any(part.is_busy for part in working), timeout=30_000)


def pictures(hands: Hands) -> list[Picture]:
    return [track.picture for track in hands.window.session.state.tracks]


def lanes(window: MainWindow) -> bytes:
    image = window.timeline.canvas.compose()
    return bytes(image.constBits())[image.bytesPerLine() * window.timeline.canvas.frame.layout.lanes_top :]


def final_lanes(hands: Hands) -> bytes:
    """The lanes once all tiles that they ask for are there."""
    lanes(hands.window)
    finish(hands)
    return lanes(hands.window)


def test_a_key_shows_the_first_track_and_undo_takes_it_back(looking: Hands) -> None:
    before = final_lanes(looking)
    looking.press("Alt+W")
    finish(looking)
    assert pictures(looking) == [Picture.SPECTROGRAM, Picture.WAVEFORM]
    assert looking.window.session.undo_label == "rise drawn as spectrogram"
    assert lanes(looking.window) != before
    looking.press("Ctrl+Z")
    finish(looking)
    assert pictures(looking) == [Picture.WAVEFORM] * 2
    assert lanes(looking.window) == before


def test_the_chosen_head_says_which_track(looking: Hands) -> None:
    looking.window.timeline.heads.choose(looking.window.session.state.tracks[1].id)
    looking.press("Alt+W")
    assert pictures(looking) == [Picture.WAVEFORM, Picture.SPECTROGRAM]
    looking.press("Alt+W")
    assert pictures(looking) == [Picture.WAVEFORM] * 2
    finish(looking)


def test_all_tracks_change_in_one_step(looking: Hands) -> None:
    looking.press("Alt+W")
    looking.press("Alt+Shift+W")
    assert pictures(looking) == [Picture.SPECTROGRAM] * 2
    assert looking.window.session.undo_label == "2 tracks drawn as spectrograms"
    looking.press("Alt+Shift+W")
    assert pictures(looking) == [Picture.WAVEFORM] * 2
    looking.press("Ctrl+Z")
    assert pictures(looking) == [Picture.SPECTROGRAM] * 2
    finish(looking)


@pytest.mark.parametrize("keys", ["Alt+W", "Alt+Shift+W"])
def test_without_tracks_a_sentence_says_what_to_do(hands: Hands, keys: str) -> None:
    hands.press(keys)
    assert "import a recording first" in hands.refused[-1]


def test_it_is_stored_and_read_from_the_cache(looking: Hands, tmp_path: Path) -> None:
    looking.press("Alt+W")
    finish(looking)
    kept = list(cache_folder("spectrograms").iterdir())
    inodes = [path.stat().st_ino for path in kept]
    shown = final_lanes(looking)
    looking.window.session.open(tmp_path / "jam.offcut")
    finish(looking)
    assert pictures(looking)[0] is Picture.SPECTROGRAM
    assert final_lanes(looking) == shown
    assert len(kept) == 1
    assert [path.stat().st_ino for path in cache_folder("spectrograms").iterdir()] == inodes


def test_a_cancel_goes_back_to_the_waveform_and_the_key_tries_again(looking: Hands) -> None:
    before = final_lanes(looking)
    looking.press("Alt+W")
    looking.window.commands.run("job.cancel")
    finish(looking)
    assert any(sentence.startswith("Cancelled: Drawing the spectrogram of rise") for sentence in looking.said)
    assert final_lanes(looking) == before
    looking.press("Alt+W")
    looking.press("Alt+W")
    assert final_lanes(looking) != before


def test_a_recording_that_is_gone_is_told(looking: Hands, recording: Path) -> None:
    recording.unlink()
    looking.press("Alt+W")
    finish(looking)
    assert "rise.wav" in looking.refused[-1]
    assert pictures(looking)[0] is Picture.SPECTROGRAM, "it is drawn once the file is back"


@pytest.mark.parametrize("window_samples", WINDOWS_SAMPLES)
def test_close_views_are_refined_off_the_windows_thread(
    hands: Hands, recording: Path, window_samples: int
) -> None:
    pyramid = source_spectrogram(SpectrogramRequest(recording, "hash", window_samples))
    tiles = SpectrogramTiles(make_tiles, 10**7, "test", hands.window)
    drawn = TrackSpectrogram(pyramid, recording, tiles)
    starts = np.arange(100, 700, dtype=np.int64) * 256  # middles of frames at a hop of 256
    coarse = drawn.cells(0, starts, starts + 256, 256.0)
    np.testing.assert_array_equal(coarse, pyramid.cells(0, starts, starts + 256, 256.0))
    with hands.qtbot.waitSignal(tiles.arrived, timeout=10_000):
        pass
    hands.qtbot.waitUntil(lambda: not tiles.is_busy)
    fine = drawn.cells(0, starts, starts + 256, 256.0)
    with SourceReader(recording) as reader:
        pieces = np.concatenate([detail_cells(reader, window_samples, 256, n)[0] for n in range(6)])
    np.testing.assert_array_equal(fine, pieces[100:700])
    nearest = drawn.cells(0, starts[:-3] + 100, starts[:-3] + 356, 256.0)
    np.testing.assert_array_equal(nearest, pieces[100:697])
    between = drawn.cells(0, starts[:-3] + 92, starts[:-3] + 292, 200.0)  # narrower than frames stand apart
    mixed = (pieces[100:697].astype(float) * 0.75 + pieces[101:698] * 0.25).astype(np.uint8)
    np.testing.assert_array_equal(between, mixed)
    cut = np.concatenate([starts[:20], starts[500:520]])
    np.testing.assert_array_equal(
        drawn.cells(0, cut, cut + 256, 256.0), np.concatenate([pieces[100:120], pieces[600:620]])
    )
    outside = np.array([-5_000, SECONDS * RATE_HZ + 10_000])
    assert not drawn.cells(0, outside, outside + 256, 256.0).any()
    tiles.close()


def test_close_views_show_edited_sound_as_it_is_heard(hands: Hands, recording: Path, tmp_path: Path) -> None:
    """Frames that any edited sound is in are those of a file of it; all others are the recording's own."""
    offset, operations = 1_000, (Replace(60_000, 70_000), Shift(90_000, 97_000, (), 300.5, 10.0))
    patches = Patches.of(operations, RATE_HZ)
    pyramid = source_spectrogram(SpectrogramRequest(recording, "hash", 2048))
    with SourceReader(recording) as reader:
        heard = PatchedReader(reader, patches, reader.frames, 2, offset).read(0, reader.frames)
        plain = np.concatenate([detail_cells(reader, 2048, 256, n) for n in range(6)], axis=1)
    soundfile.write(tmp_path / "heard.wav", heard, RATE_HZ, subtype="FLOAT")
    with SourceReader(tmp_path / "heard.wav") as reader:
        expected = np.concatenate([detail_cells(reader, 2048, 256, n) for n in range(6)], axis=1)
    tiles = SpectrogramTiles(make_tiles, 10**7, "test", hands.window)
    made: list[SpectrogramTile] = []
    tiles.get = lambda tile, get=tiles.get: (made.append(tile), get(tile))[1]  # type: ignore[method-assign]
    drawn = EditedSpectrogram(TrackSpectrogram(pyramid, recording, tiles), patches, offset)
    starts = np.arange(100, 700, dtype=np.int64) * 256
    drawn.cells(0, starts, starts + 256, 256.0)
    hands.qtbot.waitUntil(lambda: not tiles.is_busy)
    for channel in (0, 1):
        found = drawn.cells(channel, starts, starts + 256, 256.0)
        np.testing.assert_array_equal(found, expected[channel, 100:700])
        assert (found != plain[channel, 100:700]).any()
    edited = {tile.number for tile in made if tile.edits}
    assert edited == {1, 2}, "nothing is made anew of what is as it was"
    tiles.close()


def test_a_mute_is_seen_in_the_spectrogram_of_both_views(looking: Hands) -> None:
    window = looking.window
    looking.press("Alt+W")
    finish(looking)
    before = final_lanes(looking)
    edit, made = edit_by_hand(window.session.state, "mute", 2 * RATE_HZ, 4 * RATE_HZ, {})
    window.session.apply(edit)
    window.review.choose(made.id)
    assert final_lanes(looking) != before
    for keys in ("", "Q"):
        if keys:
            looking.press(keys)
        for width in (4_096.0, 100.0):
            source = window.timeline.canvas._layers._spectrograms.sources[window.session.state.tracks[0].id]

            def cells(start_s: float, source=source, width: float = width) -> np.ndarray:
                return source.columns(0, start_s * RATE_HZ, width, 4)

            cells(3.0)
            finish(looking)
            assert cells(3.0).max() == 1, "silence"
            assert cells(1.0).max() > 100


def test_tiles_of_a_recording_that_is_gone_are_given_up(hands: Hands, recording: Path) -> None:
    pyramid = source_spectrogram(SpectrogramRequest(recording, "hash", 2048))
    recording.unlink()
    tiles = SpectrogramTiles(make_tiles, 10**7, "test", hands.window)
    drawn = TrackSpectrogram(pyramid, recording, tiles)
    starts = np.arange(600, dtype=np.int64) * 128
    for _ in range(3):
        drawn.cells(0, starts, starts + 128, 128.0)
        hands.qtbot.waitUntil(lambda: not tiles.is_busy)
    assert tiles.get(SpectrogramTile(recording, 2048, 128, 0)) is None
    tiles.close()


def test_zooming_in_ends_with_the_fine_picture(looking: Hands) -> None:
    looking.press("Alt+W")
    finish(looking)
    timeline = looking.window.timeline
    timeline.canvas.set_viewport(
        replace(timeline.canvas.viewport, start_samples=200_000.0, samples_per_px=50.0)
    )
    coarse = lanes(looking.window)
    finish(looking)
    assert lanes(looking.window) != coarse


def answer(*steps: Callable[[QDialog], None], keys: Qt.Key) -> Callable[[QWidget], None]:
    def act(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        for step in steps:
            step(dialog)
        QTest.keyClick(dialog, keys)

    return act


def choose(name: str, value: str) -> Callable[[QDialog], None]:
    def act(dialog: QDialog) -> None:
        field = next(one for one in dialog.findChildren(QComboBox) if one.accessibleName() == name)
        field.setCurrentIndex(field.findData(value))

    return act


def type_into(name: str, text: str) -> Callable[[QDialog], None]:
    def act(dialog: QDialog) -> None:
        field = named_field(dialog, name)
        field.selectAll()
        QTest.keyClicks(field, text)

    return act


def test_settings_show_at_once_and_esc_restores_them(looking: Hands) -> None:
    looking.press("Alt+Shift+W")
    finish(looking)
    before, seen = final_lanes(looking), list[bytes]()

    def look(_dialog: QDialog) -> None:
        seen.append(lanes(looking.window))

    steps = (
        choose("Frequencies", "linear"),
        look,
        choose("Colours", "grey"),
        look,
        type_into("Minimum", "-50"),
        look,
    )
    looking.do_and_answer(
        lambda: looking.window.commands.run("view.spectrogram"), answer(*steps, keys=Qt.Key.Key_Escape)
    )
    assert len({before, *seen}) == 4
    assert lanes(looking.window) == before
    assert looking.window.spectrograms.look == SpectrogramLook()


def test_settings_that_are_kept_hold_the_next_time(
    looking: Hands, restarted: Callable[[], MainWindow]
) -> None:
    looking.press("Alt+W")
    finish(looking)
    steps = (
        choose("Frequencies", "mel"),
        choose("Colours", "viridis"),
        choose("Window", "4096"),
        type_into("Minimum", "-100"),
        type_into("Maximum", "-12"),
    )
    looking.do_and_answer(
        lambda: looking.window.commands.run("view.spectrogram"), answer(*steps, keys=Qt.Key.Key_Return)
    )
    finish(looking)
    chosen = SpectrogramLook(Scale.MEL, ColorMap.VIRIDIS, -100, -12, 4096)
    assert looking.window.spectrograms.look == chosen
    assert {path.name.split("-")[2] for path in cache_folder("spectrograms").iterdir()} == {"2048", "4096"}
    assert restarted().spectrograms.look == chosen


def test_a_range_that_cannot_be_is_refused_in_words(looking: Hands) -> None:
    seen: list[bool] = []

    def look(dialog: QDialog) -> None:
        keep = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Save")
        seen.append(keep.isEnabled())

    steps = (
        type_into("Maximum", "-60"),
        look,
        type_into("Minimum", "-55"),
        look,
        type_into("Minimum", "5"),
        look,
    )
    looking.do_and_answer(
        lambda: looking.window.commands.run("view.spectrogram"), answer(*steps, keys=Qt.Key.Key_Escape)
    )
    assert seen == [True, False, False]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale", "bark"),
        ("color_map", ""),
        ("floor_db", "-1000"),
        ("ceiling_db", "x"),
        ("window_samples", "77"),
    ],
)
def test_stored_nonsense_counts_as_never_chosen(tmp_path: Path, name: str, value: str) -> None:
    settings = QSettings(str(tmp_path / "odd.ini"), QSettings.Format.IniFormat)
    settings.setValue(f"spectrogram/{name}", value)
    assert stored_look(settings) == SpectrogramLook()
    settings.setValue("spectrogram/floor_db", "-40")
    settings.setValue("spectrogram/ceiling_db", "-60")
    assert stored_look(settings) == SpectrogramLook()
