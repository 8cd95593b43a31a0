"""Make the demo from recordings with a free licence: ``make_demo.py DATA_DIR OUT_DIR [--taste]``.

DATA_DIR holds `music/`, `loops/` and `esc50/`. OUT_DIR gets `raw/` (two tracks of a rehearsal with planted
faults), `edited/` (mixes of other parts of the same pieces), `truth.csv` (the faults), `day/` (the start of
the rehearsal in files of three devices) and, with ``--taste``, `demo.taste`, learned from `edited/`. The same
data give the same files. OUT_DIR/README.md describes all this, and CREDITS.md names the authors of the
recordings.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

from engine.features.taste.anomaly.planting import Fault, Planted, Samples, plant
from engine.sound.reader import SourceReader

RATE_HZ = 44_100
SEED = 20  # the first whose kept stretches all last 8.2 s or more, and where no kind of fault follows itself
FAULT_SHARE = 0.47
FAULT_LENGTH_S = (6.0, 18.0)
FAULT_KINDS = ("talk",) * 3 + ("false_start",) * 2 + ("dropout", "noise", "noodling", "detune")

LEVEL_RMS = 0.1
PEAK = 0.95  # of the mix, so that neither a codec's overshoot nor playback clips
JOIN_FADE_S = 0.4
END_FADE_S = 1.5

ROOM_DELAY_S = 0.009
ROOM_DECAY_S = 0.4  # to -60 dB
ROOM_GAIN = 0.4
ROOM_TALK_GAIN = 2.0  # people and noises are nearer to the room's microphone than the players are
ROOM_CUTOFF_HZ = 6_000.0

DAY_STOPS_S = (38.0, 76.0)  # of the recorder's files
PHONE_S, CAMERA_S = (11.37, 64.2), (24.815, 88.05)
PHONE_HZ = (180.0, 6_500.0)
PHONE_DRIFT_PPM = 42.0  # more samples than the recorder's clock counts in the same time

# libsndfile: 0 is Vorbis' best quality, 1 its smallest file. The same for all, so that no codec's trace tells
# the raw recording from the edited ones.
STEREO_COMPRESSION = 0.7
MONO_COMPRESSION = 0.8
OGG_SERIAL = 1
WRITE_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a piece, in seconds of the file it comes from."""

    piece: str
    start_s: float
    stop_s: float


PIECES = {
    "fishin": "music/Karissa_Hobbs_-_Lets_Go_Fishin.ogg",
    "ragtime": "loops/RGTM-PNO/120bpm_rgtm_pno_id_001_0004.mp3",
}
RAW = (Part("fishin", 0.0, 72.0), Part("ragtime", 0.0, 56.0))
# The medley is the shortest, so that learning sets aside a little of each piece to check itself on.
EDITED = {
    "1-lets-go-fishin.ogg": (Part("fishin", 72.0, 120.0),),
    "2-ragtime.ogg": (Part("ragtime", 56.0, 99.0),),
    "3-medley.ogg": (Part("fishin", 120.0, 132.0), Part("ragtime", 99.0, 111.5)),
}
CLIPS = {
    "talk": (
        "1-30226-A-0",
        "1-59513-A-0",
        "2-118072-A-0",
        "1-211527-A-20",
        "2-66637-A-20",
        "2-151079-A-20",
    ),
    "noise": (
        "1-19898-A-41",
        "2-68391-A-41",
        "1-181071-A-40",
        "1-17742-A-12",
        "1-21189-A-10",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the demo; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--taste", action="store_true", help="learn demo.taste too, which takes minutes")
    options = parser.parse_args(arguments)
    for folder in ("raw", "edited", "day"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    pieces = {name: read_piece(options.data / path) for name, path in PIECES.items()}
    make_raw(pieces, read_clips(options.data / "esc50" / "audio"), options.out)
    make_edited(pieces, options.out / "edited")
    if options.taste:
        learn_taste(options.out)
    return 0


def make_raw(pieces: dict[str, Samples], clips: dict[str, list[Samples]], out: Path) -> None:
    """Write the two raw tracks, which line up sample for sample, and the truth about them."""
    planted = plant_faults(pieces, clips)
    room = room_of(planted.audio, planted.faults)
    gain = headroom(planted.audio + room)
    write_ogg(out / "raw" / "Band.ogg", planted.audio * gain, STEREO_COMPRESSION)
    write_ogg(out / "raw" / "Room.ogg", room * gain, MONO_COMPRESSION)
    write_truth(out / "truth.csv", planted.faults)
    make_day(planted.audio * gain, room * gain, out / "day")


def make_day(band: Samples, room: Samples, folder: Path) -> None:
    """Write the start of the rehearsal as files of a recorder, a phone and a camera."""
    start = 0
    for number, stop_s in enumerate(DAY_STOPS_S, 1):
        stop = round(stop_s * RATE_HZ)
        write_ogg(folder / f"ZOOM{number:04}.ogg", band[start:stop], STEREO_COMPRESSION)
        start = stop
    dull = butter(2, PHONE_HZ, "bandpass", fs=RATE_HZ, output="sos")
    phone = sosfilt(dull, span_of(band.mean(axis=1) + room[:, 0], PHONE_S))
    drifted = soxr.resample(phone, RATE_HZ, RATE_HZ * (1.0 + PHONE_DRIFT_PPM * 1e-6), quality="VHQ")
    write_ogg(folder / "Phone.ogg", drifted.astype(np.float32)[:, None], MONO_COMPRESSION)
    write_ogg(folder / "Camera.ogg", span_of(room, CAMERA_S), MONO_COMPRESSION)


def span_of(audio: Samples, span_s: tuple[float, float]) -> Samples:
    """Return a span of a recording."""
    return audio[round(span_s[0] * RATE_HZ) : round(span_s[1] * RATE_HZ)]


def plant_faults(pieces: dict[str, Samples], clips: dict[str, list[Samples]]) -> Planted:
    """Return what the band's microphones heard, and where it is bad."""
    rng = np.random.default_rng(SEED)
    return plant(performed(pieces, RAW), RATE_HZ, FAULT_KINDS, FAULT_SHARE, rng, clips, FAULT_LENGTH_S)


def make_edited(pieces: dict[str, Samples], folder: Path) -> None:
    """Write the edited examples: the mix of both tracks, as the band would have kept it."""
    for name, parts in EDITED.items():
        band = performed(pieces, parts)
        mix = band + room_of(band, ())
        write_ogg(folder / name, mix * headroom(mix), STEREO_COMPRESSION)


def learn_taste(out: Path) -> None:
    """Learn `demo.taste` with the default recipe and seed 0."""
    from engine.core.progress import SILENT
    from engine.features.taste.anomaly.learn import LearnRequest, learn
    from engine.features.taste.anomaly.recipes.config import default_config

    edited = tuple(sorted((out / "edited").glob("*.ogg")))
    learned = learn(LearnRequest(edited, default_config(), 0, out / "demo.taste", overwrite=True), SILENT)
    print(f"{learned.epochs} epochs, validation loss {learned.best_loss:.4f}")


def read_piece(path: Path) -> Samples:
    """Read a whole piece at one level for all, shape (frames, 2)."""
    with SourceReader(path) as reader:
        if (reader.rate_hz, reader.channels) != (RATE_HZ, 2):
            raise SystemExit(f"{path} is not {RATE_HZ} Hz stereo: the demo is made of such pieces only.")
        audio = np.concatenate(list(reader.blocks(WRITE_FRAMES)))
    return audio * np.float32(LEVEL_RMS / np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def read_clips(folder: Path) -> dict[str, list[Samples]]:
    """Read the clips that faults are made of, by kind, each of shape (n,)."""
    return {kind: [read_clip(folder / f"{name}.flac") for name in names] for kind, names in CLIPS.items()}


def read_clip(path: Path) -> Samples:
    """Read a mono clip at the demo's rate, shape (n,)."""
    with SourceReader(path) as reader:
        audio = reader.read(0, reader.frames)[:, 0]
        return np.asarray(soxr.resample(audio, reader.rate_hz, RATE_HZ, quality="HQ"), np.float32)


def performed(pieces: dict[str, Samples], parts: Sequence[Part]) -> Samples:
    """Return parts one after another, each faded in and out."""
    played = []
    for part in parts:
        piece = pieces[part.piece]
        audio = piece[round(part.start_s * RATE_HZ) : round(part.stop_s * RATE_HZ)].copy()
        rise, fall = round(JOIN_FADE_S * RATE_HZ), round(END_FADE_S * RATE_HZ)
        audio[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)[:, None]
        audio[-fall:] *= np.linspace(1.0, 0.0, fall, dtype=np.float32)[:, None]
        played.append(audio)
    return np.concatenate(played)


def room_of(band: Samples, faults: Sequence[Fault]) -> Samples:
    """Return what a microphone at the far wall hears, shape (frames, 1): later, duller and with decay."""
    heard: Samples = band.mean(axis=1)
    for fault in faults:
        if fault.kind in CLIPS:
            heard[fault.start_samples : fault.stop_samples] *= talk_gain(fault)
    wet: Samples = fftconvolve(heard, room_response())[: len(heard)].astype(np.float32)
    return np.float32(ROOM_GAIN) * wet[:, None]


def talk_gain(fault: Fault) -> Samples:
    """Return the gain of a fault that sounds in the room, shape (n,), one at both ends."""
    length = fault.stop_samples - fault.start_samples
    fade = round(0.05 * RATE_HZ)
    steps = np.minimum(np.arange(length), np.arange(length)[::-1])
    return (1.0 + (ROOM_TALK_GAIN - 1.0) * np.minimum(1.0, steps / fade)).astype(np.float32)


def room_response() -> Samples:
    """Return the response from the stage to the far wall: the direct sound, then decaying noise."""
    rng = np.random.default_rng(SEED)
    delay = round(ROOM_DELAY_S * RATE_HZ)
    times_s = np.arange(round(ROOM_DECAY_S * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(len(times_s)) * 10.0 ** (-3.0 * times_s / ROOM_DECAY_S)
    tail *= 0.5 / np.sqrt(np.square(tail).sum())
    tail[0] += 1.0
    dull = sosfilt(butter(2, ROOM_CUTOFF_HZ, fs=RATE_HZ, output="sos"), tail)
    return np.concatenate([np.zeros(delay), dull]).astype(np.float32)


def headroom(mix: Samples) -> np.float32:
    """Return the gain that keeps a mix below full scale."""
    return np.float32(min(1.0, PEAK / float(np.abs(mix).max())))


def write_truth(path: Path, faults: Sequence[Fault]) -> None:
    """Write where the faults are; six decimals of a second tell samples apart."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("kind", "start_s", "stop_s"))
        for fault in faults:
            start_s, stop_s = fault.start_samples / RATE_HZ, fault.stop_samples / RATE_HZ
            table.writerow((fault.kind, f"{start_s:.6f}", f"{stop_s:.6f}"))


def write_ogg(path: Path, audio: Samples, compression: float) -> None:
    """Write Ogg Vorbis, the same bytes each time."""
    with soundfile.SoundFile(
        path, "w", RATE_HZ, audio.shape[1], format="OGG", subtype="VORBIS", compression_level=compression
    ) as file:
        for start in range(0, len(audio), WRITE_FRAMES):
            file.write(audio[start : start + WRITE_FRAMES])
    path.write_bytes(with_serial(path.read_bytes(), OGG_SERIAL))


def with_serial(stream: bytes, serial: int) -> bytes:
    """Give every page of an Ogg stream a serial number; libsndfile draws another one each time (RFC 3533)."""
    pages, at = bytearray(stream), 0
    while at < len(pages):
        segments = pages[at + 26]
        end = at + 27 + segments + sum(pages[at + 27 : at + 27 + segments])
        pages[at + 14 : at + 18] = serial.to_bytes(4, "little")
        pages[at + 22 : at + 26] = bytes(4)
        pages[at + 22 : at + 26] = ogg_checksum(pages[at:end]).to_bytes(4, "little")
        at = end
    return bytes(pages)


def ogg_checksum(page: bytes | bytearray) -> int:
    """Return the CRC-32 of a page whose checksum field is zero: polynomial 04c11db7, nothing reflected."""
    checksum = 0
    for byte in page:
        checksum = (checksum << 8 & 0xFFFFFFFF) ^ CRC_TABLE[checksum >> 24 ^ byte]
    return checksum


def crc_row(value: int) -> int:
    """Return what one byte of a page does to its checksum."""
    value <<= 24
    for _ in range(8):
        value = (value << 1) ^ 0x104C11DB7 if value & 0x80000000 else value << 1
    return value


CRC_TABLE = tuple(crc_row(value) for value in range(256))

if __name__ == "__main__":
    sys.exit(main())
