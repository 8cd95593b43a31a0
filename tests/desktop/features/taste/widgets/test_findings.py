"""The list of what is wrong with a taste: its order, its buttons by keys, and its width."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.features.taste.widgets.findings import Findings
from engine.features.taste.diagnoses.findings import Action, Finding, Remedy, Severity
from tests.widgets.conftest import Dress
from widgets.theme import DARK, LIGHT

LONG = "All of the recording scores as odd: its sound is far from what the taste was learned from. " * 2
LONGER = Remedy("Learn longer…", Action.LEARN_LONGER)
FOUND = (
    Finding("duplicate", Severity.NOTE, "One recording is there twice."),
    Finding("other-sound", Severity.WRONG, LONG, (LONGER, Remedy("Keep half", Action.KEEP_HALF))),
    Finding(
        "little-audio",
        Severity.DOUBTFUL,
        "Little to learn from: 40 s.",
        (Remedy("Add recordings…", Action.ADD_RECORDINGS),),
    ),
)


def test_the_gravest_stands_first_and_each_is_told_by_more_than_colour(qtbot: QtBot, dress: Dress) -> None:
    findings = Findings(dress(DARK))
    qtbot.addWidget(findings)
    assert findings.isHidden()

    findings.set_findings(FOUND)

    assert [one.severity for one in findings.found] == list(Severity)
    signs = [label.text() for label in findings.findChildren(QLabel) if len(label.text()) == 1]
    assert len(set(signs)) == 3
    findings.set_findings(())
    assert findings.isHidden()


def test_a_remedy_is_asked_for_by_keys(qtbot: QtBot, dress: Dress) -> None:
    findings = Findings(dress(LIGHT))
    qtbot.addWidget(findings)
    findings.set_findings(FOUND)
    findings.show()
    button = findings.findChildren(QPushButton)[0]

    with qtbot.waitSignal(findings.remedy_requested) as asked:
        QTest.keyClick(button, Qt.Key.Key_Return)

    assert asked.args == [Action.LEARN_LONGER]


def test_an_action_that_has_a_key_shows_it(qtbot: QtBot, dress: Dress) -> None:
    plain, with_cap = (Findings(dress(DARK), caps) for caps in ({}, {Action.LEARN_LONGER: "Ctrl L"}))
    widths = []
    for findings in (plain, with_cap):
        qtbot.addWidget(findings)
        findings.set_findings(FOUND)
        widths.append(findings.findChildren(QPushButton)[0].sizeHint().width())
    assert widths[1] > widths[0]


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_nothing_is_cut_in_a_narrow_window(qtbot: QtBot, dress: Dress, scale: float) -> None:
    findings = Findings(dress(DARK, scale))
    qtbot.addWidget(findings)
    findings.set_findings(FOUND)
    findings.resize(round(480 * scale), round(400 * scale))
    with qtbot.waitExposed(findings):
        findings.show()

    sentence = next(label for label in findings.findChildren(QLabel) if label.text() == LONG)

    assert sentence.height() >= sentence.heightForWidth(sentence.width())
    for button in findings.findChildren(QPushButton):
        assert button.width() >= button.sizeHint().width()
        assert button.mapTo(findings, button.rect().bottomRight()).x() <= findings.width()
