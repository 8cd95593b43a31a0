"""Files after the descriptions of their formats: the clips that they play."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports import read_edits
from tests.engine.exchange.imports.published.expected import Clip, Expected, Part
from tests.engine.exchange.imports.published.inputs_edl import EDL
from tests.engine.exchange.imports.published.inputs_fcpxml import FCPXML
from tests.engine.exchange.imports.published.inputs_otio import OTIO
from tests.engine.exchange.imports.published.inputs_session import SESSION
from tests.engine.exchange.imports.published.inputs_xmeml import XMEML

READERS = {".edl": EDL, ".fcpxml": FCPXML, ".otio": OTIO, ".xml": XMEML, ".txt": SESSION}
ALL = [
    pytest.param(suffix, one, id=f"{suffix[1:]}, {name}")
    for suffix, own in READERS.items()
    for name, one in own.items()
]
_TO_COMPARE = 3


def seconds(*values: Fraction) -> tuple[float, ...]:
    return tuple(round(float(one), _TO_COMPARE) for one in values)


@pytest.mark.parametrize(("suffix", "expected"), ALL)
def test_the_clips_of_a_published_form_are_read_where_they_play(
    tmp_path: Path, suffix: str, expected: Expected
) -> None:
    path = tmp_path / f"list{suffix}"
    path.write_text(expected.text, encoding="utf-8")
    rate = None if "FCM: DROP" in expected.text else FrameRate.FPS_25
    found = read_edits(path, 48_000, frame_rate=rate if suffix == ".edl" else None)
    clips: list[Clip] = [
        (one.medium.name, *seconds(one.start_s, one.length_s, one.at_s))  # type: ignore[misc]
        for track in found.tracks
        for one in track.clips
        if one.is_audible
    ]
    parts: list[Part] = [
        (one.noun, *seconds(one.start_s, one.stop_s, one.medium_start_s, one.medium_stop_s))  # type: ignore[misc]
        for one in found.not_understood
    ]
    assert sorted(clips, key=lambda one: (one[3], one[0])) == [
        (name, *(round(one, _TO_COMPARE) for one in values)) for name, *values in expected.clips
    ]
    assert parts == list(expected.parts)
