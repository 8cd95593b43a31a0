"""The codecs that FFmpeg decodes for Offcut, how deep their samples are, and exact lengths by packets.

The child process of PyAV imports this, so it imports little itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Times = Sequence[tuple[int | None, int | None]]

_LOSSLESS = {"alac", "flac", "wavpack", "tta", "ape", "wmalossless", "mlp", "truehd"}
_LOSSY = {
    *("aac", "aac_latm", "ac3", "eac3", "dca", "opus", "vorbis", "speex"),
    *("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"),
    *("wmav1", "wmav2", "wmapro", "wmavoice"),
    *(
        "amrnb",
        "amrwb",
        "amr_nb",
        "amr_wb",
        "libopencore_amrnb",
        "libopencore_amrwb",
        "gsm",
        "gsm_ms",
        "qdm2",
    ),
    *("adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_swf", "nellymoser", "mace3", "mace6"),
}
_PCM = {f"pcm_{kind}{order}" for kind in ("s16", "s24", "s32", "f32", "f64") for order in ("le", "be")} | {
    *("pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw", "pcm_bluray", "s302m"),
}
AUDIO_CODECS = frozenset(_LOSSLESS | _LOSSY | _PCM)
"""FFmpeg's names of the decoders that are used; others, those of pictures above all, never run."""


def subtype_of(codec: str, sample_format: str, first: NDArray[Any]) -> str:
    """Return the subtype of decoded samples: bit depth if they are exact, else the codec.

    Parameters
    ----------
    sample_format : FFmpeg's name, such as "s16p"
    first : the first samples, as decoded; 24 bits come as 32 with the lowest eight 0
    """
    if codec not in _LOSSLESS | _PCM:
        return codec.upper().removesuffix("FLOAT").replace("_", "")
    form = sample_format.rstrip("p")
    if form == "s32":
        return "PCM_32" if (np.asarray(first) & 0xFF).any() else "PCM_24"
    return {"u8": "PCM_U8", "s16": "PCM_16", "dbl": "DOUBLE"}.get(form, "FLOAT")


def usual_track(codecs: Sequence[str], wanted: int) -> int:
    """Return the track that is read where one is wanted: the first that is decoded, instead of track 1."""
    if wanted > 1 or not codecs or codecs[0] in AUDIO_CODECS:
        return wanted
    return next((number for number, codec in enumerate(codecs, 1) if codec in AUDIO_CODECS), wanted)


def unread_tracks(codecs: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of the tracks with a codec that is not decoded."""
    return tuple(number for number, codec in enumerate(codecs, 1) if codec not in AUDIO_CODECS)


def length_of_packets(packets: Times, time_base: Fraction, rate_hz: int, frame_samples: int) -> int:
    """Return the number of samples in packets, from their times alone; 0 if these are not exact.

    Only packets of one length, the last one excepted, that follow each other are counted.

    Parameters
    ----------
    packets : start and duration of each, in units of `time_base` seconds; before 0 is the encoder's delay
    frame_samples : samples per packet
    """
    if not packets or time_base != Fraction(1, rate_hz) or frame_samples <= 0:
        return 0
    first = packets[0][0]
    if first is None or first > 0:
        return 0
    for number, (start, duration) in enumerate(packets):
        is_last = number == len(packets) - 1
        if start != first + number * frame_samples or duration is None:
            return 0
        if not 0 < duration <= frame_samples or (duration < frame_samples and not is_last):
            return 0
    start, duration = packets[-1]
    return max(0, (start or 0) + (duration or 0))
