"""A second recorder of the same event: its tracks, aligned to the clock of the others."""

from __future__ import annotations

from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.kinds.kind import Kind
from engine.document.kinds.operations import Reclock
from engine.document.kinds.payload import number, real, validator
from engine.document.kinds.sounding import BY_SAMPLES, SHIFT, shift_words

DRIFT_PPM = "drift_ppm"
MOST_DRIFT_PPM = 2_000.0
"""Beyond it two recordings differ in speed by more than clocks do."""

_recorder = validator(
    "recorder",
    {
        BY_SAMPLES: number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES),
        DRIFT_PPM: number(-MOST_DRIFT_PPM, MOST_DRIFT_PPM),
    },
)


def _reclocked(edited: Edited) -> tuple[Reclock, ...]:
    """Its span is for drawing and listing; the alignment applies to whole tracks."""
    _recorder(edited.payload)
    by, ppm = real(edited.payload, BY_SAMPLES, 0.0), real(edited.payload, DRIFT_PPM, 0.0)
    return (Reclock(0, FARTHEST_SAMPLES, edited.tracks, by, ppm),) if by or ppm else ()


def _recorder_words(edited: Edited, rate_hz: int) -> str:
    ppm = real(edited.payload, DRIFT_PPM, 0.0)
    moved = shift_words(edited, rate_hz)
    if not ppm:
        return moved
    return f"{moved}, {abs(ppm):.1f} ppm {'slower' if ppm < 0 else 'faster'}"


RECORDER = Kind(
    name="recorder",
    title="Recorder",
    done="lined up",
    icon="recorder",
    verb="line up recorder",
    shape="whole",
    fine_s=0.001,
    validate=_recorder,
    effect=_reclocked,
    words=_recorder_words,
    how_much=_recorder_words,
    is_of_tracks=True,
    amount=SHIFT,
)
