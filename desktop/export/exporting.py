"""Export from the window: options, preview of the outcome, and location of the last file.

An export that would clip is confirmed before any file is written.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, QSettings, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QProgressBar, QProgressDialog, QPushButton, QWidget

from desktop.export.dialog import ask_export, recall, remember
from desktop.shell.shell import Shell
from desktop.shell.user_settings.remembered import PerDocument
from desktop.shell.work.job_lanes import JobHandle
from desktop.shell.work.jobs import clipping_of, export_files
from desktop.shell.work.work import Again
from engine.core.errors import ExportError, UsageError
from engine.core.files.safe_write import brief, shown, size_words
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import begun, counted, listed
from engine.document.analysis import require_recording
from engine.document.kinds import KINDS, Kind, noun_of
from engine.document.proposals import Edited, Verdict, edited
from engine.document.state import DocumentState
from engine.exchange.export import AUDIO_SUFFIXES, ExportRequest, check_names, files_written
from engine.exchange.export.audio_plan import (
    require_regions,
    source_depth,
    written_range,
    written_rate_hz,
)
from engine.exchange.export.levels import Clipping
from engine.exchange.export.plan import PlannedFile, plan, written_before
from engine.exchange.export.request import Depth, Exported
from engine.sound.edl.edit_list import EditList
from widgets.chrome.status_bar import StatusBar
from widgets.forms.export_options import WHOLE, ExportChoice, ExportOutlook, SpanOffer, WrittenLine
from widgets.theme import px

_STEPS = 1_000
_SHOWN_AFTER_MS = 500


class Answer(Enum):
    """Choice for a clipping export."""

    LOWER = auto()
    AS_IT_IS = auto()
    BACK = auto()


def lowered_by(
    parent: QWidget, look: Callable[[], JobHandle], note: Callable[[Clipping], None]
) -> float | None:
    """Check whether an export would clip, and ask for a choice if it would.

    Parameters
    ----------
    look : starts the check
    note : called with the clipping before the question

    Returns
    -------
    lower_db : gain reduction of the export, 0.0 for none; None to go back
    """
    outcome = _wait(parent, look())
    if outcome is Answer.BACK or not parent.isVisible():  # given up while it looked
        return None
    if not isinstance(outcome, Clipping):
        return 0.0
    note(outcome)
    answer = _ask(parent, outcome)
    return {Answer.LOWER: outcome.lower_db, Answer.AS_IT_IS: 0.0}.get(answer)


def _wait(parent: QWidget, job: JobHandle) -> Clipping | Answer | None:
    """Return the result of a job, or None after an error that the export reports as well."""
    waiting = progress_dialog(parent)
    loop = QEventLoop()
    found: list[Clipping | Answer | None] = []

    def end(outcome: Clipping | Answer | None = None) -> None:
        found.append(outcome)
        loop.quit()

    job.progressed.connect(lambda fraction, *_: waiting.setValue(round(_STEPS * fraction)))
    job.finished.connect(end)
    job.failed.connect(lambda _: end())
    job.cancelled.connect(lambda: end(Answer.BACK))
    waiting.canceled.connect(job.cancel)
    loop.exec()
    waiting.canceled.disconnect(job.cancel)
    waiting.close()
    waiting.deleteLater()
    return found[0]


def progress_dialog(parent: QWidget) -> QProgressDialog:
    """Return the dialog of the search for clipping, shown once that has taken half a second."""
    waiting = QProgressDialog("Checking for clipping before the export", "Cancel", 0, _STEPS, parent)
    waiting.setWindowTitle("Export")
    waiting.setWindowModality(Qt.WindowModality.WindowModal)
    waiting.setMinimumDuration(_SHOWN_AFTER_MS)
    waiting.setAutoReset(False)
    bar = QProgressBar(waiting)
    bar.setRange(0, _STEPS)
    bar.setTextVisible(False)  # the bar of the style is lower than a line of text
    waiting.setBar(bar)
    waiting.setMinimumSize(px(440), px(116))
    waiting.setValue(0)
    return waiting


def _ask(parent: QWidget, clipping: Clipping) -> Answer:
    lower = f"Lower by {clipping.lower_db:.1f} dB"
    box = QMessageBox(QMessageBox.Icon.Warning, "The export clips", clipping.sentence, parent=parent)
    box.setInformativeText("If lowered, the whole export is quieter; your tracks do not change.")
    lowering = QPushButton(lower)
    lowering.setProperty("role", "primary")
    box.addButton(lowering, QMessageBox.ButtonRole.AcceptRole)
    leaving = box.addButton("Export as it is", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(lowering)
    box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    if box.clickedButton() is lowering:
        return Answer.LOWER
    return Answer.AS_IT_IS if box.clickedButton() is leaving else Answer.BACK


Span = tuple[int, int]

_SELECTION = "selection"


@dataclass(frozen=True, slots=True)
class ExportSubject:
    """Subject of an export, and its selectable ranges.

    Attributes
    ----------
    whole : the request of everything; its file is still open
    spans : by key, in samples of the recording
    """

    whole: ExportRequest
    spans: Mapping[str, Span]

    def requests(self, choice: ExportChoice, replaced: Collection[str] = ()) -> tuple[ExportRequest, ...]:
        """Return one request a format.

        Parameters
        ----------
        replaced : names of the files that may be overwritten; files that appear later may not

        Raises
        ------
        ExportError : nothing is left of the chosen part
        """
        options = choice.options
        if choice.span and choice.has_audio:
            heard = written_range(replace(self.whole, options=options), self.spans[choice.span])
            options = replace(options, range_samples=heard)
        wanted = (replace(self.whole, out=_expanded(path), options=options) for path in choice.paths)
        return tuple(
            replace(request, overwrite=any(path.name in replaced for path in files_written(request)))
            if replaced
            else request
            for request in wanted
        )


def look_at(subject: ExportSubject, choice: ExportChoice) -> ExportOutlook:
    """Compute the files of an export, or the reason why it is impossible, without writing."""
    folder = _expanded(choice.folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - pathlib raises an error for a name that no disk can have
        return ExportOutlook(
            field="folder", problem=f"{brief(choice.folder)} is not an existing folder: choose another one."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        return ExportOutlook(
            field="folder", problem=f"{brief(choice.folder)} is read-only: choose another folder."
        )
    if ".flac" in choice.suffixes and choice.options.depth is Depth.FLOAT_32:
        return ExportOutlook(
            field="bits", problem="FLAC does not support floating point: choose 16 or 24 bit."
        )
    try:
        for path in choice.paths:
            written_rate_hz(replace(subject.whole, out=Path(path), options=choice.options))
    except ExportError as error:
        return ExportOutlook(field="rate", problem=str(error))
    try:
        requests = subject.requests(choice)
        for request in requests if choice.options.regions else ():
            require_regions(request)
    except ExportError as error:
        return ExportOutlook(field="range", problem=str(error))
    try:
        for request in requests:
            _check_name(request)
    except ExportError as error:
        return ExportOutlook(field="name", problem=str(error))
    try:
        planned = {file.path: file for request in requests for file in plan(request)}  # some share one
    except ExportError as error:
        return ExportOutlook(field="files", problem=str(error))
    return _outlook(folder, tuple(planned.values()))


def _expanded(path: str) -> Path:
    """Return a path with a leading ~ replaced by the folder of that user, where there is one."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib raises an error for an unknown user


def _check_name(request: ExportRequest) -> None:
    try:
        os.lstat(request.out)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        if getattr(error, "errno", 0) == errno.ENAMETOOLONG:
            raise ExportError("The name is too long for the disk: choose a shorter one.") from error
        raise ExportError("The disk does not allow this name: choose another one.") from error
    if request.out.is_dir():
        raise ExportError(f"{shown(request.out.name)} is a folder: choose another name.")
    check_names(request)


def _outlook(folder: Path, planned: tuple[PlannedFile, ...]) -> ExportOutlook:
    lines = tuple(WrittenLine(shown(file.path.name), _detail(file), file.exists) for file in planned)
    whole_bytes = sum(file.size_bytes for file in planned)
    total = f"{_about(planned)}{size_words(whole_bytes)} total" if len(planned) > 1 else ""
    free_bytes = shutil.disk_usage(folder).free
    certain_bytes = sum(file.size_bytes for file in planned if not (file.is_most or file.is_guess))
    if certain_bytes > free_bytes:
        problem = (
            f"{size_words(certain_bytes)} needed, {size_words(free_bytes)} free: "
            "free some space or choose another folder."
        )
        return ExportOutlook(lines, total, "folder", problem)
    return ExportOutlook(lines, total)


def _about(planned: tuple[PlannedFile, ...]) -> str:
    return "" if all(file.path.suffix.lower() == ".wav" for file in planned) else "about "


def _detail(file: PlannedFile) -> str:
    size = size_words(file.size_bytes)
    if file.length_s is None:
        return f"about {size}"
    up_to = "≤ " if file.is_most else "about " if file.is_guess else ""
    return f"{format_time(file.length_s, 1)} · {up_to}{size}"


class Exporting(QObject):
    """Asks for an export request, runs it, and shows its folder.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, status_bar: StatusBar, settings: QSettings) -> None:
        super().__init__(window)
        self._window = window
        self._shell, self._bar = shell, status_bar
        self._settings = settings
        self._last: Path | None = None
        self._clipped: tuple[DocumentState, tuple[int, ...]] | None = None

    def export_selection(self) -> None:
        """Ask for an export of the selection."""
        self._shell.selecting.required()
        self.export(_SELECTION)

    def export(self, part: str = "") -> None:
        """Ask for an export request; existing files are overwritten only after confirmation.

        Parameters
        ----------
        part : key of the initial range; the whole result by default
        """
        session = self._shell.session
        state = session.state
        require_recording(state, "export")
        offers, spans = self.offers(state)
        folder = session.folder
        whole = ExportRequest(state, session.media, folder, False, session.name, grid=session.grid)
        subject = ExportSubject(whole, spans)
        name = f"{session.name} {'selection' if part else 'edited'}"
        document = PerDocument(self._settings, session.path)
        has_regions = any(marker.is_region for marker in state.markers.values())
        choice = recall(document, str(folder), name, has_regions=has_regions)
        if part:  # which only sound can be
            audio = tuple(suffix for suffix in choice.suffixes if suffix in AUDIO_SUFFIXES) or (".wav",)
            choice = replace(choice, suffixes=audio, span=part)
        asked = ask_export(
            self._window,
            self._shell.look.theme,
            choice,
            lambda chosen: look_at(subject, chosen),
            offers,
            result_text(whole),
            source_depth(state),
            state.rate_hz,
            whole.picture_rate.rate,
            lambda dialog, asked: self._lowered_by(dialog, subject.requests(asked.choice)),
        )
        if asked is not None:
            remember(document, asked.choice)
            self.write(subject.requests(asked.choice, asked.replaced))

    def write(self, requests: tuple[ExportRequest, ...]) -> None:
        """Export files; the document may change or close in the meantime."""
        written: list[Exported] = []
        work, again = self._shell.work, Again("file.export")
        handle = work.read(
            partial(export_files, requests),
            written,
            "Exporting",
            self._note,
            ends_with_document=False,
            again=again,
        )
        handle.cancelled.connect(
            lambda: work.said.emit(f"Cancelled: Exporting. {written_before(written)}") if written else None
        )

    def _lowered_by(self, dialog: QWidget, requests: tuple[ExportRequest, ...]) -> float | None:
        """Ask for a gain reduction against clipping; None returns to the form."""

        def note(clipping: Clipping) -> None:
            places = sorted({place for file in clipping.files for place in file.sources_samples})
            self._clipped = requests[0].state, tuple(places)

        return lowered_by(
            dialog, lambda: self._shell.work.submit(clipping_of, requests, "Checking for clipping"), note
        )

    def clipped_places(self, state: DocumentState) -> tuple[int, ...]:
        """Return the clipped positions of the last export, if the document has not changed."""
        return self._clipped[1] if self._clipped is not None and self._clipped[0] is state else ()

    def offers(self, state: DocumentState) -> tuple[tuple[SpanOffer, ...], dict[str, Span]]:
        """Return the parts that can be chosen: selection, window, current proposal, regions."""
        spans: dict[str, Span] = {"window": self._shell.timeline.zooms.visible_span}
        labels = {"window": "Visible range"}
        selected = self._shell.selecting.span
        if selected is not None:
            spans[_SELECTION] = selected
            labels = {_SELECTION: "Selection", **labels}
        review = self._shell.review
        if review.current is not None:
            spans["current"] = review.span()
            labels["current"] = f"Current {noun_of(state.proposals[review.current].kind)}"
        for marker in state.markers.values():
            if marker.is_region:
                spans[f"marker:{marker.id}"] = (marker.start_samples, marker.stop_samples)
                labels[f"marker:{marker.id}"] = marker.name or "Region"
        offers = [
            SpanOffer(key, f"{label}, {_times(spans[key], state.rate_hz)}") for key, label in labels.items()
        ]
        return (WHOLE, *offers), spans

    def show_in_folder(self) -> None:
        """Show the folder of the file that was exported last."""
        if self._last is None:
            raise UsageError("No export in this session yet. Export first ‹file.export›.")
        folder = self._last.parent
        if not folder.is_dir():
            raise UsageError(f"{shown(folder)} no longer exists.")
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            raise UsageError(f"No program opens folders here. The file is {shown(self._last)}.")
        self.said.emit(f"Opened the folder of {shown(self._last.name)}")

    def _note(self, written: tuple[Exported, ...]) -> None:
        last = written[-1]
        self._last = last.parts[-1].path if last.parts else last.path
        for one in written:  # each has a line of its own in the message log
            self._shell.work.said.emit(one.sentence)
        if len(written) == 1:
            self._bar.offer("Show in folder", "file.show_exported")
            return
        folder = shown(self._last.parent.name or self._last.parent)
        self._shell.work.said.emit(f"Exported {counted(len(written), 'format')} to {folder}")
        self._bar.offer("Details", "view.messages")


def _times(span: Span, rate_hz: int) -> str:
    start, stop = (format_time(samples_to_s(edge, rate_hz), 1) for edge in span)
    return f"{start} – {stop}"


def result_text(whole: ExportRequest) -> str:
    """Summarise the edits of every kind, the length of the result, and the undecided proposals."""
    edit_list, rate_hz = whole.edit_list, whole.edit_list.rate_hz
    length_s = format_time(samples_to_s(edit_list.length_samples, rate_hz), 1)
    made = made_edits(whole)
    if made:
        said = f"{begun(made)}. The result is {length_s} long{_change(edit_list)}."
    else:
        said = f"No accepted edits: the result is the recording, {length_s} long."
    still_open = sum(whole.state.verdict(key) is Verdict.UNDECIDED for key in whole.state.proposals)
    if not still_open:
        return said
    are = "is" if still_open == 1 else "are"
    return f"{said} {counted(still_open, 'proposal')} {are} undecided and not exported."


def made_edits(whole: ExportRequest) -> str:
    """Count the accepted edits, such as "96 hits moved and 2 cuts"; "" without edits."""
    state = whole.state
    last: dict[str, Edited] = {}
    counts = Counter[str]()
    for key, proposal in state.proposals.items():
        if state.verdict(key) is Verdict.ACCEPTED and proposal.kind in KINDS:
            counts[proposal.kind] += 1
            last[proposal.kind] = edited(proposal, state.decisions[key])
    kinds = [KINDS[name] for name in sorted(counts) if KINDS[name].effect(last[name])]
    sounding = [_counted(kind, counts[kind.name]) for kind in kinds if kind.is_of_tracks]
    timing = [_counted(kind, counts[kind.name]) for kind in kinds if not kind.is_of_tracks]
    return listed([*sounding, *timing])


def _change(edit_list: EditList) -> str:
    """Return the difference in length between result and recording; "" if equal."""
    change_samples = edit_list.length_samples - edit_list.source_length_samples
    if not change_samples:
        return ""
    by = format_time(samples_to_s(abs(change_samples), edit_list.rate_hz), 1)
    return f", {by} {'longer' if change_samples > 0 else 'shorter'} than the recording"


def _counted(kind: Kind, count: int) -> str:
    return f"{counted(count, kind.title.lower())} {kind.done}".rstrip()
