"""Poly files, which hold a microphone in each channel: offered as a track a channel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.wording import listed
from engine.sound.decoders.tracks import channel_of, of_channel
from engine.sound.headers.channel_names import read_channel_names
from engine.sound.reader import probe

_STEREO, _LEAST_NAMED = 2, 3
"""A file with this many named channels is split unless the user decides against it."""
_MIX = re.compile(
    r"(?i).*\b(?:mix|mixdown|master|2-?bus)\b.*|(?:mix|tr|main) ?[lr]|(?:mix|main) ?(?:left|right)"
)


class Split(StrEnum):
    """Which files become a track a channel."""

    NAMED = "named"
    """Those with three or more named channels."""
    POLY = "poly"
    """Those with more channels than a stereo recording."""
    EVERY = "every"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Poly:
    """A file with several channels.

    Attributes
    ----------
    names : of the channels that have one, by number from 1
    """

    path: Path
    channels: int
    names: Mapping[int, str]

    @property
    def is_named(self) -> bool:
        """Whether it is split unless the user decides against it."""
        return len(self.names) >= _LEAST_NAMED

    @property
    def mixes(self) -> tuple[int, ...]:
        """Channels that are a mix of others, by their names; none if that would leave no channel."""
        found = tuple(number for number, name in self.names.items() if _MIX.fullmatch(name))
        return found if len(found) < self.channels else ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Addresses of its channels without the mixes."""
        numbers = (number for number in range(1, self.channels + 1) if number not in self.mixes)
        return tuple(of_channel(self.path, number) for number in numbers)

    @property
    def sentence(self) -> str:
        """Report the mixes that are left out; empty without any."""
        if not self.mixes:
            return ""
        named = [f"{self.names[number]} (channel {number})" for number in self.mixes]
        one = of_channel(self.path, self.mixes[0]).name
        return (
            f"{shown(self.path)} holds a mix of its other channels, which was left out: {listed(named)}. "
            f"Import {shown(one)} to have it."
        )


def poly_files(paths: Sequence[Path]) -> tuple[Poly, ...]:
    """Return the files with more than one channel, those that cannot be read left out."""
    return tuple(_poly_files(paths))


def _poly_files(paths: Sequence[Path]) -> Iterator[Poly]:
    for path in paths:
        with suppress(SourceError):
            channels = 1 if channel_of(path) else probe(path, is_listened_to=False).channels
            if channels > 1:
                names = {key: name for key, name in read_channel_names(path).items() if key <= channels}
                yield Poly(path, channels, names)


def offered(paths: Sequence[Path]) -> tuple[Poly, ...]:
    """Return the files that the user is asked about: those with more than two channels."""
    return tuple(one for one in poly_files(paths) if one.channels > _STEREO)


def split_paths(paths: Sequence[Path], split: Split) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the addresses to import, and a sentence for each file whose mixes are left out."""
    if split is Split.NONE:
        return tuple(paths), ()
    least = {Split.POLY: _STEREO + 1, Split.EVERY: _STEREO}.get(split)
    found = {
        one.path: one
        for one in poly_files(paths)
        if (one.is_named if least is None else one.channels >= least)
    }
    addresses = [address for path in paths for address in (found[path].paths if path in found else (path,))]
    return tuple(addresses), tuple(one.sentence for one in found.values() if one.sentence)
