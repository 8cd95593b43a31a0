"""FCPXML and EDL as other programs write them: the true clips play, and speeds are named, not accepted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import EditsError
from engine.exchange.export import ExportRequest, export
from engine.sound.edl.build import build
from tests.cases.asking import told
from tests.cases.imported import RATE_HZ, Edit, imported, noise

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
    levels = {"guitar": 0.5, "bass": 0.0625}
    recordings = [tmp_path / f"{name}.wav" for name in levels]
    for path, level in zip(recordings, levels.values(), strict=True):
        soundfile.write(path, np.full(20 * RATE_HZ, level), RATE_HZ, "PCM_16")
    found = imported(tmp_path, recordings, inputs / "h04-edl-dissolve" / "diss.edl", "25")
    guitar, bass = (one.id for one in found.state.tracks)
    muted = {
        (one.tracks[0], *spans(one), one.payload["crossfade_ms"])
        for one in found.made.proposals
        if one.kind == "mute"
    }
    hard, faded = {(bass, 0, 5, 0), (guitar, 6, 10, 0)}, {(bass, 4.5, 5.5, 1_000), (guitar, 5.5, 7, 1_000)}
    assert muted == hard | faded
    assert ("cut", 10, 20) in found.accepted
    assert found.made.left_out == ()
    media = {one.id: Path(one.path) for one in found.state.sources.values()}
    played, _ = soundfile.read(export(ExportRequest(found.state, media, tmp_path / "mix.wav")).path)
    assert played[round(4.99 * RATE_HZ)] == pytest.approx(0.5, abs=1e-3)
    assert played[round(6.01 * RATE_HZ)] == pytest.approx(0.0625, abs=1e-3)
    assert 0.3 < played[round(5.5 * RATE_HZ)] < 0.5
    assert (np.diff(played[5 * RATE_HZ : 6 * RATE_HZ]) < 1e-3).all()


_EVENTS = """TITLE: x
001  GUITAR   A     C        00:00:02:00 00:00:05:00 00:00:00:00 00:00:03:00
* FROM CLIP NAME: guitar.wav
002  GUITAR   A     C        {source} {source} 00:00:03:00 00:00:03:00
002  GUITAR   A     D    {frames} 00:00:10:00 00:00:14:00 00:00:03:00 00:00:07:00
* FROM CLIP NAME: guitar.wav
* TO CLIP NAME: guitar.wav
003  GUITAR   A     C        00:00:16:00 00:00:18:00 00:00:07:00 00:00:09:00
* FROM CLIP NAME: guitar.wav
"""


@pytest.mark.parametrize("frames", [4, 13, 24])
def test_a_dissolve_within_one_recording_is_a_crossfade_at_its_place(tmp_path: Path, frames: int) -> None:
    (tmp_path / "a.edl").write_text(_EVENTS.format(source="00:00:05:00", frames=f"{frames:03d}"))
    found = imported(tmp_path, [noise(tmp_path / "guitar.wav", 20)], tmp_path / "a.edl", "25")
    made = build(found.state)
    half = frames * RATE_HZ // 25 // 2
    rest = frames * RATE_HZ // 25 - half
    assert found.made.left_out == ()
    assert made.fades_in_samples[1] == frames * RATE_HZ // 25
    assert made.kept_stops_samples[0] == 5 * RATE_HZ + half
    assert made.kept_starts_samples[1] == 10 * RATE_HZ + half
    assert made.seams_samples[1] == 3 * RATE_HZ + half
    assert (made.segments[0].stop_samples, made.segments[1].start_samples) == (
        5 * RATE_HZ + half + rest,
        10 * RATE_HZ,
    )
    assert made.fades_in_samples[2] == RATE_HZ // 100


@pytest.mark.parametrize("case", ["one recording", "two recordings", "h04"])
def test_dissolves_that_are_imported_again_change_nothing(
    tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    project, path = tmp_path / "d.offcut", tmp_path / "a.edl"
    second = "bass.wav" if case == "two recordings" else "guitar.wav"
    path.write_text(
        _EVENTS.format(source="00:00:05:00", frames="010").replace(
            "TO CLIP NAME: guitar.wav", f"TO CLIP NAME: {second}"
        )
        if case != "h04"
        else (inputs / "h04-edl-dissolve" / "diss.edl").read_text()
    )
    names = ("guitar", "bass")[: 1 if case == "one recording" else 2]
    recordings = [noise(tmp_path / f"{name}.wav", 20, seed) for seed, name in enumerate(names)]
    told(capsys, "new", project, *recordings)
    words = "import-edits", project, path, "--frame-rate", "25"
    assert told(capsys, *words)["is_accepted"]
    again = told(capsys, *words, "--dry-run")
    assert (again["edits"], again["returned"], again["longer_s"]) == ({}, 0, 0.0)


@pytest.mark.parametrize(
    ("source", "frames", "noun"),
    [
        ("00:00:08:00", "D    024", "dissolve"),  # the source goes on from elsewhere
        ("00:00:05:00", "D    120", "dissolve"),  # longer than its clip
        ("00:00:05:00", "W001 024", "wipe"),
        ("00:00:05:00", "D", "dissolve"),
    ],
)
def test_an_unclear_transition_is_a_cut_and_named(
    tmp_path: Path, source: str, frames: str, noun: str
) -> None:
    text = _EVENTS.replace("D    {frames}", frames).format(source=source)
    (tmp_path / "a.edl").write_text(text)
    found = imported(tmp_path, [noise(tmp_path / "guitar.wav", 20)], tmp_path / "a.edl", "25")
    assert found.accepted == [("cut", 0, 2), ("cut", 5, 10), ("cut", 14, 16), ("cut", 18, 20)]
    assert [one.split()[:2] for one in found.made.left_out] == [["1", noun]]


def test_dissolves_from_and_to_black_are_fades(tmp_path: Path) -> None:
    (tmp_path / "a.edl").write_text(
        "TITLE: x\n"
        "001  GUITAR   A     C        00:00:02:00 00:00:05:00 00:00:00:00 00:00:03:00\n"
        "002  GUITAR   A     C        00:00:05:00 00:00:05:00 00:00:03:00 00:00:03:00\n"
        "002  BL       A     D    010 00:00:00:00 00:00:02:00 00:00:03:00 00:00:05:00\n"
        "003  BL       A     C        00:00:00:00 00:00:00:00 00:00:05:00 00:00:05:00\n"
        "003  GUITAR   A     D    020 00:00:10:00 00:00:14:00 00:00:05:00 00:00:09:00\n"
        "* FROM CLIP NAME: BL\n* TO CLIP NAME: GUITAR\n"
    )
    found = imported(tmp_path, [noise(tmp_path / "guitar.wav", 20)], tmp_path / "a.edl", "25")
    made = build(found.state)
    ends = [one / RATE_HZ for one in made.fades_out_samples.tolist()]
    assert found.made.left_out == ()
    assert [one / RATE_HZ for one in made.fades_in_samples.tolist()][1:] == [0.4, 0.8]
    assert ends[:2] == [0.4, 0.8]
    assert made.length_samples == 9 * RATE_HZ


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
