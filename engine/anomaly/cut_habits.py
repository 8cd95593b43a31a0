"""Statistics of the user's cuts: count, lengths, share of the recordings, and cuts inside songs."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from engine.timebase import format_time
from engine.wording import percent

FEWEST_CUTS, FEWEST_RECORDINGS = 5, 2
"""If half of a user's cuts are inside songs, five cuts outside have a probability of 3 %. One recording may
have no fault inside a song.
"""
FEWEST_KEPT = 5
"""The same for cuts inside songs that the user rejected: each is an answer, so one recording suffices."""
_FEWEST_LENGTHS, _OF_SHORTEST = 8, 0.5
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class CutHabits:
    """Cuts of raw recordings whose edits are known, and of reviewed documents.

    Attributes
    ----------
    lengths_s : of the cuts, ascending
    inside_songs : number of cuts inside songs, see `engine.cuts.user_cuts`
    kept_inside_songs : number of rejected cuts inside songs
    recordings, recorded_s : number and total length of these recordings
    """

    lengths_s: tuple[float, ...] = ()
    inside_songs: int = 0
    kept_inside_songs: int = 0
    recordings: int = 0
    recorded_s: float = 0.0

    def __or__(self, other: CutHabits) -> CutHabits:
        """Return both together."""
        return CutHabits(
            tuple(sorted((*self.lengths_s, *other.lengths_s))),
            self.inside_songs + other.inside_songs,
            self.kept_inside_songs + other.kept_inside_songs,
            self.recordings + other.recordings,
            self.recorded_s + other.recorded_s,
        )

    @property
    def keeps_songs(self) -> bool:
        """Whether the user is known to make no cuts inside songs."""
        are_many = len(self.lengths_s) >= FEWEST_CUTS and self.recordings >= FEWEST_RECORDINGS
        return not self.inside_songs and (are_many or self.kept_inside_songs >= FEWEST_KEPT)

    @property
    def shortest_s(self) -> float:
        """Half of the shortest of eight or more cuts: a shorter one is not like the user's; else 0."""
        return _OF_SHORTEST * self.lengths_s[0] if len(self.lengths_s) >= _FEWEST_LENGTHS else 0.0

    @property
    def sentence(self) -> str:
        """Describe the cuts and their effect on proposals; "" without any."""
        if not self.lengths_s and not self.kept_inside_songs:
            return ""
        number, said = len(self.lengths_s), []
        if number:
            first, last = _length(self.lengths_s[0]), _length(self.lengths_s[-1])
            middle = f" to {last} (median {_length(median(self.lengths_s))})" if first != last else ""
            share = min(1.0, sum(self.lengths_s) / self.recorded_s) if self.recorded_s else 0.0
            said.append(f"{number:,}, {first}{middle}, {percent(share)} of the recordings")
        rejected = f", {self.kept_inside_songs:,} rejected there" if self.kept_inside_songs else ""
        said.append(f"{self.inside_songs or 'none'} inside songs{rejected}")
        follows = ", so none is proposed there" if self.keeps_songs else ""
        least = f"; cuts under {_length(self.shortest_s)} are not proposed" if self.shortest_s else ""
        return f"Your cuts: {'; '.join(said)}{follows}{least}."


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < _MINUTE_S else format_time(seconds, 0)
