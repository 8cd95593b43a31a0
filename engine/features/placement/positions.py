"""Places of takes relative to each other, from the pairs that their sound relates, each with its sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.analysis.signal.second_recorder import SecondRecorder
from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.features.placement.by_sound import SoundMatch
from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.placements import Alternative, Basis, Contradiction, Objection, Reason

Pair = tuple[int, int]
Group = dict[int, "Position"]
"""Positions of takes that evidence relates, by their numbers."""

_SAME_PLACE_S, _HOUR_S = 0.005, 3600.0
_LEAST_CONFIDENCE = 0.5
"""Of a place that only rises support."""
_OUTWEIGHED = 0.25
"""A pair with this share of the evidence of the others cannot make their place uncertain."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The place of one take relative to another one by an uncertain link.

    Attributes
    ----------
    offset_samples : from the start of the first to that of the second, by the clock of the first, at the
        rate of the timeline
    """

    first: int
    second: int
    offset_samples: float
    basis: Basis | None
    confidence: float
    reason: Reason

    def turned(self) -> Guess:
        """Return it from its second take to its first."""
        return replace(self, first=self.second, second=self.first, offset_samples=-self.offset_samples)


@dataclass(frozen=True, slots=True)
class Position:
    """Place of one take: its start and clock on the timeline, and why.

    Attributes
    ----------
    start_samples : at the rate of the timeline, relative to the origin
    drift_ppm : of its clock relative to the timeline
    accuracy_s : how exact its evidence is, if it is true
    """

    start_samples: float
    drift_ppm: float
    basis: Basis
    confidence: float
    is_certain: bool
    reason: Reason
    contradictions: tuple[Contradiction, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    accuracy_s: float = 0.0

    def moved(self, by_samples: float) -> Position:
        """Return it and its alternatives at a later place."""
        alternatives = tuple(
            replace(one, start_samples=one.start_samples + by_samples) for one in self.alternatives
        )
        return replace(self, start_samples=self.start_samples + by_samples, alternatives=alternatives)

    def doubted(self, contradiction: Contradiction) -> Position:
        """Return it as uncertain for a reason."""
        return replace(
            self,
            is_certain=False,
            confidence=min(self.confidence, 0.5),
            contradictions=(*self.contradictions, contradiction),
        )


ORIGIN = Position(0.0, 0.0, Basis.ORDER, 1.0, True, Reason.ORIGIN)


def groups_by_sound(
    count: int,
    lengths: Sequence[float],
    matches: Mapping[Pair, SoundMatch],
    rate_hz: int,
    known: Mapping[int, Position] = MappingProxyType({}),
    is_possible: Callable[[Mapping[int, Position]], bool] = lambda _: True,
) -> tuple[list[dict[int, Position]], tuple[Pair, ...]]:
    """Group takes that sound relates, each group with positions relative to one of its takes.

    That is the longest of those that a certain pair relates, else the longest of all. The strongest pairs are
    followed first; those left over are compared with the result.

    Parameters
    ----------
    lengths : samples of each take, times its tracks
    known : takes whose places are given; they are one group, and the others in it are relative to them
    is_possible : whether takes can be at some places; a pair that leads to others is left out

    Returns
    -------
    groups : the one with most sound first; a take alone is also a group
    left_out : pairs that would relate takes in a way that is not possible
    """
    usable = {
        pair: one
        for pair, one in matches.items()
        if one.best.agreeing or one.best.confidence >= _LEAST_CONFIDENCE
    }
    order = sorted(usable, key=lambda pair: _strength(usable[pair]), reverse=True)
    tree: dict[int, list[Pair]] = {}
    sure_of = group_of = [min(known) if take in known else take for take in range(count)]
    left_out: list[Pair] = []
    for pair in order:
        first, second = (group_of[one] for one in pair)
        if first != second:
            joined = {one: [*tree.get(one, ()), *([pair] if one in pair else ())] for one in range(count)}
            roots = {one: known[one] for one in known if group_of[one] in (first, second)} or {
                pair[0]: ORIGIN
            }
            if not is_possible(_spread(roots, joined, usable)):
                left_out.append(pair)
                continue
            group_of = [first if one == second else one for one in group_of]
            sure_of = group_of if usable[pair].is_certain else sure_of  # certain pairs come first
            for take in pair:
                tree.setdefault(take, []).append(pair)
    members: dict[int, list[int]] = {}
    for take, group in enumerate(group_of):
        members.setdefault(group, []).append(take)
    found = []
    for takes in members.values():
        longest = max(takes, key=lambda take: (sure_of.count(sure_of[take]) > 1, lengths[take], -take))
        roots = {take: known[take] for take in takes if take in known} or {longest: ORIGIN}
        found.append(_checked(_spread(roots, tree, usable), usable, rate_hz))
    groups = sorted(found, key=lambda group: -sum(lengths[take] for take in group))
    return groups, tuple(pair for pair in left_out if usable[pair].best.agreeing)


def contested(
    placed: Sequence[Position], matches: Mapping[Pair, SoundMatch], pairs: Sequence[Pair], rate_hz: int
) -> list[Position]:
    """Return places of takes; those that a pair left out places differently are uncertain, with its place."""
    found = list(placed)
    for pair in pairs:
        for take, other in (pair, pair[::-1]):
            expected = _beside(placed[other], matches[pair], is_first=other == pair[0])
            off_s = (expected.start_samples - placed[take].start_samples) / rate_hz
            if abs(off_s) > _SAME_PLACE_S and placed[take].basis is not Basis.DOCUMENT:
                doubted = _doubted(found[take], expected, off_s)
                reason = found[take].reason
                found[take] = replace(doubted, reason=reason) if reason is Reason.ORIGIN else doubted
    return found


def with_guesses(
    groups: Sequence[Group],
    guesses: Sequence[Guess],
    clock_of: Mapping[int, object],
    fixed: Collection[int] = (),
) -> tuple[list[Group], frozenset[int]]:
    """Join groups that neither sound nor the times of one clock relate, by uncertain links.

    Parameters
    ----------
    guesses : those to be believed first come first
    clock_of : of the takes that state a time; a clock relates all takes that state its time, and those that
        the sound relates to them. A guess between two takes of one clock was held against it already
    fixed : takes whose places are given; they are in one group, which stays

    Returns
    -------
    groups : in the order of the first of those that each is made of
    guessed : the takes whose place in their group depends on a guess
    """
    at = {take: number for number, group in enumerate(groups) for take in group}
    by_sound = dict(at)
    clocks = [{clock_of[take] for take in group if take in clock_of} for group in groups]
    found = [dict(group) for group in groups]
    guessed: set[int] = set()
    for guess in guesses:
        pair = guess.first, guess.second
        held_against = {clock_of.get(guess.first)} & {clock_of.get(guess.second)}
        near, far = (clocks[by_sound[take]] - held_against for take in pair)
        if at[guess.first] == at[guess.second] or _are_compared(near, far, clocks, held_against):
            continue
        one, other = (found[at[take]] for take in pair)
        weights = [(not group.keys().isdisjoint(fixed), len(group)) for group in (one, other)]
        step = guess if weights[0] >= weights[1] else guess.turned()
        known, added = at[step.first], at[step.second]
        found[known] |= _guessed(found[known][step.first], found[added], step)
        guessed |= found[added].keys()
        at |= dict.fromkeys(found[added], known)
        found[added] = {}
    return [group for group in found if group], frozenset(guessed)


def _are_compared(
    one: set[object], other: set[object], groups: Sequence[set[object]], apart: set[object]
) -> bool:
    """Return whether groups of takes relate two sets of clocks, directly or through other clocks."""
    reached: set[object] = set()
    more = set(one) if other else set()
    while more - reached:
        reached |= more
        more = set().union(*(group - apart for group in groups if (group - apart) & reached))
    return bool(reached & other)


def _guessed(known: Position, group: Group, guess: Guess) -> Group:
    """Return the positions of a group by one of its takes, relative to a known one."""
    own = group[guess.second]
    start = known.start_samples + guess.offset_samples / (1.0 + known.drift_ppm / 1e6)
    found = {}
    for take, position in group.items():
        evidence = own if position.reason is Reason.ORIGIN else position
        found[take] = replace(
            position.moved(start - own.start_samples),
            drift_ppm=position.drift_ppm + known.drift_ppm - own.drift_ppm,
            basis=evidence.basis,
            reason=evidence.reason,
            is_certain=False,
            confidence=min(position.confidence, known.confidence, guess.confidence),
        )
    found[guess.second] = replace(found[guess.second], basis=guess.basis or known.basis, reason=guess.reason)
    return found


def _strength(match: SoundMatch) -> tuple[bool, int, float]:
    return match.is_certain, match.best.agreeing, match.best.confidence


def _spread(
    roots: Mapping[int, Position], tree: Mapping[int, Sequence[Pair]], matches: Mapping[Pair, SoundMatch]
) -> dict[int, Position]:
    """Return the positions of all takes that pairs connect with the roots."""
    found = dict(roots)
    waiting = list(roots)
    while waiting:
        take = waiting.pop()
        for pair in tree.get(take, ()):
            other = pair[0] if pair[1] == take else pair[1]
            if other not in found:
                found[other] = _beside(found[take], matches[pair], is_first=pair[0] == take)
                waiting.append(other)
    return found


def _beside(known: Position, match: SoundMatch, *, is_first: bool) -> Position:
    """Return the position of the other take of a pair; `is_first` if the known one is the pair's first."""
    best = match.best
    start, drift_ppm = _moved(known, best.relation, is_first=is_first)
    alternatives = []
    for other in match.others:
        place, ppm = _moved(known, other.relation, is_first=is_first)
        alternatives.append(Alternative(place, ppm, Basis.SOUND, other.confidence))
    reason = Reason.SAME_SOUND if best.agreeing else Reason.SIMILAR_RISES
    if not match.is_certain and best.agreeing and match.others:
        reason = Reason.AMBIGUOUS_SOUND
    elif not match.is_certain and best.agreeing and best.step is None:
        reason = Reason.FAINT_SOUND
    found = Position(
        start,
        drift_ppm,
        Basis.SOUND,
        min(best.confidence, known.confidence),
        match.is_certain and known.is_certain,
        reason,
        known.contradictions,
        tuple(alternatives),
        max(known.accuracy_s, best.relation.spread_s),
    )
    if best.step is None:
        return found
    at_s, by_s = best.step
    text = (
        f"It is {abs(by_s) * 1000.0:.1f} ms off from {format_time(at_s)} on, as if one of two recorders lost "
        "samples: split the clip there, and line up the rest."
    )
    return found.doubted(Contradiction(Objection.JUMPS, None, by_s, text))


def _moved(known: Position, relation: SecondRecorder, *, is_first: bool) -> tuple[float, float]:
    """Return start and drift of the other take: see `SecondRecorder` for the relation."""
    own, speed = 1.0 + known.drift_ppm / 1e6, 1.0 + relation.drift_ppm / 1e6
    if is_first:
        start, drift = known.start_samples - relation.offset_samples / (own * speed), own * speed
    else:
        start, drift = known.start_samples + relation.offset_samples / own, own / speed
    return start, (drift - 1.0) * 1e6


def _checked(
    group: dict[int, Position], matches: Mapping[Pair, SoundMatch], rate_hz: int
) -> dict[int, Position]:
    """Mark takes that another pair places differently; the place that it gives is an alternative.

    So is a take that another recording holds elsewhere for longer than any certain pair overlaps: of music
    that was played twice, that pair may know one time alone.
    """
    found = dict(group)
    for pair, match in matches.items():
        if not match.is_certain or not all(take in group for take in pair):
            continue
        for take, known in (pair[::-1], pair):
            expected = _beside(group[known], match, is_first=known == pair[0])
            off_s = (expected.start_samples - group[take].start_samples) / rate_hz
            drifts_apart_s = abs(expected.drift_ppm - group[take].drift_ppm) / 1e6 * _HOUR_S
            is_same = abs(off_s) <= _SAME_PLACE_S + drifts_apart_s
            if not is_same and group[take].reason is not Reason.ORIGIN and not _is_outweighed(pair, matches):
                found[take] = _doubted(found[take], expected, off_s)
    for pair, match in matches.items():
        is_strong = replace(match.best, confidence=1.0).is_sure  # confidence is the share of several places
        if match.is_certain or match.best.step or not is_strong or not all(take in group for take in pair):
            continue
        rivals = [one for one in match.others if one.is_rival_of(match.best)]
        for take, known in (pair[::-1], pair):
            if group[take].reason is Reason.ORIGIN or _certain_s(take, matches) >= match.best.overlap_s:
                continue
            for place in (match.best, *rivals):
                at = _beside(group[known], replace(match, best=place), is_first=known == pair[0])
                off_s = (at.start_samples - group[take].start_samples) / rate_hz
                if abs(off_s) > _SAME_PLACE_S and found[take].is_certain:
                    found[take] = _doubted(found[take], at, off_s)
    return found


def _certain_s(take: int, matches: Mapping[Pair, SoundMatch]) -> float:
    """Return the longest overlap by which another take places one with certainty."""
    own = (one.best.overlap_s for pair, one in matches.items() if take in pair and one.is_certain)
    return max(own, default=0.0)


def _is_outweighed(pair: Pair, matches: Mapping[Pair, SoundMatch]) -> bool:
    own = matches[pair].best.agreeing
    most = max(
        (one.best.agreeing for other, one in matches.items() if other != pair and set(other) & set(pair)),
        default=0,
    )
    return own < _OUTWEIGHED * most


def _doubted(placed: Position, other: Position, off_s: float) -> Position:
    sentence = f"Another recording places it {abs(off_s):.3f} s {'later' if off_s > 0 else 'earlier'}."
    doubted = placed.doubted(Contradiction(Objection.OTHER_PLACE_BY_SOUND, None, off_s, sentence))
    place = Alternative(other.start_samples, other.drift_ppm, Basis.SOUND, other.confidence)
    return replace(doubted, reason=Reason.AMBIGUOUS_SOUND, alternatives=(*doubted.alternatives, place))


_SENTENCES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.ORIGIN: "The other recordings are placed relative to this one.",
        Reason.SAME_SOUND: "Its sound is in another recording.",
        Reason.SIMILAR_RISES: "Its sound rises as in another recording, to some hundredths of a second.",
        Reason.AMBIGUOUS_SOUND: "Its sound fits several places: choose one.",
        Reason.FAINT_SOUND: "Its sound may be in another recording: check the place.",
        Reason.CLOCK_BY_SOUND: "Placed by its {field}, corrected by other files of the same device.",
        Reason.SAME_CLOCK: "Placed by its {field}, from the same device as another recording.",
        Reason.OTHER_CLOCK: "Placed by its {field}; nothing compares the clocks of the two devices.",
        Reason.FILE_DATE: "Placed by the date of its file, which copying can change.",
        Reason.JOINS_EXACTLY: "Continues the file before it, sample by sample.",
        Reason.SPLIT_AT_LIMIT: "Continues the file before it, which has the largest size of its recorder.",
        Reason.EQUAL_LENGTHS: "Seems to be one recording with the file next to it: they are equally long.",
        Reason.NEXT_NUMBER: "Placed by its number, next to the file with the number before or after it.",
        Reason.SAME_FILE: "Starts with the other audio tracks or channels of its file.",
        Reason.SAME_REFERENCE: "Starts with another file of its recorder: both state the same sample.",
        Reason.SAME_LENGTH: "Starts with another file of its folder: both have the same length.",
        Reason.SAME_TAKE: "Starts with the other files of its take folder.",
        Reason.AFTER_OTHERS: "Placed after the other files: its date is too far from theirs to be right.",
        Reason.NOTHING_KNOWN: "Starts at zero: neither its sound nor a date gives a place.",
        Reason.CHOSEN: "Placed as chosen.",
    }
)


def sentence_of(position: Position, head: FileHead) -> str:
    """Return the reason for a place, with its confidence where it is not certain."""
    field = head.time.field.value if head.time is not None else "stated time"
    text = _SENTENCES[position.reason].format(field=field)
    return text if position.is_certain else f"{text} Confidence {percent(position.confidence)}."
