"""Make a day at random: a band, its recorders and phones, and copies of the files.

Shares no code with the product, nor with `engine.lab.evaluation.placing`: microphones, headers and dates are
made here again, so that a wrong belief about them is not in both.
"""

from __future__ import annotations

import os
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import lfilter, oaconvolve

Sound = NDArray[np.float64]

ROOM_HZ = 48_000
NOON = datetime(2026, 3, 14, 12)
_AUDIO = {".wav", ".flac", ".ogg", ".mp3"}
_SONG_S, _TALK_S = (25.0, 45.0), (4.0, 9.0)


@dataclass(frozen=True, slots=True)
class Truth:
    """A file of a day.

    Attributes
    ----------
    begin_s, end_s : when its first and last sample sounded, in seconds after noon; None of a stranger
    clock : files with one number were recorded by one clock
    ppm : how much that counts too fast
    """

    path: Path
    begin_s: float | None
    end_s: float | None
    clock: int
    ppm: float = 0.0


@dataclass(slots=True)
class Gear:
    """A device: its clock, its microphone and how it writes files."""

    clock: int
    rate_hz: int
    ppm: float
    late_s: float
    treble: float
    hiss: float
    echo: NDArray[np.float64]
    bext: str = ""


@dataclass(slots=True)
class Making:
    """A day that is being made.

    Attributes
    ----------
    spoken : sentences of the room
    """

    folder: Path
    rng: np.random.Generator
    room: Sound
    spoken: set[Path]
    files: list[Truth] = field(default_factory=list)
    clocks: int = 0

    def gear(self, rates_hz: Sequence[int], hiss: float, bext: str = "") -> Gear:
        """Draw a device."""
        self.clocks += 1
        rng = self.rng
        count = round(0.25 * ROOM_HZ)
        echo = rng.standard_normal(count) * np.exp(-np.linspace(0.0, 6.0, count)) * 0.01
        echo[0] = 1.0
        return Gear(
            self.clocks,
            int(rng.choice(rates_hz)),
            float(rng.uniform(-60.0, 60.0)),
            float(rng.choice([0.0, rng.uniform(-300.0, 300.0), 3600.0 * rng.integers(-3, 4)])),
            float(rng.uniform(0.2, 0.8)),
            hiss,
            echo,
            bext,
        )

    def taken(self, gear: Gear, begin_s: float, end_s: float, microphones: int = 1) -> NDArray[np.float32]:
        """Return the recording of a device, shape (n, microphones)."""
        piece = self.room[round(begin_s * ROOM_HZ) : round(end_s * ROOM_HZ)]
        columns = []
        for number in range(microphones):
            treble = min(0.95, gear.treble + 0.15 * number)
            heard = lfilter([treble], [1.0, treble - 1.0], piece)
            heard = oaconvolve(heard, gear.echo)[: len(heard)]
            heard += self.rng.standard_normal(len(heard)) * heard.std() * gear.hiss
            columns.append(soxr.resample(heard, ROOM_HZ, gear.rate_hz * (1.0 + gear.ppm / 1e6), "VHQ"))
        samples = np.stack(columns, axis=1)
        return np.asarray(0.5 * samples / np.abs(samples).max(), np.float32)

    def keep(
        self,
        name: str,
        gear: Gear,
        samples: NDArray[np.float32],
        begin_s: float,
        end_s: float,
        shown_s: float,
    ) -> None:
        """Write a file, dated at its end by the clock of its device, which shows a time when it begins."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = NOON + timedelta(seconds=shown_s + gear.late_s)
        if path.suffix == ".MP4":
            _aac(path, samples[:, 0], gear.rate_hz, shown)
        else:
            _pcm(path, samples, gear.rate_hz)
            if gear.bext:
                _add_bext(path, shown, gear.rate_hz, has_reference=gear.bext == "reference")
        stamp(path, shown + timedelta(seconds=end_s - begin_s))
        self.files.append(Truth(path, begin_s, end_s, gear.clock, gear.ppm))

    def run(
        self, names: Sequence[str], gear: Gear, begin_s: float, end_s: float, *, poly: int = 1, mono: int = 1
    ) -> None:
        """Record without a pause into files that follow each other.

        Parameters
        ----------
        names : of the files, with `{}` for the number of the microphone
        """
        whole = self.taken(gear, begin_s, end_s, poly * mono)
        speed = gear.rate_hz * (1.0 + gear.ppm / 1e6)
        cuts = np.sort(self.rng.uniform(0.25, 0.9, len(names) - 1))
        edges = [0, *(round(cut * len(whole)) for cut in cuts), len(whole)]
        for name, first, last in zip(names, edges, edges[1:], strict=False):
            for number in range(mono):
                own = whole[first:last, number * poly : (number + 1) * poly]
                begin, end = (begin_s + edge / speed for edge in (first, last))
                self.keep(name.format(number + 1), gear, own, begin, end, begin_s + first / gear.rate_hz)


def stamp(path: Path, moment: datetime) -> None:
    """Date a file."""
    seconds = moment.replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))


def a_day(data_dir: Path, folder: Path, seed: int) -> tuple[list[Truth], str]:
    """Write the files of one day; return them in random order, with a description."""
    rng = np.random.default_rng([seed, 57])
    spoken: set[Path] = set()
    songs, repeats = _room(data_dir, rng, spoken)
    day = Making(folder, rng, songs, spoken)
    length_s = len(songs) / ROOM_HZ
    kind = ("mono", "poly", "stereo", "takes", "twins")[int(rng.integers(5))]
    bext = ("", "", "origination", "reference")[int(rng.integers(4))]
    _recorder(day, kind, bext, length_s)
    camera = day.gear([44_100, 48_000], 0.05)
    for number in range(int(rng.integers(1, 4))):
        begin = float(rng.uniform(0.0, length_s - 22.0))
        end = min(length_s, begin + float(rng.uniform(20.0, 45.0)))
        if all(one.clock != camera.clock or begin > (one.end_s or 0.0) for one in day.files):
            day.run([f"DCIM/C{number + 11:04d}.MP4"], camera, begin, end)
    phone = day.gear([32_000, 44_100], 0.3)
    begin = float(rng.uniform(0.0, length_s / 2))
    day.run(["phone/New Recording 7.wav"], phone, begin, begin + float(rng.uniform(25.0, 60.0)))
    if rng.random() < 0.7:
        _stranger(day, data_dir)
    dates = _dates(day)
    shuffled = [day.files[index] for index in rng.permutation(len(day.files))]
    return shuffled, f"{kind}, {bext or 'no'} bext, {dates} dates{', a song twice' if repeats else ''}"


def _recorder(day: Making, kind: str, bext: str, length_s: float) -> None:
    rng = day.rng
    gear = day.gear([44_100, 48_000], 0.01, bext)
    begin, end = float(rng.uniform(0.0, 4.0)), length_s - float(rng.uniform(0.0, 5.0))
    pieces = int(rng.integers(1, 5))
    base = str(rng.choice(["ZOOM0001_Tr{}", "R26_Ch{}", "260314_Mic{}"]))
    first = [base] if rng.random() < 0.5 else []
    following = [f"{base}-{number:04d}" for number in range(1, 5)]
    names = [f"rec/{name}.WAV" for name in (*first, *following)[:pieces]]
    if kind == "takes":
        edges = np.sort(rng.uniform(begin, end - 9.0, 6))
        for number, (start, stop) in enumerate(zip(edges[::2], edges[1::2], strict=False)):
            if stop - start > 8.0:
                day.run([f"rec/T{number + 1:03d}.WAV"], gear, float(start), float(stop), poly=2)
        day.run(["rec/T009.WAV"], gear, end - 7.0, end, poly=2)
    elif kind == "twins":
        day.run([names[0].format(1)], gear, begin, end)
        other = day.gear([44_100, 48_000], 0.02, bext)
        late = float(rng.uniform(-0.9, 0.9))
        day.run(["table/STE-000.wav"], other, max(0.0, begin + late), min(length_s, end + late / 2))
    else:
        poly, mono = {"mono": (1, 3), "poly": (4, 1), "stereo": (2, 1)}[kind]
        day.run(names, gear, begin, end, poly=poly, mono=mono)


def _stranger(day: Making, data_dir: Path) -> None:
    """Add a memo of another day; its sound is in no other file."""
    words = sentences(data_dir, day.rng, 8, day.spoken)
    samples = np.concatenate([_at_room_rate(path) for path in words])[:, None].astype(np.float32)
    gear = day.gear([ROOM_HZ], 0.0)
    day.keep("phone/Memo.wav", gear, samples, 0.0, len(samples) / ROOM_HZ, -90_000.0)
    day.files[-1] = Truth(day.files[-1].path, None, None, gear.clock)


def _dates(day: Making) -> str:
    """Copy the files: dates stay, become those of the copies, or those of other files."""
    rng, paths = day.rng, [one.path for one in day.files]
    how = ("true", "copied", "shuffled", "reversed")[int(rng.integers(4))]
    order = rng.permutation(len(paths)) if how != "reversed" else np.arange(len(paths))[::-1]
    moments = [datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None) for path in paths]
    for place, index in enumerate(order):
        if how == "copied":
            stamp(paths[index], NOON + timedelta(days=3, seconds=0.4 * place))
        elif how != "true":
            stamp(paths[index], moments[place])
    return how


def _room(data_dir: Path, rng: np.random.Generator, spoken: set[Path]) -> tuple[Sound, bool]:
    """Return three songs with talk between them, and whether one is played twice (from a record)."""
    songs = []
    for path in _chosen(data_dir / "music", rng, 3):
        whole, length = _at_room_rate(path), round(float(rng.uniform(*_SONG_S)) * ROOM_HZ)
        start = int(rng.integers(0, max(1, len(whole) - length)))
        songs.append(whole[start : start + length])
    repeats = bool(rng.random() < 0.4)
    order = [songs[0], songs[1], songs[0] if repeats else songs[2]]
    parts: list[Sound] = []
    for song in order:
        parts += [0.1 * song / song.std(), _talk(data_dir, rng, spoken)]
    room = np.concatenate(parts)
    return room + rng.standard_normal(len(room)) * 0.002, repeats


def _talk(data_dir: Path, rng: np.random.Generator, spoken: set[Path]) -> Sound:
    words = [_at_room_rate(path) for path in sentences(data_dir, rng, 6, spoken)]
    talk = np.concatenate(words)[: round(float(rng.uniform(*_TALK_S)) * ROOM_HZ)]
    return np.asarray(0.05 * talk / max(1e-9, talk.std()))


@lru_cache(4)
def _recordings(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in _AUDIO))


def _chosen(folder: Path, rng: np.random.Generator, count: int) -> list[Path]:
    paths = _recordings(folder)
    return [paths[index] for index in rng.choice(len(paths), count, replace=len(paths) < count)]


def sentences(data_dir: Path, rng: np.random.Generator, count: int, spoken: set[Path]) -> list[Path]:
    """Draw sentences that were not spoken on this day, and note them; one that was is drawn if all were.

    Instead of one that was, the next of the folder is taken, so that all other draws stay as they are.
    """
    paths = _recordings(data_dir / "speech")
    found = []
    for path in _chosen(data_dir / "speech", rng, count):
        at = paths.index(path)
        path = next((one for one in (*paths[at:], *paths[:at]) if one not in spoken), path)
        spoken.add(path)
        found.append(path)
    return found


def _at_room_rate(path: Path) -> Sound:
    samples, rate_hz = soundfile.read(path, frames=90 * ROOM_HZ, always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate_hz, ROOM_HZ), np.float64)


def _pcm(path: Path, samples: NDArray[np.float32], rate_hz: int) -> None:
    with wave.open(str(path), "wb") as out:
        out.setparams((samples.shape[1], 2, rate_hz, 0, "NONE", ""))
        out.writeframes((samples * 32_767.0).astype("<i2").tobytes())


def _add_bext(path: Path, shown: datetime, rate_hz: int, *, has_reference: bool) -> None:
    """Put a `bext` after the sound (EBU Tech 3285), and correct the length in the head."""
    since = (shown - shown.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    texts = f"{shown:%Y-%m-%d%H:%M:%S}".encode()
    reference = round(since * rate_hz) * has_reference
    content = struct.pack("<256s32s32s18sQH254x", b"", b"Made recorder", b"", texts, reference, 1)
    whole = path.read_bytes() + b"bext" + struct.pack("<I", len(content)) + content
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])


def _aac(path: Path, samples: NDArray[np.float32], rate_hz: int, shown: datetime) -> None:
    """Write AAC in MP4 with a creation time in UTC, two hours behind the clocks of the day."""
    import av

    with av.open(str(path), "w", format="mp4") as out:
        out.metadata["creation_time"] = f"{shown - timedelta(hours=2):%Y-%m-%dT%H:%M:%S}Z"
        stream = out.add_stream("aac", rate=rate_hz, layout="mono")
        stream.bit_rate = 160_000
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024].copy(), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
