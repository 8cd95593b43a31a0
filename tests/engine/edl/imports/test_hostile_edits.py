"""Files of edits that are damaged, huge or made to harm: one sentence each, and nothing else.

A short run tries 40 mutations a format, a long one 1,000.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from engine.edl.export import export
from engine.edl.export.request import ExportRequest
from engine.edl.imports import EditsFile, read_edits
from engine.edl.imports.described import LabelsAs
from engine.edl.imports.formats import IMPORTS
from engine.edl.imports.proposals.edit import ImportRequest, imported_edit
from engine.edl.imports.readers.aaf_composition import read_composition
from engine.errors import OffcutError
from engine.progress import SILENT
from tests.engine.edl.imports.edit_lists import LENGTH, Asked, made_recording, with_edits
from tests.engine.edl.recordings import Recording

SUFFIXES = (".json", ".otio", ".edl", ".fcpxml", ".xml", ".aaf", ".rpp", ".txt", ".csv", ".llc", ".srt")
EDITS = (
    Asked("cut", 12_000, 40_000, (("crossfade_ms", 20.0),)),
    Asked("move", 60_000, 80_000, (("to_samples", 200_000), ("crossfade_ms", 20.0))),
    Asked("repeat", 90_000, 100_000, (("times", 3),)),
    Asked("mute", 150_000, 160_000, (("is_silent", True),), (1,)),
    Asked("gain", 170_000, 190_000, (("gain_db", -6.0), ("ramp_ms", 5.0)), (0, 1)),
    Asked("cut", 300_000, LENGTH),
)
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
    return Recording(with_edits(found.state, EDITS), found.media)


def read_all(path: Path, jam: Recording, *, is_here: bool = False) -> None:
    """Read a file and compare it with the document; `is_here` starts no process for an AAF file."""
    if is_here and path.suffix == ".aaf":
        imported = read_composition(EditsFile(path, IMPORTS[".aaf"], jam.state.rate_hz), SILENT)
    else:
        imported = read_edits(path, jam.state.rate_hz, labels_as=LabelsAs.CUTS)
    made = imported_edit(ImportRequest(jam.state, jam.media, imported))
    made.put_into(jam.state)


def refusal(path: Path, jam: Recording, *, is_here: bool = False) -> str:
    """Return why a file is refused; empty where it is not."""
    try:
        read_all(path, jam, is_here=is_here)
    except OffcutError as error:
        return str(error)
    return ""


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Change, take out, double or cut off some bytes."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0 if data:
                data[at % len(data)] = rng.randrange(256)
            case 1 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 2:
                del data[at : at + rng.choice((1, 7, 300))]
            case 3:
                data[at:at] = data[at : at + rng.choice((1, 30, 600))]
            case 4:
                data[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"-1", b"1e99", b"<", b'"'))
            case _ if rng.random() < 0.1:
                del data[at:]
    return bytes(data)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_mutated_file_is_read_or_refused_in_a_sentence(
    jam: Recording, tmp_path: Path, suffix: str, pytestconfig: pytest.Config
) -> None:
    whole = tmp_path / f"whole{suffix}"
    export(ExportRequest(jam.state, jam.media, whole))
    content, rng = whole.read_bytes(), random.Random(37)
    path = tmp_path / f"mutated{suffix}"
    for _ in range(1_000 if pytestconfig.getoption("--long") else 40):
        path.write_bytes(mutated(content, rng))
        said = refusal(path, jam, is_here=True)
        assert "\n" not in said
        assert len(said) < 1_000


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


@pytest.mark.parametrize("suffix", SUFFIXES)
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
