"""Statistics of the user's cuts: count, lengths, share of the recordings, and cuts inside songs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from engine.core.timebase import format_time
from engine.core.wording import percent

FEWEST_CUTS, FEWEST_RECORDINGS = 5, 2
"""If half of a user's cuts are inside songs, five cuts outside have a probability of 3 %. One recording may
have no fault inside a song.
"""
FEWEST_REJECTED = 5
"""The same for cuts inside songs that the user rejected: each is an answer, so one recording suffices."""
_FEWEST_LENGTHS, _OF_SHORTEST = 8, 0.5
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class RecordingCuts:
    """Cuts of one recording.

    Attributes
    ----------
    lengths_s : of the cuts, ascending
    inside_songs : number of cuts inside songs, see `engine.features.taste.cuts.default_cuts`
    kept_inside_songs : number of rejected cuts inside songs
    recorded_s : length of the recording
    """

    lengths_s: tuple[float, ...] = ()
    inside_songs: int = 0
    kept_inside_songs: int = 0
    recorded_s: float = 0.0

    @property
    def has_answers(self) -> bool:
        """Whether anything was cut, or rejected inside a song."""
        return bool(self.lengths_s or self.kept_inside_songs)


@dataclass(frozen=True, slots=True)
class CutHabits:
    """Cuts of raw recordings with known edits, and of reviewed documents.

    Attributes
    ----------
    of_recordings : by the hashes of their audio, so that further decisions about a document replace earlier
    """

    of_recordings: Mapping[str, RecordingCuts] = field(default_factory=dict)

    def __or__(self, newer: CutHabits) -> CutHabits:
        """Return both together."""
        return CutHabits({**self.of_recordings, **newer.of_recordings})

    @property
    def lengths_s(self) -> tuple[float, ...]:
        """The lengths of all cuts, ascending."""
        return tuple(sorted(length for one in self.of_recordings.values() for length in one.lengths_s))

    @property
    def recordings(self) -> int:
        """Number of recordings with answers."""
        return sum(one.has_answers for one in self.of_recordings.values())

    @property
    def inside_songs(self) -> int:
        """Number of cuts inside songs."""
        return sum(one.inside_songs for one in self.of_recordings.values())

    @property
    def kept_inside_songs(self) -> int:
        """Number of rejected cuts inside songs."""
        return sum(one.kept_inside_songs for one in self.of_recordings.values())

    @property
    def keeps_songs(self) -> bool:
        """Whether the user is known to make no cuts inside songs."""
        are_many = len(self.lengths_s) >= FEWEST_CUTS and self.recordings >= FEWEST_RECORDINGS
        return not self.inside_songs and (are_many or self.kept_inside_songs >= FEWEST_REJECTED)

    @property
    def shortest_s(self) -> float:
        """Half of the shortest of eight or more cuts: a shorter one is not like the user's; else 0."""
        lengths_s = self.lengths_s
        return _OF_SHORTEST * lengths_s[0] if len(lengths_s) >= _FEWEST_LENGTHS else 0.0

    @property
    def sentence(self) -> str:
        """Describe the cuts and their effect on proposals; "" without any."""
        if not self.recordings:
            return ""
        lengths_s, parts = self.lengths_s, []
        number = len(lengths_s)
        if number:
            first, last = _length(lengths_s[0]), _length(lengths_s[-1])
            middle = f" to {last} (median {_length(median(lengths_s))})" if first != last else ""
            share = sum(lengths_s) / sum(one.recorded_s for one in self.of_recordings.values())
            parts.append(f"{number:,}, {first}{middle}, {percent(share)} of the recordings")
        rejected = f", {self.kept_inside_songs:,} rejected there" if self.kept_inside_songs else ""
        parts.append(f"{self.inside_songs or 'none'} inside songs{rejected}")
        follows = ", so none is proposed there" if self.keeps_songs else ""
        least = f"; cuts under {_length(self.shortest_s)} are not proposed" if self.shortest_s else ""
        return f"Your cuts: {'; '.join(parts)}{follows}{least}."


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < _MINUTE_S else format_time(seconds, 0)
