"""The form of a finder's settings: a field of each type, defaults, limits, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from engine.core.errors import UsageError
from engine.review.finders import FinderSettings, fields_of, settings_from, track_name
from tests.widgets.conftest import Dress
from widgets.controls.fields import CheckBox, ChoiceField
from widgets.forms.settings_form import SettingsForm
from widgets.theme import DARK


class Wanted(FinderSettings):
    """One setting of each type."""

    longest_s: float = Field(1.5, ge=0.5, le=9.0, title="Longest", description="none is longer")
    least: float | None = Field(None, ge=0.0, le=1.0, title="Least", description="none is below")
    words: str = Field("", title="Words", description="names of sounds")
    does: Literal["remove", "keep"] = Field("remove", title="Do", description="what is done")
    mode: Literal["slow", "very_fast"] | None = Field(None, title="Mode", description="how fast")
    snap: bool = Field(True, title="Snap", description="to beats")


def made(qtbot: QtBot, dress: Dress, values: Mapping[str, object]) -> SettingsForm:
    def outlook(asked: Mapping[str, object]) -> str:
        if asked["words"] == "dgo":
            raise UsageError("No sound is called dgo.")
        return f"{asked['longest_s']} s"

    before = settings_from(Wanted, values).model_dump()
    form = SettingsForm(dress(DARK), fields_of(Wanted), before, "Said.", outlook)
    qtbot.addWidget(form)
    return form


def test_untouched_it_returns_the_settings_it_began_with(qtbot: QtBot, dress: Dress) -> None:
    for values in ({}, {"least": 0.25, "words": "cough", "does": "keep", "mode": "very_fast", "snap": False}):
        form = made(qtbot, dress, values)
        assert form.problem() == ""
        assert form.values() == settings_from(Wanted, values).model_dump()


def test_each_field_changes_its_setting_alone(qtbot: QtBot, dress: Dress) -> None:
    form = made(qtbot, dress, {})
    longest, least, words = form.findChildren(QLineEdit)
    does, mode = form.findChildren(ChoiceField)
    longest.setText("2")
    assert form.outlook() == "2.0 s"
    least.setText("50")  # a share from 0 to 1 is asked for in percent
    words.setText(" cough ")
    does.choose("keep")
    mode.choose("slow")
    form.findChild(CheckBox).click()
    asked = {
        "longest_s": 2.0,
        "least": 0.5,
        "words": "cough",
        "does": "keep",
        "mode": "slow",
        "snap": False,
    }
    assert form.values() == asked
    least.setText("")
    mode.choose("")
    assert form.values() == {**asked, "least": None, "mode": None}


def test_what_is_outside_its_limits_or_refused_is_a_problem(qtbot: QtBot, dress: Dress) -> None:
    form = made(qtbot, dress, {})
    longest, least, words = form.findChildren(QLineEdit)
    for field, text, fine in (
        (longest, "", "1"),
        (longest, "10", "1"),
        (least, "200", ""),
        (words, "dgo", "dog"),
    ):
        field.setText(text)
        assert form.problem()
        assert form.problem() in [label.text() for label in form.findChildren(QLabel) if not label.isHidden()]
        assert form.outlook() == ""
        field.setText(fine)
        assert form.problem() == ""


def test_fields_have_names_and_mnemonics_of_their_own(qtbot: QtBot, dress: Dress) -> None:
    form = made(qtbot, dress, {})
    labels = [label.text() for label in form.findChildren(QLabel) if "&" in label.text()]
    letters = [label[label.index("&") + 1].lower() for label in labels]
    assert len(set(letters)) == len(letters) == 5, "the tick has its own"
    assert all(field.accessibleName() for field in form.findChildren(QLineEdit))


class OfTrack(FinderSettings):
    """A setting that names a track."""

    to: str = track_name("The grid", "Align to", "the name of a track")


def test_a_track_is_chosen_from_a_list(qtbot: QtBot, dress: Dress) -> None:
    names = ("Kick_in", "Lead & double")
    form = SettingsForm(dress(DARK), fields_of(OfTrack), {"to": "Kick_in"}, "Said.", tracks=names)
    qtbot.addWidget(form)
    field = form.findChild(ChoiceField)

    assert [field.itemText(row) for row in range(field.count())] == ["The grid", *names]
    assert form.values() == {"to": "Kick_in"}
    field.setCurrentIndex(0)
    assert form.values() == {"to": ""}


def test_a_tick_draws_its_mnemonic_and_no_ampersand(qtbot: QtBot, dress: Dress) -> None:
    with_mnemonic, plain = (CheckBox(dress(DARK), text) for text in ("&Snap", "Snap"))
    for box in (with_mnemonic, plain):
        qtbot.addWidget(box)

    assert with_mnemonic.sizeHint() == plain.sizeHint()
