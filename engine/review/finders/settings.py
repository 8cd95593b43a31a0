"""Settings of finders: pydantic models, from which forms, command-line flags and help texts are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isinf
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as PydanticField
from pydantic.fields import FieldInfo

from engine.core.errors import UsageError
from engine.core.wording import listed, quoted

_NO_TRACK = "no_track"
_IF_NONE = "if_none"
_UNITS = {"_s": "s", "_ms": "ms", "_db": "dB", "_hz": "Hz", "_percent": "%"}

Settings = TypeVar("Settings", bound="FinderSettings")


class FinderSettings(BaseModel):
    """The settings of a finder that has none, and the base of all others.

    A field is a number, a text, a `bool` or one of several words (`Literal`), each with a `title`, a
    `description` and a default; numbers may have the limits `ge` and `le`. A field that may be None has no
    value of its own by default. The name of a number ends in its unit (``_s``, ``_ms``, ``_db``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def track_name(no_track: str, title: str, description: str) -> Any:
    """Return the field of the name of a track, empty by default.

    Parameters
    ----------
    no_track : the label of an empty name in a form
    """
    extra: dict[str, Any] = {_NO_TRACK: no_track}
    return PydanticField("", title=title, description=description, json_schema_extra=extra)


def limited(limits: tuple[float, float], title: str, description: str, if_none: str = "default") -> Any:
    """Return the field of a number that may be None, with its lowest and highest value.

    Parameters
    ----------
    if_none : the meaning of None, which a form shows in an empty field
    """
    lowest, highest = limits
    most = None if isinf(highest) else highest
    extra: dict[str, Any] = {_IF_NONE: if_none}
    return PydanticField(
        None, ge=lowest, le=most, title=title, description=description, json_schema_extra=extra
    )


@dataclass(frozen=True, slots=True)
class Field:
    """A setting, as forms and flags show it.

    Attributes
    ----------
    name : of the setting, with its unit
    type : `float`, `int`, `bool` or `str`
    choices : the values of a text that is one of several words; empty for any
    least, most : the limits of a number; None without one
    is_required : whether it has to be given
    default : its value where none is given, if it is not required
    title, about : a label, and a sentence without capital and full stop
    no_track : of a text that names a track, the label of an empty one; "" for any other setting
    if_none : the meaning of None, in one or two words
    """

    name: str
    type: type
    choices: tuple[str, ...]
    least: float | None
    most: float | None
    is_required: bool
    default: object
    title: str
    about: str
    no_track: str = ""
    if_none: str = "default"

    @property
    def is_share(self) -> bool:
        """Whether a number is a share from 0 to 1, which forms show in percent."""
        return self.type is float and (self.least, self.most) == (0.0, 1.0)

    @property
    def unit(self) -> str:
        """Unit of a number, from its name; "" without one."""
        return next((unit for ending, unit in _UNITS.items() if self.name.endswith(ending)), "")


def fields_of(model: type[FinderSettings]) -> tuple[Field, ...]:
    """Return the settings of a finder in their order."""
    return tuple(_field(name, setting) for name, setting in model.model_fields.items())


def _field(name: str, setting: FieldInfo) -> Field:
    given: Any = setting.annotation
    options = get_args(given) if get_origin(given) in (Union, UnionType) else (given,)
    (kind,) = (one for one in options if one is not NoneType)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    limits = {at: getattr(one, at) for one in setting.metadata for at in ("ge", "le") if hasattr(one, at)}
    extra = setting.json_schema_extra if isinstance(setting.json_schema_extra, dict) else {}
    return Field(
        name,
        str if choices else kind,
        choices,
        limits.get("ge"),
        limits.get("le"),
        setting.is_required(),
        setting.default,
        setting.title or name,
        setting.description or "",
        str(extra.get(_NO_TRACK, "")),
        str(extra.get(_IF_NONE, "default")),
    )


def settings_from(model: type[Settings], values: Mapping[str, object]) -> Settings:
    """Return the settings of a finder with these values, and the defaults for all others.

    Raises
    ------
    UsageError : a value is out of range, or the setting is unknown
    """
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise SettingError(model, first) from None


class SettingError(UsageError):
    """A setting of a finder is missing or unknown, or has a value that it cannot take."""

    def __init__(self, model: type[FinderSettings], error: Any) -> None:
        self._model, self._error = model, error
        super().__init__(self.sentence())

    def sentence(self, named: Callable[[str], str] = str) -> str:
        """Return the message.

        Parameters
        ----------
        named : (name of a setting) to the name that the message shows, such as a flag
        """
        model, error = self._model, self._error
        if not error["loc"]:  # raised by the model, of several values together
            return str(error["ctx"]["error"])
        name = str(error["loc"][0])
        if name not in model.model_fields:
            known = ", ".join(named(one) for one in model.model_fields)
            settings = f"its settings are {known}" if known else "it has no settings"
            return f"This finder has no setting {quoted(named(name))}: {settings}."
        field = _field(name, model.model_fields[name])
        if error["type"] == "missing":
            return f"{named(name)} is missing, {field.about}: give {_allowed(field)}."
        value = f"{error['input']:g}" if isinstance(error["input"], float) else error["input"]
        return f"{named(name)} cannot be {value}: give {_allowed(field)}."


def _allowed(field: Field) -> str:
    if field.choices:
        return listed(field.choices, "or")
    if field.type is bool:
        return "yes or no"
    if field.type is str:
        return "a text"
    return "a number" if field.least is None or field.most is None else f"{field.least:g} to {field.most:g}"
