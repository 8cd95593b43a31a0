"""The songs of a day: cuts of talk, idle time and false starts, and a named region for each take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples
from engine.core.wording import counted, listed
from engine.document.analysis import DAY, StoredDay
from engine.document.edits.markers import NamedSpan
from engine.document.kinds.kind import CROSSFADE_MS
from engine.document.kinds.order import CUT
from engine.document.proposals import BY_DAY, Evidence, Proposal, proposal_id
from engine.document.settings import cut_settings
from engine.document.state import DocumentState
from engine.features.day.day import Day, SongTake, Span, numbered
from engine.features.day.stored import day_of
from engine.review.finders import Finder, FinderRequest, Found

LEAST_CUT_S = 3.0
"""Shorter idle time stays: it is the rest between two takes."""
_LONG_S = 60.0
_SCORES = {"talk": (0.5, 0.9), "idle": (0.6, 0.98), "false start": (0.6, 0.9)}
"""Scores of a short span, and of one of a minute or more."""
_MOSTLY = 0.5
FALSE_START_S = 45.0
"""A longer take that breaks off is practice."""


def find_day_edits(request: FinderRequest, progress: Progress) -> Found:
    """Propose to cut the time between takes, and name the takes that no region names yet."""
    progress.check_cancelled()
    state, stored = request.state, request.analyses.get(DAY)
    assert isinstance(stored, StoredDay), "the finder needs it"
    day = day_of(stored, state.rate_hz)
    cuts = tuple(sorted(_cuts(state, day), key=lambda one: one.start_samples))
    regions = [one for one in take_regions(state, day) if not _is_named(state, one)]
    return Found(cuts, summary(day, len(cuts)), {}, regions, {"songs": song_rows(day)})


def summary(day: Day, cuts: int) -> str:
    """Return the contents of a day in one sentence."""
    takes = sum(len(song.takes) for song in day.songs)
    found = [counted(len(day.songs), "song"), counted(takes, "take")]
    talk_s, idle_s = (sum(stop_s - start_s for start_s, stop_s in spans) for spans in (day.talk, day.idle))
    found += [
        f"{format_time(one, 0)} of {name}" for one, name in ((talk_s, "talk"), (idle_s, "idle time")) if one
    ]
    return f"Found {listed(found)}; {counted(cuts, 'cut')} proposed."


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


def _is_named(state: DocumentState, span: NamedSpan) -> bool:
    for one in state.markers.values():
        shared = min(one.stop_samples, span.stop_samples) - max(one.start_samples, span.start_samples)
        longest = max(one.stop_samples - one.start_samples, span.stop_samples - span.start_samples)
        if one.is_region and shared > _MOSTLY * longest:
            return True
    return False


def _cuts(state: DocumentState, day: Day) -> Iterator[Proposal]:
    played = [(take.start_s, take.stop_s) for song in day.songs for take in song.takes]
    for span in day.talk:
        yield _cut(state, span, "talk", f"Talk of {_length(span)} {_where(span, played)}.")
    for span in day.idle:
        if span[1] - span[0] >= LEAST_CUT_S:
            yield _cut(state, span, "idle", f"Idle time of {_length(span)} {_where(span, played)}.")
    for song in day.songs:
        for number, take in enumerate(song.takes):
            if (again := begins_again(song.takes, number)) is not None:
                at = format_time(again.start_s, 0)
                lasts = f"breaks off after {_length((take.start_s, take.stop_s))}"
                reason = f"False start of {song.name}: {lasts} and begins again at {at}."
                yield _cut(state, (take.start_s, take.stop_s), "false start", reason)


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


def _cut(state: DocumentState, span: Span, name: str, reason: str) -> Proposal:
    start, stop = _samples(state, span)
    least, most = _SCORES[name]
    score = least + (most - least) * min(1.0, (span[1] - span[0]) / _LONG_S)
    payload: dict[str, object] = {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}
    key = proposal_id(CUT.name, start, stop, BY_DAY)  # so that other crossfades are the same proposal
    evidence = Evidence.WEAK if name == "false start" else Evidence.STRONG
    return Proposal(key, CUT.name, start, stop, score, reason, BY_DAY, (), payload, None, evidence=evidence)


def _samples(state: DocumentState, span_s: Span) -> tuple[int, int]:
    start, stop = (min(s_to_samples(place_s, state.rate_hz), state.length_samples) for place_s in span_s)
    return start, stop


def _check(_request: FinderRequest) -> None:
    from engine.analysis.detection.voices import MISSING, is_installed

    if not is_installed():
        raise UsageError(MISSING)


DAY_FINDER = Finder(
    "Songs of the day",
    "Cuts talk, idle time and false starts, and names the takes of each song.",
    find_day_edits,
    needs=(DAY,),
    check=_check,
    maker=BY_DAY,
)
