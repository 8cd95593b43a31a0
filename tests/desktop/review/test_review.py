"""The queue in the real window, by keys and mouse: search, order, groups, many at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from desktop.main_window import MainWindow
from engine.document.document import Document
from engine.document.edits.proposals import add_proposals, replace_proposals
from engine.document.proposals import Alternative, Proposal, Verdict
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets.review.card import ScoreSpark
from widgets.review.queue_head import SearchField
from widgets.review.queue_view import QueueView

A, R, U = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNDECIDED
LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SECONDS = 40
REASONS = ("Talking between takes.", "The guitar is tuned.", "The drums drop out.")
IDS = tuple(f"c{number}" for number in range(8))


def proposed() -> list[Proposal]:
    """Eight cuts 4 s apart; of three reasons, two makers, falling scores and growing lengths."""
    return [
        Proposal(
            key,
            "cut",
            (1 + 4 * number) * RATE_HZ,
            (2 + 4 * number) * RATE_HZ + 200 * number,
            0.9 - number / 20,
            REASONS[number % 3],
            f"maker {number % 2}",
            (Alternative("Whole bars", 4 * number * RATE_HZ, (3 + 4 * number) * RATE_HZ),),
        )
        for number, key in enumerate(IDS)
    ]


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS, 1), ())
    with Document.open(path) as document:
        document.apply(replace_proposals(document.state, proposed(), {"threshold": 0.5}, "Proposed"))
    hands.window.session.open(path)
    hands.finish_work()
    return hands


def verdicts(window: MainWindow) -> str:
    """The verdicts in the order of the recording, a letter each."""
    letters = {A: "a", R: "r", U: "u"}
    return "".join(letters[window.session.state.verdict(key)] for key in IDS)


def search_for(hands: Hands, words: str) -> SearchField:
    hands.press("Ctrl+F")
    field = hands.window.focusWidget()
    assert isinstance(field, SearchField)
    QTest.keyClicks(field, words)
    return field


def click_row(window: MainWindow, key: str, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
    view = window.queue_panel.findChild(QueueView)
    assert view is not None
    index = view.model().index(view.model().position_of(key))
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), LEFT, modifiers, view.visualRect(index).center())


def click_heading(window: MainWindow, name: str) -> None:
    view = window.queue_panel.findChild(QueueView)
    assert view is not None
    model = view.model()
    rows = [row for row in range(model.rowCount()) if (group := model.heading(row)) and group.name == name]
    view.verticalScrollBar().setValue(
        view.verticalScrollBar().value() + view.visualRect(model.index(rows[0])).top()
    )
    QTest.mouseClick(view.viewport(), LEFT, NO_KEYS, view.visualRect(model.index(rows[0])).center())


def button(window: MainWindow, start: str) -> QPushButton:
    found = [
        each
        for each in window.queue_panel.findChildren(QPushButton)
        if each.text().startswith(start) and each.isVisible()
    ]
    assert len(found) == 1, [each.text() for each in window.queue_panel.findChildren(QPushButton)]
    return found[0]


def many(window: MainWindow) -> list[str]:
    """What the buttons for many say, where they are shown."""
    words = [each.text() for each in window.queue_panel.findChildren(QPushButton) if each.isVisible()]
    return [text for text in words if text.endswith(("shown", "selected"))]


# Search.


def test_typing_searches_and_decides_nothing(reviewing: Hands) -> None:
    window = reviewing.window
    state = window.session.state
    field = search_for(reviewing, "axupf789 ?")
    assert window.review.ids == ()
    assert window.review.current == IDS[0]
    field.selectAll()
    QTest.keyClicks(field, "GUITAR tuned")
    assert window.review.ids == ("c1", "c4", "c7")
    assert window.session.state is state
    assert window.focusWidget() is field
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.session.state is state, "Enter goes on and accepts nothing"
    assert window.review.current == "c1"
    assert window.focusWidget() is not field
    reviewing.press("A")
    reviewing.press("X")
    assert verdicts(window) == "uauuruuu"
    assert window.review.current == "c7"


def test_escape_clears_the_search_and_gives_the_focus_back(reviewing: Hands) -> None:
    window = reviewing.window
    field = search_for(reviewing, "drums")
    assert window.review.ids == ("c2", "c5")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert window.review.ids == IDS
    assert field.text() == ""
    assert window.timeline.isAncestorOf(window.focusWidget()) or window.focusWidget() is window.timeline
    assert window.review.current == IDS[0]
    reviewing.press("X")
    assert verdicts(window) == "ruuuuuuu"


def test_a_search_without_a_hit_says_so(reviewing: Hands) -> None:
    field = search_for(reviewing, "accordion")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert reviewing.window.review.current == IDS[0]
    assert "No reason contains 'accordion'; search for other words." in spoken(reviewing.window)


def spoken(window: MainWindow) -> str:
    return " ".join(label.text() for label in window.status_bar.findChildren(QLabel))


def test_a_new_search_begins_empty_and_new_proposals_end_it(reviewing: Hands) -> None:
    window = reviewing.window
    QTest.keyClick(search_for(reviewing, "GUITAR"), Qt.Key.Key_Return)
    assert window.review.ids == ("c1", "c4", "c7")
    reviewing.press("Ctrl+F")
    assert window.review.ids == IDS
    QTest.keyClicks(window.focusWidget(), "drums")
    window.work.proposed.emit(frozenset({"c1"}))
    assert window.review.ids == IDS
    assert window.review.current == "c1"
    reviewing.look()
    assert window.queue_panel.findChild(SearchField).text() == ""


def test_new_proposals_show_where_a_filter_hides_them(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("A")
    window.review.set_filter("decided")
    window.work.proposed.emit(frozenset({"c5"}))
    assert window.review.choices.filter_name == "undecided"
    assert window.review.current == "c5"


def test_a_document_opens_on_what_is_undecided(reviewing: Hands) -> None:
    window = reviewing.window
    assert window.review.choices.filter_name == "all", "nothing is decided yet"
    reviewing.press("A")
    path = window.session.path
    assert path is not None
    window.session.open(path)
    assert window.review.choices.filter_name == "undecided"
    assert window.review.ids == IDS[1:]


def test_the_menu_of_a_row_offers_what_its_card_does(reviewing: Hands) -> None:
    window = reviewing.window
    accept = window.commands.action("review.accept")
    menu = window.queue_menu.menu("c4")
    assert window.review.current == "c4"
    assert {accept, window.commands.action("review.note")} <= set(menu.actions())
    click_row(window, "c6", Qt.KeyboardModifier.ControlModifier)
    menu = window.queue_menu.menu("c6")
    assert window.review.selected == {"c4", "c6"}, "a menu on a selected row is about all of them"
    assert accept not in menu.actions()
    assert window.commands.action("review.accept_many") in menu.actions()


def test_search_and_filter_narrow_together(reviewing: Hands) -> None:
    window = reviewing.window
    click_row(window, "c4")
    reviewing.press("Shift+A")
    search_for(reviewing, "guitar")
    QTest.mouseClick(button(window, "Undecided"), LEFT)
    assert window.review.ids == ("c1", "c7")
    QTest.mouseClick(button(window, "Decided"), LEFT)
    assert window.review.ids == ("c4",)


def test_another_document_is_not_searched_for_the_same(reviewing: Hands, tmp_path: Path) -> None:
    window = reviewing.window
    field = search_for(reviewing, "guitar")
    cuts = ((2 * RATE_HZ, 3 * RATE_HZ),)
    window.session.open(
        make_document(tmp_path / "other.offcut", good(tmp_path / "o.wav", 5, 1, seed=1), cuts)
    )
    reviewing.finish_work()
    assert field.text() == ""
    assert len(window.review.ids) == 1


# Order and groups.


def test_keys_follow_the_order_on_screen(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Alt+S")
    assert window.review.ids == IDS, "the first scores highest"
    reviewing.press("Alt+S")
    assert window.review.ids == IDS[::-1], "the last is the longest"
    click_row(window, "c4")
    for _ in range(2):
        reviewing.press("A")
    assert verdicts(window) == "uuuaauuu"
    assert window.review.current == "c2"
    QTest.mouseClick(button(window, "By length"), LEFT)
    QTest.mouseClick(button(window, "Most useful first"), LEFT)
    assert window.review.ids == IDS


def test_groups_fold_and_what_is_folded_is_left_alone(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("X")
    reviewing.press("A")
    reviewing.press("Alt+G")
    assert [group.name for group in window.review.listing.groups] == ["undecided", "accepted", "rejected"]
    assert window.review.current == "c2"
    reviewing.press("A")  # it moves to another group, and the key goes on from where it was
    assert window.review.current == "c3"
    click_heading(window, "accepted")
    assert window.review.ids == ("c3", "c4", "c5", "c6", "c7", "c0")
    assert many(window)[0] == "Accept 6 shown"
    reviewing.press("Alt+X")
    assert verdicts(window) == "raarrrrr"
    click_heading(window, "accepted")
    assert set(window.review.ids) == set(IDS)


def test_a_group_is_folded_by_key_and_the_next_key_goes_into_what_is_left(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Alt+Shift+G")
    assert reviewing.refused[-1] == "The queue has no groups. Group it first."
    reviewing.press("Shift+X")
    reviewing.press("Alt+G")
    assert window.review.ids[-1] == "c0"
    reviewing.press("Alt+Shift+G")
    assert window.review.ids == IDS[1:]
    reviewing.press("Alt+Shift+G")
    assert window.review.ids == (*IDS[1:], "c0")
    reviewing.press("Alt+Shift+G")
    reviewing.press("Down")
    assert window.review.current == "c1"


@pytest.mark.parametrize(("presses", "names"), [(2, ["cut"]), (3, ["maker 0", "maker 1"]), (4, [""])])
def test_groups_by_kind_and_maker(reviewing: Hands, presses: int, names: list[str]) -> None:
    for _ in range(presses):
        reviewing.press("Alt+G")
    assert [group.name for group in reviewing.window.review.listing.groups] == names
    walked = [reviewing.window.review.current]
    for _ in IDS[1:]:
        reviewing.press("Down")
        walked.append(reviewing.window.review.current)
    assert sorted(walked) == sorted(IDS)


# Many at once.


def test_nothing_selected_and_nothing_left_out_answers_nothing(reviewing: Hands) -> None:
    window = reviewing.window
    state = window.session.state
    assert many(window) == []
    for keys in ("Alt+A", "Alt+X", "Alt+U", "Alt+F"):
        reviewing.press(keys)
    assert len(reviewing.refused) == 4
    assert window.session.state is state
    assert reviewing.refused[-1].startswith("Choose several first")


@pytest.mark.parametrize("how", ["key", "button"])
def test_all_shown_are_answered_as_one_step_that_says_how_many(reviewing: Hands, how: str) -> None:
    window = reviewing.window
    before = window.session.state
    search_for(reviewing, "drums")
    assert many(window) == ["Accept 2 shown", "Reject 2 shown", "Reopen 2 shown", "Flag 2 shown"]
    if how == "key":
        reviewing.press("Alt+X")
    else:
        QTest.mouseClick(button(window, "Reject 2"), LEFT)
    assert reviewing.said[-1] == "Rejected 2 shown"
    assert window.session.undo_label == "Rejected 2 shown"
    assert verdicts(window) == "uuruuruu"
    window.commands.run("edit.undo")
    assert window.session.state == before


def test_rows_are_selected_by_ctrl_shift_and_ctrl_a(reviewing: Hands) -> None:
    window = reviewing.window
    click_row(window, "c2", CTRL)
    assert window.review.selected == {"c0", "c2"}, "the current one is where a selection begins"
    click_row(window, "c5", SHIFT)
    assert window.review.selected == {"c2", "c3", "c4", "c5"}
    click_row(window, "c3", CTRL)
    assert window.review.selected == {"c2", "c4", "c5"}
    assert many(window)[0] == "Accept 3 selected"
    assert window.review.current == "c0"
    reviewing.press("Alt+A")
    assert (verdicts(window), reviewing.said[-1]) == ("uuauaauu", "Accepted 3 selected")
    reviewing.press("Ctrl+A")
    assert many(window)[1] == "Reject 8 selected"
    reviewing.press("Alt+A")
    assert reviewing.said[-1] == "Accepted 5 of 8 selected; 3 were accepted before"
    assert verdicts(window) == "aaaaaaaa"
    reviewing.press("Ctrl+Z")
    assert verdicts(window) == "uuauaauu"


def test_escape_gives_a_selection_up_and_a_click_as_well(reviewing: Hands) -> None:
    window = reviewing.window
    for give_up in (lambda: reviewing.press("Esc"), lambda: click_row(window, "c1")):
        reviewing.press("Ctrl+A")
        assert len(window.review.selected) == 8
        give_up()
        assert not window.review.selected
        assert many(window) == []
    assert verdicts(window) == "uuuuuuuu"


def test_letters_answer_the_open_proposal_whatever_is_selected(reviewing: Hands) -> None:
    reviewing.press("Ctrl+A")
    reviewing.press("A")
    assert verdicts(reviewing.window) == "auuuuuuu"


def test_what_was_answered_before_is_no_step(reviewing: Hands) -> None:
    search_for(reviewing, "drums")
    for _ in range(2):
        reviewing.press("Alt+X")
    assert reviewing.said[-1] == "All 2 shown were rejected before"
    reviewing.window.commands.run("edit.undo")
    assert verdicts(reviewing.window) == "uuuuuuuu"


def test_flags_come_and_go_together(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("F")
    click_row(window, "c2", SHIFT)
    reviewing.press("Alt+F")
    assert reviewing.said[-1] == "Flagged 2 of 3 selected; 1 was flagged before"
    QTest.mouseClick(button(window, "Flagged 3"), LEFT)
    assert window.review.ids == ("c0", "c1", "c2")
    reviewing.press("Alt+F")
    assert reviewing.said[-1] == "Unflagged 3 shown"
    assert window.review.ids == ()


# The last answers.


def test_the_last_answers_are_listed_and_can_be_changed(reviewing: Hands) -> None:
    window = reviewing.window
    for key, answer in (("c5", "A"), ("c1", "X"), ("c3", "A")):
        click_row(window, key)
        reviewing.press(f"Shift+{answer}")
    QTest.mouseClick(button(window, "Decided 3"), LEFT)
    assert window.review.ids == ("c3", "c1", "c5")
    assert button(window, "Newest first")
    assert window.review.current == "c3"
    reviewing.press("U")
    assert (window.review.ids, window.review.current) == (("c1", "c5"), "c1")
    reviewing.press("A")  # now the newest, and the key goes on to what was answered before it
    assert (window.review.ids, window.review.current) == (("c1", "c5"), "c5")
    reviewing.press("X")
    assert window.review.ids == ("c5", "c1")
    assert verdicts(window) == "uauuuruu"
    for _ in range(3):
        reviewing.press("Ctrl+Z")
    assert window.review.ids == ("c3", "c1", "c5")
    QTest.mouseClick(button(window, "All"), LEFT)
    assert window.review.ids == IDS


# History.


def test_the_card_shows_the_scores_around_and_the_alternative_taken(reviewing: Hands) -> None:
    window = reviewing.window
    spark = window.queue_panel.findChild(ScoreSpark)
    assert spark is not None
    window.resize(window.width(), 900)  # with less room the card leaves it out
    reviewing.qtbot.waitUntil(spark.isVisible)
    first = spark.grab().toImage()
    reviewing.press("Down")
    assert spark.grab().toImage() != first
    reviewing.press("V")
    assert reviewing.said[-1] == "Edges: whole bars"


def test_figures_open_and_close(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("A")
    reviewing.press("X")

    def words() -> set[str]:
        return {label.text() for label in window.queue_panel.findChildren(QLabel) if label.isVisible()}

    assert "1 (50 %) · mean score 0.90" not in words()
    figures = button(window, "Figures")
    QTest.mouseClick(figures, LEFT, NO_KEYS, QPoint(5, 5))
    assert {"1 (50 %) · mean score 0.90", "1 (50 %) · mean score 0.85"} <= words()
    QTest.mouseClick(figures, LEFT, NO_KEYS, QPoint(5, 5))
    assert "1 (50 %) · mean score 0.90" not in words()


def test_what_an_accepted_cut_takes_along_is_not_asked(reviewing: Hands) -> None:
    window, session = reviewing.window, reviewing.window.session
    long = Proposal("long", "cut", 4 * RATE_HZ, 16 * RATE_HZ, 0.8, "Nobody plays.", "pauses")
    session.apply(add_proposals(session.state, [long], "Proposed another"))
    view = window.queue_panel.findChild(QueueView)
    assert view is not None

    def spoken(key: str) -> str:
        model = view.model()
        return str(model.data(model.index(model.position_of(key)), Qt.ItemDataRole.AccessibleTextRole))

    window.review.visit("long")
    reviewing.press("A")
    assert window.review.current == "c4", "c1 to c3 lie in what was accepted"
    assert "cut already" in spoken("c2")
    assert "undecided" in spoken("c4")
    window.review.visit("c2")
    assert any("no decision needed" in label.text() for label in window.queue_panel.findChildren(QLabel))
    reviewing.press("Ctrl+Down")
    assert window.review.current == "c4"
    window.review.set_filter("undecided")
    assert window.review.ids == ("c0", "c4", "c5", "c6", "c7")
    assert window.review.statistics.undecided == len(window.review.ids)
    for key in ("c0", "c4", "c5", "c6", "c7"):
        window.review.visit(key)
        reviewing.press("X")
    assert any(
        "All remaining proposals are decided: export with Ctrl\u00a0E." in label.text()
        for label in window.queue_panel.findChildren(QLabel)
    )
    reviewing.press("Ctrl+Z")
    assert window.review.current == "c7"
    window.review.visit("long")
    reviewing.press("U")
    assert "undecided" in spoken("c2"), "taken back, they are asked again"
