"""The user's settings of the whole program: keys, preferences and the documents opened last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.command import LAYERS
from desktop.shell.dialogs import form_dialogs
from desktop.shell.messages import reporting_refusals
from desktop.shell.playback import AudioChoice, Player, output_devices
from desktop.shell.playback.latency_test import LatencyReport, LatencyTest
from desktop.shell.shell import Shell
from desktop.shell.user_settings.keymap import Keymap
from desktop.shell.user_settings.preferences import Preferences
from desktop.shell.user_settings.remembered import Recents
from engine.core.errors import UsageError
from engine.document.file.stored_audio import content_of
from engine.document.proposals import is_key
from widgets.chrome.palette_and_key_sheet import CommandPalette, KeySheet
from widgets.chrome.start_panel import StartPanel
from widgets.controls.key_caps import KeyButton
from widgets.forms.preferences_form import PreferencesForm
from widgets.review.queue_panel import QueuePanel

_RECENT = "recent:"


@dataclass(frozen=True, slots=True)
class RecentEntry:
    """A recent document as the palette lists it."""

    id: str
    label: str
    description: str
    keys: tuple[str, ...] = ()
    group: str = "File"
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyedViews:
    """Views that show keys of commands."""

    palette: CommandPalette
    queue_panel: QueuePanel
    repair_panel: QWidget


class UserSettings(QObject):
    """Holds the settings, shows their dialog, and applies changes to the window.

    Signals
    -------
    said, failed : one message
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        keymap: Keymap,
        player: Player,
        views: KeyedViews,
        settings: QSettings,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._shell, self._player, self._views = shell, player, views
        self.keymap = keymap
        self._testing: LatencyTest | None = None
        self.recents = Recents(settings, self)
        self.preferences = Preferences(settings, player, shell.look, self)
        canvas = shell.timeline.canvas
        self._start = StartPanel(shell.look.theme, shell.caps, canvas, lambda: canvas.frame.layout.lanes_top)
        self._start.command_requested.connect(shell.commands.run)
        self._start.opened.connect(reporting_refusals(self._open, self.failed.emit))
        self._start.forgotten.connect(self.recents.forget)
        shell.look.changed.connect(self._start.set_theme)
        keymap.changed.connect(self._renew_keys)
        self.recents.changed.connect(self._show_recent)
        shell.session.replaced.connect(self._note_document)
        shell.session.media_found.connect(reporting_refusals(self._keep_cache_small, self.failed.emit))
        views.palette.command_requested.connect(reporting_refusals(self.run, self.failed.emit))
        self._renew_keys()
        self._show_recent()

    def run(self, command_id: str) -> None:
        """Run an entry of the palette: a command, or a recent document."""
        if command_id.startswith(_RECENT):
            self._open(Path(command_id.removeprefix(_RECENT)))
        else:
            self._shell.commands.run(command_id)

    def open_recent(self) -> None:
        """Ask which of the recent documents to open."""
        found = [(recent.path, recent.is_there) for recent in self.recents.look()]
        path = form_dialogs.ask_recent(self._window, self._shell.look.theme, found, self.recents.forget)
        if path is not None:
            self._open(path)

    def change_keys(self) -> None:
        """Edit the keys; each change is effective at once."""
        form_dialogs.show_key_editor(self._window, self._shell.look.theme, self.keymap)

    def show_keys(self) -> None:
        """Show the key sheet."""
        sheet = KeySheet(self.keymap.commands, self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.change_requested.connect(self.change_keys)
        sheet.show()

    def show_preferences(self) -> None:
        """Ask for preferences and put them into force."""
        form = PreferencesForm(self._shell.look.theme, self.preferences.values, output_devices())
        form.show_cache(self.preferences.cache_sentence())
        form.empty_requested.connect(
            reporting_refusals(
                lambda: form.show_cache(self.preferences.empty_cache(self._in_use())), self.failed.emit
            )
        )
        form.test_requested.connect(lambda: self._test(form))
        values = form_dialogs.ask_preferences(self._window, form)
        self._end_test()
        if values is not None:
            resized = values.text_percent != self.preferences.values.text_percent
            self.preferences.choose(values)
            later = "; restart Offcut for the new text size" if resized else ""
            self.said.emit(f"Saved preferences{later}")

    def _test(self, form: PreferencesForm) -> None:
        """Play a click through the device selected in the form."""
        self._player.close()
        values = form.values()
        test = self._testing = LatencyTest(AudioChoice(values.device, values.buffer_ms), self)

        def finish(report: LatencyReport) -> None:
            if self._testing is test:
                form.show_test(report.sentence())
                self._end_test()

        test.finished.connect(finish)
        test.start()

    def _end_test(self) -> None:
        """Release the device, also if the dialog closed before the end of the click."""
        if self._testing is not None:
            self._testing.close()
            self._testing.deleteLater()
            self._testing = None

    def _open(self, path: Path) -> None:
        if not path.is_file():
            raise UsageError(
                f"{path.name} is no longer in {path.parent}; open it where it is now ‹file.open›."
            )
        self._shell.session.open(path)
        self.said.emit(self._shell.session.notice or f"Opened {path.name}")

    def _note_document(self) -> None:
        if self._shell.session.path is not None:
            self.recents.note(self._shell.session.path)
        self._show_recent()

    def _in_use(self) -> set[str]:
        session = self._shell.session
        stored = {content_of(key) for key in session.media if is_key(key)}
        return stored | {source.content_hash for source in session.state.sources.values()}

    def _keep_cache_small(self) -> None:
        self.preferences.keep_cache_small(self._in_use())

    def _renew_keys(self) -> None:
        """Update shortcuts, tooltips, key caps and the palette."""
        caps, shown = self._shell.caps, self.keymap.caps
        layered = {command.id for command in self.keymap.commands if command.context in LAYERS}
        # A cap belongs to one command, and to another one in the layers of the panel that shows those.
        moves = [(cap, shown.get(one, ""), one in layered) for one, cap in caps.items()]
        everywhere, in_layers = (
            {cap: now for cap, now, is_in_layer in moves if is_in_layer == wanted} for wanted in (False, True)
        )
        in_panel = everywhere | in_layers
        for button in self._window.findChildren(KeyButton):
            moved = in_panel if self._views.repair_panel.isAncestorOf(button) else everywhere
            button.set_key(moved.get(button.key, button.key))
        caps.clear()
        caps.update(shown)
        self._shell.timeline.set_keys(caps)
        self._views.queue_panel.set_keys(caps)
        self._shell.commands.set_keys(self.keymap.commands)
        self._fill_palette()

    def _show_recent(self) -> None:
        """List the recent documents in the palette and, without a document, in the start panel."""
        self._fill_palette()
        if self._shell.session.is_open:
            self._start.hide()
        else:
            self._start.show_documents((recent.path, recent.is_there) for recent in self.recents.look())

    def _fill_palette(self) -> None:
        recent = [
            RecentEntry(f"{_RECENT}{path}", f"Open recent: {path.stem}", str(path))
            for path in self.recents.paths
        ]
        self._views.palette.set_commands((*self.keymap.commands, *recent))
