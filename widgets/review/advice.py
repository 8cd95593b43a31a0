"""Message of an empty queue: always with a next action."""

from __future__ import annotations

from collections.abc import Mapping

from engine.document.state import DocumentState
from engine.document.tracks.edits import DRUM_ROLES
from engine.review.statistics import ReviewStatistics


def all_decided(statistics: ReviewStatistics, keys: Mapping[str, str]) -> str:
    """Return the message for a finished review, "" while proposals are undecided."""
    if not statistics.total or statistics.undecided:
        return ""
    all_of_it = "It is" if statistics.total == 1 else f"All {statistics.total:,}"
    if statistics.cut_away:
        all_of_it = "All remaining proposals are"
    return f"{all_of_it} decided: export with {_key(keys, 'file.export', 'Export')}."


def advice(
    state: DocumentState, statistics: ReviewStatistics, taste: str | None, keys: Mapping[str, str]
) -> str:
    """Return the sentence for an empty queue.

    Parameters
    ----------
    taste : the name of the active taste, None without one
    keys : the key cap of each command id
    """
    if not state.tracks:
        return f"Drop recordings on the timeline, or press {_key(keys, 'file.import', 'Import')}."
    if statistics.total:
        return all_decided(statistics, keys) or "No proposals match this filter. Choose another one above."
    if taste is None and _has_drums(state):
        return (
            f"Put these drums in time ({_key(keys, 'timing.propose', 'Propose timing')}), "
            f"or learn a taste from your edits ({_key(keys, 'taste.learn', 'Learn')})."
        )
    if taste is None:
        pauses = _key(keys, "taste.pauses", "Propose pauses")
        return (
            f"Learn a taste from your edits ({_key(keys, 'taste.learn', 'Learn')}), "
            f"or propose to cut the pauses ({pauses})."
        )
    return (
        f'No proposals yet. Analyse with "{taste}" '
        f"({_key(keys, 'taste.listen', 'Analyse')}), "
        f"then propose cuts ({_key(keys, 'taste.propose', 'Propose')})."
    )


def _key(keys: Mapping[str, str], command: str, otherwise: str) -> str:
    """Return the key of a command, which no line breaks in two."""
    return keys.get(command, otherwise).replace(" ", "\u00a0")


def offers(state: DocumentState, statistics: ReviewStatistics, taste: str | None) -> tuple[str, ...]:
    """Return the command ids that work without a taste, most likely first; none after proposals exist."""
    if not state.tracks or statistics.total or taste is not None:
        return ()
    if _has_drums(state):
        return "timing.propose", "taste.learn", "taste.pauses", "takes.propose"
    return (
        *("taste.learn", "taste.pauses", "taste.shorten", "sounds.talk"),
        *("takes.propose", "editor.propose", "timing.propose"),
    )


def _has_drums(state: DocumentState) -> bool:
    return any(track.role in DRUM_ROLES for track in state.tracks)
