"""Proposals of kind `tempo`: songs with other likely metrical interpretations, and all of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.wording import begun, counted, percent
from engine.document.analysis import BeatGrid
from engine.document.edits.analyses import listening_ids
from engine.document.grid_readings import LEVELS, OFFERED_FROM
from engine.document.kinds.timing import BARS_LATER, GRID, HEARD, READING, TEMPO, TEMPO_BPM, reading_words
from engine.document.proposals import Alternative, Proposal, proposal_id
from engine.document.state import DocumentState

if TYPE_CHECKING:
    from engine.analysis.beats.listen import Song

MAKER = "tempo"
SURE = 0.8
"""Below it the level was right in 8 of 18 renderings of validation drummers, from it on in 60 of 68."""
SURE_OF_BARS = 0.6
_ALWAYS = ("half", "double")
"""Offered even if unlikely: people choose these most often."""
_MOST_WAYS = 7


@dataclass(frozen=True, slots=True)
class Way:
    """One way to count a song, and how likely it is."""

    reading: str
    bars_later_beats: int
    tempo_bpm: float
    confidence: float

    @property
    def payload(self) -> dict[str, object]:
        """Payload of a proposal."""
        return {READING: self.reading, BARS_LATER: self.bars_later_beats, TEMPO_BPM: round(self.tempo_bpm, 3)}

    @property
    def words(self) -> str:
        """Return such as "half tempo, 60.0 BPM, 41 % likely"."""
        return f"{reading_words(self.payload)}, {percent(self.confidence)} likely"


def ways_of(song: Song) -> list[Way]:
    """Return the ways to count a song that are offered, the most likely first; as it is counted is one."""
    bpm, as_is = song.tempo_bpm, song.likely.get(HEARD, 0.0)
    found = [
        Way(HEARD, later, bpm, as_is * share)
        for later, share in enumerate(song.bars.tolist())
        if not later or as_is * share >= OFFERED_FROM
    ]
    for name in dict.fromkeys((*song.likely, *_ALWAYS)):
        likely = song.likely.get(name, 0.0)
        if name != HEARD and (likely >= OFFERED_FROM or name in _ALWAYS):
            ratio = float(LEVELS[name].ratio) if name in LEVELS else 1.0
            found.append(Way(name, 0, bpm * ratio, likely))
    found.sort(key=lambda way: -way.confidence)
    retained = found[:_MOST_WAYS]
    return (
        retained
        if found and any(_is_as_is(way) for way in retained)
        else [*retained, next(filter(_is_as_is, found))]
    )


def _is_as_is(way: Way) -> bool:
    return way.reading == HEARD and not way.bars_later_beats


@dataclass(frozen=True, slots=True, eq=False)
class ProposedTempo:
    """Metrical interpretations of songs, and the grid they refer to.

    Attributes
    ----------
    key : the id of the grid
    songs : how many were weighed
    """

    proposals: tuple[Proposal, ...]
    grid: BeatGrid
    key: str
    songs: int

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        if not len(self.grid.beats_samples):
            return "No steady pulse was found."
        if not self.songs:
            return "Too few beats for tempo alternatives."
        if not self.proposals:
            return f"The tempo of {self.grid.tempo_bpm:.1f} BPM is clear: no alternatives proposed."
        if len(self.proposals) == 1:
            return self.proposals[0].reason
        return f"{counted(len(self.proposals), 'song')} of {self.songs} may have another tempo or other bars."


def is_clear(song: Song) -> bool:
    """Return whether the metrical interpretation of a song is confident, and the most likely one."""
    is_sure = song.likely.get(HEARD, 0.0) >= SURE and song.bars[0] >= SURE_OF_BARS
    return bool(is_sure and _is_as_is(ways_of(song)[0]))


def proposed_of(state: DocumentState, grid: BeatGrid, songs: Iterable[Song]) -> ProposedTempo:
    """Return the proposals for ranked songs of a grid that was detected in a document."""
    key, weighed = listening_ids(state)["beats"], tuple(songs)
    made = (_proposal(song, key, state.length_samples) for song in weighed)
    return ProposedTempo(tuple(one for one in made if one is not None), grid, key, len(weighed))


def _proposal(song: Song, key: str, length_samples: int) -> Proposal | None:
    """Return the proposal for a song; None if its tempo is clear."""
    if is_clear(song):
        return None
    ways = ways_of(song)
    as_is = next(filter(_is_as_is, ways))
    start, stop = song.start_samples, min(song.stop_samples, length_samples)
    best, *others = ways
    return Proposal(
        proposal_id(TEMPO.name, start, stop, MAKER, (), {GRID: key}),
        TEMPO.name,
        start,
        stop,
        round(1.0 - as_is.confidence, 3),
        _reason(as_is, best),
        MAKER,
        tuple(Alternative(begun(way.words), start, stop, way.payload) for way in others),
        {GRID: key, **best.payload},
    )


def _reason(as_is: Way, best: Way) -> str:
    here, there = percent(as_is.confidence), percent(best.confidence)
    if best is as_is:
        return f"The tempo of {as_is.tempo_bpm:.1f} BPM is ambiguous ({here})."
    if best.reading == HEARD:
        later = counted(best.bars_later_beats, "beat")
        return f"Bars may begin {later} later ({there}) than now ({here})."
    return f"{begun(reading_words(best.payload))} is more probable ({there}) than the present one ({here})."
