"""The room and the recorder of a day: reverberation, noise floor, hum, band limits, gain and clipping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, oaconvolve, sosfilt, sosfilt_zi

from engine.lab.evaluation.days.material import Samples

_TAPS = 9
_BLOCK_S = 10.0
_GAIN_FRAME_S = 0.05
_CEILING = 0.97


@dataclass(frozen=True, slots=True)
class Room:
    """Sound of a room and of the recorder in it.

    Attributes
    ----------
    rt60_s : reverberation time
    wet : energy of the reverberation against the direct sound at the band's distance
    noise_db, hum_db : RMS in dB of full scale; hum None for none
    low_hz, high_hz : band of the recorder
    has_agc : whether the gain follows the level
    drive_db : how far the loudest music is beyond full scale; it clips there. Negative for headroom
    """

    rate_hz: int
    channels: int
    rt60_s: float
    wet: float
    noise_db: float
    hum_db: float | None
    hum_hz: float
    low_hz: float
    high_hz: float
    has_agc: bool
    drive_db: float


def drawn_room(rng: np.random.Generator) -> Room:
    """Draw a room and a recorder."""
    clips = rng.random() < 0.2
    return Room(
        rate_hz=int(rng.choice((44_100, 48_000))),
        channels=int(rng.choice((1, 2))),
        rt60_s=float(rng.uniform(0.25, 1.1)),
        wet=float(rng.uniform(0.08, 0.7)),
        noise_db=float(rng.uniform(-65.0, -45.0)),
        hum_db=float(rng.uniform(-72.0, -52.0)) if rng.random() < 0.4 else None,
        hum_hz=float(rng.choice((50.0, 60.0))),
        low_hz=float(rng.uniform(20.0, 110.0)),
        high_hz=float(rng.uniform(7_000.0, 20_000.0)),
        has_agc=bool(rng.random() < 0.3),
        drive_db=float(rng.uniform(2.0, 6.0) if clips else rng.uniform(-9.0, -1.0)),
    )


def impulse_response(room: Room, distance: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return an impulse response, shape (n, channels): direct sound at 0, reflections and a decaying tail.

    Parameters
    ----------
    distance : 1 for the band; further sounds have more reverberation
    """
    rate_hz = room.rate_hz
    count = round(min(1.4, 1.1 * room.rt60_s) * rate_hz)
    times_s = np.arange(count) / rate_hz
    tail = np.zeros((count, room.channels))
    for low_hz, high_hz, factor in ((80.0, 500.0, 1.2), (500.0, 3_000.0, 1.0), (3_000.0, 12_000.0, 0.55)):
        band = butter(2, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
        noise = sosfilt(band, rng.standard_normal((count, room.channels)), axis=0)
        tail += noise * 10.0 ** (-3.0 * times_s / (room.rt60_s * factor))[:, None]
    tail *= np.clip(times_s / 0.012, 0.0, 1.0)[:, None]
    tail *= np.sqrt(room.wet * distance / np.square(tail).sum(axis=0))
    for channel in range(room.channels):
        places = rng.integers(round(0.003 * rate_hz), round(0.04 * rate_hz), _TAPS)
        gains = rng.uniform(0.05, 0.4, _TAPS) * rng.choice((-1, 1), _TAPS) * np.sqrt(room.wet)
        np.add.at(tail[:, channel], np.minimum(places, count - 1), gains * np.sqrt(distance))
    tail[0] += 1.0
    return np.asarray(tail, np.float32)


def in_room(sound: Samples, response: NDArray[np.float32]) -> Samples:
    """Return sound of one or two channels in a room, with the channels of the response, and its decay."""
    channels = response.shape[1]
    if not len(sound):
        return np.zeros((0, channels), np.float32)
    dry = sound[:, None] if sound.ndim == 1 else sound
    if dry.shape[1] != channels:
        dry = dry.mean(axis=1, keepdims=True) if channels == 1 else np.repeat(dry, channels, axis=1)
    return np.asarray(oaconvolve(dry, response, axes=0), np.float32)


class Recorder:
    """Adds sounds at their places, and writes them as one WAV file of 16 bits, block by block.

    Sounds are added in any order after the end of the written part; `written_to` writes all up to a time.
    """

    def __init__(self, path: Path, room: Room, rng: np.random.Generator) -> None:
        self._room, self._rng = room, rng
        self._file = soundfile.SoundFile(path, "w", room.rate_hz, room.channels, "PCM_16", format="WAV")
        self._mix = np.zeros((0, room.channels), np.float32)
        self._begin = 0
        nyquist_hz = room.rate_hz / 2
        self._band = butter(
            2, (room.low_hz, min(room.high_hz, 0.95 * nyquist_hz)), "bandpass", fs=room.rate_hz, output="sos"
        )
        self._state = np.repeat(sosfilt_zi(self._band)[:, :, None], room.channels, axis=2) * 0.0
        self._colour = butter(1, 400.0, fs=room.rate_hz, output="sos")
        self._colour_state = np.zeros((1, 2, room.channels))
        self._gain = 1.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def begin_s(self) -> float:
        """Return where the part begins that is not yet written."""
        return self._begin / self._room.rate_hz

    def add(self, sound: Samples, at_s: float) -> None:
        """Add sound of the channels of the room; its start must not be written yet."""
        start = round(at_s * self._room.rate_hz) - self._begin
        if start < 0:
            raise ValueError(f"the day is written past {at_s:.2f} s")
        missing = start + len(sound) - len(self._mix)
        if missing > 0:
            self._mix = np.concatenate((self._mix, np.zeros((missing, self._room.channels), np.float32)))
        self._mix[start : start + len(sound)] += sound

    def written_to(self, at_s: float) -> None:
        """Write all up to a time."""
        count = round(at_s * self._room.rate_hz) - self._begin
        if count > len(self._mix):
            self._mix = np.concatenate(
                (self._mix, np.zeros((count - len(self._mix), self._room.channels), np.float32))
            )
        size = round(_BLOCK_S * self._room.rate_hz)
        for start in range(0, count, size):
            self._file.write(self._recorded(self._mix[start : min(count, start + size)]))
            self._begin += min(count, start + size) - start
        self._mix = self._mix[max(0, count) :].copy()

    def _recorded(self, mix: Samples) -> Samples:
        room = self._room
        block, self._state = sosfilt(self._band, mix, axis=0, zi=self._state)
        block = block + self._noise(len(block))
        if room.has_agc:
            block = block * self._gains(block)[:, None]
        # Clips hard if it is driven, else the limiter of a recorder rounds the peaks.
        if room.drive_db > 0:
            return np.asarray(np.clip(block, -_CEILING, _CEILING), np.float32)
        return np.asarray(
            np.where(np.abs(block) < 0.8, block, np.sign(block) * _rounded(np.abs(block))), np.float32
        )

    def _noise(self, count: int) -> Samples:
        room = self._room
        white = self._rng.standard_normal((count, room.channels), np.float32)
        low, self._colour_state = sosfilt(self._colour, white, axis=0, zi=self._colour_state)
        # White noise, and as much power of noise below 400 Hz, as air conditioning has it.
        noise = (0.7 * white + 4.2 * low) * 10.0 ** (room.noise_db / 20.0)
        if room.hum_db is not None:
            times_s = (self._begin + np.arange(count)) / room.rate_hz
            hum = sum(
                share * np.sin(2 * np.pi * room.hum_hz * number * times_s)
                for number, share in ((1, 1.0), (2, 0.6), (3, 0.5), (5, 0.2))
            )
            noise = noise + (np.asarray(hum) * 10.0 ** (room.hum_db / 20.0))[:, None]
        return np.asarray(noise, np.float32)

    def _gains(self, block: Samples) -> Samples:
        """Return an automatic gain that falls within half a second and rises over many seconds."""
        size = round(_GAIN_FRAME_S * self._room.rate_hz)
        starts = range(0, len(block), size)
        gains = [self._gain]
        for start in starts:
            level = float(np.sqrt(np.square(block[start : start + size]).mean())) + 1e-9
            wanted = float(np.clip(0.12 / level, 0.5, 5.0))
            speed = 0.12 if wanted < self._gain else 0.006
            self._gain += speed * (wanted - self._gain)
            gains.append(self._gain)
        return np.interp(np.arange(len(block)), np.arange(len(gains)) * size, gains).astype(np.float32)


def _rounded(peaks: Samples) -> Samples:
    return np.asarray(0.8 + (_CEILING - 0.8) * np.tanh((peaks - 0.8) / (_CEILING - 0.8)), np.float32)
