"""Ten made days: stages, the devices that recorded them, and wrong statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.lab.evaluation.placing.devices import (
    STAGE_HZ,
    ZONE,
    Device,
    MadeFile,
    Sound,
    picked_up,
    with_date,
    written,
)

BEGIN = datetime(2026, 5, 3, 14, 0, 0)
"""Local time of the start of the stage."""
_SUFFIXES = (".mp3", ".ogg", ".flac", ".wav")
_CAMERA = Device(ppm=60.0, band_hz=(120.0, 9_000.0), noise_db=-25.0, direct_db=0.0, header="mp4")
_PHONE = Device(
    rate_hz=44_100, ppm=-35.0, band_hz=(200.0, 6_000.0), noise_db=-12.0, direct_db=-3.0, header="mp4"
)
_PLAIN = Device(rate_hz=44_100, ppm=18.0, band_hz=(150.0, 8_000.0), noise_db=-20.0, direct_db=0.0, header="")
_QUIET = 0.003
_LENGTH_S, _LEAST_SHARED_S = 180.0, 10.0


@dataclass(slots=True)
class Day:
    """A day that is being made: its stage, its folder and the files so far."""

    stage: Sound
    folder: Path
    rng: np.random.Generator
    files: list[MadeFile] = field(default_factory=list)

    def record(
        self, name: str, start_s: float, stop_s: float, device: Device, level: str = "sample"
    ) -> MadeFile:
        """Add a file of one device."""
        samples = picked_up(self.stage, start_s, stop_s, device, self.rng)
        at = round(start_s * STAGE_HZ) / STAGE_HZ
        path = written(self.folder / name, samples, BEGIN + timedelta(seconds=at), device)
        stop_s = at + len(samples) / device.rate_hz / (1.0 + device.ppm / 1e6)
        self.files.append(MadeFile(path, at, stop_s, device.ppm, level))
        return self.files[-1]

    def record_split(
        self, name: str, start_s: float, stop_s: float, device: Device, cuts_s: Sequence[float]
    ) -> None:
        """Add a recording that was split into files, sample by sample; `{}` in the name is their number."""
        samples = picked_up(self.stage, start_s, stop_s, device, self.rng)
        rate_hz = device.rate_hz * (1.0 + device.ppm / 1e6)
        at = round(start_s * STAGE_HZ) / STAGE_HZ
        edges = [0, *(round(cut * rate_hz) for cut in cuts_s), len(samples)]
        for number, (first, last) in enumerate(pairwise(edges)):
            begin, end = at + first / rate_hz, at + last / rate_hz
            moment = BEGIN + timedelta(seconds=at + first / device.rate_hz)
            path = written(self.folder / name.format(number), samples[first:last], moment, device)
            self.files.append(MadeFile(path, begin, end, device.ppm))


@dataclass(frozen=True, slots=True)
class Material:
    """Recordings that stages are made of, by kind.

    Attributes
    ----------
    played_s : how much of each was played; nothing is played twice before all of it was
    """

    music: tuple[Path, ...]
    speech: tuple[Path, ...]
    loops: tuple[Path, ...]
    played_s: dict[Path, float] = field(default_factory=dict)

    def stage(self, rng: np.random.Generator, length_s: float, *, kinds: Sequence[str]) -> Sound:
        """Return excerpts one after another, with pauses of a quiet room."""
        count, parts, has = round(length_s * STAGE_HZ), [], 0
        while has < count:
            kind = str(rng.choice(list(kinds)))
            part = self.excerpt(kind, rng)
            pause = np.zeros(round(rng.uniform(0.5, 4.0) * STAGE_HZ), np.float32)
            parts += [part, pause]
            has += len(part) + len(pause)
        whole = np.concatenate(parts)[:count]
        noise = rng.standard_normal(count) * _QUIET
        return np.asarray(whole + noise, np.float32)

    def excerpt(self, kind: str, rng: np.random.Generator) -> Sound:
        """Return the next 15 to 20 s of a piece of music, or a sentence, at about equal levels."""
        paths: tuple[Path, ...] = getattr(self, kind)
        path = paths[int(rng.integers(len(paths)))]
        length_s, start_s = float(rng.uniform(15.0, 20.0)), self.played_s.get(path, 0.0)
        self.played_s[path] = start_s + length_s
        part = _mono(path, start_s, length_s)
        if len(part) < STAGE_HZ:  # it ends there
            self.played_s[path] = length_s
            part = _mono(path, 0.0, length_s)
        return np.asarray(0.1 * part / max(1e-6, float(part.std())), np.float32)


def material_in(data_dir: Path) -> Material:
    """Return the recordings in a folder of data.

    Raises
    ------
    UsageError : the folder holds no music, speech or loops
    """
    found = {}
    for kind in ("music", "speech", "loops"):
        paths = sorted(one for one in (data_dir / kind).rglob("*") if one.suffix.lower() in _SUFFIXES)
        if not paths:
            raise UsageError(f"{shown(data_dir / kind)} holds no recordings: name the folder that has them.")
        found[kind] = tuple(paths)
    return Material(found["music"], found["speech"], found["loops"])


def _mono(path: Path, start_s: float = 0.0, length_s: float = 60.0) -> Sound:
    with soundfile.SoundFile(path) as file:
        file.seek(min(file.frames, round(start_s * file.samplerate)))
        samples = file.read(round(length_s * file.samplerate), dtype="float32", always_2d=True)
        return np.asarray(soxr.resample(samples.mean(axis=1), file.samplerate, STAGE_HZ), np.float32)


def _rehearsal(day: Day, _: Material) -> None:
    """Four tracks in three files each, a camera with drift, a phone that starts late and stops early."""
    for track in range(1, 5):
        microphone = Device(band_hz=(50.0 * track, 15_000.0))
        day.record_split(f"rec/ZOOM0001_Tr{track}-{{:04d}}.wav", 0.0, 150.0, microphone, (47.30001, 99.70003))
    day.record("cam/C0001.MP4", 12.3, 141.0, _CAMERA)
    day.record("phone/memo.m4a", 61.7, 104.2, _PHONE)


def _two_recorders(day: Day, _: Material) -> None:
    """Both split their files; the clock of one is seven minutes off."""
    day.record_split("a/S26_{:04d}.wav", 0.0, 170.0, Device(), (40.00002, 80.00004, 120.00006))
    other = Device(rate_hz=44_100, ppm=12.0, clock_off=timedelta(minutes=7, seconds=3.4))
    day.record_split("b/TASCAM_{:04d}.wav", 25.1, 160.0, other, (61.2,))


def _camera_clips(day: Day, _: Material) -> None:
    """The camera is two hours and 40 s off; its last clip is of a time that no other device recorded."""
    day.record("rec/R_0001.wav", 0.0, 120.0, Device())
    camera = replace(_CAMERA, clock_off=timedelta(hours=-2, seconds=40))
    day.record("cam/C0011.MP4", 10.0, 50.5, camera)
    day.record("cam/C0012.MP4", 70.2, 111.1, camera)
    day.record("cam/C0013.MP4", 150.0, 175.0, camera, "second")


def _three_phones(day: Day, _: Material) -> None:
    """One states its time, one nothing, and one a first day of its clock."""
    day.record("rec/R_0001.wav", 5.0, 165.0, Device())
    day.record("phone a/VID_0001.m4a", 0.0, 44.0, _PHONE)
    day.record("phone a/VID_0002.m4a", 168.0, 178.0, _PHONE, "second")
    day.record("phone b/sound.wav", 51.3, 96.4, replace(_PLAIN, noise_db=-8.0))
    never_set = replace(_PHONE, ppm=22.0, clock_off=datetime(2015, 1, 1) - BEGIN)
    day.record("phone c/REC3.m4a", 88.8, 158.0, never_set)


def _wrong_file_dates(day: Day, _: Material) -> None:
    """Nothing has a header, and the dates are those of copies and of other years."""
    files = [
        day.record("a/take.wav", 0.0, 150.0, replace(_PLAIN, rate_hz=48_000, ppm=0.0, noise_db=-40.0)),
        day.record("b/room.wav", 30.3, 140.1, _PLAIN),
        day.record("c/laptop.wav", 20.0, 70.7, replace(_PLAIN, ppm=-90.0, noise_db=-15.0)),
        day.record("d/stick.wav", 90.9, 149.9, replace(_PLAIN, rate_hz=32_000, ppm=5.0)),
    ]
    dates = (datetime(2019, 2, 2), datetime(2026, 5, 9), datetime(2026, 5, 9), datetime(2031, 1, 1))
    for one, date in zip(files, dates, strict=True):
        with_date(one.path, date)


def _take_folders(day: Day, _: Material) -> None:
    """Three takes of three microphones without dates, and a camera that ran all the time."""
    day.record("cam/GX010044.MP4", 0.0, 170.0, replace(_CAMERA, ppm=-28.0))
    for number, (start, stop) in enumerate(((8.1, 47.3), (61.0, 110.2), (121.7, 166.0)), 1):
        for name, low in (("Kick", 40.0), ("Snare", 150.0), ("OH", 300.0)):
            microphone = Device(band_hz=(low, 16_000.0), header="")
            made = day.record(f"Take {number}/{name}.wav", start, stop, microphone)
            with_date(made.path, datetime(2026, 5, 9, 12))


def _recorder_folders(day: Day, _: Material) -> None:
    """A folder a press of Record, with a clock that was never set, and a phone over both takes."""
    reset = Device(clock_off=datetime(2015, 1, 1, 0, 1) - BEGIN)
    for number, (start, stop) in enumerate(((3.0, 70.5), (84.2, 160.0)), 1):
        for track in (1, 2):
            name = f"ZOOM{number:04d}"
            device = replace(reset, band_hz=(80.0 * track, 16_000.0))
            day.record(f"{name}/{name}_Tr{track}.wav", start, stop, device)
    day.record("phone/memo 7.m4a", 20.0, 130.0, _PHONE)
    day.record("ZOOM0003/ZOOM0003_Tr1.wav", 166.0, 179.0, replace(reset, band_hz=(80.0, 16_000.0)), "second")


def _interview(day: Day, _: Material) -> None:
    """Two lavaliers, a camera with much drift, and a laptop that began before them."""
    for name, low in (("Anna", 90.0), ("Ben", 140.0)):
        day.record(f"rec/{name}.wav", 20.0, 165.0, Device(band_hz=(low, 12_000.0)))
    day.record("cam/MVI_2210.MP4", 30.5, 160.0, replace(_CAMERA, ppm=-90.0))
    laptop = replace(_PLAIN, header="origination", clock_off=timedelta(seconds=-75))
    day.record("laptop/call.wav", 2.5, 120.0, laptop)
    day.record("laptop/call 2.wav", 168.8, 179.0, laptop, "second")


def _soft_music(day: Day, _: Material) -> None:
    """A noisy camera and a noisy phone."""
    day.record("rec/R_0001.wav", 0.0, 160.0, Device(noise_db=-50.0))
    day.record("cam/C0001.MP4", 40.4, 155.0, replace(_CAMERA, noise_db=-10.0))
    day.record("cam/C0002.MP4", 165.5, 179.0, replace(_CAMERA, noise_db=-10.0), "second")
    day.record("phone/a.m4a", 22.2, 61.0, replace(_PHONE, noise_db=-3.0))


def _loops_and_strangers(day: Day, material: Material) -> None:
    """A loop without end, a phone that recorded a part of it, and a file of another day."""
    loop = _mono(material.loops[int(day.rng.integers(len(material.loops)))])
    day.stage = np.resize(0.1 * loop / max(1e-6, float(loop.std())), len(day.stage)).astype(np.float32)
    day.record("rec/R_0001.wav", 0.0, 150.0, Device())
    day.record("phone/memo.m4a", 40.0, 90.0, replace(_PHONE, noise_db=-20.0), "unknown")
    day.stage = material.stage(day.rng, 60.0, kinds=("music",))
    made = day.record("other/IMG_1.wav", 5.0, 50.0, _PLAIN, "unknown")
    with_date(made.path, BEGIN - ZONE - timedelta(days=90))


def _random_clips(day: Day, _: Material) -> None:
    """A recorder, and two clips by random microphones in random rooms that it may have missed."""
    rng = day.rng
    begin, end = float(rng.uniform(0.0, 40.0)), float(rng.uniform(110.0, 180.0))
    day.record("rec/R_0001.wav", begin, end, replace(_PLAIN, rate_hz=48_000, ppm=0.0, direct_db=6.0))
    for name in ("x/clip.wav", "y/film.wav"):
        start = float(rng.uniform(0.0, 150.0))
        stop = min(_LENGTH_S - 1.0, start + float(rng.uniform(10.0, 60.0)))
        device = Device(
            int(rng.choice([44_100, 48_000])),
            float(rng.uniform(-100.0, 100.0)),
            (float(rng.uniform(60.0, 250.0)), float(rng.uniform(4_000.0, 12_000.0))),
            float(rng.uniform(-30.0, 0.0)),
            float(rng.uniform(-12.0, 6.0)),
            header="",
        )
        shared_s = min(stop, end) - max(start, begin)
        day.record(name, start, stop, device, "sample" if shared_s >= _LEAST_SHARED_S else "unknown")


RANDOM = "random clips"
DAYS: dict[str, tuple[Callable[[Day, Material], None], tuple[str, ...]]] = {
    "rehearsal": (_rehearsal, ("music", "speech")),
    "two recorders": (_two_recorders, ("music", "speech")),
    "camera clips": (_camera_clips, ("music",)),
    "three phones": (_three_phones, ("music", "speech")),
    "wrong file dates": (_wrong_file_dates, ("music", "speech")),
    "take folders": (_take_folders, ("music",)),
    "recorder folders": (_recorder_folders, ("music", "speech")),
    "interview": (_interview, ("speech",)),
    "soft music": (_soft_music, ("music",)),
    "loops and strangers": (_loops_and_strangers, ("music",)),
    RANDOM: (_random_clips, ("music", "speech")),
}
"""How each day is recorded, and the kinds of material that are played; the last one differs by seed."""


def made_day(name: str, material: Material, folder: Path, seed: int) -> list[MadeFile]:
    """Write the files of one day, and return them with their true places."""
    record, kinds = DAYS[name]
    rng = np.random.default_rng([seed, *name.encode()])
    day = Day(material.stage(rng, _LENGTH_S, kinds=kinds), folder, rng)
    record(day, material)
    return day.files
