"""Exports that cannot work leave what was there and say why in one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from engine.core.errors import Cancelled, ExportError, OffcutError, SourceError
from engine.core.progress import ReportingProgress
from engine.exchange.export import AUDIO_SUFFIXES, FORMATS, ExportOptions, ExportRequest, export
from engine.exchange.export.formats import CODED_SUFFIXES
from engine.sound.conform import conformed_path
from engine.sound.reader import SourceReader, content_hash
from tests.engine.sound.edl.recordings import Recording, recording, with_cuts
from tests.mostly_long import mostly_long

FRAMES = 400_000


@pytest.fixture
def take(tmp_path: Path) -> Recording:
    """Fifty seconds of noise with a cut, in a folder of its own."""
    (tmp_path / "in").mkdir()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (FRAMES, 1))
    recorded = recording(tmp_path / "in", [noise], subtype="PCM_16")
    return Recording(with_cuts(recorded.state, (8000, 16_000)), recorded.media)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder to export into, empty."""
    made = tmp_path / "out"
    made.mkdir()
    return made


def refused(request: ExportRequest, kind: type[OffcutError] = ExportError) -> str:
    """Export, expect the failure and return its sentence."""
    with pytest.raises(kind) as raised:
        export(request)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_existing_file_is_kept_unless_the_user_agrees(take: Recording, folder: Path, suffix: str) -> None:
    out = folder / f"take{suffix}"
    out.write_bytes(b"precious")
    assert str(out) in refused(ExportRequest(take.state, take.media, out))
    assert out.read_bytes() == b"precious"
    export(ExportRequest(take.state, take.media, out, overwrite=True))
    assert out.stat().st_size > 50
    assert list(folder.iterdir()) == [out]


@pytest.mark.parametrize("name", ["take.m4a", "take", ".wav", "take.wav.bak"])
def test_an_unknown_suffix_names_the_known_ones(take: Recording, folder: Path, name: str) -> None:
    sentence = refused(ExportRequest(take.state, take.media, folder / name))
    assert all(suffix in sentence for suffix in FORMATS)
    assert not list(folder.iterdir())


def test_a_recording_is_never_written_over(take: Recording, folder: Path) -> None:
    source = take.media["s0"]
    before = source.read_bytes()
    (folder / "link.wav").symlink_to(source)
    for out in (source, source.parent / ".." / "in" / source.name, folder / "link.wav"):
        sentence = refused(ExportRequest(take.state, take.media, out, overwrite=True))
        assert "never written over" in sentence
    assert source.read_bytes() == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_folder_that_is_not_there_is_named(take: Recording, folder: Path, suffix: str) -> None:
    sentence = refused(ExportRequest(take.state, take.media, folder / "missing" / f"take{suffix}"))
    assert "missing" in sentence


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".rpp"])
def test_a_source_that_vanished_leaves_no_file(take: Recording, folder: Path, suffix: str) -> None:
    take.media["s0"].unlink()
    assert "s0.wav" in refused(ExportRequest(take.state, take.media, folder / f"take{suffix}"), SourceError)
    refused(ExportRequest(take.state, {}, folder / f"take{suffix}"), SourceError)
    assert not list(folder.iterdir())


def test_a_source_cut_short_while_it_is_read_leaves_no_file(take: Recording, folder: Path) -> None:
    source = take.media["s0"]

    def shorten(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if fraction < 0.5:
            os.truncate(source, 300_000)

    with pytest.raises(SourceError, match=r"s0\.wav"):
        export(ExportRequest(take.state, take.media, folder / "take.wav"), ReportingProgress(shorten))
    assert not list(folder.iterdir())


def zeros(source: Path) -> None:
    source.write_bytes(bytes(source.stat().st_size))


def silence(source: Path) -> None:
    """Write another recording of the same size over the sound, as a program that records again does."""
    with source.open("r+b") as stream:
        stream.seek(1_000)
        stream.write(bytes(source.stat().st_size - 1_000))


def silence_unseen(source: Path) -> None:
    """The same, on a disk that knows the time of a change to two seconds only."""
    before = source.stat()
    silence(source)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))


def another_file(source: Path) -> None:
    beside = source.with_name("new.wav")
    shutil.copy(source, beside)
    beside.replace(source)


def known(recorded: Recording) -> Recording:
    """Have the document know what is in its recordings, as importing does."""
    sources = {
        key: replace(source, content_hash=content_hash(recorded.media[key]))
        for key, source in recorded.state.sources.items()
    }
    return Recording(replace(recorded.state, sources=sources), recorded.media)


HARMS = [zeros, silence, silence_unseen, another_file, Path.unlink]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(
    "options", [ExportOptions(), ExportOptions(stems=True), ExportOptions(loudness_lufs=-20)]
)
def test_a_source_overwritten_while_it_is_read_leaves_no_file(
    take: Recording, folder: Path, harm: Callable[[Path], None], options: ExportOptions
) -> None:
    take = known(take)
    harmed: list[float] = []

    def overwrite(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if not harmed:
            harm(take.media["s0"])
            harmed.append(fraction)

    out = folder / "take.wav"
    request = ExportRequest(take.state, take.media, out, options=options)
    with pytest.raises(SourceError, match=r"s0\.wav (was changed while it was read|is )"):
        export(request, ReportingProgress(overwrite))
    assert harmed[0] < 1.0
    assert not list(folder.iterdir())
    out.write_bytes(b"precious")
    if options.stems:
        return
    if harm is another_file:  # the same recording again: only now it is another
        silence(take.media["s0"])
    with pytest.raises(SourceError, match=r"s0\.wav"):
        export(replace(request, overwrite=True))
    assert out.read_bytes() == b"precious"


@pytest.mark.parametrize("harm", [zeros, silence, silence_unseen])
def test_a_source_overwritten_while_it_is_converted_is_not_kept(
    take: Recording, harm: Callable[[Path], None]
) -> None:
    source = replace(known(take).state.sources["s0"], path=str(take.media["s0"]))
    whole = take.media["s0"].read_bytes()
    harmed: list[float] = []

    def overwrite(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if not harmed:
            harm(take.media["s0"])
            harmed.append(fraction)

    with pytest.raises(SourceError, match=r"s0\.wav (was changed while it was read|is damaged)"):
        conformed_path(source, 11_025, ReportingProgress(overwrite))
    take.media["s0"].write_bytes(whole)
    with SourceReader(conformed_path(source, 11_025)) as reader:
        assert np.abs(reader.read(reader.frames - 4_000, reader.frames)).max() > 0.3


@pytest.mark.parametrize("suffix", FORMATS)
def test_cancel_leaves_no_file(take: Recording, folder: Path, suffix: str) -> None:
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        export(
            ExportRequest(take.state, take.media, folder / f"take{suffix}"),
            ReportingProgress(None, cancelled),
        )
    assert not list(folder.iterdir())


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_cancel_half_way_keeps_the_file_that_was_there(take: Recording, folder: Path, suffix: str) -> None:
    out = folder / f"take{suffix}"
    out.write_bytes(b"precious")
    cancelled = Event()

    def listen(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if fraction > 0.3:
            cancelled.set()

    with pytest.raises(Cancelled):
        export(
            ExportRequest(take.state, take.media, out, overwrite=True), ReportingProgress(listen, cancelled)
        )
    assert out.read_bytes() == b"precious"
    assert list(folder.iterdir()) == [out]


@pytest.mark.parametrize(
    "options", [ExportOptions(stems=True), ExportOptions(loudness_lufs=-20.0, stems=True)]
)
def test_stems_cancelled_in_the_middle_leave_none(
    take: Recording, folder: Path, options: ExportOptions
) -> None:
    track = take.state.tracks[0]
    both = replace(take.state, tracks=(track, replace(track, id="t1", name="again", position=1)))
    cancelled = Event()

    def listen(fraction: float, _text: str, _figures: dict[str, float]) -> None:
        if fraction > 0.8:
            assert any(path.name.startswith("take 01") for path in folder.iterdir())
            cancelled.set()

    request = ExportRequest(both, take.media, folder / "take.wav", options=options)
    with pytest.raises(Cancelled):
        export(request, ReportingProgress(listen, cancelled))
    assert not list(folder.iterdir())


def test_everything_cut_and_nothing_imported(take: Recording, folder: Path) -> None:
    nothing = with_cuts(take.state, (0, FRAMES))
    assert "everything is cut" in refused(ExportRequest(nothing, take.media, folder / "take.wav"))
    empty = replace(take.state, sources={}, tracks=(), proposals={}, decisions={})
    assert "import audio first" in refused(ExportRequest(empty, {}, folder / "take.flac"))
    for suffix in set(FORMATS) - set(AUDIO_SUFFIXES):
        export(ExportRequest(nothing, take.media, folder / f"all{suffix}"))
        export(ExportRequest(empty, {}, folder / f"none{suffix}"))


def test_coded_files_refuse_more_than_two_channels(tmp_path: Path, folder: Path) -> None:
    wide = recording(tmp_path, [np.zeros((100, 64))], subtype="PCM_16")
    for suffix in CODED_SUFFIXES:
        assert "64 channels" in refused(ExportRequest(wide.state, wide.media, folder / f"take{suffix}"))
    assert not list(folder.iterdir())


def test_flac_refuses_more_than_eight_channels(tmp_path: Path, folder: Path) -> None:
    wide = recording(tmp_path, [np.zeros((100, 9))], subtype="PCM_16")
    assert "9 channels" in refused(ExportRequest(wide.state, wide.media, folder / "take.flac"))
    assert not list(folder.iterdir())
    export(ExportRequest(wide.state, wide.media, folder / "take.wav"))


@pytest.mark.parametrize("suffix", FORMATS)
def test_quotes_and_emoji_in_every_name(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / 'it\'s "loud" 🎺'
    folder.mkdir()
    recorded = recording(folder, [np.zeros(800)], names=['a "take" 🥁.wav'])
    out = folder / f'the "edit" 🎧{suffix}'
    exported = export(ExportRequest(recorded.state, recorded.media, out))
    assert out.name in exported.sentence
    assert out.is_file()


_FILL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from engine.exchange.export import ExportRequest, export
from engine.core.errors import ExportError
from tests.engine.sound.edl.recordings import recording, with_cuts
folder, suffix = Path(sys.argv[1]), sys.argv[2]
noise = np.random.default_rng(0).uniform(-0.5, 0.5, (200_000, 1))
recorded = recording(folder / "in", [noise], subtype="PCM_16")
cuts = [(100 * n, 100 * n + 50) for n in range(1, 1500)]
state = with_cuts(recorded.state, *cuts)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    export(ExportRequest(state, recorded.media, folder / "out" / f"take{suffix}"))
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no file size limit to stand in for a full disk"
)
@mostly_long("suffix", FORMATS, keep=(".wav", ".mp3", ".otio", ".aaf"))
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, folder: Path, suffix: str) -> None:
    (tmp_path / "in").mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path), suffix],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "full" in ran.stdout
    assert f"take{suffix}" in ran.stdout
    assert not list(folder.iterdir())
