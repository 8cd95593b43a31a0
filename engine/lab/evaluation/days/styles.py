"""Styles of composed songs: instruments, tempi, chord progressions and forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Style:
    """Instruments, tempi and habits of a style of music.

    Attributes
    ----------
    drums : beginnings of styles in the list of drum performances
    bass, comp, pad, lead, riff : General MIDI programs, counted from 0
    patterns, bass_patterns : names in `accompaniment`
    no_drums : chance of a song without drums
    waltz : chance of three beats a bar
    swing : where the second eighth of a beat is, as a share of the beat; 0 for straight
    minor : chance of a minor key
    """

    tempo_bpm: tuple[float, float]
    drums: tuple[str, ...]
    bass: tuple[int, ...]
    comp: tuple[int, ...]
    pad: tuple[int, ...]
    lead: tuple[int, ...]
    riff: tuple[int, ...]
    patterns: tuple[str, ...]
    bass_patterns: tuple[str, ...]
    no_drums: float = 0.05
    waltz: float = 0.05
    swing: float = 0.0
    minor: float = 0.4


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "rock": Style(
            tempo_bpm=(108.0, 152.0),
            drums=("rock", "punk"),
            bass=(33, 34),
            comp=(29, 30, 27),
            pad=(16, 18),
            lead=(53, 54, 29, 65),
            riff=(29, 30),
            patterns=("eighths", "quarters", "syncopated"),
            bass_patterns=("eighths", "syncopated"),
        ),
        "pop": Style(
            tempo_bpm=(94.0, 128.0),
            drums=("pop", "soul", "rock", "dance"),
            bass=(33, 38),
            comp=(0, 1, 4, 25),
            pad=(48, 50, 89),
            lead=(53, 54, 73, 80),
            riff=(27, 80, 4),
            patterns=("quarters", "arpeggio", "strum"),
            bass_patterns=("eighths", "fifths"),
            no_drums=0.08,
            waltz=0.08,
        ),
        "folk": Style(
            tempo_bpm=(84.0, 124.0),
            drums=("country", "rock/folk", "pop/soft"),
            bass=(32,),
            comp=(24, 25, 105),
            pad=(21, 48),
            lead=(73, 21, 40, 22, 53),
            riff=(25, 105, 40),
            patterns=("strum", "arpeggio"),
            bass_patterns=("fifths", "whole"),
            no_drums=0.6,
            waltz=0.35,
        ),
        "jazz": Style(
            tempo_bpm=(100.0, 180.0),
            drums=("jazz",),
            bass=(32,),
            comp=(0, 26, 4),
            pad=(48, 11),
            lead=(56, 66, 65, 71, 11),
            riff=(26, 0, 66),
            patterns=("charleston", "syncopated", "whole"),
            bass_patterns=("walking",),
            no_drums=0.1,
            waltz=0.12,
            swing=0.62,
            minor=0.35,
        ),
        "funk": Style(
            tempo_bpm=(92.0, 118.0),
            drums=("funk", "soul", "hiphop"),
            bass=(36, 33),
            comp=(28, 7, 4, 16),
            pad=(16, 50),
            lead=(61, 65, 56),
            riff=(27, 7, 61),
            patterns=("sixteenths", "syncopated"),
            bass_patterns=("syncopated",),
            no_drums=0.0,
            waltz=0.0,
            minor=0.6,
        ),
        "latin": Style(
            tempo_bpm=(96.0, 136.0),
            drums=("latin", "afrocuban", "reggae"),
            bass=(32, 33),
            comp=(24, 0, 4),
            pad=(48, 61),
            lead=(73, 56, 53),
            riff=(24, 0, 11),
            patterns=("offbeats", "syncopated", "arpeggio"),
            bass_patterns=("syncopated", "fifths"),
        ),
        "ballad": Style(
            tempo_bpm=(60.0, 82.0),
            drums=("pop/soft", "soul", "gospel", "rock/halftime"),
            bass=(33, 32),
            comp=(0, 24, 4),
            pad=(48, 49, 52),
            lead=(53, 68, 40, 66, 54),
            riff=(0, 25, 11),
            patterns=("arpeggio", "whole", "quarters"),
            bass_patterns=("whole", "fifths"),
            no_drums=0.25,
            waltz=0.15,
        ),
    }
)

PROGRESSIONS: Mapping[bool, tuple[str, ...]] = MappingProxyType(
    {
        False: (
            *("1 5 6 4", "1 6 4 5", "1 4 5 4", "6 4 1 5", "1 3 4 5"),
            *("1 b7 4 1", "1 4 1 5", "2 5 1 6", "4 1 5 6", "1 2 4 1"),
        ),
        True: ("1 6 3 7", "1 4 5 1", "1 7 6 5", "1 4 7 3", "1 1 6 7", "6 7 1 1", "1 5 6 4", "1 3 7 4"),
    }
)
"""Degrees of the scale, a bar each, in major (False) and minor (True)."""

FORMS = (
    "intro verse chorus verse chorus bridge chorus outro",
    "intro verse verse chorus verse chorus solo chorus outro",
    "intro verse chorus verse chorus chorus outro",
    "intro verse verse bridge verse solo bridge verse outro",
    "intro chorus verse chorus verse bridge chorus outro",
)

OPENINGS: Mapping[str, float] = MappingProxyType(
    {"band": 0.4, "riff": 0.2, "quiet": 0.16, "a cappella": 0.12, "drums": 0.12}
)
"""How songs begin, and how often."""
