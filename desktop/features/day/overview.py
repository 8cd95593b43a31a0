"""The overview of a day in the window: opens it in place of the timeline, plays takes, and makes choices."""

from __future__ import annotations

from bisect import bisect_right
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.features.day.page import DayPage
from desktop.features.day.picture import Cell, Picture, picture_of
from desktop.shell.actions import popup
from desktop.shell.command import DAY_LAYER
from desktop.shell.dialogs import form_dialogs
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import level_text
from engine.document.analysis import StoredDay
from engine.document.state import Change
from engine.features.day.choices import (
    Applied,
    change_kind,
    give_stars,
    kind_step,
    rename_song,
    retain,
    retain_suggested,
)
from engine.features.day.day import DayKind
from engine.features.day.figures import StoredResults

NOT_YET = "The songs of the day are not found yet. Find them first ‹day.find›."
_AUDIBLE_DB = 0.1
_MENU = (("day.open", "day.keep", "day.name"), ("day.next_take", "day.comp"), ("day.export", "day.share"))


class Overview(QObject):
    """Shows the songs of the document, with one current take.

    Signals
    -------
    named(name, former) : a song got another name
    """

    named = Signal(str, str)
    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, pages: QStackedWidget) -> None:
        super().__init__(window)
        self._window, self._shell, self._pages = window, shell, pages
        self._session, self._transport = shell.session, shell.transport
        self._page: DayPage | None = None
        self._current: int | None = None
        self._picture = Picture()
        self._session.replaced.connect(self._start_over)
        self._session.changed.connect(self._follow)
        self._transport.playhead_moved.connect(self._follow_playhead)
        self._transport.playing_changed.connect(self._follow_playing)
        pages.currentChanged.connect(self._follow_page)
        shell.look.changed.connect(lambda theme: self._page.set_theme(theme) if self._page else None)

    # open and closed

    @property
    def is_open(self) -> bool:
        """Whether the page is shown."""
        return self._page is not None and self._pages.currentWidget() is self._page

    @property
    def page(self) -> DayPage:
        """The page, created on first use."""
        if self._page is None:
            page = DayPage(self._shell.look.theme, self._shell.caps)
            page.command_requested.connect(self._shell.commands.run)
            page.strip.place_chosen.connect(self._go_to_place)
            page.songs.chosen.connect(self._choose)
            page.songs.opened.connect(lambda: self._shell.commands.run("day.open"))
            page.songs.name_wanted.connect(lambda: self._shell.commands.run("day.name"))
            page.songs.compare_wanted.connect(self.compare)
            commands = self._shell.commands
            page.songs.menu_requested.connect(lambda place: popup(commands.menu(page, _MENU, "Take"), place))
            self._pages.addWidget(page)
            self._page = page
        return self._page

    def toggle(self) -> None:
        """Show the page, or the timeline again.

        Raises
        ------
        UsageError : the songs were not found yet
        """
        if self.leave():
            return
        self.required_day()
        self._pages.setCurrentWidget(self.page)
        self._shell.commands.enter(DAY_LAYER, is_in=True)
        self._shell.commands.enable_review(False)  # the queue is hidden
        self._shell.selecting.let_go()  # keys edit nothing that is hidden
        self._show()
        self.page.songs.setFocus()

    def leave(self) -> bool:
        """Show the timeline again; return whether the page was open."""
        if not self.is_open:
            return False
        self._pages.setCurrentIndex(0)
        self._shell.commands.enable_review(bool(self._session.state.proposals))
        self._shell.timeline.setFocus()
        return True

    def _follow_page(self, _index: int) -> None:
        """End the keys and the gain of the overview, also where another page takes its place."""
        if DAY_LAYER in self._shell.commands.layers and not self.is_open:
            self._shell.commands.enter(DAY_LAYER, is_in=False)
            self._transport.set_gain(0.0)

    # the day

    def required_day(self) -> StoredDay:
        """Return the stored day.

        Raises
        ------
        UsageError : the songs were not found yet
        """
        if (day := self._session.day) is None:
            raise UsageError(NOT_YET)
        return day

    def _start_over(self) -> None:
        self._current = None
        self.leave()

    def _follow(self, change: Change) -> None:
        if self.is_open and (change.analyses or change.tracks or change.proposals):
            if self._session.day is None:
                self.leave()
            else:
                self._show()

    def _show(self) -> None:
        day, state = self._session.day, self._session.state
        if day is None:
            return
        session = self._session
        results = StoredResults(state, session.grid, session.listening, session.curve, session.takes)
        self._picture = picture_of(day, results)
        rows = [cell.row for cell in self._picture.cells]
        if self._current not in rows:
            self._current = rows[0] if rows else None
        self._mark(self._current)
        self._follow_playhead(self._transport.playhead_samples)

    def _cell(self) -> Cell:
        cell = next((one for one in self._picture.cells if one.row == self._current), None)
        if cell is None:
            raise UsageError("No take is chosen: choose one with the arrow keys or a click.")
        return cell

    # going there and playing

    def _choose(self, row: int) -> None:
        """Make a take the current one, with the playhead at its start; playback goes on from there."""
        self._mark(row)
        self._transport.seek(self._start_of(self._cell()))
        self.said.emit(self._sentence(self._cell()))

    def _mark(self, row: int | None) -> None:
        """Make a take the current one, whose level is matched to the other takes of its song."""
        self._current = row
        self.page.set_picture(self._picture, row)
        gains_db = (cell.gain_db for cell in self._picture.cells if cell.row == row)
        self._transport.set_gain(next(gains_db, None) or 0.0)

    def _start_of(self, cell: Cell) -> int:
        return s_to_samples(cell.start_s, self._session.state.rate_hz)

    def _sentence(self, cell: Cell) -> str:
        gain_db = cell.gain_db or 0.0
        gain = f"; level matched: {level_text(gain_db, decimals=1)}" if gain_db <= -_AUDIBLE_DB else ""
        return f"{cell.name} – take {cell.number} at {format_time(cell.start_s, 0)}: {cell.words}{gain}"

    def _go_to_place(self, at_s: float) -> None:
        """Put the playhead at a place of the day, and choose the take that is there."""
        there = (cell.row for cell in self._picture.cells if cell.start_s <= at_s < cell.stop_s)
        self._mark(next(there, self._current))
        self._transport.seek(s_to_samples(at_s, self._session.state.rate_hz))

    def open(self) -> None:
        """Go to the current take in the timeline, with the playhead at its start."""
        cell = self._cell()
        rate_hz = self._session.state.rate_hz
        self.leave()
        self._shell.timeline.zooms.frame(self._start_of(cell), s_to_samples(cell.stop_s, rate_hz))
        self._transport.seek(self._start_of(cell))

    def compare(self, step: int = 1) -> None:
        """Go on at the same place of the music in the next take of the song, or the one before.

        Raises
        ------
        UsageError : the song was played once
        """
        here = self._cell()
        takes = [cell for cell in self._picture.cells if cell.name == here.name]
        if len(takes) < 2:
            raise UsageError(f"{here.name} has one take, so there is nothing to compare.")
        other = takes[(takes.index(here) + step) % len(takes)]
        day, rate_hz = self.required_day(), self._session.state.rate_hz
        gone_s = max(0.0, samples_to_s(self._transport.playhead_samples, rate_hz) - here.start_s)
        there_s = self._same_place(day, here, other, gone_s)
        self._mark(other.row)
        self._transport.seek(s_to_samples(other.start_s + min(there_s, other.length_s), rate_hz))
        self.said.emit(self._sentence(other))

    def _same_place(self, day: StoredDay, here: Cell, other: Cell, gone_s: float) -> float:
        """Return how far into another take the same bar is, by beats where there are any, else by speed."""
        speed = float(day.speeds[here.row]) / max(float(day.speeds[other.row]), 1e-3)
        grid, rate_hz = self._session.grid, self._session.state.rate_hz
        if grid is None:
            return gone_s * speed
        beats_s = (grid.beats_samples / rate_hz).tolist()
        first, there = (bisect_right(beats_s, one.start_s - 0.05) for one in (here, other))
        passed = bisect_right(beats_s, here.start_s + gone_s)
        at = there + passed - first
        if not (first < passed < len(beats_s) and at < len(beats_s) and beats_s[at] < other.stop_s):
            return gone_s * speed
        by_beats = beats_s[at] - other.start_s
        is_plausible = abs(by_beats - gone_s * speed) < 4.0 * (beats_s[at] - beats_s[at - 1])
        return by_beats if is_plausible else gone_s * speed

    def _follow_playhead(self, position: int) -> None:
        if self.is_open:
            self.page.strip.set_playhead(samples_to_s(position, max(self._session.state.rate_hz, 1)))

    def _follow_playing(self, playing: bool) -> None:
        if self._page is not None:
            self._page.songs.set_playing(playing)

    # choices

    def _apply(self, made: Applied) -> None:
        edit, analyses = made
        self._session.apply(edit, analyses)
        self.said.emit(edit.label)

    def change_kind(self) -> None:
        """Take the day for the next kind, and replace the open proposals of the former one.

        Raises
        ------
        UsageError : the songs were not found yet
        """
        day = self.required_day()
        kind = DayKind(day.kind).after
        self._apply(change_kind(self._session.state, day, kind))
        finders = self._shell.finders
        finders.start("day", {}, "Proposing edits", partial(finders.take, merges_as=kind_step(kind)))

    def stars(self, count: int) -> None:
        """Give the current take some stars; the same number again takes them off."""
        self._apply(give_stars(self._session.state, self.required_day(), self._cell().row, count))

    def keep(self) -> None:
        """Keep the current take and mark the others of its song; again: no longer."""
        self._apply(retain(self._session.state, self.required_day(), self._cell().row))

    def keep_suggested(self) -> None:
        """Keep the suggested take of each song that has no choice yet."""
        rows = (cell.row for cell in self._picture.cells if cell.why_best)
        self._apply(retain_suggested(self._session.state, self.required_day(), rows))

    def name(self) -> None:
        """Ask for the name of the current song; a name that another song has joins them."""
        day, cell = self.required_day(), self._cell()
        wanted = form_dialogs.ask_song_name(self._window, cell.name)
        if wanted is not None:
            self._apply(rename_song(self._session.state, day, int(day.songs[cell.row]), wanted))
            self.named.emit(" ".join(wanted.split()), cell.name)

    def comp(self) -> None:
        """Select the current take and propose the best bars of all takes of its song."""
        cell = self._cell()
        if sum(one.name == cell.name for one in self._picture.cells) < 2:
            raise UsageError(f"{cell.name} has one take: a comp needs two.")
        self.open()
        self._shell.commands.run("takes.comp")
