"""A CMX3600 edit decision list: one event for each clip, cuts only.

CMX3600 counts video frames. Each position in the result is rounded to the nearest frame by itself, from its
integer sample, and the source's start follows it: an event is placed half a frame off at most, and plays its
source half a frame off at most, however many come before it. The source's end follows from its start and the
rounded length, because both sides of an event must be equally long. An event that rounds to no frame
is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from engine.core.errors import ExportError
from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.timebase import timecode
from engine.core.wording import counted
from engine.document.tracks import audible
from engine.exchange.export.placing.clips import FrameClip, clips_of, frame_clips, lost_in_frames
from engine.exchange.export.placing.timecode import drops_frames, source_begin_s, source_path
from engine.exchange.export.request import Exported, ExportRequest, accepted_edits, edit_figures
from engine.sound.edl.edit_list import EditList

_REEL_LETTERS = 8
_MOST_HOURS = 24


@dataclass(frozen=True, slots=True)
class _Event:
    """One line of the list; its source may count in drop frame timecode."""

    placed: FrameClip
    channel: str
    reel: str
    name: str
    drops_frames: bool


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the list; the sources are named, not opened.

    Raises
    ------
    ExportError : the recording is longer than a timecode can count
    """
    progress.check_cancelled()
    state = request.state
    edit_list = request.edit_list
    rate = request.frame_rate
    nominal, exact = rate.nominal, rate.exact
    if edit_list.source_length_samples > _MOST_HOURS * 3600 * edit_list.rate_hz:
        raise ExportError(
            f"{shown(request.out)} cannot count past {_MOST_HOURS} hours: export another format, "
            "such as .otio."
        )
    events = sorted(
        _events(request, edit_list, exact, progress), key=lambda event: (event.placed.start, event.channel)
    )
    lines = [f"TITLE: {_line(request.title)}", "FCM: NON-DROP FRAME"]
    units = f"{edit_list.rate_hz} HZ, {rate} FPS"  # in each event: readers stop at a remark before the first
    for number, event in enumerate(events, 1):
        progress.check_cancelled()
        lines += _event_lines(number, event, nominal, units)
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="replace", newline="\r\n")
    progress.report(1.0, "Writing the edit decision list")
    edits = accepted_edits(state)
    sentence = (
        f"Wrote {counted(len(events), 'event')} at {rate} frames a second to {shown(request.out.name)}."
    )
    sentence += lost_in_frames(edit_list, exact)
    return Exported(request.out, sentence, {"events": float(len(events)), **edit_figures(edits)})


def _events(
    request: ExportRequest, edit_list: EditList, frame_rate: Fraction, progress: Progress
) -> Iterator[_Event]:
    """Yield the events of the audible tracks, track after track."""
    reels, media = _reels(request), request.named_media
    dropping = {key for key, one in request.sources.items() if drops_frames(one, media, frame_rate)}
    for number, track in enumerate(audible(request.state.tracks), 1):
        channel = "A" if number == 1 else f"A{number}"
        begins_s = {key: source_begin_s(request.sources[key], media) for key in track.source_ids}
        found = clips_of(request, track)
        for placed in frame_clips(found, request.sources, edit_list.rate_hz, frame_rate, begins_s):
            progress.check_cancelled()
            source = request.sources[placed.clip.source_id]
            name = source_path(source, request.named_media).name
            yield _Event(placed, channel, reels[source.id], name, source.id in dropping)


def _reels(request: ExportRequest) -> dict[str, str]:
    """Return a reel name for each file: what CMX3600 allows of the file's name, made unique."""
    reels: dict[str, str] = {}
    for source in request.sources.values():
        stem = source_path(source, request.named_media).stem.upper()
        plain = "".join(letter for letter in stem if letter.isascii() and letter.isalnum())[:_REEL_LETTERS]
        name, number = plain or "REEL", 2
        while name in reels.values():
            name = f"{plain[: _REEL_LETTERS - len(str(number))]}{number}"
            number += 1
        reels[source.id] = name
    return reels


def _event_lines(number: int, event: _Event, nominal: int, units: str) -> Iterator[str]:
    placed = event.placed
    source_codes = (placed.source_in, placed.source_in + placed.length)
    times = " ".join(
        (
            *(timecode(frame, nominal, drops_frames=event.drops_frames) for frame in source_codes),
            *(timecode(frame, nominal) for frame in (placed.start, placed.end)),
        )
    )
    yield f"{number:03d}  {event.reel:<8} {event.channel:<4}  {'C':<4} {'':3} {times}"
    yield f"* FROM CLIP NAME: {_line(event.name)}"
    clip = placed.clip
    yield (
        f"* OFFCUT: SOURCE SAMPLES {clip.start_samples}-{clip.stop_samples}, "
        f"RECORD SAMPLES {clip.result_start_samples}-{clip.result_stop_samples}, {units}"
    )


def _line(text: str) -> str:
    return " ".join(text.split())
