"""The whole way from recordings to hits on a grid: found, placed, proposed, and written as aligned files.

The hits of a document are detected once, and again after its audio changes. The share of one drum in a
distant microphone's sound of a stroke is estimated by octave from its other hits; simultaneous drums divide
the power in proportion (Wiener's filter).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ExportError
from engine.core.files.safe_write import brief, is_taken
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import listed, reason_of
from engine.document.analysis import PICKUP, Analysis, BeatGrid, Hits, StrokePickup, analysis_id, confirmed
from engine.document.edits.analyses import drum_tracks, role_of
from engine.document.kinds.timing import OCTAVES_HZ
from engine.document.proposals import Proposal
from engine.document.pulse import free_notice, is_free
from engine.document.state import DocumentState
from engine.exchange.export import ExportRequest
from engine.exchange.export.plan import check, export_all
from engine.features.timing.alignment.fitting import grid_notices
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.second_recorders import ProposedRecorders, recorders_away
from engine.features.timing.finders.timing.align import ProposedMoves, propose_moves
from engine.features.timing.finders.timing.find_grid import FoundGrid, WantedGrid, find_grid, find_groove
from engine.features.timing.hits.find import HITS_MAKER, find_hits
from engine.features.timing.hits.membership import guessed_roles_sentence, left_behind, unnamed_kit
from engine.features.timing.kit import PickupRequest, compare_tracks
from engine.recordings.analyses import clocks_of, pickup_id
from engine.recordings.track_audio import Microphones
from engine.review.answers import accept_all

Sound = NDArray[np.float32]


HITS = "hits"


@dataclass(frozen=True, slots=True)
class HitsRequest:
    """Where to find hits.

    Attributes
    ----------
    media : where each source is now, by source id
    tracks : the ids of the microphones
    """

    state: DocumentState
    media: Mapping[str, Path] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()


def hits_id(state: DocumentState, tracks: tuple[str, ...]) -> str:
    """Return the id of the hits detected in these microphones, from the audio and the detector."""
    heard = [(one.id, *state.recorded(one), one.role) for one in state.tracks if one.id in tracks]
    return analysis_id(HITS, HITS_MAKER, heard, *clocks_of(state, tracks))


def detect_hits(request: HitsRequest, progress: Progress) -> Hits:
    """Detect all hits, including those with low confidence.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    roles = {one.id: role for one in state.tracks if (role := role_of(one.role)) is not None}
    with Microphones(state, request.media, request.tracks, progress.part(0.0, 0.05)) as microphones:
        names = {one.id: one.name for one in state.tracks}
        return find_hits(microphones, roles, progress.part(0.05, 1.0), names)


AFTER_S = 0.06
BEFORE_S = 0.02
_MOST_HITS = 40


class Bleed:
    """Estimates one voice's share of other microphones in a stroke; reads around a few hits of each drum.

    Parameters
    ----------
    read : (start, stop) to samples of all microphones in the order of `hits.track_ids`, shape
        (microphones, stop - start)
    hits : each drum is estimated from its other hits
    """

    def __init__(self, read: Callable[[int, int], Sound], hits: Hits, rate_hz: int) -> None:
        self._read, self._hits, self._rate_hz = read, hits, rate_hz
        _, voices_of_stroke, counts = np.unique(hits.strokes, return_inverse=True, return_counts=True)
        self._is_alone = counts[voices_of_stroke] == 1
        self._known: dict[int, NDArray[np.float64]] = {}

    def __call__(self, row: int) -> dict[str, list[float]]:
        """Return the share in each octave of `OCTAVES_HZ` of a row of the hits, by the id of the microphone.

        Microphones without it are left out; the result is the payload of a flam.
        """
        hits, own = self._hits, int(self._hits.tracks[row])
        onset = max(0, int(hits.onsets_samples[row]))
        together = {int(track) for track in hits.tracks[hits.strokes == hits.strokes[row]]}
        begin = int(hits.onsets_samples[hits.strokes == hits.strokes[row]].min(initial=onset))
        ringing = self._powers(max(0, begin - s_to_samples(BEFORE_S, self._rate_hz)), max(0, begin))
        heard = self._added(own)
        whole = sum((self._added(track) for track in together), np.zeros(heard.shape)) + ringing
        shares = np.divide(heard, whole, out=np.zeros(heard.shape), where=whole > 0.0).round(3)
        return {
            key: of_octave.tolist()
            for track, (key, of_octave) in enumerate(zip(hits.track_ids, shares, strict=True))
            if track != own and of_octave.any()
        }

    def _added(self, drum: int) -> NDArray[np.float64]:
        """Return the power that hits of a drum add to each microphone, shape (microphones, octaves).

        The median over at most 40 of its hits, where there are any of those that sound alone.
        """
        if drum not in self._known:
            of_drum = self._hits.tracks == drum
            alone = of_drum & self._is_alone
            onsets = self._hits.onsets_samples[alone if alone.any() else of_drum]
            chosen = onsets[np.linspace(0, len(onsets) - 1, _MOST_HITS).astype(int)]
            before, after = s_to_samples(BEFORE_S, self._rate_hz), s_to_samples(AFTER_S, self._rate_hz)
            found = [
                self._powers(onset, onset + after) - self._powers(max(0, onset - before), onset)
                for onset in np.unique(np.maximum(chosen, 0).astype(np.int64)).tolist()
            ]
            self._known[drum] = np.maximum(np.median(np.array(found), axis=0), 0.0)
        return self._known[drum]

    def _powers(self, start: int, stop: int) -> NDArray[np.float64]:
        return np.array([_powers(sound, self._rate_hz) for sound in self._read(start, stop)])


def _powers(sound: Sound, rate_hz: int) -> NDArray[np.float64]:
    """Return the mean power of a sound by octave; the lowest and the highest reach to the ends.

    Its window falls, so that a sudden end adds no high frequencies.
    """
    if not len(sound):
        return np.zeros(len(OCTAVES_HZ))
    window = np.hanning(2 * len(sound) + 1)[len(sound) + 1 :]
    spectrum = np.square(np.abs(np.fft.rfft(sound * window))) / (
        len(sound) * np.sum(np.square(window)) + 1e-12
    )
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    edges = np.sqrt(np.array(OCTAVES_HZ[:-1]) * np.array(OCTAVES_HZ[1:]))
    octaves = np.searchsorted(edges, frequencies)
    return np.array([np.sum(spectrum[octaves == octave]) for octave in range(len(OCTAVES_HZ))])


_SUFFIXES = (".wav", ".flac")


@dataclass(frozen=True, slots=True)
class AlignRequest:
    """Microphones to align, and the grid to align them to.

    Attributes
    ----------
    media : where each source is now, by source id
    wanted : which grid
    tracks : the ids of the drum microphones; empty to select them by role
    groove : source of the feel, see `engine.features.timing.finders.timing.find_grid`; None for none
    grid, hits, promoted, pickup : analyses stored in the document
    """

    state: DocumentState
    media: Mapping[str, Path]
    wanted: WantedGrid
    settings: TimingSettings
    tracks: tuple[str, ...] = ()
    groove: str | None = None
    grid: BeatGrid | None = None
    hits: Hits | None = None
    promoted: Hits | None = None
    pickup: StrokePickup | None = None

    @property
    def drums(self) -> tuple[str, ...]:
        """The ids of the microphones that are moved.

        Raises
        ------
        UsageError : the document has no drums
        """
        return drum_tracks(self.state, self.tracks, unnamed_kit(self.state, self.pickup))


@dataclass(frozen=True, slots=True)
class Aligned:
    """Result of an alignment.

    Attributes
    ----------
    analyses, ids : the hits and the pickup, those that the document did not have
    notices : sentences that the user must know of
    files : the files written
    recorders : microphones on another recorder, whose hits were detected again
    left_behind : the names of the tracks recorded with the microphones that stay where they are
    weak_left : proposals with weak evidence that the files are written without
    """

    state: DocumentState
    found: FoundGrid
    proposed: ProposedMoves
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    recorders: ProposedRecorders = field(default_factory=ProposedRecorders)
    left_behind: tuple[str, ...] = ()
    weak_left: tuple[Proposal, ...] = ()


def with_pickup(request: AlignRequest, progress: Progress) -> AlignRequest:
    """Return a request that knows which tracks were recorded together.

    Raises
    ------
    SourceError : a recording cannot be read
    """
    if request.pickup is not None:
        return request
    return replace(request, pickup=compare_tracks(PickupRequest(request.state, request.media), progress))


def align(request: AlignRequest, progress: Progress) -> Aligned:
    """Find grid and hits, and propose where they go.

    Raises
    ------
    SourceError : a recording cannot be read
    TimingError : no drums or no pulse were found
    UsageError : the request is not possible
    """
    state = request.state
    division = request.settings.divided
    request, before = with_pickup(request, progress.part(0.0, 0.05)), request.pickup
    found = find_grid(request.wanted, state, request.media, request.grid, progress.part(0.05, 0.25))
    groove = None
    if request.groove:
        share = progress.part(0.25, 0.3)
        groove = find_groove(request.groove, found.grid, division, state, request.media, share)
    tracks = tuple(key for key in request.drums if key != found.click_track)
    key = hits_id(state, tracks)
    hits, recorders = request.hits, ProposedRecorders()
    fresh, ids = dict[str, Analysis](), dict[str, str]()
    if before is None and request.pickup is not None:
        fresh, ids = {PICKUP: request.pickup}, {PICKUP: pickup_id(state)}
    notices = [found.notice] if found.notice else []
    if hits is None or state.analyses.get(HITS) != key:
        hits = detect_hits(HitsRequest(state, request.media, tracks), progress.part(0.3, 0.85))
        fresh[HITS], ids[HITS] = hits, key
        recorders = recorders_away(state, request.media, hits, progress.part(0.85, 0.95))
        notices += [one.reason for one in recorders.proposals]
    notices += filter(None, [guessed_roles_sentence(state, hits)])
    sure = confirmed(hits, request.promoted, state.rate_hz)
    with Microphones(state, request.media, sure.track_ids) as microphones:
        bleed_of = Bleed(microphones.read, sure, state.rate_hz)
        proposed = propose_moves(state, sure, found.grid, request.settings, groove=groove, bleed_of=bleed_of)
    placed = proposed.placed
    onsets = placed.strokes.onsets_samples
    in_time = onsets[~is_free(found.grid, onsets)]
    notices += grid_notices(placed.hits, in_time, placed.lines, found.grid.tempo_bpm)
    stay = free_notice(found.grid, onsets, state.rate_hz, "hits")
    notices += [stay] if stay else []
    return Aligned(
        state,
        found,
        proposed,
        fresh,
        ids,
        tuple(notices),
        recorders=recorders,
        left_behind=left_behind(state, request.pickup, tracks),
    )


def check_files(
    request: AlignRequest, folder: Path, *, overwrite: bool, reads: tuple[Path, ...] = ()
) -> None:
    """Find out before minutes of listening whether aligned files can be written.

    Parameters
    ----------
    reads : other files that are read; none of them is overwritten

    Raises
    ------
    ExportError : one of them cannot
    """
    with _folder(folder):
        requests = _requests(request.state, request.media, request.drums, folder, reads, overwrite=overwrite)
        check(list(requests))


def write_files(
    request: AlignRequest,
    done: Aligned,
    folder: Path,
    *,
    overwrite: bool,
    progress: Progress,
    reads: tuple[Path, ...] = (),
) -> Aligned:
    """Write each microphone as it sounds once all that was proposed with strong evidence is accepted.

    Raises
    ------
    ExportError : a file cannot be written
    """
    accepted = accept_all(request.state, done.proposed.edit, done.proposed.proposals)
    with _folder(folder):
        tracks = done.proposed.placed.hits.track_ids
        requests = list(_requests(accepted.state, request.media, tracks, folder, reads, overwrite=overwrite))
        export_all(requests, progress)
    left = (*done.weak_left, *accepted.weak_left)
    return replace(done, files=tuple(one.out for one in requests), weak_left=left)


def differing_rates(done: Aligned) -> Iterator[str]:
    """Yield a sentence where microphones were recorded at another rate than all of them are aligned at."""
    state, own = done.state, set(done.proposed.placed.hits.track_ids)
    tracks = (track for track in state.tracks if track.id in own)
    rates = {state.sources[key].rate_hz for track in tracks for key in track.source_ids}
    if rates != {state.rate_hz}:
        which = listed([f"{rate_hz:,}" for rate_hz in sorted(rates)])
        yield f"The microphones have {which} Hz: all are aligned at {state.rate_hz:,} Hz, aligned files too."


def _requests(
    state: DocumentState,
    media: Mapping[str, Path],
    tracks: Sequence[str],
    folder: Path,
    reads: tuple[Path, ...],
    *,
    overwrite: bool,
) -> Iterator[ExportRequest]:
    """Yield the export of each microphone alone, at its own length."""
    for track in state.tracks:
        if track.id in tracks:
            alone = replace(state, tracks=(replace(track, gain_db=0.0, pan=0.0, mute=False, solo=False),))
            path = Path(state.sources[track.clips[0].source_id].path)
            suffix = path.suffix.lower()
            out = folder / f"{path.stem}{suffix if suffix in _SUFFIXES else _SUFFIXES[0]}"
            yield ExportRequest(alone, media, out, overwrite, out.stem, reads=reads)


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Make a folder if it is missing, and remove it if it stays empty."""
    is_new = not is_taken(folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {brief(folder)} cannot be made: {reason_of(error)}.") from error
    try:
        yield
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
