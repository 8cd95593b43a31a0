"""Files of many formats, written by PyAV, so that no program is needed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.sound.decoders import forward
from engine.sound.decoders.decoder import Decoder
from engine.sound.decoders.ffmpeg_program import FFMPEG_PROGRAM
from engine.sound.decoders.forward import KnownLengths
from engine.sound.decoders.pyav import PYAV

HAS_PROGRAM = shutil.which("ffmpeg") is not None and shutil.which("ffprobe") is not None
DECODERS = [
    pytest.param(PYAV, id="pyav"),
    pytest.param(
        FFMPEG_PROGRAM, id="ffmpeg", marks=pytest.mark.skipif(not HAS_PROGRAM, reason="no ffmpeg here")
    ),
]
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 6: "5.1", 8: "7.1"}


@pytest.fixture(autouse=True)
def lengths_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "LENGTHS", KnownLengths())


def music(frames: int, rate_hz: int, channels: int = 2) -> np.ndarray:
    """Tones that start and stop over noise, shape (frames, channels), whole numbers of 16 bits as floats."""
    time_s = np.arange(frames)[:, None] / rate_hz
    tones = 0.5 * np.sin(2 * np.pi * (440 + 110 * np.arange(channels)) * time_s) * (time_s % 0.5 < 0.4)
    noise = 0.01 * np.random.default_rng(7).standard_normal((frames, channels))
    return np.round((tones + noise) * 32_768) / 32_768


def written(
    path: Path,
    codec: str,
    tracks: list[np.ndarray],
    rate_hz: int,
    *,
    form: str = "s16",
    container: str | None = None,
    options: Mapping[str, str] | None = None,
    video_times_s: tuple[float, ...] = (),
) -> Path:
    """Write audio tracks, shape (frames, channels) each, and a video of given times in front of them."""
    with av.open(str(path), "w", format=container, options=dict(options or {})) as out:
        video = out.add_stream("mpeg4", rate=25) if video_times_s else None
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.codec_context.time_base = Fraction(1, 1000)
        streams = [out.add_stream(codec, rate=rate_hz, layout=LAYOUTS[track.shape[1]]) for track in tracks]
        for stream in streams:
            formats = [one.name for one in stream.codec_context.codec.audio_formats or ()]
            stream.format = next((one for one in formats if one in (form, f"{form}p")), stream.format)
            stream.bit_rate = 12_200 if "amr" in codec else 96_000 * stream.layout.nb_channels
        for number, time_s in enumerate(video_times_s):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9 * number, np.uint8), "rgb24")
            picture.pts, picture.time_base = round(1_000 * time_s), Fraction(1, 1000)
            out.mux(video.encode(picture))
        if video is not None:
            out.mux(video.encode(None))
        for stream, track in zip(streams, tracks, strict=True):
            full = {"s16": (np.int16, 2.0**15), "s32": (np.int32, 2.0**31), "flt": (np.float32, 1.0)}[form]
            packed = np.ascontiguousarray((track * full[1]).astype(full[0]).reshape(1, -1))
            for start in range(0, len(track), 4_096):
                piece = packed[:, start * track.shape[1] : (start + 4_096) * track.shape[1]]
                frame = av.AudioFrame.from_ndarray(piece, form, LAYOUTS[track.shape[1]])
                frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


def decoded(path: Path, decoder: Decoder, track: int = 1) -> tuple[object, np.ndarray]:
    """Open a file with one decoder and read it whole; return the stream, closed, and its samples."""
    stream = decoder.open(path, track)
    try:
        samples = np.empty((stream.frames, stream.channels), np.float32)
        assert stream.read(0, samples) == stream.frames
    finally:
        stream.close()
    return stream, samples
