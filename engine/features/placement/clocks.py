"""Places by stated times, and stated times compared with places by sound.

The statements of one clock differ from the timeline by one offset. It is measured where the sound gives a
place, and then holds for all files of the device.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from statistics import median

from engine.features.placement.positions import Position
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead, TimeField
from engine.recordings.stated.placements import Alternative, Basis, Contradiction, Objection, Reason
from engine.recordings.stated.start_time import EPOCH, Clock, TakeTime, take_length_s, take_times

_AGREE_S = 2.5
"""Seconds are stated whole, and devices take a moment to begin."""
_FILE_DATES_AGREE_S = 3.0
_QUARTER_S = 900.0
_NEAR_QUARTER_S = 60.0
_MOST_ZONE_S = 15 * 3600.0
_DAY_S = 86_400.0
_FAR_S = 12 * 3600.0
_SAME_DATE_S = 2.0
_BETWEEN_S = 1.0
_ZONES_H = range(-12, 15)
_APART_PPM = 100.0
"""How much the clock of the time of day may run apart from that of the samples, between two takes."""


class Clocks:
    """Stated times of takes, held against the takes whose places are known.

    Parameters
    ----------
    known : positions of the takes that sound relates to the origin
    """

    def __init__(
        self, takes: Sequence[Take], heads: Sequence[FileHead], known: Mapping[int, Position], rate_hz: int
    ) -> None:
        self._takes, self._heads, self._rate_hz = takes, heads, rate_hz
        self.times = take_times(takes, heads)
        self._known = dict(known)
        self._root = next((number for number, one in known.items() if one.reason is Reason.ORIGIN), 0)
        self._offsets = self._measured()
        self._usual = self._usual_offset_s()
        ends = {clock for clock in self._offsets if self._states_ends(clock)}
        for number, time in self.times.items():
            if time.clock in ends:
                self.times[number] = time.from_end(self._length_s(number))
        self._offsets = self._measured()
        self._usual = self._usual_offset_s()
        self._copied = _copied(takes, heads)
        self._undated = {clock for clock in self._offsets if self._has_impossible_dates(clock)}
        self._end_s = max((self._stop_s(number, one) for number, one in known.items()), default=0.0)
        self._begin_s = min((self._seconds(one) for one in known.values()), default=0.0)

    def _measured(self) -> dict[Clock, list[tuple[int, float]]]:
        """Return the offset of each clock at the takes that the sound places with certainty."""
        offsets: dict[Clock, list[tuple[int, float]]] = defaultdict(list)
        for number, position in self._known.items():
            time = self.times.get(number)
            if time is not None and position.is_certain:
                offsets[time.clock].append((number, self._seconds(position) - time.start_s))
        return dict(offsets)

    def _states_ends(self, clock: Clock) -> bool:
        """Return whether a device states the ends of its recordings, as some phones do."""
        starts = [offset for _, offset in self._offsets[clock]]
        ends = [offset + self._length_s(number) for number, offset in self._offsets[clock]]
        if len(starts) > 1:
            return max(ends) - min(ends) <= _AGREE_S < max(starts) - min(starts)
        if self._usual is None or not clock[1] or self._usual_is_utc:
            return False
        zones = [(offset - self._usual) % _QUARTER_S for offset in (*starts, *ends)]
        start_s, end_s = (min(zone, _QUARTER_S - zone) for zone in zones)
        return end_s <= _AGREE_S < start_s

    def _has_impossible_dates(self, clock: Clock) -> bool:
        """Return whether the dates of its files cannot be those of their ends: copies are made faster."""
        takes = sorted(
            (
                time.to_file_date_s + time.start_s + self._length_s(number),
                time.start_s,
                self._length_s(number),
            )
            for number, time in self.times.items()
            if time.clock == clock
        )
        return any(
            later - end < min(length, other) - _AGREE_S and abs(start - begin) >= min(length, other)
            for (end, begin, other), (later, start, length) in pairwise(takes)
        )

    def doubtfulness(self, number: int) -> tuple[bool, bool, int]:
        """Return a key that sorts takes: those with a measured clock first, then those with a time."""
        time = self.times.get(number)
        return time is None or time.clock not in self._offsets, time is None, number

    def contradictions(self, number: int, position: Position) -> Iterator[Contradiction]:
        """Yield the statements about a take that its place by sound contradicts."""
        time = self.times.get(number)
        yield from self.doubts(number)
        if time is None or self._usual is None or not time.was_set:
            return
        if time.states_end:
            text = f"Its {time.stated.field.value} is that of its end."
            yield Contradiction(Objection.STATES_THE_END, time.stated.field, self._length_s(number), text)
        found = _objection(time.start_s + self._usual - self._seconds(position), time)
        if found is not None:
            yield found

    def doubts(self, number: int) -> Iterator[Contradiction]:
        """Yield why times in the headers of a take are not believed."""
        for index in self._takes[number].files:
            head = self._heads[index]
            for stated in head.stated:
                if stated.field is TimeField.FILE_DATE and head.time is not None:
                    continue
                for doubt in stated.doubts:
                    text = f"Its {stated.field.value}, {stated.start:%Y-%m-%d %H:%M:%S}, is not plausible."
                    yield Contradiction(Objection(doubt.value), stated.field, 0.0, text)

    def held_against_device(self, number: int, position: Position) -> Position:
        """Return a place by sound; uncertain if the clock of its device, measured by other takes, differs."""
        time = self.times.get(number)
        if number == self._root or time is None or not position.is_certain:
            return position
        offsets = self._offsets[time.clock]
        own_s = self._seconds(position) - time.start_s
        others = [offset for one, offset in offsets if one != number]
        if not others or any(abs(offset - own_s) <= _AGREE_S for offset in others):
            return position
        off_s = median(others) - own_s
        text = f"By the clock of its device it began {_amount(off_s)} {'later' if off_s > 0 else 'earlier'}."
        doubted = position.doubted(Contradiction(Objection.CLOCK_DIFFERS, time.stated.field, off_s, text))
        start = (time.start_s + median(others)) * self._rate_hz
        place = Alternative(start, 0.0, time.basis, 0.4)
        return replace(doubted, alternatives=(*doubted.alternatives, place))

    def chosen(self, number: int, position: Position) -> Position:
        """Return a place by uncertain sound, or the one that agrees with the time of its device."""
        time = self.times.get(number)
        if position.is_certain or time is None:
            return position
        own = self._offsets.get(time.clock)
        is_comparable = time.was_set and time.clock[1] == self._usual_is_utc
        offset_s = median(offset for _, offset in own) if own else self._usual
        if offset_s is None or not (own or is_comparable):
            return position
        expected_s = time.start_s + offset_s
        at = Alternative(position.start_samples, position.drift_ppm, position.basis, position.confidence)
        near = [
            one
            for one in (at, *position.alternatives)
            if abs(one.start_samples / self._rate_hz - expected_s) <= _AGREE_S
        ]
        if not near and own:
            return self._without_sound(number, time, position)
        if not near:
            stated = Alternative(expected_s * self._rate_hz, 0.0, time.basis, 0.3)
            return replace(position, alternatives=(*position.alternatives, stated))
        if len(near) != 1 or near[0] == at:
            return position
        others = tuple(one for one in (at, *position.alternatives) if one != near[0])
        start, drift_ppm = near[0].start_samples, near[0].drift_ppm
        return replace(position, start_samples=start, drift_ppm=drift_ppm, alternatives=others)

    def _without_sound(self, number: int, time: TakeTime, position: Position) -> Position:
        """Return the place by the clock of the device; the places by uncertain sound are alternatives."""
        at = Alternative(position.start_samples, position.drift_ppm, position.basis, position.confidence)
        placed = self._by_own_clock(number, time)
        others = (*placed.alternatives, at, *position.alternatives)
        return replace(placed, is_certain=False, alternatives=others)

    def placed(self, number: int) -> Position:
        """Return the place of a take that no sound relates to the origin."""
        time = self.times.get(number)
        if time is not None and self._offsets.get(time.clock):
            position = self._by_own_clock(number, time)
        elif time is not None and time.was_set and self._usual is not None:
            position = self._by_other_clock(time)
        else:
            position = self._by_file_date(number)
        for doubt in {one.code: one for one in self.doubts(number)}.values():
            position = position.doubted(doubt)
        return self._near(number, position)

    def _by_own_clock(self, number: int, time: TakeTime) -> Position:
        """Place a take by a clock that the sound of other takes has measured, or that the origin has."""
        offsets = self._offsets[time.clock]
        offset_s = median(offset for _, offset in offsets)
        drift_ppm = median(self._known[one].drift_ppm for one, _ in offsets)
        accuracy_s = time.stated.accuracy_s
        if time.basis is Basis.TIME_REFERENCE:  # exact to the sample, so that the drift counts
            nearest, own_s = min(offsets, key=lambda one: abs(self.times[one[0]].start_s - time.start_s))
            apart_s = time.start_s - self.times[nearest].start_s
            offset_s = own_s + apart_s / (1.0 + drift_ppm / 1e6) - apart_s
            accuracy_s += abs(apart_s) * _APART_PPM / 1e6
        is_steady = all(abs(offset - offset_s) <= _AGREE_S for _, offset in offsets)
        is_origin = all(self._known[one].reason is Reason.ORIGIN for one, _ in offsets)
        is_exact = time.basis is Basis.TIME_REFERENCE
        # The file date confirms a time if it is as far from it as that of a known take.
        known = [one for one, _ in offsets]
        agrees = any(
            abs(self.times[one].to_file_date_s - time.to_file_date_s) <= _FILE_DATES_AGREE_S for one in known
        )
        agrees = agrees or (is_exact and time.clock in self._undated)
        position = Position(
            (time.start_s + offset_s) * self._rate_hz,
            drift_ppm,
            time.basis,
            0.95 if agrees and is_steady else 0.8 if is_steady else 0.5,
            agrees and is_steady and time.stated.is_plausible,
            Reason.SAME_CLOCK if is_origin else Reason.CLOCK_BY_SOUND,
            accuracy_s=accuracy_s,
        )
        return position if agrees else self._with_file_date(number, time, position)

    def _by_other_clock(self, time: TakeTime) -> Position:
        """Place a take by a clock that nothing compares with the others."""
        assert self._usual is not None
        start_s = time.start_s + self._usual
        zones: list[int] = []
        if time.clock[1] != self._usual_is_utc:
            zones = self._likely_zones(time.clock)
            start_s += 3600.0 * zones[0]
        others = tuple(
            Alternative((start_s + 3600.0 * (zone - zones[0])) * self._rate_hz, 0.0, time.basis, 0.2)
            for zone in zones[1:]
        )
        position = Position(
            start_s * self._rate_hz,
            0.0,
            time.basis,
            0.3 if zones else 0.5,
            False,
            Reason.OTHER_CLOCK,
            alternatives=others,
            accuracy_s=time.stated.accuracy_s,
        )
        if zones and zones[0]:
            text = "It states UTC and the others local time, so that whole hours were added."
            found = Contradiction(Objection.WHOLE_HOURS, time.stated.field, -3600.0 * zones[0], text)
            position = position.doubted(found)
        return position

    def _likely_zones(self, clock: Clock) -> list[int]:
        """Return zones in hours; the first brings the takes of a clock nearest to the known ones."""
        assert self._usual is not None
        starts = [time.start_s + self._usual for time in self.times.values() if time.clock == clock]
        lengths = [self._length_s(number) for number, time in self.times.items() if time.clock == clock]

        def away_s(zone: int) -> float:
            pairs = zip(starts, lengths, strict=True)
            return sum(self._gap_s(start + 3600.0 * zone, length) for start, length in pairs)

        order = sorted(_ZONES_H, key=lambda zone: (away_s(zone), abs(zone)))
        return order[:3]

    def _by_file_date(self, number: int) -> Position:
        """Place a take by the date of its file, where those of known takes can be compared."""
        nothing = Position(0.0, 0.0, Basis.ORDER, 0.1, False, Reason.NOTHING_KNOWN)
        own = _file_start_s(self._takes[number], self._heads)
        known = self._known.get(self._root)
        of_root = _file_start_s(self._takes[self._root], self._heads)
        if own is None or of_root is None or known is None:
            return nothing
        if number in self._copied or self._root in self._copied:
            text = "Its file date is that of other files, too, as copies have it."
            return nothing.doubted(Contradiction(Objection.COPIED_DATES, TimeField.FILE_DATE, 0.0, text))
        start_s = self._seconds(known) + own - of_root
        start = start_s * self._rate_hz
        return Position(start, 0.0, Basis.FILE_DATE, 0.3, False, Reason.FILE_DATE, accuracy_s=2.0)

    def _near(self, number: int, position: Position) -> Position:
        """Return a place; one that is days away follows the others, and the stated one is an alternative."""
        gap_s = self._gap_s(self._seconds(position), self._length_s(number))
        if gap_s <= _FAR_S:
            self._end_s = max(self._end_s, self._stop_s(number, position))
            return position
        stated = Alternative(position.start_samples, 0.0, position.basis, position.confidence)
        field = self.times[number].stated.field if number in self.times else TimeField.FILE_DATE
        text = f"Its {field.value} is {gap_s / 3600.0:,.0f} hours away from the other recordings."
        start_s = self._end_s + _BETWEEN_S
        self._end_s = start_s + self._length_s(number)
        after = Position(start_s * self._rate_hz, 0.0, Basis.ORDER, 0.2, False, Reason.AFTER_OTHERS)
        after = replace(after, contradictions=position.contradictions, alternatives=(stated,))
        return after.doubted(Contradiction(Objection.OTHER_DAY, field, gap_s, text))

    def _gap_s(self, start_s: float, length_s: float) -> float:
        """Return how far a span is from that of the known takes."""
        return max(0.0, self._begin_s - start_s - length_s, start_s - self._end_s)

    def _with_file_date(self, number: int, time: TakeTime, position: Position) -> Position:
        """Add a contradiction where the file dates of the other takes of this clock agree with each other."""
        differences = [
            other.to_file_date_s
            for one, other in self.times.items()
            if one != number and other.clock == time.clock
        ]
        usual = Counter(round(value / _FILE_DATES_AGREE_S) for value in differences).most_common(1)
        if not usual or usual[0][1] < 2:
            return position
        off_s = usual[0][0] * _FILE_DATES_AGREE_S - time.to_file_date_s
        if abs(off_s) <= 2 * _FILE_DATES_AGREE_S:
            return position
        text = f"By the date of its file it began {_amount(off_s)} {'earlier' if off_s > 0 else 'later'}."
        return position.doubted(
            Contradiction(Objection.FILE_DATE_DISAGREES, TimeField.FILE_DATE, off_s, text)
        )

    def _usual_offset_s(self) -> float | None:
        """Return the offset of the clock that most known takes agree with; that of the origin if equal."""
        every = [
            (offset, number == self._root, clock[1])
            for clock, offsets in self._offsets.items()
            for number, offset in offsets
            if self.times[number].was_set
        ]
        local = [one for one in every if not one[2]]
        self._usual_is_utc = not local

        def support(one: tuple[float, bool, bool]) -> tuple[int, bool]:
            apart = [abs(one[0] - other[0]) for other in local or every]
            zones = [(one[0] - other[0]) % _QUARTER_S for other in every if local and other[2]]
            apart += [min(zone, _QUARTER_S - zone) for zone in zones]
            return sum(value <= _AGREE_S for value in apart), one[1]

        return max(local or every, key=support)[0] if every else None

    def _seconds(self, position: Position) -> float:
        return position.start_samples / self._rate_hz

    def _length_s(self, number: int) -> float:
        return take_length_s(self._takes[number], self._heads)

    def _stop_s(self, number: int, position: Position) -> float:
        return self._seconds(position) + self._length_s(number)


def _file_start_s(take: Take, heads: Sequence[FileHead]) -> float | None:
    """Return the start of a take by the date of its first file; None where it is not plausible."""
    stated = heads[take.files[0]].file_time
    if stated is None or not stated.is_plausible:
        return None
    return (stated.start - EPOCH) / timedelta(seconds=1)


def _copied(takes: Sequence[Take], heads: Sequence[FileHead]) -> frozenset[int]:
    """Return the takes whose file has the date of a file of another take."""
    ends = sorted(
        ((stated.start - EPOCH).total_seconds() + heads[take.files[0]].duration_s, number)
        for number, take in enumerate(takes)
        if (stated := heads[take.files[0]].file_time) is not None
    )
    found: set[int] = set()
    for (one_s, one), (other_s, other) in pairwise(ends):
        if other_s - one_s <= _SAME_DATE_S:
            found |= {one, other}
    return frozenset(found)


def _objection(off_s: float, time: TakeTime) -> Contradiction | None:
    """Return how a stated time differs from the place by sound; None where they agree."""
    around_s = off_s - round(off_s / _QUARTER_S) * _QUARTER_S
    if abs(off_s) <= _AGREE_S:
        return None
    code, as_in = Objection.CLOCK_DIFFERS, ""
    if abs(off_s) >= _MOST_ZONE_S:
        code = Objection.OTHER_DAY
    elif abs(around_s) <= _NEAR_QUARTER_S and abs(off_s) >= _QUARTER_S:
        code, as_in = Objection.WHOLE_HOURS, ", as in another time zone"
    text = f"Its {time.stated.field.value} differs by {_amount(off_s)} from its place by sound{as_in}."
    return Contradiction(code, time.stated.field, off_s, text)


def _amount(seconds: float) -> str:
    """Return a difference of times in the unit that fits."""
    size = abs(seconds)
    if size >= 2 * _DAY_S:
        return f"{size / _DAY_S:,.0f} days"
    if size >= 2 * 3600.0:
        return f"{size / 3600.0:.1f} hours"
    return f"{size / 60.0:.1f} minutes" if size >= 120.0 else f"{size:.1f} s"
