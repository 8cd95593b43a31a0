"""Files of edits that are huge, of another format or made to harm: one sentence each, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.core.errors import OffcutError
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.described import LabelsAs
from engine.exchange.imports.formats import IMPORTS
from engine.exchange.imports.proposals.edit import ImportRequest, imported_edit
from tests.engine.exchange.imports.edit_lists import Asked, made_recording, with_edits
from tests.engine.sound.edl.recordings import Recording

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><{root}>&i;</{root}>"
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY a SYSTEM "file:///etc/passwd">]><{root}>&a;</{root}>'
)


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    found = made_recording(tmp_path_factory.mktemp("jam"))
    return Recording(with_edits(found.state, (Asked("cut", 12_000, 40_000),)), found.media)


def read_all(path: Path, jam: Recording) -> None:
    """Read a file and compare it with the document."""
    imported = read_edits(path, jam.state.rate_hz, labels_as=LabelsAs.CUTS)
    imported_edit(ImportRequest(jam.state, jam.media, imported)).put_into(jam.state)


def refusal(path: Path, jam: Recording) -> str:
    """Return why a file is refused; empty where it is not."""
    try:
        read_all(path, jam)
    except OffcutError as error:
        return str(error)
    return ""


def test_a_stream_that_claims_an_exabyte_is_refused(jam: Recording, tmp_path: Path) -> None:
    """In an AAF file, 120 bytes behind the name of a stream of properties."""
    path = tmp_path / "claims.aaf"
    export(ExportRequest(jam.state, jam.media, path))
    content = bytearray(path.read_bytes())
    names = list(re.finditer(re.escape("properties".encode("utf-16-le")), content))
    place = names[2].start() + 120
    content[place : place + 8] = (2**60).to_bytes(8, "little")
    path.write_bytes(content)
    assert "claims.aaf" in refusal(path, jam)


@pytest.mark.parametrize(("suffix", "root"), [(".fcpxml", "fcpxml"), (".xml", "xmeml")])
@pytest.mark.parametrize("attack", [BILLION_LAUGHS, OUTSIDE], ids=["many", "outside"])
def test_entities_are_refused(jam: Recording, tmp_path: Path, suffix: str, root: str, attack: str) -> None:
    path = tmp_path / f"attack{suffix}"
    path.write_text(attack.replace("{root}", root))
    with pytest.raises(OffcutError, match="entities"):
        read_all(path, jam)


@pytest.mark.parametrize("suffix", IMPORTS)
@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"\xff\xfe<", b"[[[[" * 100_000, b"<a>" * 100_000])
def test_what_is_not_of_the_format_is_refused_by_name(
    jam: Recording, tmp_path: Path, suffix: str, content: bytes
) -> None:
    path = tmp_path / f"other{suffix}"
    path.write_bytes(content)
    with pytest.raises(OffcutError, match=f"other{suffix}"):
        read_all(path, jam)


def test_a_file_of_other_recordings_names_them(jam: Recording, tmp_path: Path) -> None:
    path = tmp_path / "foreign.edl"
    path.write_text("TITLE: x\n001  REEL9  A  C  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n")
    with pytest.raises(OffcutError, match="REEL9"):
        read_all(path, jam)


@pytest.mark.parametrize("name", ["edits.doc", "edits"])
def test_unknown_suffixes_are_refused_with_the_known_ones(jam: Recording, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("nothing")
    with pytest.raises(OffcutError, match=r"\.fcpxml"):
        read_all(path, jam)
