"""Takes as files: names, spans, edits, tags, loudness, playlists, and the quick mix."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled, ExportError, FileExistsAlreadyError, UsageError
from engine.core.progress import ReportingProgress
from engine.document.settings import Setting, TimeOfDay, set_time_of_day
from engine.features.day.handed_on.export_takes import (
    FADE_IN_S,
    FADE_OUT_S,
    PATTERN,
    DayToExport,
    TakesOptions,
    export_takes,
    filled,
    plan_takes,
)
from engine.features.day.handed_on.quick_mix import MOST_GAIN_DB, gains_db, quick_mix
from engine.sound.edl.build import build
from engine.sound.edl.loudness import measure
from engine.sound.edl.render import render
from tests.engine.features.day.made import RATE_HZ, TAKES_S, with_retained
from tests.engine.sound.edl.recordings import with_cuts

VALUES = {"number": 3, "song": "Blue", "take": 2, "date": "2026-11-30", "band": "Us"}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_retained_takes_are_the_rendered_spans_with_fades(source: DayToExport, tmp_path: Path) -> None:
    done = export_takes(source, TakesOptions(tmp_path / "out", date="2026-11-30"))
    assert names(tmp_path / "out") == [
        "01 Blue- Moon – take 2.wav",
        "02 Über – take 1.wav",
        "2026-11-30.m3u8",
    ]
    edit_list = build(source.state)
    for one, (start_s, stop_s) in zip(done.written, TAKES_S[1:3], strict=True):
        start, stop = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
        written, rate_hz = soundfile.read(one.path, always_2d=True)
        assert (len(written), rate_hz) == (stop - start, RATE_HZ)
        rendered = render(source.state, edit_list, source.media, start, stop)
        faded_in, faded_out = round(FADE_IN_S * RATE_HZ), round(FADE_OUT_S * RATE_HZ)
        inside = slice(faded_in, len(written) - faded_out)
        np.testing.assert_allclose(written[inside], rendered[inside], atol=2.0**-23)
        assert np.abs(written[[0, -1]]).max() < 1e-4
    assert soundfile.info(done.written[0].path).subtype == "PCM_24"


def test_accepted_edits_apply_and_takes_without_a_rest_are_left_out(
    source: DayToExport, tmp_path: Path
) -> None:
    cuts = (8 * RATE_HZ, 9 * RATE_HZ), (11 * RATE_HZ + 100, 17 * RATE_HZ + 100)
    cut = replace(source, state=with_cuts(source.state, *cuts))
    done = export_takes(cut, TakesOptions(tmp_path / "out"))
    assert [one.path.name for one in done.written] == ["01 Blue- Moon – take 2.wav"]
    assert done.written[0].figures["length_s"] == pytest.approx(3.0)
    assert done.plan.left_out == ("Über – take 1",)
    assert "Über – take 1" in done.sentence
    nothing = with_retained(cut, 0, 0, 1, 0)
    with pytest.raises(ExportError, match="Nothing is left of Über – take 1"):
        export_takes(nothing, TakesOptions(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".opus"])
def test_tags_of_formats_that_take_them(source: DayToExport, tmp_path: Path, suffix: str) -> None:
    options = TakesOptions(tmp_path, suffix=suffix, band="Die Ärzte", date="2026-11-30")
    done = export_takes(source, options)
    with soundfile.SoundFile(done.written[1].path) as file:
        assert (file.title, file.artist) == ("Über – take 1", "Die Ärzte")
        assert (file.album, file.tracknumber) == ("2026-11-30", "2")


def test_all_takes_and_a_playlist_beside_them(source: DayToExport, tmp_path: Path) -> None:
    options = TakesOptions(tmp_path, band="Us", date="2026-11-30", all_takes=True, pattern="#{number} {song}")
    done = export_takes(source, options)
    assert [file.take for file in done.plan.files] == [1, 2, 1, 2]
    assert (tmp_path / "Us 2026-11-30.m3u8").read_text("utf-8").splitlines() == [
        "#EXTM3U",
        "#EXTINF:5,Us - Blue: Moon – take 1",
        "./#1 Blue- Moon.wav",
        "#EXTINF:4,Us - Blue: Moon – take 2",
        "./#2 Blue- Moon.wav",
        "#EXTINF:5,Us - Über – take 1",
        "./#3 Über.wav",
        "#EXTINF:4,Us - Über – take 2",
        "./#4 Über.wav",
    ]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (PATTERN, "03 Blue – take 2"),
        ("{band} {date} {song} {{live}} {take:3}", "Us 2026-11-30 Blue {live}   2"),
        ("{number}/{song}", "3/Blue"),
    ],
)
def test_patterns_are_filled(pattern: str, name: str) -> None:
    assert filled(pattern, VALUES) == name


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("{title}", "{title}"),
        ("{song.__class__}", "{song.__class__}"),
        ("{song[0]}", "{song[0]}"),
        ("{}", "{}"),
        ("{song!r}", "{song}"),
        ("{song:>999999999}", "{song:>999999999}"),
        ("{number:0999999999}", "{number:0999999999}"),
        ("{song", "'{song'"),
        ("song}", "'song}'"),
    ],
)
def test_an_invalid_pattern_is_refused_with_its_part(pattern: str, part: str) -> None:
    with pytest.raises(UsageError) as refused:
        filled(pattern, VALUES)
    assert part in str(refused.value)


def test_a_pattern_that_names_an_unknown_band_is_refused(source: DayToExport, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="band"):
        plan_takes(source, TakesOptions(tmp_path, pattern="{band} {song}"))


@pytest.mark.parametrize(
    ("song", "name"),
    [
        ("a/b\\c:d", "a-b-c-d.wav"),
        ("con", "con_.wav"),
        ("Nul.live", "Nul_.live.wav"),
        ("...", "1.wav"),
        (" .hidden. ", "hidden.wav"),
        ("鼓" * 100, "鼓" * 30 + ".wav"),
    ],
)
def test_any_song_makes_a_file(source: DayToExport, tmp_path: Path, song: str, name: str) -> None:
    named = replace(source, day=replace(source.day, names=[song, "Other"]))
    done = export_takes(with_retained(named, 1, 0, 0, 0), TakesOptions(tmp_path, pattern="{song}"))
    assert done.written[0].path.name == name
    assert done.written[0].path.is_file()


def test_equal_names_are_numbered_whatever_their_case(source: DayToExport, tmp_path: Path) -> None:
    named = replace(source, day=replace(source.day, names=["BLUÉ", "blue\u0301"]))
    plan = plan_takes(named, TakesOptions(tmp_path, pattern="{song}", all_takes=True))
    assert [file.path.stem for file in plan.files] == [
        "BLUÉ",
        "BLUÉ (2)",
        "blue\u0301 (3)",
        "blue\u0301 (4)",
    ]


def test_a_plan_writes_nothing(source: DayToExport, tmp_path: Path) -> None:
    plan = plan_takes(source, TakesOptions(tmp_path / "out", band="Us"))
    assert [file.length_s for file in plan.files] == [4.0, 5.0]
    assert not (tmp_path / "out").exists()


def test_the_date_is_that_of_the_timeline_else_of_the_files(source: DayToExport, tmp_path: Path) -> None:
    for path in source.media.values():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    assert plan_takes(source, TakesOptions(tmp_path)).album == "2023-11-14"
    start = TimeOfDay.of(np.datetime64("2026-05-02T10:00").item())
    row = set_time_of_day(source.state, 0, start).changes[0].after
    assert isinstance(row, Setting)
    dated = replace(source, state=replace(source.state, settings={row.id: row.value}))
    assert plan_takes(dated, TakesOptions(tmp_path)).album == "2026-05-02"


def test_each_take_is_matched_to_a_loudness(source: DayToExport, tmp_path: Path) -> None:
    done = export_takes(source, TakesOptions(tmp_path, loudness_lufs=-20.0, all_takes=True))
    for one in done.written:
        samples, rate_hz = soundfile.read(one.path, always_2d=True)
        assert measure([samples], rate_hz=rate_hz).integrated_lufs == pytest.approx(
            -20.0, abs=0.3
        )  # before its fades


def test_a_quick_mix_has_every_track_at_one_loudness(source: DayToExport, tmp_path: Path) -> None:
    done = export_takes(source, TakesOptions(tmp_path, date="2026-11-30", adds_quick_mix=True))
    assert [one.path.name for one in done.written] == [
        "01 Blue- Moon – take 2.wav",
        "02 Über – take 1.wav",
        "01 Blue- Moon – take 2 quick mix.wav",
        "02 Über – take 1 quick mix.wav",
    ]
    assert "02 Über – take 1 quick mix.wav" in (tmp_path / "2026-11-30 quick mix.m3u8").read_text("utf-8")
    plain, mixed = (soundfile.read(done.written[number].path)[0] for number in (0, 2))

    def share_of_bass(samples: np.ndarray) -> float:
        levels = np.abs(np.fft.rfft(samples[RATE_HZ : 3 * RATE_HZ]))
        return float(levels[220] / levels[440])  # 110 Hz and 220 Hz

    assert share_of_bass(plain) == pytest.approx(0.1, rel=0.02)
    mean = export_takes(source, TakesOptions(tmp_path / "again", adds_quick_mix=True)).written[2]
    assert mean.path.read_bytes() == done.written[2].path.read_bytes()
    spans = [file.span_samples for file in done.plan.files[:2]]
    state = quick_mix(source.state, source.media, spans)
    levelled = {track.name: track.gain_db for track in state.tracks}
    assert levelled["bass"] == -levelled["keys"] == pytest.approx(10.4, abs=0.1)  # 20 dB, and K-weighting
    wanted = 10 ** ((levelled["bass"] - levelled["keys"]) / 20) * 0.1
    assert share_of_bass(mixed) == pytest.approx(wanted, rel=0.02)


def test_gains_of_a_quick_mix_are_bounded_and_silent_tracks_have_none() -> None:
    assert gains_db({}) == {}
    assert gains_db({"a": -20.0, "b": -23.04, "c": -60.0}) == {"a": -3.0, "b": 0.0, "c": MOST_GAIN_DB}


def test_nothing_is_replaced_unasked_and_nothing_is_half_written(source: DayToExport, tmp_path: Path) -> None:
    taken = tmp_path / "02 Über – take 1.wav"
    taken.write_bytes(b"mine")
    with pytest.raises(FileExistsAlreadyError):
        export_takes(source, TakesOptions(tmp_path))
    assert names(tmp_path) == [taken.name]
    assert taken.read_bytes() == b"mine"
    export_takes(source, TakesOptions(tmp_path, overwrite=True, date="2026-11-30"))
    with pytest.raises(FileExistsAlreadyError):
        export_takes(source, TakesOptions(tmp_path, date="2026-11-30", pattern="other {number}"))
    assert len(names(tmp_path)) == 3


def test_no_retained_take_is_reported(source: DayToExport, tmp_path: Path) -> None:
    nobody = with_retained(source, 0, -1, 0, -1)
    with pytest.raises(UsageError, match="No take is retained"):
        export_takes(nobody, TakesOptions(tmp_path / "out"))
    with pytest.raises(ExportError, match="xyz"):
        plan_takes(source, TakesOptions(tmp_path, suffix=".xyz"))


def test_a_cancelled_export_leaves_no_folder(source: DayToExport, tmp_path: Path) -> None:
    cancelled = Event()
    cancelled.set()
    progress = ReportingProgress(None, cancelled)
    with pytest.raises(Cancelled):
        export_takes(source, TakesOptions(tmp_path / "out"), progress)
    assert not (tmp_path / "out").exists()
