"""Small documents over real files, for the tests of what is heard of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile

from engine.document.edits.by_hand import edit_by_hand
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from tests.sources import one_source_track

RATE_HZ = 8_000


@dataclass(frozen=True)
class Recording:
    """A document and where its sources are."""

    state: DocumentState
    media: dict[str, Path] = field(default_factory=dict)


def cut_proposal(start: int, stop: int, crossfade_ms: float = 20.0, name: str = "") -> Proposal:
    """Return a proposal to cut [start, stop)."""
    return Proposal(
        id=name or f"cut-{start}-{stop}",
        kind="cut",
        start_samples=start,
        stop_samples=stop,
        score=0.9,
        reason="Tuning between two takes",
        maker="test",
        payload={"crossfade_ms": crossfade_ms},
    )


def with_cuts(state: DocumentState, *cuts: tuple[int, int], crossfade_ms: float = 20.0) -> DocumentState:
    """Return the state with these cuts proposed and accepted."""
    proposals = [cut_proposal(start, stop, crossfade_ms) for start, stop in cuts]
    return replace(
        state,
        proposals={proposal.id: proposal for proposal in proposals},
        decisions={proposal.id: Decision(proposal.id, Verdict.ACCEPTED) for proposal in proposals},
    )


def recording(
    folder: Path,
    tracks: Sequence[np.ndarray],
    *,
    subtype: str = "FLOAT",
    rate_hz: int = RATE_HZ,
    names: Sequence[str] = (),
    **track_values: Sequence[object],
) -> Recording:
    """Write one file a track, samples of shape (frames, channels), and return the document of them.

    `track_values` holds fields of `Track` and `start_samples`, one value a track; `names` holds file names.
    """
    sources, placed, media = {}, [], {}
    for number, samples in enumerate(tracks):
        source_id = f"s{number}"
        path = folder / (names[number] if names else f"{source_id}.wav")
        soundfile.write(path, samples, rate_hz, subtype=subtype)
        info = soundfile.info(path)
        sources[source_id] = Source(
            source_id, str(path), "", rate_hz, info.channels, info.frames, info.format, info.subtype
        )
        values = {name: given[number] for name, given in track_values.items()}
        placed.append(one_source_track(f"t{number}", sources[source_id], f"Track {number}", number, **values))
        media[source_id] = path
    return Recording(DocumentState(rate_hz=rate_hz, sources=sources, tracks=tuple(placed)), media)


def timeline_state(length_samples: int, rate_hz: int = RATE_HZ) -> DocumentState:
    """Return a state of one track without a file behind it, for what needs no sound."""
    source = Source("s0", "nowhere.wav", "", rate_hz, 1, length_samples, "WAV", "PCM_16")
    track = one_source_track("t0", source, "Track", 0)
    return DocumentState(rate_hz=rate_hz, sources={"s0": source}, tracks=(track,))


def by_hand(
    state: DocumentState,
    kind: str,
    span: tuple[int, int],
    payload: Mapping[str, object],
    tracks: tuple[str, ...] = (),
) -> DocumentState:
    """Return the state with an edit made by hand, which is accepted."""
    _, made = edit_by_hand(state, kind, *span, payload, tracks)
    decision = Decision(made.id, Verdict.ACCEPTED)
    return replace(
        state, proposals={**state.proposals, made.id: made}, decisions={**state.decisions, made.id: decision}
    )
