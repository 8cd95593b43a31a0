"""Pairs of takes whose sound is compared: those of different devices, the longest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from engine.progress import Progress
from engine.recordings.placement.by_sound import SoundMatch, match_sounds
from engine.recordings.placement.continuations import Take
from engine.recordings.placement.envelopes import Envelope, envelope_of
from engine.recordings.placement.file_head import FileHead
from engine.recordings.placement.names import NumberedName, numbered, of_one_track
from engine.recordings.placement.positions import Pair
from engine.recordings.placement.sounds import Floats, TakeSound
from engine.recordings.placement.take_times import TakeTime, take_length_s, take_times
from engine.side_by_side import side_by_side

_LEAST_S = 4.0
_MOST_TAKES = 80
_PAIRS_OF_ALL = 60
"""Maximum number of pairs that are all compared; of more, only pairs that others do not relate."""


def sound_matches(
    takes: Sequence[Take],
    heads: Sequence[FileHead],
    rate_hz: int,
    media: Mapping[Path, Path],
    progress: Progress,
    known: Collection[int] = (),
) -> dict[Pair, SoundMatch]:
    """Compare the sound of takes that may have been recorded at the same time.

    Parameters
    ----------
    known : takes whose places are given: they are not compared with each other, and another take is compared
        with them until one of them places it with certainty

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    pairs = _pairs(takes, heads, known)
    numbers = sorted({number for pair in pairs for number in pair})
    reading, comparing = progress.part(0.0, 0.5), progress.part(0.5, 1.0)

    def envelope(number: int) -> Envelope:
        reading.report(numbers.index(number) / len(numbers), "Reading recordings")
        with TakeSound(takes[number], heads, rate_hz, media) as sound:
            return envelope_of(_checked(sound.blocks(), reading), rate_hz)

    envelopes = dict(zip(numbers, side_by_side(envelope, numbers), strict=True))
    related = {number: min(known) if number in known else number for number in numbers}
    found: dict[Pair, SoundMatch] = {}
    for done, pair in enumerate(pairs):
        comparing.check_cancelled()
        comparing.report(done / len(pairs), "Comparing sound")
        first, second = pair
        if (known or len(pairs) > _PAIRS_OF_ALL) and related[first] == related[second]:
            continue
        with (
            TakeSound(takes[first], heads, rate_hz, media) as near,
            TakeSound(takes[second], heads, rate_hz, media) as far,
        ):
            match = match_sounds(near, far, (envelopes[first], envelopes[second]), comparing)
        if match is not None:
            found[pair] = match
            if match.is_certain:
                old, new = related[second], related[first]
                related = {number: new if group == old else group for number, group in related.items()}
    return found


def _checked(blocks: Iterable[Floats], progress: Progress) -> Iterator[Floats]:
    """Pass on blocks until the user cancels."""
    for block in blocks:
        progress.check_cancelled()
        yield block


def _pairs(takes: Sequence[Take], heads: Sequence[FileHead], known: Collection[int]) -> list[Pair]:
    """Return the pairs that may share sound, those of long takes first."""
    times = take_times(takes, heads)
    lengths = [take_length_s(take, heads) for take in takes]
    unknown = [any(not heads[index].frames for index in take.files) for take in takes]
    usable = [number for number, length in enumerate(lengths) if length >= _LEAST_S or unknown[number]]
    longest = sorted(usable, key=lambda number: (number in known, -lengths[number]))[:_MOST_TAKES]
    found = [
        pair
        for pair in combinations(sorted(longest), 2)
        if not all(one in known for one in pair) and _may_share_sound(pair, takes, heads, times, lengths)
    ]
    return sorted(found, key=lambda pair: -min(lengths[pair[0]], lengths[pair[1]]))


def _may_share_sound(
    pair: Pair,
    takes: Sequence[Take],
    heads: Sequence[FileHead],
    times: Mapping[int, TakeTime],
    lengths: Sequence[float],
) -> bool:
    """Return whether two takes may be of the same time: a device does not record twice at once."""
    first, second = pair
    if takes[first].device != takes[second].device:
        return True
    names = [[numbered(heads[index].path.stem) for index in takes[number].files] for number in pair]
    if of_one_track(names[0][0], names[1][0]) or _masked(names[0]) & _masked(names[1]):
        return False
    one, other = times.get(first), times.get(second)
    if one is not None and other is not None and one.clock == other.clock:
        apart_s = max(
            one.start_s - other.start_s - lengths[second], other.start_s - one.start_s - lengths[first]
        )
        return apart_s < 0.0
    is_stated = bool(heads[takes[first].files[0]].device)
    return not is_stated and names[0][0].words != names[1][0].words


def _masked(names: Iterable[NumberedName]) -> set[str]:
    return {name.masked for name in names}
