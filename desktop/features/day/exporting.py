"""Export the takes of a day: files with names by a pattern, and a page for the band."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.day.overview import Overview
from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.shell import Shell
from engine.core.progress import Progress
from engine.core.timebase import format_time
from engine.core.wording import counted

if TYPE_CHECKING:
    from desktop.features.day.takes_form import TakesSettings
    from engine.features.day.handed_on.export_takes import DayToExport, ExportedTakes, TakesOptions
    from engine.features.day.handed_on.share import Shared

_ABOUT = "Writes the takes that you keep, with fades and tags, and a playlist."
_ABOUT_PAGE = "Writes a page that plays the takes that you keep. It opens without a server, also on a phone."
_SHOWN = 3
_REMEMBERED = "day/export"


class DayExporting(QObject):
    """Asks how takes are exported, shows the names first, and writes them."""

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, overview: Overview, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._shell, self._overview, self._settings = window, shell, overview, settings

    def _source(self) -> DayToExport:
        from engine.features.day.handed_on.export_takes import DayToExport

        session = self._shell.session
        reads = () if session.path is None else (session.path,)
        return DayToExport(
            session.state,
            session.media,
            self._overview.required_day(),
            session.name,
            reads,
            session.grid,
            session.sections,
        )

    def export(self) -> None:
        """Ask for pattern, format and folder, then write the takes.

        Raises
        ------
        UsageError : the songs were not found yet
        """
        self._overview.required_day()
        self._shell.work.once_loaded(
            "engine.features.day.handed_on.export_takes", "Preparing the export", self._ask
        )

    def _ask(self) -> None:
        from desktop.features.day.takes_form import options_of
        from engine.features.day.handed_on.export_takes import FIELDS, export_takes, plan_takes

        source = self._source()

        def outlook(chosen: TakesSettings) -> str:
            plan = plan_takes(source, options_of(chosen, Path()))
            names = [file.path.name for file in plan.files]
            more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
            return "\n".join([counted(len(names), "file"), *names[:_SHOWN], *more])

        about = f"{_ABOUT} Fields of names: {', '.join(f'{{{name}}}' for name in FIELDS)}."
        chosen = self._settings_by_form("Export takes", (), about, outlook)
        if chosen is None:
            return
        folder = questions.ask_folder(self._window, "Folder for the takes", self._shell.session.folder)
        if folder is not None:
            options = options_of(chosen, folder)
            self._shell.work.read(partial(export_takes, source), options, "Exporting takes", self._written)

    def _settings_by_form(
        self, title: str, left_out: Sequence[str], about: str, outlook: Callable[[TakesSettings], str]
    ) -> TakesSettings | None:
        """Ask for settings without some, and remember all; None if cancelled."""
        from desktop.features.day.takes_form import TakesSettings
        from engine.review.finders import fields_of
        from widgets.forms.settings_form import SettingsForm

        usual = self._usual()

        def chosen(values: Mapping[str, object]) -> TakesSettings:
            return TakesSettings.model_validate({**usual, **values})

        fields = [one for one in fields_of(TakesSettings) if one.name not in left_out]
        form = SettingsForm(
            self._shell.look.theme, fields, usual, about, lambda values: outlook(chosen(values))
        )
        values = form_dialogs.ask_settings(self._window, title, form, "Choose folder…")
        if values is None:
            return None
        self._settings.setValue(_REMEMBERED, chosen(values).model_dump_json())
        return chosen(values)

    def _usual(self) -> dict[str, object]:
        """Return the settings that were used last."""
        from pydantic import ValidationError

        from desktop.features.day.takes_form import TakesSettings

        try:
            stored = TakesSettings.model_validate_json(str(self._settings.value(_REMEMBERED, "{}")))
        except ValidationError:  # written by another version
            stored = TakesSettings.model_validate({})
        return stored.model_dump()

    def _written(self, done: ExportedTakes) -> None:
        self.said.emit(done.sentence)

    def share(self) -> None:
        """Ask for band, loudness and folder, and write a page for the band with the takes that stay.

        Raises
        ------
        UsageError : the songs were not found yet
        """
        self._overview.required_day()
        self._shell.work.once_loaded("engine.features.day.handed_on.share", "Preparing the page", self._share)

    def _share(self) -> None:
        from desktop.features.day.takes_form import options_of
        from engine.features.day.handed_on.export_takes import plan_takes
        from engine.features.day.handed_on.share import playable_suffix

        source = self._source()
        suffix = playable_suffix(source)

        def options(chosen: TakesSettings, folder: Path) -> TakesOptions:
            return replace(options_of(chosen, folder), suffix=suffix, adds_quick_mix=False)

        def outlook(chosen: TakesSettings) -> str:
            files = plan_takes(source, options(chosen, Path())).files
            lasts = format_time(sum(file.length_s for file in files), 0)
            return f"{counted(len(files), 'take')}, {lasts} in all, as {suffix.removeprefix('.').upper()}"

        left_out = ("pattern", "format", "quick_mix")
        chosen = self._settings_by_form("Page for the band", left_out, _ABOUT_PAGE, outlook)
        if chosen is None:
            return
        folder = questions.ask_folder(self._window, "Folder for the page", self._shell.session.folder)
        if folder is not None:
            job = partial(share, source)
            self._shell.work.read(job, options(chosen, folder), "Writing the page", self._shared)

    def _shared(self, done: Shared) -> None:
        self.said.emit(done.sentence)


def share(source: DayToExport, options: TakesOptions, progress: Progress) -> Shared:
    """Write the page, as a job."""
    from engine.features.day.handed_on.share import share_day

    return share_day(source, options, progress)
