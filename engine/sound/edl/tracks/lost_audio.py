"""Notices that the recording plays instead of unreadable stored audio."""

from __future__ import annotations

from collections.abc import Collection

from engine.core.timebase import format_time, samples_to_s
from engine.document.kinds.operations import Replace


def lost_on_track(track: str, lost: Collection[Replace], rate_hz: int) -> str:
    """Return the message about the edits of one track whose audio is unreadable.

    Parameters
    ----------
    track : its name
    """
    which, it = _repairs(lost, rate_hz)
    return (
        f"On track {track!r} the recording plays in place of {which}: the audio stored for {it} is "
        "missing or damaged."
    )


def lost_in_document(lost: Collection[Replace], rate_hz: int) -> str:
    """Return the same notice for all tracks, with the remedy."""
    which, it = _repairs(lost, rate_hz)
    return (
        f"The recording is shown and played in place of {which}, since the audio stored for {it} is missing "
        f"or damaged: open a backup of the document ‹file.open_backup›, or make {it} again."
    )


def _repairs(lost: Collection[Replace], rate_hz: int) -> tuple[str, str]:
    """Return which repairs are meant, and the word for them."""
    first_s = samples_to_s(min(one.start_samples for one in lost), rate_hz)
    if len(lost) == 1:
        return f"the repair at {format_time(first_s, 1)}", "it"
    return f"{len(lost)} repairs, the first at {format_time(first_s, 1)}", "them"
