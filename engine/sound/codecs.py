"""Limits and quality settings of lossy coders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeVar

Container = Literal["WAV", "FLAC", "MP3", "OGG"]

_Value = TypeVar("_Value")

MOST_CHANNELS = 2
"""Of a coded file: with six, Vorbis and Opus take the last for a bass loudspeaker and drop the rest of it."""


class Quality(StrEnum):
    """How much of the sound a coder keeps."""

    SMALL = "small"
    GOOD = "good"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Codec:
    """A coder of libsndfile's.

    Attributes
    ----------
    name : its display name
    container, subtype : libsndfile's names
    rates_hz : the supported rates, ascending; with `is_any_rate` only targets of conversion
    is_any_rate : whether it supports every rate up to the last of `rates_hz`
    levels : libsndfile's compression level, 0 to 1, by quality
    mode : soundfile's bit rate mode; None if the coder has only one
    stereo_kbit_s : typical bit rate of music, by quality
    """

    name: str
    container: Container
    subtype: str
    rates_hz: tuple[int, ...]
    levels: Mapping[Quality, float]
    stereo_kbit_s: Mapping[Quality, int]
    is_any_rate: bool = False
    mode: str | None = None

    def rate_for(self, rate_hz: int) -> int:
        """Return the rate of the written sound: its own if supported, else the nearest above.

        Above all of them it is the highest that divides the rate, since 88.2 kHz become 44.1 best.
        """
        highest = self.rates_hz[-1]
        if rate_hz in self.rates_hz or (self.is_any_rate and rate_hz <= highest):
            return rate_hz
        above = [each for each in self.rates_hz if each > rate_hz]
        if above:
            return above[0]
        return max((each for each in self.rates_hz if rate_hz % each == 0), default=highest)

    def kbit_s(self, quality: Quality, channels: int) -> int:
        """Return the approximate bit rate of music, in kbit/s."""
        return self.stereo_kbit_s[quality] * channels // 2


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named part of a file, in seconds from its start."""

    start_s: float
    stop_s: float
    title: str


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of a file for players.

    Attributes
    ----------
    number : of the file in its album, from 1; 0 for a single file
    chapters : in the order of their starts; MP3 alone holds them
    """

    title: str = ""
    album: str = ""
    number: int = 0
    encoder: str = "Offcut"
    artist: str = ""
    chapters: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Coding:
    """How a file is coded."""

    codec: Codec
    quality: Quality = Quality.GOOD


def _by_quality(small: _Value, good: _Value, best: _Value) -> Mapping[Quality, _Value]:
    return MappingProxyType({Quality.SMALL: small, Quality.GOOD: good, Quality.BEST: best})


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        # LAME's V4, V2 and V0, which is what its authors recommend by number.
        ".mp3": Codec(
            "MP3",
            "MP3",
            "MPEG_LAYER_III",
            (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
            levels=_by_quality(0.4, 0.2, 0.0),
            stereo_kbit_s=_by_quality(150, 190, 245),
            mode="VARIABLE",
        ),
        # q4, q6 and q8. libvorbis ends at 200 kHz; asked for more, libsndfile 1.2.2 crashes.
        ".ogg": Codec(
            "Vorbis",
            "OGG",
            "VORBIS",
            (88_200, 96_000, 176_400, 192_000),
            levels=_by_quality(0.6, 0.4, 0.2),
            stereo_kbit_s=_by_quality(128, 192, 256),
            is_any_rate=True,
        ),
        # 96, 160 and 256 kbit/s: libsndfile asks for 6 to 256 of each channel.
        ".opus": Codec(
            "Opus",
            "OGG",
            "OPUS",
            (8_000, 12_000, 16_000, 24_000, 48_000),
            levels=_by_quality(0.832, 0.704, 0.512),
            stereo_kbit_s=_by_quality(96, 160, 256),
        ),
    }
)
"""By suffix."""
