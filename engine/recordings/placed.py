"""Placed recordings: the tracks that they become, and the clocks of their recorders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from engine.document.change import Row
from engine.document.decisions import Decision, Verdict
from engine.document.kinds.recorder import DRIFT_PPM, RECORDER
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.proposals import Proposal, proposal_id
from engine.document.state import DocumentState
from engine.document.tracks.edits import NewTrack, new_track_id
from engine.document.tracks.track import Source, source_length_samples
from engine.recordings.stated.placements import LEAST_DRIFT_S, PlacedTrack, Placement, Placements

MAKER = "clocks"


def placed_tracks(
    places: Placements, sources: Sequence[Source], titles: Mapping[str, str] = MappingProxyType({})
) -> tuple[NewTrack, ...]:
    """Return the tracks of placed files; files that are not among the sources are left out.

    Parameters
    ----------
    titles : names that files state for a track of their own, by source id
    """
    return tuple(
        NewTrack(
            titles.get(own[0].id, track.name) if len(own) == 1 else track.name,
            tuple(own),
            tuple(_starts(track, files, own, places.rate_hz)),
            track.track_id,
        )
        for track, files, own in _on_tracks(places, sources)
    )


def clock_edits(
    state: DocumentState, places: Placements, sources: Sequence[Source]
) -> Iterator[tuple[Row, Row]]:
    """Yield a proposal, and its acceptance, for each new track whose recorder has another clock.

    Uncertain places have none: the user lines them up.
    """
    length = max(
        (
            start + source_length_samples(source, places.rate_hz)
            for track in placed_tracks(places, sources)
            for source, start in zip(track.sources, track.starts_samples, strict=True)
        ),
        default=0,
    )
    for track, files, own in _on_tracks(places, sources):
        drift_ppm = _drift_ppm(files, own, places.rate_hz)
        if track.track_id or not drift_ppm or not all(one.is_certain for one in files):
            continue
        key = new_track_id(state, own[0])
        payload: dict[str, object] = {BY_SAMPLES: _by_samples(files[0], drift_ppm), DRIFT_PPM: drift_ppm}
        proposal = Proposal(
            proposal_id(RECORDER.name, 0, length, MAKER, (key,), payload),
            RECORDER.name,
            0,
            length,
            min(one.confidence for one in files),
            f"Its clock differs by {drift_ppm:+.1f} ppm from that of the other recordings, by their sound.",
            MAKER,
            payload=payload,
            tracks=(key,),
        )
        yield proposal, Decision(proposal.id, Verdict.ACCEPTED)


def _on_tracks(
    places: Placements, sources: Sequence[Source]
) -> Iterator[tuple[PlacedTrack, list[Placement], list[Source]]]:
    by_path = {Path(source.path): source for source in sources}
    for track in places.tracks:
        files = [places.files[number] for number in track.files]
        files = [one for one in files if one.path.absolute() in by_path]
        if files:
            yield track, files, [by_path[one.path.absolute()] for one in files]


def _starts(
    track: PlacedTrack, files: Sequence[Placement], sources: Sequence[Source], rate_hz: int
) -> Iterator[int]:
    """Yield where clips begin: where the files sound, after the clock of the track is applied."""
    by, drift_ppm = track.by_samples, track.drift_ppm
    if not track.track_id:
        drift_ppm = _drift_ppm(files, sources, rate_hz)
        by = _by_samples(files[0], drift_ppm)
    for one in files:
        start = round(one.start_samples * (1.0 + drift_ppm / 1e6) - by)
        yield start if one.start_samples < 0.0 else max(start, 0)


def _by_samples(first: Placement, drift_ppm: float) -> float:
    """Return the shift of a recording whose clip begins on the sample nearest to its place.

    A moment t of the timeline is at ``t * (1 + drift_ppm / 1e6) - by`` of the track.
    """
    if not drift_ppm:
        return 0.0
    return round(first.start_samples * (1.0 + drift_ppm / 1e6) - round(first.start_samples), 3)


def _drift_ppm(files: Sequence[Placement], sources: Sequence[Source], rate_hz: int) -> float:
    """Return the drift of a track, 0 where its files do not agree or it is not significant."""
    drifts = [one.drift_ppm for one in files]
    first, last = files[0].start_samples, files[-1].start_samples
    length_s = (last - first + source_length_samples(sources[-1], rate_hz)) / rate_hz
    is_one = max(drifts) - min(drifts) <= 1e-6
    is_much = abs(drifts[0]) / 1e6 * length_s >= LEAST_DRIFT_S
    return round(drifts[0], 3) if is_one and is_much else 0.0
