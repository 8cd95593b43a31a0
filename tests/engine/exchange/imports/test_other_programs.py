"""Files of edits with details that Offcut's own exports lack, as other programs write them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
import soundfile

from engine.document.edits.markers import NamedSpan
from engine.exchange.export.interchange.aaf import Effects
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from tests.engine.exchange.export.interchange.aaf_published import Published
from tests.engine.sound.edl.recordings import RATE_HZ, recording

LENGTH = 12 * RATE_HZ
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


def imported(folder: Path, *, faded: int = -1, **tracks: list[tuple[int, int]]) -> ImportedEdit:
    """Import an FCPXML of tracks that play spans of their recording where it is, into a document of two."""
    fade = '<adjust-volume><param><fadeIn duration="1/10s"/></param></adjust-volume>'
    silence = np.zeros(LENGTH)
    own = recording(folder, [silence, silence], names=("a.wav", "b.wav"))
    assets, clips = "", '<marker start="80006/80000s" duration="1s" value="Verse"/>'
    for lane, (name, spans) in enumerate(tracks.items(), 1):
        assets += f'<asset id="{name}" src="{name}.wav" duration="{LENGTH}/{RATE_HZ}s"/>'
        for start, stop in spans:
            place = (
                f'offset="{start}/{RATE_HZ}s" start="{start}/{RATE_HZ}s" duration="{stop - start}/{RATE_HZ}s"'
            )
            clips += f'<asset-clip lane="{lane}" ref="{name}" {place}>{fade * (start == faded)}</asset-clip>'
    (folder / "jam.fcpxml").write_text(
        f"<fcpxml><resources>{assets}</resources><project><sequence><spine>"
        f'<gap offset="0s" start="0s" duration="{LENGTH}/{RATE_HZ}s">{clips}</gap>'
        "</spine></sequence></project></fcpxml>"
    )
    return imported_edit(ImportRequest(own.state, own.media, read_edits(folder / "jam.fcpxml", RATE_HZ)))


@pytest.mark.parametrize(
    ("played", "silent"),
    [
        ([(0, 32_000)], [(32_000, LENGTH)]),
        ([(0, 32_000), (64_000, LENGTH)], [(32_000, 64_000)]),
        ([(0, LENGTH - 340)], [(LENGTH - 340, LENGTH)]),
        ([(0, LENGTH - 330)], []),  # less than one frame of a film
    ],
)
def test_a_track_is_muted_where_it_has_no_clip(
    tmp_path: Path, played: list[tuple[int, int]], silent: list[tuple[int, int]]
) -> None:
    made = imported(tmp_path, a=[(0, LENGTH)], b=played)
    found = [(one.kind, one.tracks, one.start_samples, one.stop_samples) for one in made.proposals]
    assert found == [("mute", ("t1",), *span) for span in silent]


@pytest.mark.parametrize(
    ("faded", "fades", "lost"), [(0, [], ["1 fade"]), (64_000, [(63_600, 64_400, 100.0)], [])]
)
def test_a_fade_in_after_a_gap_is_that_of_a_mute(
    tmp_path: Path, faded: int, fades: list[tuple[int, int, float]], lost: list[str]
) -> None:
    spans = [(0, 32_000), (64_000, LENGTH)]
    made = imported(tmp_path, a=spans, b=spans, faded=faded)
    found = [(one.start_samples, one.stop_samples, one.payload["crossfade_ms"]) for one in made.proposals]
    assert sorted(found) == sorted(2 * [(32_000, 64_000, 0.0), *fades])
    assert [one[:6] for one in made.left_out] == lost


def test_clips_of_other_recordings_are_counted_and_so_are_markers(tmp_path: Path) -> None:
    made = imported(tmp_path, a=[(0, LENGTH)], b=[(0, LENGTH)], other=[(0, 16_000)])
    (left_out,) = made.left_out
    assert left_out.startswith("1 clip of 'other.wav'")
    assert made.markers == (NamedSpan(8_001, 16_001, "Verse"),)
    assert "1 marker" in made.sentence


def test_clips_of_otio_without_a_file_are_not_understood(tmp_path: Path) -> None:
    timeline, track = otio.schema.Timeline(), otio.schema.Track(kind="Audio")
    timeline.tracks.append(track)
    second = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(25, 25))
    file = otio.schema.ExternalReference("a.wav", second)
    track.extend(otio.schema.Clip(media_reference=one, source_range=second) for one in (file, None))
    otio.adapters.write_to_file(timeline, str(tmp_path / "jam.otio"))
    found = read_edits(tmp_path / "jam.otio", RATE_HZ)
    (part,) = found.not_understood
    assert (part.noun, part.start_s, part.stop_s) == ("clip without a file", 1, 2)
    assert [one.medium.name for one in found.tracks[0].clips] == ["a.wav"]


POINTS = [(Fraction(0), 0.5), (Fraction(1), 1.0)]


@pytest.mark.parametrize(("length", "length_s"), [(4 * RATE_HZ, 4), (0, None)])
@pytest.mark.parametrize(("of_medium", "of_clip"), [(1, 0), (0, 2)])
def test_of_an_aaf_one_curve_of_a_clip_is_imported(
    tmp_path: Path, of_medium: int, of_clip: int, length: int, length_s: int | None
) -> None:
    soundfile.write(tmp_path / "jam.wav", np.zeros(4 * RATE_HZ), RATE_HZ)
    made = Published(tmp_path / "jam.aaf", RATE_HZ)
    effects = Effects(made.file)

    def within_curves(segment: Any, count: int) -> Any:
        for _ in range(count):
            segment = effects.varying_gain(segment, segment.length, POINTS)
        return segment

    origin = made.origin("tape", "TapeDescriptor", 1, 25)
    file_mob, master = made.file_mob(tmp_path / "jam.wav", origin, 1, length), made.mob("MasterMob", "jam")
    whole = file_mob.create_source_clip(1, 0, 4 * RATE_HZ, "sound")
    made.slot(master, "", within_curves(whole, of_medium))
    played = master.create_source_clip(1, RATE_HZ, RATE_HZ, "sound")
    made.slot(made.mob("CompositionMob", "jam"), "", made.sequence([within_curves(played, of_clip)]))
    made.file.close()
    found = read_edits(tmp_path / "jam.aaf", RATE_HZ)
    ((clip,),) = (track.clips for track in found.tracks)
    assert (clip.start_s, clip.medium.length_s) == (1, length_s)
    assert clip.gains == (tuple(POINTS) if of_clip else ())
    (left_out,) = found.left_out
    assert left_out.startswith("1 volume curve")
