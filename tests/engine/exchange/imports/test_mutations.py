"""Damaged files of every reader: read, or refused in one sentence; what was not understood is not accepted.

The files are exports of Offcut, the cases of other programs, and forms after published descriptions. A short
run tries 60 mutations a reader, a long one 10,000.
"""

from __future__ import annotations

import random
import re
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import OffcutError
from engine.core.progress import SILENT
from engine.document.file.storage import apply_rows
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import EditsFile, read_edits
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from engine.exchange.imports.formats import IMPORTS
from engine.exchange.imports.proposals.edit import ImportRequest, imported_edit
from engine.exchange.imports.readers.aaf import read_composition
from engine.sound.edl.build import build
from tests.engine.exchange.imports.edit_lists import LENGTH, Asked, made_recording, with_edits
from tests.engine.exchange.imports.published.inputs_edl import EDL
from tests.engine.exchange.imports.published.inputs_fcpxml import FCPXML
from tests.engine.exchange.imports.published.inputs_otio import OTIO
from tests.engine.exchange.imports.published.inputs_session import SESSION
from tests.engine.exchange.imports.published.inputs_xmeml import XMEML
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording
from tests.mostly_long import mostly_long

EDITS = (
    Asked("cut", 12_000, 40_000, (("crossfade_ms", 20.0),)),
    Asked("move", 60_000, 80_000, (("to_samples", 200_000), ("crossfade_ms", 20.0))),
    Asked("repeat", 90_000, 100_000, (("times", 3),)),
    Asked("ripple", 110_000, 120_000, (("crossfade_ms", 20.0),), (1,)),
    Asked("mute", 150_000, 160_000, (("is_silent", True),), (1,)),
    Asked("gain", 170_000, 190_000, (("gain_db", -6.0), ("ramp_ms", 5.0)), (0, 1)),
    Asked("insert", 250_000, 250_000, (("length_samples", 20_000), ("crossfade_ms", 20.0))),
    Asked("cut", 300_000, LENGTH),
)
PUBLISHED = {".edl": EDL, ".fcpxml": FCPXML, ".otio": OTIO, ".txt": SESSION, ".xml": XMEML}
WEBVTT = (
    "WEBVTT\n\nNOTE as players take it\n\n1\n00:01.000 --> 00:02.500 align:start\n<v Ann>Again.\n\n"
    "00:00:03.000 --> 00:00:04.000\nFrom the top.\n"
)
CASES = Path(__file__).parents[3] / "cases" / "inputs"
PARTS = range(10)
MUTATIONS = 1_000
SLOWEST_S = 20.0
"""Of the processor, for a file that takes milliseconds when it is whole."""


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The document that the exports are of."""
    found = made_recording(tmp_path_factory.mktemp("jam"))
    return Recording(with_edits(found.state, EDITS), found.media)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Recordings of one minute, by the names in files of other programs."""
    silence = np.zeros(60 * RATE_HZ)
    return recording(tmp_path_factory.mktemp("others"), [silence] * 3, names=("a.wav", "b.wav", "day.wav"))


@cache
def files_of_others(suffix: str) -> tuple[bytes, ...]:
    """Return the cases and the published forms, with the names of `others`."""
    cases = [one.read_bytes() for one in sorted(CASES.glob(f"*/*{suffix}")) if one.name != "case.txt"]
    texts = [one.text.encode() for one in PUBLISHED.get(suffix, {}).values()]
    texts += [WEBVTT.encode()] if suffix == ".vtt" else []
    if suffix != ".aaf":
        cases = [re.sub(rb"[\w -]+\.(wav|flac)", rb"a.wav", one) for one in cases]
    return *cases, *(one.replace(b"b.mov", b"b.wav") for one in texts)


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


def edits_of(path: Path, labels_as: LabelsAs | None) -> ImportedEdits:
    """Read a file; AAF without a process for each, which takes half a second."""
    if path.suffix == ".aaf":
        return read_composition(EditsFile(path, IMPORTS[".aaf"], RATE_HZ), SILENT)
    return read_edits(path, RATE_HZ, labels_as=labels_as)


def outcome(into: Recording, path: Path, labels_as: LabelsAs | None) -> tuple[str, DocumentState, list[str]]:
    """Return why a file is refused, the document after it, and the edits wrongly accepted."""
    try:
        made = imported_edit(ImportRequest(into.state, into.media, edits_of(path, labels_as)))
    except OffcutError as error:
        return str(error), into.state, []
    after = apply_rows(into.state, made.put_into(into.state).changes)
    accepted = [
        key
        for key in after.proposals
        if after.verdict(key) is Verdict.ACCEPTED and key not in into.state.proposals
    ]
    return "", after, accepted if made.not_understood else []


@pytest.mark.timeout(3_600)
@mostly_long(
    "suffix,part",
    [(suffix, part) for suffix in IMPORTS for part in PARTS],
    keep=[(suffix, 0) for suffix in IMPORTS],
)
def test_a_mutated_file_is_read_or_refused_in_a_sentence(
    jam: Recording, others: Recording, tmp_path: Path, suffix: str, part: int, pytestconfig: pytest.Config
) -> None:
    path, rng = tmp_path / f"list{suffix}", random.Random(f"{suffix} {part}")
    whole: list[tuple[Recording, bytes]] = [(others, one) for one in files_of_others(suffix)]
    if suffix != ".vtt":
        export(ExportRequest(jam.state, jam.media, path))
        whole += [(jam, path.read_bytes())] * max(1, len(whole) // 2)
    for number in range(MUTATIONS if pytestconfig.getoption("--long") else 60):
        into, content = rng.choice(whole)
        damaged = mutated(content, rng)
        path.write_bytes(damaged)
        started_s = time.process_time()
        sentence, after, wrongly_accepted = outcome(into, path, rng.choice([*LabelsAs, None]))
        assert "\n" not in sentence, number
        assert len(sentence) < 1_000, number
        assert not wrongly_accepted, number
        edit_list = build(after)
        assert (edit_list.kept_starts_samples < edit_list.kept_stops_samples).all(), number
        assert time.process_time() - started_s < SLOWEST_S, number
