"""The sentence about each proposed place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.wording import percent
from engine.features.placement.positions import Position
from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.placements import Reason

_SENTENCES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.ORIGIN: "The other recordings are placed relative to this one.",
        Reason.SAME_SOUND: "Its sound is in another recording.",
        Reason.SIMILAR_RISES: "Its sound rises as in another recording, to some hundredths of a second.",
        Reason.AMBIGUOUS_SOUND: "Its sound fits several places: choose one.",
        Reason.FAINT_SOUND: "Its sound may be in another recording: check the place.",
        Reason.CLOCK_BY_SOUND: "Placed by its {field}, corrected by other files of the same device.",
        Reason.SAME_CLOCK: "Placed by its {field}, from the same device as another recording.",
        Reason.OTHER_CLOCK: "Placed by its {field}; nothing compares the clocks of the two devices.",
        Reason.FILE_DATE: "Placed by the date of its file, which copying can change.",
        Reason.JOINS_EXACTLY: "Continues the file before it, sample by sample.",
        Reason.SPLIT_AT_LIMIT: "Continues the file before it, which has the largest size of its recorder.",
        Reason.EQUAL_LENGTHS: "Seems to be one recording with the file next to it: they are equally long.",
        Reason.NEXT_NUMBER: "Placed by its number, next to the file with the number before or after it.",
        Reason.SAME_FILE: "Starts with the other audio tracks or channels of its file.",
        Reason.SAME_REFERENCE: "Starts with another file of its recorder: both state the same sample.",
        Reason.SAME_LENGTH: "Starts with another file of its folder: both have the same length.",
        Reason.SAME_TAKE: "Starts with the other files of its take folder.",
        Reason.AFTER_OTHERS: "Placed after the other files: its date is too far from theirs to be right.",
        Reason.NOTHING_KNOWN: "Starts at zero: neither its sound nor a date gives a place.",
        Reason.CHOSEN: "Placed as chosen.",
    }
)


def sentence_of(position: Position, head: FileHead) -> str:
    """Return the reason for a place, with its confidence where it is not certain."""
    field = head.time.field.value if head.time is not None else "stated time"
    text = _SENTENCES[position.reason].format(field=field)
    return text if position.is_certain else f"{text} Confidence {percent(position.confidence)}."
