"""Timing: drum hits moved onto a grid."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from engine.core.progress import Progress
from engine.core.timebase import samples_to_s_array
from engine.document.analysis import PICKUP, Analysis, BeatGrid, Hits
from engine.document.edits.analyses import PROMOTED, listening_ids
from engine.document.grid_edits import USUAL_BEATS_IN_BAR, require_beats_in_bar
from engine.document.kinds.timing import FLAM, HIT
from engine.document.state import DocumentState
from engine.features.timing.alignment.groove_file import is_learned, read_groove
from engine.features.timing.alignment.lines import read_division
from engine.features.timing.alignment.settings import LIMITS, TimingSettings, timing_settings
from engine.features.timing.hits.membership import left_behind_sentence
from engine.recordings.analyses import known_pickup
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found, limited

if TYPE_CHECKING:
    from engine.features.timing.finders.timing.aligned_files import Aligned, AlignRequest
    from engine.features.timing.finders.timing.hit_proposals import Placed

_GRIDS = ("bpm", "click", "midi", "beats")
"""Settings that define the grid; exactly one is used."""


class TimingFinderSettings(FinderSettings):
    """The grid, and how hits are moved; settings of the move that are not given are those of the document."""

    bpm: float | None = Field(None, title="Tempo", description="tempo of an even grid in beats per minute")
    first_beat_s: float | None = Field(
        None, title="First beat", description="the first beat of an even grid, or the start of a MIDI file"
    )
    beats_in_bar: int = Field(USUAL_BEATS_IN_BAR, title="Beats in a bar", description="of an even grid")
    click: str | None = Field(
        None, title="Click", description="a click: a file or a track; an empty text for the track that is one"
    )
    midi: str = Field("", title="Tempo map", description="a MIDI file whose tempo map is the grid")
    beats: str = Field("", title="Beats", description="a file of beats as offcut beats --json prints them")
    division: str | None = Field(
        None, title="Division", description="1/4, 1/8, 1/16, 1/32, 1/8t, 1/16t or 1/16 swing 58 %"
    )
    swing_percent: float | None = Field(
        None, title="Swing", description="50 for straight, 66.7 for a triplet, up to 75"
    )
    groove: str = Field(
        "", title="Groove", description="the feel of a MIDI file, a recording or a track, or a .groove"
    )
    strength: float | None = limited(
        LIMITS["strength"], "Strength", "how far each hit moves to its line, 0 to 1"
    )
    sensitivity: float | None = limited(
        LIMITS["sensitivity"], "Sensitivity", "0 to 1; higher detects weaker hits too"
    )
    pad_ms: float | None = limited(LIMITS["pad_ms"], "Trigger pad", "from the start of a slice to its hit")
    least_ms: float | None = limited(LIMITS["least_ms"], "Least distance", "hits that are off by less stay")
    most_ms: float | None = limited(LIMITS["most_ms"], "Largest distance", "hits that are off by more stay")
    own_feel: bool | None = Field(
        None, title="Keep the player's feel", description="keep the drummer's own push and pull"
    )
    drum_feel: bool | None = Field(
        None, title="Keep each drum's place", description="keep how early or late each drum mostly is"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [name for name in _GRIDS if getattr(self, name) != type(self).model_fields[name].default]
        if len(given) > 1:
            raise ValueError(f"{given[0]} and {given[1]} are two grids: give one of them.")
        if self.first_beat_s is not None and self.bpm is None and not self.midi:
            raise ValueError("first_beat_s goes with bpm or midi: any other grid has its own first beat.")
        return self

    def moves(self, state: DocumentState) -> TimingSettings:
        """Return how hits are moved in a document: as given, else as a learned groove has it, else as before.

        Raises
        ------
        SourceError : the groove cannot be read
        UsageError : a value is outside its limits
        """
        given: dict[str, object] = {}
        if is_learned(self.groove):
            given |= read_groove(Path(self.groove)).settings
        if self.division is not None:
            division = read_division(self.division)
            given["division"] = division.name
            if division.is_swung:
                given["swing_percent"] = division.swing_percent
        names = set(TimingSettings.__dataclass_fields__) & set(type(self).model_fields) - {"division"}
        given |= self.model_dump(include=names, exclude_none=True)
        return timing_settings(state.settings, **given)


def _settings(request: FinderRequest) -> TimingFinderSettings:
    assert isinstance(request.settings, TimingFinderSettings)
    return request.settings


def _check(request: FinderRequest) -> None:
    settings = _settings(request)
    settings.moves(request.state)
    require_beats_in_bar(settings.beats_in_bar)


def align_request(request: FinderRequest) -> AlignRequest:
    """Return the job that a request for this finder asks for."""
    from engine.features.timing.finders.timing.aligned_files import AlignRequest
    from engine.features.timing.finders.timing.find_grid import WantedGrid

    state, settings, known = request.state, _settings(request), request.analyses
    midi, beats = (Path(path) if path else None for path in (settings.midi, settings.beats))
    first_s = settings.first_beat_s or 0.0
    wanted = WantedGrid(settings.bpm, first_s, settings.beats_in_bar, settings.click, midi, beats)
    hits, promoted = (known.get(kind) for kind in ("hits", PROMOTED))
    return AlignRequest(
        state,
        request.media,
        wanted,
        settings.moves(state),
        request.tracks,
        settings.groove or None,
        _grid(request),
        hits if isinstance(hits, Hits) else None,
        promoted if isinstance(promoted, Hits) else None,
        known_pickup(state, known.get(PICKUP)),
    )


def _grid(request: FinderRequest) -> BeatGrid | None:
    grid = request.analyses.get("beats")
    return grid if isinstance(grid, BeatGrid) else None


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.features.timing.finders.timing.aligned_files import align

    return found_of(align(align_request(request), progress), _grid(request))


def found_of(done: Aligned, grid: BeatGrid | None) -> Found:
    """Return the alignment as the result of the finder.

    Bars on screen and in reasons are those of one grid, so another grid than the active one becomes active
    with the proposals: as an edit of the user where they brought it (decision 13), else as an analysis.

    Parameters
    ----------
    grid : the active grid of the document
    """
    from engine.features.timing.finders.timing.aligned_files import differing_rates

    proposed, found, rate_hz = done.proposed, done.found.grid, done.state.rate_hz
    analyses: dict[str, tuple[str, Analysis]] = {
        kind: (done.ids[kind], analysis) for kind, analysis in done.analyses.items()
    }
    if done.found.is_heard:
        analyses["beats"] = listening_ids(done.state)["beats"], found
    placed = proposed.placed
    notices = [*done.notices, *differing_rates(done)]
    line = f"{proposed.sentence}; {found.tempo_bpm:.2f} BPM, {placed.settings.divided.words}"
    return Found(
        (*proposed.proposals, *done.recorders.proposals),
        "\n".join(filter(None, (line, *notices, left_behind_sentence(done.left_behind)))),
        analyses,
        figures={
            "hits": list(_rows(placed)),
            "strokes": len(placed.strokes),
            "grid": {
                "tempo_bpm": found.tempo_bpm,
                "beats_s": samples_to_s_array(found.beats_samples, rate_hz).tolist(),
                "downbeats_s": samples_to_s_array(found.downbeats_samples, rate_hz).tolist(),
                "confidence": found.confidence,
                "division": placed.settings.divided.words,
            },
            "left_behind": list(done.left_behind),
            "notices": notices,
        },
        label=proposed.edit.label,
        stored_settings=placed.settings.stored,
        grid=None if done.found.is_heard or (grid is not None and found.is_like(grid)) else found,
    )


def _rows(placed: Placed) -> Iterator[dict[str, object]]:
    """Yield the onset of each hit, its target and the fault of its voice, in seconds."""
    hits, rate_hz = placed.hits, placed.rate_hz
    shifts, flams = placed.shifts_of_hits, placed.placement.flams_samples
    for row, voice in enumerate(hits.voices):
        onset, shift, flam = float(hits.onsets_samples[row]), float(shifts[row]), float(flams[row])
        yield {
            "onset_s": onset / rate_hz,
            "target_s": (onset + shift) / rate_hz,
            "shift_s": shift / rate_hz,
            "voice": voice.value,
            "flam_s": None if isnan(flam) else flam / rate_hz,
        }


TIMING = Finder(
    "Timing",
    "Moves the hits of drums onto a grid.",
    _find,
    TimingFinderSettings,
    check=_check,
    maker="whole performance",
    replaces=(HIT.name, FLAM.name),
)
