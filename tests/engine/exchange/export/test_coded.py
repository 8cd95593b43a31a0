"""MP3, Ogg and Opus of a document: what is heard, at a rate that the format holds, tagged and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from engine.core.errors import ExportError
from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.formats import CODED_SUFFIXES
from engine.exchange.export.plan import plan
from engine.exchange.export.request import Depth
from engine.sound.codecs import Quality
from engine.sound.conform import conformed_path
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from engine.sound.reader import SourceReader
from tests.engine.sound.edl.recordings import Recording, recording, with_cuts
from tests.sources import source_of


def take(folder: Path, rate_hz: int, seconds: float = 4.0, loudest: float = 0.3) -> Recording:
    """Return a stereo recording of chords with a click at half of it and a cut before."""
    t = np.arange(round(seconds * rate_hz))[:, None] / rate_hz
    samples = sum(np.sin(2 * np.pi * f * t * [1, 1.5]) for f in (220, 350)) * loudest / 2
    samples[len(samples) // 2] = 0.95
    recorded = recording(folder, [samples], rate_hz=rate_hz, subtype="PCM_24")
    return Recording(with_cuts(recorded.state, (rate_hz // 2, rate_hz)), recorded.media)


def request_of(recorded: Recording, out: Path, **options: object) -> ExportRequest:
    return ExportRequest(recorded.state, recorded.media, out, True, "Jäm", ExportOptions(**options))


@pytest.mark.parametrize("suffix", CODED_SUFFIXES)
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_what_is_heard_is_in_the_file(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    recorded = take(tmp_path, rate_hz)
    done = export(request_of(recorded, tmp_path / f"out{suffix}"))
    heard, written_hz = soundfile.read(done.path)
    is_held = suffix == ".ogg" or rate_hz == 48_000 or (suffix, rate_hz) == (".mp3", 44_100)
    expected_hz = rate_hz if is_held else 48_000
    assert written_hz == expected_hz
    assert len(heard) == round(3.5 * written_hz)
    assert np.argmax(np.abs(heard[:, 0])) == pytest.approx(1.5 * written_hz, abs=written_hz != rate_hz)
    assert ("converted from" in done.sentence) == (written_hz != rate_hz)
    kbit_s = 8 * done.path.stat().st_size / 1_000 / 3.5
    assert f" at {kbit_s:.0f} kbit/s" in done.sentence
    if written_hz == rate_hz:
        sent = render(recorded.state, build(recorded.state), recorded.media, 0, len(heard))
        assert 10 * np.log10(np.sum(sent**2) / np.sum((sent - heard) ** 2)) > 14


@pytest.mark.parametrize("suffix", CODED_SUFFIXES)
def test_export_then_import_has_no_gap(tmp_path: Path, suffix: str) -> None:
    recorded = take(tmp_path, 48_000)
    done = export(request_of(recorded, tmp_path / f"out{suffix}", quality=Quality.BEST))
    source = source_of(done.path)
    assert source.frames == 168_000
    sent = render(recorded.state, build(recorded.state), recorded.media, 0, 168_000)
    with SourceReader(conformed_path(source, 48_000)) as reader:
        heard = reader.read(0, 168_000)
    assert np.argmax(np.abs(heard[:, 0])) == 72_000
    by_lag = [np.sum(heard[1_000 + lag : 31_000 + lag] * sent[1_000:31_000]) for lag in range(-5, 6)]
    assert int(np.argmax(by_lag)) - 5 == 0
    edges = np.concatenate((sent[:2_000] - heard[:2_000], sent[-2_000:] - heard[-2_000:]))
    assert np.sqrt(np.mean(edges**2)) < 0.05 * np.sqrt(
        np.mean(sent**2)
    )  # the first and last moment are there


@pytest.mark.parametrize("suffix", [".flac", *CODED_SUFFIXES])
def test_stems_are_tagged_by_track_and_number(tmp_path: Path, suffix: str) -> None:
    recorded = take(tmp_path, 48_000)
    (track,) = recorded.state.tracks
    state = replace(
        recorded.state, tracks=(replace(track, name="Gitarre/Ä"), replace(track, id="t1", position=1))
    )
    done = export(
        ExportRequest(
            state, recorded.media, tmp_path / f"out{suffix}", True, "Jäm", ExportOptions(stems=True)
        )
    )
    with soundfile.SoundFile(done.parts[0].path) as file:
        assert (file.title, file.album, file.tracknumber) == ("Gitarre/Ä", "Jäm", "1")
    whole = export(request_of(recorded, tmp_path / f"whole{suffix}"))
    with soundfile.SoundFile(whole.path) as file:
        assert (file.title, file.album, file.tracknumber) == ("Jäm", "Jäm", "")
        assert file.software.startswith("Offcut")


@pytest.mark.parametrize("suffix", CODED_SUFFIXES)
def test_too_loud_is_told(tmp_path: Path, suffix: str) -> None:
    recorded = take(tmp_path, 48_000)
    (track,) = recorded.state.tracks
    loud = Recording(replace(recorded.state, tracks=(replace(track, gain_db=20.0),)), recorded.media)
    done = export(request_of(loud, tmp_path / f"out{suffix}"))
    assert "too loud" in done.sentence
    assert done.figures["clipped_samples"] > 1_000


@pytest.mark.parametrize("suffix", CODED_SUFFIXES)
def test_the_plan_is_near_and_the_quality_matters(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(4)
    t = np.arange(48_000 * 10)[:, None] / 48_000
    swell = 0.2 * (1 + np.sin(2 * np.pi * 2 * t)) * rng.normal(0, 0.2, (len(t), 2))
    recorded = recording(tmp_path, [swell], rate_hz=48_000)
    sizes = []
    for quality in Quality:
        request = request_of(recorded, tmp_path / f"{quality.value}{suffix}", quality=quality)
        (planned,) = plan(request)
        assert (planned.is_guess, planned.is_most, planned.length_s) == (True, False, 10.0)
        size_bytes = export(request).path.stat().st_size
        assert 0.6 < size_bytes / planned.size_bytes < 1.6
        sizes.append(size_bytes)
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.8 * sizes[2]


def test_depth_and_dither_do_not_touch_a_coded_file(tmp_path: Path) -> None:
    recorded = take(tmp_path, 48_000)
    plain = export(request_of(recorded, tmp_path / "a.mp3")).path.read_bytes()
    deep = export(request_of(recorded, tmp_path / "b.mp3", depth=Depth.BITS_16)).path.read_bytes()
    assert plain == deep


def test_one_sample_at_a_high_rate_is_still_a_file(tmp_path: Path) -> None:
    recorded = take(tmp_path, 96_000)
    for suffix in CODED_SUFFIXES:
        done = export(request_of(recorded, tmp_path / f"out{suffix}", range_samples=(7, 8)))
        assert soundfile.info(done.path).frames == 1


def test_more_than_two_channels_are_refused(tmp_path: Path) -> None:
    recorded = recording(tmp_path, [np.zeros((100, 6))])
    for suffix in CODED_SUFFIXES:
        with pytest.raises(ExportError, match=r"6 channels, .* choose \.wav or \.flac"):
            plan(request_of(recorded, tmp_path / f"out{suffix}"))


def chapters_in(path: Path) -> list[tuple[float, float, str]]:
    """Return the chapters of a file as FFmpeg reads them, in seconds."""
    with av.open(str(path)) as container:
        return [
            (
                float(one["start"] * one["time_base"]),
                float(one["end"] * one["time_base"]),
                one["metadata"]["title"],
            )
            for one in container.chapters()
        ]


def with_regions(recorded: Recording, *regions: Marker) -> Recording:
    return Recording(replace(recorded.state, markers={one.id: one for one in regions}), recorded.media)


def test_regions_are_chapters_of_an_mp3(tmp_path: Path) -> None:
    recorded = with_regions(
        take(tmp_path, 48_000),
        Marker("b", 96_000, 192_000, "Über 😀"),
        Marker("a", 0, 60_000, "Opening"),  # 24,000 samples from 0.5 s on are cut
        Marker("c", 30_000, 40_000, "Cut"),
        Marker("d", 96_000, 96_000, "A marker"),
    )
    request = request_of(recorded, tmp_path / "a.mp3")
    done = export(request)
    assert chapters_in(done.path) == [(0.0, 0.75, "Opening"), (1.5, 3.5, "Über 😀")]
    assert done.figures["chapters"] == 2.0
    assert len(soundfile.read(done.path)[0]) == 168_000
    ranged = export(request_of(recorded, tmp_path / "b.mp3", range_samples=(48_000, 96_000)))
    assert chapters_in(ranged.path) == [(0.5, 1.0, "Über 😀")]
    for number, options in enumerate(({"broadcast": False}, {"removed": True}, {"stems": True})):
        other = export(request_of(recorded, tmp_path / f"{number}.mp3", **options))
        paths = [one.path for one in other.parts or (other,)]
        assert [chapters_in(path) for path in paths] == [[]] * len(paths)


def test_hundreds_of_regions_are_chapters(tmp_path: Path) -> None:
    recorded = take(tmp_path, 48_000)
    regions = (Marker(f"{n:03d}", 80_000 + 100 * n, 80_100 + 100 * n, f"Part {n}") for n in range(600))
    done = export(request_of(with_regions(recorded, *regions), tmp_path / "a.mp3"))
    found = chapters_in(done.path)
    assert [title for _, _, title in found] == [f"Part {n}" for n in range(600)]
    assert found[-1][0] == pytest.approx((80_000 + 59_900 - 24_000) / 48_000, abs=1e-3)
    assert len(soundfile.read(done.path)[0]) == 168_000
