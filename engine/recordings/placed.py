"""Placed recordings: the tracks that they become, and the clocks of their recorders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.audio.conform import conformed_path
from engine.document.change import Row
from engine.document.decisions import Decision, Verdict
from engine.document.kinds.recorder import DRIFT_PPM, RECORDER
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.proposals import Proposal, proposal_id
from engine.document.state import DocumentState
from engine.document.tracks.edits import NewTrack
from engine.document.tracks.track import Source, source_length_samples
from engine.errors import SourceError, UsageError
from engine.files.safe_write import shown
from engine.progress import Progress
from engine.recordings.placement.file_head import read_heads
from engine.recordings.placement.placements import Mode, Placement, Placements, Reason
from engine.recordings.placement.plan import propose_places

MAKER = "clocks"
LEAST_DRIFT_S = 0.003
"""Drift of a recording, by its end, from which it is corrected; below, no sample of it changes."""


def placed_tracks(places: Placements, sources: Sequence[Source]) -> tuple[NewTrack, ...]:
    """Return the tracks of placed files; files that are not among the sources are left out."""
    return tuple(
        NewTrack(name, tuple(own), tuple(_starts(files, own, places.rate_hz)))
        for name, files, own in _on_tracks(places, sources)
    )


def clock_edits(places: Placements, sources: Sequence[Source]) -> Iterator[tuple[Row, Row]]:
    """Yield a proposal, and its acceptance, for each track whose recorder has another clock.

    Only certain places have one: what is not certain is left for the user to line up.
    """
    length = max(
        (
            start + source_length_samples(source, places.rate_hz)
            for track in placed_tracks(places, sources)
            for source, start in zip(track.sources, track.starts_samples, strict=True)
        ),
        default=0,
    )
    for _, files, own in _on_tracks(places, sources):
        drift_ppm = _drift_ppm(files, own, places.rate_hz)
        if not drift_ppm or not all(one.is_certain for one in files):
            continue
        key = f"track-{own[0].id}"
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
) -> Iterator[tuple[str, list[Placement], list[Source]]]:
    by_path = {Path(source.path): source for source in sources}
    for track in places.tracks:
        files = [places.files[number] for number in track.files]
        files = [one for one in files if one.path.absolute() in by_path]
        if files:
            yield track.name, files, [by_path[one.path.absolute()] for one in files]


def _starts(files: Sequence[Placement], sources: Sequence[Source], rate_hz: int) -> Iterator[int]:
    """Yield where clips begin: where the files sound, after the clock of the track is applied."""
    drift_ppm = _drift_ppm(files, sources, rate_hz)
    by, speed = _by_samples(files[0], drift_ppm), 1.0 + drift_ppm / 1e6
    for one in files:
        yield max(round(one.start_samples * speed - by), 0)


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


@dataclass(frozen=True, slots=True)
class LineUpRequest:
    """Clips to place again.

    Attributes
    ----------
    media : where each source is now, by source id
    clips : their ids
    """

    state: DocumentState
    media: Mapping[str, Path]
    clips: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of the clips, each once."""
        every = (clip for track in self.state.tracks for clip in track.clips if clip.id in self.clips)
        return tuple(dict.fromkeys(clip.source_id for clip in every))


def places_again(request: LineUpRequest, progress: Progress) -> Placements:
    """Propose places for recordings of a document, as at import.

    Raises
    ------
    UsageError : there are fewer than two recordings
    SourceError : one is missing, or cannot be read
    """
    state = request.state
    if len(request.sources) < 2:
        raise UsageError("To line up needs two recordings: choose the clips of more tracks.")
    missing = [key for key in request.sources if key not in request.media]
    if missing:
        raise SourceError(f"{shown(state.sources[missing[0]].path)} is missing: locate the file first.")
    originals = {key: request.media[key] for key in request.sources}
    heads = read_heads(list(originals.values()))
    media = {
        path: conformed_path(replace(state.sources[key], path=str(path)), state.rate_hz)
        for key, path in originals.items()
    }
    return propose_places(heads, Mode.AUTO, rate_hz=state.rate_hz, media=media, progress=progress)


def placed_again(request: LineUpRequest, places: Placements) -> dict[str, int]:
    """Return where clips begin at these places, by their ids; the recording that others refer to stays.

    Clips before the start of the timeline move all of them later.
    """
    starts = {key: one.start_samples for key, one in zip(request.sources, places.files, strict=True)}
    clips = [clip for track in request.state.tracks for clip in track.clips if clip.id in request.clips]
    origin = next(
        (key for key, one in zip(request.sources, places.files, strict=True) if one.reason is Reason.ORIGIN),
        request.sources[0],
    )
    still = next(clip for clip in clips if clip.source_id == origin)
    by = still.shift_samples - round(starts[origin])
    placed = {clip.id: round(starts[clip.source_id]) + by + clip.offset_samples for clip in clips}
    ahead = min(0, *placed.values())
    return {key: start - ahead for key, start in placed.items()}
