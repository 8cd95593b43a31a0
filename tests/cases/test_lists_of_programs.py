"""FCPXML and EDL as other programs write them: the true clips play, and speeds are named, not accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import EditsError
from tests.cases.imported import Edit, imported, noise

FCPXML_28 = "28-fcpxml-compound-sync-multicam"


@pytest.mark.parametrize(
    ("name", "edits", "parts"),
    [
        ("compound", [("cut", 20, 30), ("cut", 50, 60)], []),
        ("resolve hour", [("cut", 20, 30), ("cut", 50, 60)], []),
        ("plain retimed", [("cut", 20, 30), ("cut", 55, 60)], [("clip at 125 % speed", 20, 40)]),
    ],
)
def test_compound_and_retimed_clips_and_a_leading_hour(
    tmp_path: Path, inputs: Path, name: str, edits: list[Edit], parts: list[Edit]
) -> None:
    case = inputs / FCPXML_28
    found = imported(tmp_path, [case / "day.flac"], case / f"{name}.fcpxml")
    assert (found.parts, found.edits, found.made.left_out) == (parts, edits, ())
    assert found.accepted == ([] if parts else edits)


@pytest.mark.parametrize(
    ("case", "name", "kept", "silences"),
    [
        ("h03-fcpxml-compound", "compound", (10, 15), []),
        ("h18-fcpxml-split-edit", "lcut", (8, 13), [("insert", 8, 8)]),  # its picture begins earlier
    ],
)
def test_the_project_and_the_detached_sound_decide(
    tmp_path: Path,
    inputs: Path,
    case: str,
    name: str,
    kept: tuple[int, int],
    silences: list[tuple[str, int, int]],
) -> None:
    guitar = noise(tmp_path / "guitar.wav", 20)
    found = imported(tmp_path, [guitar], inputs / case / f"{name}.fcpxml")
    assert found.accepted == [("cut", 0, kept[0]), *silences, ("cut", kept[1], 20)]


def test_channels_of_a_none_event(tmp_path: Path, inputs: Path) -> None:
    case = inputs / "09-edl-premiere-none-aud34"
    found = imported(tmp_path, [case / "day.flac"], case / "list.edl")
    assert found.accepted == [("cut", 0, 10.01), ("cut", 20.354, 59.192), ("cut", 66.1, 100)]
    assert [one.split()[0] for one in found.made.left_out if "video" in one] == ["2"]


@pytest.mark.parametrize("name", ["list", "list with colons"])
def test_drop_frame_with_colons_and_a_leading_hour(tmp_path: Path, inputs: Path, name: str) -> None:
    case = inputs / "11-edl-drop-frame-long"
    found = imported(tmp_path, [case / "panel.flac"], case / f"{name}.edl")
    (_, first, stop), (_, start, _) = found.accepted
    assert (first, round(stop, 2), round(start, 2)) == (60.06, 600, 1200)
    assert found.made.left_out == ()


def test_a_dissolve_plays_the_clip_that_it_goes_to_and_a_speed_is_named(tmp_path: Path, inputs: Path) -> None:
    case = inputs / "33-edl-adobe-bl-dissolves"
    recordings = [case / "1-21T01.WAV", case / "1-25T02.WAV"]
    found = imported(tmp_path, recordings, case / "list.edl", "24")
    assert found.parts == [("clip at 50 % speed", 7.25, 11.25)]
    assert found.accepted == []
    (part,) = found.made.not_understood
    assert part.medium is not None
    assert part.medium.name == "1-25T02.WAV"
    (first,) = [one for one in found.made.proposals if one.kind == "mute"]
    assert [one.name for one in found.state.tracks if one.id in first.tracks] != ["1-21T01"]


def test_a_dissolve_between_two_recordings(tmp_path: Path, inputs: Path) -> None:
    recordings = [noise(tmp_path / f"{name}.wav", 20, seed) for seed, name in enumerate(("guitar", "bass"))]
    found = imported(tmp_path, recordings, inputs / "h04-edl-dissolve" / "diss.edl")
    guitar, bass = (one.id for one in found.state.tracks)
    muted = {(one.tracks[0], *spans(one)) for one in found.made.proposals if one.kind == "mute"}
    assert muted == {(bass, 0, 5), (guitar, 5, 10)}
    assert ("cut", 10, 20) in found.accepted


def spans(one: object) -> tuple[float, float]:
    return tuple(getattr(one, f"{edge}_samples") / 8_000 for edge in ("start", "stop"))  # type: ignore[return-value]


def test_channel_b_is_the_first_one(tmp_path: Path, inputs: Path) -> None:
    guitar = noise(tmp_path / "guitar.wav", 20)
    found = imported(tmp_path, [guitar], inputs / "h07-edl-both" / "b.edl")
    assert found.accepted == [("cut", 5, 10), ("cut", 15, 20)]
    assert not [one for one in found.made.left_out if "silence" in one]


@pytest.mark.parametrize(("name", "part"), [("m2", "clip at 200 % speed"), ("rev", "reversed clip")])
def test_a_list_of_nothing_but_a_changed_speed_is_refused(
    tmp_path: Path, inputs: Path, name: str, part: str
) -> None:
    with pytest.raises(EditsError, match=part):
        imported(tmp_path, [noise(tmp_path / "guitar.wav", 20)], inputs / "h08-edl-speed" / f"{name}.edl")
