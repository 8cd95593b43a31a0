"""Talk between songs: cuts of it, and a named region for each song."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analysis.detection.voices import Rehearsal, Talk, require_installed, songs_and_talk
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.analysis import SOUNDS, DetectedSounds
from engine.document.edits.markers import NamedSpan, is_named
from engine.document.proposals import BY_TALK, Alternative, Evidence, Proposal
from engine.document.state import DocumentState
from engine.review.finders import Finder, FinderRequest, Found

_SONG = "Song"
_SCORES = (0.5, 0.95)
"""Scores of talk of 1 s, and of a minute or more."""
_LONG_S = 60.0


def find_talk(request: FinderRequest, progress: Progress) -> Found:
    """Propose to cut the talk outside of songs, and name the songs that no region names yet."""
    from engine.analysis.detection.what_sounds import voices_of

    progress.check_cancelled()
    state, sounds = request.state, request.analyses.get(SOUNDS)
    assert isinstance(sounds, DetectedSounds), "the finder needs it"
    found = songs_and_talk(voices_of(sounds, state.rate_hz))
    songs = [_samples(state, song) for song in found.songs]
    named = (NamedSpan(*song, f"{_SONG} {number}") for number, song in enumerate(songs, 1))
    regions = [one for one in named if not is_named(state, one)]
    cuts = tuple(_cut(request, one, found) for one in found.talk)
    counts = f"Found {counted(len(songs), 'song')}"
    summary = f"{counts}; {counted(len(cuts), 'cut')} of talk proposed."
    rows = [{"start_s": start_s, "stop_s": stop_s} for start_s, stop_s in found.songs]
    return Found(
        cuts, summary if cuts else f"{counts} and no talk outside of music.", {}, regions, {"songs": rows}
    )


def _cut(request: FinderRequest, talk: Talk, found: Rehearsal) -> Proposal:
    start, stop = _samples(request.state, (talk.start_s, talk.stop_s))
    long_s = talk.stop_s - talk.start_s
    least, most = _SCORES
    score = least + (most - least) * min(1.0, long_s / _LONG_S)
    reason = f"Talk of {long_s:.0f} s {_where(talk, found.songs)}."
    evidence = Evidence.STRONG if talk.is_sure and found.songs else Evidence.WEAK
    return request.cut(start, stop, score, reason, _ways(request.state, talk, found.songs), evidence)


def _where(talk: Talk, songs: Sequence[tuple[float, float]]) -> str:
    before = sum(stop_s <= talk.start_s for _, stop_s in songs)
    if not songs:
        return "and no song near it"
    if before == 0:
        return "before the first song"
    return "after the last song" if before == len(songs) else "between two songs"


def _ways(state: DocumentState, talk: Talk, songs: Sequence[tuple[float, float]]) -> tuple[Alternative, ...]:
    """Return the cut of all that is between the two songs, if there are two."""
    before = [stop_s for _, stop_s in songs if stop_s <= talk.start_s]
    after = [start_s for start_s, _ in songs if start_s >= talk.stop_s]
    if not before or not after:
        return ()
    start, stop = _samples(state, (max(before), min(after)))
    return (Alternative("All between the two songs", start, stop),)


def _samples(state: DocumentState, span_s: tuple[float, float]) -> tuple[int, int]:
    start, stop = (min(s_to_samples(place_s, state.rate_hz), state.length_samples) for place_s in span_s)
    return start, stop


TALK = Finder(
    "Talk between songs",
    "Cuts talk outside of songs, and names the songs.",
    find_talk,
    needs=(SOUNDS,),
    check=lambda _request: require_installed(),
    maker=BY_TALK,
)
