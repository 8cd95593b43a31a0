"""Settings of an export of takes, from which its form is made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from engine.features.day.handed_on.export_takes import FIELDS, PATTERN, TakesOptions
from engine.review.finders import FinderSettings, limited

_FIELDS = ", ".join(f"{{{name}}}" for name in FIELDS)


class TakesSettings(FinderSettings):
    """Names, format and level of the files."""

    pattern: str = Field(PATTERN, title="Names", description=f"of the files, with {_FIELDS}")
    format: Literal[".wav", ".flac", ".mp3"] = Field(".wav", title="Format", description="of the files")
    band: str = Field("", title="Band", description="artist of the tags")
    loudness: float | None = limited(
        (-30.0, -5.0), "Loudness (LUFS)", "match every take, such as to -16 LUFS for a phone", "as recorded"
    )
    quick_mix: bool = Field(
        False, title="Also a quick mix of each take", description="with automatic levels of its tracks"
    )
    all_takes: bool = Field(False, title="All takes, not only those you keep", description="also other takes")


def options_of(settings: TakesSettings, folder: Path) -> TakesOptions:
    """Return the options of an export into a folder."""
    return TakesOptions(
        folder,
        pattern=settings.pattern,
        suffix=settings.format,
        band=settings.band,
        loudness_lufs=settings.loudness,
        adds_quick_mix=settings.quick_mix,
        all_takes=settings.all_takes,
    )
