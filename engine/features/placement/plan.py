"""Propose where recordings of one day are placed, from their headers, names and sound.

Takes of different devices are compared by sound, the longest first. Places that one device cannot have
recorded, two files at once or against its own timecode, become alternatives. The recording that places are
counted from needs evidence that it belongs to the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from functools import partial
from itertools import combinations
from pathlib import Path

from engine.core.progress import SILENT, Progress
from engine.core.side_by_side import side_by_side
from engine.features.placement.by_sound import SoundMatch, match_sounds
from engine.features.placement.clocks import Clocks
from engine.features.placement.known import NOTHING_KNOWN, Known
from engine.features.placement.positions import (
    ORIGIN,
    Group,
    Guess,
    Pair,
    Position,
    contested,
    groups_by_sound,
    sentence_of,
    with_guesses,
)
from engine.features.placement.sounds import Envelope, Floats, TakeSound, envelope_of
from engine.features.placement.tracks import on_tracks
from engine.recordings.stated.continuations import Link, LinkReason, Take, takes_and_guesses
from engine.recordings.stated.file_head import FileHead, with_timecode
from engine.recordings.stated.names import NumberedName, numbered, of_one_track
from engine.recordings.stated.placements import (
    Basis,
    Contradiction,
    Mode,
    Objection,
    PlacedTrack,
    Placement,
    Placements,
    Reason,
)
from engine.recordings.stated.start_time import TakeTime, take_length_s, take_times

_FAINT = (Reason.FAINT_SOUND, Reason.SIMILAR_RISES)


class Backing(IntEnum):
    """How surely the origin of a group belongs to the other recordings; more is better."""

    NOTHING = 0
    """A stray memo is as likely."""
    MAYBE = 1
    """A time of its own, or an uncertain link to another recording."""
    SURE = 2
    """Its sound, its clock or a file of the same press of Record."""


def origin_backing(
    group: Group, guessed: Collection[int], takes: Sequence[Take], times: Mapping[int, TakeTime]
) -> Backing:
    """Return how surely the origin of a group is related to other recordings.

    Parameters
    ----------
    guessed : takes whose place in the group depends on a guess
    times : of the takes that state one, by their numbers
    """
    origin = next((number for number, one in group.items() if one.reason is Reason.ORIGIN), min(group))
    others = {number: one for number, one in group.items() if number != origin}
    own = times.get(origin)
    shares_clock = own is not None and any(
        number != origin and time.clock == own.clock for number, time in times.items()
    )
    has_sure = any(one.is_certain and number not in guessed for number, one in others.items())
    if has_sure or shares_clock or len(takes[origin].files) > 1:
        return Backing.SURE
    has_link = any(number in guessed or one.reason not in _FAINT for number, one in others.items())
    return Backing.MAYBE if has_link or (own is not None and own.was_set) else Backing.NOTHING


_AGREE_S, _MOST_PPM = 2.5, 500.0
_MOST_OVERLAP = 0.5
"""Share of the shorter take."""


def one_at_a_time(
    takes: Sequence[Take], heads: Sequence[FileHead], rate_hz: int, places: Mapping[int, Position]
) -> bool:
    """Return whether takes can be at some places.

    Takes of one device do not sound together if their names differ in counters only, and they are as far from
    each other as their time references, which are exact.
    """
    times = take_times(takes, heads)
    for first, second in combinations(sorted(places), 2):
        if takes[first].device != takes[second].device:
            continue
        apart_s = (places[second].start_samples - places[first].start_samples) / rate_hz
        lengths_s = [take_length_s(takes[one], heads) for one in (first, second)]
        shared_s = min(apart_s + lengths_s[1], lengths_s[0]) - max(apart_s, 0.0)
        if _share_a_track(takes[first], takes[second], heads) and shared_s > min(
            _AGREE_S, _MOST_OVERLAP * min(lengths_s)
        ):
            return False
        one, other = times.get(first), times.get(second)
        if one is None or other is None or one.clock != other.clock:
            continue
        are_exact = one.basis is other.basis is Basis.TIME_REFERENCE and one.was_set and other.was_set
        stated_s = other.start_s - one.start_s
        if are_exact and abs(stated_s - apart_s) > _AGREE_S + _MOST_PPM / 1e6 * abs(apart_s):
            return False
    return True


def _share_a_track(first: Take, second: Take, heads: Sequence[FileHead]) -> bool:
    """Return whether a file of each may be of one track, by their names."""
    names = [[numbered(heads[index].path.stem) for index in take.files] for take in (first, second)]
    return any(of_one_track(one, other) for one in names[0] for other in names[1])


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


_USUAL_RATE_HZ = 48_000
_JOINS = (
    LinkReason.JOINS_EXACTLY,
    LinkReason.SPLIT_AT_LIMIT,
    LinkReason.EQUAL_LENGTHS,
    LinkReason.NEXT_NUMBER,
)
_AS_CHOSEN = Position(0.0, 0.0, Basis.ORDER, 1.0, True, Reason.CHOSEN)


def propose_places(
    heads: Sequence[FileHead],
    mode: Mode = Mode.AUTO,
    *,
    rate_hz: int = 0,
    media: Mapping[Path, Path] | None = None,
    progress: Progress = SILENT,
    known: Known = NOTHING_KNOWN,
) -> Placements:
    """Propose a track and a start for each of some files.

    Sound is compared only with `Mode.AUTO` and `Mode.SOUND`, and only between devices. Without it nothing is
    decoded.

    Parameters
    ----------
    heads : as `read_heads` returns them
    rate_hz : of the document, or 0 for the highest rate of the files
    media : files to read in place of the originals, such as their decoded copies
    known : the document that the files are for; its clips stay, and places are counted from its start

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    rate_hz = rate_hz or max((head.rate_hz for head in heads), default=0) or _USUAL_RATE_HZ
    if mode is Mode.ZERO or not heads:
        return _at_zero(heads, rate_hz, mode, known)
    heads = with_timecode((*(file.head for file in known.files), *heads))
    added = heads[len(known.files) :]
    takes, links = takes_and_guesses(heads)
    fixed = known.of_takes(takes, rate_hz)
    is_by_sound = mode in (Mode.AUTO, Mode.SOUND)
    matches = sound_matches(takes, heads, rate_hz, media or {}, progress, fixed) if is_by_sound else {}
    weights = [take_length_s(take, heads) * len(take.files) for take in takes]
    is_possible = partial(one_at_a_time, takes, heads, rate_hz)
    groups, left_out = groups_by_sound(len(takes), weights, matches, rate_hz, fixed, is_possible)
    is_by_time = mode in (Mode.AUTO, Mode.TIME)
    times = take_times(takes, heads) if is_by_time else {}
    clock_of = {one: time.clock for one, time in times.items()}
    joined, guessed = with_guesses(groups, _guesses(takes, links, rate_hz), clock_of, fixed)
    backed = partial(origin_backing, guessed=guessed, takes=takes, times=times)
    joined.sort(key=lambda group: -sum(weights[take] for take in group))
    joined.sort(key=lambda group: (fixed.keys().isdisjoint(group), -backed(group)))
    if mode is Mode.AFTER:
        of_takes = _one_after_another(joined, takes, heads, rate_hz, known)
    else:
        of_takes = _related(takes, heads, joined, guessed, rate_hz, is_by_time=is_by_time)
        if not fixed and len(takes) > 1 and backed(joined[0]) is Backing.NOTHING:
            of_takes = [_unrelated(one) if one.reason is Reason.ORIGIN else one for one in of_takes]
        of_takes = contested(of_takes, matches, left_out, rate_hz)
    own = _of_files(takes, heads, of_takes, rate_hz)[len(known.files) :]
    positions = [*(file.position for file in known.files), *own]
    found = on_tracks(heads, takes, positions, rate_hz, known)
    return _proposed(added, found.positions[len(known.files) :], found.tracks, rate_hz, mode, known)


def _at_zero(heads: Sequence[FileHead], rate_hz: int, mode: Mode, known: Known) -> Placements:
    """Place each file at the start, on a track of its own."""
    own = (PlacedTrack(head.path.stem, (index,)) for index, head in enumerate(heads))
    return _proposed(heads, [_AS_CHOSEN] * len(heads), (*known.tracks, *own), rate_hz, mode, known)


def _guesses(takes: Sequence[Take], links: Sequence[Link], rate_hz: int) -> list[Guess]:
    """Return uncertain links between files as links between their takes."""
    take_of = {index: number for number, take in enumerate(takes) for index in take.files}
    starts = {
        index: start for take in takes for index, start in zip(take.files, take.starts_samples, strict=True)
    }
    found = []
    for link in links:
        first, second = take_of[link.first], take_of[link.second]
        offset = starts[link.first] + link.offset_samples - starts[link.second]
        samples = offset / (takes[first].rate_hz or 1) * rate_hz
        basis = Basis.CONTINUATION if link.reason in _JOINS else None
        found.append(Guess(first, second, samples, basis, link.confidence, Reason(link.reason.value)))
    return found


def _one_after_another(
    groups: Sequence[Group], takes: Sequence[Take], heads: Sequence[FileHead], rate_hz: int, known: Known
) -> list[Position]:
    """Return positions of groups in the order of their first takes; that of the document stays."""
    found: Group = {}
    start = known.end_samples
    if known.files:
        found |= groups[0]
        start = max(start, *(_stop(one, takes, heads, groups[0], rate_hz) for one in groups[0]))
    for group in sorted(groups[1:] if known.files else groups, key=min):
        earliest = min(one.start_samples for one in group.values())
        for number, one in group.items():
            origin = _AS_CHOSEN if one.reason is Reason.ORIGIN else one
            found[number] = replace(origin, start_samples=float(round(start + one.start_samples - earliest)))
        start = max(_stop(one, takes, heads, found, rate_hz) for one in group)
    return [found[number] for number in range(len(takes))]


def _stop(
    number: int, takes: Sequence[Take], heads: Sequence[FileHead], positions: Group, rate_hz: int
) -> float:
    return positions[number].start_samples + take_length_s(takes[number], heads) * rate_hz


def _related(
    takes: Sequence[Take],
    heads: Sequence[FileHead],
    groups: Sequence[Group],
    guessed: frozenset[int],
    rate_hz: int,
    *,
    is_by_time: bool,
) -> list[Position]:
    """Return the position of each take: by sound in the first group, the other groups by their times."""
    clocks = Clocks(takes, heads, groups[0], rate_hz)
    found: dict[int, Position] = {}
    for number, by_sound in groups[0].items():
        if by_sound.basis is Basis.DOCUMENT and by_sound.reason is Reason.ORIGIN:
            found[number] = by_sound
            continue
        position, told = by_sound, clocks.doubts(number)
        if number not in guessed:
            position = clocks.held_against_device(number, clocks.chosen(number, by_sound))
            told = clocks.contradictions(number, position)
        is_timed = position.basis is Basis.ORDER and number in clocks.times
        basis = clocks.times[number].basis if is_timed else position.basis
        found[number] = replace(position, basis=basis, contradictions=(*position.contradictions, *told))
    for group in groups[1:]:
        pivot = min(group, key=clocks.doubtfulness)
        nothing = Position(0.0, 0.0, Basis.ORDER, 0.1, False, Reason.NOTHING_KNOWN)
        placed = clocks.placed(pivot) if is_by_time else nothing
        for number, position in group.items():
            by_samples = position.start_samples - group[pivot].start_samples
            is_alone = len(group) == 1
            evidence = position if number in guessed and number != pivot else placed
            found[number] = replace(
                placed.moved(by_samples),
                basis=evidence.basis,
                reason=evidence.reason,
                drift_ppm=placed.drift_ppm + position.drift_ppm - group[pivot].drift_ppm,
                is_certain=placed.is_certain and (is_alone or position.is_certain),
                confidence=min(placed.confidence, position.confidence),
            )
    return [found[number] for number in range(len(takes))]


def _unrelated(origin: Position) -> Position:
    text = "Neither its sound nor a time relates it to another recording: check that it belongs to them."
    return origin.doubted(Contradiction(Objection.UNRELATED, None, 0.0, text))


def _of_files(
    takes: Sequence[Take], heads: Sequence[FileHead], of_takes: Sequence[Position], rate_hz: int
) -> list[Position]:
    """Return the position of each file from that of its take."""
    found = [ORIGIN] * len(heads)
    for take, position in zip(takes, of_takes, strict=True):
        for index, start, link in zip(take.files, take.starts_samples, take.links, strict=True):
            offset = start / (take.rate_hz or 1) * rate_hz / (1.0 + position.drift_ppm / 1e6)
            own = position.moved(offset)
            found[index] = own if link is None else _linked(own, link)
    return found


def _linked(position: Position, link: Link) -> Position:
    """Return the position of a file that another one of its take gives."""
    basis = Basis.CONTINUATION if link.reason in _JOINS else position.basis
    confidence = min(position.confidence, link.confidence)
    return replace(position, basis=basis, reason=Reason(link.reason.value), confidence=confidence)


def _proposed(
    heads: Sequence[FileHead],
    positions: Sequence[Position],
    tracks: Sequence[PlacedTrack],
    rate_hz: int,
    mode: Mode,
    known: Known,
) -> Placements:
    """Return places counted from the earliest file, or from the start of the document."""
    track_of = {index: number for number, track in enumerate(tracks) for index in track.files}
    first = 0.0 if known.tracks else min((one.start_samples for one in positions), default=0.0)
    files = []
    for index, (head, position) in enumerate(zip(heads, positions, strict=True)):
        one = _within_timeline(position, head, rate_hz) if known.tracks else position
        alternatives = tuple(
            replace(other, start_samples=other.start_samples - first) for other in one.alternatives
        )
        files.append(
            Placement(
                head.path,
                track_of[index],
                one.start_samples - first,
                one.drift_ppm,
                one.basis,
                one.confidence,
                one.is_certain,
                one.reason,
                sentence_of(one, head),
                tuple(dict.fromkeys(one.contradictions)),
                tuple(sorted(alternatives, key=lambda other: -other.confidence)),
                one.accuracy_s,
            )
        )
    return Placements(rate_hz, mode, tuple(files), tuple(tracks), known.clips)


def _within_timeline(position: Position, head: FileHead, rate_hz: int) -> Position:
    """Return a place in a document; uncertain if it begins before the document does."""
    early_s = -position.start_samples / rate_hz
    if early_s <= 0.0:
        return position
    is_out = head.duration_s > 0.0 and early_s >= head.duration_s
    put = "so that it was put at the start" if is_out else "so that this part is left out"
    text = f"It begins {early_s:.3f} s before the timeline does, {put}."
    found = position.doubted(Contradiction(Objection.BEFORE_TIMELINE, None, -early_s, text))
    return replace(found, start_samples=0.0, basis=Basis.ORDER) if is_out else found
