"""Jams of 3 to 5 minutes that are composed by rules and played by FluidSynth, with exact truth.

Every rendition is played again: the same score with other timing, dynamics, level, tone and tempo, and
sometimes wrong notes. The halves differ in sound font, instruments, grooves, progressions, sentences and
voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

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
from engine.lab.evaluation.editors.played_scores import Band, Phrase, composed, drawn_band
from engine.lab.evaluation.editors.played_sound import (
    Audio,
    Sounding,
    coloured,
    in_room,
    noodled,
    performed,
    rendered,
    spoken,
)

_FORMS = (
    ("A",),
    ("A", "A"),
    ("A", "A", "A"),
    ("A", "A", "B"),
    ("A", "B"),
    ("A", "B", "A"),
    ("A", "A", "B", "A"),
    ("A", "B", "A", "B"),
    ("A", "A", "A", "A"),
    ("A", "A", "B", "B"),
)
_LEAST_S, _MOST_S = 185.0, 292.0
_LONGEST_PHRASE_S = 32.0
_PEAK_DBFS = -3.0


@dataclass(slots=True)
class _Draft:
    """A passage while the jam is made; `gain_db` is relative to the mean level of the music."""

    kind: str
    length_s: float
    gain_db: float
    phrase: int = -1
    rendition: int = 0
    of: int = 0
    section: int = NO_SECTION
    bars: int = 0
    bar_s: float = 0.0
    notes: tuple[Sounding, ...] = field(default=(), repr=False)


def played_jam(data_dir: Path, half: int, seed: int) -> Jam:
    """Compose and play a jam.

    Parameters
    ----------
    data_dir : folder with `speech`
    half : 0 or 1; the halves share no instrument, groove, progression or sentence
    seed : the same seed makes the same jam

    Raises
    ------
    SourceError : FluidSynth, espeak-ng, a sound font or the speech folder is missing
    """
    rng = np.random.default_rng((5902, half, seed))
    band = drawn_band(half, rng)
    phrases = _phrases(band, rng)
    drafts = _drafts(band, phrases, rng)
    while not _LEAST_S <= sum(draft.length_s for draft in drafts) <= _MOST_S:
        drafts = _drafts(band, phrases, rng)
    audio = _recorded(band, drafts, data_dir, rng)
    order = list(dict.fromkeys(draft.phrase for draft in drafts if draft.kind == PHRASE))
    passages, at_s = [], 0.0
    for draft in drafts:
        stop_s = at_s + draft.length_s
        span = audio[round(at_s * RATE_HZ) : round(stop_s * RATE_HZ)]
        level_db = 10.0 * float(np.log10(np.mean(span.astype(np.float64) ** 2) + 1e-12))
        name = chr(ord("A") + order.index(draft.phrase)) if draft.kind == PHRASE else ""
        place = (draft.rendition, draft.of, draft.bars, draft.bar_s, level_db, draft.section)
        passages.append(Passage(draft.kind, at_s, stop_s, name, *place))
        at_s = stop_s
    return Jam(f"played-{half}-{seed}", audio, RATE_HZ, tuple(passages))


def _phrases(band: Band, rng: np.random.Generator) -> tuple[Phrase, ...]:
    """Compose the phrases of a jam; most have 8 bars."""
    bar_s = 60.0 / band.tempo_bpm * band.beats
    first = int(rng.integers(12))
    phrases = []
    for number in range(rng.integers(3, 7)):
        fitting = [bars for bars in (4, 8, 12, 16) if bars * bar_s <= _LONGEST_PHRASE_S]
        weights = np.array([{4: 0.2, 8: 0.6, 12: 0.1, 16: 0.1}[bars] for bars in fitting])
        bars = int(rng.choice(fitting, p=weights / weights.sum()))
        phrases.append(composed(band, first + number, bars, rng))
    return tuple(phrases)


def _drafts(band: Band, phrases: Sequence[Phrase], rng: np.random.Generator) -> list[_Draft]:
    """Draw the passages of a jam of 3 to 6 sections; each section takes its share of the drawn length."""
    count = int(rng.integers(3, 7))
    goal_s = float(rng.uniform(200.0, 275.0))
    drafts: list[_Draft] = []
    new = list(range(len(phrases)))
    for section in range(count):
        used_s = sum(draft.length_s for draft in drafts)
        share_s = (goal_s - used_s) / (count - section)
        if section or rng.random() < 0.5:
            first = new[0] if new and rng.random() < 0.8 else int(rng.integers(len(phrases)))
            drafts += _interlude(band, phrases[first], rng)
        else:
            first = new[0]
        second = int(rng.choice([n for n in range(len(phrases)) if n != first]))
        lengths_s = {"A": _length_s(band, phrases[first]), "B": _length_s(band, phrases[second])}
        sums_s = [sum(lengths_s[letter] for letter in form) for form in _FORMS]
        fitting = [n for n, length_s in enumerate(sums_s) if 0.55 * share_s <= length_s <= 1.0 * share_s]
        nearest = int(np.argmin(np.abs(np.array(sums_s) - share_s)))
        form = _FORMS[int(rng.choice(fitting)) if fitting else nearest]
        chosen = [first if letter == "A" else second for letter in form]
        new = [n for n in new if n not in chosen]
        drafts += _renditions(band, phrases, section, chosen, rng)
    if rng.random() < 0.4:
        drafts += [_between(SILENCE, rng)]
    return drafts


def _length_s(band: Band, phrase: Phrase) -> float:
    """Return the length of a phrase at the mean tempo."""
    return phrase.bars * phrase.beats * 60.0 / band.tempo_bpm


def _renditions(
    band: Band, phrases: Sequence[Phrase], section: int, chosen: Sequence[int], rng: np.random.Generator
) -> list[_Draft]:
    """Play the renditions of a section, each at its own level; some follow a pause."""
    gains_db = np.sort(rng.uniform(-6.0, 6.0, len(chosen)))
    while len(chosen) > 1 and np.diff(gains_db).min() < 1.6:
        gains_db = np.sort(rng.uniform(-6.0, 6.0, len(chosen)))
    rng.shuffle(gains_db)
    drafts: list[_Draft] = []
    for number, which in enumerate(chosen):
        phrase = phrases[which]
        if number and rng.random() < 0.25:
            kind = str(rng.choice((SILENCE, TALK, BROKEN_OFF), p=(0.5, 0.3, 0.2)))
            if kind == BROKEN_OFF:
                drafts += [_between(SILENCE, rng), _broken_off(band, phrase, rng), _between(SILENCE, rng)]
            else:
                drafts.append(_between(kind, rng))
        beat_s = 60.0 / (band.tempo_bpm * float(rng.uniform(0.982, 1.018)))
        errors = int(rng.integers(1, 4)) if rng.random() < 0.35 else 0
        notes = performed(phrase, beat_s, phrase.bars * phrase.beats, errors, rng)
        bar_s = beat_s * phrase.beats
        own = (which, number, len(chosen), section, phrase.bars, bar_s, notes)
        drafts.append(_Draft(PHRASE, bar_s * phrase.bars, float(gains_db[number]), *own))
    return drafts


def _between(kind: str, rng: np.random.Generator) -> _Draft:
    """Draw a passage of talk or silence."""
    if kind == TALK:
        return _Draft(TALK, float(rng.uniform(2.0, 12.0)), float(rng.uniform(-9.0, -2.0)))
    return _Draft(SILENCE, float(rng.uniform(1.0, 6.0)), 0.0)


def _broken_off(band: Band, phrase: Phrase, rng: np.random.Generator) -> _Draft:
    """Begin a phrase and stop on a beat after 1 to 3 bars."""
    bars = int(rng.integers(1, min(4, phrase.bars)))
    beat_s = 60.0 / (band.tempo_bpm * float(rng.uniform(0.97, 1.03)))
    stop_beat = bars * phrase.beats + int(rng.integers(0, phrase.beats))
    notes = performed(phrase, beat_s, stop_beat, 0, rng)
    draft = _Draft(BROKEN_OFF, stop_beat * beat_s, float(rng.uniform(-4.0, 2.0)), notes=notes)
    draft.bars, draft.bar_s = bars, beat_s * phrase.beats
    return draft


def _interlude(band: Band, following: Phrase, rng: np.random.Generator) -> list[_Draft]:
    """Draw the one to three passages before a section, without two of one kind in a row."""
    drafts: list[_Draft] = []
    for _ in range(rng.integers(1, 4)):
        kind = str(rng.choice((TALK, SILENCE, BROKEN_OFF, NOODLING), p=(0.42, 0.3, 0.18, 0.1)))
        if drafts and drafts[-1].kind == kind:
            continue
        if kind == BROKEN_OFF:
            drafts.append(_broken_off(band, following, rng))
        elif kind == NOODLING:
            length_s = float(rng.uniform(3.0, 9.0))
            quiet_db = float(rng.uniform(-12.0, -6.0))
            drafts.append(_Draft(NOODLING, length_s, quiet_db, notes=noodled(band, length_s, rng)))
        else:
            drafts.append(_between(kind, rng))
    if drafts[-1].kind in (BROKEN_OFF, NOODLING):
        drafts.append(_between(SILENCE, rng))
    return drafts


def _recorded(band: Band, drafts: Sequence[_Draft], data_dir: Path, rng: np.random.Generator) -> Audio:
    """Play all passages into one recording with a peak of -3 dBFS."""
    sounding = [draft for draft in drafts if draft.notes]
    pieces = iter(rendered(band, [(draft.notes, draft.length_s) for draft in sounding]))
    total = round(sum(draft.length_s for draft in drafts) * RATE_HZ)
    tape = np.zeros(total, np.float32)
    at_s = 0.0
    for draft in drafts:
        if draft.kind == TALK:
            piece = spoken(data_dir, band.half, draft.length_s, rng)
        elif draft.notes:
            piece = coloured(next(pieces), rng)
        else:
            piece = np.zeros(0, np.float32)
        start = round(at_s * RATE_HZ)
        body = piece[: round(draft.length_s * RATE_HZ)]
        loudness = float(np.sqrt(np.mean(body**2))) if len(body) else 1.0
        piece = piece[: total - start] * np.float32(10.0 ** (draft.gain_db / 20.0) / (loudness + 1e-6))
        tape[start : start + len(piece)] += piece
        at_s += draft.length_s
    wet = in_room(tape, rng)
    # Music has an RMS of 1 before this: peaks 18 dB above it are rounded off, as by a tape.
    rounded = 8.0 * np.tanh(wet / 8.0)
    return np.asarray(rounded * 10.0 ** (_PEAK_DBFS / 20.0) / np.abs(rounded).max(), dtype=np.float32)
