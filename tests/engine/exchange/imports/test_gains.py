"""Gains of tracks that another program changed come back; those that nobody changed stay."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.document.file.storage import apply_rows
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportRequest, imported_edit
from tests.engine.exchange.imports.edit_lists import come_back, made_recording
from tests.engine.sound.edl.recordings import Recording, with_cuts

GAIN_DB, LOUDER_DB = -3.0, 4.5
CHANGED = {
    "out.fcpxml": ("-3dB", "4.5dB"),
    "out.xml": (f"{10 ** (GAIN_DB / 20):.6f}", f"{10 ** (LOUDER_DB / 20):.6f}"),
    "out.rpp": (r"VOLPAN 0\.70\S+", f"VOLPAN {10 ** (LOUDER_DB / 20):.6f}"),
    "out.json": ('"gain_db": -3.0', '"gain_db": 4.5'),
}


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("jam"))


@pytest.fixture
def mixed(jam: Recording) -> DocumentState:
    """The document with a cut; the second track, which is stereo, is quieter and panned."""
    tracks = [replace(one, gain_db=GAIN_DB, pan=-0.25) if one.id == "t1" else one for one in jam.state.tracks]
    return with_cuts(replace(jam.state, tracks=tuple(tracks)), (30_011, 61_003))


@pytest.mark.parametrize("name", CHANGED)
def test_a_gain_that_was_changed_elsewhere_is_imported(
    jam: Recording, mixed: DocumentState, tmp_path: Path, name: str
) -> None:
    old, new = CHANGED[name]
    made = come_back(jam, mixed, tmp_path / name, lambda text: re.sub(old, new, text))
    assert made.gains_db == {"t1": pytest.approx(LOUDER_DB, abs=0.01)}
    assert made.proposals == ()
    after = apply_rows(mixed, made.put_into(mixed).changes)
    assert [one.gain_db for one in after.tracks] == [0.0, pytest.approx(LOUDER_DB, abs=0.01), 0.0]
    assert after.proposals == mixed.proposals


@pytest.mark.parametrize("pan", [-0.25, 0.0])
def test_a_gain_that_was_changed_in_an_aaf_is_imported(
    jam: Recording, mixed: DocumentState, tmp_path: Path, pan: float
) -> None:
    """The file has no text to change: it is that of a louder document."""
    mixed, louder = (
        replace(
            mixed, tracks=tuple(replace(one, pan=one.pan and pan, gain_db=gain_db) for one in mixed.tracks)
        )
        for gain_db in (GAIN_DB, LOUDER_DB)
    )
    export(ExportRequest(louder, jam.media, tmp_path / "out.aaf"))
    made = imported_edit(ImportRequest(mixed, jam.media, read_edits(tmp_path / "out.aaf", mixed.rate_hz)))
    assert made.gains_db == {f"t{number}": pytest.approx(LOUDER_DB, abs=0.01) for number in range(3)}
    assert made.proposals == ()


@pytest.mark.parametrize("gain_db", [-3.333, 15.0])
@pytest.mark.parametrize("name", [*CHANGED, "out.edl", "out.otio", "out.aaf"])
def test_gains_that_nobody_changed_stay(
    jam: Recording, mixed: DocumentState, tmp_path: Path, name: str, gain_db: float
) -> None:
    tracks = tuple(replace(one, gain_db=gain_db) for one in mixed.tracks)
    assert come_back(jam, replace(mixed, tracks=tracks), tmp_path / name).is_empty


def test_a_gain_beyond_reach_is_imported_as_far_as_a_track_goes(
    jam: Recording, mixed: DocumentState, tmp_path: Path
) -> None:
    made = come_back(
        jam,
        mixed,
        tmp_path / "out.json",
        lambda text: text.replace('"gain_db": -3.0', f'"gain_db": {10**400}'),
    )
    assert made.gains_db == {"t1": 24.0}


@pytest.mark.parametrize("is_accepted", [True, False])
def test_edits_that_change_nothing_that_plays_are_reported_where_the_document_lacks_them(
    jam: Recording, mixed: DocumentState, tmp_path: Path, is_accepted: bool
) -> None:
    payload = {"grid": "g", "reading": "half", "bars_later_beats": 0, "tempo_bpm": 60.0}

    def with_tempo(text: str) -> str:
        content = json.loads(text)
        content["edits"].append(
            {"kind": "tempo", "start_samples": 0, "stop_samples": 8_000, "reason": "", "payload": payload}
        )
        return json.dumps(content)

    tempo = Proposal("tempo", "tempo", 0, 8_000, 0.5, "", "test", (), payload)
    verdict = Verdict.ACCEPTED if is_accepted else Verdict.UNDECIDED
    state = replace(
        mixed,
        proposals={**mixed.proposals, "tempo": tempo},
        decisions={**mixed.decisions, "tempo": Decision("tempo", verdict)},
    )
    made = come_back(jam, state, tmp_path / "out.json", str if is_accepted else with_tempo)
    assert len(made.left_out) == (not is_accepted)
    assert made.is_empty
