"""The user's settings of the whole program: keys, preferences and the documents opened last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.commands import BY_ID, LAYERS
from desktop.dialogs import form_dialogs
from desktop.parts import Parts
from desktop.playback import AudioChoice, output_devices
from desktop.playback.latency_test import LatencyReport, LatencyTest
from desktop.shell.slots import reporting_refusals
from desktop.user_settings.keymap import Keymap
from desktop.user_settings.preferences import Preferences
from desktop.user_settings.recents import Recents
from engine.document.file.stored_audio import content_of, is_key
from engine.errors import UsageError
from widgets.chrome.key_sheet import KeySheet
from widgets.chrome.start_panel import StartPanel
from widgets.controls.keys.caps import KeyButton
from widgets.forms.preferences_form import PreferencesForm

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


class UserSettings(QObject):
    """Holds the settings, shows their dialog, and applies changes to the window.

    Signals
    -------
    said, failed : one message
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, window: QWidget, parts: Parts, keymap: Keymap, settings: QSettings) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self.keymap = keymap
        self._testing: LatencyTest | None = None
        self.recents = Recents(settings, self)
        self.preferences = Preferences(settings, parts.player, parts.look, self)
        canvas = parts.timeline.canvas
        self._start = StartPanel(parts.look.theme, parts.caps, canvas, lambda: canvas.frame.layout.lanes_top)
        self._start.command_requested.connect(parts.commands.run)
        self._start.opened.connect(reporting_refusals(self._open, self.failed.emit))
        self._start.forgotten.connect(self.recents.forget)
        parts.look.changed.connect(self._start.set_theme)
        keymap.changed.connect(self._renew_keys)
        self.recents.changed.connect(self._show_recent)
        parts.session.replaced.connect(self._note_document)
        parts.session.media_found.connect(reporting_refusals(self._keep_cache_small, self.failed.emit))
        parts.palette_popup.command_requested.connect(reporting_refusals(self.run, self.failed.emit))
        self._renew_keys()
        self._show_recent()

    def run(self, command_id: str) -> None:
        """Run an entry of the palette: a command, or a recent document."""
        if command_id.startswith(_RECENT):
            self._open(Path(command_id.removeprefix(_RECENT)))
        else:
            self._parts.commands.run(command_id)

    def open_recent(self) -> None:
        """Ask which of the recent documents to open."""
        found = [(recent.path, recent.is_there) for recent in self.recents.look()]
        path = form_dialogs.ask_recent(self._window, self._parts.look.theme, found, self.recents.forget)
        if path is not None:
            self._open(path)

    def change_keys(self) -> None:
        """Edit the keys; each change is effective at once."""
        form_dialogs.show_key_editor(self._window, self._parts.look.theme, self.keymap)

    def show_keys(self) -> None:
        """Show the key sheet."""
        sheet = KeySheet(self.keymap.commands, self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.change_requested.connect(self.change_keys)
        sheet.show()

    def show_preferences(self) -> None:
        """Ask for preferences and put them into force."""
        form = PreferencesForm(self._parts.look.theme, self.preferences.values, output_devices())
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
        self._parts.player.close()
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
        self._parts.session.open(path)
        self.said.emit(self._parts.session.notice or f"Opened {path.name}")

    def _note_document(self) -> None:
        if self._parts.session.path is not None:
            self.recents.note(self._parts.session.path)
        self._show_recent()

    def _in_use(self) -> set[str]:
        session = self._parts.session
        stored = {content_of(key) for key in session.media if is_key(key)}
        return stored | {source.content_hash for source in session.state.sources.values()}

    def _keep_cache_small(self) -> None:
        self.preferences.keep_cache_small(self._in_use())

    def _renew_keys(self) -> None:
        """Update shortcuts, tooltips, key caps and the palette."""
        caps, shown = self._parts.caps, self.keymap.caps
        # A cap belongs to one command, and to another one in the layers of the panel that shows those.
        moves = [(cap, shown.get(one, ""), BY_ID[one].context in LAYERS) for one, cap in caps.items()]
        everywhere, in_layers = (
            {cap: now for cap, now, is_in_layer in moves if is_in_layer == wanted} for wanted in (False, True)
        )
        in_panel = everywhere | in_layers
        for button in self._parts.findChildren(KeyButton):
            moved = in_panel if self._parts.repair_panel.isAncestorOf(button) else everywhere
            button.set_key(moved.get(button.key, button.key))
        caps.clear()
        caps.update(shown)
        self._parts.timeline.set_keys(caps)
        self._parts.queue_panel.set_keys(caps)
        self._parts.commands.set_keys(self.keymap.commands)
        self._fill_palette()

    def _show_recent(self) -> None:
        """List the recent documents in the palette and, without a document, in the start panel."""
        self._fill_palette()
        if self._parts.session.is_open:
            self._start.hide()
        else:
            self._start.show_documents((recent.path, recent.is_there) for recent in self.recents.look())

    def _fill_palette(self) -> None:
        recent = [
            RecentEntry(f"{_RECENT}{path}", f"Open recent: {path.stem}", str(path))
            for path in self.recents.paths
        ]
        self._parts.palette_popup.set_commands((*self.keymap.commands, *recent))
