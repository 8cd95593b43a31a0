"""Jobs of the page Separate: words for a window, and isolating or removing a sound.

Separators and detectors are imported by the jobs that need them: the pages load at once.
"""

from __future__ import annotations

import secrets
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.core.files.safe_write import check_room
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, samples_to_s
from engine.features.repair.separation.settings import refused_words
from engine.features.repair.separation.windows import FADE_MS, joined
from engine.sound.reader import SourceReader
from engine.sound.writer import export_format
from engine.web.session import OpenRecording, Result, Session
from engine.web.work import Answer

MOST_LABELS = 8
MOST_WINDOWS = 200
MOST_EXAMPLES = 12
_BYTES_EACH = 8
Time = Annotated[float, Field(ge=0.0, le=1e7, allow_inf_nan=False)]


class Windowed(BaseModel):
    """Where in a recording."""

    model_config = ConfigDict(extra="forbid")
    windows_s: list[tuple[Time, Time]] = Field(min_length=1, max_length=MOST_WINDOWS)


class Wanted(Windowed):
    """A separation requested by the page.

    Attributes
    ----------
    texts : names of the target; none for all sounds that are new in the windows
    like_s : [start, stop) of examples of the target
    strength_db : no moment of a band is lowered by more than this; no limit if None
    """

    texts: list[str] = Field(default_factory=list, max_length=100)
    like_s: list[tuple[Time, Time]] = Field(default_factory=list, max_length=MOST_EXAMPLES)
    mode: Literal["keep", "remove"] = "remove"
    strength_db: Annotated[float, Field(ge=0.0, le=120.0, allow_inf_nan=False)] | None = None


def detected_words(recording: OpenRecording, request: Windowed, progress: Progress) -> Answer:
    """Return names of the sounds in a window, the likeliest first.

    Raises
    ------
    UsageError : the window ends before it begins or is beyond the recording
    """
    from engine.analysis.detection.naming import labels_within

    with SourceReader(recording.path) as reader:
        (span, *_more) = _windows(reader, request)
        labels = labels_within(reader, span, (), progress)
    return {"labels": [{"text": one.text, "likelihood": one.likelihood} for one in labels[:MOST_LABELS]]}


def separation(session: Session, recording: OpenRecording, wanted: Wanted, progress: Progress) -> Answer:
    """Separate into a file of the session.

    Raises
    ------
    UsageError : a window or words cannot be taken
    ExportError : the disk is full
    """
    from engine.features.repair.separation.checks import understood_prompts
    from engine.features.repair.separation.in_file import example_in_file, separate_in_file
    from engine.features.repair.separation.separate import Asked
    from engine.features.repair.separation.separator import Mode, floor_of

    with SourceReader(recording.path) as reader:
        windows = _windows(reader, wanted)
        floor_db = floor_of(wanted.strength_db)
        examples = tuple(example_in_file(reader, *each) for each in wanted.like_s)
        prompts = understood_prompts(wanted.texts) if wanted.texts or not examples else ()
        request = Asked(examples + prompts, Mode(wanted.mode), FADE_MS, floor_db)
        # Only lossless formats are written; all else becomes WAV.
        suffix = ".flac" if reader.container == "FLAC" else ".wav"
        check_room(session.own, reader.frames * reader.channels * _BYTES_EACH)
        path = session.own / f"result-{secrets.token_hex(8)}{suffix}"
        done = separate_in_file(path, reader, windows, request, progress=progress)
        rate_hz = reader.rate_hz
        fade = s_to_samples(FADE_MS / 1000.0, rate_hz)
        subtype = export_format([reader.subtype], suffix)
    name = f"{PurePath(recording.name).stem or 'recording'}, {wanted.mode}{suffix}"
    written = OpenRecording(path, name, is_ours=True)
    keeps = wanted.mode == "keep"
    result = session.add_result(Result(recording, written, done.windows_samples, keeps, fade))
    return {
        "result": result.written.key,
        "name": name,
        "texts": [prompt.text for prompt in request.prompts],
        "mode": wanted.mode,
        "windows_s": [[samples_to_s(edge, rate_hz) for edge in window] for window in done.windows_samples],
        "clipped_samples": done.clipped_samples,
        **done.change.fields(),
        "summary": f"{done.change.words}{refused_words(done.refused)}",
        "refused_places": done.refused,
        "levels": done.change.levels_words,
        "subtype": subtype,
    }


def _windows(reader: SourceReader, request: Windowed) -> tuple[tuple[int, int], ...]:
    rate_hz = reader.rate_hz
    spans = [(s_to_samples(a, rate_hz), s_to_samples(b, rate_hz)) for a, b in request.windows_s]
    return joined(spans, reader.frames, rate_hz)
