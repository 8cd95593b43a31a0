"""Each format that other programs read stays letter by letter what it was when they were seen to read it.

Readers in the other tests find clips and fades; they do not ask for every field that a program may.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.document.analysis import BeatGrid
from engine.document.kinds.operations import Fill
from engine.document.state import Marker
from engine.exchange.export import FORMATS, ExportOptions, ExportRequest, export
from engine.exchange.export.placing.clips import clips_of, crossfades
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.plan import plan
from tests.as_before import plain, require_as_before, require_text_as_before
from tests.engine.exchange.export.interchange.test_source_timecode import stamp
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, by_hand, recording

TEXTS = tuple(
    one.suffix for one in FORMATS.values() if not one.is_audio and one.suffix not in {".aaf", ".mid"}
)
MARKERS = (
    Marker("m1", 2_000, 2_000, "Verse"),
    Marker("m2", 6_000, 6_000, "In a cut & <more> 🎸"),
    Marker("m3", 7_000, 10_000, "Half of it"),
    Marker("m4", 26_000, 29_500, "Coda"),
)
BEATS = np.round(np.cumsum([300.0, *np.linspace(3_900, 4_300, 8)])).astype(np.int64)
GRID = BeatGrid(BEATS, np.array([3, 1, 2, 3, 1, 2, 3, 1, 2], np.int64), 117.3, 0.9, "by hand")
OPTIONS = {
    "pal": ExportOptions(frame_rate=FrameRate.FPS_25),
    "ntsc": ExportOptions(frame_rate=FrameRate.FPS_29_97, depth=None),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Four tracks of three lengths, cuts, a repeat, a move, and edits of the sound of two tracks."""
    folder, rng = tmp_path_factory.mktemp("my takes & more"), np.random.default_rng(2)
    noise = [
        0.2 * rng.standard_normal((frames, width)) for frames, width in ((32_000, 1), (24_001, 2), (9_000, 1))
    ]
    made = recording(
        folder,
        [*noise, noise[2]],
        subtype="PCM_16",
        names=["Kick.wav", "Räume <é>.wav", "Click #1.wav", "Muted.wav"],
        start_samples=[0, 1_234, 16_000, 40],
        gain_db=[0.0, -3.5, 6.0, 0.0],
        pan=[0.0, 0.25, -1.0, 0.0],
        mute=[False, False, False, True],
        group=["", "Drums", "Drums", ""],
        color=["#102030", "", "", "#ffee00"],
    )
    stamp(made.media["s0"], 3_661 * RATE_HZ)
    state = replace(made.state, markers={one.id: one for one in MARKERS})
    for kind, span, payload, tracks in (
        ("cut", (4_000, 8_000), {"crossfade_ms": 20.0}, ()),
        ("cut", (12_345, 13_001), {"crossfade_ms": 0.0}, ()),
        ("repeat", (14_000, 17_000), {"times": 2, "crossfade_ms": 10.0}, ()),
        ("move", (20_000, 22_000), {"to_samples": 30_000, "crossfade_ms": 15.0}, ()),
        ("gain", (9_000, 10_000), {"gain_db": -6.0, "ramp_ms": 5.0}, ("t0",)),
        ("mute", (25_000, 26_000), {}, ("t1",)),
        (
            "hit",
            (18_000, 19_000),
            {"by_samples": 40.0, "onset_samples": 18_040, "fill": str(Fill.PRE_ROLL)},
            ("t0",),
        ),
    ):
        state = by_hand(state, kind, span, payload, tracks)
    return replace(made, state=state)


def _request(session: Recording, out: Path, options: ExportOptions) -> ExportRequest:
    return ExportRequest(session.state, session.media, out, True, "Jäm & <Co>", options, GRID)


def _without_places(text: str, session: Recording, folder: Path) -> str:
    """Return a text without the folders of this run, as they are, as an address, and in JSON or XML."""
    for path, name in ((session.media["s0"].parent, "TAKES"), (folder, "OUT")):
        for written in (
            path.as_uri(),
            str(path),
            str(path).replace("&", "&amp;"),
            path.as_uri().replace("&", "&amp;"),
            path.as_uri()[7:],
        ):
            text = text.replace(written, name)
    text = re.sub(
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ONE-OF-ITS-OWN", text, flags=re.I
    )
    return re.sub(r"\b20\d\d-\d\d-\d\d[T ][\d:.+Z]*", "NOW", text)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("suffix", TEXTS)
def test_what_others_read_is_written_as_before(
    suffix: str, name: str, session: Recording, tmp_path: Path
) -> None:
    told = export(_request(session, tmp_path / f"jam{suffix}", OPTIONS[name]))
    text = told.path.read_text("utf-8")
    require_text_as_before(f"formats/{name}{suffix}.txt", _without_places(text, session, tmp_path))
    said = {
        "sentence": told.sentence,
        "figures": told.figures,
        "files": sorted(one.name for one in tmp_path.iterdir()),
    }
    require_as_before(
        "exports", f"{name}{suffix}", {**said, "sentence": _without_places(told.sentence, session, tmp_path)}
    )


def test_a_tempo_map_is_written_as_before(session: Recording, tmp_path: Path) -> None:
    told = export(_request(session, tmp_path / "jam.mid", ExportOptions()))
    require_text_as_before("formats/tempo map.mid.txt", told.path.read_bytes().hex(" ", 4))


PLANS = {
    "as it is": ExportOptions(),
    "stems": ExportOptions(stems=True, gain_db=-3.0),
    "regions": ExportOptions(regions=True, fade_in_s=0.1, fade_out_s=0.2),
    "removed": ExportOptions(removed=True),
    "a part, loud": ExportOptions(range_samples=(3_000, 20_000), loudness_lufs=-16.0),
}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [(name, one.suffix) for name in PLANS for one in FORMATS.values() if one.is_audio or name == "as it is"],
)
def test_what_an_export_will_write_is_foretold_as_before(
    name: str, suffix: str, session: Recording, tmp_path: Path
) -> None:
    found = plan(_request(session, tmp_path / f"jam{suffix}", PLANS[name]))
    require_as_before("plans", f"{name}{suffix}", _places_left_out(found, session, tmp_path))


@pytest.mark.parametrize("name", PLANS)
def test_what_is_told_of_audio_is_told_as_before(name: str, session: Recording, tmp_path: Path) -> None:
    told = export(_request(session, tmp_path / "jam.wav", PLANS[name]))
    require_as_before("exports", f"{name}.wav", _places_left_out(told, session, tmp_path), most_apart=1e-6)


def _places_left_out(found: object, session: Recording, folder: Path) -> object:
    return json.loads(_without_places(json.dumps(plain(found), ensure_ascii=False), session, folder))


def test_clips_lie_where_they_lay(session: Recording, tmp_path: Path) -> None:
    request = _request(session, tmp_path / "jam.otio", ExportOptions())
    for number, track in enumerate(session.state.tracks):
        found = clips_of(request, track)
        stops = [0, *(clip.result_stop_samples for clip in found)]
        gaps = [clip.result_start_samples - stop for clip, stop in zip(found, stops, strict=False)]
        told = {"clips": found, "gaps": gaps, "fades": crossfades(found)}
        require_as_before("clips", str(number), _places_left_out(told, session, tmp_path))
        over = clips_of(request, track, over_silence=True)
        require_as_before("clips", f"{number} over silence", _places_left_out(over, session, tmp_path))


def test_a_format_is_what_it_was() -> None:
    require_as_before("plans", "formats", dict(FORMATS.items()))
