"""What a reader does not understand is named, is not cut, and turns acceptance off."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import EditsError
from engine.core.wording import counted
from engine.document.file.storage import apply_rows
from engine.document.proposals import Decision, Proposal, Verdict
from engine.exchange.imports.described import (
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
    Medium,
    NotUnderstood,
    at_speed,
    named_parts,
)
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording

A, B = Medium("a.wav"), Medium("b.wav")


@pytest.fixture
def pair(tmp_path: Path) -> Recording:
    """Two recordings of twelve seconds."""
    silence = np.zeros(12 * RATE_HZ)
    return recording(tmp_path, [silence, silence], names=("a.wav", "b.wav"))


def clip(medium: Medium, start_s: int, length_s: int, at_s: int) -> ImportedClip:
    return ImportedClip(medium, *map(Fraction, (start_s, length_s, at_s)))


def compared(own: Recording, tracks: dict[str, list[ImportedClip]], *parts: NotUnderstood) -> ImportedEdit:
    made = tuple(ImportedTrack(name, tuple(clips)) for name, clips in tracks.items())
    edits = ImportedEdits("list", "List", made, not_understood=parts)
    return imported_edit(ImportRequest(own.state, own.media, edits))


def spans_s(made: ImportedEdit) -> list[tuple[str, float, float]]:
    return [(one.kind, one.start_samples / RATE_HZ, one.stop_samples / RATE_HZ) for one in made.proposals]


def test_what_a_warped_clip_plays_is_not_cut_and_nothing_is_accepted(pair: Recording) -> None:
    warped = at_speed(clip(A, 4, 2, 2), Fraction(2), "one")
    made = compared(pair, {"one": [clip(A, 0, 2, 0), clip(A, 10, 2, 4)]}, warped)
    assert spans_s(made) == [("cut", 2, 4), ("cut", 8, 10)]
    assert not made.is_accepted
    after = apply_rows(pair.state, made.put_into(pair.state).changes)
    assert {after.verdict(key) for key in after.proposals} == {Verdict.UNDECIDED}
    assert not [one for one in made.left_out if "silence" in one]


def test_accepted_edits_stay_as_they_are_and_an_import_again_adds_nothing(pair: Recording) -> None:
    own = Proposal("own", "cut", 0, RATE_HZ, 0.5, "", "you", payload={"crossfade_ms": 0.0})
    state = replace(pair.state, proposals={"own": own}, decisions={"own": Decision("own", Verdict.ACCEPTED)})
    part = NotUnderstood("nested part", Fraction(4), Fraction(5), "one")
    held = Recording(state, pair.media)
    made = compared(held, {"one": [clip(A, 0, 4, 0)]}, part)
    after = apply_rows(state, made.put_into(state).changes)
    assert (after.verdict("own"), made.returned) == (Verdict.ACCEPTED, 0)
    again = compared(Recording(after, pair.media), {"one": [clip(A, 0, 4, 0)]}, part)
    assert again.is_empty
    assert apply_rows(after, again.put_into(after).changes) == after


def test_a_track_with_an_unknown_part_is_not_muted_there(pair: Recording) -> None:
    part = NotUnderstood("nested part", Fraction(4), Fraction(6), "two")
    two = [clip(B, 0, 4, 0), clip(B, 6, 2, 6)]  # and a gap of its own after 8 s
    made = compared(pair, {"one": [clip(A, 0, 12, 0)], "two": two}, part)
    assert spans_s(made) == [("mute", 8, 12)]


@pytest.mark.parametrize(("at_s", "is_accepted"), [(2, True), (4, False)])
def test_another_recording_counts_where_it_plays_alone(pair: Recording, at_s: int, is_accepted: bool) -> None:
    other = clip(Medium("music.wav"), 0, 2, at_s)
    made = compared(pair, {"one": [clip(A, 0, 4, 0), clip(A, 8, 2, 6)], "music": [other]})
    assert made.is_accepted is is_accepted


def test_a_file_of_nothing_else_is_refused_with_the_part(pair: Recording) -> None:
    with pytest.raises(EditsError, match="1 clip at 50 % speed"):
        compared(pair, {}, at_speed(clip(A, 0, 2, 0), Fraction(1, 2), "one"))


def test_a_reversed_clip_may_begin_at_either_end() -> None:
    part = at_speed(clip(A, 8, 2, 0), Fraction(-2), "one")
    assert (part.medium_start_s, part.medium_stop_s) == (4, 12)
    assert part.noun == "reversed clip at 200 % speed"


def test_parts_are_counted_by_noun_and_place_once_for_all_channels() -> None:
    parts = [at_speed(clip(A, 0, 2, at), Fraction(1, 2), track) for at in (0, 4) for track in ("A1", "A2")]
    assert named_parts(parts) == [
        "2 clips at 50 % speed (0:00.0 to 0:02.0 on A1 and A2, 0:04.0 to 0:06.0 on A1 and A2)"
    ]
    assert counted(2, "clip without a file") == "2 clips without a file"
