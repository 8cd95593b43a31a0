"""Names of songs that a band played on earlier days, recognised by a library that grows from day to day."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from math import nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.features.day.day import Day, DaySong
from engine.features.day.known.fingerprints import Fingerprint
from engine.features.day.known.library import KnownTake, Library
from engine.features.day.known.naming import with_known_names
from engine.features.takes.features import frames_of
from engine.lab.evaluation.days.day import MadeDay
from engine.lab.evaluation.days.scores import matched

A_BAND = 3
"""Days of one band, one after the other."""


def library_of(folder: Path, number: int) -> Library:
    """Return the library that a band has before a day, in a file of its own; empty before its first day."""
    library = Library(folder / f"songs {number}.sqlite")
    library.path.unlink(missing_ok=True)  # of a run that was stopped
    if number % A_BAND and (before := library.path.with_name(f"songs {number - 1}.sqlite")).exists():
        shutil.copy(before, library.path)
    else:
        library.allow(True)
    return library


def recognised_names(
    made: MadeDay, found: Day, library: Library, blocks: Iterable[NDArray[np.float32]]
) -> dict[str, float]:
    """Name the songs of a found day by a library, then add them to it under their true names.

    Parameters
    ----------
    library : of the earlier days of the band, with consent
    blocks : the recording, mono

    Returns
    -------
    dict : `known`, the share of the songs of earlier days that got their name, and `wrong_names`, the share
        of all songs that got another one; NaN where there are none
    """
    frames = frames_of(blocks, made.rate_hz)
    before = {one.name for one in library.songs()}
    asked = right = wrong = songs = 0
    for song, true in _true_names(made, found):
        (named,) = with_known_names(Day(found.kind, (song,)), frames, library).songs
        songs += 1
        asked += true in before
        right += named.is_known and named.name == true
        wrong += named.is_known and named.name != true
    for song, true in _true_names(made, found):
        spans = ((take.start_s, take.stop_s, take.is_complete) for take in song.takes)
        library.add(
            true,
            [
                KnownTake(Fingerprint.of(frames, start_s, stop_s), "", made.path.stem, start_s, is_complete)
                for start_s, stop_s, is_complete in spans
            ],
        )
    return {"known": right / asked if asked else nan, "wrong_names": wrong / songs if songs else nan}


def _true_names(made: MadeDay, found: Day) -> Iterator[tuple[DaySong, str]]:
    """Yield the found songs that were played, with the name of the song that most of their takes are of."""
    takes = [(song, take) for song in found.songs for take in song.takes]
    by_song: dict[int, Counter[str]] = {}
    for true, at in matched(made.takes, [take for _, take in takes]).items():
        by_song.setdefault(id(takes[at][0]), Counter())[made.takes[true].song] += 1
    for song in found.songs:
        if (names := by_song.get(id(song))) is not None:
            yield song, names.most_common(1)[0][0]
