"""The songs of a day: cuts of talk, idle time and false starts, and a named region for each take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.analysis.detection.voices import require_installed
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples
from engine.core.wording import counted, listed
from engine.document.analysis import DAY, StoredDay
from engine.document.edits.markers import NamedSpan, is_named
from engine.document.proposals import BY_DAY, Evidence, Proposal
from engine.document.state import DocumentState
from engine.features.day.day import Day, DayKind, SongTake, Span, numbered
from engine.features.day.stored import day_of
from engine.features.taste.finders import PausesSettings, find_pauses
from engine.review.finders import Finder, FinderRequest, Found

LEAST_CUT_S = 3.0
"""Shorter idle time stays: it is the rest between two takes."""
_LONG_S = 60.0
_SCORES = {"talk": (0.5, 0.9), "idle": (0.6, 0.98), "false start": (0.6, 0.9)}
"""Scores of a short span, and of one of a minute or more."""
_PAUSES = PausesSettings(longer_than_s=1.5, leave_s=0.6)
"""Of interviews: shorter pauses are the rhythm of talk."""
FALSE_START_S = 45.0
"""A longer take that breaks off is practice."""


def find_day_edits(request: FinderRequest, progress: Progress) -> Found:
    """Propose to cut the time between takes, and name the takes that no region names yet.

    The talk of an interview stays: its pauses are shortened instead.
    """
    progress.check_cancelled()
    state, stored = request.state, request.analyses.get(DAY)
    assert isinstance(stored, StoredDay), "the finder needs it"
    day = day_of(stored, state.rate_hz)
    regions: list[NamedSpan] = []
    if day.kind is DayKind.INTERVIEW:
        cuts = tuple(find_pauses(replace(request, settings=_PAUSES), progress).proposals)
    else:
        cuts = tuple(sorted(_cuts(request, day), key=lambda one: one.start_samples))
        regions = [one for one in take_regions(state, day) if not is_named(state, one)]
    return Found(cuts, summary(day, len(cuts)), {}, regions, {"kind": str(day.kind), "songs": song_rows(day)})


def summary(day: Day, cuts: int) -> str:
    """Return the contents of a day in one sentence."""
    talk_s, idle_s = (sum(stop_s - start_s for start_s, stop_s in spans) for spans in (day.talk, day.idle))
    if day.kind is DayKind.INTERVIEW:
        return f"Interview: {format_time(talk_s, 0)} of talk stays; {counted(cuts, 'pause')} to shorten."
    if not day.songs and not cuts:
        return "No songs were found, so nothing is proposed."
    takes = sum(len(song.takes) for song in day.songs)
    found = [counted(len(day.songs), "song"), counted(takes, "take")]
    found += [
        f"{format_time(one, 0)} of {name}" for one, name in ((talk_s, "talk"), (idle_s, "idle time")) if one
    ]
    kind = f"{day.kind.noun.capitalize()}: found" if day.kind is DayKind.DRUMS else "Found"
    return f"{kind} {listed(found)}; {counted(cuts, 'cut')} proposed."


def song_rows(day: Day) -> list[dict[str, object]]:
    """Return the songs as plain JSON values."""
    return [
        {
            "name": song.name,
            "start_s": song.takes[0].start_s,
            "stop_s": song.takes[-1].stop_s,
            "is_known": song.is_known,
            "takes": [
                {
                    "start_s": take.start_s,
                    "stop_s": take.stop_s,
                    "is_complete": take.is_complete,
                    "semitones": take.semitones,
                    "speed": take.speed,
                }
                for take in song.takes
            ],
        }
        for song in day.songs
    ]


def take_regions(state: DocumentState, day: Day) -> Iterator[NamedSpan]:
    """Yield a region for each take, such as "Song 2 – take 1"."""
    for song in day.songs:
        for number, take in enumerate(song.takes, 1):
            start, stop = _samples(state, (take.start_s, take.stop_s))
            yield NamedSpan(start, stop, numbered(song.name, number, len(song.takes)))


def _cuts(request: FinderRequest, day: Day) -> Iterator[Proposal]:
    played = [(take.start_s, take.stop_s) for song in day.songs for take in song.takes]
    for span in day.talk:
        yield _cut(request, span, "talk", f"Talk of {_length(span)} {_where(span, played)}.")
    for span in day.idle if played else ():  # without a song, it may be the recording itself
        if span[1] - span[0] >= LEAST_CUT_S:
            yield _cut(request, span, "idle", f"Idle time of {_length(span)} {_where(span, played)}.")
    for song in day.songs:
        for number, take in enumerate(song.takes):
            if (again := begins_again(song.takes, number)) is not None:
                at = format_time(again.start_s, 0)
                lasts = f"breaks off after {_length((take.start_s, take.stop_s))}"
                reason = f"False start of {song.name}: {lasts} and begins again at {at}."
                yield _cut(request, (take.start_s, take.stop_s), "false start", reason)


def begins_again(takes: Sequence[SongTake], number: int) -> SongTake | None:
    """Return the take that repeats a false start; None for a take that is not one."""
    take = takes[number]
    if take.is_complete or take.stop_s - take.start_s > FALSE_START_S or number + 1 == len(takes):
        return None
    after = takes[number + 1]
    return after if after.stop_s - after.start_s > take.stop_s - take.start_s else None


def _length(span: Span) -> str:
    return format_time(span[1] - span[0], 0) if span[1] - span[0] >= _LONG_S else f"{span[1] - span[0]:.0f} s"


def _where(span: Span, played: Sequence[Span]) -> str:
    if not played:
        return "without a song near it"
    before = sum(stop_s <= span[0] + 1.0 for _, stop_s in played)
    if before == 0:
        return "before the first song"
    return "after the last song" if before == len(played) else "between two takes"


def _cut(request: FinderRequest, span: Span, name: str, reason: str) -> Proposal:
    least, most = _SCORES[name]
    score = least + (most - least) * min(1.0, (span[1] - span[0]) / _LONG_S)
    evidence = Evidence.WEAK if name == "false start" else Evidence.STRONG
    return request.cut(*_samples(request.state, span), score, reason, (), evidence)


def _samples(state: DocumentState, span_s: Span) -> tuple[int, int]:
    start, stop = (min(s_to_samples(place_s, state.rate_hz), state.length_samples) for place_s in span_s)
    return start, stop


DAY_FINDER = Finder(
    "Songs of the day",
    "Cuts talk, idle time and false starts, and names the takes of each song; shortens pauses of interviews.",
    find_day_edits,
    needs=(DAY, "listening"),
    check=lambda _request: require_installed(),
    maker=BY_DAY,
)
