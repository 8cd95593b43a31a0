"""Talk between songs: cuts of it, and a named region for each song."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.detection.songs import Rehearsal, Talk, songs_and_talk
from engine.detection.voice_frames import MISSING, is_installed
from engine.detection.what_sounds import voices_of
from engine.document.analysis import HeardSounds
from engine.document.change import Edit
from engine.document.edits import replace_proposals
from engine.document.kinds.cut import CUT
from engine.document.kinds.payload import CROSSFADE_MS
from engine.document.marks.edits import NamedSpan, add_all
from engine.document.proposals import BY_TALK, Alternative, Evidence, Proposal, proposal_id
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.jobs.repairs.requests import SpanRequest
from engine.jobs.sounds.hear import FoundSounds, hear_sounds
from engine.progress import Progress
from engine.settings import cut_settings
from engine.timebase import s_to_samples
from engine.wording import counted

_SONG = "Song"
_MOSTLY = 0.5
_SCORES = (0.5, 0.95)
"""Scores of talk of 1 s, and of a minute or more."""
_LONG_S = 60.0


@dataclass(frozen=True, slots=True)
class FoundTalk:
    """Cuts of talk, and the songs between which it is.

    Attributes
    ----------
    songs : spans [start, stop) in samples of the document
    """

    proposals: tuple[Proposal, ...]
    songs: tuple[tuple[int, int], ...]

    @property
    def sentence(self) -> str:
        """Summarise what was found."""
        songs = counted(len(self.songs), "song")
        if not self.proposals:
            return f"Found {songs} and no talk outside of music."
        return f"Found {songs}; {counted(len(self.proposals), 'cut')} of talk proposed."

    def put_into(self, state: DocumentState) -> tuple[Edit, ...]:
        """Return the edits that put cuts and regions into a document; there are none if nothing is new.

        A song that mostly is a region already does not become another one.
        """
        label = f"Proposed {counted(len(self.proposals), 'cut')} of talk"
        cuts = replace_proposals(state, self.proposals, {}, label, kinds=(CUT.name,), makers=(BY_TALK,))
        spans = [
            NamedSpan(start, stop, f"{_SONG} {number}")
            for number, (start, stop) in enumerate(self.songs, 1)
            if not _is_named(state, (start, stop))
        ]
        regions = add_all(state, spans, f"Named {counted(len(spans), 'song')}")
        return tuple(edit for edit in (cuts, regions) if edit.changes)


@dataclass(frozen=True, slots=True, eq=False)
class HeardTalk:
    """Sounds of a document, and the talk among them."""

    heard: FoundSounds
    talk: FoundTalk


def hear_talk(request: SpanRequest, progress: Progress) -> HeardTalk:
    """Detect the sounds of a document, and find the talk outside of its songs.

    Raises
    ------
    UsageError : there is no recording yet, or the networks of voices are not installed
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    if not is_installed():
        raise UsageError(MISSING)
    heard = hear_sounds(request, progress)
    return HeardTalk(heard, find_talk(request.state, heard.sounds))


def find_talk(state: DocumentState, sounds: HeardSounds) -> FoundTalk:
    """Propose to cut the talk outside of songs, in a document whose sounds were detected."""
    found = songs_and_talk(voices_of(sounds, state.rate_hz))
    songs = tuple(_samples(state, song) for song in found.songs)
    return FoundTalk(tuple(_cut(state, one, found) for one in found.talk), songs)


def _is_named(state: DocumentState, song: tuple[int, int]) -> bool:
    for one in state.markers.values():
        shared = min(one.stop_samples, song[1]) - max(one.start_samples, song[0])
        longest = max(one.stop_samples - one.start_samples, song[1] - song[0])
        if one.is_region and shared > _MOSTLY * longest:
            return True
    return False


def _cut(state: DocumentState, talk: Talk, found: Rehearsal) -> Proposal:
    start, stop = _samples(state, (talk.start_s, talk.stop_s))
    long_s = talk.stop_s - talk.start_s
    least, most = _SCORES
    score = least + (most - least) * min(1.0, long_s / _LONG_S)
    reason = f"Talk of {long_s:.0f} s {_where(talk, found.songs)}."
    payload: dict[str, object] = {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}
    evidence = Evidence.STRONG if talk.is_sure and found.songs else Evidence.WEAK
    key = proposal_id(CUT.name, start, stop, BY_TALK)
    ways = _ways(state, talk, found.songs)
    return Proposal(
        key, CUT.name, start, stop, score, reason, BY_TALK, ways, payload, None, evidence=evidence
    )


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
