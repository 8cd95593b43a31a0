"""A form of the settings of a finder, made from their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf

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
    said : a sentence below the fields
    tracks : the names of tracks, for a setting that names one
    outlook : returns the result that the settings would have, "" for none; raises the error that refuses them
    """

    def __init__(
        self,
        theme: Theme,
        fields: Sequence[Field],
        values: Mapping[str, object],
        said: str,
        outlook: Callable[[Mapping[str, object]], str] = lambda _values: "",
        parent: QWidget | None = None,
        tracks: Sequence[str] = (),
    ) -> None:
        super().__init__(theme, said, parent)
        self._look = outlook
        self._lines: dict[str, _Line] = {}
        for field, label in zip(fields, _labels(fields), strict=True):
            line = _line(theme, field, label, values[field.name], tracks)
            self._lines[field.name] = line
            line.follow(self.renew)
            self.rows.addRow("" if isinstance(line, _TickLine) else label, line.field)
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


class _Line:
    """The field of one setting."""

    field: QWidget

    def value(self) -> object:
        """Return the setting if there is no `problem`."""
        raise NotImplementedError

    def problem(self) -> str:
        """Return the error, "" without one."""
        return ""

    def follow(self, renew: Callable[[], None]) -> None:
        """Call a function whenever the user changes the setting."""
        raise NotImplementedError


class _NumberLine(_Line):
    def __init__(self, field: Field, label: str, value: object) -> None:
        self._scale = 100.0 if field.is_share else 1.0
        decimals = 0 if field.type is int or field.is_share else 2
        least, most = (
            other if limit is None else self._scale * limit
            for limit, other in ((field.least, -inf), (field.most, inf))
        )
        self._is_optional = not field.is_required and field.default is None
        start = self._scale * float(str(value)) if value is not None else max(least, 0.0)
        step = 0.1 if decimals else 1.0
        self.field = self._numbers = NumberLine(Number(label, start, least, most, decimals, step=step))
        if value is None:
            self.field.clear()
            self.field.setPlaceholderText(field.if_none)

    @property
    def _is_blank(self) -> bool:
        return self._is_optional and not self._numbers.text().strip()

    def value(self) -> float | None:
        value = None if self._is_blank else self._numbers.value()
        return None if value is None else value / self._scale

    def problem(self) -> str:
        return "" if self._is_blank else self._numbers.problem()

    def follow(self, renew: Callable[[], None]) -> None:
        self._numbers.textChanged.connect(renew)


class _TextLine(_Line):
    def __init__(self, label: str, value: object) -> None:
        self.field = self._text = QLineEdit("" if value is None else str(value))
        self._text.setAccessibleName(label.replace("&", ""))

    def value(self) -> str:
        return self._text.text().strip()

    def follow(self, renew: Callable[[], None]) -> None:
        self._text.textChanged.connect(renew)


class _ChoiceLine(_Line):
    def __init__(self, theme: Theme, field: Field, label: str, value: object) -> None:
        labels = {one: begun(one.replace("_", " ")) for one in field.choices}
        if field.default is None and not field.is_required:
            labels = {"": "Default", **labels}
        name = label.replace("&", "")
        self.field = self._choice = ChoiceField(theme, name, labels, "" if value is None else str(value))

    def value(self) -> str | None:
        return self._choice.value() or None

    def follow(self, renew: Callable[[], None]) -> None:
        self._choice.currentIndexChanged.connect(renew)


class _TrackLine(_Line):
    def __init__(self, theme: Theme, field: Field, label: str, value: object, tracks: Sequence[str]) -> None:
        labels = {"": field.no_track, **{one: one for one in tracks}}
        self.field = self._choice = ChoiceField(theme, label.replace("&", ""), labels, str(value))

    def value(self) -> str:
        return self._choice.value()

    def follow(self, renew: Callable[[], None]) -> None:
        self._choice.currentIndexChanged.connect(renew)


class _TickLine(_Line):
    def __init__(self, theme: Theme, label: str, value: object) -> None:
        self.field = self._box = CheckBox(theme, label)
        self._box.setChecked(bool(value))

    def value(self) -> bool:
        return self._box.isChecked()

    def follow(self, renew: Callable[[], None]) -> None:
        self._box.toggled.connect(renew)


def _line(theme: Theme, field: Field, label: str, value: object, tracks: Sequence[str]) -> _Line:
    if field.no_track:
        return _TrackLine(theme, field, label, value, tracks)
    if field.choices:
        return _ChoiceLine(theme, field, label, value)
    if field.type is bool:
        return _TickLine(theme, label, value)
    return _TextLine(label, value) if field.type is str else _NumberLine(field, label, value)


def _labels(fields: Sequence[Field]) -> Iterator[str]:
    """Yield the labels with their units, each with a mnemonic that no other has."""
    taken = ""
    for field in fields:
        title = field.title
        unit = "%" if field.is_share else field.unit
        at = next((place for place, letter in enumerate(title.lower()) if letter not in f" {taken}"), 0)
        taken += title[at].lower()
        yield f"{title[:at]}&{title[at:]}{f' ({unit})' if unit else ''}"
