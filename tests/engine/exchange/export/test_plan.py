"""Several files at once: everything is looked at first, and a failure says what is there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from engine.core.errors import Cancelled, ExportError, OffcutError, SourceError
from engine.core.files.safe_write import size_words
from engine.core.progress import ReportingProgress
from engine.exchange.export import AUDIO_SUFFIXES, FORMATS, Exported, ExportOptions, ExportRequest, export
from engine.exchange.export.plan import check, export_all, plan, written_before
from engine.exchange.export.request import Depth
from tests.engine.sound.edl.recordings import Recording, by_hand, recording, with_cuts
from tests.mostly_long import mostly_long

CUTS = ((8_000, 12_000), (30_000, 31_000))


@pytest.fixture
def band(tmp_path: Path) -> Recording:
    """Two tracks, mono and stereo, of ten seconds with two cuts, in a folder of their own."""
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(4)
    noise = [rng.uniform(-0.2, 0.2, (80_000, channels)) for channels in (1, 2)]
    recorded = recording(tmp_path / "in", noise, subtype="PCM_24")
    return replace(recorded, state=with_cuts(recorded.state, *CUTS))


Requests = Callable[..., list[ExportRequest]]


@pytest.fixture
def requests(band: Recording, tmp_path: Path) -> Requests:
    (tmp_path / "out").mkdir()

    def make(*names: str, overwrite: bool = False, **options: object) -> list[ExportRequest]:
        return [
            ExportRequest(
                band.state, band.media, tmp_path / "out" / name, overwrite, "jam", ExportOptions(**options)
            )
            for name in names
        ]

    return make


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def test_the_plan_is_what_is_written(requests: Requests, tmp_path: Path) -> None:
    every = [*requests(*(f"mix{suffix}" for suffix in FORMATS)), *requests("alone.wav", stems=True)]
    (tmp_path / "out" / "mix.edl").write_text("old")
    planned = [file for request in every for file in plan(request)]
    assert [file.path.name for file in planned if file.exists] == ["mix.edl"]
    export_all([replace(request, overwrite=True) for request in every])
    assert left(tmp_path) == sorted(file.path.name for file in planned)
    for file in planned:
        size_bytes = file.path.stat().st_size
        if file.path.suffix == ".wav":
            assert file.size_bytes <= size_bytes <= file.size_bytes + 3_000  # its chunks
        assert file.length_s == (75_000 / 8_000 if file.path.suffix in AUDIO_SUFFIXES else None)


@pytest.mark.parametrize("suffix", [".rpp", ".otio", ".aaf", ".fcpxml", ".xml", ".edl"])
@mostly_long("channels", [1, 2, 4], keep=(2,))
@pytest.mark.parametrize("crossfade_ms", [0.0, 20.0])
def test_the_size_of_a_project_is_near(
    tmp_path: Path, suffix: str, channels: int, crossfade_ms: float
) -> None:
    made = recording(tmp_path, [np.zeros((400_000, channels))] * 2)
    cuts = [(at, at + 1_000) for at in range(2_000, 398_000, 8_000)]
    state = with_cuts(made.state, *cuts, crossfade_ms=crossfade_ms)
    request = ExportRequest(state, made.media, tmp_path / f"jam{suffix}")
    (planned,) = plan(request)
    assert 0.75 < export(request).path.stat().st_size / planned.size_bytes < 1.25


@mostly_long("channels", [1, 2, 4], keep=(2,))
@pytest.mark.parametrize("cuts", [(), [(at, at + 500) for at in range(6_000, 398_000, 8_000)]])
def test_the_size_of_an_aaf_with_gains_is_near(
    tmp_path: Path, channels: int, cuts: Sequence[tuple[int, int]]
) -> None:
    made = recording(tmp_path, [np.zeros((400_000, channels))] * 2)
    state = with_cuts(made.state, *cuts, crossfade_ms=0.0)
    for start in range(2_000, 398_000, 8_000):
        state = by_hand(state, "gain", (start, start + 1_000), {"gain_db": -6.0, "ramp_ms": 5.0})
    request = ExportRequest(state, made.media, tmp_path / "jam.aaf")
    (planned,) = plan(request)
    assert 0.75 < export(request).path.stat().st_size / planned.size_bytes < 1.25


def test_even_an_empty_aaf_has_its_dictionary(band: Recording, tmp_path: Path) -> None:
    request = ExportRequest(replace(band.state, proposals={}), band.media, tmp_path / "jam.aaf")
    (planned,) = plan(request)
    assert 0.75 < export(request).path.stat().st_size / planned.size_bytes < 1.25


@pytest.mark.parametrize(
    ("options", "size_bytes", "length_s"),
    [
        ({}, 75_000 * 2 * 3, 9.375),
        ({"depth": Depth.BITS_16}, 75_000 * 2 * 2, 9.375),
        ({"depth": Depth.FLOAT_32, "range_samples": (1000, 9000)}, 8_000 * 2 * 4, 1.0),
        ({"removed": True}, 5_000 * 2 * 3, 0.625),
    ],
)
def test_size_and_length_follow_the_options(
    requests: Requests, options: dict[str, object], size_bytes: int, length_s: float
) -> None:
    (file,) = plan(requests("mix.wav", **options)[0])
    assert (file.size_bytes, file.length_s) == (size_bytes, length_s)


def refused(requests: list[ExportRequest], kind: type[OffcutError] = ExportError) -> str:
    with pytest.raises(kind) as raised:
        export_all(requests)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (("a.wav", "a.m4a"), {}, "names no format"),
        (("a.wav", "old.edl"), {}, "old.edl already exists"),
        (("a.edl", "a.flac"), {"depth": Depth.FLOAT_32}, "choose 16 or 24 bits"),
        (("a.edl", "a.wav"), {"range_samples": (0, 75_001)}, "choose a range inside it"),
        (("a.wav", "a.WAV", "./a.wav"), {}, "written twice"),
        (("a.wav", "gone/a.edl"), {}, "there is no folder"),
        (("a.wav", "../in/s1.wav"), {"broadcast": False}, "never written over"),
    ],
)
def test_nothing_is_written_where_one_cannot_be(
    requests: Requests, tmp_path: Path, names: tuple[str, ...], options: dict[str, object], words: str
) -> None:
    (tmp_path / "out" / "old.edl").write_text("precious")
    assert words in refused(requests(*names, **options))
    assert left(tmp_path) == ["old.edl"]
    assert (tmp_path / "out" / "old.edl").read_text() == "precious"


def test_a_recording_that_is_gone_stops_everything(
    requests: Requests, band: Recording, tmp_path: Path
) -> None:
    band.media["s1"].unlink()
    assert "s1.wav" in refused(requests("a.edl", "a.wav"), SourceError)
    assert left(tmp_path) == []
    export_all(requests("a.edl"))  # which reads none


def test_a_disk_without_room_stops_everything(
    requests: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=600_000))
    export_all(requests("one.wav"))
    sentence = refused(requests("a.wav", "b.wav"))
    assert "has room for 600 kB" in sentence
    assert "900 kB are needed" in sentence
    assert left(tmp_path) == ["one.wav"]


def test_one_that_fails_half_way_says_what_is_there(
    requests: Requests, band: Recording, tmp_path: Path
) -> None:
    def lose(_fraction: float, text: str, _figures: dict[str, float]) -> None:
        if text == "Writing the edit decision list":
            (tmp_path / "out" / "b.wav").mkdir()

    with pytest.raises(ExportError, match=r"b\.wav is a folder.* Written before that: a\.edl\.$"):
        export_all(requests("a.edl", "b.wav"), ReportingProgress(lose))
    assert (tmp_path / "out" / "a.edl").stat().st_size > 100
    assert band.state.tracks


def test_cancel_keeps_what_is_whole_and_tells_it(requests: Requests, tmp_path: Path) -> None:
    cancelled, written = Event(), list[Exported]()

    def listen(_fraction: float, text: str, _figures: dict[str, float]) -> None:
        if text == "Writing audio":
            cancelled.set()

    with pytest.raises(Cancelled):
        export_all(requests("a.edl", "b.wav"), ReportingProgress(listen, cancelled), written)
    assert [one.path.name for one in written] == left(tmp_path) == ["a.edl"]


def test_progress_rises_to_its_end(requests: Requests) -> None:
    told: list[float] = []
    names = ("a.edl", "a.wav", "a.aaf", "a.json")
    export_all(
        requests(*names, loudness_lufs=-30.0), ReportingProgress(lambda fraction, *_: told.append(fraction))
    )
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_progress_of_a_range_is_that_of_its_length(tmp_path: Path, rng: np.random.Generator) -> None:
    made = recording(tmp_path, [rng.uniform(-0.1, 0.1, 400_000)])
    told: list[list[float]] = []
    for span in ((0, 200_000), (200_000, 400_000)):
        told.append([])
        options = ExportOptions(loudness_lufs=-30.0, range_samples=span)
        request = ExportRequest(made.state, made.media, tmp_path / f"{span[0]}.wav", options=options)
        export(request, ReportingProgress(lambda fraction, *_: told[-1].append(fraction)))
    assert told[0] == told[1]


@pytest.mark.parametrize("edits", ["none", "few", "all"])
def test_progress_of_a_project_with_edited_sound_begins_at_0_and_goes_in_small_steps(
    tmp_path: Path, edits: str
) -> None:
    (tmp_path / "in").mkdir()
    made = recording(tmp_path / "in", [np.zeros((6_000_000, 2))])
    spans = {"none": [], "few": [(8_000, 16_000)], "all": [(0, 6_000_000)]}[edits]
    state = made.state
    for span in spans:
        state = by_hand(state, "gain", span, {"gain_db": -6.0})
    told: list[float] = []
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "jam.rpp"
    request = ExportRequest(state, made.media, out, options=ExportOptions(collect=True))
    export(request, ReportingProgress(lambda fraction, *_: told.append(fraction)))
    steps = np.diff([0.0, *told, 1.0])
    assert (steps >= 0).all()
    assert steps.max() < 0.25


def test_progress_of_edited_sound_alone_begins_at_0(tmp_path: Path) -> None:
    made = recording(tmp_path, [np.zeros((6_000_000, 2))])
    state = by_hand(made.state, "gain", (0, 6_000_000), {"gain_db": -6.0})
    told: list[float] = []
    export(
        ExportRequest(state, made.media, tmp_path / "jam.edl"),
        ReportingProgress(lambda fraction, *_: told.append(fraction)),
    )
    steps = np.diff([0.0, *told, 1.0])
    assert (steps >= 0).all()
    assert steps.max() < 0.1


def test_checking_by_itself_leaves_nothing(requests: Requests, tmp_path: Path) -> None:
    check(requests("a.wav", "a.flac", "a.rpp", stems=True))
    assert left(tmp_path) == []
    export(requests("a.json")[0])
    assert left(tmp_path) == ["a.json"]


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "1 kB"), (1_001, "2 kB"), (999_000, "999 kB"), (1_900_000_000, "1.9 GB"), (640_000_000, "640 MB")],
)
def test_sizes_in_words(size_bytes: int, words: str) -> None:
    assert size_words(size_bytes) == words


@pytest.mark.parametrize(
    ("count", "names"), [(1, "0.wav"), (3, "0.wav, 1.wav, 2.wav"), (5, "0.wav, 1.wav, 3 more")]
)
def test_what_was_written_before_is_named_or_counted(count: int, names: str) -> None:
    done = [Exported(Path(f"{number}.wav"), "", {}) for number in range(count)]
    assert written_before(done) == f"Written before that: {names}."
