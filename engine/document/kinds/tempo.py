"""A span of the grid with another tempo interpretation: half, double, half a beat later, another downbeat.

It changes neither sound nor timing. `engine.document.grid.recounted` applies it to the grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.wording import counted
from engine.document.decisions import Edited
from engine.document.kinds.kind import Kind
from engine.document.kinds.operations import Operation
from engine.document.kinds.payload import integer, number, one_of, real, text, validator, whole

GRID, READING, BARS_LATER, TEMPO_BPM = "grid", "reading", "bars_later_beats", "tempo_bpm"

HEARD = "heard"
"""The name of the reading that the beats were first found at."""
OFF_BEAT = "off"
"""As fast, but half a beat later."""
READINGS: Mapping[str, str] = MappingProxyType(
    {
        HEARD: "As detected",
        OFF_BEAT: "Half a beat later",
        "half": "Half tempo",
        "double": "Double tempo",
        "3/2": "Three beats for two",
        "2/3": "Two beats for three",
        "triple": "Three beats for one",
        "third": "One beat for three",
        "4/3": "Four beats for three",
        "3/4": "Three beats for four",
    }
)
"""Names of the tempo interpretations relative to the detected one."""
MOST_BARS_LATER = 31
_LONGEST_ID = 200
_HIGHEST_BPM = 10_000.0

_tempo = validator(
    "tempo",
    {
        GRID: text(_LONGEST_ID),
        READING: one_of(tuple(READINGS)),
        BARS_LATER: whole(0, MOST_BARS_LATER),
        TEMPO_BPM: number(0.0, _HIGHEST_BPM),
    },
)


def _no_operations(edited: Edited) -> tuple[Operation, ...]:
    _tempo(edited.payload)
    return ()


def reading_words(payload: Mapping[str, object]) -> str:
    """Describe the tempo interpretation, such as "half tempo, 60.0 BPM"."""
    said, bpm = READINGS[str(payload.get(READING, HEARD))], real(payload, TEMPO_BPM, 0.0)
    words, later = said[0].lower() + said[1:], integer(payload, BARS_LATER, 0)
    if later:
        words += f", bars {counted(later, 'beat')} later"
    return f"{words}, {bpm:.1f} BPM" if bpm else words


def _tempo_words(edited: Edited, rate_hz: int) -> str:  # noqa: ARG001 - a kind is asked with both
    return reading_words(edited.payload)


TEMPO = Kind(
    name="tempo",
    title="Tempo",
    icon="tempo",
    verb="count",
    validate=_tempo,
    effect=_no_operations,
    words=_tempo_words,
    how_much=_tempo_words,
)
