"""The window: layout of its parts, and their connections. Handlers of commands are in `commands`."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSettings
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from desktop.commands import ABSENT, COMMANDS, MENUS
from desktop.commands.features import commands_of_finders
from desktop.commands.packages import with_packages
from desktop.export.exporting import Exporting
from desktop.features.arrangement.editors import Editors
from desktop.features.day.exporting import DayExporting
from desktop.features.day.overview import Overview
from desktop.features.day.preparing import Preparing
from desktop.features.day.remembering import Remembering
from desktop.features.day.song_search import SongSearch
from desktop.features.match.edits_from_files import EditsFromFiles
from desktop.features.placement.placing import ask_places
from desktop.features.repair.panel import RepairPanel
from desktop.features.repair.repairing import Repairing
from desktop.features.takes.comping import Comping
from desktop.features.takes.sections import Sections
from desktop.features.takes.takes import Takes
from desktop.features.taste.diagnosing import Diagnosing
from desktop.features.taste.dialogs import Shelves, TasteDialogs
from desktop.features.taste.learning import Learning, panel_of
from desktop.features.taste.reference_playback import ReferenceListening
from desktop.features.taste.taste_page import Tasting, connect_findings
from desktop.features.taste.threshold import ThresholdDrag
from desktop.features.timing.grid_editing import GridDialogs, GridEditing, GridLayer, TapTempo
from desktop.features.timing.panel import TimingPanel
from desktop.features.timing.proposing import TimingProposing
from desktop.features.timing.timing import Timing
from desktop.features.words.words import Words
from desktop.recordings.recordings import Analysing, Recordings
from desktop.review.arrivals import Arrivals
from desktop.review.by_hand import Amounts, ByHand
from desktop.review.finders import Finders
from desktop.review.history_walk import HistoryWalk
from desktop.review.notes import Notes
from desktop.review.queue_side import QueueMenu, QueueSide, StrayEnter
from desktop.review.review import Review
from desktop.shell.actions import Actions
from desktop.shell.after_crash import AfterCrash
from desktop.shell.command import Command
from desktop.shell.document_views import DocumentViews
from desktop.shell.files import Files
from desktop.shell.menus import Menus
from desktop.shell.messages import Messages, reporting_refusals
from desktop.shell.playback import Player
from desktop.shell.playback.player import Metering
from desktop.shell.session import Session
from desktop.shell.side import Side
from desktop.shell.transport import Transport
from desktop.shell.user_settings.keymap import Keymap
from desktop.shell.user_settings.preferences import Look
from desktop.shell.user_settings.remembered import keep_size, restore_size
from desktop.shell.user_settings.user_settings import KeyedViews, UserSettings
from desktop.shell.work.job_lanes import JobLanes
from desktop.shell.work.unfinished import Unfinished
from desktop.shell.work.window_thread import WindowGarbage
from desktop.shell.work.work import Work
from desktop.timeline.arranging import Arranging
from desktop.timeline.clipped import ClippedPlaces
from desktop.timeline.clips import Clips
from desktop.timeline.clock import Clock, Ruler
from desktop.timeline.drawing.spectrograms import Spectrograms
from desktop.timeline.drawing.stored_waves import StoredWaves
from desktop.timeline.lane_menu import LaneMenu
from desktop.timeline.markers import Marking
from desktop.timeline.selecting import Selecting
from desktop.timeline.tracks import Tracks
from desktop.timeline.zooms import Zooms
from widgets.chrome.around_timeline import Beside, SelectionBar
from widgets.chrome.palette_and_key_sheet import CommandPalette
from widgets.chrome.status_bar import StatusBar
from widgets.chrome.top_bar import TopBar
from widgets.controls.key_caps import column
from widgets.review.history_panel import HistoryPanel
from widgets.review.queue_panel import QueuePanel
from widgets.theme import Theme
from widgets.timeline.timeline_view import TimelineView


class MainWindow(QMainWindow):
    """Lays the parts out and wires them; holds no document state of its own."""

    grid_editing: GridEditing
    showing: DocumentViews

    def __init__(self, application: QApplication, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings
        self._garbage = WindowGarbage(self)
        self.look = Look(application, settings, self)
        table = with_packages(COMMANDS)
        keymap = Keymap(settings, table, self)
        self.caps = dict(keymap.caps)  # shared by all parts, changed in place with the keymap
        self._make_views(keymap)
        self.session = Session(self)
        self.player = Player(self)
        self.transport = Transport(self.session, self.player, self)
        self.review = Review(self.session, settings, lambda: self.grid_editing.snapped_playhead(), self)
        self.work = Work(self.session, JobLanes(self), self)
        self.analysing = Analysing(self.session, self.work, self)
        self.learning = Learning(self.session, self.work, self.analysing, self)
        places = partial(ask_places, self, self.look)
        self.recordings = Recordings(self.session, self.work, self.analysing, places, self)
        self.arrivals = Arrivals(self.session, self.review, self.transport, settings, self)
        self.kept = ReferenceListening(self, self, self.analysing)
        self.notes = Notes(self, self.session, self.review)
        self.diagnosing = Diagnosing(self.session, self.work, self.analysing, self)
        self.shelves = Shelves(self, self.session, settings, self.look)
        self.ruler = Ruler(self.session, self.timeline, settings)
        self.stored_waves = StoredWaves(self.session, self.transport, self.recordings, self)
        self.spectrograms = Spectrograms(self, self, self.recordings, self.stored_waves, settings)
        self.zooms = Zooms(self.session, self.review, self.transport, self.timeline, settings, self)
        self.grid_editing = GridEditing(self.session, self.transport, self.timeline, self.zooms.seek, self)
        self.grid_dialogs = GridDialogs(self, self.grid_editing, self.look)
        self.tap_tempo = TapTempo(self.session, self.transport, self.grid_editing, self.work, self)
        self.selecting = Selecting(self.session, self.transport, self.timeline, self)
        self.finders = Finders(
            self,
            self.session,
            self.work,
            self.selecting,
            self.look,
            self.analysing,
            commands_of_finders(COMMANDS),
        )
        self.marking = Marking(self, self, self.zooms.seek)
        self.queue = QueueSide(self.session, self.review, self.queue_panel, self.timeline.setFocus)
        self.threshold = ThresholdDrag(self, self, self.queue)
        self.history = HistoryWalk(self.session, self.history_panel, self)
        self.learning_panel = panel_of(self.learning, self.look.theme)
        self.commands = Actions(self, keymap.commands)
        self.messages = Messages(self, self, self.status_bar)
        self.clock = Clock(self.session, self.transport, self.timeline, self.zooms, self.top_bar, self)
        self._make_editing(keymap)
        self._lay_out(table)
        self.commands.bind(self)
        self._wire()
        self.showing.document()
        self.timeline.setFocus()
        restore_size(self, self._settings)

    def _make_views(self, keymap: Keymap) -> None:
        """Make the views at their places: a widget that moves is styled again with all in it."""
        theme, whole = self.look.theme, QWidget(self)
        self.setCentralWidget(whole)
        self.pages = QStackedWidget(whole)
        beside = Beside(self.pages)
        self.pages.addWidget(beside)
        self.side = Side(beside)
        self.top_bar = TopBar(theme, self.caps, whole)
        self.status_bar = StatusBar(theme, self.caps, whole)
        self.timeline = TimelineView(theme, beside.main)
        self.selection_bar = SelectionBar(theme, self.caps, beside.main)
        self.queue_panel = QueuePanel(theme, self.caps, self.side)
        self.timing_panel = TimingPanel(theme, self.caps, self.side)
        self.repair_panel = RepairPanel(theme, self.caps, self.side)
        self.history_panel = HistoryPanel(theme, self.side)
        self.palette_popup = CommandPalette(theme, keymap.commands, self, absent=ABSENT, keys=self.caps)

    def _make_editing(self, keymap: Keymap) -> None:
        """Make the parts that need commands."""
        self.exporting = Exporting(self, self, self.status_bar, self._settings)
        self.crashes, self.edits = AfterCrash(self, self, self._settings), EditsFromFiles(self, self)
        self.files = Files(self, self, self.recordings, self.edits.read, self.edits.take)
        self.grid_layer = GridLayer(self.session, self.grid_editing, self.commands, self)
        self.tracks = Tracks(self, self.session, self.timeline, self.commands.action)
        self.clips = Clips(self, self, self.tracks, self.status_bar)
        self.comping = Comping(self, self, self.tracks, self.clips)
        self.by_hand = ByHand(self, self, self.tracks, self.clips)
        self.amounts, self.arranging = Amounts(self, self), Arranging(self, self, self._settings)
        self.timing = Timing(self, self.timing_panel, self)
        self.timing_proposing = TimingProposing(self, self, self.timing, self.recordings, self.analysing)
        self.repairing = Repairing(self, self, self.repair_panel, self.arrivals, self._settings)
        self.takes, self.sections = Takes(self, self), Sections(self, self, self.by_hand)
        self.words = Words(self, self, self.by_hand)
        self.day = Overview(self, self, self.pages)
        self.day_exporting = DayExporting(self, self, self.day, self._settings)
        self.remembering = Remembering(self, self, self.day)
        self.preparing = Preparing(self, self, self.recordings, self.day)
        self.song_search = SongSearch(self, self, self.files, self._settings)
        self.editors = Editors(self, self, self._settings)
        keyed = KeyedViews(self.palette_popup, self.queue_panel, self.repair_panel)
        self.user_settings = UserSettings(self, self, keymap, self.player, keyed, self._settings)
        self.tastes = TasteDialogs(
            self, self, self.analysing, self.learning, self.diagnosing, self.shelves, self._settings
        )

    def _lay_out(self, table: tuple[Command, ...]) -> None:
        self.menus = Menus(self, self.commands, table, MENUS, self._settings)
        restarts = {"taste.learn": self.learning.restart, "file.import": self.recordings.restart}
        self.unfinished = Unfinished(self, self, restarts, self._settings)
        working_in = (self.timing_panel, self.repair_panel, self.takes.panel, self.editors.panel)
        transcript = self.words.panel
        bars = (self.top_bar, self.crashes.bar, self.unfinished.bar)
        column(*bars, (self.pages, 1), self.status_bar, gap=0, owner=self.centralWidget())
        column((self.timeline, 1), self.selection_bar, gap=0, owner=self.timeline.parentWidget())
        self.side.fill(
            self.queue_panel, *working_in, (transcript, 2), self.history_panel, self.learning_panel
        )
        self.history_panel.hide()
        for panel in (self.repairing, self.words):
            panel.opened.connect(self.side.make_room)
        self.tasting = Tasting(
            self,
            self,
            self.pages,
            self.top_bar,
            self.analysing,
            self.learning,
            self.shelves,
            self.threshold,
        )

    def _wire(self) -> None:
        shown = (self.analysing, self.arranging, self.clock, self.queue)
        self.showing = DocumentViews(self, self, *shown, self.top_bar, self.selection_bar, self.pages)
        self.stray_enter = StrayEnter(self, self.queue_panel, self.commands)
        self.lane_menu, self.queue_menu = LaneMenu(self, self), QueueMenu(self, self, self.queue)
        self.metering = Metering(self.player, self.timeline.heads, self)
        self.clipped = ClippedPlaces(self, self.exporting, self.recordings)
        self.look.changed.connect(self._set_theme)
        for follow in (self.showing.document, self.timeline.heads.clear_clips, self._garbage.let_stand):
            self.session.replaced.connect(follow)
        bars = (self.top_bar, self.selection_bar, self.status_bar)
        for asking in (*bars, self.queue_panel, self.timing_panel):
            asking.command_requested.connect(self.commands.run)
        self.messages.collect_from((*vars(self).values(), self.queue.bulk))
        self.by_hand.shown.connect(self.selection_bar.show_selection)
        connect_findings(self.diagnosing, self.tasting, self.tastes, self.analysing)
        step = partial(self.analysing.propose, merges_as="threshold")
        self.review.threshold_wanted.connect(reporting_refusals(step, self.messages.refuse))
        self.work.proposed.connect(self.review.come_to_new)
        self.timeline.canvas.proposal_clicked.connect(self.zooms.visit_in_view)
        for chosen in (self.timeline.canvas.proposal_clicked, self.queue_panel.proposal_chosen):
            chosen.connect(lambda _id: self.selecting.let_go())  # Delete means what was chosen last
        self.timeline.canvas.seek_requested.connect(self.transport.seek)
        self.timeline.canvas.proposal_opened.connect(lambda _id: self.zooms.to_proposal())
        self.timeline.canvas.edge_dragged.connect(reporting_refusals(self.review.drag, self.messages.refuse))
        self.timeline.files_dropped.connect(reporting_refusals(self.files.drop, self.messages.refuse))
        self.transport.playing_changed.connect(self.top_bar.set_playing)
        self.transport.result_chosen.connect(self.zooms.settle)
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

    def escape(self) -> None:
        """End the drag, leave the mode or clear the selection; else stop."""
        is_playing = self.transport.is_playing
        if not is_playing and (self.tasting.leave() or self.day.leave()):
            return
        modes = (self.timeline.cancel_drag, self.tap_tempo.give_up, self.grid_layer.leave, self.clips.leave)
        panels = (self.repairing.leave, self.editors.comparing.leave, self.selecting.let_go)
        if any(leave() for leave in modes) or (not is_playing and any(leave() for leave in panels)):
            return
        self.transport.stop()
        self.review.select_none()
        self.history.stop()

    def show_palette(self) -> None:
        """Show the command palette."""
        self.palette_popup.open_over(self.pages)

    def _set_theme(self, theme: Theme) -> None:
        bars = (self.top_bar, self.status_bar, self.selection_bar)
        for part in (*bars, self.timeline, self.side, self.palette_popup):
            part.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Release all resources; saving is not necessary. Closing asks about running work."""
        if event.spontaneous() and not self.unfinished.may_close():
            event.ignore()
            return
        keep_size(self, self._settings)
        workers = (self.transport, self.threshold, self.tasting, self.diagnosing, self.queue, self.shelves)
        drawing = (self.spectrograms, self.stored_waves, self.recordings, self.timing)
        for part in (*drawing, *workers, self.tastes, self.work, self.review, self.session, self._garbage):
            part.close()
        super().closeEvent(event)
