"""Poly files: names of channels, tracks of channels, mixes left out, samples that stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import SourceError
from engine.core.progress import SILENT
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.features.timing.kit import import_with_kit
from engine.recordings.import_audio import (
    Imported,
    ImportRequest,
    Split,
    formats_of,
    import_audio,
    import_edit,
    poly_files,
    split_paths,
)
from engine.recordings.media import MediaRequest, find_media, locate, relink
from engine.recordings.stated.placements import Mode
from engine.sound.headers.bwf import (
    Broadcast,
    append_chunks,
    broadcast_chunks,
    channel_title,
    read_channel_names,
)
from engine.sound.headers.start_times import read_time_reference
from engine.sound.pictures.peak_cache import load_peaks, read_together, source_peaks, store_channels
from engine.sound.reader import SourceReader, content_hash, probe
from tests.counting import calls_of
from tests.engine.features.placement.field_recorders import (
    METACORDER,
    NUENDO,
    RODE,
    SOUND_DEVICES,
    TASCAM,
    ZOOM_F8,
    Recorder,
    recorded,
)

DAY = datetime(2026, 5, 3, 12)
RATE_HZ = 8_000
BAND = ("Kick", "Snare", "OH L", "OH R", "Bass DI")


def poly(path: Path, recorder: Recorder, names: tuple[str, ...], length_s: float = 1.0) -> Path:
    """Write a file with noise in each channel."""
    rng = np.random.default_rng(len(names))
    samples = rng.uniform(-0.5, 0.5, (round(length_s * RATE_HZ), len(names))).astype(np.float32)
    return recorded(path, samples, recorder, DAY, 43_200 * RATE_HZ, rate_hz=RATE_HZ, names=names)


def imported_tracks(imported: Imported) -> DocumentState:
    return apply_rows(DocumentState(), import_edit(DocumentState(), imported).changes)


IXML_ALONE = replace(RODE, prefix="")
BEXT_ALONE = replace(SOUND_DEVICES, has_ixml=False)


@pytest.mark.parametrize(
    ("recorder", "names"),
    [
        (ZOOM_F8, BAND),
        (SOUND_DEVICES, ("MixL", "MixR", "Boom", "Lav 1")),
        (METACORDER, ("Boom", "", "Plant")),
        (IXML_ALONE, ("Host &amp; guest", "Gäste", "Phone")),
        (Recorder("Cantar-X", "", "a", has_ixml=False), BAND),
        (Recorder("Deva", "", "d"), BAND),
        (replace(NUENDO, prefix="s"), BAND),
        (TASCAM, ("", "", "")),
        (replace(ZOOM_F8, has_ixml=False), BAND),
        (Recorder("PMR61", "", "f", has_ixml=False), ("1", "2", "3")),
    ],
)
def test_names_of_channels_are_read(tmp_path: Path, recorder: Recorder, names: tuple[str, ...]) -> None:
    path = poly(tmp_path / "a.WAV", recorder, names)
    expected = {number: name.replace("&amp;", "&") for number, name in enumerate(names, 1) if name}
    assert read_channel_names(path) == expected
    assert channel_title(path, 2) == (expected.get(2) or "a channel 2")


def test_offcut_reads_the_names_that_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((100, 3)), RATE_HZ)
    said = Broadcast("", "", 0, ("Kick & co", "Snare <top>", "OH"))
    append_chunks(path, broadcast_chunks(said, rate_hz=RATE_HZ, bits=16))
    assert read_channel_names(path) == {1: "Kick & co", 2: "Snare <top>", 3: "OH"}


def test_a_file_without_names_has_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros((100, 4)), RATE_HZ)
    (tmp_path / "b.wav").write_bytes(b"RIFF\0\0\0\0WAVEbext\4\0\0\0abcd")
    assert read_channel_names(tmp_path / "a.flac") == {}
    assert read_channel_names(tmp_path / "b.wav") == {}
    assert read_channel_names(tmp_path / "gone.wav") == {}


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_a_channel_has_the_samples_of_the_file(
    tmp_path: Path, subtype: str, rng: np.random.Generator
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, rng.uniform(-1.0, 1.0, (3_000, 5)), RATE_HZ, subtype)
    with SourceReader(path) as whole, SourceReader(tmp_path / "a.wav#ch4") as channel:
        assert (channel.channels, channel.frames, channel.subtype) == (1, 3_000, subtype)
        expected = whole.read(-10, 3_010, np.float64)[:, 3:4]
        np.testing.assert_array_equal(channel.read(-10, 3_010, np.float64), expected)
        np.testing.assert_array_equal(channel.read(7, 1_234, np.float64), expected[17:1_244])


def test_channels_have_names_and_hashes_of_their_own(tmp_path: Path) -> None:
    path = poly(tmp_path / "a.WAV", ZOOM_F8, BAND)
    addresses = [path, *(tmp_path / f"a.WAV#ch{number}" for number in range(1, 6))]
    assert len({content_hash(one) for one in addresses}) == 6
    assert [channel_title(path, number) for number in range(1, 6)] == list(BAND)
    with pytest.raises(SourceError, match="channel 6"):
        probe(tmp_path / "a.WAV#ch6")


def test_a_file_whose_name_looks_like_an_address_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav#ch2"
    soundfile.write(path, np.zeros((100, 3)), RATE_HZ, format="WAV")
    assert probe(path).channels == 3


def test_three_named_channels_become_tracks_and_drums_have_roles(tmp_path: Path) -> None:
    imported = import_with_kit(ImportRequest((poly(tmp_path / "a.WAV", ZOOM_F8, BAND),)), SILENT)
    state = imported_tracks(imported)
    assert [track.name for track in state.tracks] == list(BAND)
    assert [track.role for track in state.tracks] == ["kick", "snare", "overhead", "overhead", ""]
    assert [state.channels(track) for track in state.tracks] == [1] * 5


@pytest.mark.parametrize(
    ("split", "tracks"),
    [(Split.NAMED, 2 + 1 + 1), (Split.POLY, 2 + 3 + 1), (Split.EVERY, 2 + 3 + 2), (Split.NONE, 3)],
)
def test_the_user_chooses_which_files_are_split(tmp_path: Path, split: Split, tracks: int) -> None:
    paths = (
        poly(tmp_path / "named.WAV", ZOOM_F8, ("A", "B", "Mix")),
        poly(tmp_path / "plain.WAV", TASCAM, ("", "", "")),
        poly(tmp_path / "stereo.WAV", TASCAM, ("", "")),
    )
    assert len(split_paths(paths, split, formats_of(paths))[0]) == tracks


@pytest.mark.parametrize(
    ("names", "mixes"),
    [
        (("MixL", "MixR", "Boom"), (1, 2)),
        (("Mix L", "Mix R", "Boom"), (1, 2)),
        (("Kick", "Snare", "TrL", "TrR"), (3, 4)),
        (("Vox", "Stereo Mix", "Gtr"), (2,)),
        (("Vox", "Main Left", "Main Right"), (2, 3)),
        (("Mixer talkback", "Tree L", "Tree R"), ()),
        (("Mix L", "Mix R"), ()),
    ],
)
def test_mixes_are_left_out(tmp_path: Path, names: tuple[str, ...], mixes: tuple[int, ...]) -> None:
    (found,) = poly_files(formats_of([poly(tmp_path / "a.WAV", ZOOM_F8, names)]))
    assert found.mixes == mixes
    assert len(found.paths) == len(names) - len(mixes)


def test_what_is_left_out_is_named_with_a_way_on(tmp_path: Path) -> None:
    path = poly(tmp_path / "a.WAV", ZOOM_F8, ("Mix L", "Mix R", "Boom", "Lav"))
    imported = import_audio(ImportRequest((path,)), SILENT)
    assert len(imported.sources) == 2
    (sentence,) = imported.warnings
    assert "Mix L (channel 1)" in sentence
    assert "Mix R (channel 2)" in sentence
    assert "a.WAV#ch1" in sentence
    assert len(import_audio(ImportRequest((tmp_path / "a.WAV#ch1",)), SILENT).sources) == 1


def test_takes_of_one_recorder_share_the_tracks_of_its_channels(tmp_path: Path) -> None:
    names = ("Kick", "Snare", "Vox")
    paths = []
    for number, at_s in enumerate((0, 5), 1):
        samples = np.random.default_rng(number).uniform(-0.5, 0.5, (2 * RATE_HZ, 3)).astype(np.float32)
        when, reference = DAY.replace(second=at_s), (43_200 + at_s) * RATE_HZ
        path = tmp_path / f"T{number:03d}.WAV"
        paths.append(recorded(path, samples, ZOOM_F8, when, reference, rate_hz=RATE_HZ, names=names))
    imported = import_with_kit(ImportRequest(tuple(paths), place=Mode.TIME), SILENT)
    state = imported_tracks(imported)
    assert [track.name for track in state.tracks] == list(names)
    for track in state.tracks:
        assert [clip.start_samples for clip in track.clips] == [0, 5 * RATE_HZ]
        sources = {state.sources[key].path.rpartition("#")[2] for key in track.source_ids}
        assert len(sources) == 1


def test_channels_are_found_again_in_another_folder(tmp_path: Path) -> None:
    path = poly(tmp_path / "card/a.WAV", ZOOM_F8, BAND)
    state = imported_tracks(import_audio(ImportRequest((path,)), SILENT))
    moved = tmp_path / "archive/deep/a.WAV"
    moved.parent.mkdir(parents=True)
    path.rename(moved)
    with pytest.raises(SourceError):
        locate(next(iter(state.sources.values())), tmp_path)
    found = apply_rows(state, relink(state, tmp_path, tmp_path / "archive").edit.changes)
    assert {source.path for source in found.sources.values()} == {
        f"{moved}#ch{number}" for number in range(1, 6)
    }


@pytest.mark.parametrize("suffix", [".rpp", ".otio", ".fcpxml", ".xml", ".edl", ".aaf"])
def test_a_channel_is_written_beside_an_export(tmp_path: Path, suffix: str) -> None:
    path = poly(tmp_path / "card/a.WAV", ZOOM_F8, BAND, 4.0)
    imported = import_audio(ImportRequest((path,)), SILENT)
    state, out = imported_tracks(imported), tmp_path / "out"
    out.mkdir()
    request = ExportRequest(state, imported.media.paths, out / f"song{suffix}")
    export(request)
    whole, _ = soundfile.read(path, dtype="int16")
    for number, name in enumerate(BAND):
        channel, rate_hz = soundfile.read(out / f"a {name}.wav", dtype="int16")
        np.testing.assert_array_equal(channel, whole[:, number])
        assert rate_hz == RATE_HZ
        assert read_time_reference(out / f"a {name}.wav") == 43_200 * RATE_HZ
    assert all(one.is_there for one in request.track_files)


def test_offcuts_own_list_names_the_channel(tmp_path: Path) -> None:
    path = poly(tmp_path / "a.WAV", ZOOM_F8, BAND)
    imported = import_audio(ImportRequest((path,)), SILENT)
    export(ExportRequest(imported_tracks(imported), imported.media.paths, tmp_path / "out.json"))
    assert "a.WAV#ch5" in (tmp_path / "out.json").read_text()
    assert {one.name for one in tmp_path.iterdir()} == {"a.WAV", "out.json"}


@pytest.mark.parametrize("bad_channel", [None, 2])
def test_peaks_of_channels_read_at_once_are_those_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad_channel: int | None
) -> None:
    samples = np.random.default_rng(3).uniform(-0.5, 0.5, (400_000, 4)).astype(np.float32)
    if bad_channel is not None:
        samples[1_234, bad_channel] = np.nan
    path = tmp_path / "take.wav"
    soundfile.write(path, samples, RATE_HZ, "FLOAT")
    imported = import_audio(ImportRequest((path,), split=Split.EVERY), SILENT)
    assert [*read_together(imported.sources, RATE_HZ)] == [[*imported.sources]]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    for number, source in enumerate(imported.sources):
        found, alone = imported.media.peaks[source.id], source_peaks(source, RATE_HZ)
        for level, expected in zip(found.levels, alone.levels, strict=True):
            np.testing.assert_array_equal(level, expected)
        bad = (1, 1_234) if number == bad_channel else (0, -1)
        assert (found.bad_samples, found.first_bad_samples) == bad


def test_channels_of_a_file_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    soundfile.write(path, np.zeros((4 * RATE_HZ, 4)), RATE_HZ, "FLOAT")
    sources = import_audio(ImportRequest((path,), split=Split.EVERY), SILENT).sources
    soundfile.write(path, np.ones((4 * RATE_HZ, 4)), RATE_HZ, "FLOAT")
    again = [replace(one, content_hash=content_hash(Path(one.path))) for one in sources]
    store_channels(again, RATE_HZ)
    path.unlink()
    assert [source_peaks(one, RATE_HZ).levels[0][:2].min() for one in again] == [1.0] * 4


@pytest.mark.parametrize("split", [Split.NONE, Split.EVERY])
def test_stored_peaks_are_checked_once_when_a_document_opens(tmp_path: Path, split: Split) -> None:
    path = tmp_path / "take.wav"
    soundfile.write(path, np.zeros((RATE_HZ, 4)), RATE_HZ)
    state = imported_tracks(import_audio(ImportRequest((path,), split=split), SILENT))
    request = MediaRequest(state, tmp_path)
    assert calls_of(lambda: find_media(request, SILENT), of=load_peaks) == len(state.sources)
