"""A clip that is split within a fade is exported as one clip: no part of it is negative."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.exchange.export.placing.clips import clips
from engine.sound.edl.build import build
from tests.engine.exchange.imports.edit_lists import Asked, made_recording, with_edits, with_moved_clips


@pytest.mark.parametrize("by", [-28, -27, -1, 0, 1, 27, 28])
def test_a_split_within_a_fade_parts_no_clip(tmp_path: Path, by: int) -> None:
    jam = made_recording(tmp_path)
    cut = Asked("cut", 185_819, 261_449, (("crossfade_ms", 7.0),))
    whole, split = (
        with_edits(with_moved_clips(jam.state, moved), (cut,)) for moved in ((), ((1, 185_819 + by, 0),))
    )
    found = clips(split, build(split), split.tracks[1])
    assert all(one.length_samples > 0 for one in found)
    is_inside = by > -28
    expected = clips(whole, build(whole), whole.tracks[1])
    assert (found == expected) == is_inside
