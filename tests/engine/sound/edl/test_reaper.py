"""The REAPER project, read back and played the way REAPER would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rpp
import soundfile

from engine.core.errors import ExportError
from engine.core.progress import SILENT
from engine.document.state import Marker
from engine.document.tracks import Source
from engine.exchange.export import ExportRequest, export
from engine.exchange.export.interchange.reaper import _project, _source_element, _text
from engine.sound.edl.build import build
from engine.sound.edl.crossfade import Curve, fade_in_gains
from engine.sound.edl.render import Renderer
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts


def bent(x: np.ndarray, curve: float) -> np.ndarray:
    """Return REAPER's shape 2 of a fade in: a line bent towards a parabola."""
    return (1 + curve) * x - curve * x * (2 - x) if curve < 0 else (1 - curve) * x + curve * x * x


SHAPES = {"0": lambda x, _curve: x, "2": bent}


def values(element: rpp.Element, name: str) -> list[str]:
    return next(line[1:] for line in element if isinstance(line, list) and line[0] == name)


def samples_of(element: rpp.Element, name: str, at: int = 0) -> int:
    exact = float(values(element, name)[at]) * RATE_HZ
    assert exact == pytest.approx(round(exact), abs=1e-6)
    return round(exact)


def play(project: Path, length: int, channels: int) -> np.ndarray:
    """Mix the items of a project: fades by shape, mono on every channel, silence outside a source."""
    result = np.zeros((length, channels))
    tracks = rpp.loads(project.read_text("utf-8")).findall("TRACK")
    soloed = any(values(track, "MUTESOLO")[1] != "0" for track in tracks)
    for track in tracks:
        mute, solo, _ = values(track, "MUTESOLO")
        if mute != "0" or (soloed and solo == "0"):
            continue
        for item in track.findall("ITEM"):
            path = project.parent / values(item.find("SOURCE"), "FILE")[0]
            source, _ = soundfile.read(path, dtype="float64", always_2d=True)
            padded = np.pad(source, ((RATE_HZ, RATE_HZ), (0, 0)))
            position, size = samples_of(item, "POSITION"), samples_of(item, "LENGTH")
            offset = samples_of(item, "SOFFS")
            heard = padded[RATE_HZ + offset : RATE_HZ + offset + size].copy()
            for name, sign in (("FADEIN", 1), ("FADEOUT", -1)):
                shape, fade = values(item, name)[0], samples_of(item, name, 1)
                assert values(item, name)[3] == shape
                assert samples_of(item, name, 2) == fade
                curve = sign * float(values(item, name)[5])
                gains = SHAPES[shape]((np.arange(fade) + 0.5) / max(fade, 1), curve)[:, np.newaxis]
                heard[::sign][:fade] *= gains
            volume, pan, law = map(float, values(track, "VOLPAN")[:3])
            assert (law, values(track, "PANMODE")) == (1.0, ["3"]), "0 dB in the middle, stereo balance"
            heard = volume * (np.repeat(heard, channels, axis=1) if heard.shape[1] == 1 else heard)
            heard[:, 0] *= 1 - max(pan, 0)
            heard[:, 1] *= 1 + min(pan, 0)
            result[position : position + size, : heard.shape[1]] += heard
    return result


@pytest.fixture
def trio(tmp_path: Path) -> Recording:
    """A tone, noise that begins and ends inside crossfades, and a muted track; four cuts."""
    rng = np.random.default_rng(2)
    tone = 0.4 * np.sin(np.arange(16_000) * 2 * np.pi * 100 / RATE_HZ)
    recorded = recording(
        tmp_path,
        [tone, 0.2 * rng.standard_normal((9950, 2)), tone],
        start_samples=[0, 4030, 0],
        gain_db=[0.0, -6.0, 0.0],
        pan=[-0.6, 0.25, 0.0],
        mute=[False, False, True],
        color=["#7fb069", "", ""],
    )
    cuts = (0, 300), (2000, 4000), (6000, 9037), (14_000, 15_000)
    return Recording(with_cuts(recorded.state, *cuts), recorded.media)


def test_the_items_play_what_the_renderer_renders(trio: Recording, tmp_path: Path) -> None:
    out = tmp_path / "jam.rpp"
    exported = export(ExportRequest(trio.state, trio.media, out))
    assert exported.sentence == "Wrote 3 tracks with 4 cuts to jam.rpp."
    edit_list = build(trio.state)
    played = play(out, edit_list.length_samples, 2)
    with Renderer(trio.state, edit_list, trio.media, np.float64) as renderer:
        rendered = renderer.read(0, edit_list.length_samples)
    faded = np.zeros(edit_list.length_samples, bool)
    for segment in edit_list.segments:
        start = segment.result_start_samples
        faded[start : start + segment.fade_in_samples] = True
    faded[edit_list.length_samples - edit_list.segments[-1].fade_out_samples :] = True
    np.testing.assert_allclose(played[~faded], rendered[~faded], atol=1e-9)
    loudest = np.abs(rendered).max()
    assert np.abs(played[faded] - rendered[faded]).max() < 0.05 * loudest
    levels = [10 * np.log10(np.mean(x[faded] ** 2)) for x in (played, rendered)]
    assert abs(levels[0] - levels[1]) < 0.1


def test_the_curve_of_equal_power_is_fitted(trio: Recording, tmp_path: Path) -> None:
    out = tmp_path / "jam.rpp"
    export(ExportRequest(trio.state, trio.media, out))
    noise = rpp.loads(out.read_text("utf-8")).findall("TRACK")[1]
    item = noise.findall("ITEM")[1]
    rising, falling = (float(values(item, name)[5]) for name in ("FADEIN", "FADEOUT"))
    assert (values(item, "FADEIN")[0], rising) == ("2", -falling)
    gains = bent(np.linspace(0, 1, 1001), rising)
    assert np.abs(gains - fade_in_gains(Curve.EQUAL_POWER, 1_000_001)[::1000, 0]).max() < 0.028
    assert np.abs(10 * np.log10(gains**2 + gains[::-1] ** 2)).max() < 0.07


def test_items_are_mixed_and_seams_are_marked(trio: Recording, tmp_path: Path) -> None:
    out = tmp_path / "jam.rpp"
    state = replace(trio.state, markers={"m": Marker("m", 5_000, 6_500, "Verse")})
    export(ExportRequest(state, trio.media, out))
    project = rpp.loads(out.read_text("utf-8"))
    assert values(project, "ITEMMIX") == ["1"]
    lines = [line[1:] for line in project if isinstance(line, list) and line[0] == "MARKER"]
    found = [(int(number), round(float(at) * RATE_HZ), name, kind) for number, at, name, kind in lines]
    cut = "cut: Tuning between two takes"
    assert found == [
        (1, 1_700, cut, "0"),
        (2, 2_700, "Verse", "1"),
        (2, 3_700, "", "1"),
        (3, 3_700, cut, "0"),
        (4, 8_663, cut, "0"),
    ]


def test_alike_pieces_are_joined_by_straight_lines(trio: Recording, tmp_path: Path) -> None:
    out = tmp_path / "jam.rpp"
    export(ExportRequest(trio.state, trio.media, out))
    tone, noise, _ = rpp.loads(out.read_text("utf-8")).findall("TRACK")
    assert [values(track, "PEAKCOL") for track in (tone, noise)] == [[str(0x169B07F)], ["16576"]]
    # The tone has a period of 80 samples: cuts of 2000 and 3037 join like phases, one of 1000 opposite ones.
    assert [values(item, "FADEIN")[0] for item in tone.findall("ITEM")] == ["2", "0", "0", "2"]
    assert {values(item, "FADEIN")[0] for item in noise.findall("ITEM")} == {"2"}


@pytest.mark.parametrize(
    "name",
    ["plain.wav", "two words.wav", 'the "best" take.wav', "it's 'this'.wav", "back`tick.wav", "Jäm 🎸.wav"],
)
def test_sources_are_named_as_reaper_reads_them(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "other").mkdir()
    recorded = recording(tmp_path / "in", [np.zeros(800)], names=[name])
    for out, expected in (
        (tmp_path / "in" / "p.rpp", name),
        (tmp_path / "p.rpp", str(Path("in") / name)),
        (tmp_path / "other" / "p.rpp", str(recorded.media["s0"])),
    ):
        export(ExportRequest(recorded.state, recorded.media, out))
        item = rpp.loads(out.read_text("utf-8")).find("TRACK").find("ITEM")
        assert values(item.find("SOURCE"), "FILE") == [expected]


@pytest.mark.parametrize("name", ["a \"b\" 'c' `d`.wav", "two\nlines.wav"])
def test_a_name_that_reaper_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    recorded = recording(tmp_path, [np.zeros(800)], names=[name])
    with pytest.raises(ExportError, match="rename the file"):
        export(ExportRequest(recorded.state, recorded.media, tmp_path / "p.rpp"))
    assert not (tmp_path / "p.rpp").exists()


@pytest.mark.parametrize(
    ("container", "subtype", "kind"),
    [
        ("WAV", "PCM_16", "WAVE"),
        ("RF64", "FLOAT", "WAVE"),
        ("AIFF", "PCM_24", "WAVE"),
        ("FLAC", "PCM_24", "FLAC"),
        ("MP3", "MPEG_LAYER_III", "MP3"),
        ("OGG", "VORBIS", "VORBIS"),
        ("OGG", "OPUS", "OPUS"),
    ],
)
def test_source_types(container: str, subtype: str, kind: str) -> None:
    source = Source("s", "x", "", 48_000, 2, 1, container, subtype)
    assert rpp.dumps(_source_element(source, "x")).split() == ["<SOURCE", kind, "FILE", "x", ">"]


def test_solo_and_wide_tracks_are_set_up(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.zeros((800, 3)), np.zeros(800)], solo=[True, False])
    state = replace(recorded.state, tracks=tuple(reversed(recorded.state.tracks)))
    export(ExportRequest(state, recorded.media, tmp_path / "p.rpp"))
    project = rpp.loads((tmp_path / "p.rpp").read_text("utf-8"))
    assert values(project, "MASTER_NCH")[0] == "4"
    assert [values(track, "MUTESOLO") for track in project.findall("TRACK")] == [
        ["0", "0", "0"],
        ["0", "1", "0"],
    ]
    assert all(values(track, "NCHAN") == ["4"] for track in project.findall("TRACK"))


def test_a_project_written_in_parts_is_what_the_library_writes(trio: Recording, tmp_path: Path) -> None:
    project = _project(ExportRequest(trio.state, trio.media, tmp_path / "trio.rpp"), SILENT)
    assert _text(project, SILENT) == rpp.dumps(project)
