"""Microphones on a second recorder: propose to move and stretch them to the clock of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.second_recorder import Read, SecondRecorder, match_rises, refined, rises_of
from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted, listed
from engine.document.analysis import Hits, Role
from engine.document.edits.proposals import add_proposals
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import DRIFT_PPM, RECORDER
from engine.document.proposals import Proposal, proposal_id
from engine.document.state import DocumentState
from engine.recordings.stated.placements import LEAST_DRIFT_S, MAKER
from engine.recordings.track_audio import Microphones
from engine.review.answers import Accepted, accept_all

LEAST_OFFSET_S = 0.1
"""Less than that may be the way of the sound to a microphone away from the others."""
_AWAY = (Role.ROOM, Role.OTHER)
"""Roles that a second recorder is used for; close microphones and overheads share one desk."""
_LEAST_CONFIDENCE = 0.8
_MOST_SPREAD_S = 0.0003
"""Above it, drift may be due to the drums played: some are closer to one microphone than to the other."""
_SURELY = 3.0
"""A drift counts if it is this many times the spread of the windows around its line."""
_MOST_REFERENCES = 3
_AS_RECORDED = SecondRecorder(0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class RecordersRequest:
    """Recordings to compare.

    Attributes
    ----------
    media : where each source is now, by source id
    tracks : the ids of those compared; none for all
    """

    state: DocumentState
    media: Mapping[str, Path]
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposedRecorders:
    """Which recordings are to be lined up."""

    proposals: tuple[Proposal, ...] = ()

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        if not self.proposals:
            return "All recordings that share sound have the same clock and start."
        return " ".join(one.reason for one in self.proposals)

    def lined_up(self, state: DocumentState) -> Accepted:
        """Return a document in which those with strong evidence are accepted; nothing is written."""
        label = f"Proposed to line up {counted(len(self.proposals), 'recorder')}"
        return accept_all(state, add_proposals(state, self.proposals, label), self.proposals)


def propose_recorders(request: RecordersRequest, progress: Progress) -> ProposedRecorders:
    """Compare recordings, and propose to line up those that another recorder made.

    The clock of most recordings is the reference, and that of the first if two are equally common. Recordings
    that do not share sounds stay as they are.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    state = request.state
    tracks = [one.id for one in state.tracks if not request.tracks or one.id in request.tracks]
    with Microphones(state, request.media, tracks, progress.part(0.0, 0.1)) as microphones:
        heard = _Compared(microphones, progress.part(0.1, 1.0))
        for first in tracks[:_MOST_REFERENCES]:
            found = heard.beside(first, tracks)
            if found:
                groups = _alike(state, {first: _AS_RECORDED, **found})
                most = max(groups, key=lambda group: len(group[0]))
                others = [(keys, _beside(one, most[1])) for keys, one in groups if keys != most[0]]
                return _proposed(state, others)
    return _proposed(state, ())


def recorders_away(
    state: DocumentState, media: Mapping[str, Path], hits: Hits, progress: Progress
) -> ProposedRecorders:
    """Compare microphones away from the drums with those at the drums, and propose to line them up.

    The reference is an overhead, which also picks up the whole kit, or else the track with most hits.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    away = [key for key, role in zip(hits.track_ids, hits.roles, strict=True) if role in _AWAY]
    if not away or not len(hits.tracks):
        return ProposedRecorders()
    counts = np.bincount(hits.tracks, minlength=len(hits.track_ids))
    counts[[role is Role.OVERHEAD for role in hits.roles]] += len(hits.tracks) + 1
    first = hits.track_ids[int(counts.argmax())]
    others = [key for key in away if key != first]
    with Microphones(state, media, (first, *others)) as microphones:
        found = _Compared(microphones, progress).beside(first, others)
    return _proposed(state, _alike(state, found))


class _Compared:
    """Recordings held against each other; each is listened to once."""

    def __init__(self, microphones: Microphones, progress: Progress) -> None:
        self._microphones, self._progress = microphones, progress
        self._rises: dict[str, NDArray[np.float32]] = {}

    def beside(self, first: str, others: Sequence[str]) -> dict[str, SecondRecorder]:
        """Return the confident matches of the others with the first track."""
        found: dict[str, SecondRecorder] = {}
        rate_hz, length = self._microphones.rate_hz, self._microphones.length_samples
        for number, key in enumerate(others):
            self._progress.check_cancelled()
            self._progress.report(number / len(others), "Comparing clocks")
            if key == first:
                continue
            match = match_rises(self._rises_of(first), self._rises_of(key), rate_hz)
            if match is not None and match.confidence >= _LEAST_CONFIDENCE:
                closer = refined(match, self._reader(first), self._reader(key), length, rate_hz)
                if closer.spread_s <= _MOST_SPREAD_S:
                    found[key] = closer
        return found

    def _rises_of(self, key: str) -> NDArray[np.float32]:
        if key not in self._rises:
            self._rises[key] = rises_of(self._microphones.one(key), self._microphones.rate_hz)
        return self._rises[key]

    def _reader(self, key: str) -> Read:
        row = self._microphones.track_ids.index(key)
        return lambda start, stop: self._microphones.read_one(row, start, stop)


_Group = tuple[tuple[str, ...], SecondRecorder]


def _alike(state: DocumentState, found: Mapping[str, SecondRecorder]) -> list[_Group]:
    """Group recordings of one clock, each group with its most precise match."""
    groups: list[tuple[list[str], SecondRecorder]] = []
    for key in sorted(found, key=lambda key: found[key].spread_s):
        own = next((group for group in groups if not _is_off(state, _beside(found[key], group[1]))), None)
        if own is None:
            groups.append(([key], found[key]))
        else:
            own[0].append(key)
    return [(tuple(keys), one) for keys, one in groups]


def _beside(one: SecondRecorder, other: SecondRecorder) -> SecondRecorder:
    """Return how one recording relates to another, from their matches with a third."""
    speed = (1.0 + one.drift_ppm / 1e6) / (1.0 + other.drift_ppm / 1e6)
    return SecondRecorder(
        one.offset_samples - speed * other.offset_samples,
        (speed - 1.0) * 1e6,
        min(one.confidence, other.confidence),
        max(one.spread_s, other.spread_s),
    )


def _drift_s(state: DocumentState, found: SecondRecorder) -> float:
    """Return the drift at the end in seconds; 0 if it is not significant."""
    drift_s = found.drift_ppm / 1e6 * samples_to_s(state.length_samples, state.rate_hz)
    return drift_s if abs(drift_s) >= _SURELY * found.spread_s else 0.0


def _is_off(state: DocumentState, found: SecondRecorder) -> bool:
    is_far = abs(found.offset_samples) >= LEAST_OFFSET_S * state.rate_hz
    return is_far or abs(_drift_s(state, found)) >= LEAST_DRIFT_S


def _proposed(state: DocumentState, groups: Iterable[_Group]) -> ProposedRecorders:
    """Propose to line up displaced recordings, one edit per clock."""
    length, made = state.length_samples, []
    names = {track.id: track.name for track in state.tracks}
    order = [track.id for track in state.tracks]
    for keys, found in groups:
        if not _is_off(state, found):
            continue
        tracks = tuple(sorted(keys, key=order.index))
        drifts = _drift_s(state, found) != 0.0
        # Without a drift all samples stay as they were recorded.
        late = found.offset_samples + (0.0 if drifts else found.drift_ppm / 1e6 * length / 2.0)
        ppm = round(found.drift_ppm, 3) if drifts else 0.0
        by = -round(late, 2) if drifts else -float(round(late))
        payload: dict[str, object] = {BY_SAMPLES: by, DRIFT_PPM: ppm}
        key = proposal_id(RECORDER.name, 0, length, MAKER, tracks, payload)
        reason = _reason([names[track] for track in tracks], found, state, drifts=drifts)
        score = min(1.0, found.confidence)
        made.append(Proposal(key, RECORDER.name, 0, length, score, reason, MAKER, (), payload, None, tracks))
    return ProposedRecorders(tuple(made))


def _reason(names: Sequence[str], found: SecondRecorder, state: DocumentState, *, drifts: bool) -> str:
    """Describe the offset and drift of recordings relative to the others."""
    one = len(names) == 1
    it, differences = "it" if one else "they", []
    if drifts:
        by_the_end = f"{abs(_drift_s(state, found)) * 1000:.0f} ms by the end"
        fast = "fast" if found.drift_ppm > 0 else "slow"
        differences.append(f"{'runs' if one else 'run'} {abs(found.drift_ppm):.1f} ppm {fast}, {by_the_end}")
    late_s = round(samples_to_s(round(found.offset_samples), state.rate_hz), 3)
    if late_s:
        differences.append(
            f"{'is' if one else 'are'} {abs(late_s):.3f} s {'late' if late_s > 0 else 'early'}"
        )
    done = listed([*(["stretch"] if drifts else []), *(["move"] if late_s else [])])
    return (
        f"{listed(names)} {'comes' if one else 'come'} from another recorder: {it} "
        f"{', and '.join(differences)}. {done.capitalize()} {'it' if one else 'them'}."
    )
