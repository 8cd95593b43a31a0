"""Gains that vary come back from an AAF as the gain edits that they are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.file.storage import apply_rows
from engine.document.kinds.kind import real
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer
from tests.engine.exchange.export.interchange.test_aaf_gains import CURVES, CUTS, EDITS, gain
from tests.engine.exchange.imports.edit_lists import Asked, made_recording, with_edits
from tests.engine.sound.edl.recordings import Recording


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("jam"))


def rendered(state: DocumentState, jam: Recording) -> NDArray[np.float64]:
    """The result, shape (frames, channels)."""
    edit_list = build(state)
    with Renderer(state, edit_list, jam.media, np.float64) as renderer:
        return renderer.read(0, edit_list.length_samples)


def imported(
    jam: Recording, state: DocumentState, into: DocumentState, out: Path
) -> tuple[ImportedEdit, DocumentState]:
    export(ExportRequest(state, jam.media, out, overwrite=True))
    made = imported_edit(ImportRequest(into, jam.media, read_edits(out, state.rate_hz)))
    return made, apply_rows(into, made.put_into(into).changes)


def ramps_of(one: Proposal) -> object:
    """The length of the ramps in ms, of both where they differ."""
    names = ("ramp_ms",) if "ramp_ms" in one.payload else ("start_ramp_ms", "stop_ramp_ms")
    lengths = tuple(round(real(one.payload, name, 0.0), 3) for name in names)
    return lengths[0] if len(lengths) == 1 else lengths


def gains_of(made: ImportedEdit) -> list[tuple[object, ...]]:
    return [
        (one.start_samples, one.stop_samples, one.payload["gain_db"], ramps_of(one))
        for one in made.proposals
        if one.kind == "gain"
    ]


def test_a_document_without_them_gets_the_gains_of_its_tracks(jam: Recording, tmp_path: Path) -> None:
    state = with_edits(replace(jam.state, tracks=jam.state.tracks[:1]), (*EDITS, *CUTS))
    plain = replace(state, proposals={}, decisions={})
    made, after = imported(jam, state, plain, tmp_path / "out.aaf")
    assert made.left_out == ()
    assert gains_of(made) == [
        (21_000, 25_001, -7.5, 5.0),
        (26_000, 26_011, -7.5, 0.625),  # 5 samples
        (27_000, 28_000, -7.5, 0.0),
        (28_000, 29_000, 4.5, 0.0),
        (30_000, 33_000, -60.0, (0.0, 375.0)),
        (34_000, 36_000, -60.0, (250.0, 0.0)),
        (38_000, 43_000, 3.0, 100.0),
        (44_000, 48_000, -60.0, (100.0, 300.0)),
        (60_000, 80_000, -7.5, 0.0),  # all that its clip plays
    ]
    assert imported(jam, after, state, tmp_path / "again.aaf")[0].proposals == ()


def test_curves_of_gains_are_named_as_left_out(jam: Recording, tmp_path: Path) -> None:
    state = with_edits(replace(jam.state, tracks=jam.state.tracks[:1]), CURVES)
    made, _ = imported(jam, state, replace(state, proposals={}, decisions={}), tmp_path / "out.aaf")
    assert (len(made.left_out), gains_of(made)) == (1, [])


def test_gains_that_nobody_changed_stay(jam: Recording, tmp_path: Path) -> None:
    state = with_edits(jam.state, (*CURVES, *EDITS, *CUTS))
    made, after = imported(jam, state, state, tmp_path / "out.aaf")
    assert made.is_empty
    assert made.left_out == ()
    assert after == state


@pytest.mark.parametrize("tracks", [(0,), ()])
def test_a_gain_that_was_changed_takes_the_place_of_that_of_before(
    jam: Recording, tmp_path: Path, tracks: tuple[int, ...]
) -> None:
    one, other = (replace(gain(92_000, 95_000, 5.0, by), tracks=tracks) for by in (-6.0, -9.5))
    apart = (replace(gain(100_000, 110_000, 10.0, 3.0), tracks=tracks), *CUTS)
    state, changed = with_edits(jam.state, (one, *apart)), with_edits(jam.state, (other, *apart))
    made, after = imported(jam, changed, state, tmp_path / "out.aaf")
    assert (made.returned, made.left_out) == (1, ())
    wanted = build(changed).patches
    assert build(after).patches.keys() == wanted.keys()
    for key, patches in build(after).patches.items():
        found = [replace(one, tracks=()) for one in patches.operations]
        assert found == [replace(one, tracks=()) for one in wanted[key].operations]


def test_a_curve_whose_top_is_cut_comes_back_as_two_ramps(jam: Recording, tmp_path: Path) -> None:
    """The cut leaves more of one ramp than of the other."""
    state = with_edits(jam.state, (replace(gain(38_000, 43_000, 500.0), tracks=(0,)), *CUTS))
    made, after = imported(jam, state, with_edits(jam.state, CUTS), tmp_path / "out.aaf")
    assert made.left_out == ()
    assert len(gains_of(made)) == 2
    assert not imported(jam, after, after, tmp_path / "again.aaf")[0].proposals
    sounds = [rendered(one, jam) for one in (state, after)]
    np.testing.assert_allclose(*sounds, atol=2e-3)  # decibels are rounded to 0.01


def test_an_export_of_before_plays_its_gains_from_a_file(jam: Recording, tmp_path: Path) -> None:
    """It was written when AAF files held no gain that varies: as other formats still are."""
    asked = (gain(21_000, 25_000, 5.0), Asked("slip", 100_000, 110_000, (("by_samples", 7.25),)))
    state = with_edits(jam.state, (*asked, *CUTS))
    request = ExportRequest(state, jam.media, tmp_path / "out.aaf")
    baked = ExportRequest(state, jam.media, tmp_path / "out.rpp").consolidated
    object.__setattr__(request, "consolidated", baked)
    export(request)
    made = imported_edit(ImportRequest(state, jam.media, read_edits(tmp_path / "out.aaf", state.rate_hz)))
    assert made.is_empty
    assert made.left_out == ()


def test_the_gain_of_a_clip_between_two_others_ends_where_they_do(jam: Recording, tmp_path: Path) -> None:
    """What is heard between two clips of one gain has none."""
    edits = (gain(30_000, 40_000, 0.0), gain(60_000, 70_000, 0.0))
    cuts = (Asked("cut", 39_000, 39_500), Asked("cut", 61_000, 62_000))
    state = with_edits(replace(jam.state, tracks=jam.state.tracks[:1]), (*edits, *cuts))
    made, _ = imported(jam, state, replace(state, proposals={}, decisions={}), tmp_path / "out.aaf")
    assert gains_of(made) == [(30_000, 40_000, -7.5, 0.0), (60_000, 70_000, -7.5, 0.0)]


def test_a_gain_that_goes_on_where_other_sound_is_edited_stays_whole(jam: Recording, tmp_path: Path) -> None:
    state = replace(jam.state, tracks=jam.state.tracks[:1])
    slip = Asked("slip", 100_000, 101_000, (("by_samples", 12.25),))
    before, after = (with_edits(state, (gain(95_000, 110_000, 5.0, by), slip)) for by in (-6.0, -9.0))
    assert imported(jam, before, before, tmp_path / "same.aaf")[0].is_empty
    made, now = imported(jam, after, before, tmp_path / "other.aaf")
    assert made.left_out == ("2 volume curves left out.",)
    assert now == before
