"""Gains of an AAF composition, evaluated over the recordings: the sound is that of the document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from engine.core.progress import SILENT
from engine.exchange.export import ExportRequest, export
from engine.sound.edl.build import build
from engine.sound.edl.tracks.voice import open_voice
from tests.engine.exchange.imports.edit_lists import Asked, made_recording, with_edits
from tests.engine.sound.edl.recordings import Recording

AMPLITUDE = "e4962321-2267-11d3-8a4c-0050040ef7d2"
LINEAR = "5b6c85a4-0ede-11d3-80a9-006008143e6f"


def gain(start: int, stop: int, ramp_ms: float, decibels: float = -7.5) -> Asked:
    return Asked("gain", start, stop, (("gain_db", decibels), ("ramp_ms", ramp_ms)))


def fade(start: int, stop: int, start_ms: float, stop_ms: float) -> Asked:
    ramps = (("start_ramp_ms", start_ms), ("stop_ramp_ms", stop_ms))
    return Asked("gain", start, stop, (("gain_db", -60.0), *ramps))


def along(start: int, stop: int, *curve: tuple[int, float]) -> Asked:
    points = (("curve_start_samples", start), ("curve", tuple(map(list, curve))))
    return Asked("gain", start, stop, (("gain_db", -9.0), *points))


CURVES = (
    along(1_000, 9_000, (0, 0.5), (800, 1.0), (2_000, 0.0), (3_000, 0.0), (3_100, 1.4), (9_000, 1.0)),
    along(9_500, 14_000, (0, 0.0), (200, 1.0), (4_300, 1.0), (4_500, 0.0)),
)
EDITS = (
    gain(21_000, 25_001, 5.0),  # within a clip, an odd number of samples
    gain(26_000, 26_011, 10.0),  # nothing but ramps
    gain(27_000, 28_000, 0.0),  # without ramps, and the next one begins where it ends
    gain(28_000, 29_000, 0.0, 4.5),
    fade(30_000, 33_000, 0.0, 375.0),  # a fade-in over the whole gain
    fade(34_000, 36_000, 250.0, 0.0),  # a fade-out
    fade(44_000, 48_000, 100.0, 300.0),
    gain(38_000, 43_000, 100.0, 3.0),  # over the crossfade of a cut
    gain(58_000, 82_000, 0.0),  # all of the clip between two cuts
)
CUTS = (
    Asked("cut", 40_000, 42_000, (("crossfade_ms", 20.0),)),
    Asked("cut", 55_000, 60_000, (("crossfade_ms", 20.0),)),
    Asked("cut", 80_000, 90_000, (("crossfade_ms", 0.0),)),
)


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("jam"))


def gains_of(component: Any, length: int) -> tuple[NDArray[np.float64], list[Any]]:
    """Return the gain at each sample of a component, and the clip of each channel."""
    gains, inside = np.ones(length), [component]
    while isinstance(inside[0], aaf2.components.OperationGroup):
        group = inside[0]
        assert group.length == length
        for one in group.parameters.value if "Parameters" in group else ():
            assert str(one.auid) == AMPLITUDE
            if type(one).__name__ == "ConstantValue":
                gains *= float(one.value)
                continue
            assert str(one.interpolation.auid) == LINEAR
            points = [(Fraction(each.time) * length, float(each.value)) for each in one.pointlist]
            gains *= np.interp(np.arange(length), *np.array(points, np.float64).T)
        inside = list(group.segments.value)
    return gains, inside


def clips_in(path: Path) -> Iterator[tuple[NDArray[np.float64], list[Any]]]:
    """Yield the gain at each sample of each clip, and the clip of each channel."""
    with aaf2.open(str(path), "r") as file:
        (composition,) = file.content.toplevel()
        for slot in list(composition.slots)[1:]:
            segment = slot.segment
            while isinstance(segment, aaf2.components.OperationGroup):
                (segment,) = segment.segments.value
            for one in segment.components:
                if type(one).__name__ in ("OperationGroup", "SourceClip"):
                    yield gains_of(one, one.length)


@pytest.mark.parametrize("pan", [0.0, 0.3])
def test_the_curves_are_the_gains_of_the_document_at_every_sample(
    jam: Recording, tmp_path: Path, pan: float
) -> None:
    state = with_edits(jam.state, (*CURVES, *EDITS, *CUTS))
    state = replace(state, tracks=tuple(replace(one, pan=pan) for one in state.tracks))
    export(ExportRequest(state, jam.media, tmp_path / "jam.aaf"))
    assert [one.name for one in tmp_path.iterdir()] == ["jam.aaf"]
    patches = build(state).patches
    tracks = {jam.media[one.clips[0].source_id].name: one for one in state.tracks}
    quieter = 0
    for gains, clips in clips_in(tmp_path / "jam.aaf"):
        for clip in clips:
            mob = clip.mob.slot_at(clip.slot_id).segment.mob
            track = tracks[mob.name]
            recorded, _ = soundfile.read(jam.media[track.clips[0].source_id], always_2d=True)
            found = gains * recorded[clip.start : clip.start + clip.length, clip.slot_id - 1]
            start = track.start_samples + clip.start
            opened = open_voice(state, track, jam.media, np.float64, SILENT, patches[track.id])
            with closing(opened) as voice:
                expected = voice.read(start, start + clip.length)[:, clip.slot_id - 1]
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
            quieter += int(np.count_nonzero(gains != 1.0))
    assert quieter > 30_000


def test_gains_that_other_edits_touch_are_in_a_file_beside_it(jam: Recording, tmp_path: Path) -> None:
    asked = (
        gain(21_000, 25_000, 5.0),
        Asked("slip", 24_000, 26_000, (("by_samples", 12.25),)),
        gain(60_000, 70_000, 5.0),
        gain(69_000, 75_000, 5.0),  # the product of two ramps is no straight line
        gain(100_000, 110_000, 5.0),
    )
    state = with_edits(replace(jam.state, tracks=jam.state.tracks[:1]), asked)
    request = ExportRequest(state, jam.media, tmp_path / "jam.aaf")
    export(request)
    (held,) = request.consolidated.values()
    margin = held.margin_samples
    edited = [(one.start_samples + margin, one.stop_samples - margin) for one in held.stretches]
    assert len(edited) == 2
    assert edited[0][0] > 21_000
    assert edited[1] == (60_000, 75_000)
    found = [gains for gains, _ in clips_in(tmp_path / "jam.aaf")]
    assert [bool((one != 1.0).any()) for one in found] == [True, False, False, False, True]
