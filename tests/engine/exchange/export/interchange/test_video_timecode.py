"""Documents of videos: exports count at their frame rate, and from their start timecode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import aaf2
import opentimelineio as otio
import pycmx
import pytest

from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.request import ExportOptions, ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportRequest as EditsRequest
from engine.exchange.imports.proposals.edit import imported_edit
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.build import build
from tests.engine.sound.decoders.conftest import music, written
from tests.engine.sound.edl.recordings import Recording, with_cuts
from tests.engine.sound.headers.videos import NTSC, RATE_HZ, video
from tests.mostly_long import mostly_long

CUT_FRAMES = (30, 70)
CUT = (48_048, 112_112)  # the same at 29.97 frames a second
FILM = Fraction(24_000, 1001)
RATES = [(Fraction(25), "01:00:00:00"), (NTSC, "10:00:00;00"), (NTSC, "10:00:00:00"), (FILM, "01:00:00:00")]
FORMATS = (".edl", ".xml", ".fcpxml", ".otio", ".aaf")


def of_files(folder: Path, paths: Sequence[Path]) -> Recording:
    """Import files into a document."""
    with Document.create(folder / "jam.offcut") as document:
        imported = import_audio(ImportRequest(tuple(paths)), SILENT)
        document.apply(import_edit(document.state, imported))
        state = document.state
    return Recording(state, {key: Path(source.path) for key, source in state.sources.items()})


def film(folder: Path, suffix: str, rate: Fraction, timecode: str = "") -> Recording:
    """Return a document of a video of six seconds, with one cut."""
    made = of_files(folder, [video(folder / f"film{suffix}", rate, timecode, length_s=6.006)])
    start, stop = (int(frames * RATE_HZ / rate) for frames in CUT_FRAMES)
    return replace(made, state=with_cuts(made.state, (start, stop), crossfade_ms=0.0))


@pytest.fixture
def drop(tmp_path: Path) -> Recording:
    return film(tmp_path, ".mov", NTSC, "10:00:00;00")


def test_a_decision_list_counts_the_source_in_drop_frame(drop: Recording, tmp_path: Path) -> None:
    done = export(ExportRequest(drop.state, drop.media, tmp_path / "out.edl"))
    assert "29.97" in done.sentence
    with done.path.open(encoding="utf-8") as stream:
        edits = [event.edits[0] for event in pycmx.parse_cmx3600(stream).events]
    assert [(edit.source_in, edit.source_out, edit.record_in) for edit in edits] == [
        ("10:00:00;00", "10:00:01;00", "00:00:00:00"),
        ("10:00:02;10", "10:00:06;00", "00:00:01:00"),
    ]


def test_a_rate_that_was_chosen_counts(drop: Recording, tmp_path: Path) -> None:
    options = ExportOptions(frame_rate=FrameRate.FPS_25)
    done = export(ExportRequest(drop.state, drop.media, tmp_path / "out.edl", options=options))
    with done.path.open(encoding="utf-8") as stream:
        edits = [event.edits[0] for event in pycmx.parse_cmx3600(stream).events]
    assert edits[0].source_in == "09:59:59:24"  # 35,999.964 s


def test_final_cut_7_says_where_the_file_begins(drop: Recording, tmp_path: Path) -> None:
    export(ExportRequest(drop.state, drop.media, tmp_path / "out.xml"))
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    (file,) = (file for file in root.iter("file") if len(file))
    said = [file.findtext(f"timecode/{name}") for name in ("string", "frame", "displayformat")]
    assert said == ["10:00:00;00", "1078920", "DF"]
    assert (file.findtext("rate/timebase"), file.findtext("rate/ntsc")) == ("30", "TRUE")
    assert [item.findtext("in") for item in root.iter("clipitem")] == ["0", "70"]
    assert root.findtext("sequence/timecode/displayformat") == "NDF"


def test_final_cut_counts_in_the_files_own_time(drop: Recording, tmp_path: Path) -> None:
    export(ExportRequest(drop.state, drop.media, tmp_path / "out.fcpxml"))
    root = ElementTree.parse(tmp_path / "out.fcpxml").getroot()
    begin_s = Fraction(1_078_920) / NTSC
    assert [Fraction(asset.get("start", "")[:-1]) for asset in root.iter("asset")] == [begin_s]
    starts = [Fraction(clip.get("start", "")[:-1]) for clip in root.iter("asset-clip")]
    assert starts == [begin_s, begin_s + Fraction(CUT[1], RATE_HZ)]
    assert next(root.iter("format")).get("frameDuration") == "1001/30000s"


def test_opentimelineio_counts_in_the_files_own_time(drop: Recording, tmp_path: Path) -> None:
    export(ExportRequest(drop.state, drop.media, tmp_path / "out.otio"))
    first, second = otio.adapters.read_from_file(str(tmp_path / "out.otio")).find_clips()
    begin = otio.opentime.from_timecode("10:00:00;00", float(NTSC))
    assert begin.value == 1_078_920
    assert first.media_reference.available_range.start_time == begin == first.source_range.start_time
    assert second.source_range.start_time.value == 1_078_920 + 70


def test_aaf_leads_to_the_timecode(drop: Recording, tmp_path: Path) -> None:
    export(ExportRequest(drop.state, drop.media, tmp_path / "out.aaf"))
    with aaf2.open(str(tmp_path / "out.aaf"), "r") as file:
        mobs = list(file.content.sourcemobs())
        (tape,) = (mob for mob in mobs if isinstance(mob.descriptor, aaf2.essence.TapeDescriptor))
        (in_tape,) = (slot.segment for mob in mobs if mob is not tape for slot in mob.slots)
        (code,) = (slot.segment for slot in tape.slots if slot.media_kind == "Timecode")
        assert in_tape.start == round(Fraction(1_078_920) / NTSC * RATE_HZ)
        assert (code.fps, code.drop, code.start) == (30, True, 0)


@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
@mostly_long("rate, timecode", RATES, keep=RATES[1:2])
def test_exports_come_back_unchanged(tmp_path: Path, suffix: str, rate: Fraction, timecode: str) -> None:
    made = film(tmp_path, suffix, rate, timecode)
    plain: DocumentState = replace(made.state, proposals={}, decisions={})
    wanted = build(made.state)
    assert wanted.kept_starts_samples.tolist()[1] * rate == CUT_FRAMES[1] * RATE_HZ
    for form in FORMATS:
        path = tmp_path / f"out{form}"
        export(ExportRequest(made.state, made.media, path))
        edit = imported_edit(EditsRequest(plain, made.media, read_edits(path, RATE_HZ)))
        assert edit.left_out == (), form
        back = build(apply_rows(plain, edit.put_into(plain).changes))
        assert back.kept_starts_samples.tolist() == wanted.kept_starts_samples.tolist(), form
        assert back.kept_stops_samples.tolist() == wanted.kept_stops_samples.tolist(), form


def test_a_moved_event_is_found_by_its_timecode(drop: Recording, tmp_path: Path) -> None:
    path = export(ExportRequest(drop.state, drop.media, tmp_path / "out.edl")).path
    lines = [line for line in path.read_text("utf-8").splitlines() if "SAMPLES" not in line]
    path.write_text("\n".join(lines).replace("10:00:02;10 10:00:06;00", "10:00:02;11 10:00:06;01"))
    plain = replace(drop.state, proposals={}, decisions={})
    read = read_edits(path, RATE_HZ, frame_rate=FrameRate.FPS_29_97)
    edit = imported_edit(EditsRequest(plain, drop.media, read))
    back = build(apply_rows(plain, edit.put_into(plain).changes))
    frame = Fraction(RATE_HZ) / NTSC
    assert abs(back.kept_starts_samples.tolist()[1] - CUT[1] - frame) < 1


def test_the_most_common_rate_is_taken_and_said(tmp_path: Path) -> None:
    rates = {"a.mov": Fraction(25), "b.mp4": NTSC, "c.mkv": NTSC}
    made = of_files(tmp_path, [video(tmp_path / name, rate) for name, rate in rates.items()])
    request = ExportRequest(made.state, made.media, tmp_path / "out.otio")
    assert request.frame_rate is FrameRate.FPS_29_97
    notice = request.picture_rate.notice
    assert "25 and 29.97" in notice
    assert notice in export(request).sentence
    chosen = replace(request, options=ExportOptions(frame_rate=FrameRate.FPS_24), overwrite=True)
    assert notice not in export(chosen).sentence
    tied = replace(made.state, tracks=made.state.tracks[:2])
    assert ExportRequest(tied, made.media, tmp_path / "out.otio").frame_rate is FrameRate.FPS_25


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(Fraction(15), FrameRate.FPS_25), (Fraction(50), FrameRate.FPS_50), (2 * NTSC, FrameRate.FPS_59_94)],
)
def test_a_rate_without_timecode_is_said(tmp_path: Path, rate: Fraction, expected: FrameRate) -> None:
    made = of_files(tmp_path, [video(tmp_path / "film.mp4", rate)])
    request = ExportRequest(made.state, made.media, tmp_path / "out.edl")
    assert request.frame_rate is expected
    assert bool(request.picture_rate.notice) == (rate == 15)


def test_a_variable_rate_is_said(tmp_path: Path) -> None:
    times_s = tuple(number / 30 for number in range(25) if number not in (7, 8, 19))
    sound = [music(72_000, 48_000, 1)]
    path = written(tmp_path / "phone.mp4", "alac", sound, 48_000, form="s16", video_times_s=times_s)
    made = of_files(tmp_path, [path])
    request = ExportRequest(made.state, made.media, tmp_path / "out.edl")
    assert request.frame_rate is FrameRate.FPS_30
    assert "variable" in request.picture_rate.notice


def test_a_video_that_is_missing_counts_from_nothing(drop: Recording, tmp_path: Path) -> None:
    media = dict.fromkeys(drop.media, tmp_path / "gone.mov")
    request = ExportRequest(drop.state, media, tmp_path / "out.edl")
    assert request.frame_rate is FrameRate.FPS_25
    export(request)
