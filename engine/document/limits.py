"""How much a document may hold: far more than any recording needs, and little enough to be opened safely."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 768_000
MOST_CHANNELS = 64
LONGEST_SOURCE_FRAMES = 2**38
LONGEST_DOCUMENT_SAMPLES = 2**40
FARTHEST_SAMPLES = 2**43
QUIETEST_DB, LOUDEST_DB = -200.0, 60.0
HIGHEST_LANE_PX = 100_000

MOST_PIECES = 1_000_000
"""Limit of moved or repeated spans; each takes some hundred bytes wherever it is drawn or played."""

LONGEST_ID = 1_000
LONGEST_TEXT = 40_000
LONGEST_NOTE = 4_000
LONGEST_JSON = 256 * 1024
LONGEST_ROW_BYTES = 2 * 2**20
DEEPEST_JSON = 32
MOST_STATE_BYTES = 2**29
"""Of all rows together; a hundred thousand proposals take a tenth of it."""

LONGEST_FACTS_BYTES = 16 * 2**20
MOST_PACKED_BYTES = 2**28
MOST_ARRAY_BYTES = 2**29
"""Of one analysis, unpacked; that of a day of sound takes a tenth of it."""

MOST_AUDIO_BYTES = 2**29
MOST_AUDIO_SAMPLES = 2**27
"""Of one stored audio, of all its channels together: 23 minutes of stereo at 48 kHz."""
LOUDEST_SAMPLE = 2.0**31
"""As for recordings: samples beyond it are invalid."""

MOST_CLIPS = 10_000
"""Of one track; a row of its table holds them all."""

MOST_ROWS: Mapping[str, int] = MappingProxyType(
    {
        "source": 10_000,
        "track": 10_000,
        "proposal": 1_000_000,
        "decision": 1_000_000,
        "marker": 1_000_000,
        "setting": 10_000,
        "current_analysis": 1_000,
        "analysis": 100_000,
        "history": 10_000_000,
        "stored_audio": 100_000,
        "checksum": 100,
    }
)
