"""Recordings that are copied beside a project, and projects that are moved with them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
import rpp

from engine.core.errors import ExportError, SourceError
from engine.exchange.export import ExportOptions, ExportRequest, export, files_written
from engine.exchange.export.plan import export_all, plan
from tests.engine.sound.edl.recordings import Recording, recording, with_cuts


@pytest.fixture
def duo(tmp_path: Path, rng: np.random.Generator) -> Recording:
    """Two recordings of one name in two folders, with a cut."""
    made = recording(tmp_path, [rng.uniform(-0.5, 0.5, (16_000, 1)) for _ in range(2)], subtype="PCM_16")
    media = {}
    for source_id, path in made.media.items():
        folder = tmp_path / f"card {source_id}"
        folder.mkdir()
        media[source_id] = path.rename(folder / "take 1.wav")
        os.utime(media[source_id], (1_600_000_000, 1_600_000_000))
    return Recording(with_cuts(made.state, (4_000, 8_000)), media)


def request_of(duo: Recording, out: Path, *, overwrite: bool = False) -> ExportRequest:
    out.parent.mkdir(exist_ok=True)
    return ExportRequest(duo.state, duo.media, out, overwrite, options=ExportOptions(collect=True))


def test_copies_keep_content_and_date_and_have_names_of_their_own(duo: Recording, tmp_path: Path) -> None:
    request = request_of(duo, tmp_path / "out" / "jam.rpp")
    planned = {file.path.name: file.size_bytes for file in plan(request)}
    done = export(request)
    copies = {"s0": "take 1.wav", "s1": "take 1 2.wav"}
    assert {path.name for path in request.out.parent.iterdir()} == {"jam.rpp", *copies.values()}
    for source_id, name in copies.items():
        copy, original = request.out.with_name(name), duo.media[source_id]
        assert copy.read_bytes() == original.read_bytes()
        assert copy.stat().st_mtime == original.stat().st_mtime
        assert planned[name] == original.stat().st_size
    assert "2 recordings" in done.sentence


@pytest.mark.parametrize("suffix", [".rpp", ".otio", ".xml", ".json"])
def test_a_project_names_the_copies(duo: Recording, tmp_path: Path, suffix: str) -> None:
    out = request_of(duo, tmp_path / "out" / f"jam{suffix}").out
    export(request_of(duo, out))
    text = unquote(out.read_text("utf-8"))
    assert "card s" not in text
    assert "take 1 2.wav" in text


def test_relative_paths_move_with_the_folder(duo: Recording, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_all([request_of(duo, out / f"jam{suffix}") for suffix in (".rpp", ".otio")])
    moved = shutil.move(out, tmp_path / "elsewhere & more")
    shutil.rmtree(tmp_path / "card s0")
    tracks = rpp.loads((moved / "jam.rpp").read_text("utf-8")).findall("TRACK")
    named = [track.find("ITEM").find("SOURCE")[0][1] for track in tracks]
    timeline = otio.adapters.read_from_file(str(moved / "jam.otio"))
    urls = [track[0].media_reference.target_url for track in timeline.tracks]
    assert [unquote(url) for url in urls] == named == ["take 1.wav", "take 1 2.wav"]
    assert all((moved / name).is_file() for name in named)


def test_formats_of_one_export_share_the_copies_and_the_next_one_keeps_them(
    duo: Recording, tmp_path: Path
) -> None:
    requests = [request_of(duo, tmp_path / "out" / f"jam{suffix}") for suffix in (".rpp", ".otio", ".xml")]
    export_all(requests)
    assert len(list((tmp_path / "out").glob("*.wav"))) == 2
    again = request_of(duo, tmp_path / "out" / "second.otio")
    assert files_written(again) == (again.out,)
    before = {path: path.stat().st_ino for path in (tmp_path / "out").glob("*.wav")}
    export(again)
    assert {path: path.stat().st_ino for path in (tmp_path / "out").glob("*.wav")} == before


def test_another_file_of_that_name_is_not_replaced_unasked(duo: Recording, tmp_path: Path) -> None:
    request = request_of(duo, tmp_path / "out" / "jam.otio")
    mine = request.out.with_name("take 1.wav")
    mine.write_bytes(b"mine")
    assert mine in files_written(request)
    with pytest.raises(ExportError):
        export_all([request])
    assert [path.name for path in request.out.parent.iterdir()] == ["take 1.wav"]
    assert mine.read_bytes() == b"mine"
    export_all([replace(request, overwrite=True)])
    assert mine.read_bytes() == duo.media["s0"].read_bytes()


def test_a_recording_beside_or_below_stays_where_it_is(duo: Recording, tmp_path: Path) -> None:
    export(request_of(duo, tmp_path / "jam.otio"))
    assert [path.name for path in tmp_path.glob("*.wav")] == []
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.otio"))
    urls = [track[0].media_reference.target_url for track in timeline.tracks]
    assert [unquote(url) for url in urls] == ["card s0/take 1.wav", "card s1/take 1.wav"]


def test_a_missing_recording_leaves_nothing(duo: Recording, tmp_path: Path) -> None:
    duo.media["s1"].unlink()
    request = request_of(duo, tmp_path / "out" / "jam.xml")
    for run in (lambda: export_all([request]), lambda: export(request)):
        with pytest.raises(SourceError):
            run()
        assert list(request.out.parent.iterdir()) == []


def test_without_the_option_addresses_are_absolute(duo: Recording, tmp_path: Path) -> None:
    request = replace(request_of(duo, tmp_path / "out" / "jam.xml"), options=ExportOptions())
    export(request)
    root = ElementTree.parse(request.out).getroot()
    paths = [Path(unquote(urlparse(url.text or "").path)) for url in root.iter("pathurl")]
    assert paths == list(duo.media.values())
