"""Proposals that move hits, one for each stroke and one for each voice at fault, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import exp
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.core.wording import begun, listed
from engine.document.analysis import BeatGrid, Hits
from engine.document.kinds.kind import CROSSFADE_MS
from engine.document.kinds.operations import GAP_FILLS, Fill
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import AFTER_SAMPLES, BLEED, FILL, FLAM, HIT, LINE, ONSET_SAMPLES, VOICES
from engine.document.proposals import Alternative, Proposal, proposal_id
from engine.features.timing.alignment.lines import Lines, Placement, line_words
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.alignment.strokes import MovedStrokes

_SAID = MappingProxyType({"overhead": "cymbal", "room": "drum", "other": "drum"})
"""Sound names for voices of such microphones alone."""


def drums(voices: Iterable[str]) -> list[str]:
    """Name the voices, each drum once."""
    return list(dict.fromkeys(_SAID.get(voice, voice) for voice in voices))


def milliseconds(shift_samples: float, rate_hz: int) -> str:
    """Return how long a shift is, with a decimal where it is short: "14 ms", "1.4 ms"."""
    length_ms = abs(shift_samples) / rate_hz * 1000
    return f"{length_ms:.1f} ms" if length_ms < 9.95 else f"{length_ms:.0f} ms"


def hit_reason(
    voices: Sequence[str], shift_samples: float, rate_hz: int, where: str, *, by_feel: bool = False
) -> str:
    """Describe a move, such as "The kick and hat are 14 ms late for beat 3 of bar 12."

    Parameters
    ----------
    shift_samples : how much later it is to sound
    where : its line in words; empty where it has none and goes along with its neighbours
    by_feel : whether it is held against the drummer's own push and pull
    """
    names = drums(voices)
    what = begun(f"the {listed(names)}")
    verb = "is" if len(names) == 1 else "are"
    far = milliseconds(shift_samples, rate_hz)
    if not where:
        way = "later" if shift_samples > 0 else "earlier"
        stands, goes = ("lies", "goes") if len(names) == 1 else ("lie", "go")
        return f"{what} {stands} between the lines and {goes} with the hits around, {far} {way}."
    side = "early" if shift_samples > 0 else "late"
    against = ", by the drummer's own feel" if by_feel else ""
    return f"{what} {verb} {far} {side} for {where}{against}."


def flam_reason(voice: str, others: Sequence[str], late_samples: float, rate_hz: int, where: str) -> str:
    """Describe a flam, such as "The snare comes 18 ms after the kick on beat 2 of bar 3."."""
    side = "after" if late_samples > 0 else "before"
    name = drums([voice])[0]
    beside = listed([one for one in drums(others) if one != name]) or "stroke"
    on = f" on {where}" if where else ""
    return f"The {name} comes {milliseconds(late_samples, rate_hz)} {side} the {beside}{on}."


Shares = Mapping[str, Sequence[float]]
"""How much of each octave of other microphones is one voice, 0 to 1, by their ids."""

_TYPICAL_MS = 25.0
"""A hit so far off scores 0.63; ten times as far 1."""
_LONGEST_FLAM_S = 0.5
_FILL_WORDS = {
    Fill.PRE_ROLL: "Gap filled from before the hit",
    Fill.DECAY: "Gap filled by the decay going on",
    Fill.STRETCH: "Gap filled by stretching",
}


@dataclass(frozen=True, eq=False)
class Placed:
    """Hits of some microphones, and where each goes.

    Attributes
    ----------
    tracks : the ids of the microphones that are moved together; none for all of the document
    stop_samples : where the last slice ends
    maker : id of the aligner
    """

    hits: Hits
    placement: Placement
    strokes: MovedStrokes
    grid: BeatGrid
    lines: Lines
    settings: TimingSettings
    tracks: tuple[str, ...]
    stop_samples: int
    maker: str

    @property
    def rate_hz(self) -> int:
        """Of all positions."""
        return self.lines.rate_hz

    @cached_property
    def starts_samples(self) -> NDArray[np.int64]:
        """Where the slice of each stroke begins, shape (s,), and after them the end of all."""
        pad = s_to_samples(self.settings.pad_ms / 1000, self.rate_hz)
        return np.append(self.strokes.starts_samples(pad), self.stop_samples)

    @cached_property
    def flam_shifts_samples(self) -> NDArray[np.float64]:
        """How much later each voice that came apart sounds than its stroke, shape (n,), whole; else 0."""
        late = np.nan_to_num(self.placement.flams_samples)
        return np.floor(-late * self.settings.strength + 0.5)

    @property
    def shifts_of_hits(self) -> NDArray[np.float64]:
        """How much later each hit is to sound, shape (n,)."""
        return self.strokes.shifts_samples[self.strokes.of_hits] + self.flam_shifts_samples

    @cached_property
    def where(self) -> Callable[[int], str]:
        """Name of each line by its index; "" for none. Cached, since most lines are named several times."""
        division = self.settings.divided

        @cache
        def words(line: int) -> str:
            return "" if line < 0 else line_words(self.grid, division, float(self.lines.beats[line]))

        return words


def score_of(shift_samples: float, rate_hz: int) -> float:
    """Return a score, 0 to 1, that grows with how far off a hit is, so that ranks are by that."""
    return 1.0 - exp(-abs(shift_samples) / rate_hz * 1000 / _TYPICAL_MS)


def hit_proposals(placed: Placed) -> Iterator[Proposal]:
    """Yield a proposal for each stroke that moves, in the order of time."""
    strokes = placed.strokes
    for stroke in np.flatnonzero(strokes.shifts_samples != 0.0).tolist():
        start, stop = placed.starts_samples[stroke : stroke + 2].tolist()
        if start >= stop:
            continue
        payload = _payload(placed, stroke)
        key = proposal_id(HIT.name, start, stop, placed.maker, placed.tracks, payload)
        shift, line = float(strokes.shifts_samples[stroke]), int(strokes.lines[stroke])
        yield Proposal(
            key,
            HIT.name,
            start,
            stop,
            score_of(shift, placed.rate_hz),
            hit_reason(
                strokes.voices[stroke],
                shift,
                placed.rate_hz,
                placed.where(line),
                by_feel=placed.settings.own_feel or placed.settings.drum_feel,
            ),
            placed.maker,
            tuple(_alternatives(placed, stroke, start, stop)),
            payload,
            None,
            placed.tracks,
        )


def _payload(placed: Placed, stroke: int) -> dict[str, object]:
    strokes, settings = placed.strokes, placed.settings
    payload: dict[str, object] = {
        BY_SAMPLES: float(strokes.shifts_samples[stroke]),
        ONSET_SAMPLES: float(strokes.firsts_samples[stroke]),
        VOICES: "+".join(strokes.voices[stroke]),
        LINE: int(strokes.lines[stroke]),
        FILL: settings.fill,
        CROSSFADE_MS: settings.crossfade_ms,
    }
    if stroke:
        payload[AFTER_SAMPLES] = float(strokes.lasts_samples[stroke - 1])
    return payload


def _alternatives(placed: Placed, stroke: int, start: int, stop: int) -> Iterator[Alternative]:
    """Yield the two adjacent lines, and the other fill if a gap opens before the hit."""
    strokes = placed.strokes
    line, onset = int(strokes.lines[stroke]), float(strokes.onsets_samples[stroke])
    strength = placed.settings.strength
    yield from adjacent_lines(placed.lines, line, onset, strength, placed.where, (start, stop))
    before = float(strokes.shifts_samples[stroke - 1]) if stroke else 0.0
    if strokes.shifts_samples[stroke] > before:
        for fill in GAP_FILLS:
            if fill != placed.settings.fill:
                yield Alternative(_FILL_WORDS[fill], start, stop, {FILL: fill.value})


def adjacent_lines(
    lines: Lines,
    line: int,
    onset_samples: float,
    strength: float,
    where: Callable[[int], str],
    span: tuple[int, int],
) -> Iterator[Alternative]:
    """Yield the moves of a slice to the two lines next to its own; none without a line.

    Parameters
    ----------
    where : names a line by its index
    span : of the slice
    """
    positions = lines.positions_samples
    for beside, word in ((line - 1, "before"), (line + 1, "after")):
        if line >= 0 and 0 <= beside < len(positions):
            by = float(np.floor(strength * (positions[beside] - onset_samples) + 0.5))
            changes: dict[str, object] = {BY_SAMPLES: by, LINE: beside}
            yield Alternative(f"To the line {word}, {where(beside)}", *span, changes)


def flam_proposals(placed: Placed, bleed_of: Callable[[int], Shares]) -> Iterator[Proposal]:
    """Yield a proposal for each voice that came apart from its stroke, in the order of time.

    Parameters
    ----------
    bleed_of : a row of the hits to how much of other microphones it is, see
        `engine.features.timing.finders.timing.aligned_files`
    """
    hits, strokes, settings = placed.hits, placed.strokes, placed.settings
    late = placed.placement.flams_samples
    pad = s_to_samples(settings.pad_ms / 1000, placed.rate_hz)
    for row in np.flatnonzero(placed.flam_shifts_samples).tolist():
        by = float(placed.flam_shifts_samples[row])
        onset, track = float(hits.onsets_samples[row]), int(hits.tracks[row])
        stroke, voice = int(strokes.of_hits[row]), hits.roles[track].value
        start, stop = max(0, int(onset) - pad), _flam_stop(placed, row, pad)
        payload: dict[str, object] = {
            BY_SAMPLES: by,
            ONSET_SAMPLES: onset,
            VOICES: voice,
            CROSSFADE_MS: settings.crossfade_ms,
            BLEED: {key: list(shares) for key, shares in bleed_of(row).items()},
        }
        own = (hits.track_ids[track],)
        identity = {name: value for name, value in payload.items() if name != BLEED}
        others = [one for one in strokes.voices[stroke] if one != voice]
        where = placed.where(int(strokes.lines[stroke]))
        yield Proposal(
            proposal_id(FLAM.name, start, stop, placed.maker, own, identity),
            FLAM.name,
            start,
            stop,
            score_of(by, placed.rate_hz),
            flam_reason(voice, others, float(late[row]), placed.rate_hz, where),
            placed.maker,
            (),
            payload,
            None,
            own,
        )


def _flam_stop(placed: Placed, row: int, pad_samples: int) -> int:
    """Return where the sound of one hit ends: at the next of its microphone, or of the next stroke."""
    hits, strokes = placed.hits, placed.strokes
    onset = float(hits.onsets_samples[row])
    longest = onset + _LONGEST_FLAM_S * placed.rate_hz
    own = hits.onsets_samples[(hits.tracks == hits.tracks[row]) & (hits.onsets_samples > onset)]
    following = strokes.firsts_samples[strokes.firsts_samples > onset]
    ends = [longest, placed.stop_samples, *(own[:1] - pad_samples), *(following[:1] - pad_samples)]
    return max(int(min(ends)), int(onset) + 1)
