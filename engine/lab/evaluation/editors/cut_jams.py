"""Jams of 3 to 5 minutes cut from real recordings, with exact truth.

Each rendition of a phrase is the same excerpt with its own balance, tone, level and tempo, and sometimes a
mistake. Talk is real speech. These jams lack the changes of notes and timing that a band makes from one
rendition to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from engine.lab.evaluation.editors.cut_sound import (
    faded,
    levelled,
    mixed,
    noodling,
    sentences,
    talk,
    toned,
    with_mistake,
)
from engine.lab.evaluation.editors.cut_sources import Excerpt, Samples, stock
from engine.lab.evaluation.editors.jams import (
    BROKEN_OFF,
    NO_SECTION,
    NOODLING,
    PHRASE,
    RATE_HZ,
    SILENCE,
    TALK,
    Jam,
    Passage,
)

_FORMS = (
    "A",
    "AA",
    "AA",
    "AAA",
    "AAA",
    "AAAA",
    "AB",
    "AAB",
    "AAB",
    "ABA",
    "ABB",
    "AABA",
    "AABA",
    "ABAB",
    "ABAB",
)
_BETWEEN = (
    (TALK,),
    (TALK,),
    (SILENCE,),
    (SILENCE, TALK),
    (TALK, SILENCE),
    (TALK, BROKEN_OFF, TALK),
    (SILENCE, BROKEN_OFF, SILENCE),
    (BROKEN_OFF, SILENCE),
    (NOODLING, TALK),
    (SILENCE, NOODLING, SILENCE),
)
_PAUSES = ((SILENCE,), (SILENCE,), (TALK,), (BROKEN_OFF, SILENCE), (SILENCE, BROKEN_OFF, TALK))
_LEAST_S, _MOST_S = 190.0, 290.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """One planned passage; `excerpt` is an index into the stock, or -1."""

    kind: str
    length_s: float
    excerpt: int = -1
    rendition: int = 0
    of: int = 0
    section: int = NO_SECTION
    bars: int = 0
    level_db: float = 0.0
    tempo: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Rendered:
    """The audio of a passage, shape (n,); the passage starts `before` samples into it."""

    audio: Samples
    before: int
    length_s: float
    bars: int


def cut_jam(data_dir: Path, half: int, seed: int) -> Jam:
    """Make a jam from recordings of one half.

    Parameters
    ----------
    data_dir : folder with `mdbdrums`, `music`, `loops` and `speech`
    half : 0 or 1; no recording is in both halves
    seed : the same seed makes the same jam

    Raises
    ------
    SourceError : a recording is missing
    """
    rng = np.random.default_rng((5901, half, seed))
    while True:
        excerpts = stock(data_dir, half, rng)
        turns = _plan(excerpts, rng)
        if turns:
            break
    speech = sentences(data_dir / "speech" / "commands", half)
    pieces, passages, at_s = [], [], 0.0
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        one = _rendered(turn, following, excerpts, speech, rng)
        pieces.append((round(at_s * RATE_HZ) - one.before, one.audio))
        bar_s = _bar_s(turn, excerpts, one.bars, one.length_s)
        own = (turn.rendition, turn.of, one.bars, bar_s, 0.0, turn.section)
        passages.append(Passage(turn.kind, at_s, at_s + one.length_s, "", *own))
        at_s += one.length_s
    audio = mixed(pieces, round(at_s * RATE_HZ), rng)
    names = _letters([turn.excerpt for turn in turns if turn.kind == PHRASE])
    measured = tuple(
        replace(
            each, phrase=names[turn.excerpt] if turn.kind == PHRASE else "", level_db=_level_db(audio, each)
        )
        for each, turn in zip(passages, turns, strict=True)
    )
    return Jam(f"cut-{half}-{seed}", audio, RATE_HZ, measured)


def _bar_s(turn: _Turn, excerpts: Sequence[Excerpt], bars: int, length_s: float) -> float:
    """Return the mean length of a bar of a turn; 0 where it has none."""
    if turn.kind == PHRASE:
        return length_s / bars
    return excerpts[turn.excerpt].length_s / excerpts[turn.excerpt].bars if turn.kind == BROKEN_OFF else 0.0


def _letters(order: Sequence[int]) -> dict[int, str]:
    """Name excerpts "A", "B", … in the order in which they first appear."""
    return {excerpt: chr(ord("A") + n) for n, excerpt in enumerate(dict.fromkeys(order))}


def _level_db(audio: Samples, passage: Passage) -> float:
    """Measure the RMS level of a passage in dBFS."""
    span = audio[round(passage.start_s * RATE_HZ) : round(passage.stop_s * RATE_HZ)]
    return float(20.0 * np.log10(np.sqrt(np.mean(span**2)) + 1e-6))


def _plan(excerpts: Sequence[Excerpt], rng: np.random.Generator) -> tuple[_Turn, ...]:
    """Draw the passages of a jam of 3 to 6 sections; empty where the phrases do not fit the length."""
    for _ in range(300):
        turns: list[_Turn] = []
        unused = set(range(len(excerpts)))
        before = -1
        for section in range(rng.integers(3, 7)):
            members = _members(excerpts, unused, before, rng)
            unused -= set(members)
            before = members[-1]
            if section or rng.random() < 0.6:
                turns += _rubbish(_BETWEEN[rng.integers(len(_BETWEEN))], members[0], excerpts, rng)
            turns += _section(section, members, excerpts, rng)
        if rng.random() < 0.5:
            turns += _rubbish((SILENCE,) if rng.random() < 0.5 else (TALK,), before, excerpts, rng)
        if _LEAST_S <= sum(turn.length_s for turn in turns) <= _MOST_S:
            return tuple(turns)
    return ()


def _members(
    excerpts: Sequence[Excerpt], unused: set[int], before: int, rng: np.random.Generator
) -> list[int]:
    """Draw the renditions of a section: mostly phrases that were not played yet, of one song."""
    fresh = sorted(unused) if unused and rng.random() < 0.8 else list(range(len(excerpts)))
    others = [each for each in fresh if each != before] or fresh
    first = int(rng.choice(others))
    alike = [n for n, each in enumerate(excerpts) if each.song == excerpts[first].song and n != first]
    preferred = [n for n in alike if n in unused] or alike
    form = str(rng.choice(_FORMS))
    second = int(rng.choice(preferred)) if preferred else first
    return [first if letter == "A" else second for letter in form]


def _section(
    section: int, members: Sequence[int], excerpts: Sequence[Excerpt], rng: np.random.Generator
) -> list[_Turn]:
    """Plan the renditions of a section with distinct levels, and the pauses between some of them."""
    count = len(members)
    spread_db = rng.uniform(3.0, 6.0)
    levels_db = rng.permutation(np.linspace(-spread_db, spread_db, count)) + rng.uniform(-0.5, 0.5, count)
    if count == 1:
        levels_db = rng.uniform(-4.0, 4.0, 1)
    turns: list[_Turn] = []
    for number, member in enumerate(members):
        if number and rng.random() < 0.25:
            turns += _rubbish(_PAUSES[rng.integers(len(_PAUSES))], member, excerpts, rng)
        tempo = float(rng.uniform(0.985, 1.015))
        length_s, bars = excerpts[member].length_s / tempo, excerpts[member].bars
        turns.append(
            _Turn(PHRASE, length_s, member, number, count, section, bars, float(levels_db[number]), tempo)
        )
    return turns


def _rubbish(
    kinds: Sequence[str], following: int, excerpts: Sequence[Excerpt], rng: np.random.Generator
) -> list[_Turn]:
    """Plan passages between renditions; a broken-off start begins the phrase that follows."""
    turns = []
    for kind in kinds:
        if kind == BROKEN_OFF:
            phrase = excerpts[following]
            bars = int(rng.integers(1, 4))
            part = bars + float(rng.integers(0, 4)) / 4
            length_s = part * phrase.length_s / phrase.bars
            turns.append(_Turn(kind, length_s, following, bars=bars, level_db=float(rng.uniform(-3.0, 2.0))))
        elif kind == SILENCE:
            turns.append(_Turn(kind, float(rng.uniform(1.0, 6.0))))
        else:
            turns.append(_Turn(kind, float(rng.uniform(2.5, 12.0)), following))
    return turns


def _rendered(
    turn: _Turn,
    following: _Turn | None,
    excerpts: Sequence[Excerpt],
    speech: Sequence[tuple[Path, float]],
    rng: np.random.Generator,
) -> _Rendered:
    """Render a passage with the fades that reach over its borders."""
    if turn.kind == SILENCE:
        return _Rendered(np.zeros(0, np.float32), 0, turn.length_s, 0)
    if turn.kind == TALK:
        return _Rendered(talk(speech, turn.length_s, rng), 0, turn.length_s, 0)
    excerpt = excerpts[turn.excerpt]
    if turn.kind == NOODLING:
        return _Rendered(noodling(excerpt, turn.length_s, rng), 0, turn.length_s, 0)
    balance_db = rng.uniform(-2.5, 2.5, len(excerpt.stems))
    mono = np.asarray((10.0 ** (balance_db / 20.0)) @ excerpt.stems, dtype=np.float32)
    lines = np.round(excerpt.bars_s * RATE_HZ).astype(int)
    if turn.kind == BROKEN_OFF:
        stop = lines[0] + round(turn.length_s * RATE_HZ)
        # A band that stops leaves its last sound ringing for a moment.
        piece, before = faded(mono, lines[0], stop, 0.08)
        return _Rendered(levelled(toned(piece, rng), turn.level_db), before, turn.length_s, turn.bars)
    mono, bars, stop = with_mistake(mono, lines, rng)
    in_tempo = following is not None and following.kind == PHRASE
    ring_s = 0.0 if in_tempo else float(rng.choice((0.05, 0.7)))
    piece, before = faded(mono, lines[0], stop, ring_s)
    tempo = Fraction(turn.tempo).limit_denominator(200)
    piece = np.asarray(resample_poly(piece, tempo.denominator, tempo.numerator), dtype=np.float32)
    length_s = (stop - lines[0]) / RATE_HZ / float(tempo)
    piece = levelled(toned(piece, rng), turn.level_db)
    return _Rendered(piece, round(before / float(tempo)), length_s, bars)
