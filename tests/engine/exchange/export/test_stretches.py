"""From which medium each part of a span plays, and what lies in the files beside a project."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.document.tracks import Source
from engine.exchange.export.placing.stretches import (
    Consolidated,
    Part,
    Stretch,
    consolidated_track,
    media_parts,
)
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import by_hand, timeline_state, with_cuts
from tests.sources import no_source, one_source_track

FILE = Source("edited-t0", "beside.wav", "", 8_000, 1, 1_000, "WAV", "FLOAT")
TWO = Consolidated("t0", 30, FILE, (Stretch(100, 200, -60), Stretch(300, 400, -140)), 10)
TRACK = one_source_track("t0", no_source("s0", 1_000), "Track", 0, 30)


def recording(start: int, stop: int) -> Part:
    return Part(start, stop, "s0", -30)


def edited(start: int, stop: int, shift: int) -> Part:
    return Part(start, stop, "edited-t0", shift, shift + 30)


@pytest.mark.parametrize(
    ("span", "parts"),
    [
        ((0, 50), [recording(0, 50)]),
        ((0, 100), [recording(0, 100)]),
        ((0, 101), [recording(0, 100), edited(100, 101, -90)]),
        ((100, 200), [edited(100, 200, -90)]),
        ((199, 201), [edited(199, 200, -90), recording(200, 201)]),
        ((200, 300), [recording(200, 300)]),
        ((150, 350), [edited(150, 200, -90), recording(200, 300), edited(300, 350, -170)]),
        ((399, 500), [edited(399, 400, -170), recording(400, 500)]),
        ((400, 500), [recording(400, 500)]),
        (
            (0, 500),
            [
                recording(0, 100),
                edited(100, 200, -90),
                recording(200, 300),
                edited(300, 400, -170),
                recording(400, 500),
            ],
        ),
        ((200, 200), []),
    ],
)
def test_a_span_plays_from_the_recording_and_the_file_in_turn(
    span: tuple[int, int], parts: list[Part]
) -> None:
    assert list(media_parts(TRACK, TWO, *span)) == parts
    assert TWO.path == Path("beside.wav")


def consolidated(
    *slips: tuple[int, int], cuts: tuple[tuple[int, int], ...] = (), rate: Fraction = Fraction(25)
) -> Consolidated | None:
    """Return the file of a track of 100,000 samples at 8 kHz, a frame of video being 320."""
    state = with_cuts(timeline_state(100_000), *cuts)
    for span in slips:
        state = by_hand(state, "slip", span, {"by_samples": 2.5, "crossfade_ms": 0.0})
    (track,) = state.tracks
    return consolidated_track(state, build(state), track, Path("beside.wav"), rate)


def spans(found: Consolidated | None) -> list[tuple[int, int]]:
    assert found is not None
    return [(one.start_samples, one.stop_samples) for one in found.stretches]


def test_what_is_not_edited_has_no_file() -> None:
    assert consolidated() is None
    assert consolidated(cuts=((10_000, 20_000),)) is None
    assert consolidated((12_000, 18_000), cuts=((10_000, 20_000),)) is None


def test_a_stretch_has_two_frames_around_it_and_two_more_in_the_file() -> None:
    found = consolidated((10_000, 11_000))
    assert spans(found) == [(10_000 - 640, 11_000 + 640)]
    assert found is not None
    assert (found.margin_samples, found.track_id, found.source.id) == (640, "t0", "edited-t0")
    # it begins with its margin, rounded to a whole frame of the recording
    assert found.stretches[0].shift_samples == -8_640
    assert found.source.frames == 11_640 + 640 - 8_640
    facts = (found.source.rate_hz, found.source.channels, found.source.container, found.source.subtype)
    assert facts == (8_000, 1, "WAV", "FLOAT")


def test_stretches_lie_one_after_another_a_whole_number_of_frames_from_where_they_were() -> None:
    found = consolidated((10_000, 11_000), (50_001, 50_801))
    assert found is not None
    first, second = found.stretches
    held = [
        (one.start_samples - 640 + one.shift_samples, one.stop_samples + 640 + one.shift_samples)
        for one in (first, second)
    ]
    assert 0 <= held[0][0] < 320
    assert 0 <= held[1][0] - held[0][1] < 320
    assert found.source.frames == held[1][1]
    assert {one.shift_samples % 320 for one in (first, second)} == {0}


@pytest.mark.parametrize(("gap", "count"), [(2_559, 1), (2_560, 1), (2_561, 2)])
def test_stretches_whose_margins_meet_are_one(gap: int, count: int) -> None:
    assert len(spans(consolidated((10_000, 11_000), (11_000 + gap, 12_000 + gap)))) == count


@pytest.mark.parametrize("apart", [-300, -1, 0, 1, 2, 3, 160])
def test_a_crossfade_is_never_parted(apart: int) -> None:
    """A cut beside a stretch has a fade of 160 samples to either side; it is all in or all out."""
    begins = 11_000 + 640 + 80 + apart
    found = spans(consolidated((10_000, 11_000), cuts=((begins, begins + 20_000),)))
    fade = np.array([begins - 80 - 1, begins + 80])
    inside = [start <= fade[0] and fade[1] <= stop for start, stop in found]
    outside = all(stop <= fade[0] or start >= fade[1] for start, stop in found)
    assert any(inside) or outside
    assert outside is (apart > 0), "it belongs to what it touches"


def test_at_a_rate_without_whole_frames_shifts_are_to_the_sample() -> None:
    rate = Fraction(30_000, 1_001)
    found = consolidated((10_000, 11_000), (50_001, 50_801), rate=rate)
    assert found is not None
    frame = 8_000 / rate
    assert found.margin_samples == 534  # two frames and the rest of a sample
    for one in found.stretches:
        frames = one.shift_samples / frame
        assert abs(one.shift_samples - round(frames) * frame) <= Fraction(1, 2)
