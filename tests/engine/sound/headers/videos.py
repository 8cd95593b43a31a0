"""Small videos with sound and a start timecode, written by PyAV, so that no program is needed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE_HZ = 48_000
NTSC = Fraction(30_000, 1001)


def video(
    path: Path,
    frame_rate: Fraction,
    timecode: str = "",
    *,
    length_s: float = 2.0,
    tags: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    sound_from_s: float = 0.0,
) -> Path:
    """Write a video; its sound is a rising line of 16 bits, lossless, as long as the picture."""
    length, first = round(length_s * RATE_HZ), round(sound_from_s * RATE_HZ)
    with av.open(str(path), "w", options=dict(options or {})) as out:
        out.metadata.update({**(tags or {}), **({"timecode": timecode} if timecode else {})})
        picture = out.add_stream("mpeg4", rate=frame_rate)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream("flac" if path.suffix == ".mkv" else "alac", rate=RATE_HZ, layout="mono")
        sound.format = "s16" if path.suffix == ".mkv" else "s16p"
        for number in range(int(length_s * frame_rate)):
            shown = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 256, np.uint8), "rgb24")
            shown.pts, shown.time_base = number, 1 / frame_rate
            out.mux(picture.encode(shown))
        out.mux(picture.encode(None))
        samples = (np.arange(length) % 30_000).astype(np.int16)
        for start in range(0, length, 4_096):
            played = av.AudioFrame.from_ndarray(samples[None, start : start + 4_096], "s16", "mono")
            played.sample_rate, played.pts, played.time_base = RATE_HZ, first + start, Fraction(1, RATE_HZ)
            out.mux(sound.encode(played))
        out.mux(sound.encode(None))
    return path
