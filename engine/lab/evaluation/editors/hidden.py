"""Eight hidden editors: rules by which people edit jams, with numbers drawn by a seed.

A hidden editor knows the form of the jam and returns the spans that it plays, in order. Its edges are on bar
lines of phrases or on the borders of passages. "Rubbish" is everything that is not a rendition of a phrase.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.lab.evaluation.editors.jams import BROKEN_OFF, SILENCE, TALK, Jam, Passage

Span = tuple[float, float]
Section = tuple[Passage, ...]

FIRST, LAST, LOUDEST = "first", "last", "loudest"
REVERSED, LAST_FIRST, ROTATED, SWAPPED = "reversed", "last first", "rotated by one", "swapped pairs"
LOUD_FIRST, QUIET_FIRST = "loudest first", "quietest first"
_TOUCHING_S = 1e-6


@dataclass(frozen=True, slots=True)
class HiddenEditor:
    """An editor: `name` states its rule and numbers, `edit` returns the spans it plays, in s of the jam."""

    name: str
    edit: Callable[[Jam], tuple[Span, ...]]


def hidden_editors(seed: int) -> tuple[HiddenEditor, ...]:
    """Return one editor of each kind, with its numbers drawn by the seed."""
    rng = np.random.default_rng((5903, seed))
    return tuple(draw(rng) for draw in _KINDS)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Merge spans that follow each other in the recording as they do in playing."""
    found: list[Span] = []
    for start_s, stop_s in spans:
        if found and abs(found[-1][1] - start_s) < _TOUCHING_S:
            found[-1] = (found[-1][0], stop_s)
        else:
            found.append((start_s, stop_s))
    return tuple(found)


def _played(jam: Jam, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Merge the spans; if they are empty, play all music, or the whole jam if it has no music."""
    return merged(spans or [_span(each) for each in jam.music] or [(0.0, jam.length_s)])


def _span(passage: Passage) -> Span:
    """Return the span of a passage."""
    return passage.start_s, passage.stop_s


def _bars(passages: Iterable[Passage]) -> list[Span]:
    """Return the spans of all bars of phrases."""
    return [
        (each.border_s(bar), each.border_s(bar + 1)) for each in passages for bar in range(max(1, each.bars))
    ]


def _one(section: Sequence[Passage], which: str) -> Passage:
    """Return the first, last or loudest rendition of a section."""
    if which == LOUDEST:
        return max(section, key=lambda each: each.level_db)
    return section[0 if which == FIRST else -1]


def at_most(jam: Jam, count: int, per_section: bool, which: str) -> tuple[Span, ...]:
    """Play the first or last `count` renditions of each phrase, of each section or of the whole jam."""
    groups: defaultdict[tuple[str, int], list[Passage]] = defaultdict(list)
    for each in jam.music:
        groups[each.phrase, each.section if per_section else 0].append(each)
    kept = [
        each for group in groups.values() for each in (group[:count] if which == FIRST else group[-count:])
    ]
    return _played(jam, [_span(each) for each in sorted(kept, key=lambda each: each.start_s)])


def loudest(jam: Jam, count: int) -> tuple[Span, ...]:
    """Play of each section its loudest rendition, `count` times."""
    return _played(jam, [_span(_one(section, LOUDEST)) for section in jam.sections for _ in range(count)])


def reordered(jam: Jam, block_bars: int, rule: str) -> tuple[Span, ...]:
    """Play the music in another order: by sections if `block_bars` is 0, or by blocks of that many bars."""
    if block_bars:
        bars = _bars(jam.music)
        levels_db = [each.level_db for each in jam.music for _ in range(max(1, each.bars))]
        starts = range(0, len(bars), block_bars)
        blocks = [bars[start : start + block_bars] for start in starts]
        means_db = [float(np.mean(levels_db[start : start + block_bars])) for start in starts]
    else:
        blocks = [[_span(each) for each in section] for section in jam.sections]
        means_db = [float(np.mean([each.level_db for each in section])) for section in jam.sections]
    return _played(jam, [span for block in _order(len(blocks), means_db, rule) for span in blocks[block]])


def _order(count: int, levels_db: Sequence[float], rule: str) -> list[int]:
    """Return the order of blocks by a rule."""
    order = list(range(count))
    if rule == REVERSED:
        return order[::-1]
    if rule == LAST_FIRST:
        return order[-1:] + order[:-1]
    if rule == ROTATED:
        return order[1:] + order[:1]
    if rule == SWAPPED:
        # A last block without a partner stays where it is.
        return [other if (other := each ^ 1) < count else each for each in order]
    return sorted(order, key=lambda each: levels_db[each], reverse=rule == LOUD_FIRST)


def part_of_blocks(jam: Jam, block_bars: int, part_bars: int, which: str) -> tuple[Span, ...]:
    """Play of every `block_bars` bars of music the first or last `part_bars`.

    The last block can be incomplete; of it, only the bars at these places are played.
    """
    first = 0 if which == FIRST else block_bars - part_bars
    bars = _bars(jam.music)
    kept = [bar for number, bar in enumerate(bars) if first <= number % block_bars < first + part_bars]
    return _played(jam, kept)


def built_up(jam: Jam, share: int, times: int, which: str) -> tuple[Span, ...]:
    """Play of each section the first half or quarter of a rendition `times` times, then the whole of it."""
    spans: list[Span] = []
    for section in jam.sections:
        one = _one(section, which)
        begun = (one.start_s, one.border_s(max(1, one.bars // share)))
        spans += [begun] * times + [_span(one)]
    return _played(jam, spans)


def documentary(jam: Jam, which: str, least_talk_s: float, longest_pause_s: float) -> tuple[Span, ...]:
    """Keep talk and broken-off starts, short pauses, and one rendition of each section."""
    kept = {_one(section, which) for section in jam.sections}
    for each in jam.passages:
        spoken = each.kind == TALK and each.length_s >= least_talk_s
        pause = each.kind == SILENCE and each.length_s <= longest_pause_s
        if spoken or pause or each.kind == BROKEN_OFF:
            kept.add(each)
    return _played(jam, [_span(each) for each in jam.passages if each in kept])


def cold_open(jam: Jam, bars: int, longest: bool) -> tuple[Span, ...]:
    """Open with `bars` bars of the hook, then play all music in order.

    The hook is the start of the loudest rendition of the jam, or of the longest section.
    """
    if not jam.music:
        return _played(jam, [])
    sections = jam.sections
    hook = _one(
        max(sections, key=lambda section: sum(each.length_s for each in section)) if longest else jam.music,
        LOUDEST,
    )
    opening = (hook.start_s, hook.border_s(min(bars, hook.bars)))
    return _played(jam, [opening, *map(_span, jam.music)])


def _draw_at_most(rng: np.random.Generator) -> HiddenEditor:
    count, per_section = int(rng.choice((2, 2, 2, 1, 3))), bool(rng.random() < 0.5)
    scope = "of each section" if per_section else "in all"
    return HiddenEditor(
        f"no rubbish, a phrase at most {count} times {scope}",
        partial(at_most, count=count, per_section=per_section, which=FIRST),
    )


def _draw_loudest(rng: np.random.Generator) -> HiddenEditor:
    count = int(rng.choice((2, 2, 2, 1, 3)))
    return HiddenEditor(
        f"of each section the loudest rendition, {count} times", partial(loudest, count=count)
    )


def _draw_reordered(rng: np.random.Generator) -> HiddenEditor:
    rules = (REVERSED, LAST_FIRST, ROTATED, SWAPPED, LOUD_FIRST, QUIET_FIRST)
    block_bars, rule = int(rng.choice((0, 0, 8, 16))), str(rng.choice(rules))
    unit = f"blocks of {block_bars} bars" if block_bars else "sections"
    return HiddenEditor(f"{unit}, {rule}", partial(reordered, block_bars=block_bars, rule=rule))


def _draw_part(rng: np.random.Generator) -> HiddenEditor:
    block, divisor = int(rng.choice((16, 16, 8))), int(rng.choice((4, 4, 2)))
    which = str(rng.choice((FIRST, LAST)))
    return HiddenEditor(
        f"of every {block} bars the {which} {block // divisor}",
        partial(part_of_blocks, block_bars=block, part_bars=block // divisor, which=which),
    )


def _draw_keepers(rng: np.random.Generator) -> HiddenEditor:
    count, per_section = int(rng.choice((1, 1, 1, 2))), bool(rng.random() < 0.5)
    scope = "of each section" if per_section else "in all"
    return HiddenEditor(
        f"keeper takes: the last {count} of each phrase {scope}",
        partial(at_most, count=count, per_section=per_section, which=LAST),
    )


def _draw_built_up(rng: np.random.Generator) -> HiddenEditor:
    share, times, which = (
        int(rng.choice((2, 2, 4))),
        int(rng.integers(1, 4)),
        str(rng.choice((FIRST, LAST, LOUDEST))),
    )
    return HiddenEditor(
        f"build-up: 1/{share} of the {which} rendition {times} times, then the whole",
        partial(built_up, share=share, times=times, which=which),
    )


def _draw_documentary(rng: np.random.Generator) -> HiddenEditor:
    which = str(rng.choice((FIRST, LAST)))
    least_talk_s, longest_pause_s = float(rng.choice((0.0, 4.0, 6.0))), float(rng.choice((2.0, 3.0, 4.0)))
    return HiddenEditor(
        f"documentary: talk from {least_talk_s:.0f} s, broken-off starts, "
        f"pauses up to {longest_pause_s:.0f} s, the {which} rendition of each section",
        partial(documentary, which=which, least_talk_s=least_talk_s, longest_pause_s=longest_pause_s),
    )


def _draw_cold_open(rng: np.random.Generator) -> HiddenEditor:
    bars, longest = int(rng.choice((4, 4, 8))), bool(rng.random() < 0.4)
    source = "of the longest section" if longest else "of the jam"
    return HiddenEditor(
        f"cold open: {bars} bars of the loudest rendition {source}, then all music",
        partial(cold_open, bars=bars, longest=longest),
    )


_KINDS: tuple[Callable[[np.random.Generator], HiddenEditor], ...] = (
    _draw_at_most,
    _draw_loudest,
    _draw_reordered,
    _draw_part,
    _draw_keepers,
    _draw_built_up,
    _draw_documentary,
    _draw_cold_open,
)
