"""Export requests and their results, shared by all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.core.files.safe_write import shown
from engine.core.wording import counted
from engine.document.analysis import BeatGrid
from engine.document.kinds import KINDS, not_available, noun_of
from engine.document.proposals import Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.exchange.export.formats import FORMATS
from engine.exchange.export.placing.media_files import Collected, TrackFile, collected_media, track_files
from engine.exchange.export.placing.stretches import Consolidated, consolidated_track
from engine.exchange.export.placing.timecode import FrameRate, PictureRate, picture_rate, sound_lag_s
from engine.exchange.names import name_of_file, named_after
from engine.sound.codecs import Quality, Tags
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList
from engine.sound.writer import Dither

LONGEST_FADE_S = 600
MOST_GAIN_DB = 60
RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)
"""Sample rates that audio is converted to."""

_EDITED = " edited"

Beside = Consolidated | Collected | TrackFile
"""A companion file of a project."""


class Depth(StrEnum):
    """The sample format of an audio file."""

    BITS_16 = "16"
    BITS_24 = "24"
    FLOAT_32 = "32f"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a file is written; the defaults write the whole mix as it is.

    Attributes
    ----------
    stems : one audio file for each audible track, instead of the mix
    regions : one audio file for the remainder of each region, instead of one for all
    removed : the removed material, piece after piece, instead of the result
    range_samples : the part [start, stop) of the audio file that is written, in samples of the document
    gain_db : gain of all audio; negative is quieter
    loudness_lufs : normalise the audio to this integrated loudness; overrides `gain_db`
    rate_hz : sample rate of the audio files; None keeps the document's, or the nearest that a coder takes
    depth : the sample format; None keeps that of the sources
    dither : None adds TPDF where `depth` makes the samples shorter or the rate changes, and nothing elsewhere
    quality : of lossy formats
    fade_in_s, fade_out_s : length of the fade-in and fade-out of each file
    broadcast : write `bext`, `iXML` and cue points into WAV files, and regions as chapters into MP3 files
    collect : copy the recordings that a project names into its folder
    frame_rate : of the timecode in `.edl`, `.xml`, `.fcpxml`, `.otio` and `.aaf`; None takes that
        of the videos, else 25
    """

    stems: bool = False
    regions: bool = False
    removed: bool = False
    range_samples: tuple[int, int] | None = None
    gain_db: float = 0.0
    loudness_lufs: float | None = None
    rate_hz: int | None = None
    depth: Depth | None = None
    dither: Dither | None = None
    quality: Quality = Quality.GOOD
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    broadcast: bool = True
    collect: bool = False
    frame_rate: FrameRate | None = None


@dataclass(frozen=True)
class ExportRequest:
    """One file to write.

    Attributes
    ----------
    media : where each source is now, by source id, and which document holds stored audio, by its key
    out : the file to write; its suffix chooses the format
    overwrite : whether the user has agreed to replace an existing file
    document_name : display name of the document
    grid : the beats, on the source timeline, for the formats that hold a tempo
    reads : files that are read in addition to the recordings, such as the document; never overwritten
    tags : of the audio file that holds all tracks; None for the title alone
    plans : what was planned for exactly this request, by name (see `audio_files.audio_plan.planned_audio`)
    """

    state: DocumentState
    media: Mapping[str, Path]
    out: Path
    overwrite: bool = False
    document_name: str = ""
    options: ExportOptions = ExportOptions()
    grid: BeatGrid | None = None
    reads: tuple[Path, ...] = ()
    tags: Tags | None = None
    plans: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def title(self) -> str:
        """Name shown in the next program: the document's, else the file's."""
        return self.document_name or self.out.stem

    @cached_property
    def edit_list(self) -> EditList:
        """The edit list: every format of one export reads the same one."""
        return build(self.state)

    @cached_property
    def picture_rate(self) -> PictureRate:
        """The frame rate of the videos."""
        return picture_rate(self.state, self.media)

    @property
    def frame_rate(self) -> FrameRate:
        """Frames a second, for the formats that count in frames."""
        return self.options.frame_rate or self.picture_rate.usual

    @cached_property
    def consolidated(self) -> Mapping[str, Consolidated]:
        """Companion files with the edited sound of tracks, by track id."""
        form = FORMATS[self.out.suffix.lower()]
        if not form.names_media:
            return {}
        found = {}
        for number, track in enumerate(self.state.tracks, 1):
            name, rate = f"{number:02d} {name_of_file(track.name)}", self.frame_rate.exact
            own, shared = (
                consolidated_track(
                    self.state,
                    self.edit_list,
                    track,
                    named_after(self._beside_named(_EDITED), name),
                    rate,
                    varies_gain=varies,
                )
                for varies in (form.varies_gain, False)
            )
            if own is not None and own != shared:  # the formats that share its name need another file
                path = named_after(self._beside_named(f" {form.suffix[1:]}{_EDITED}"), name)
                own = replace(own, source=replace(own.source, path=str(path)))
            if own is not None:
                found[track.id] = own
        return found

    def _beside_named(self, words: str) -> Path:
        """Return the file with the name of this one and words behind it."""
        return self.out.with_name(f"{self.out.stem.removesuffix(_EDITED)}{words}.wav")

    @cached_property
    def collected(self) -> tuple[Collected, ...]:
        """The recordings copied into the folder of this file; empty unless requested."""
        if not (self.options.collect and FORMATS[self.out.suffix.lower()].names_media):
            return ()
        beside = {one.source.id for one in self.track_files}
        named = [one for one in self._named_sources if one.id not in beside]
        return collected_media(named, self.media, self.out)

    @cached_property
    def track_files(self) -> tuple[TrackFile, ...]:
        """The files of further audio tracks of videos, where the format cannot name such a track."""
        form = FORMATS[self.out.suffix.lower()]
        if not form.names_media or form.names_tracks:
            return ()
        return track_files(self._named_sources, self.media, self.out)

    @property
    def _named_sources(self) -> list[Source]:
        named = dict.fromkeys(key for track in self.state.tracks for key in track.source_ids)
        return [self.state.sources[source_id] for source_id in named]

    @property
    def beside(self) -> tuple[Beside, ...]:
        """The companion files of this one."""
        return (*self.consolidated.values(), *self.track_files, *self.collected)

    @property
    def named_media(self) -> Mapping[str, Path]:
        """The file that clips of a source name, by source id."""
        return {**self.media, **{one.source.id: one.path for one in self.track_files}}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """All that clips can name: the recordings and the consolidated files, by id."""
        named = {key: self._of_medium(source) for key, source in self.state.sources.items()}
        named |= {one.source.id: one.source for one in self.track_files}
        return {**named, **{one.source.id: one.source for one in self.consolidated.values()}}

    def _of_medium(self, source: Source) -> Source:
        """Return a source as long as its medium, which may begin with a picture alone."""
        lag_s = sound_lag_s(source, self.named_media)
        return replace(source, frames=source.frames + round(lag_s * source.rate_hz)) if lag_s else source


@dataclass(frozen=True, slots=True)
class Exported:
    """A written file.

    Attributes
    ----------
    sentence : message to the user
    figures : numbers by name, such as "length_s" and "cuts"
    parts : one for each stem or region
    """

    path: Path
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[Exported, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptedEdit:
    """An accepted proposal with the span it has after the user's nudges, on the source timeline."""

    proposal: Proposal
    start_samples: int
    stop_samples: int


def accepted_edits(state: DocumentState) -> tuple[AcceptedEdit, ...]:
    """Return the accepted proposals that do something here, by their start; see `left_out_kinds`."""
    cuts = [
        AcceptedEdit(proposal, *state.span(proposal.id))
        for proposal in state.proposals.values()
        if state.verdict(proposal.id) is Verdict.ACCEPTED and proposal.kind in KINDS
    ]
    return tuple(sorted(cuts, key=lambda cut: (cut.start_samples, cut.stop_samples, cut.proposal.id)))


def left_out_kinds(state: DocumentState) -> tuple[str, ...]:
    """Return a notice for each unknown kind of accepted edits, which are left out."""
    kinds = Counter(
        proposal.kind
        for proposal in state.proposals.values()
        if state.verdict(proposal.id) is Verdict.ACCEPTED and proposal.kind not in KINDS
    )
    return tuple(
        f"{counted(count, 'accepted edit')} left out: {not_available(kind)}" for kind, count in kinds.items()
    )


def counted_edits(edits: Sequence[AcceptedEdit]) -> str:
    """Return the number of edits, by the name of their kind if they have only one."""
    kinds = {edit.proposal.kind for edit in edits}
    return counted(len(edits), noun_of(kinds.pop()) if len(kinds) == 1 else "edit")


def written_project(request: ExportRequest, tracks: int, *, frames: str = "", more: str = "") -> Exported:
    """Return the report of a written project: its tracks and accepted edits.

    Parameters
    ----------
    frames, more : rate of the video frames, and a further sentence with a space before it; "" without
    """
    edits, at = accepted_edits(request.state), f" at {frames} frames a second" if frames else ""
    held = f"{counted(tracks, 'track')} with {counted_edits(edits)}"
    sentence = f"Wrote {held}{at} to {shown(request.out.name)}.{more}"
    return Exported(request.out, sentence, {"tracks": float(tracks), **edit_figures(edits)})


def edit_figures(edits: Sequence[AcceptedEdit]) -> dict[str, float]:
    """Return the number of edits of each kind, as "cuts" or "repeats", and of all as "edits"."""
    found = Counter(f"{edit.proposal.kind}s" for edit in edits)
    return {"cuts": 0.0, **{name: float(count) for name, count in found.items()}, "edits": float(len(edits))}
