"""Files of edits with details that Offcut's own exports lack, as other programs write them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.edl.export.interchange.aaf.effects import Effects
from engine.edl.imports import read_edits
from tests.engine.edl.export.interchange.aaf_published import Published

RATE_HZ = 8_000
FCPXML = """<fcpxml version="1.9"><resources>
<format id="r1" frameDuration="1/25s"/><asset id="r2" src="file:///jam.wav" start="0s" duration="60s"/>
</resources><project><sequence format="{format}"><spine>
<asset-clip ref="r2" offset="0s" start="0s" duration="4s">
<marker start="1s" duration="1/25s" value="A place"/><marker start="2s" duration="1s" value="A region"/>
</asset-clip>
<asset-clip ref="r2" offset="10s" start="20s" duration="4s"/>
<asset-clip ref="r2" start="30s" duration="4s"/>
</spine></sequence></project></fcpxml>"""


@pytest.mark.parametrize(("form", "stop_s"), [("r1", Fraction(1)), ("unknown", Fraction(26, 25))])
def test_clips_of_fcpxml_begin_at_their_offset_and_markers_of_one_frame_are_places(
    tmp_path: Path, form: str, stop_s: Fraction
) -> None:
    path = tmp_path / "jam.fcpxml"
    path.write_text(FCPXML.replace("{format}", form))
    found = read_edits(path, RATE_HZ)
    assert [(one.at_s, one.start_s) for one in found.tracks[0].clips] == [(0, 0), (10, 20), (14, 30)]
    assert [(one.start_s, one.stop_s) for one in found.markers] == [(1, stop_s), (2, 3)]


@pytest.mark.parametrize(("length", "length_s"), [(4 * RATE_HZ, 4), (0, None)])
def test_an_aaf_with_a_curve_over_a_whole_medium_leaves_it_out(
    tmp_path: Path, length: int, length_s: int | None
) -> None:
    sound = tmp_path / "jam.wav"
    soundfile.write(sound, np.zeros(4 * RATE_HZ), RATE_HZ)
    made = Published(tmp_path / "jam.aaf", RATE_HZ)
    origin = made.origin("tape", "TapeDescriptor", 1, 25)
    file_mob, master = made.file_mob(sound, origin, 1, length), made.mob("MasterMob", "jam")
    whole = file_mob.create_source_clip(1, 0, 4 * RATE_HZ, "sound")
    points = [(Fraction(0), 0.5), (Fraction(1), 1.0)]
    made.slot(master, "", Effects(made.file).varying_gain(whole, 4 * RATE_HZ, points))
    composition = made.mob("CompositionMob", "jam")
    made.slot(composition, "", made.sequence([master.create_source_clip(1, RATE_HZ, RATE_HZ, "sound")]))
    made.file.close()
    found = read_edits(tmp_path / "jam.aaf", RATE_HZ)
    ((clip,),) = (track.clips for track in found.tracks)
    assert (clip.start_s, clip.gains, clip.medium.length_s) == (1, (), length_s)
    (left_out,) = found.left_out
    assert left_out.startswith("1 volume curve")
