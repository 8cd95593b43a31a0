"""Export of the takes of a day: one file for each take, with a name, tags, fades and playlists.

A file holds the span of a take with the accepted edits applied, rendered and written by `engine.exchange`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter

from engine.core.errors import ExportError, UsageError
from engine.core.files.safe_write import check_target, replacing, shown
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, level_text, listed, one_line, quoted, reason_of
from engine.document.analysis import BeatGrid, StoredDay, StoredSections
from engine.document.settings import starts_at
from engine.document.state import DocumentState
from engine.exchange.export import Exported, ExportOptions, ExportRequest
from engine.exchange.export.plan import check, export_all
from engine.exchange.names import beginning_of, name_of_file, unlike, whole_name_of_file
from engine.features.day.handed_on.quick_mix import LOUDNESS_LUFS, quick_mix
from engine.sound.codecs import Tags
from engine.sound.edl.build import build
from engine.sound.headers.start_times import read_origination
from engine.sound.writer import container_for

PATTERN = "{number:02} {song} – take {take}"
FIELDS = ("number", "song", "take", "date", "band")
"""Fields of a pattern."""
QUICK_MIX = "quick mix"
FADE_IN_S, FADE_OUT_S = 0.02, 0.5
"""A take begins with an attack and ends with a decay."""
_DIGITS = re.compile(r"0?[1-9]")
_MOST_FIELD_BYTES = 90
"""Of a song or a band in a file name: both fit with all other fields."""
_MEASURED = 0.3
"""Share of the work, with a quick mix, that measures the tracks."""
_QUIETER_DB = 0.05


@dataclass(frozen=True, slots=True)
class DayToExport:
    """A day, with the document that holds it.

    Attributes
    ----------
    media : where each source is now, by source id, and the stored audio, by its key
    document_name : display name of the document
    reads : files that are read in addition to the recordings, such as the document; never overwritten
    grid, sections : the active ones; None if unknown
    """

    state: DocumentState
    media: Mapping[str, Path]
    day: StoredDay
    document_name: str = ""
    reads: tuple[Path, ...] = ()
    grid: BeatGrid | None = None
    sections: StoredSections | None = None


@dataclass(frozen=True, slots=True)
class TakesOptions:
    """How takes are exported.

    Attributes
    ----------
    pattern : of the file names, with the fields `FIELDS`; numbers take a width, such as {number:02}
    suffix : the format
    date : such as "2026-11-30"; empty for that of the recordings
    loudness_lufs : every take is matched to it; None for the loudness as recorded
    adds_quick_mix : whether each take is also written with automatic levels of its tracks
    all_takes : whether takes that the user does not retain are exported, too
    overwrite : whether the user has agreed to replace existing files
    """

    folder: Path
    pattern: str = PATTERN
    suffix: str = ".wav"
    band: str = ""
    date: str = ""
    loudness_lufs: float | None = None
    adds_quick_mix: bool = False
    all_takes: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class TakeFile:
    """A file with one take.

    Attributes
    ----------
    row : of the take in the `StoredDay`
    number : of the take among the exported ones, from 1; the track number of its tags
    take : number among the takes of its song, from 1
    span_samples : [start, stop) in the result
    """

    path: Path
    row: int
    number: int
    song: str
    take: int
    span_samples: tuple[int, int]
    length_s: float
    is_quick_mix: bool = False

    @property
    def title(self) -> str:
        """Title for players."""
        return _title(self.song, self.take) + (f" {QUICK_MIX}" if self.is_quick_mix else "")


@dataclass(frozen=True, slots=True)
class TakesPlan:
    """Files of an export.

    Attributes
    ----------
    files : in the order of the day; quick mixes follow all others
    playlists : by their path, of the takes and of the quick mixes
    album, artist : for the tags
    left_out : titles of the takes that accepted edits cut completely
    """

    files: tuple[TakeFile, ...]
    playlists: Mapping[Path, tuple[TakeFile, ...]]
    album: str
    artist: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedTakes:
    """Written files, in the order of the plan, and a message to the user."""

    plan: TakesPlan
    written: tuple[Exported, ...]
    sentence: str


def plan_takes(source: DayToExport, options: TakesOptions) -> TakesPlan:
    """Return the files that an export would write, without writing.

    Raises
    ------
    UsageError : the pattern is invalid, or no take is chosen
    ExportError : the suffix is unknown, or all takes are cut completely
    """
    container_for(options.suffix)
    day, edit_list = source.day, build(source.state)
    rows = [row for row in range(len(day.songs)) if options.all_takes or day.retained[row] == 1]
    if not rows:
        raise UsageError("No take is retained: retain one in the overview of the day, or choose all takes.")
    date = options.date or recorded_on(source.state, source.media)
    files: list[TakeFile] = []
    left_out = []
    for row in rows:
        song, take = day.names[day.songs[row]], int((day.takes_of(day.songs[row]) < row).sum()) + 1
        start, stop = edit_list.result_span(*day.spans_samples[row].tolist())
        if start >= stop:
            left_out.append(_title(song, take))
            continue
        number, length_s = len(files) + 1, samples_to_s(stop - start, edit_list.rate_hz)
        values = {"number": number, "song": song, "take": take, "date": date, "band": options.band}
        path = options.folder / (_stem(options, values) + options.suffix)
        files.append(TakeFile(path, row, number, song, take, (start, stop), length_s))
    if not files:
        raise ExportError(f"Nothing is left of {listed(left_out)}: reject the cuts there first.")
    kinds = [tuple(files)]
    if options.adds_quick_mix:
        names = (one.path.with_name(f"{one.path.stem} {QUICK_MIX}{one.path.suffix}") for one in files)
        kinds.append(
            tuple(replace(one, path=name, is_quick_mix=True) for one, name in zip(files, names, strict=True))
        )
    named = _unlike([one for kind in kinds for one in kind])
    title = " ".join(filter(None, (options.band, date))) or source.document_name
    stem = whole_name_of_file(title, options.folder, f" {QUICK_MIX}.m3u8") or "Takes"
    playlists = {
        options.folder / f"{stem}{words}.m3u8": named[begin : begin + len(files)]
        for words, begin in zip(("", f" {QUICK_MIX}"), range(0, len(named), len(files)), strict=False)
    }
    return TakesPlan(named, playlists, date or source.document_name, options.band, tuple(left_out))


def recorded_on(state: DocumentState, media: Mapping[str, Path]) -> str:
    """Return the date of the recordings, such as "2026-11-30"; "" if nothing states it.

    It is that of the timeline's start, else the earliest that a file states, else of its last change.
    """
    start = starts_at(state)
    if start is not None and start.day is not None:
        return start.day.isoformat()
    stated = (read_origination(media[key]) for key in state.sources if key in media)
    earliest = min(filter(None, stated), default=None)
    return earliest.date().isoformat() if earliest else ""


def _title(song: str, take: int) -> str:
    return f"{song} – take {take}"


def _unlike(files: Sequence[TakeFile]) -> tuple[TakeFile, ...]:
    """Return the files with names that differ on every disk."""
    stems = unlike([one.path.stem for one in files])
    named = zip(files, stems, strict=True)
    return tuple(replace(one, path=one.path.with_name(stem + one.path.suffix)) for one, stem in named)


def _stem(options: TakesOptions, values: Mapping[str, object]) -> str:
    """Return the name of a file without its suffix."""
    safe = {
        key: beginning_of(name_of_file(value), len(value), _MOST_FIELD_BYTES)
        if isinstance(value, str)
        else value
        for key, value in values.items()
    }
    longest = f" {QUICK_MIX} (999){options.suffix}"
    return whole_name_of_file(filled(options.pattern, safe), options.folder, longest) or str(values["number"])


def filled(pattern: str, values: Mapping[str, object]) -> str:
    """Return a pattern with its fields filled in.

    Raises
    ------
    UsageError : a field is unknown, has an invalid width or no value, or a brace has no partner
    """
    parts = []
    try:
        pieces = list(Formatter().parse(pattern))
    except ValueError:
        raise UsageError(
            f"The pattern {quoted(pattern)} has a brace without its partner: write a field as {{song}}."
        ) from None
    for text, name, width, conversion in pieces:
        parts.append(text)
        if name is None:
            continue
        if name not in values or conversion:
            known = listed([f"{{{one}}}" for one in FIELDS])
            raise UsageError(
                f"The pattern {quoted(pattern)} has the unknown field {{{name}}}: the fields are {known}."
            )
        value = values[name]
        if width and not (isinstance(value, int) and _DIGITS.fullmatch(width)):
            raise UsageError(
                f"{{{name}:{width}}} has an invalid width: only numbers have one, such as {{number:02}}."
            )
        if value == "":
            raise UsageError(f"The pattern {quoted(pattern)} names the {name}, which is not known: give it.")
        parts.append(format(value, width or ""))
    return "".join(parts)


def export_takes(source: DayToExport, options: TakesOptions, progress: Progress = SILENT) -> ExportedTakes:
    """Write the takes and their playlists; the folder is created if it is missing.

    Raises
    ------
    UsageError, ExportError : see `plan_takes`, `engine.exchange.export.plan.export_all`; a playlist exists
    SourceError : a recording is missing or cannot be read
    Cancelled : the user cancelled; complete files stay
    """
    plan = plan_takes(source, options)
    with folder_for(options.folder):
        for path in plan.playlists:
            check_target(path, overwrite=options.overwrite)
        requests = [_request(source, options, plan, file) for file in plan.files]
        measured = _MEASURED if options.adds_quick_mix else 0.0
        if options.adds_quick_mix:
            check(requests)  # before the minutes that measuring takes
            spans = [file.span_samples for file in plan.files if file.is_quick_mix]
            mixed = quick_mix(source.state, source.media, spans, progress.part(0.0, measured))
            requests = [
                replace(request, state=mixed) if file.is_quick_mix else request
                for request, file in zip(requests, plan.files, strict=True)
            ]
        written = export_all(requests, progress.part(measured, 1.0))
        for path, files in plan.playlists.items():
            with replacing(path, overwrite=options.overwrite) as part:
                part.write_text(playlist(files, plan.artist), "utf-8", newline="\n")
    return ExportedTakes(plan, written, _sentence(options, plan, written))


@contextmanager
def folder_for(folder: Path) -> Iterator[None]:
    """Create a folder if it is missing; one that stays empty because the block fails is removed again.

    Raises
    ------
    ExportError : it cannot be created
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"{shown(folder)} cannot be created: {reason_of(error)}. Choose another folder."
        ) from error
    try:
        yield
    except BaseException:
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise


def _request(source: DayToExport, options: TakesOptions, plan: TakesPlan, file: TakeFile) -> ExportRequest:
    loudness_lufs = options.loudness_lufs
    if loudness_lufs is None and file.is_quick_mix:
        loudness_lufs = LOUDNESS_LUFS  # the sum of levelled tracks has no level of its own
    chosen = ExportOptions(
        range_samples=file.span_samples,
        loudness_lufs=loudness_lufs,
        fade_in_s=FADE_IN_S,
        fade_out_s=FADE_OUT_S,
    )
    return ExportRequest(
        source.state,
        source.media,
        file.path,
        options.overwrite,
        source.document_name,
        chosen,
        reads=source.reads,
        tags=Tags(file.title, plan.album, file.number, artist=plan.artist),
    )


def playlist(files: Sequence[TakeFile], artist: str) -> str:
    """Return a playlist in M3U of files in one folder."""
    lines = ["#EXTM3U"]
    for file in files:
        title = one_line(" - ".join(filter(None, (artist, file.title))))
        name = file.path.name
        is_comment = name.startswith("#")
        lines += [f"#EXTINF:{round(file.length_s)},{title}", f"./{name}" if is_comment else name]
    return "\n".join(lines) + "\n"


def _sentence(options: TakesOptions, plan: TakesPlan, written: Sequence[Exported]) -> str:
    lengths_s = sum(file.length_s for file in plan.files)
    parts = [
        f"Exported {counted(len(written), 'file')}, {format_time(lengths_s, 1)} in all, "
        f"to {shown(options.folder)}."
    ]
    clipped = sum(one.figures["clipped_samples"] > 0 for one in written)
    if clipped:
        parts.append(
            f"{counted(clipped, 'file')} had samples over full scale, which were clipped: "
            "choose a loudness, such as −16 LUFS."
        )
    target = options.loudness_lufs
    if target is not None:
        quiet = sum(one.figures["loudness_lufs"] < target - _QUIETER_DB for one in written)
        if quiet:
            parts.append(
                f"{counted(quiet, 'file')} stayed below {level_text(target, 'LUFS', 1)} because the peaks "
                "leave no room for more."
            )
    if plan.left_out:
        parts.append(f"Nothing is left of {listed(plan.left_out)}: no file was written for it.")
    return " ".join(parts)
