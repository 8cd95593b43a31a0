"""A form of the settings of a finder, made from their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.core.wording import begun
from engine.review.finders import Field
from widgets.controls.fields import CheckBox, ChoiceField
from widgets.forms.short_forms import Number, NumberLine, OutlookForm
from widgets.theme import Theme


class SettingsForm(OutlookForm):
    """Asks for settings.

    Parameters
    ----------
    values : the settings that the form begins with, by name
    note : a sentence below the fields
    tracks : the names of tracks, for a setting that names one
    outlook : returns the result that the settings would have, "" for none; raises the error that refuses them
    """

    def __init__(
        self,
        theme: Theme,
        fields: Sequence[Field],
        values: Mapping[str, object],
        note: str,
        outlook: Callable[[Mapping[str, object]], str] = lambda _values: "",
        parent: QWidget | None = None,
        tracks: Sequence[str] = (),
    ) -> None:
        super().__init__(theme, note, parent)
        self._look = outlook
        self._lines: dict[str, _Line] = {}
        for field, label in zip(fields, _labels(fields), strict=True):
            line = _line(theme, field, label, values[field.name], tracks)
            self._lines[field.name] = line
            line.changed.connect(self.renew)
            self.rows.addRow("" if isinstance(line.field, CheckBox) else label, line.field)
        first = next((line.field for line in self._lines.values()), None)
        if isinstance(first, QLineEdit):
            first.selectAll()
        self.renew()

    def problems(self) -> Iterable[str]:
        return (line.problem() for line in self._lines.values())

    def look(self) -> str:
        return self._look(self.values())

    def values(self) -> dict[str, object]:
        """Return the settings by name; only where there is no `problem`."""
        return {name: line.value() for name, line in self._lines.items()}


@dataclass(frozen=True, slots=True)
class _Line:
    """The field of one setting: its value, the signal of a change, and its error message."""

    field: QWidget
    value: Callable[[], object]
    changed: SignalInstance
    problem: Callable[[], str] = lambda: ""


def _line(theme: Theme, field: Field, label: str, value: object, tracks: Sequence[str]) -> _Line:
    name, text = label.replace("&", ""), "" if value is None else str(value)
    if field.no_track:
        track = ChoiceField(theme, name, {"": field.no_track, **{one: one for one in tracks}}, str(value))
        return _Line(track, track.value, track.currentIndexChanged)
    if field.choices:
        labels = {one: begun(one.replace("_", " ")) for one in field.choices}
        default = {"": "Default"} if field.default is None and not field.is_required else {}
        choice = ChoiceField(theme, name, default | labels, text)
        return _Line(choice, lambda: choice.value() or None, choice.currentIndexChanged)
    if field.type is bool:
        box = CheckBox(theme, label)
        box.setChecked(bool(value))
        return _Line(box, box.isChecked, box.toggled)
    if field.type is str:
        line = QLineEdit(text)
        line.setAccessibleName(name)
        return _Line(line, lambda: line.text().strip(), line.textChanged)
    return _number_line(field, label, value)


def _number_line(field: Field, label: str, value: object) -> _Line:
    scale = 100.0 if field.is_share else 1.0
    decimals = 0 if field.type is int or field.is_share else 2
    least, most = (
        other if limit is None else scale * limit for limit, other in ((field.least, -inf), (field.most, inf))
    )
    is_optional = not field.is_required and field.default is None
    start = scale * float(str(value)) if value is not None else max(least, 0.0)
    line = NumberLine(Number(label, start, least, most, decimals, step=0.1 if decimals else 1.0))
    if value is None:
        line.clear()
        line.setPlaceholderText(field.if_none)

    def is_blank() -> bool:
        return is_optional and not line.text().strip()

    def scaled() -> float | None:
        number = None if is_blank() else line.value()
        return None if number is None else number / scale

    return _Line(line, scaled, line.textChanged, lambda: "" if is_blank() else line.problem())


def _labels(fields: Sequence[Field]) -> Iterator[str]:
    """Yield the labels with their units, each with a mnemonic that no other has."""
    taken = ""
    for field in fields:
        title = field.title
        unit = "%" if field.is_share else field.unit
        at = next((place for place, letter in enumerate(title.lower()) if letter not in f" {taken}"), 0)
        taken += title[at].lower()
        yield f"{title[:at]}&{title[at:]}{f' ({unit})' if unit else ''}"
