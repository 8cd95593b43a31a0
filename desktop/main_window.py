"""The window: layout of its parts, and their connections. Handlers of commands are in `commands`."""

from __future__ import annotations

from PySide6.QtCore import QSettings
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop.commands import ABSENT
from desktop.drawing.spectrograms import Spectrograms
from desktop.drawing.stored_waves import StoredWaves
from desktop.export.exporting import Exporting
from desktop.grid.dialogs import GridDialogs
from desktop.grid.editing import GridEditing
from desktop.grid.layer import GridLayer
from desktop.grid.tap_tempo import TapTempo
from desktop.panels.arrangement.editors import Editors
from desktop.panels.finders import Finders
from desktop.panels.repair.repairing import Repairing
from desktop.panels.takes.takes import Takes
from desktop.panels.timing.proposing import TimingProposing
from desktop.panels.timing.timing import Timing
from desktop.playback import Player
from desktop.playback.metering import Metering
from desktop.recordings.recordings import Recordings
from desktop.review.amounts import Amounts
from desktop.review.arrivals import Arrivals
from desktop.review.by_hand import ByHand
from desktop.review.history_walk import HistoryWalk
from desktop.review.notes import Notes
from desktop.review.queue_menu import QueueMenu
from desktop.review.queue_side import QueueSide
from desktop.review.reference_example import ReferenceListening
from desktop.review.review import Review
from desktop.review.stray_enter import StrayEnter
from desktop.review.threshold import ThresholdDrag
from desktop.shell.actions import Actions
from desktop.shell.after_crash import AfterCrash
from desktop.shell.files import Files
from desktop.shell.garbage import WindowGarbage
from desktop.shell.menus import Menus
from desktop.shell.messages import Messages
from desktop.shell.session import Session
from desktop.shell.side import Side
from desktop.shell.slots import reporting_refusals
from desktop.shell.transport import Transport
from desktop.taste.analysing import Analysing
from desktop.taste.diagnosing import Diagnosing
from desktop.taste.finding_actions import connect_findings
from desktop.taste.learning import Learning
from desktop.taste.learning_shown import panel_of
from desktop.taste.page import Tasting
from desktop.taste.shelf import Shelves
from desktop.timeline.arranging import Arranging
from desktop.timeline.clipped import ClippedPlaces
from desktop.timeline.clips import Clips
from desktop.timeline.clock import Clock
from desktop.timeline.comping import Comping
from desktop.timeline.lane_menu import LaneMenu
from desktop.timeline.markers import Marking
from desktop.timeline.ruler import Ruler
from desktop.timeline.sections import Sections
from desktop.timeline.selecting import Selecting
from desktop.timeline.tracks import Tracks
from desktop.timeline.zooms import Zooms
from desktop.user_settings.keymap import Keymap
from desktop.user_settings.look import Look
from desktop.user_settings.user_settings import UserSettings
from desktop.user_settings.window_size import keep_size, restore_size
from desktop.work.job_lanes import JobLanes
from desktop.work.unfinished import Unfinished
from desktop.work.work import Work
from engine.document.change import Change
from widgets.chrome.beside import Beside, stacked
from widgets.chrome.command_palette import CommandPalette
from widgets.chrome.selection_bar import SelectionBar
from widgets.chrome.status_bar import StatusBar
from widgets.chrome.top_bar import TopBar
from widgets.panels.repair.panel import RepairPanel
from widgets.panels.timing.panel import TimingPanel
from widgets.review.history_panel import HistoryPanel
from widgets.review.queue_panel import QueuePanel
from widgets.review.rows import Surroundings
from widgets.theme import Theme
from widgets.timeline.timeline_view import TimelineView


class MainWindow(QMainWindow):
    """Lays the parts out and wires them; holds no document state of its own."""

    grid_editing: GridEditing

    def __init__(self, application: QApplication, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings
        self._garbage = WindowGarbage(self)
        self.look = Look(application, settings, self)
        keymap, themed = Keymap(settings, self), lambda: self.look.theme
        self.caps = dict(keymap.caps)  # shared by all parts, changed in place with the keymap
        self._make_views(keymap)
        self.session = Session(self)
        self.player = Player(self)
        self.transport = Transport(self.session, self.player, self)
        self.review = Review(self.session, settings, lambda: self.grid_editing.snapped_playhead(), self)
        self.work = Work(self.session, JobLanes(self), self)
        self.analysing = Analysing(self.session, self.work, self)
        self.learning = Learning(self.session, self.work, self.analysing, self)
        self.recordings = Recordings(self.session, self.work, self.analysing, themed, self)
        self.arrivals = Arrivals(self.session, self.review, self.transport, settings, self)
        self.kept = ReferenceListening(self, self)
        self.notes = Notes(self, self.session, self.review)
        self.diagnosing = Diagnosing(self.session, self.work, self.analysing, self)
        self.shelves = Shelves(self, self.session, settings, themed)
        self.ruler = Ruler(self.session, self.timeline, settings)
        self.stored_waves = StoredWaves(self, self)
        self.spectrograms = Spectrograms(self, self, settings)
        self.zooms = Zooms(self.session, self.review, self.transport, self.timeline, settings, self)
        self.grid_editing = GridEditing(self.session, self.transport, self.timeline, self.zooms.seek, self)
        self.files = Files(self, self, settings)
        self.grid_dialogs = GridDialogs(self, self.grid_editing, themed)
        self.tap_tempo = TapTempo(self.session, self.transport, self.grid_editing, self.work, self)
        self.selecting = Selecting(self.session, self.transport, self.timeline, self)
        self.marking = Marking(self, self, self.zooms.seek)
        self.queue = QueueSide(self.session, self.review, self.queue_panel, self.timeline.setFocus)
        self.threshold = ThresholdDrag(self, self)
        self.history = HistoryWalk(self.session, self.history_panel, self)
        self.learning_panel = panel_of(self.learning, self.look.theme)
        self.commands = Actions(self, keymap.commands)
        self.messages = Messages(self, self, self.status_bar)
        self.clock = Clock(self.session, self.transport, self.timeline, self.zooms, self.top_bar, self)
        self.exporting, self.crashes = Exporting(self, self, settings), AfterCrash(self, self, settings)
        self.grid_layer = GridLayer(self.session, self.grid_editing, self.commands, self)
        self.tracks = Tracks(self, self.session, self.timeline, self.commands.action)
        self.clips, self.comping = Clips(self, self), Comping(self, self)
        self.by_hand = ByHand(self, self, themed)
        self.amounts = Amounts(self, self, themed)
        self.arranging = Arranging(self, self, settings)
        self.timing = Timing(self, self)
        self.timing_proposing = TimingProposing(self, self, themed)
        self.repairing = Repairing(self, self, settings)
        self.takes, self.sections = Takes(self, self), Sections(self, self)
        self.editors = Editors(self, self, themed, settings)
        self.user_settings = UserSettings(self, self, keymap, settings)
        self._lay_out()
        self.tasting = Tasting(self, self)
        self.commands.bind(self)
        self._wire()
        self._show_document()
        self.timeline.setFocus()
        restore_size(self, self._settings)

    def _make_views(self, keymap: Keymap) -> None:
        theme = self.look.theme
        self.top_bar = TopBar(theme, self.caps)
        self.timeline = TimelineView(theme)
        self.queue_panel = QueuePanel(theme, self.caps)
        self.history_panel = HistoryPanel(theme)
        self.timing_panel = TimingPanel(theme, self.caps)
        self.repair_panel = RepairPanel(theme, self.caps)
        self.status_bar = StatusBar(theme, self.caps)
        self.selection_bar = SelectionBar(theme, self.caps)
        self.palette_popup = CommandPalette(theme, keymap.commands, self, absent=ABSENT, keys=self.caps)

    def _lay_out(self) -> None:
        self.menus = Menus(self, self.commands, self._settings)
        self.unfinished = Unfinished(self, self, self._settings)
        self.finders = Finders(self, self)
        working_in = (self.timing_panel, self.repair_panel, self.takes.panel, self.editors.panel)
        self.side = Side(self.queue_panel, *working_in, self.history_panel, self.learning_panel)
        self.repairing.opened.connect(self.side.make_room)
        whole = QWidget(self)
        self.setCentralWidget(whole)  # while empty: a widget that moves is styled again with all in it
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.pages = QStackedWidget()
        for part in (self.top_bar, self.crashes.bar, self.unfinished.bar, self.pages, self.status_bar):
            column.addWidget(part)
        column.setStretchFactor(self.pages, 1)
        self.pages.addWidget(Beside(stacked(self.timeline, self.selection_bar), self.side, self.pages))

    def _wire(self) -> None:
        self.stray_enter = StrayEnter(self, self.queue_panel, self.commands)
        self.lane_menu, self.queue_menu = LaneMenu(self, self), QueueMenu(self, self)
        self.metering, self.clipped = Metering(self.player, self.timeline.heads, self), ClippedPlaces(self)
        self.look.changed.connect(self._set_theme)
        for follow in (self._show_document, self.timeline.heads.clear_clips, self._garbage.let_stand):
            self.session.replaced.connect(follow)
        self.session.changed.connect(self._show_change)
        bars = (self.top_bar, self.selection_bar, self.status_bar)
        for asking in (*bars, self.queue_panel, self.timing_panel):
            asking.command_requested.connect(self.commands.run)
        self.messages.collect_from((*vars(self).values(), self.queue.bulk))
        self.by_hand.shown.connect(self.selection_bar.show_selection)
        connect_findings(self.diagnosing, self.tasting, self.files, self.analysing)
        self.review.moved.connect(self._show_current)
        self.work.proposed.connect(self.review.come_to_new)
        self.timeline.canvas.proposal_clicked.connect(self.zooms.visit_in_view)
        for chosen in (self.timeline.canvas.proposal_clicked, self.queue_panel.proposal_chosen):
            chosen.connect(lambda _id: self.selecting.let_go())  # Delete means what was chosen last
        self.timeline.canvas.seek_requested.connect(self.transport.seek)
        self.timeline.canvas.proposal_opened.connect(lambda _id: self.zooms.to_proposal())
        self.timeline.canvas.edge_dragged.connect(reporting_refusals(self.review.drag, self.messages.refuse))
        self.timeline.files_dropped.connect(reporting_refusals(self.files.drop, self.messages.refuse))
        self.transport.playing_changed.connect(self.top_bar.set_playing)
        self.transport.result_chosen.connect(self._show_view)
        self.transport.result_chosen.connect(self.zooms.settle)
        self.transport.before_chosen.connect(self._show_before)
        self.transport.looping_changed.connect(self.top_bar.set_looping)
        self.player.device_status_changed.connect(self.messages.device)
        self.work.progressed.connect(self.status_bar.set_job)
        self.learning.learned.connect(self.shelves.note)
        self.work.rested.connect(self.status_bar.clear_job)
        self.recordings.waves_changed.connect(self.timeline.lanes.set_waves)
        self.recordings.missing_changed.connect(self.timeline.canvas.set_missing)
        self.recordings.waves_refined.connect(self.timeline.canvas.renew_waves)
        self.stored_waves.changed.connect(self.timeline.lanes.set_stored_waves)

    def say(self, sentence: str) -> None:
        """Show the result of the last command, and the next undo step."""
        self.messages.say(sentence)

    def show_palette(self) -> None:
        """Show the command palette."""
        self.palette_popup.open_over(self.pages)

    def _set_theme(self, theme: Theme) -> None:
        bars = (self.top_bar, self.status_bar, self.selection_bar)
        for part in (*bars, self.timeline, self.side, self.palette_popup):
            part.set_theme(theme)

    def _show_document(self) -> None:
        """Show another document, or none."""
        state = "read only" if self.session.is_read_only else "saved" if self.session.is_open else ""
        self.top_bar.set_document(self.session.name, state)
        self.setWindowTitle(self.session.name if self.session.is_open else "Offcut")
        self._show_change(None)
        self.zooms.restore()
        self.clock.show()
        if self.session.notice:
            self.say(self.session.notice)

    def _show_change(self, change: Change | None) -> None:
        """Update the views after a change; None: all of them."""
        state = self.session.state
        if change is None or change.proposals or change.tracks or change.markers:
            self._show_timeline()
        if change is None or change.analyses or "threshold" in change.settings or "taste" in change.settings:
            self._show_analyses()
        self.top_bar.set_enabled(audio=bool(state.tracks))
        self.selection_bar.setVisible(bool(state.tracks))
        self.commands.enable_review(bool(state.proposals) and not self.tasting.is_open)
        if change is None or change.sources or not change.tracks or change.proposals:
            self._show_current()

    def _show_timeline(self) -> None:
        """Show the document in the chosen view, with its arrangement and the playhead."""
        self.timeline.lanes.set_document(self.session.state, self.transport.edit_list, self.transport.patches)
        self.arranging.show()
        self.clock.show()

    def _show_analyses(self) -> None:
        session = self.session
        taste = "" if self.analysing.taste is None else self.analysing.taste.stem
        self.timeline.canvas.set_grid(session.grid)
        self.timeline.set_score(session.curve, self.review.threshold, taste)
        self.timeline.set_curves(session.curves)
        self.queue_panel.set_taste(taste or None)
        self.top_bar.set_taste(taste or None)
        onsets = () if session.listening is None else session.listening.onsets_samples
        self.queue_panel.set_surroundings(Surroundings(session.grid, onsets, session.curve, session.sounds))
        self.clock.show()

    def _show_current(self) -> None:
        """Show the queue and the current proposal."""
        self.timeline.canvas.set_current(self.review.current)
        self.zooms.follow_edges()
        self.queue.follow()

    def _show_view(self, result: bool) -> None:
        self.top_bar.set_view("result" if result else "source")
        self._show_timeline()
        self.say(self.transport.lengths)

    def _show_before(self, before: bool) -> None:
        self.timeline.canvas.set_before(before)
        self._show_timeline()
        self.say(self.transport.compared)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Release all resources; saving is not necessary. Closing asks about running work."""
        if event.spontaneous() and not self.unfinished.may_close():
            event.ignore()
            return
        keep_size(self, self._settings)
        workers = (self.transport, self.threshold, self.tasting, self.diagnosing, self.queue, self.shelves)
        drawing = (self.spectrograms, self.stored_waves, self.recordings, self.timing)
        for part in (*drawing, *workers, self.files, self.work, self.review, self.session, self._garbage):
            part.close()
        super().closeEvent(event)
